"""What a report is for an analyst: the core's table, as exact columns, as a page of a notebook, as files and as a plot."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple, Union

from ._cells import LEVELS, Column, columns, heading, is_hidden, number, shown

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow  # type: ignore[import-untyped]
    from matplotlib.axes import Axes

    from .. import contract

__all__ = ["Frame", "Report"]

# So many details, and so many totals, a notebook shows.
_SHOWN = 60
# Digits and decimals of columns that are decimals, by what they hold.
_DECIMALS = {"fen": (20, 2), "yuan": (38, 6), "percent": (20, 2), "decimal": (20, 2)}
# Reports that may hide numbers.
_SUPPRESSED = ("ages", "diseases")

_Values = Tuple[str, str, List[Any]]


class Frame:
    """Some rows of a report as a table: counts and fen as int64, what has decimals as exact decimals.

    What is blank is null, and so is what is hidden: tables of ages and diseases have a column ``hidden`` that names what is hidden in each row.
    """

    def __init__(self, name: str, columns: Sequence[Column], rows: Sequence[Any], *, levels: bool, hidden: bool) -> None:
        self.name = name
        self._columns = list(columns)
        self._rows = list(rows)
        self._levels = levels
        self._hidden = hidden

    def __len__(self) -> int:
        return len(self._rows)

    def _values(self, yuan: bool, titles: bool) -> List[_Values]:
        """Name, kind and values of each column."""
        values: List[_Values] = []
        if self._levels:
            levels = [row["level"] for row in self._rows]
            values.append(("行别", "text", [LEVELS[level] for level in levels]) if titles else ("level", "text", levels))
        for at, column in enumerate(self._columns):
            cells = [row["cells"][at] for row in self._rows]
            if column.holds == "text":
                values.append((column.title if titles else column.key, "text", cells))
                continue
            numbers = [number(column, cell) for cell in cells]
            if column.holds != "fen":
                kind = "whole" if column.holds == "count" else column.holds
                values.append((heading(column) if titles else column.key, kind, numbers))
            elif yuan:
                key = column.key[: -len("_fen")] + "_yuan" if column.key.endswith("_fen") else column.key
                exact = [None if amount is None else Decimal(f"{amount}E-2") for amount in numbers]
                values.append((heading(column) if titles else key, "fen", exact))
            else:
                values.append((f"{column.title}（分）" if titles else column.key, "whole", numbers))
        if self._hidden:
            named = [(at, column.title if titles else column.key) for at, column in enumerate(self._columns)]
            lists = [[name for at, name in named if is_hidden(self._columns[at], row["cells"][at])] for row in self._rows]
            values.append(("抑制" if titles else "hidden", "list", lists))
        return values

    def to_arrow(self, *, yuan: bool = False, titles: bool = False) -> pyarrow.Table:
        """As a table of pyarrow, which must be installed. ``yuan``: amounts as decimals in yuan; ``titles``: the Chinese headings."""
        import pyarrow

        types = {"text": pyarrow.string(), "whole": pyarrow.int64(), "list": pyarrow.list_(pyarrow.string())}
        types.update({holds: pyarrow.decimal128(*digits) for holds, digits in _DECIMALS.items()})
        values = self._values(yuan, titles)
        return pyarrow.table([pyarrow.array(column, types[kind]) for _, kind, column in values], names=[name for name, _, _ in values])

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object:
        """A stream of the table, in a capsule; pyarrow must be installed."""
        capsule: object = self.to_arrow().__arrow_c_stream__(requested_schema)
        return capsule

    def to_polars(self, *, yuan: bool = False, titles: bool = False) -> polars.DataFrame:
        """As a frame of polars, which must be installed."""
        import polars

        types: Dict[str, Any] = {"text": polars.String(), "whole": polars.Int64(), "list": polars.List(polars.String())}
        types.update({holds: polars.Decimal(*digits) for holds, digits in _DECIMALS.items()})
        return polars.DataFrame([polars.Series(name, column, types[kind]) for name, kind, column in self._values(yuan, titles)])

    def to_pandas(self, *, yuan: bool = False, titles: bool = False) -> pandas.DataFrame:
        """As a frame of pandas, which must be installed: ``int64``, or ``Int64`` where something is missing, never a float; ``Decimal`` objects."""
        import pandas

        def series(kind: str, column: List[Any]) -> Any:
            if kind == "whole":
                return pandas.Series(column, dtype="Int64" if None in column else "int64")
            return pandas.Series(column, dtype="string" if kind == "text" else "object")

        frame: pandas.DataFrame = pandas.DataFrame({name: series(kind, column) for name, kind, column in self._values(yuan, titles)})
        return frame

    def __repr__(self) -> str:
        return f"<menjie report {self.name}: {len(self)} rows, {', '.join(column.key for column in self._columns)}>"


class Report:
    """The table of a report.

    Attributes:
        response: What the core answered (``ReportTable`` of docs/contract/report.run.md), unchanged.
        tables: ``details``, one row a group, and ``totals``, subtotals and the total with their ``level``: who adds up details counts nothing twice.
            Numbers of patients never add up: take them from ``totals``.
    """

    def __init__(self, response: Dict[str, Any]) -> None:
        self.response = response
        described, hidden = columns(response), response["report"] in _SUPPRESSED
        details = [row for row in response["rows"] if row["level"] == "detail"]
        totals = [row for row in response["rows"] if row["level"] != "detail"]
        self.tables: Dict[str, Frame] = {
            "details": Frame("details", described, details, levels=False, hidden=hidden),
            "totals": Frame("totals", described, totals, levels=True, hidden=hidden),
        }

    @property
    def table(self) -> contract.ReportTable:
        """The response as a dataclass."""
        from .. import contract

        return contract.ReportTable.from_json(self.response)

    @property
    def title(self) -> str:
        """Its title and its days, in Chinese."""
        return f"{self.response['title']}（{self.response['from']} 至 {self.response['to']}）"

    @property
    def notes(self) -> List[str]:
        """What has to be read with the numbers: what they count by, the latest fact, orders whose result is not known."""
        told = [f"统计口径：{self.response['base']}"]
        if self.response.get("until"):
            told.append(f"数据截止：{self.response['until'][:19].replace('T', ' ')}")
        if self.response.get("pending") is not None:
            told.append(f"结果未知笔数：{self.response['pending']}")
        return told

    def __len__(self) -> int:
        return len(self.response["rows"])

    def to_arrow(self, *, yuan: bool = False, titles: bool = False) -> pyarrow.Table:
        """The details as a table of pyarrow (:meth:`Frame.to_arrow`)."""
        return self.tables["details"].to_arrow(yuan=yuan, titles=titles)

    def to_polars(self, *, yuan: bool = False, titles: bool = False) -> polars.DataFrame:
        """The details as a frame of polars (:meth:`Frame.to_polars`)."""
        return self.tables["details"].to_polars(yuan=yuan, titles=titles)

    def to_pandas(self, *, yuan: bool = False, titles: bool = False) -> pandas.DataFrame:
        """The details as a frame of pandas (:meth:`Frame.to_pandas`)."""
        return self.tables["details"].to_pandas(yuan=yuan, titles=titles)

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object:
        """The details as a stream, in a capsule; pyarrow must be installed."""
        return self.tables["details"].__arrow_c_stream__(requested_schema)

    def to_csv(self, path: Union[str, os.PathLike[str]]) -> None:
        """Writes all rows for spreadsheets: UTF-8 with a mark in front, amounts in yuan, no text that could be taken for a formula."""
        from ._files import write_csv

        write_csv(path, self)

    def to_xlsx(self, path: Union[str, os.PathLike[str]]) -> None:
        """Writes a workbook of one sheet; openpyxl must be installed."""
        from ._files import write_xlsx

        write_xlsx(path, [self])

    def plot(self, measure: Union[str, Sequence[str], None] = None, *, ax: Optional[Axes] = None, font: Optional[str] = None) -> Axes:
        """Draws the details; matplotlib must be installed.

        Over time as lines, otherwise as bars. ``measure`` is the key of a column, or several keys of the same unit; what matters most when left
        out. ``font`` has Chinese characters; one that is installed when left out. What is hidden is a ``*``, never a bar.
        """
        from ._plot import plot

        return plot(self, [measure] if isinstance(measure, str) else measure, ax, font)

    def __repr__(self) -> str:
        return f"<menjie report {self.response['report']}: {self.title}, {len(self)} rows>"

    def _repr_html_(self) -> str:
        from .. import display

        described = columns(self.response)
        details = [row for row in self.response["rows"] if row["level"] == "detail"]
        totals = [row for row in self.response["rows"] if row["level"] != "detail"]
        # The total is the last one.
        rows = [*details[:_SHOWN], *totals[-_SHOWN:]]
        headings = ["行别", *map(heading, described)]
        lines = [[LEVELS[row["level"]], *(shown(column, cell) for column, cell in zip(described, row["cells"]))] for row in rows]
        left = f"；共{len(self)}行，显示{len(rows)}行" if len(rows) < len(self) else ""
        return display.table(f"{self.title}　{'；'.join(self.notes)}{left}", headings, [dict(zip(headings, line)) for line in lines], masked=False)
