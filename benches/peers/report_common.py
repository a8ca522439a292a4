"""What the Python peers of B6 share: files, names, and the checksum of benches/src/measure.rs over every number of the pack."""

import sys

from group_common import checksum, measure  # noqa: F401  (re-exported)

WORK = sys.argv[1]
TABLE = sys.argv[3]
MOVEMENTS, VISITS = (f"{WORK}/{what}_{TABLE.replace(' ', '_')}.csv" for what in ("movements", "visits"))
NAME = f"b6 {TABLE}"
MONEY = ("payments", "paid_fen", "refunds", "refunded_fen", "fund_fen", "account_fen", "cash_fen")
BY = ("day", "exec_dept", "insurance", "channel")
VOLUME = ("visits", "patients", "insured", "self_pay")
AGES = ("male_insured", "male_self_pay", "female_insured", "female_self_pay", "total")
DISEASES = ("visits", "patients", "male", "female", "mean_age")
# What each report is named by, and its numbers.
PACK = {**{by: (1, MONEY) for by in BY}, "volume": (2, VOLUME), "ages": (1, AGES), "diseases": (1, DISEASES)}


def check(tables):
    """Of name → rows: what names a row, then its numbers. A mean age is in tenths."""
    told = []
    for report, rows in tables.items():
        names, numbers = PACK[report]
        for row in rows:
            name = "|".join(str(value)[:10] if value == value else "" for value in row[:names])
            told += [(f"{report}|{name}", number, int(value)) for number, value in zip(numbers, row[names:]) if value]
    return checksum(told)
