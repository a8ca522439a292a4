"""Requests as JSON text, responses as values."""

from __future__ import annotations

import json
import re
from typing import Any, Mapping, Optional

from .errors import bad_request

# Deeper than any request of the contract.
_DEEPEST = 64
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def _plain(value: Any) -> Any:
    """What JSON has no word for: records of the contract, exact decimals, dates, whole numbers of other libraries."""
    to_json = getattr(value, "to_json", None)
    if to_json is not None and hasattr(type(value), "from_json"):
        return to_json()
    kind = type(value).__name__
    if kind == "Decimal":
        return format(value, "f")
    if kind == "datetime" and value.tzinfo is None:
        raise TypeError("a datetime needs its time zone")
    if kind in ("date", "datetime"):
        return value.isoformat()
    if hasattr(value, "__index__"):
        return value.__index__()
    raise TypeError(f"{kind} is not accepted here")


def encode(value: Any) -> str:
    """The JSON text of a request, a configuration or an answer. What cannot be written is refused by its field."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    except (TypeError, ValueError, RecursionError):
        problem = _problem(value, "", 0)
        raise problem if problem is not None else bad_request("", "is no value of JSON") from None


def _shown(key: str) -> str:
    """A key, if it can be shown: it may be a name or a number of a patient. The same rule in every host."""
    return key if _IDENTIFIER.fullmatch(key) else "?"


def _problem(value: Any, path: str, depth: int) -> Optional[Exception]:
    """The first thing that JSON cannot say, found again with its path."""
    if depth > _DEEPEST:
        return bad_request(path, "is nested too deep")
    if isinstance(value, Mapping):
        for key, member in value.items():
            if not isinstance(key, str):
                return bad_request(path, "has a key that is not a text")
            found = _problem(member, f"{path}.{_shown(key)}" if path else _shown(key), depth + 1)
            if found is not None:
                return found
        return None
    if isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            found = _problem(item, f"{path}[{at}]", depth + 1)
            if found is not None:
                return found
        return None
    if isinstance(value, float):
        return None if value - value == 0 else bad_request(path, "floating point is not accepted here")
    if value is None or isinstance(value, (str, int)):
        return None
    try:
        return _problem(_plain(value), path, depth + 1)
    except TypeError as error:
        return bad_request(path, str(error))


def decode(text: str) -> Any:
    """The values of a response."""
    return json.loads(text)


def request_of(request: Optional[Any], members: Mapping[str, Any]) -> Any:
    """A request as it was given: one value, or its members."""
    if request is None:
        return members
    if members:
        raise TypeError("a request is given as one argument or as keyword arguments, not both")
    return request
