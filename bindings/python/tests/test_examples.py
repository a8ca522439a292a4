"""Every example runs, and prints what it should."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import menjie

EXAMPLES = Path(os.environ["MENJIE_ROOT"]) / "examples"
PYTHON = EXAMPLES / "python"


def run(example: str, *arguments: Any) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([sys.executable, str(PYTHON / example), *map(str, arguments)], capture_output=True, encoding="utf-8", timeout=120, env=environment)


def test_a_csv_is_checked() -> None:
    ran = run("validate_csv.py", PYTHON / "data/records.csv", "2026-03-10")
    assert ran.returncode == 1, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[-1] == "共2条，2条有错误"
    assert "第3行 birth_date REG-003 出生日期不是有效日期（YYYY-MM-DD）" in lines and any(line.startswith("第3行 id_no REG-010 ") for line in lines)
    assert "199003070059" not in ran.stdout


def test_a_bill_is_reconciled() -> None:
    ran = run("reconcile_bill.py", PYTHON / "data/channel.csv", PYTHON / "data/his.csv", "2026-03-10")
    assert ran.returncode == 1, ran.stderr
    assert ran.stdout.splitlines() == [
        "order_no  kind          label  diff (元)",
        "M2        amount        short  -0.50",
        "M3        only_channel  long   89.87",
        "M4        only_his      short  -1.00",
        "长款 89.87 元，短款 1.50 元：unbalanced",
    ]


def test_a_his_of_ones_own_lists(tmp_path: Path) -> None:
    ran = run("own_his.py", EXAMPLES / "rust/data/unpaid.json", tmp_path / "new")
    assert ran.returncode == 0, ran.stderr
    # The same as examples/c/own_his.txt, but for the words of the last line.
    wanted = (EXAMPLES / "c/own_his.txt").read_text(encoding="utf-8").splitlines()
    assert ran.stdout.splitlines() == [*wanted[:-1], "P1: 300, retry same_key"]


def test_a_sealed_log_is_read(tmp_path: Path) -> None:
    ran = run("read_log.py", tmp_path / "new")
    assert (ran.returncode, ran.stdout) == (0, "sound, 1 exchange of K1: cardreader\n"), ran.stderr


def test_a_month_is_reported(tmp_path: Path) -> None:
    made = run("make_month.py", tmp_path / "facts")
    assert made.returncode == 0, made.stderr
    ran = run("monthly_report.py", tmp_path / "facts", tmp_path / "out")
    # matplotlib tells when it builds its cache of fonts; nothing else may be said.
    said = [line for line in ran.stderr.splitlines() if "font cache" not in line]
    assert (ran.returncode, said) == (0, [])
    lines = ran.stdout.splitlines()
    # Payments less what went back, added up by hand.
    with open(tmp_path / "facts/movements.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    net = sum((-1 if row["event"] == "refund" else 1) * sum(int(row[f"{part}_fen"]) for part in ("fund", "account", "cash")) for row in rows)
    assert lines[0].startswith(f"净收 {menjie.yuan(net)} 元，其中现金 ") and lines[1].startswith("周末净收 ")
    assert [line.split(":")[0] for line in lines[-8:]] == [f"<menjie report {name}" for name in ("receipts", "volume", "insurance", "closing", "income", "refunds", "ages", "diseases")]
    for name in ("finance", "volumes", "ages", "diseases"):
        assert (tmp_path / f"out/{name}.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out/finance.csv").read_bytes().startswith("\ufeff行别,日期,支付渠道,收款笔数".encode())
    with zipfile.ZipFile(tmp_path / "out/monthly.xlsx") as book:
        assert sum(name.startswith("xl/worksheets/sheet") for name in book.namelist()) == 8


@pytest.mark.parametrize("example", sorted(path.name for path in PYTHON.glob("*.py")))
def test_without_arguments_an_example_says_what_it_takes(example: str) -> None:
    ran = run(example)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"usage: {example} ") and "Traceback" not in ran.stderr


@pytest.mark.parametrize("example", sorted(path.name for path in PYTHON.glob("*.py")))
def test_every_example_is_run_here(example: str) -> None:
    assert f'run("{example}"' in Path(__file__).read_text(encoding="utf-8")
