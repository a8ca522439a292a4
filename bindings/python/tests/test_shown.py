"""What a notebook shows."""

from __future__ import annotations

import pyarrow

import menjie
from menjie import contract, display


def test_persons_are_masked_and_amounts_are_in_yuan() -> None:
    rows = [{"name": "张小三", "id_no": "440599199003070058", "phone": "13812345678", "address": "天河路1号", "dept_name": "门诊", "total_fen": 12132}]
    shown = display.html(rows)
    assert "张*三" in shown and "121.32" in shown and "门诊" in shown and "total (元)" in shown
    for secret in ("张小三", "199003070058", "13812345678", "天河路"):
        assert secret not in shown
    assert "张小三" in display.html(rows, masked=False)
    assert "汉族" in display.html({"code": "01", "name": "汉族"}), "a word of a table is nobody"


def test_nothing_of_a_value_is_html() -> None:
    shown = display.html([{"<b>": "<script>alert(1)</script>", "deep": {"a": ["<i>", {"x": "&"}]}}])
    assert "<script>" not in shown and "<b>" not in shown and "<i>" not in shown and "&amp;" in shown


def test_types_tables_and_results_show_themselves() -> None:
    response = menjie.bill.total(lines=[{"price": "3.265", "quantity": "28"}])
    assert isinstance(response, contract.BillTotalResponse)
    assert "91.42" in response._repr_html_()
    result = menjie.batch("patient.validate_batch", {"today": "2026-03-10"}, records=pyarrow.table({"name": ["张小三"], "phone": ["1"]}))
    shown = result._repr_html_()
    assert "issues" in shown and "<table" in shown and "张小三" not in shown
    assert "rows" in repr(result.tables["issues"])


def test_chinese_text_is_aligned() -> None:
    assert display.width("门a") == 3 and display.width("e\u0301") == 1
    lines = display.text([{"dept": "检验科", "total_fen": 8987}, {"dept": "x", "total_fen": 1}]).splitlines()
    assert [display.width(line[: line.rindex(" ") + 1]) for line in lines[1:]] == [8, 8]
    assert lines[0] == "dept    total (元)"
