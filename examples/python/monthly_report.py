"""A month of a clinic for its managers: ``monthly_report.py DATA OUT`` reads the CSV of make_month.py and writes plots, CSV and a workbook.

The cells (``# %%``) run one by one in an editor that knows them, or all at once from the terminal.
"""

# %% Facts: fen are whole numbers, fees exact decimals, instants have their time zone
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Dict

import matplotlib
import pandas
import pyarrow
from pyarrow import csv

import menjie
from menjie import report

matplotlib.use("Agg")
usage = argparse.ArgumentParser(description="A month of a clinic for its managers.")
usage.add_argument("data", type=Path, help="the folder make_month.py has written")
usage.add_argument("out", type=Path, help="takes plots, CSV and workbook")
DATA, OUT = vars(usage.parse_args()).values()
FROM, TO = "2026-03-01", "2026-03-31"
TYPES: Dict[str, Any] = {
    "at": pyarrow.timestamp("ms", "+08:00"),
    "birth_date": pyarrow.date32(),
    "fee": pyarrow.decimal128(18, 6),
    # Digits that are no numbers.
    "fee_class": pyarrow.string(),
}
facts = {
    name: csv.read_csv(DATA / f"{name}.csv", convert_options=csv.ConvertOptions(column_types=TYPES, strings_can_be_null=True))
    for name in ("movements", "visits", "charges", "refunds")
}
OUT.mkdir(parents=True, exist_ok=True)

# %% Finance: by day and channel; what goes back is negative on the day it goes back
money = report.finance(facts["movements"], FROM, TO, by=["day", "channel"])
money.plot().figure.savefig(OUT / "finance.png", dpi=110)
total = money.tables["totals"].to_pandas(yuan=True).set_index("level").loc["total"]
print(f"净收 {total['net_yuan']} 元，其中现金 {total['cash_yuan']} 元，手续费 {total['fee']} 元，退款 {total['refunds']} 笔")

# %% What an analyst does next: whole fen in pandas, exact when summed
frame = money.to_pandas()
frame["weekday"] = pandas.to_datetime(frame["day"]).dt.day_of_week
weekend = int(frame.loc[frame["weekday"] >= 5, "net_fen"].sum())
print(f"周末净收 {menjie.yuan(weekend)} 元")

# %% Volumes: patients are counted once in each row, so they do not add up
volumes = report.volumes(facts["visits"], FROM, TO, charges=facts["charges"], by=["dept"])
volumes.plot(["visits", "patients"]).figure.savefig(OUT / "volumes.png", dpi=110)
print(menjie.display.text(volumes.tables["totals"].to_pandas().query("level == 'total'")[["visits", "patients", "income_fen", "per_visit_fen"]].to_dict("records")))

# %% Ages and diseases: small cells are hidden, unless the report stays inside (min_cell=0)
ages = report.ages(facts["visits"], FROM, TO, bands=[0, 7, 13, 18, 45, 60, 75])
ages.plot().figure.savefig(OUT / "ages.png", dpi=110)
diseases = report.diseases(facts["visits"], FROM, TO, top=12)
diseases.plot().figure.savefig(OUT / "diseases.png", dpi=110)

# %% The other reports, and all of them in one workbook
span = {"from": FROM, "to": TO}
others = report.run_all([{"report": name, **span} for name in ("insurance", "closing", "income", "refunds")], **facts)
report.write_xlsx(OUT / "monthly.xlsx", [money, volumes, *others, ages, diseases])
money.to_csv(OUT / "finance.csv")
for one in (money, volumes, *others, ages, diseases):
    print(one)
