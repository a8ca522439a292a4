"""B5 peer: pandas, columns in memory; one outer merge, then the kind of each pair."""

import numpy as np
import pandas as pd

from reconcile_common import CHANNEL, HIS, NAME, check, measure

PEER = f"pandas {pd.__version__}"


def run(channel, his):
    pairs = channel.merge(his, on=["order_no", "refund_no"], how="outer", suffixes=("", "_his"), indicator=True, sort=False)
    refund = pairs["refund_no"] != ""
    left, right = pairs["_merge"] == "left_only", pairs["_merge"] == "right_only"
    kind = np.select(
        [left & refund, left, right & refund, right, pairs["failed"] != pairs["failed_his"], pairs["amount_fen"] != pairs["amount_fen_his"], pairs["fee_e6"] != pairs["fee_e6_his"]],
        ["only_channel_refund", "only_channel", "only_his_refund", "only_his", "status", "amount", "fee"],
        "matched",
    )
    pairs["kind"] = pd.Categorical(kind)
    pairs["diff"] = pairs["moved"].fillna(0) - pairs["moved_his"].fillna(0)
    totals = pairs.groupby("kind", observed=True)[["moved", "moved_his", "diff"]].agg(["count", "sum"])
    assert len(totals) > 1
    return pairs.loc[pairs["kind"] != "matched", ["order_no", "refund_no", "kind", "diff"]]


def read(file):
    df = pd.read_csv(file, dtype={"order_no": "str", "refund_no": "str"}, keep_default_na=False)
    df["moved"] = df["amount_fen"].where(df["failed"] == 0, 0)
    return df


channel, his = read(CHANNEL), read(HIS)
measure(PEER, NAME, check(run(channel, his).itertuples(index=False, name=None)), lambda: run(channel, his))
