"""What the tests share: the shared vectors, a hospital in Python, keys."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

import menjie

ROOT = Path(os.environ["MENJIE_ROOT"])
VECTORS = ROOT / "tests" / "vectors"
UNPAID: Dict[str, Any] = json.loads((ROOT / "examples/rust/data/unpaid.json").read_text(encoding="utf-8"))


def _private(folder: Path) -> None:
    """A checkout does not keep the modes that key files must have."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)


def vector_cases() -> Iterator[Any]:
    """Every case of every file of vectors, in the order of its file."""
    for file in sorted(VECTORS.rglob("*.json")):
        if (VECTORS / "scenario") in file.parents or (VECTORS / "seal/files") in file.parents:
            continue
        document = json.loads(file.read_text(encoding="utf-8"))
        if "python" not in document.get("hosts", ["python"]):
            continue
        for case in document["cases"]:
            yield file.relative_to(VECTORS).as_posix(), document["op"], case


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of files that vectors name: a fresh copy."""
    folder = tmp_path_factory.mktemp("vectors") / "files"
    shutil.copytree(VECTORS / "seal/files", folder)
    _private(folder)
    return str(folder)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A sealed log of made-up exchanges and its keys."""
    folder = tmp_path / "files"
    shutil.copytree(VECTORS / "seal/files", folder)
    _private(folder)
    return folder


LISTS = {"lock": False, "query_post": False, "cancel_post": False, "notices": False}


@pytest.fixture
def config(tmp_path: Path) -> Dict[str, Any]:
    """A hospital whose counterparts are the program's, with a ledger of this process."""
    menjie.keys.make_store_keys(tmp_path / "keys.json")
    menjie.keys.make_log_keys(tmp_path)
    at = lambda name: str(tmp_path / name)  # noqa: E731
    return {
        "store": {"path": at("menjie.db"), "keys": at("keys.json")},
        "log": {"folder": at("log"), "signer": at("log-signer.pem"), "auditors": [at("auditor.pub.pem")], "reserve_mib": 0},
        "hospitals": [{"id": "H1", "host": {"his": dict(LISTS), "invoice": {}}}],
    }


class Invoices:
    """An invoice platform that is never asked in these tests."""


class Lists:
    """A HIS that lists what is unpaid, and what it was asked."""

    def __init__(self) -> None:
        self.asked: List[menjie.Question] = []

    def unpaid(self, request: Dict[str, Any], question: menjie.Question) -> Dict[str, Any]:
        self.asked.append(question)
        return UNPAID if request["patient"] == "P1" else {"visits": [], "lines": []}
