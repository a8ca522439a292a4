"""B2 peer: pandas, columns in memory; ids = MD5 over the sorted lines of a document."""

import hashlib

import pandas as pd

from group_common import FILE, TABLE, checksum, measure

PEER = f"pandas {pd.__version__}"


def place(df):
    by_exec = df["exec_dept"].fillna(df["order_dept"])
    return df["pharmacy"].where(df["kind"] == "drug").fillna(by_exec)


def totals(df):
    return df.assign(place=place(df)).groupby(["visit_id", "place"], sort=False, observed=True)["amount_fen"].sum()


def ids(df):
    key = df["line_id"] + ":" + df["version"].astype("str") + ":" + df["amount_fen"].astype("str")
    grouped = df.assign(place=place(df), key=key).sort_values("line_id").groupby(["visit_id", "place"], sort=False)
    docs = grouped.agg(amount_fen=("amount_fen", "sum"), text=("key", ",".join))
    docs["id"] = [hashlib.md5(text.encode()).digest() for text in docs["text"]]
    return docs["amount_fen"]


df = pd.read_csv(FILE, dtype={c: "str" for c in ("line_id", "visit_id", "kind", "order_dept", "exec_dept", "pharmacy")})
df["kind"] = df["kind"].astype("category")  # we get an enum too
for name, work in (("totals", totals), ("ids", ids)):
    check = checksum((v, p, int(fen)) for (v, p), fen in work(df).items())
    measure(PEER, f"b2 {TABLE} {name}", check, lambda: work(df))
