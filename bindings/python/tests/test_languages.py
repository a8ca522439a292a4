"""One sealed log that hosts in C, Node, Python and Rust write in turns, each with a key of its own, and all of them read, in the same order."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import pytest

import menjie

HERE = Path(__file__).parent
ROOT = Path(os.environ["MENJIE_ROOT"])
CLI = os.environ["MENJIE_CLI"]
LIBRARY = Path(os.environ["MENJIE_C_LIBRARY"])
ROUNDS = 3

Call = Callable[[str, Dict[str, Any]], Any]
Append = Callable[[Dict[str, Any], List[Dict[str, Any]]], List[int]]


def ran(command: List[str], given: str = "") -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, encoding="utf-8")
    assert done.returncode == 0, (command[:3], done.stdout, done.stderr)
    return done.stdout


def c_host(folder: Path) -> Tuple[Append, Call]:
    """A program of the C library, which keeps its log open while it writes."""
    libraries = folder / "lib"
    libraries.mkdir()
    # The name that the linker looks for, and the one that is asked for at run time.
    for name in ("libmenjie.so", "libmenjie.so.1"):
        (libraries / name).symlink_to(LIBRARY)
    program = str(folder / "sealed_host")
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'bindings/c/include'}"]
    ran(["cc", *flags, str(HERE / "sealed_host.c"), "-o", program, f"-L{libraries}", "-lmenjie", f"-Wl,-rpath,{libraries}"])

    def append(writer: Dict[str, Any], records: List[Dict[str, Any]]) -> List[int]:
        begun: List[int] = json.loads(ran([program, "append", json.dumps(writer), json.dumps({"records": records})]))["begun"]
        return begun

    return append, lambda op, request: json.loads(ran([program, op, json.dumps(request)]))


def by_operation(call: Call) -> Append:
    """Writing by ``seal.append``."""

    def append(writer: Dict[str, Any], records: List[Dict[str, Any]]) -> List[int]:
        begun: List[int] = call("seal.append", {"log": writer, "records": records})["begun"]
        return begun

    return append


def node(op: str, request: Dict[str, Any]) -> Any:
    """The npm package."""
    return json.loads(ran(["node", str(HERE / "sealed_host.js"), op, json.dumps(request)]))


def rust(op: str, request: Dict[str, Any]) -> Any:
    """The terminal."""
    return json.loads(ran([CLI, "call", op], json.dumps(request)))


def python(writer: Dict[str, Any], records: List[Dict[str, Any]]) -> List[int]:
    """This package, which keeps its log open while it writes."""
    with menjie.open_log(writer) as log:
        begun: List[int] = log.append(records)["begun"]
        return begun


@pytest.fixture
def hosts(tmp_path: Path) -> Dict[str, Tuple[Append, Call]]:
    """By language: how it writes, and how it reads."""
    return {
        "c": c_host(tmp_path),
        "node": (by_operation(node), node),
        "python": (python, menjie.call),
        "rust": (by_operation(rust), rust),
    }


def test_a_log_of_four_languages_is_read_by_each_in_one_order(tmp_path: Path, hosts: Dict[str, Tuple[Append, Call]]) -> None:
    keys = {name: tmp_path / f"keys-{name}" for name in hosts}
    for folder in keys.values():
        folder.mkdir()
        menjie.keys.make_log_keys(folder)
    auditor = keys["c"] / "auditor.pem"
    public = {name: str(folder / "log-signer.pub.pem") for name, folder in keys.items()}
    log = str(tmp_path / "log")

    def writer(name: str) -> Dict[str, Any]:
        former = [key for other, key in public.items() if other != name]
        return {"dir": log, "signer": str(keys[name] / "log-signer.pem"), "auditors": [str(auditor.with_name("auditor.pub.pem"))], "former_signers": former}

    names = list(hosts)
    wanted: List[Tuple[str, str]] = []
    for turn in range(ROUNDS):
        for at, name in enumerate(names):
            number = f"{name.upper()}{turn}"
            body = json.dumps({"order_no": number, "remark": f"第{turn}次，由 {name} 写入"}, ensure_ascii=False)
            begin = {"what": "begin", "hospital": "H1", "direction": "out", "peer": name, "interface": "READ", "business_no": number, "body": body}
            (begun,) = hosts[name][0](writer(name), [begin])
            # Another language tells how it ended; of the last round nobody does.
            if turn + 1 < ROUNDS:
                after = names[(at + 1) % len(names)]
                end = {"what": "end", "of": begun, "result": "answered", "status": "200", "body": json.dumps({"by": after})}
                assert hosts[after][0](writer(after), [end]) == []
            wanted.append((number, "answered" if turn + 1 < ROUNDS else "in_doubt"))

    reader = {"dir": log, "key": str(auditor)}
    rows = hosts["rust"][1]("seal.search", {"log": reader, "filter": {}})["rows"]
    assert [(row["business_no"], row["result"]) for row in rows] == wanted
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    for name, (_, call) in hosts.items():
        found = call("seal.search", {"log": reader, "filter": {}})
        assert (found["rows"], found["unreadable"]) == (rows, []), name
        for row in rows:
            one = call("seal.read", {"log": reader, "seq": row["seq"]})["rows"]
            assert [(r["seq"], r["request_digest"], r["request"]) for r in one] == [(row["seq"], row["request_digest"], row["request"])], name
        verdict = call("seal.verify", {"dir": log, "writers": list(public.values()), "key": str(auditor)})
        assert verdict["verdict"] == "sound", (name, verdict)
        # A key that somebody is not told to trust makes a verifier refuse.
        left_out = call("seal.verify", {"dir": log, "writers": [key for other, key in public.items() if other != name], "key": str(auditor)})
        assert left_out["verdict"] != "sound", name

    # Each took two turns a round but in the last, and each turn is a segment.
    segments = json.loads(ran([CLI, "log", "list", log, "--json"]))
    assert len(segments) == len(names) * (2 * ROUNDS - 1)
    trusted = [part for key in public.values() for part in ("--writer", key)]
    assert "as it was written" in ran([CLI, "log", "verify", log, *trusted, "--key", str(auditor), "--lang", "en"])
    lines = ran([CLI, "log", "search", log, "--key", str(auditor), "-o", "jsonl"]).splitlines()
    assert [json.loads(line)["business_no"] for line in lines] == [number for number, _ in wanted]
