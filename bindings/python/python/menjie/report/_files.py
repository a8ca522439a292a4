"""Files for spreadsheets: CSV and XLSX. Amounts in yuan, numbers as numbers, and no text that could be taken for a formula."""

from __future__ import annotations

import csv
import os
import re
from typing import TYPE_CHECKING, Any, Iterable, List, Set, Union

from ..display import width
from ._cells import LEVELS, Column, columns, heading, is_hidden, number, shown

if TYPE_CHECKING:
    from ._result import Report

__all__ = ["write_csv", "write_xlsx"]

_Path = Union[str, "os.PathLike[str]"]

# With one of these a spreadsheet begins a formula; the wide forms do where Chinese is the language.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# What XML has no word for.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# What no name of a sheet may have, and how long it may be.
_UNNAMEABLE = re.compile(r"[\[\]:*?/\\']")
_LONGEST = 31
# How a spreadsheet shows numbers, by what they hold.
_FORMATS = {"count": "#,##0", "fen": "#,##0.00", "yuan": "#,##0.00####", "percent": "0.00", "decimal": "0.00"}
_WIDEST = 40


def write_csv(path: _Path, report: Report) -> None:
    """Writes all rows of a report as CSV."""
    described = columns(report.response)

    def guarded(text: str) -> str:
        return f"'{text}" if text.startswith(_FORMULA) else text

    def written(column: Column, cell: Any) -> str:
        return guarded(shown(column, cell)) if column.holds == "text" else shown(column, cell)

    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["行别", *(guarded(heading(column)) for column in described)])
        for row in report.response["rows"]:
            writer.writerow([LEVELS[row["level"]], *(written(column, cell) for column, cell in zip(described, row["cells"]))])


def write_xlsx(path: _Path, reports: Iterable[Report]) -> None:
    """Writes a workbook with one sheet a report; openpyxl must be installed."""
    import openpyxl  # type: ignore[import-untyped]

    book = openpyxl.Workbook()
    book.remove(book.active)
    taken: Set[str] = set()
    for report in reports:
        _fill(book.create_sheet(_name(report.response["title"], taken)), report)
    if not taken:
        raise ValueError("there are no reports to write")
    book.save(path)


def _name(title: str, taken: Set[str]) -> str:
    plain = _UNNAMEABLE.sub("-", title)
    name, copies = plain[:_LONGEST], 1
    while name in taken:
        copies += 1
        mark = f"（{copies}）"
        name = plain[: _LONGEST - len(mark)] + mark
    taken.add(name)
    return name


def _put(sheet: Any, row: int, column: int, text: str) -> Any:
    cell = sheet.cell(row, column, _UNWRITABLE.sub("\ufffd", text))
    # Never a formula, whatever it begins with.
    cell.data_type = "s"
    return cell


def _fill(sheet: Any, report: Report) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side  # type: ignore[import-untyped]
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

    described = columns(report.response)
    bold, line = Font(bold=True), Side(style="thin", color="BFBFBF")
    _put(sheet, 1, 1, report.title).font = Font(bold=True, size=14)
    units = ["单位：元"] if any(column.holds in ("fen", "yuan") for column in described) else []
    _put(sheet, 2, 1, "　".join([*report.notes, *units]))
    top = 4
    widths: List[int] = []
    for at, title in enumerate(["行别", *map(heading, described)], 1):
        cell = _put(sheet, top, at, title)
        cell.font, cell.border, cell.fill = bold, Border(bottom=line), PatternFill("solid", fgColor="F2F2F2")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        widths.append(width(title))
    for below, row in enumerate(report.response["rows"], top + 1):
        cells = [_put(sheet, below, 1, LEVELS[row["level"]])]
        for at, (column, value) in enumerate(zip(described, row["cells"]), 2):
            if value is None or value == "":
                continue
            text = shown(column, value)
            if column.holds == "text" or is_hidden(column, value):
                cell = _put(sheet, below, at, text)
                cell.alignment = Alignment(horizontal="left" if column.holds == "text" else "right")
            else:
                exact = number(column, value)
                cell = sheet.cell(below, at, _in_yuan(exact) if column.holds == "fen" else exact)
                cell.number_format = _FORMATS[column.holds]
            cells.append(cell)
            # Thousands are marked with commas.
            widths[at - 1] = max(widths[at - 1], width(text) + (0 if column.holds == "text" else len(text) // 3))
        if row["level"] != "detail":
            for cell in cells:
                cell.font = bold
    for at, wide in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(at)].width = min(wide, _WIDEST) + 2
    sheet.freeze_panes = sheet.cell(top + 1, 1)
    sheet.print_title_rows = f"{top}:{top}"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _in_yuan(fen: Any) -> Any:
    from ..money import yuan

    return yuan(fen)
