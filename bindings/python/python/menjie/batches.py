"""Operations over tables of Arrow (docs/contract/batches.md): pandas, polars, pyarrow, DuckDB and whatever else has ``__arrow_c_stream__``.

Texts and whole numbers are not copied, and the interpreter is not held meanwhile: nobody may change a table during the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

from . import _core
from ._wire import decode, encode

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow  # type: ignore[import-untyped]

__all__ = ["batch", "BatchResult", "Table"]

# So many rows a notebook shows.
_SHOWN = 10


class Table:
    """A table of a result. Whoever reads Arrow reads it: ``polars.DataFrame(table)``, ``pyarrow.table(table)``, DuckDB by its name."""

    def __init__(self, name: str, native: _core.Table) -> None:
        self.name = name
        self._native = native

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object:
        """A stream of the table, in a capsule."""
        return self._native.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return len(self._native)

    @property
    def columns(self) -> List[Tuple[str, str]]:
        """Its columns: name and type, as Arrow calls it."""
        return self._native.columns

    def to_arrow(self) -> pyarrow.Table:
        """As a table of pyarrow, which must be installed."""
        import pyarrow

        return pyarrow.table(self)

    def to_pandas(self) -> pandas.DataFrame:
        """As a frame of pandas, which must be installed with pyarrow."""
        frame: pandas.DataFrame = self.to_arrow().to_pandas()
        return frame

    def to_polars(self) -> polars.DataFrame:
        """As a frame of polars, which must be installed."""
        import polars

        return polars.DataFrame(self)

    def __repr__(self) -> str:
        return f"<menjie table {self.name}: {len(self)} rows, {', '.join(name for name, _ in self.columns)}>"

    def _repr_html_(self) -> str:
        from . import display

        rows: List[Mapping[str, Any]] = []
        try:
            rows = self.to_arrow().slice(0, _SHOWN).to_pylist()
        except ImportError:
            # Without pyarrow the columns are told, and how many rows there are.
            rows = []
        return display.table(f"{self.name}: {len(self)} rows", [name for name, _ in self.columns], rows)


class BatchResult:
    """What comes of a batch.

    Attributes:
        response: Numbers, and what is small.
        tables: The tables of the result, by name.
    """

    def __init__(self, response: Dict[str, Any], tables: Dict[str, Table]) -> None:
        self.response = response
        self.tables = tables

    def __repr__(self) -> str:
        return f"<menjie batch: {', '.join(f'{name} ({len(table)} rows)' for name, table in self.tables.items())}>"

    def _repr_html_(self) -> str:
        from . import display

        return display.html(self.response) + "".join(table._repr_html_() for table in self.tables.values())


def _without_index(table: Any) -> Any:
    """A frame of pandas gives an index that has no name as a column, though nobody asked for it: what was filtered or sorted has one."""
    if type(table).__module__.partition(".")[0] == "pandas" and all(name is None for name in table.index.names):
        return table.reset_index(drop=True)
    return table


def _stream(name: str, table: Any) -> object:
    if not hasattr(table, "__arrow_c_stream__"):
        raise TypeError(f"{name} has no __arrow_c_stream__: give a table of pandas, polars, pyarrow, DuckDB or another library of Arrow, not {type(table).__name__}")
    capsule: object = _without_index(table).__arrow_c_stream__()
    return capsule


def streams(tables: Mapping[str, Any]) -> List[Tuple[str, object]]:
    """Each table as a capsule, with its name; one that is None is left out."""
    return [(name, _stream(name, table)) for name, table in tables.items() if table is not None]


def batch(op: str, request: Optional[Any] = None, /, **tables: Any) -> BatchResult:
    """Runs an operation over tables.

    ``menjie.batch("bill.group_batch", {}, lines=frame)`` gives ``.response`` and ``.tables["bills"]``. A table that is None is left out.
    """
    text = encode({} if request is None else request)
    response, made = _core.call_batch(op, text, streams(tables))
    return BatchResult(decode(response), {name: Table(name, table) for name, table in made})
