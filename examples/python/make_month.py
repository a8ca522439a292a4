"""Makes up a month of a clinic, always the same: ``make_month.py FOLDER`` writes movements, visits, charges and refunds as CSV.

Nobody of it exists. The columns are those of ``report.run_batch`` (docs/contract/batches.md).
"""

from __future__ import annotations

import argparse
import csv
import random
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, List

MONTH = date(2026, 3, 1)
DAYS = 31
BEIJING = timezone(timedelta(hours=8))
DEPARTMENTS = {"内科门诊": ["医生甲", "医生乙"], "儿科门诊": ["医生丙"], "中医科门诊": ["医生丁"], "心理门诊": ["医生戊", "医生己"]}
DIAGNOSES = {
    "内科门诊": ["I10.x00", "E11.900", "J06.900", "K29.500", "M54.500"],
    "儿科门诊": ["J06.900", "J20.900", "K52.900"],
    "中医科门诊": ["M54.500", "K29.500", "G47.000"],
    "心理门诊": ["F32.900", "F41.100", "F51.000", "G47.000", "F41.100"],
}
INSURANCES = ["employee", "employee", "employee", "resident", "resident", "self_pay", "self_pay", "public"]
CHANNELS = {"微信": 0.006, "支付宝": 0.006, "银联": 0.005}
CLASSES = ["02", "03", "04", "09", "09", "10", "11", "05"]

Row = Dict[str, Any]


def patients(chance: random.Random) -> List[Row]:
    """People who come."""
    made: List[Row] = []
    for number in range(700):
        born = MONTH - timedelta(days=int(365.25 * max(0.0, chance.gauss(42, 22))) + chance.randrange(365))
        made.append({"patient": f"P{number:05}", "sex": chance.choice(["male", "female"]), "birth_date": born.isoformat(), "insurance": chance.choice(INSURANCES)})
    return made


def month(chance: random.Random) -> Dict[str, List[Row]]:
    """What happened, by table."""
    people = patients(chance)
    tables: Dict[str, List[Row]] = {"movements": [], "visits": [], "charges": [], "refunds": []}
    for day in (MONTH + timedelta(days=number) for number in range(DAYS)):
        for _ in range(14 if day.weekday() >= 5 else 38):
            at = datetime(day.year, day.month, day.day, 8, tzinfo=BEIJING) + timedelta(minutes=chance.randrange(570))
            visit(chance, tables, chance.choice(people), at)
    return tables


def visit(chance: random.Random, tables: Dict[str, List[Row]], person: Row, at: datetime) -> None:
    """One registration, and what came of it."""
    dept = chance.choices(list(DEPARTMENTS), [5, 3, 2, 2])[0]
    doctor, terminal = chance.choice(DEPARTMENTS[dept]), chance.choice(["自助机1", "自助机2", "自助机3", "公众号"])
    state = chance.choices(["seen", "no_show", "cancelled"], [92, 4, 4])[0]
    of_person = {key: person[key] for key in ("patient", "sex", "birth_date", "insurance")}
    diagnosis = chance.choice(DIAGNOSES[dept]) if state == "seen" else None
    tables["visits"].append(
        {"at": at.isoformat(), "state": state, "dept": dept, "doctor": doctor, "appointment": chance.random() < 0.6, "self_service": chance.random() < 0.7, **of_person, "diagnosis": diagnosis}
    )
    settle = {"insurance": person["insurance"], "exec_dept": dept, "order_dept": dept, "terminal": terminal}
    pay(tables, chance, at - timedelta(minutes=20), 1500, {**settle, "business": "registration"}, insured=False)
    if state != "seen":
        return
    total = 0
    for fee_class in chance.sample(CLASSES, chance.randrange(1, 4)):
        amount = chance.randrange(900, 24000)
        total += amount
        tables["charges"].append({"at": at.isoformat(), "event": "pay", "order_dept": dept, "doctor": doctor, "fee_class": fee_class, "insurance": person["insurance"], "amount_fen": amount})
    paid = pay(tables, chance, at, total, {**settle, "business": "outpatient"}, insured=person["insurance"] != "self_pay")
    if chance.random() < 0.03:
        refund(chance, tables, paid, at, dept)


def pay(tables: Dict[str, List[Row]], chance: random.Random, at: datetime, total: int, settle: Row, *, insured: bool) -> Row:
    """One payment: the insurer's parts, and the rest through a channel, whose fee its file tells."""
    fund, account = (total * 55 // 100, total * 20 // 100) if insured else (0, 0)
    cash, channel = total - fund - account, chance.choices(list(CHANNELS), [6, 3, 1])[0]
    fee = f"{round(cash * CHANNELS[channel]) / 100:.2f}"
    paid = {"at": at.isoformat(), "event": "pay", "channel": channel, **settle, "fund_fen": fund, "account_fen": account, "cash_fen": cash, "fee": fee}
    tables["movements"].append(paid)
    return paid


def refund(chance: random.Random, tables: Dict[str, List[Row]], paid: Row, at: datetime, dept: str) -> None:
    """Money that goes back, some days later: on that day it counts."""
    later = at + timedelta(days=chance.randrange(4), minutes=30)
    minutes = {"doctor_minutes": chance.randrange(5, 90), "unconfirm_minutes": chance.randrange(5, 240), "finance_minutes": chance.randrange(10, 600)}
    amount = paid["fund_fen"] + paid["account_fen"] + paid["cash_fen"]
    reason = chance.choice(["患者要求", "开单有误", "药品缺货"])
    if later.date() >= MONTH + timedelta(days=DAYS):
        tables["refunds"].append({"at": at.isoformat(), "dept": dept, "reason": reason, "outcome": "open", "amount_fen": amount})
        return
    tables["refunds"].append({"at": at.isoformat(), "dept": dept, "reason": reason, "outcome": "done", "amount_fen": amount, **minutes})
    tables["movements"].append({**paid, "at": later.isoformat(), "event": "refund", "fee": f"-{paid['fee']}"})


def main(folder: str) -> None:
    """Writes the tables."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, rows in month(random.Random(20260301)).items():
        with open(Path(folder) / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list({key: None for row in rows for key in row}))
            writer.writeheader()
            writer.writerows(rows)
        print(f"{name}: {len(rows)}")


if __name__ == "__main__":
    usage = argparse.ArgumentParser(description=__doc__)
    usage.add_argument("folder", help="where the tables are written")
    main(**vars(usage.parse_args()))
