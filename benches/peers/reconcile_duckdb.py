"""B5 peer: duckdb, tables in memory, all its threads; one full join, then the kind of each pair."""

import duckdb

from reconcile_common import CHANNEL, HIS, NAME, check, measure

PEER = f"duckdb {duckdb.__version__}"
PAIRS = """CREATE OR REPLACE TEMP TABLE pairs AS
SELECT coalesce(c.order_no, h.order_no) AS order_no, coalesce(c.refund_no, h.refund_no) AS refund_no,
  CASE WHEN h.order_no IS NULL THEN CASE WHEN c.refund_no <> '' THEN 'only_channel_refund' ELSE 'only_channel' END
       WHEN c.order_no IS NULL THEN CASE WHEN h.refund_no <> '' THEN 'only_his_refund' ELSE 'only_his' END
       WHEN c.failed <> h.failed THEN 'status'
       WHEN c.amount_fen <> h.amount_fen THEN 'amount'
       ELSE 'fee' END AS kind,
  coalesce(c.moved, 0) - coalesce(h.moved, 0) AS diff
FROM channel c FULL JOIN his h ON c.order_no = h.order_no AND c.refund_no = h.refund_no
WHERE h.order_no IS NULL OR c.order_no IS NULL OR c.failed <> h.failed OR c.amount_fen <> h.amount_fen OR c.fee_e6 <> h.fee_e6"""


def run(db):
    db.execute(PAIRS)
    # The totals of the day: of each side, and of each kind.
    db.execute("SELECT kind, count(*), sum(diff) FROM pairs GROUP BY kind").fetchall()
    db.execute("SELECT (SELECT sum(moved) FROM channel), (SELECT sum(moved) FROM his)").fetchall()


db = duckdb.connect()
for name, file in (("channel", CHANNEL), ("his", HIS)):
    types = "{'order_no': 'VARCHAR', 'refund_no': 'VARCHAR', 'amount_fen': 'BIGINT', 'failed': 'TINYINT', 'fee_e6': 'BIGINT'}"
    db.execute(f"CREATE TABLE {name} AS SELECT * REPLACE (coalesce(refund_no, '') AS refund_no), CASE failed WHEN 1 THEN 0 ELSE amount_fen END AS moved FROM read_csv('{file}', header=true, types={types})")
run(db)
differences = db.execute("SELECT order_no, refund_no, kind, diff FROM pairs").fetchall()
measure(PEER, NAME, check(differences), lambda: run(db))
