"""A sealed log that is kept open for writing (docs/guide/log.md). Reading, searching and verifying are operations: ``menjie.seal``."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

from . import _core
from ._wire import decode, encode

__all__ = ["SealedLog", "open_log"]

_PATIENCE = 60.0


class SealedLog:
    """A log that is open for writing. Any number of threads may use one; a context manager."""

    def __init__(self, writer: Mapping[str, Any]) -> None:
        self._native = _core.Log(encode(writer))

    def append(self, records: Sequence[Any]) -> Dict[str, Any]:
        """Writes the records of ``seal.append``; every BEGIN is on the disk when it returns, so nothing is sent before."""
        written: Dict[str, Any] = decode(self._native.append(encode({"records": list(records)})))
        return written

    @property
    def is_open(self) -> bool:
        """Is it open?"""
        return self._native.is_open

    def close(self) -> None:
        """Writes and signs what is left and gives the lock back."""
        self._native.close(_PATIENCE)

    def __enter__(self) -> SealedLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_log(writer: Mapping[str, Any]) -> SealedLog:
    """Opens the sealed log of a directory, or founds it; one process at a time.

    ``writer`` is the member ``log`` of ``seal.append``: ``dir``, ``signer``, ``auditors`` and more.
    """
    return SealedLog(writer)
