"""Reconciles a day's bill of a payment channel with what HIS has booked: ``reconcile_bill.py CHANNEL.csv HIS.csv DAY``."""

from __future__ import annotations

import argparse
import sys

import polars

import menjie

TEXTS = {"order_no": polars.String, "trade_no": polars.String}


def main(channel: str, his: str, day: str) -> int:
    """Prints the differences and the conclusion; 1 when the day is not balanced."""
    sides = {name: polars.read_csv(path, schema_overrides=TEXTS) for name, path in (("channel", channel), ("his", his))}
    result = menjie.batch("reconcile.run_batch", {"date": day}, **sides)
    differences = result.tables["differences"].to_polars()
    rows = differences.select("order_no", "kind", "label", "diff_fen").to_dicts()
    if rows:
        print(menjie.display.text(rows))
    summary = result.response["summary"]
    print(f"长款 {menjie.yuan(summary['long_fen'])} 元，短款 {menjie.yuan(summary['short_fen'])} 元：{summary['conclusion']}")
    return 0 if summary["conclusion"] == "balanced" else 1


if __name__ == "__main__":
    usage = argparse.ArgumentParser(description=__doc__)
    usage.add_argument("channel", help="the channel's bill, a CSV")
    usage.add_argument("his", help="what HIS has booked, a CSV")
    usage.add_argument("day", help="YYYY-MM-DD")
    sys.exit(main(**vars(usage.parse_args())))
