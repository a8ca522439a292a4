"""The cells of a report's table: what each one is, and how people read it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, List, NamedTuple, Union

__all__ = ["LEVELS", "Column", "columns", "heading", "is_hidden", "number", "shown"]

# A number that is not shown because it would tell of a few people (小单元抑制).
HIDDEN = "*"

# What a row is of, for people.
LEVELS = {"detail": "明细", "subtotal": "小计", "total": "合计"}

Number = Union[int, Decimal, None]


class Column(NamedTuple):
    """A column of a table."""

    key: str
    title: str
    # text, count, fen, yuan, percent, decimal
    holds: str


def columns(table: Any) -> List[Column]:
    """The columns of a table."""
    return [Column(column["key"], column["title"], column["holds"]) for column in table["columns"]]


def is_hidden(column: Column, cell: Any) -> bool:
    """Is it a number that is not shown?"""
    return column.holds != "text" and bool(cell == HIDDEN)


def number(column: Column, cell: Any) -> Number:
    """A number, exactly: fen and counts as int, the others as Decimal. None when there is nothing to say, or it is hidden."""
    if cell is None or is_hidden(column, cell):
        return None
    return int(cell) if column.holds in ("count", "fen") else Decimal(cell)


def heading(column: Column) -> str:
    """Its heading for people, who read yuan."""
    unit = {"fen": "（元）", "yuan": "（元）", "percent": "（%）"}.get(column.holds, "")
    return f"{column.title}{unit}"


def shown(column: Column, cell: Any) -> str:
    """A cell for people: amounts in yuan, ``*`` where it is hidden."""
    if cell is None:
        return ""
    if column.holds == "fen" and not is_hidden(column, cell):
        from ..money import yuan

        return f"{yuan(cell)}"
    return str(cell)
