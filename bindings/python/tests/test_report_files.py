"""Reports for people: files of spreadsheets that are read back, and plots."""

from __future__ import annotations

import csv
import math
import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any, Dict, List

import matplotlib
import matplotlib.pyplot
import openpyxl
import pytest

from facts import ALL, MARCH, arrow, march
from menjie import report
from menjie.report import _plot

matplotlib.use("Agg")
SIGNS = ("=", "+", "-", "@", "\t", "＝", "＠")
HOSTILE = [f"{sign}cmd|' /C calc'!A0" for sign in SIGNS] + ['a,"b"\nc', "\x00\x1b", "12345678901234567890", "*"]


def _hostile() -> report.Report:
    rows = [{"at": "2026-03-01T09:00:00+08:00", "event": "refund", "channel": name, "cash_fen": 7} for name in HOSTILE]
    return report.finance(arrow(rows), "2026-03-01", "2026-03-01", by=["channel"])


def _lines(path: Path) -> List[List[str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def _number(holds: str, cell: Any) -> Any:
    return Decimal(cell) / 100 if holds == "fen" else Decimal(cell)


@pytest.mark.parametrize("query", ALL, ids=lambda query: query["report"])
def test_a_csv_says_what_the_core_says(query: Dict[str, Any], tmp_path: Path) -> None:
    one = report.run(query, **march())
    one.to_csv(tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    head, *lines = _lines(tmp_path / "x.csv")
    columns, rows = one.response["columns"], one.response["rows"]
    assert [title.split("（元）")[0].split("（%）")[0] for title in head[1:]] == [column["title"] for column in columns]
    assert len(lines) == len(rows) and lines[-1][0] == "合计"
    for line, row in zip(lines, rows):
        for column, text, cell in zip(columns, line[1:], row["cells"]):
            if column["holds"] == "text" or cell in (None, "*"):
                assert text.lstrip("'") == (cell or "")
            else:
                assert Decimal(text) == _number(column["holds"], cell)


@pytest.mark.parametrize("query", ALL, ids=lambda query: query["report"])
def test_a_workbook_says_what_the_core_says(query: Dict[str, Any], tmp_path: Path) -> None:
    one = report.run(query, **march())
    one.to_xlsx(tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]
    columns, rows = one.response["columns"], one.response["rows"]
    assert sheet.cell(1, 1).value == one.title and "统计口径：" in sheet.cell(2, 1).value
    assert sheet.freeze_panes == "A5" and sheet.max_row == 4 + len(rows)
    for below, row in enumerate(rows, 5):
        for at, (column, cell) in enumerate(zip(columns, row["cells"]), 2):
            there = sheet.cell(below, at)
            if column["holds"] == "text" or cell in (None, "*"):
                assert there.value == (cell or None) and there.data_type == ("s" if cell else "n")
            else:
                # What a spreadsheet keeps is a binary number; its shortest text is the amount.
                assert there.data_type == "n" and Decimal(str(there.value)) == _number(column["holds"], cell)
                assert there.number_format == {"fen": "#,##0.00", "count": "#,##0", "yuan": "#,##0.00####"}.get(column["holds"], "0.00")


def test_nothing_is_a_formula(tmp_path: Path) -> None:
    one = _hostile()
    one.to_csv(tmp_path / "x.csv")
    named = {line[1]: line for line in _lines(tmp_path / "x.csv")[1:]}
    for name in HOSTILE:
        assert (f"'{name}" if name[0] in SIGNS else name) in named
    assert "-0.07" in named["'=cmd|' /C calc'!A0"], "a number that is below zero stays a number"
    one.to_xlsx(tmp_path / "x.xlsx")
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0].iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    texts = {cell.value for cell in cells if cell.data_type == "s"}
    assert {name for name in HOSTILE if "\x00" not in name} <= texts and "\ufffd\ufffd" in texts


def test_a_workbook_of_several_reports(tmp_path: Path) -> None:
    reports = report.run_all([*ALL, *ALL], **march(rows=20))
    report.write_xlsx(tmp_path / "x.xlsx", reports)
    names = openpyxl.load_workbook(tmp_path / "x.xlsx").sheetnames
    assert len(names) == len(set(names)) == 2 * len(ALL) and "医保-自费汇总（2）" in names
    with pytest.raises(ValueError):
        report.write_xlsx(tmp_path / "y.xlsx", [])


# Plots


def _png(ax: Any, path: Path) -> bytes:
    with warnings.catch_warnings():
        # A character that the font does not have is a warning.
        warnings.simplefilter("error")
        ax.figure.savefig(path)
    matplotlib.pyplot.close(ax.figure)
    return path.read_bytes()


PLOTS: Dict[str, Any] = {
    "receipts": ({"by": ["day", "channel"]}, "日期", "净收金额（元）"),
    "insurance": ({"by": ["month", "insurance"]}, "月份", "总金额（元）"),
    "closing": ({}, "实收合计（元）", "收款员/终端"),
    "volume": ({"by": ["week", "dept"]}, "周（周一）", "就诊人次"),
    "income": ({}, "合计（元）", "收费类别 名称"),
    "refunds": ({"by": ["reason"]}, "申请笔数", "退费原因"),
    "ages": ({}, "就诊人次（合计）", "年龄段"),
    "diseases": ({"level": "block"}, "就诊人次", "编码 名称"),
}


@pytest.mark.parametrize("name", PLOTS)
def test_every_report_is_drawn_in_one_call(name: str, tmp_path: Path) -> None:
    more, x, y = PLOTS[name]
    one = report.run({"report": name, **more, **MARCH}, **march())
    ax = one.plot()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == (x, y, one.title)
    assert "统计口径" in ax.figure.get_supxlabel()
    png = _png(ax, tmp_path / "x.png")
    assert png.startswith(b"\x89PNG") and len(png) > 10_000
    assert not matplotlib.rcParams["font.family"][0].endswith("SC"), "the program's own settings stay"


def test_what_is_drawn_are_the_cells() -> None:
    facts = march()
    one = report.finance(facts["movements"], "2026-03-01", "2026-04-02", by=["day", "channel"])
    ax = one.plot("paid_fen")
    cells = {(row["cells"][0], row["cells"][1]): row["cells"][3] for row in one.response["rows"] if row["level"] == "detail"}
    lines = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    assert set(lines) == {"微信", "支付宝"}
    for channel, heights in lines.items():
        assert len(heights) == 33 and math.isnan(heights[32]), "a day of which there is nothing is no zero"
        assert {f"2026-03-{day + 1:02}": height for day, height in enumerate(heights[:31]) if not math.isnan(height)} == {day: fen for (day, of), fen in cells.items() if of == channel}
    matplotlib.pyplot.close(ax.figure)
    bars = report.volumes(facts["visits"], "2026-03-01", "2026-03-31", by=["dept"])
    ax = bars.plot(["visits", "patients"])
    frame = bars.to_pandas()
    assert [[bar.get_width() for bar in group] for group in ax.containers] == [frame["visits"].tolist(), frame["patients"].tolist()]
    assert [label.get_text() for label in ax.get_yticklabels()] == frame["dept"].tolist()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["就诊人次", "就诊人数（去重）"]
    matplotlib.pyplot.close(ax.figure)


def test_what_is_hidden_is_no_bar() -> None:
    visits = arrow([{"at": "2026-03-01T09:00:00+08:00", "state": "seen", "patient": f"P{n}", "birth_date": "1990-01-01"} for n in range(3)])
    ax = report.ages(visits, "2026-03-01", "2026-03-31").plot()
    stars = [text for text in ax.texts if text.get_text() == "*"]
    assert stars and all(bar.get_width() == 0 for group in ax.containers for bar in group)
    matplotlib.pyplot.close(ax.figure)


def test_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    odd = ["$\\frac$", "_门诊", "a\nb", "", "很长的科室名称" * 9]
    rows = [{"at": f"2026-03-0{day}T09:00:00+08:00", "channel": name, "exec_dept": name, "cash_fen": 7} for day in (1, 2) for name in odd]
    table = arrow(rows)
    for by, texts in ((["day", "channel"], lambda ax: ax.get_legend().get_texts()), (["exec_dept"], lambda ax: ax.get_yticklabels())):
        ax = report.finance(table, "2026-03-01", "2026-03-02", by=by).plot()
        shown = [text.get_text() for text in texts(ax)]
        assert len(shown) == len(odd) and "$\\frac$" in shown and any(text.endswith("_门诊") for text in shown)
        assert _png(ax, tmp_path / "x.png").startswith(b"\x89PNG")


def test_an_axes_of_ones_own_and_a_font_of_ones_own() -> None:
    _, own = matplotlib.pyplot.subplots()
    one = report.finance(march()["movements"], "2026-03-01", "2026-03-31", by=["month"])
    assert one.plot(ax=own, font="DejaVu Sans") is own and own.figure.get_supxlabel() == ""
    assert own.title.get_fontfamily()[0] == own.get_xticklabels()[0].get_fontfamily()[0] == "DejaVu Sans"
    matplotlib.pyplot.close(own.figure)


def test_without_a_chinese_font_it_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one = report.finance(march()["movements"], "2026-03-01", "2026-03-31", by=["month"])
    monkeypatch.setattr(_plot, "_FONTS", ("no such font",))
    _plot._chinese_font.cache_clear()
    try:
        with pytest.warns(UserWarning, match="fonts-noto-cjk") as told:
            for _ in range(3):
                matplotlib.pyplot.close(one.plot().figure)
        assert len(told) == 1 and told[0].filename == __file__
    finally:
        _plot._chinese_font.cache_clear()


def test_what_cannot_be_drawn_is_said() -> None:
    facts = march()
    one = report.finance(facts["movements"], "2026-03-01", "2026-03-31", by=["day", "channel"])
    for measure, said in (("net", "net cannot be drawn; this report has payments, paid_fen"), ("channel", "channel cannot"), (["net_fen", "payments"], "one unit"), ([], "none")):
        with pytest.raises(ValueError, match=said):
            one.plot(measure)
    many = report.finance(facts["movements"], "2026-03-01", "2026-03-31", by=["day", "insurance", "exec_dept"])
    with pytest.raises(ValueError, match="12 series"):
        many.plot()
    nothing = report.run({"report": "closing", **MARCH})
    matplotlib.pyplot.close(nothing.plot().figure)
