"""What a type checker must say of the package; ``mypy --strict`` reads this, nobody runs it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Dict, Optional

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


async def asynchronous() -> Optional[menjie.AsyncClient]:
    async with await menjie.aio.open({}, his=His()) as client:
        assert_type(await client.as_patient("P1").visit.unpaid(patient_id="P1"), contract.VisitUnpaidResponse)
        assert_type(await menjie.aio.pure.bill.total(lines=[]), contract.BillTotalResponse)
        return client


def errors(error: menjie.MenjieError) -> None:
    assert_type(error.code, int)
    assert_type(error.context, Dict[str, str])
