"""What the Python peers of B5 share: files, kinds, and the checksum of benches/src/measure.rs over the differences."""

import sys

from group_common import checksum, measure  # noqa: F401  (re-exported)

WORK = sys.argv[1]
TABLE = sys.argv[3]
CHANNEL = f"{WORK}/channel_{TABLE.replace(' ', '_')}.csv"
HIS = f"{WORK}/his_{TABLE.replace(' ', '_')}.csv"
NAME = f"b5 {TABLE}"


def check(rows):
    """Of (order_no, refund_no, kind, diff)."""
    return checksum((f"{order}|{refund or ''}", kind, int(diff)) for order, refund, kind, diff in rows)
