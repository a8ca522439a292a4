"""Showing results: tables for notebooks and terminals, masked where a member is a name, a number or another private matter of a person."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import Any, Container, Dict, List, Mapping, Optional, Sequence

from . import _core
from ._record import Record, given_members
from ._wire import decode, encode
from .errors import bad_request

__all__ = ["html", "table", "text", "width"]

# Members that are of a person, and how each is masked (text.mask).
_PERSONAL = {
    "name": "name",
    "patient_name": "name",
    "contact_name": "name",
    "guardian_name": "name",
    "payer_name": "name",
    "id_no": "id_no",
    "certno": "id_no",
    "guardian_id_no": "id_no",
    "phone": "phone",
    "contact": "phone",
    "contact_phone": "phone",
    "guardian_phone": "phone",
    "card_no": "card",
}
# Members of which nothing is shown: where somebody lives, what he has, numbers at others, secrets. Dataclasses say of themselves what is private;
# dicts and frames have only names. So a name that the contract also uses for what is nobody's (number, payer, to) is not here.
_HIDDEN = frozenset(
    (
        *("address", "household_address", "contact_address", "native_place", "birth_date", "diagnoses", "diag_code", "diag_name", "remark"),
        *("psn_no", "openid", "pay_auth_no", "url", "code_url", "token", "ec_token", "pay_token", "reversal_token"),
        *("password", "signer_password", "patient_key", "key_hex", "data_hex", "plain_hex", "body_hex"),
    )
)
_NOTHING = "***"
_STYLE = "border-collapse:collapse;font-family:system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif"
_CELL = "border:1px solid #ccc;padding:2px 8px;text-align:left;white-space:nowrap"


def _seen(value: Any, masked: bool, kind: Optional[str] = None) -> Any:
    """A value as dicts and lists, masked where somebody is told of; ``kind`` is how what has no name of its own is masked."""
    if isinstance(value, Record):
        given = list(given_members(value))
        keys = {key for key, _, _ in given}
        return {key: _member(key, member, keys, kind, private) if masked else _seen(member, masked) for key, member, private in given}
    if isinstance(value, Mapping):
        return {key: _member(key, member, value, kind, None) if masked else _seen(member, masked) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_seen(item, masked, kind) for item in value]
    if hasattr(value, "to_json") and hasattr(type(value), "from_json"):
        return _seen(value.to_json(), masked, kind)
    return value if kind is None or value is None or isinstance(value, bool) else _mask(kind, value)


def _member(key: Any, value: Any, keys: Container[Any], kind: Optional[str], private: Optional[bool]) -> Any:
    """A member as it may be shown; ``private`` is what its dataclass says, None where there is none."""
    own = _PERSONAL.get(key)
    # What has a code is a word of a table, and its name nobody's; so is a name that is not private. A private one with a code is a diagnosis.
    if key == "name" and (private is False or "code" in keys):
        own = None
    if value is None or (isinstance(value, str) and not value):
        return value
    if own is None and (private or key in _HIDDEN):
        return _NOTHING
    return _seen(value, True, own or kind)


def _mask(kind: str, value: Any) -> str:
    # Numbers in frames may be whole numbers.
    if not isinstance(value, (str, int)):
        return _NOTHING
    masked: str = decode(_core.call("text.mask", encode({"kind": kind, "text": str(value)})))["masked"]
    return masked


def _plain(value: Any, masked: bool) -> Any:
    try:
        return decode(encode(_seen(value, masked)))
    except RecursionError:
        raise bad_request("", "is nested too deep") from None


def _shown(key: str, value: Any) -> str:
    if value is None:
        return ""
    if key.endswith("_fen") and isinstance(value, int):
        from .money import yuan

        return f"{yuan(value)}"
    return str(value)


def _rows(value: Any) -> Optional[List[Mapping[str, Any]]]:
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return value
    return None


def _columns(rows: Sequence[Mapping[str, Any]]) -> List[str]:
    seen: Dict[str, None] = {}
    for row in rows:
        seen.update(dict.fromkeys(row))
    return list(seen)


def _heading(key: str) -> str:
    # Shown in yuan, so called so.
    return f"{key[:-4]} (元)" if key.endswith("_fen") else key


def table(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, masked: bool = True) -> str:
    """A table of HTML, its amounts in yuan."""
    return _table(title, columns, [_seen(row, masked) for row in rows])


def _table(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f'<th style="{_CELL}">{escape(_heading(key))}</th>' for key in columns)
    body = "".join("<tr>" + "".join(_cell(key, row.get(key)) for key in columns) + "</tr>" for row in rows)
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    return f'<table style="{_STYLE}">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cell(key: str, value: Any) -> str:
    return f'<td style="{_CELL}">{_inner(key, value)}</td>'


def _inner(key: str, value: Any) -> str:
    rows = _rows(value)
    if rows is not None:
        return _table("", _columns(rows), rows)
    if isinstance(value, dict):
        return _object("", value)
    if isinstance(value, list):
        return "<br>".join(_inner(key, item) for item in value)
    return escape(_shown(key, value))


def _object(title: str, members: Mapping[str, Any]) -> str:
    rows = "".join(f'<tr><th style="{_CELL}">{escape(_heading(key))}</th>{_cell(key, value)}</tr>' for key, value in members.items())
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    return f'<table style="{_STYLE}">{caption}<tbody>{rows}</tbody></table>'


def html(value: Any, *, masked: bool = True) -> str:
    """A request, a response or any part of one as HTML. ``masked=False`` shows persons as they are: that is for who may see them."""
    title = "" if isinstance(value, (dict, list)) else type(value).__name__
    plain = _plain(value, masked)
    rows = _rows(plain)
    if rows is not None:
        return _table(title, _columns(rows), rows)
    if isinstance(plain, dict):
        return _object(title, plain)
    return escape(str(plain))


def width(shown: str) -> int:
    """How many columns of a terminal a text takes: a Chinese character takes two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in shown)


def _line(key: str, value: Any) -> str:
    """A cell in one line, what is nested too."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_heading(name)}: {_line(name, member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_line(key, item) for item in value) + "]"
    return _shown(key, value)


def text(rows: Sequence[Any], *, masked: bool = True) -> str:
    """Rows as aligned columns of text, for a terminal."""
    plain: List[Mapping[str, Any]] = [_plain(row, masked) for row in rows]
    columns = _columns(plain)
    lines = [[_heading(key) for key in columns]] + [[_line(key, row.get(key)) for key in columns] for row in plain]
    widths = [max(width(line[at]) for line in lines) for at in range(len(columns))]
    aligned = ("  ".join(cell + " " * (widths[at] - width(cell)) for at, cell in enumerate(line)) for line in lines)
    return "\n".join(line.rstrip() for line in aligned)
