"""Reports over tables of every library: the core's answer, exactly, however the facts came."""

from __future__ import annotations

import asyncio
import json
import pickle
import subprocess
import sys
from decimal import Decimal
from typing import Any, Callable, Dict, List

import dask
import dask.dataframe
import duckdb
import pandas
import polars
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import menjie
from conftest import vector_cases
from facts import ALL, KEY, MARCH, TABLES, arrow, march, of_request
from menjie import contract, report

VECTORS = [case for file, _, case in vector_cases() if file == "report/run.json"]


def _responses(reports: List[report.Report]) -> List[Any]:
    return [one.response for one in reports]


def _lazy(table: pyarrow.Table, parts: int = 4) -> Any:
    # Dask makes texts of objects, so decimals are of Arrow.
    return dask.dataframe.from_pandas(table.to_pandas(types_mapper=pandas.ArrowDtype), npartitions=parts)


def _duckdb(table: pyarrow.Table) -> Any:
    return duckdb.connect().from_arrow(table)


LIBRARIES: Dict[str, Callable[[pyarrow.Table], Any]] = {
    "pyarrow chunks": lambda table: pyarrow.concat_tables([table.slice(0, 7), table.slice(7)]),
    "pandas": lambda table: table.to_pandas(),
    "pandas of arrow": lambda table: table.to_pandas(types_mapper=pandas.ArrowDtype),
    "pandas, shuffled": lambda table: table.to_pandas().sample(frac=1, random_state=7),
    "polars": polars.DataFrame,
    "duckdb": _duckdb,
    "dask": _lazy,
}


@pytest.mark.parametrize("case", VECTORS, ids=[case["name"] for case in VECTORS])
def test_the_vectors(case: Dict[str, Any]) -> None:
    request = case["request"]
    tables, queries = of_request(request), request.get("queries", [])
    if "response" in case:
        assert _responses(report.run_all(queries, **tables)) == case["response"]["tables"]
        assert _responses([report.finish(report.fold(**tables, patient_key=KEY), query) for query in queries]) == case["response"]["tables"]
        return
    with pytest.raises(menjie.ValidationError) as refused:
        report.fold(**tables) if request.get("keep") else report.run_all(queries, **tables)
    assert (refused.value.code, refused.value.context["field"]) == (case["error"]["code"], case["error"]["context"]["field"])


@pytest.mark.parametrize("library", LIBRARIES, ids=list(LIBRARIES))
def test_every_library_gives_the_same(library: str) -> None:
    facts = march()
    wanted = menjie.batch("report.run_batch", {"queries": ALL}, **facts).response["tables"]
    got = _responses(report.run_all(ALL, **{name: LIBRARIES[library](table) for name, table in facts.items()}))
    assert got == wanted


def test_the_named_reports_are_those_of_the_core() -> None:
    facts = march()
    movements, visits, charges = facts["movements"], facts["visits"], facts["charges"]
    day = {"from_": "2026-03-01", "to": "2026-03-31"}
    for got, wanted in (
        (report.finance(movements, **day), {"report": "receipts"}),
        (report.finance(movements, **day, by=["month", "terminal"], channels=["微信"]), {"report": "receipts", "by": ["month", "terminal"], "channels": ["微信"]}),
        (report.volumes(visits, **day, charges=charges, by=["dept"]), {"report": "volume", "by": ["dept"]}),
        (report.ages(visits, **day, bands=[0, 18], min_cell=0), {"report": "ages", "bands": [0, 18], "min_cell": 0}),
        (report.diseases(visits, **day, level="block", top=1), {"report": "diseases", "level": "block", "top": 1}),
    ):
        assert got.response == report.run({**wanted, **MARCH}, **facts).response
    partial = report.fold(**facts, patient_key=KEY)
    assert report.volumes(partial, **day).response == report.run({"report": "volume", **MARCH}, **facts).response
    with pytest.raises(TypeError, match="charges"):
        report.volumes(partial, **day, charges=charges)
    query = contract.ReportQuery(report="closing", from_="2026-03-01", to="2026-03-31")
    assert report.run(query, movements=movements).table == contract.ReportTable.from_json(report.run({"report": "closing", **MARCH}, movements=movements).response)


def test_a_loop_goes_on_beside_a_report() -> None:
    facts = march(rows=20_000)["movements"]
    alone = report.finance(facts, MARCH["from"], MARCH["to"])

    async def run() -> None:
        beside = asyncio.create_task(asyncio.to_thread(report.finance, facts, MARCH["from"], MARCH["to"]))
        turns = 0
        while not beside.done():
            turns += 1
            await asyncio.sleep(0)
        assert turns > 10 and beside.result().response == alone.response

    asyncio.run(run())


def test_what_goes_back_is_negative_on_its_own_day() -> None:
    rows = [{"at": "2026-02-28T23:00:00+08:00", "event": "pay", "cash_fen": 500}, {"at": "2026-03-01T00:30:00+08:00", "event": "refund", "cash_fen": 500}]
    march_only = report.finance(arrow(rows), "2026-03-01", "2026-03-31", by=["day"]).to_pandas()
    assert march_only[["day", "net_fen"]].values.tolist() == [["2026-03-01", -500]]


# Partials


def _split(table: pyarrow.Table, places: List[int]) -> List[pyarrow.Table]:
    of = pyarrow.array([place % 3 for place in places[: len(table)]], pyarrow.int8())
    return [table.filter(pyarrow.compute.equal(of, part)) for part in range(3)]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(0, 40), places=st.lists(st.integers(0, 2), min_size=40, max_size=40), order=st.permutations(range(3)))
def test_any_split_in_any_order_is_the_whole(seed: int, rows: int, places: List[int], order: List[int]) -> None:
    facts = {name: table for name, table in march(seed, rows).items() if len(table)}
    whole = report.fold(**facts, patient_key=KEY)
    split = {name: _split(table, places) for name, table in facts.items()}
    parts = [report.fold(**{name: tables[part] for name, tables in split.items()}, patient_key=KEY) for part in order]
    kept = [report.Partial.from_bytes(pickle.loads(pickle.dumps(part)).to_bytes()) for part in parts]
    merged = report.merge(kept)
    assert merged == whole and hash(merged) == hash(whole) and report.merge([report.merge(parts[:2]), parts[2]]) == whole
    assert _responses([report.finish(merged, query) for query in ALL]) == _responses(report.run_all(ALL, **facts))
    assert _responses(report.run_all(ALL, partials=parts)) == _responses(report.run_all(ALL, **facts))


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), parts=st.integers(1, 12))
def test_a_frame_of_dask_is_the_whole_frame(seed: int, parts: int) -> None:
    facts = march(seed, 60)
    lazy = {name: _lazy(table, parts) for name, table in facts.items()}
    assert report.fold(**lazy, patient_key=KEY) == report.fold(**facts, patient_key=KEY)
    # Some of Dask, some not; and without a key, as nothing is kept.
    mixed = {**lazy, "charges": facts["charges"]}
    assert _responses(report.run_all(ALL, **mixed)) == _responses(report.run_all(ALL, **facts))


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_every_scheduler_of_dask(scheduler: str) -> None:
    facts = march(rows=80)
    # As an analyst has it: what is filtered, with a division for each partition.
    lazy = _lazy(facts["visits"], 5)
    lazy = lazy[lazy["state"] == "seen"]
    seen = facts["visits"].filter(pyarrow.compute.equal(facts["visits"]["state"], "seen"))
    with dask.config.set(scheduler=scheduler):
        got = report.diseases(lazy, "2026-03-01", "2026-03-31", min_cell=0)
    assert got.response == report.diseases(seen, "2026-03-01", "2026-03-31", min_cell=0).response


def test_patients_are_counted_once_however_they_were_split() -> None:
    visit = {"state": "seen", "patient": "P1", "diagnosis": "I10"}
    days = [arrow([{"at": f"2026-03-0{day}T09:00:00+08:00", **visit}]) for day in (1, 2, 3)]
    parts = [report.fold(visits=day, patient_key=KEY) for day in days]
    total = report.volumes(report.merge(parts), "2026-03-01", "2026-03-31").tables["totals"].to_pandas().iloc[-1]
    assert (total["level"], total["visits"], total["patients"]) == ("total", 3, 1)
    lazy = dask.dataframe.from_pandas(pyarrow.concat_tables(days).to_pandas(), npartitions=3)
    assert lazy.npartitions == 3
    assert report.volumes(lazy, "2026-03-01", "2026-03-31").tables["totals"].to_pandas().iloc[-1]["patients"] == 1
    # Under another key the same patient would be somebody else.
    with pytest.raises(menjie.ValidationError) as refused:
        report.merge([parts[0], report.fold(visits=days[1], patient_key="cd" * 16)])
    assert refused.value.context["field"] == "partials[1].key_check"
    assert b"P1" not in parts[0].to_bytes()
    # Beside a partial, facts are hashed under its key.
    query = {"report": "volume", "from": "2026-03-01", "to": "2026-03-31"}
    for more in (days[2], dask.dataframe.from_pandas(days[2].to_pandas(), npartitions=1)):
        both = report.run(query, visits=more, partials=parts[:2], patient_key=KEY)
        assert both.response == report.finish(report.merge(parts), query).response
        with pytest.raises(menjie.ValidationError) as refused:
            report.run(query, visits=more, partials=parts[:2])
        assert refused.value.context["field"] in ("partials[0].key_check", "patient_key")


def test_a_partial_that_is_foreign_or_damaged_is_refused() -> None:
    good = report.fold(**march(rows=5), patient_key=KEY).to_bytes()
    value = json.loads(good)
    damaged: List[bytes] = [b"", b"\xff", b"{", b"[" * 99_999, b"null", b"[]", b"{}", good[:-9], good + b"x", json.dumps({**value, "version": 2}).encode()]
    damaged += [json.dumps({**value, name: None}).encode() for name in value if name not in ("until_ms",)]
    damaged += [json.dumps({**value, "more": 1}).encode(), json.dumps({**value, "people": [[999_999, "00" * 8]]}).encode(), b'{}],"queries":[],"x":[{}']
    for data in damaged:
        with pytest.raises(menjie.MisuseError) as refused:
            report.Partial.from_bytes(data)
        assert refused.value.context["field"].startswith("partial"), data[:40]
    assert report.Partial.from_bytes(json.dumps(value, indent=2).encode()) == report.Partial.from_bytes(good)
    for wrong in ([], [good], [None], [{}]):
        with pytest.raises((TypeError, ValueError)):
            report.merge(wrong)  # type: ignore[arg-type]


def test_a_key_is_in_no_text() -> None:
    secret = "5ec2e7" * 8
    facts = march(rows=9)
    partial = report.fold(**facts, patient_key=secret)
    assert secret.encode() not in partial.to_bytes() and "P1" not in repr(partial)
    for key in ("zz" * 16, secret[:-1], "ab", secret * 3):
        with pytest.raises(menjie.MenjieError) as refused:
            report.fold(**facts, patient_key=key)
        assert refused.value.context["field"] == "patient_key" and key not in str(refused.value)
    graph = report._dask._Fold("visits", 3, secret)  # type: ignore[attr-defined]
    assert secret not in repr(graph) and "partition 3" in repr(graph)


# What comes out


def test_amounts_are_exact_and_never_floats() -> None:
    big = 9_007_199_254_740_993 // 10**6
    rows = [{"at": "2026-03-01T09:00:00+08:00", "channel": "微信", "cash_fen": big, "fee": "0.000001"}, {"at": "2026-03-02T09:00:00+08:00", "channel": "微信", "cash_fen": 1}]
    money = report.finance(arrow(rows), "2026-03-01", "2026-03-31", by=["day"])
    fen = money.to_pandas()
    assert str(fen["net_fen"].dtype) == "int64" and fen["net_fen"].tolist() == [big, 1]
    assert fen["fee"].tolist() == [Decimal("0.01") * 0 + Decimal("0.000001"), None] and isinstance(fen["fee"][0], Decimal)
    yuan = money.to_pandas(yuan=True)
    assert yuan["net_yuan"].tolist() == [Decimal(f"{big}E-2"), Decimal("0.01")] and "net_fen" not in yuan
    titled = money.to_pandas(yuan=True, titles=True)
    assert titled["净收金额（元）"].sum() == Decimal(f"{big + 1}E-2") and titled["日期"].tolist() == ["2026-03-01", "2026-03-02"]
    assert "净收金额（分）" in money.to_pandas(titles=True)
    assert money.to_arrow(yuan=True).schema.field("net_yuan").type == pyarrow.decimal128(20, 2)
    assert money.to_polars(yuan=True)["net_yuan"].sum() == Decimal(f"{big + 1}E-2")
    # Whoever reads Arrow reads it.
    assert pyarrow.table(money).equals(money.to_arrow()) and polars.DataFrame(money).equals(money.to_polars())
    relation = money.to_arrow()
    assert duckdb.sql("select sum(net_fen) from relation").fetchall() == [(big + 1,)]
    assert money.tables["totals"].to_polars()["level"].to_list() == ["total"] and len(money.tables["details"]) == 2 and len(money) == 3


@pytest.mark.parametrize("query", ALL, ids=lambda query: query["report"])
def test_the_frames_of_all_libraries_have_the_same_cells(query: Dict[str, Any]) -> None:
    one = report.run(query, **march())
    for frame in one.tables.values():
        for options in ({}, {"yuan": True, "titles": True}):
            wanted = frame.to_arrow(**options).to_pylist()
            assert frame.to_polars(**options).to_dicts() == wanted
            rows = frame.to_pandas(**options).astype("object").to_dict("records")
            plain = [{key: None if not isinstance(value, list) and pandas.isna(value) else value for key, value in row.items()} for row in rows]
            assert plain == wanted
    kinds = {column["key"]: column["holds"] for column in one.response["columns"]}
    for row, cells in zip(one.to_arrow().to_pylist(), one.response["rows"]):
        for (key, holds), cell in zip(kinds.items(), cells["cells"]):
            hidden = holds != "text" and cell == "*"
            assert row[key] == (None if hidden or cell is None else cell if holds == "text" else Decimal(cell)), key
            assert not hidden or key in row["hidden"]


def test_small_cells_are_hidden_unless_asked_for() -> None:
    visits = arrow([{"at": "2026-03-01T09:00:00+08:00", "state": "seen", "patient": f"P{n}", "sex": "male", "birth_date": "1990-01-01", "insurance": "self_pay"} for n in range(3)])
    usual, inside = (report.ages(visits, "2026-03-01", "2026-03-31", **more) for more in ({}, {"min_cell": 0}))
    row = usual.to_pandas().set_index("band").loc["15–44"]
    assert row["total"] is pandas.NA and "total" in row["hidden"]
    assert inside.to_pandas().set_index("band").loc["15–44"]["total"] == 3 and not any(inside.to_pandas()["hidden"].map(len))
    assert ">*<" in usual._repr_html_() and ">*<" not in inside._repr_html_()


def test_a_notebook_shows_headings_units_and_notes() -> None:
    facts = march()
    shown = report.finance(facts["movements"], "2026-03-01", "2026-03-31")._repr_html_()
    assert "移动支付收款汇总表（2026-03-01 至 2026-03-31）" in shown and "净收金额（元）" in shown and "结果未知笔数：0" in shown and "合计" in shown
    assert "显示" in shown and shown.count("<tr>") < 130, "a long table is shortened, and says so"
    hostile = arrow([{"at": "2026-03-01T09:00:00+08:00", "channel": "<script>", "cash_fen": 1}])
    assert "<script>" not in report.finance(hostile, "2026-03-01", "2026-03-01")._repr_html_()
    assert "receipts" in repr(report.finance(hostile, "2026-03-01", "2026-03-01"))


# What is wrong


def test_what_is_wrong_is_named() -> None:
    good = march(rows=20)["movements"]
    at = good.column_names.index

    def with_column(name: str, values: Any) -> pyarrow.Table:
        return good.set_column(at(name), name, values)

    for wrong, field in (
        (good.drop_columns("at"), "movements.at"),
        (good.rename_columns({"cash_fen": "cash"}), "movements.cash"),
        (with_column("cash_fen", pyarrow.array([1.5] * 20)), "movements.cash_fen"),
        (with_column("cash_fen", pyarrow.array([1] * 19 + [-1])), "movements[19].cash_fen"),
        (with_column("event", pyarrow.array(["pay"] * 7 + ["payed"] * 13)), "movements[7].event"),
        (with_column("at", good["at"].cast(pyarrow.timestamp("ms"))), "movements.at"),
        (with_column("at", pyarrow.array(["2026-03-01"] * 20)), "movements.at"),
        (good.append_column("cash_fen", good["cash_fen"]), "movements.cash_fen"),
        (pyarrow.table({}), "movements"),
        (pandas.DataFrame(), "movements"),
        (pandas.DataFrame({"cash_fen": []}, dtype="int64"), "movements.at"),
    ):
        with pytest.raises(menjie.MenjieError) as refused:
            report.finance(wrong, "2026-03-01", "2026-03-31")
        assert refused.value.context["field"] == field
    for query, field in (({"report": "x"}, "queries[0].report"), ({"report": "receipts", "by": ["x"]}, "queries[0].by[0]"), ({"report": "receipts", "top": 0}, "queries[0].top"), ({"report": "ages", "more": 1}, "queries[0].more")):
        with pytest.raises(menjie.MenjieError) as refused:
            report.run({**MARCH, **query}, movements=good)
        assert refused.value.context["field"] == field
    with pytest.raises(menjie.MenjieError) as refused:
        report.finance(good, "2026-3-1", "2026-03-31")
    assert refused.value.context["field"] == "queries[0].from"
    with pytest.raises(menjie.MisuseError) as no_date:
        report.finance(good, pandas.Timestamp("2026-03-01"), "2026-03-31")
    assert no_date.value.context["field"] == "queries[0].from"
    with pytest.raises(TypeError, match="movements must be a table"):
        report.finance(None, "2026-03-01", "2026-03-31")
    for no_table in ([{"at": 1}], 5, "movements", {"at": []}):
        with pytest.raises(TypeError, match="movements has no __arrow_c_stream__"):
            report.finance(no_table, "2026-03-01", "2026-03-31")


def test_what_is_wrong_in_a_partition_tells_which() -> None:
    frame = march(rows=40)["movements"].drop_columns("fee").to_pandas()
    frame.loc[25, "event"] = "payed"
    with pytest.raises(menjie.MisuseError) as refused:
        report.finance(dask.dataframe.from_pandas(frame, npartitions=4), "2026-03-01", "2026-03-31")
    assert (refused.value.context["field"], refused.value.context["partition"]) == ("movements[5].event", "2")


def test_no_other_package_is_needed_or_imported() -> None:
    code = (
        "import sys\n"
        "for name in ('pyarrow', 'pandas', 'polars', 'numpy', 'matplotlib', 'openpyxl', 'dask'): sys.modules[name] = None\n"
        "from menjie import report\n"
        "one = report.run({'report': 'income', 'from': '2026-01-01', 'to': '2026-01-31'})\n"
        "assert one.response['report'] == 'income' and '收入分类' in one._repr_html_()\n"
        "one.to_csv(sys.argv[1])\n"
        "for other in (one.to_arrow, one.to_pandas, one.to_polars, one.plot, lambda: one.to_xlsx('x')):\n"
        "    try: other()\n"
        "    except ImportError: continue\n"
        "    raise SystemExit('no ImportError')\n"
    )
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run([sys.executable, "-c", code, f"{folder}/x.csv"], capture_output=True, encoding="utf-8", timeout=60)
    assert ran.returncode == 0, ran.stderr
    loaded = "import menjie.report, sys; print([name for name in ('pandas', 'pyarrow', 'polars', 'matplotlib', 'openpyxl', 'dask', 'menjie.contract') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, timeout=60).stdout.strip() == "[]"
    assert set(TABLES) == {"movements", "visits", "charges", "refunds"}
