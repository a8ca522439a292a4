"""B6 peer: polars, columns in memory, all its threads; one lazy plan for the whole pack."""

import polars as pl

from report_common import BY, MOVEMENTS, NAME, VISITS, check, measure

PEER = f"polars {pl.__version__}"
PAY, BACK = pl.col("event") == "pay", pl.col("event") == "refund"
TOTAL = pl.col("fund_fen") + pl.col("account_fen") + pl.col("cash_fen")
SELF = pl.col("insurance") == "自费"
MALE, FEMALE = pl.col("sex") == "male", pl.col("sex") == "female"


def day_of_year(column):
    # A month is an int8.
    return pl.col(column).dt.month().cast(pl.Int32) * 100 + pl.col(column).dt.day()


LATER = day_of_year("birth_date") > day_of_year("day")
AGE = pl.when(pl.col("birth_date") <= pl.col("day")).then(pl.col("day").dt.year() - pl.col("birth_date").dt.year() - LATER.cast(pl.Int32)).alias("age")


def money(movements, by):
    part = lambda what: pl.when(BACK).then(-pl.col(what)).otherwise(pl.col(what)).sum()  # noqa: E731
    return movements.group_by(by).agg(
        PAY.sum().alias("payments"),
        TOTAL.filter(PAY).sum().alias("paid"),
        BACK.sum().alias("refunds"),
        TOTAL.filter(BACK).sum().alias("refunded"),
        *(part(what) for what in ("fund_fen", "account_fen", "cash_fen")),
    )


def run(movements, visits):
    movements, visits = movements.lazy(), visits.lazy()
    aged = visits.with_columns(AGE)
    band = pl.when(pl.col("age") < 5).then(pl.lit("0–4")).when(pl.col("age") < 15).then(pl.lit("5–14")).when(pl.col("age") < 45).then(pl.lit("15–44"))
    band = band.when(pl.col("age") < 60).then(pl.lit("45–59")).otherwise(pl.lit("≥60")).alias("band")
    ages = aged.filter(pl.col("age").is_not_null()).group_by(band).agg(
        (MALE & ~SELF).sum().alias("a"), (MALE & SELF).sum().alias("b"), (FEMALE & ~SELF).sum().alias("c"), (FEMALE & SELF).sum().alias("d"), pl.len()
    )
    known, years = pl.col("age").count(), pl.col("age").cast(pl.Int64).sum()
    diseases = (
        aged.group_by(pl.col("diagnosis").str.slice(0, 3).alias("code"))
        .agg(pl.len().alias("visits"), pl.col("patient").n_unique().alias("patients"), MALE.sum().alias("male"), FEMALE.sum().alias("female"), ((years * 20 + known) // (known * 2)).alias("mean"))
        .sort(["visits", "code"], descending=[True, False])
        .head(100)
    )
    volume = visits.group_by("day", "dept").agg(pl.len(), pl.col("patient").n_unique(), (~SELF).sum().alias("insured"), SELF.sum().alias("self_pay")).sort("day", "dept")
    names = [*BY, "volume", "ages", "diseases"]
    return dict(zip(names, pl.collect_all([*(money(movements, by).sort(by) for by in BY), volume, ages, diseases])))


movements, visits = (pl.read_csv(file, try_parse_dates=True) for file in (MOVEMENTS, VISITS))
measure(PEER, NAME, check({name: table.iter_rows() for name, table in run(movements, visits).items()}), lambda: run(movements, visits))
