"""Frames of Dask: each partition is folded where it is, partials are merged in a tree, and nothing else travels."""

from __future__ import annotations

from importlib import import_module
from typing import Any, List, Mapping, Optional

from ..errors import MenjieError
from ._partial import Partial, kept, merge

# So many partials are merged by one task.
_FAN_IN = 8


def is_lazy(table: Any) -> bool:
    """Is it a frame of Dask? Dask itself is not imported to find out."""
    return hasattr(table, "__dask_graph__") and hasattr(table, "to_delayed")


class _Fold:
    """Folds one partition. A graph may be printed and drawn: the key is not in what it shows."""

    __slots__ = ("name", "number", "_patient_key")

    def __init__(self, name: str, number: int, patient_key: Optional[str]) -> None:
        self.name = name
        self.number = number
        self._patient_key = patient_key

    def __call__(self, table: Any) -> Partial:
        try:
            return kept([], self._patient_key, {self.name: table})
        except MenjieError as error:
            # Rows are counted within the partition.
            context = {**error.context, "partition": str(self.number)}
            raise type(error)(error.code, error.kind, error.retry, error.message, context) from None

    def __repr__(self) -> str:
        return f"<fold {self.name}, partition {self.number}>"


def fold(tables: Mapping[str, Any], patient_key: Optional[str]) -> Partial:
    """The partial of all tables, with the scheduler that Dask would take."""
    # Its types do not say what it exports.
    dask: Any = import_module("dask")
    here = {name: table for name, table in tables.items() if not is_lazy(table)}
    parts: List[Any] = [kept([], patient_key, here)] if here else []
    for name, table in tables.items():
        if name not in here:
            parts += [dask.delayed(_Fold(name, number, patient_key), pure=False)(part) for number, part in enumerate(table.to_delayed())]
    merged = dask.delayed(merge, pure=False)
    while len(parts) > 1:
        parts = [merged(parts[at : at + _FAN_IN]) for at in range(0, len(parts), _FAN_IN)]
    (partial,) = dask.compute(*parts)
    found: Partial = partial
    return found
