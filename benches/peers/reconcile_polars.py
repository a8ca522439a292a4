"""B5 peer: polars, columns in memory, all its threads; one full join, then the kind of each pair."""

import polars as pl

from reconcile_common import CHANNEL, HIS, NAME, check, measure

PEER = f"polars {pl.__version__}"
MOVED = pl.when(pl.col("failed") == 1).then(0).otherwise(pl.col("amount_fen"))


def run(channel, his):
    refund = pl.coalesce("refund_no", "refund_no_his") != ""
    kind = (
        pl.when(pl.col("order_no_his").is_null())
        .then(pl.when(refund).then(pl.lit("only_channel_refund")).otherwise(pl.lit("only_channel")))
        .when(pl.col("order_no").is_null())
        .then(pl.when(refund).then(pl.lit("only_his_refund")).otherwise(pl.lit("only_his")))
        .when(pl.col("failed") != pl.col("failed_his"))
        .then(pl.lit("status"))
        .when(pl.col("amount_fen") != pl.col("amount_fen_his"))
        .then(pl.lit("amount"))
        .when(pl.col("fee_e6") != pl.col("fee_e6_his"))
        .then(pl.lit("fee"))
        .otherwise(pl.lit("matched"))
        .alias("kind")
    )
    pairs = (
        channel.lazy()
        .join(his.lazy(), on=["order_no", "refund_no"], how="full", coalesce=False, suffix="_his")
        .with_columns(kind, (pl.col("moved").fill_null(0) - pl.col("moved_his").fill_null(0)).alias("diff"))
    )
    # One plan: the totals of the day and the list of what differs.
    totals = pairs.group_by("kind").agg(pl.len(), pl.col("moved").sum(), pl.col("moved_his").sum(), pl.col("diff").sum())
    differences = pairs.filter(pl.col("kind") != "matched").select(pl.coalesce("order_no", "order_no_his"), pl.coalesce("refund_no", "refund_no_his"), "kind", "diff")
    return pl.collect_all([totals, differences])[1]


TYPES = {"amount_fen": pl.Int64, "failed": pl.Int8, "fee_e6": pl.Int64, "refund_no": pl.String}
channel, his = (pl.read_csv(file, schema_overrides=TYPES).with_columns(pl.col("refund_no").fill_null(""), MOVED.alias("moved")) for file in (CHANNEL, HIS))
measure(PEER, NAME, check(run(channel, his).iter_rows()), lambda: run(channel, his))
