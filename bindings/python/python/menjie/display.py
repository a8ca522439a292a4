"""Showing results: tables for notebooks and terminals, masked where a member is a name or a number of a person."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import Any, Dict, List, Mapping, Optional, Sequence

from . import _core
from ._wire import decode, encode

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
    "phone": "phone",
    "contact_phone": "phone",
    "guardian_phone": "phone",
    "card_no": "card",
}
# Members that tell where somebody lives; nothing of them is shown.
_HIDDEN = ("address", "household_address", "contact_address", "native_place")
_STYLE = "border-collapse:collapse;font-family:system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif"
_CELL = "border:1px solid #ccc;padding:2px 8px;text-align:left;white-space:nowrap"


def _plain(value: Any) -> Any:
    return decode(encode(value))


def _masked(key: str, value: Any, members: Mapping[str, Any]) -> Any:
    """A member as it may be shown. What has a code is a word of a table, and its name nobody's."""
    if not isinstance(value, str) or not value:
        return value
    if key in _HIDDEN:
        return "*" * len(value)
    kind = _PERSONAL.get(key)
    if kind is None or (key == "name" and "code" in members):
        return value
    return decode(_core.call("text.mask", encode({"kind": kind, "text": value})))["masked"]


def _shown(key: str, value: Any, members: Mapping[str, Any], masked: bool) -> str:
    if masked:
        value = _masked(key, value, members)
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
    head = "".join(f'<th style="{_CELL}">{escape(_heading(key))}</th>' for key in columns)
    body = "".join("<tr>" + "".join(_cell(key, row.get(key), row, masked) for key in columns) + "</tr>" for row in rows)
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    return f'<table style="{_STYLE}">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cell(key: str, value: Any, members: Mapping[str, Any], masked: bool) -> str:
    inner = _inner(key, value, members, masked)
    return f'<td style="{_CELL}">{inner}</td>'


def _inner(key: str, value: Any, members: Mapping[str, Any], masked: bool) -> str:
    rows = _rows(value)
    if rows is not None:
        return table("", _columns(rows), rows, masked=masked)
    if isinstance(value, dict):
        return _object("", value, masked)
    if isinstance(value, list):
        return "<br>".join(_inner(key, item, members, masked) for item in value)
    return escape(_shown(key, value, members, masked))


def _object(title: str, members: Mapping[str, Any], masked: bool) -> str:
    rows = "".join(f'<tr><th style="{_CELL}">{escape(_heading(key))}</th>{_cell(key, value, members, masked)}</tr>' for key, value in members.items())
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    return f'<table style="{_STYLE}">{caption}<tbody>{rows}</tbody></table>'


def html(value: Any, *, masked: bool = True) -> str:
    """A request, a response or any part of one as HTML. ``masked=False`` shows persons as they are: that is for who may see them."""
    title = "" if isinstance(value, (dict, list)) else type(value).__name__
    plain = _plain(value)
    rows = _rows(plain)
    if rows is not None:
        return table(title, _columns(rows), rows, masked=masked)
    if isinstance(plain, dict):
        return _object(title, plain, masked)
    return escape(str(plain))


def width(shown: str) -> int:
    """How many columns of a terminal a text takes: a Chinese character takes two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in shown)


def text(rows: Sequence[Any], *, masked: bool = True) -> str:
    """Rows as aligned columns of text, for a terminal."""
    plain: List[Mapping[str, Any]] = [_plain(row) for row in rows]
    columns = _columns(plain)
    lines = [[_heading(key) for key in columns]] + [[_shown(key, row.get(key), row, masked) for key in columns] for row in plain]
    widths = [max(width(line[at]) for line in lines) for at in range(len(columns))]
    aligned = ("  ".join(cell + " " * (widths[at] - width(cell)) for at, cell in enumerate(line)) for line in lines)
    return "\n".join(line.rstrip() for line in aligned)
