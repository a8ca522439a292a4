"""Facts of reports for the tests: rows as JSON has them, and as tables of Arrow."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Dict, List, Optional

import pyarrow

TABLES = ("movements", "visits", "charges", "refunds")
KEY = "ab" * 16
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
BEIJING = timezone(timedelta(hours=8))
_TYPES: Dict[str, Any] = {
    "at": pyarrow.timestamp("ms", "+08:00"),
    "fee": pyarrow.decimal128(18, 6),
    "birth_date": pyarrow.date32(),
    "appointment": pyarrow.bool_(),
    "self_service": pyarrow.bool_(),
}


def _type(column: str) -> Any:
    whole = column.endswith(("_fen", "_minutes"))
    return pyarrow.int64() if whole else _TYPES.get(column, pyarrow.string())


def _value(column: str, value: Any) -> Any:
    if value is None:
        return None
    read = {"at": datetime.fromisoformat, "fee": Decimal, "birth_date": date.fromisoformat}.get(column)
    return read(value) if read else value


def arrow(rows: List[Dict[str, Any]], columns: Optional[List[str]] = None) -> pyarrow.Table:
    """Rows as a table; ``columns`` where there may be no row to tell them."""
    names = columns or list({name: None for row in rows for name in row})
    return pyarrow.table({name: pyarrow.array([_value(name, row.get(name)) for row in rows], _type(name)) for name in names})


def of_request(request: Dict[str, Any]) -> Dict[str, pyarrow.Table]:
    """The facts of a request of ``report.run`` as tables."""
    return {name: arrow(request[name]) for name in TABLES if request.get(name)}


def march(seed: int = 1, rows: int = 300) -> Dict[str, pyarrow.Table]:
    """A made-up March; every row has every column."""
    chance = random.Random(seed)
    made: Dict[str, List[Dict[str, Any]]] = {name: [] for name in TABLES}
    for _ in range(rows):
        at = (datetime(2026, 3, 1, tzinfo=BEIJING) + timedelta(minutes=chance.randrange(31 * 1440))).isoformat()
        dept, insurance = chance.choice(["内科", "儿科", "=科"]), chance.choice(["employee", "resident", "self_pay", "unknown"])
        event = chance.choice(["pay", "pay", "pay", "refund"])
        movement = {"at": at, "event": event, "channel": chance.choice(["微信", "支付宝"]), "business": chance.choice(["registration", "outpatient"]), "insurance": insurance}
        movement.update({"exec_dept": dept, "terminal": chance.choice(["自助机1", "自助机2"]), "fund_fen": chance.randrange(9000), "cash_fen": chance.randrange(9000)})
        made["movements"].append({**movement, "fee": f"{chance.randrange(99) / 100:.2f}"})
        visit = {"at": at, "state": chance.choice(["seen", "seen", "no_show"]), "dept": dept, "doctor": chance.choice(["甲", "乙"]), "patient": f"P{chance.randrange(90)}"}
        visit.update({"appointment": chance.random() < 0.5, "insurance": insurance, "sex": chance.choice(["male", "female", "unknown"])})
        made["visits"].append({**visit, "birth_date": f"{chance.randrange(1940, 2026)}-02-28", "diagnosis": chance.choice(["F32.900", "G47.0", "I10", "?"])})
        charge = {"at": at, "event": event, "order_dept": dept, "doctor": chance.choice(["甲", "乙"]), "fee_class": chance.choice(["02", "09"]), "insurance": insurance}
        made["charges"].append({**charge, "amount_fen": chance.randrange(9000)})
        refund = {"at": at, "dept": dept, "reason": chance.choice(["多开", "+退"]), "outcome": chance.choice(["open", "done", "cross_month"])}
        made["refunds"].append({**refund, "amount_fen": chance.randrange(9000), "doctor_minutes": chance.randrange(99)})
    return {name: arrow(rows) for name, rows in made.items()}


ALL: List[Dict[str, Any]] = [{"report": name, **MARCH} for name in ("receipts", "insurance", "closing", "volume", "income", "refunds", "ages", "diseases")]
ALL += [{"report": "diseases", "level": level, "min_cell": 0, **MARCH} for level in ("block", "chapter")]
ALL += [{"report": "receipts", "by": ["week", "exec_dept"], **MARCH}, {"report": "volume", "by": ["month"], "from": "2026-02-01", "to": "2026-03-31"}]
