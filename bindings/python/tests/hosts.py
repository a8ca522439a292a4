"""The same operation in other hosts: the npm package in a process of its own, the C library, the terminal. Each tells its answer as
``{"response": …}`` or ``{"error": {code, kind, retry, message, context}}``."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Dict, FrozenSet, List, Protocol

import menjie
from menjie import _core

Envelope = Dict[str, Any]
_FAILURE = ("code", "kind", "retry", "message", "context")


class Host(Protocol):
    """A host: what it computes, and its answer to a request, which is a text."""

    name: str
    operations: FrozenSet[str]

    def answer(self, op: str, request: str) -> Envelope: ...


def envelope(error: menjie.MenjieError) -> Envelope:
    """A failure as every host writes it."""
    return {"error": {name: getattr(error, name) for name in _FAILURE}}


class Python:
    """This package, by text."""

    name = "Python"

    def __init__(self) -> None:
        self.operations = frozenset(name for name, kind, *_ in _core.operations() if kind == "pure")

    def answer(self, op: str, request: str) -> Envelope:
        try:
            return {"response": json.loads(_core.call(op, request))}
        except menjie.MenjieError as error:
            return envelope(error)

    def answer_values(self, op: str, request: Any) -> Envelope:
        """The same from values to values."""
        try:
            return {"response": menjie.call(op, request)}
        except menjie.MenjieError as error:
            return envelope(error)


class Node:
    """The npm package; the process answers until it is closed."""

    name = "Node"

    def __init__(self, package: Path) -> None:
        script = Path(__file__).with_name("node_host.js")
        self._process = subprocess.Popen(["node", str(script), str(package)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self.operations = frozenset(json.loads(self._line()))

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process of Node has ended"
        return line

    def answer(self, op: str, request: str) -> Envelope:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"op": op, "request": request}) + "\n")
        self._process.stdin.flush()
        told: Envelope = json.loads(json.loads(self._line()))
        return told

    def close(self) -> None:
        """Ends it."""
        self._process.communicate(timeout=30)
        assert self._process.returncode == 0


class Library:
    """The C library, in this process."""

    name = "C"

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))
        self._library.mj_last_error_json.restype = ctypes.c_char_p
        info = ctypes.c_void_p()
        assert self._library.mj_build_info(ctypes.byref(info)) == 0
        self.operations = frozenset(op["name"] for op in json.loads(self._taken(info))["operations"] if op["kind"] == "pure")

    def _taken(self, text: ctypes.c_void_p) -> str:
        assert text.value is not None
        copy = ctypes.string_at(text.value).decode()
        self._library.mj_string_free(text)
        return copy

    def answer(self, op: str, request: str) -> Envelope:
        response = ctypes.c_void_p()
        if self._library.mj_call(None, op.encode(), request.encode(), ctypes.byref(response)) != 0:
            return {"error": json.loads(self._library.mj_last_error_json())}
        return {"response": json.loads(self._taken(response))}


class Terminal:
    """``menjie call``: one process for each request."""

    name = "terminal"

    def __init__(self, path: Path) -> None:
        self._path = path
        listed = subprocess.run([str(path), "ops", "--json"], capture_output=True, check=True)
        self.operations = frozenset(op["name"] for op in json.loads(listed.stdout) if op["kind"] == "pure")

    def answer(self, op: str, request: str) -> Envelope:
        ran = subprocess.run([str(self._path), "call", op], input=request.encode(), capture_output=True)
        told = json.loads(ran.stdout)
        # Exit codes do not tell a refusal by rule, which is an answer, from a conflict, which is none.
        return {"error": told} if ran.returncode != 0 and set(told) == set(_FAILURE) else {"response": told}


def opened() -> List[Host]:
    """Every host of this machine; one that is missing is told, not left out."""
    root = Path(os.environ["MENJIE_ROOT"])
    native, library, terminal = (Path(os.environ[name]) for name in ("MENJIE_NODE_BINARY", "MENJIE_C_LIBRARY", "MENJIE_CLI"))
    for path in (native, library, terminal):
        assert path.exists(), f"{path} is missing: bindings/python/tests/run.sh says how it is built"
    return [Python(), Node(root / "bindings/node"), Library(library), Terminal(terminal)]
