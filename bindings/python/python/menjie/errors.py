"""What can go wrong, by kind.

Every failure has a stable number (``docs/errors.md``), the same in every host. A refusal by rule is no failure: it is a response with
``"decision": "refused"``.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, Tuple, Type

__all__ = [
    "MenjieError",
    "MisuseError",
    "ForkedError",
    "ValidationError",
    "ConflictError",
    "NotFoundError",
    "CounterpartError",
    "UnknownOutcomeError",
    "StoreError",
    "CryptoError",
    "InternalError",
]


class MenjieError(Exception):
    """A failure. Neither its text nor its context holds names, numbers of patients or secrets, so it may be logged.

    Attributes:
        code: The stable number.
        kind: What sort of failure it is, e.g. ``validation``.
        retry: ``never``; ``same_key``: repeat with the same idempotency key; ``after_query``: first ask what became of it.
        message: What the number means, in one English sentence.
        context: The field, the problem and the like, as texts.
    """

    def __init__(self, code: int, kind: str, retry: str, message: str, context: Mapping[str, str]) -> None:
        self.code = code
        self.kind = kind
        self.retry = retry
        self.message = message
        self.context: Dict[str, str] = dict(context)
        told = ", ".join(f"{key}={value}" for key, value in self.context.items())
        super().__init__(f"[{code}] {message}" + (f": {told}" if told else ""))

    def __reduce__(self) -> Tuple[Type[MenjieError], Tuple[int, str, str, str, Dict[str, str]]]:
        return type(self), (self.code, self.kind, self.retry, self.message, self.context)


class MisuseError(MenjieError, ValueError):
    """The call itself is wrong: an unknown operation, a request of another shape, an engine that was closed."""


class ForkedError(MisuseError):
    """The object was made before ``fork``: its threads are not in this process. Make another one here."""


class ValidationError(MenjieError, ValueError):
    """A field is missing or has a wrong value; ``context["field"]`` names it."""


class ConflictError(MenjieError):
    """The idempotency key was used for another request, or the object changed meanwhile."""


class NotFoundError(MenjieError, LookupError):
    """There is no such object for this caller."""


class CounterpartError(MenjieError):
    """HIS, a payment channel, the insurer or the hospital's server could not be reached, or is not understood."""


class UnknownOutcomeError(CounterpartError, TimeoutError):
    """**Not a failure**: it is not known what the hospital's server did. Ask, or repeat with the same idempotency key; never with a new one."""


class StoreError(MenjieError):
    """The store failed."""


class CryptoError(MenjieError):
    """Keys, seals, signatures, or the sealed log's disk."""


class InternalError(MenjieError):
    """A fault of ours, caught at the boundary: the process goes on."""


_KINDS: Dict[str, Type[MenjieError]] = {
    "misuse": MisuseError,
    "validation": ValidationError,
    "conflict": ConflictError,
    "not_found": NotFoundError,
    "counterpart": CounterpartError,
    "store": StoreError,
    "crypto": CryptoError,
    "internal": InternalError,
}
_SERVER_UNKNOWN = 711


def error_of(envelope: str) -> MenjieError:
    """The exception of a failure's envelope, as JSON."""
    failure: Dict[str, Any] = json.loads(envelope)
    kind = _KINDS.get(failure["kind"], MenjieError)
    if failure["code"] == _SERVER_UNKNOWN:
        kind = UnknownOutcomeError
    elif kind is MisuseError and failure["context"].get("cause") == "fork":
        kind = ForkedError
    return kind(failure["code"], failure["kind"], failure["retry"], failure["message"], failure["context"])


def misuse(code: int, message: str, **context: str) -> MisuseError:
    """What only a caller of a library can get wrong; the numbers are those of the C library."""
    kind = ForkedError if context.get("cause") == "fork" else MisuseError
    return kind(code, "misuse", "never", message, context)


def bad_request(field: str, problem: str) -> MisuseError:
    """A request that is no JSON of the contract."""
    context = {"problem": problem}
    if field:
        context["field"] = field
    return MisuseError(2, "misuse", "never", "the request does not have the shape of this operation", context)


def tell_fault(place: str) -> None:
    """Tells the log where something went wrong inside; what was being done is not told."""
    import logging

    logging.getLogger("menjie").error("an internal fault was caught at %s", place)
