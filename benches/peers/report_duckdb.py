"""B6 peer: duckdb, tables in memory, all its threads; one statement a report."""

import duckdb

from report_common import BY, MOVEMENTS, NAME, VISITS, check, measure

PEER = f"duckdb {duckdb.__version__}"


def money(by):
    part = lambda what: f"sum(CASE event WHEN 'refund' THEN -{what} ELSE {what} END)"  # noqa: E731
    return f"""SELECT {by}, count(*) FILTER (event = 'pay'), coalesce(sum(fund_fen + account_fen + cash_fen) FILTER (event = 'pay'), 0),
  count(*) FILTER (event = 'refund'), coalesce(sum(fund_fen + account_fen + cash_fen) FILTER (event = 'refund'), 0),
  {part('fund_fen')}, {part('account_fen')}, {part('cash_fen')} FROM movements GROUP BY {by} ORDER BY {by}"""


VOLUME = """SELECT day, dept, count(*), count(DISTINCT patient), count(*) FILTER (insurance <> '自费'), count(*) FILTER (insurance = '自费')
FROM visits GROUP BY day, dept ORDER BY day, dept"""
AGES = """SELECT CASE WHEN age < 5 THEN '0–4' WHEN age < 15 THEN '5–14' WHEN age < 45 THEN '15–44' WHEN age < 60 THEN '45–59' ELSE '≥60' END AS band,
  count(*) FILTER (sex = 'male' AND insurance <> '自费'), count(*) FILTER (sex = 'male' AND insurance = '自费'),
  count(*) FILTER (sex = 'female' AND insurance <> '自费'), count(*) FILTER (sex = 'female' AND insurance = '自费'), count(*)
FROM (SELECT sex, insurance, date_sub('year', birth_date, day) AS age FROM visits WHERE birth_date <= day) GROUP BY band"""
DISEASES = """SELECT diagnosis[1:3] AS code, count(*), count(DISTINCT patient), count(*) FILTER (sex = 'male'), count(*) FILTER (sex = 'female'),
  (sum(age) * 20 + count(age)) // (count(age) * 2)
FROM (SELECT diagnosis, patient, sex, CASE WHEN birth_date <= day THEN date_sub('year', birth_date, day) END AS age FROM visits)
GROUP BY code ORDER BY count(*) DESC, code LIMIT 100"""
PACK = {**{by: money(by) for by in BY}, "volume": VOLUME, "ages": AGES, "diseases": DISEASES}


def run(db):
    return {name: db.execute(text).fetchall() for name, text in PACK.items()}


db = duckdb.connect()
for table, file in (("movements", MOVEMENTS), ("visits", VISITS)):
    db.execute(f"CREATE TABLE {table} AS SELECT * FROM read_csv('{file}', header=true)")
measure(PEER, NAME, check(run(db)), lambda: run(db))
