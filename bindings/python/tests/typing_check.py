"""What a type checker must say of the package; ``mypy --strict`` reads this, nobody runs it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Dict, Optional

import pandas
import polars
from matplotlib.axes import Axes
from typing_extensions import assert_type

import menjie
from menjie import contract


class His:
    async def unpaid(self, request: Dict[str, Any], question: menjie.Question) -> Dict[str, Any]:
        raise menjie.Unsent("connect")


def sync() -> None:
    response = menjie.bill.total(lines=[contract.TotalLine(price="3.265", quantity="28")])
    assert_type(response, contract.BillTotalResponse)
    assert_type(response.total_yuan, Decimal)
    assert_type(menjie.yuan(1), Decimal)
    assert_type(menjie.fen("1.00"), int)
    with menjie.open({}, his=His()) as client:
        assert_type(client, menjie.Client)
        assert_type(client.as_patient("P1").visit.unpaid(patient_id="P1"), contract.VisitUnpaidResponse)
        client.visit.unpaid({"patient_id": "P1"})
        client.visit.unpaid(patient="P1")  # type: ignore[call-overload]
        client.visit.unpaid(1)  # type: ignore[call-overload]
        client.no_such_area.verb()  # type: ignore[attr-defined]
    menjie.fen(1.5)  # type: ignore[arg-type]
    menjie.bill.grup()  # type: ignore[attr-defined]


def tables(frame: Any) -> None:
    result = menjie.batch("bill.group_batch", {}, lines=frame)
    assert_type(result.tables["bills"], menjie.Table)
    assert_type(len(result.tables["bills"]), int)


def reports(frame: Any) -> None:
    money = menjie.report.finance(frame, "2026-03-01", date(2026, 3, 31), by=["day", "channel"])
    assert_type(money, menjie.report.Report)
    assert_type(money.table, contract.ReportTable)
    assert_type(money.tables["totals"], menjie.report.Frame)
    assert_type(money.to_pandas(yuan=True), pandas.DataFrame)
    assert_type(money.to_polars(), polars.DataFrame)
    assert_type(money.plot("net_fen"), Axes)
    partial = menjie.report.merge([menjie.report.fold(visits=frame, patient_key="ab" * 16)])
    assert_type(menjie.report.Partial.from_bytes(partial.to_bytes()), menjie.report.Partial)
    assert_type(menjie.report.finish(partial, contract.ReportQuery(report="ages", from_="2026-03-01", to="2026-03-31")), menjie.report.Report)
    menjie.report.finance(frame, "2026-03-01", "2026-03-31", by=["patient"])  # type: ignore[list-item]
    menjie.report.ages(frame, "2026-03-01")  # type: ignore[call-arg]


async def asynchronous() -> Optional[menjie.AsyncClient]:
    async with await menjie.aio.open({}, his=His()) as client:
        assert_type(await client.as_patient("P1").visit.unpaid(patient_id="P1"), contract.VisitUnpaidResponse)
        assert_type(await menjie.aio.pure.bill.total(lines=[]), contract.BillTotalResponse)
        return client


def errors(error: menjie.MenjieError) -> None:
    assert_type(error.code, int)
    assert_type(error.context, Dict[str, str])
