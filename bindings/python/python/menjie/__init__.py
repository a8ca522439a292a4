"""menjie (门结): outpatient settlement of hospitals.

- Rules that only compute: ``menjie.bill.group(lines=[...])``, ``menjie.call("bill.group", {...})``.
- The hospital's server, or a ledger of this process: ``menjie.open({"server": {"url": "https://…"}})``; :mod:`menjie.aio` for asyncio.
- Tables of pandas, polars, pyarrow and DuckDB: ``menjie.batch("bill.group_batch", lines=frame)``; reports of them: :mod:`menjie.report`.
- A HIS of your own: :mod:`menjie.gateway`. The sealed log: ``menjie.open_log``, ``menjie.seal``.

Amounts are whole fen (分) in members ending ``_fen``; ``yuan`` and ``fen`` convert exactly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, List, Optional

from . import _core
from ._core import __version__
from ._wire import decode, encode, request_of
from .errors import (
    ConflictError,
    CounterpartError,
    CryptoError,
    ForkedError,
    InternalError,
    MenjieError,
    MisuseError,
    NotFoundError,
    StoreError,
    UnknownOutcomeError,
    ValidationError,
)

if TYPE_CHECKING:
    from . import aio, contract, display, gateway, keys, operations, report
    from .aio import AsyncClient
    from .batches import BatchResult, Table, batch
    from .client import Client, open
    from .gateway import Question, Refused, Unsent
    from .money import fen, yuan
    from .sealed_log import SealedLog, open_log

    age: operations.AgePure
    bill: operations.BillPure
    channel_wechat: operations.ChannelWechatPure
    charge: operations.ChargePure
    code: operations.CodePure
    crypto: operations.CryptoPure
    id_document: operations.IdDocumentPure
    insurance: operations.InsurancePure
    invoice: operations.InvoicePure
    name: operations.NamePure
    patient: operations.PatientPure
    policy: operations.PolicyPure
    reconcile: operations.ReconcilePure
    refund: operations.RefundPure
    seal: operations.SealPure
    text: operations.TextPure

# What is imported when it is first asked for: a program that computes one thing does not wait for all of them.
_LATER = {
    "aio": "aio",
    "contract": "contract",
    "display": "display",
    "errors": "errors",
    "gateway": "gateway",
    "keys": "keys",
    "operations": "operations",
    "report": "report",
    "AsyncClient": "aio",
    "BatchResult": "batches",
    "Table": "batches",
    "batch": "batches",
    "Client": "client",
    "open": "client",
    "Question": "gateway",
    "Refused": "gateway",
    "Unsent": "gateway",
    "fen": "money",
    "yuan": "money",
    "SealedLog": "sealed_log",
    "open_log": "sealed_log",
}
_AREAS = (
    "age",
    "bill",
    "channel_wechat",
    "charge",
    "code",
    "crypto",
    "id_document",
    "insurance",
    "invoice",
    "name",
    "patient",
    "policy",
    "reconcile",
    "refund",
    "seal",
    "text",
)

__all__ = [
    "AsyncClient",
    "BatchResult",
    "Client",
    "ConflictError",
    "CounterpartError",
    "CryptoError",
    "ForkedError",
    "InternalError",
    "MenjieError",
    "MisuseError",
    "NotFoundError",
    "Question",
    "Refused",
    "SealedLog",
    "StoreError",
    "Table",
    "UnknownOutcomeError",
    "Unsent",
    "ValidationError",
    "__version__",
    "age",
    "aio",
    "batch",
    "bill",
    "call",
    "channel_wechat",
    "charge",
    "code",
    "contract",
    "crypto",
    "display",
    "fen",
    "gateway",
    "id_document",
    "insurance",
    "invoice",
    "keys",
    "name",
    "open",
    "open_log",
    "operations",
    "patient",
    "policy",
    "reconcile",
    "refund",
    "report",
    "seal",
    "text",
    "yuan",
]


def call(op: str, request: Optional[Any] = None, /, **members: Any) -> Any:
    """Calls an operation that needs no engine, by its name; the request is a dict, a dataclass, or keyword arguments, the response a dict."""
    return _call(op, request_of(request, members))


def _call(op: str, request: Any, /) -> Any:
    return decode(_core.call(op, encode(request)))


def __getattr__(name: str) -> Any:
    if name in _LATER:
        module = import_module(f".{_LATER[name]}", __name__)
        found = module if _LATER[name] == name else getattr(module, name)
    elif name in _AREAS:
        from .operations import PureAreas

        found = getattr(PureAreas(_call), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> List[str]:
    return sorted(__all__)
