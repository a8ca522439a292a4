"""B2 peer: duckdb, table in memory, all its threads; ids = MD5 over the sorted lines of a document."""

import duckdb

from group_common import FILE, TABLE, checksum, measure

PEER = f"duckdb {duckdb.__version__}"
PLACE = "coalesce(CASE WHEN kind = 'drug' THEN pharmacy END, exec_dept, order_dept) AS place"
TOTALS = f"SELECT visit_id, {PLACE}, sum(amount_fen)::BIGINT AS fen FROM lines GROUP BY ALL"
IDS = f"""SELECT visit_id, {PLACE}, sum(amount_fen)::BIGINT AS fen,
    md5(string_agg(line_id || ':' || version || ':' || amount_fen, ',' ORDER BY line_id)) AS id FROM lines GROUP BY ALL"""


def run(db, query):
    db.execute(f"CREATE OR REPLACE TEMP TABLE docs AS {query}")


db = duckdb.connect()
db.execute("CREATE TYPE kind AS ENUM ('drug', 'service')")  # we get an enum too
db.execute(f"CREATE TABLE lines AS SELECT * FROM read_csv('{FILE}', header=true, types={{'kind': 'kind', 'version': 'INTEGER', 'amount_fen': 'BIGINT'}})")
for name, query in (("totals", TOTALS), ("ids", IDS)):
    run(db, query)
    check = checksum(db.execute("SELECT visit_id, place, fen FROM docs").fetchall())
    measure(PEER, f"b2 {TABLE} {name}", check, lambda: run(db, query))
