"""B2 and B5 through the Python package, over the same columns as core: `python batch.py WORK RUNS group|reconcile TABLE`."""

import sys
import timeit
from pathlib import Path

import menjie

import columns
from timing import PYTHON, checksum, measure

WORK, RUNS, WHAT, TABLE = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
FILE = TABLE.replace(" ", "_")


def documents(result):
    bills = result.tables["bills"].to_arrow()
    return checksum(zip(*(bills[name].to_pylist() for name in ("visit_id", "dept_code", "total_fen"))))


def kind(row):
    """The seven kinds that are planted."""
    refund = (row["kind"], row["reason"]) in (("only_channel", "R4"), ("only_his", "R5"))
    return f"{row['kind']}_refund" if refund else row["kind"]


def differences(result):
    rows = result.tables["differences"].to_arrow().to_pylist()
    return checksum((f"{row['order_no']}|{row['refund_no']}", kind(row), row["diff_fen"]) for row in rows)


if WHAT == "group":
    lines = columns.read(str(WORK / f"columns_{FILE}"))
    work = lambda: menjie.batch("bill.group_batch", lines=lines)  # noqa: E731
    measure(PYTHON, RUNS, f"b2 {TABLE} ids", documents(work()), 1, timeit.Timer(work).timeit)
else:
    sides = {side: columns.read(str(WORK / f"{side}_columns_{FILE}")) for side in ("channel", "his")}
    work = lambda: menjie.batch("reconcile.run_batch", {"date": "2026-01-05"}, **sides)  # noqa: E731
    measure(PYTHON, RUNS, f"b5 {TABLE}", differences(work()), 1, timeit.Timer(work).timeit)
