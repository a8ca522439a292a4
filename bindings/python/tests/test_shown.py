"""What a notebook shows."""

from __future__ import annotations

import dataclasses
import datetime
import typing
from typing import Any, Dict, List, Mapping, Sequence, Tuple, Type

import pyarrow
import pytest

import menjie
from facts import ALL, march
from menjie import contract, display, report
from menjie._record import Record

RECORDS = [cls for cls in vars(contract).values() if isinstance(cls, type) and issubclass(cls, Record) and cls is not Record]


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


class Filled:
    """Values of the contract, a text of its own in every private member."""

    def __init__(self) -> None:
        self.canaries: List[str] = []

    def canary(self) -> str:
        self.canaries.append(f"CANARY{len(self.canaries):012d}")
        return self.canaries[-1]

    def record(self, cls: Type[Record], above: Tuple[Type[Record], ...] = ()) -> Any:
        hints = typing.get_type_hints(cls)
        wanted = {one.name: self.value(hints[one.name], not one.repr, (*above, cls)) for one in dataclasses.fields(cls) if one.init}
        return cls(**wanted)

    def value(self, hint: Any, private: bool, above: Tuple[Type[Record], ...]) -> Any:
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Union:
            # The last form but None; every form has a test of its own.
            return self.value([form for form in inner if form is not type(None)][-1], private, above)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"key": self.value(inner[1], private, above)}
        if isinstance(origin, type) and issubclass(origin, Sequence):
            return [self.value(inner[0], private, above)]
        if private:
            return self.canary()
        if isinstance(hint, type) and issubclass(hint, Record):
            # Types that hold themselves end somewhere.
            return None if hint in above else self.record(hint, above)
        return None


def _filled(cls: Type[Record]) -> Tuple[Any, List[str]]:
    filled = Filled()
    return filled.record(cls), filled.canaries


# Types with something private in them, however deep.
PRIVATE = [cls for cls in RECORDS if _filled(cls)[1]]


@pytest.mark.parametrize("cls", PRIVATE, ids=lambda cls: str(cls.__name__))
def test_nothing_private_of_any_type_is_shown(cls: Type[Record]) -> None:
    record, canaries = _filled(cls)
    deep: Dict[str, Any] = {"deep": [record, {"deeper": (record,)}]}
    held = contract.EchoRequest(value=[record, deep])
    pages = [record._repr_html_(), held._repr_html_(), display.text([record]), display.text([held, deep]), display.table("", ["deep"], [deep])]
    pages += [display.html(value) for value in (record, [record], deep, [deep], [[record]], (record, "text"))]
    unmasked = display.html(record, masked=False), display.text([deep], masked=False)
    for canary in canaries:
        assert not [page for page in pages if canary in page], canary
        assert all(canary in page for page in unmasked), canary


def test_there_are_private_members_to_hide() -> None:
    private = {(cls.__name__, one.name) for cls in RECORDS for one in dataclasses.fields(cls) if not one.repr}
    assert len(private) > 90 and ("Record", "birth_date") in private and ("MethodJsapi", "payer") in private
    assert {cls for cls, _ in private} < {cls.__name__ for cls in PRIVATE}


def test_text_masks_what_is_nested() -> None:
    guardian = contract.Guardian(name="李四", id_no="440599199003070058", phone="13812345678")
    shown = display.text([contract.Record(guardian=guardian), {"lines": [{"name": "王五", "total_fen": 12132}], "words": ("x", "y")}])
    assert "{id_no: 440***********0058, name: 李*, phone: 138****5678}" in shown
    assert "[{name: 王*, total (元): 121.32}]" in shown and "[x, y]" in shown
    assert "{name: 王五, total (元): 121.32}" in display.text([{"line": {"name": "王五", "total_fen": 12132}}], masked=False)


@pytest.mark.parametrize("member", sorted({one.name for cls in RECORDS for one in dataclasses.fields(cls) if not one.repr}))
def test_a_private_member_of_a_dict_is_hidden_unless_its_name_is_used_for_other_things(member: str) -> None:
    shared = {"a", "b", "body", "code", "fields", "note", "number", "patient", "payer", "text", "to"}
    row = {member: "CANARY000000000001"}
    for shown in (display.html(row), display.html({"in": [row]}), display.text([row]), display.text([{"in": row}]), display.table("", [member], [row])):
        assert ("CANARY000000000001" in shown) is (member in shared)


def test_frames_are_masked_whatever_their_columns_hold() -> None:
    row = {"phone": 13812345678, "birth_date": datetime.date(1990, 3, 7), "guardian_id_no": "440599199003070058", "name": ["张小三", "李小四"], "contact": {"home": "13812345679"}}
    shown = display.table("", list(row), [row]) + display.html(row) + display.text([row])
    for secret in ("12345678", "12345679", "1990", "张小三", "李小四"):
        assert secret not in shown
    assert "138****5678" in shown and "张*三" in shown


def test_what_is_nobodys_is_shown() -> None:
    line = contract.RefundLine(back="1", line_id="L1", name="阿莫西林胶囊", quantity="2")
    ticket = {"number": "A012", "payer": "insured", "to": "2026-03-31", "patient": "P1", "doctor_name": "赵六", "dept_name": "门诊"}
    assert "阿莫西林胶囊" in line._repr_html_() and "阿莫西林胶囊" in display.text([line])
    for shown in (display.html(ticket), display.text([ticket])):
        assert all(word in shown for word in ticket.values())
    assert "*" not in display.html({"phone": "", "birth_date": None})


def test_what_is_too_deep_to_show_is_refused() -> None:
    circle: List[Any] = []
    circle.append(circle)
    for show in (display.html, lambda value: display.text([{"a": value}])):
        with pytest.raises(menjie.MisuseError):
            show(circle)


@pytest.mark.parametrize("query", ALL, ids=lambda query: query["report"])
def test_no_column_of_a_report_is_masked(query: Dict[str, Any]) -> None:
    made = report.run(query, **march(rows=60))
    rows = made.to_arrow().to_pylist()
    assert rows and display.text(rows) == display.text(rows, masked=False)
    assert display.html(made.response) == display.html(made.response, masked=False)


def test_chinese_text_is_aligned() -> None:
    assert display.width("门a") == 3 and display.width("e\u0301") == 1
    lines = display.text([{"dept": "检验科", "total_fen": 8987}, {"dept": "x", "total_fen": 1}]).splitlines()
    assert [display.width(line[: line.rindex(" ") + 1]) for line in lines[1:]] == [8, 8]
    assert lines[0] == "dept    total (元)"
