"""B6 peer: pandas, columns in memory, words and names as categories (its fastest way to group)."""

import pandas as pd

from report_common import BY, MOVEMENTS, NAME, VISITS, check, measure

PEER = f"pandas {pd.__version__}"


def run(movements, visits):
    pay, back = movements["event"] == "pay", movements["event"] == "refund"
    sign = 1 - 2 * back.astype("int64")
    total = movements["fund_fen"] + movements["account_fen"] + movements["cash_fen"]
    sums = pd.DataFrame({
        "payments": pay.astype("int64"), "paid": total.where(pay, 0), "refunds": back.astype("int64"), "refunded": total.where(back, 0),
        **{what: movements[what] * sign for what in ("fund_fen", "account_fen", "cash_fen")},
    })
    tables = {by: sums.groupby(movements[by], observed=True).sum().reset_index() for by in BY}

    alone = visits["insurance"] == "自费"
    male, female = visits["sex"] == "male", visits["sex"] == "female"
    seen = pd.DataFrame({"visits": 1, "insured": (~alone).astype("int64"), "self_pay": alone.astype("int64")})
    by_dept = [visits["day"], visits["dept"]]
    volume = seen.groupby(by_dept, observed=True).sum()
    volume.insert(1, "patients", visits.groupby(["day", "dept"], observed=True)["patient"].nunique())
    tables["volume"] = volume.reset_index()

    day, birth = visits["day"].dt, visits["birth_date"].dt
    later = (birth.month * 100 + birth.day) > (day.month * 100 + day.day)
    age = (day.year - birth.year - later.astype("int32")).where(visits["birth_date"] <= visits["day"])
    band = pd.cut(age, [-1, 4, 14, 44, 59, 200], labels=["0–4", "5–14", "15–44", "45–59", "≥60"])
    shown = {"a": male & ~alone, "b": male & alone, "c": female & ~alone, "d": female & alone}
    ages = pd.DataFrame({**{key: value.astype("int64") for key, value in shown.items()}, "total": 1}).groupby(band, observed=True).sum()
    tables["ages"] = ages.reset_index()

    code = visits["diagnosis"].str.slice(0, 3).rename("code")
    known = age.notna().astype("int64")
    diseases = pd.DataFrame({"visits": 1, "male": male.astype("int64"), "female": female.astype("int64"), "known": known, "years": age.fillna(0).astype("int64")}).groupby(code).sum()
    diseases.insert(1, "patients", visits["patient"].groupby(code).nunique())
    diseases["mean"] = (diseases.pop("years") * 20 + diseases["known"]) // (diseases.pop("known") * 2)
    tables["diseases"] = diseases.reset_index().sort_values(["visits", "code"], ascending=[False, True]).head(100)
    return tables


words = {"event": "category", "channel": "category", "exec_dept": "category", "insurance": "category"}
movements = pd.read_csv(MOVEMENTS, dtype=words, parse_dates=["day"], date_format="%Y-%m-%d")
visits = pd.read_csv(VISITS, dtype={"dept": "category", "insurance": "category", "sex": "category"}, parse_dates=["day", "birth_date"], date_format="%Y-%m-%d")
measure(PEER, NAME, check({name: table.itertuples(index=False) for name, table in run(movements, visits).items()}), lambda: run(movements, visits))
