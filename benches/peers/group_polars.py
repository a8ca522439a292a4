"""B2 peer: polars, columns in memory, all its threads; ids = MD5 over the sorted lines of a document."""

import hashlib

import polars as pl

from group_common import FILE, TABLE, checksum, measure

PEER = f"polars {pl.__version__}"
PLACE = pl.coalesce(pl.when(pl.col("kind") == "drug").then(pl.col("pharmacy")), pl.col("exec_dept"), pl.col("order_dept")).alias("place")
KEY = pl.concat_str(["line_id", "version", "amount_fen"], separator=":").alias("key")


def totals(df):
    return df.lazy().group_by("visit_id", PLACE).agg(pl.col("amount_fen").sum()).collect()


def ids(df):
    docs = (
        df.lazy()
        .with_columns(PLACE, KEY)
        .sort("line_id")
        .group_by("visit_id", "place", maintain_order=False)
        .agg(pl.col("amount_fen").sum(), pl.col("key").str.join(","))
        .collect()
    )
    digests = [hashlib.md5(text.encode()).digest() for text in docs["key"]]
    return docs.with_columns(pl.Series("id", digests, dtype=pl.Binary))


df = pl.read_csv(FILE, schema_overrides={"version": pl.Int64, "amount_fen": pl.Int64}).with_columns(pl.col("kind").cast(pl.Enum(["drug", "service"])))  # we get an enum too
for name, work in (("totals", totals), ("ids", ids)):
    check = checksum(work(df).select("visit_id", "place", "amount_fen").iter_rows())
    measure(PEER, f"b2 {TABLE} {name}", check, lambda: work(df))
