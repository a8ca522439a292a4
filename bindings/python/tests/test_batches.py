"""Tables in and out, with the libraries that analysts use."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any, Callable, Dict, List

import duckdb
import pandas
import polars
import pyarrow
import pytest

import menjie
from conftest import UNPAID

COLUMNS = ("line_id", "patient_id", "visit_id", "kind", "fee_class", "item_code", "price", "quantity", "amount_fen", "order_dept_code", "order_no", "line_no", "pharmacy_code", "exec_dept_code")


def _arrow() -> pyarrow.Table:
    lines = UNPAID["lines"]
    texts = {name: pyarrow.array([line.get(name) for line in lines], pyarrow.string()) for name in COLUMNS if name not in ("price", "quantity", "amount_fen", "line_no")}
    whole = {
        "price_e6": pyarrow.array([round(float(line["price"]) * 10**6) for line in lines], pyarrow.int64()),
        "quantity_e4": pyarrow.array([round(float(line["quantity"]) * 10**4) for line in lines], pyarrow.int64()),
        "amount_fen": pyarrow.array([line["amount_fen"] for line in lines], pyarrow.int64()),
        "line_no": pyarrow.array([line.get("line_no", 0) for line in lines], pyarrow.int64()),
    }
    return pyarrow.table({**texts, **whole})


def _duckdb(table: pyarrow.Table) -> Any:
    return duckdb.connect().from_arrow(table)


LIBRARIES: Dict[str, Callable[[pyarrow.Table], Any]] = {
    "pyarrow": lambda table: table,
    "pyarrow reader": lambda table: table.to_reader(),
    "pyarrow chunks": lambda table: pyarrow.concat_tables([table.slice(0, 2), table.slice(2)]),
    "pandas": lambda table: table.to_pandas(),
    "polars": polars.DataFrame,
    "duckdb": _duckdb,
}


def _wanted() -> List[Any]:
    bills = menjie.bill.group(lines=UNPAID["lines"], visits=UNPAID["visits"])
    return sorted((bill.bill_id, bill.total_fen) for bill in bills.bills)


@pytest.mark.parametrize("library", LIBRARIES, ids=list(LIBRARIES))
def test_lines_of_every_library_become_the_same_bills(library: str) -> None:
    result = menjie.batch("bill.group_batch", {}, lines=LIBRARIES[library](_arrow()))
    bills = result.tables["bills"]
    assert result.response["lines"] == len(UNPAID["lines"]) and result.response["bills"] == len(bills)
    arrow = bills.to_arrow()
    assert sorted(zip(arrow["bill_id"].to_pylist(), arrow["total_fen"].to_pylist())) == _wanted()
    assert bills.to_pandas()["total_fen"].tolist() == arrow["total_fen"].to_pylist()
    assert bills.to_polars()["total_fen"].to_list() == arrow["total_fen"].to_pylist()
    assert duckdb.sql("select sum(total_fen) from arrow").fetchall() == [(sum(arrow["total_fen"].to_pylist()),)]
    # As often as it is asked for, and after everything else is gone.
    del result
    assert len(pyarrow.table(bills)) == len(polars.DataFrame(bills)) == len(bills)
    assert [name for name, _ in bills.columns] == arrow.column_names


def test_a_wrong_column_is_named() -> None:
    good = _arrow()
    for wrong, field in (
        (good.drop_columns("amount_fen"), "lines.amount_fen"),
        (good.append_column("amount_yuan", pyarrow.array([0.5] * len(good))), "lines.amount_yuan"),
        (good.set_column(good.column_names.index("amount_fen"), "amount_fen", pyarrow.array([1.5] * len(good))), "lines.amount_fen"),
        (good.set_column(good.column_names.index("kind"), "kind", pyarrow.array(["drug"] * (len(good) - 1) + ["x"])), f"lines[{len(good) - 1}].kind"),
    ):
        with pytest.raises(menjie.MisuseError) as refused:
            menjie.batch("bill.group_batch", {}, lines=wrong)
        assert refused.value.context["field"] == field


def test_an_index_without_a_name_is_no_column() -> None:
    """What was filtered, sorted or shuffled keeps one, and nobody asked for it; one with a name is a column that was asked for."""
    frame = _arrow().to_pandas()
    for index in (list(range(7, 7 + len(frame)))[::-1], [f"row {at}" for at in range(len(frame))]):
        odd = frame.set_index(pandas.Index(index))
        assert menjie.batch("bill.group_batch", {}, lines=odd).response["lines"] == len(frame)
        assert list(odd.index) == index, "the frame itself stays"
    assert menjie.batch("bill.group_batch", {}, lines=frame.set_index("line_id")).response["lines"] == len(frame)
    with pytest.raises(menjie.MisuseError) as refused:
        menjie.batch("bill.group_batch", {}, lines=frame.set_index(pandas.Index(["x"] * len(frame), name="more")))
    assert refused.value.context["field"] == "lines.more"


def test_what_is_no_table_of_the_operation_is_refused() -> None:
    for tables in ({}, {"lines": None}, {"line": _arrow()}, {"lines": _arrow(), "more": _arrow()}):
        with pytest.raises(menjie.MisuseError):
            menjie.batch("bill.group_batch", {}, **tables)
    with pytest.raises(menjie.MisuseError):
        menjie.batch("bill.grup_batch", {}, lines=_arrow())
    with pytest.raises(TypeError):
        menjie.batch("bill.group_batch", {}, lines=[{"line_id": "1"}])
    with pytest.raises(menjie.MisuseError):
        menjie.batch("bill.group_batch", {"whole_visit": 1.5}, lines=_arrow())


def test_a_capsule_is_taken_once() -> None:
    from menjie import _core

    capsule = _arrow().__arrow_c_stream__()
    _core.call_batch("bill.group_batch", "{}", [("lines", capsule)])
    with pytest.raises(menjie.MisuseError) as refused:
        _core.call_batch("bill.group_batch", "{}", [("lines", capsule)])
    assert "released" in str(refused.value)
    schema = pyarrow.schema([("a", pyarrow.int64())]).__arrow_c_schema__()
    with pytest.raises(TypeError):
        _core.call_batch("bill.group_batch", "{}", [("lines", schema)])


def test_a_reader_that_fails_is_an_error() -> None:
    def chunks() -> Any:
        yield _arrow().to_batches()[0]
        raise RuntimeError("张三")

    reader = pyarrow.RecordBatchReader.from_batches(_arrow().schema, chunks())
    with pytest.raises(menjie.MisuseError) as refused:
        menjie.batch("bill.group_batch", {}, lines=reader)
    assert "张三" not in str(refused.value)


def _many(copies: int) -> pyarrow.Table:
    table = _arrow()
    parts = []
    for at in range(copies):
        part = table
        for name in ("line_id", "visit_id", "patient_id"):
            column = pyarrow.array([f"{value}-{at}" for value in table[name].to_pylist()])
            part = part.set_column(part.column_names.index(name), name, column)
        parts.append(part)
    return pyarrow.concat_tables(parts).combine_chunks()


def test_the_interpreter_is_not_held(capsys: pytest.CaptureFixture[str]) -> None:
    """Another thread goes on during one call."""
    table = _many(30_000)
    ticks: List[float] = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begun = time.perf_counter()
    result = menjie.batch("bill.group_batch", {}, lines=table)
    ended = time.perf_counter()
    stop.set()
    thread.join()
    within = [at for at in ticks if begun < at < ended]
    with capsys.disabled():
        print(f"\n{len(table)} lines in {ended - begun:.3f} s, another thread ticked {len(within)} times meanwhile")
    assert result.response["lines"] == len(table)
    assert len(within) > 10


def test_a_loop_goes_on_beside_a_batch() -> None:
    async def run() -> None:
        batch = asyncio.create_task(menjie.aio.batch("bill.group_batch", {}, lines=_many(10_000)))
        ticks = 0
        while not batch.done():
            ticks += 1
            await asyncio.sleep(0.001)
        assert ticks > 10 and batch.result().response["lines"] == 10_000 * len(UNPAID["lines"])

    asyncio.run(run())


def test_records_of_a_csv_are_checked_row_by_row() -> None:
    frame = pandas.DataFrame({"name": ["张三", "", "李四"], "phone": ["13812345678", "1", "13800000000"]}, dtype="str")
    result = menjie.batch("patient.validate_batch", {"today": "2026-03-10"}, records=frame)
    issues = result.tables["issues"].to_pandas()
    assert {(1, "name"), (1, "phone")} <= set(zip(issues["row"], issues["path"]))
    assert (issues["code"] > 0).all() and set(issues["severity"]) <= {"error", "warning"}


def test_threads_have_their_own_tables() -> None:
    table, wrong = _many(200), []

    def run() -> None:
        for _ in range(5):
            if menjie.batch("bill.group_batch", {}, lines=table).response["lines"] != len(table):
                wrong.append(1)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
