"""Keys for a first start, as ``menjie keygen`` and ``menjie log keygen`` make them. An existing file is never overwritten."""

from __future__ import annotations

import os
from typing import Union

from . import _core

__all__ = ["make_store_keys", "make_log_keys"]

_Path = Union[str, "os.PathLike[str]"]


def make_store_keys(path: _Path) -> None:
    """Makes the key file of a store's sealed columns (``store.keys``); keep a copy in a safe place."""
    _core.make_store_keys(path)


def make_log_keys(folder: _Path) -> None:
    """Makes ``log-signer.pem`` and its ``log-signer.pub.pem``, and ``auditor.pem``, ``auditor.pub.pem``.

    The auditor's private key belongs on a machine of his own: beside the log it would undo it.
    """
    _core.make_log_keys(folder)
