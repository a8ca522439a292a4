//! The SQL stays inside the subset that SQLite, PostgreSQL and openGauss share: linted, and prepared on the first two.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cluster;
mod lint;

use std::collections::BTreeSet;

use menjie_store_sqlite::sql::{self, Dialect, MIGRATIONS, SCHEMA_VERSION};

fn ddl(dialect: Dialect) -> Vec<String> {
    let mut all = vec![dialect.render(SCHEMA_VERSION).trim().to_owned()];
    all.extend(MIGRATIONS.iter().flat_map(|m| m.statements(dialect)));
    all
}

#[test]
fn every_statement_keeps_the_rules() {
    let problems: Vec<String> = sql::all().filter_map(|s| lint::statement(s.text).err().map(|e| format!("{}: {e}", s.name))).collect();
    assert_eq!(problems, Vec::<String>::new());
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let problems: Vec<String> = ddl(dialect).iter().filter_map(|s| lint::ddl(s).err().map(|e| format!("{e}: {s}"))).collect();
        assert_eq!(problems, Vec::<String>::new());
    }
}

#[test]
fn names_are_unique_and_every_token_is_rendered() {
    let names: BTreeSet<&str> = sql::all().map(|s| s.name).collect();
    assert_eq!(names.len(), sql::all().count());
    assert!(names.len() >= 60, "the list is the whole list: {}", names.len());
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        assert!(ddl(dialect).iter().all(|s| !s.contains('{')));
    }
}

#[test]
fn the_hospital_leads_every_key() {
    for statement in ddl(Dialect::Postgres).iter().filter(|s| s.starts_with("CREATE TABLE") && !s.contains("schema_version") && !s.contains("lookup_key")) {
        assert!(statement.contains("PRIMARY KEY (hosp, "), "{statement}");
    }
    for statement in ddl(Dialect::Postgres).iter().filter(|s| s.starts_with("CREATE INDEX")) {
        // Work is claimed over all hospitals, and batch ids are trimmed over all.
        let over_all = ["job_available", "job_lease", "batch_log_at"].iter().any(|name| statement.contains(name));
        assert!(over_all || statement.contains(" (hosp, "), "{statement}");
    }
}

#[test]
fn the_linter_refuses_what_one_of_the_engines_would() {
    let refused = [
        ("INSERT INTO t (a) VALUES ($1) ON CONFLICT DO NOTHING", "CONFLICT"),
        ("INSERT INTO t (a) VALUES ($1) RETURNING a", "RETURNING"),
        ("SELECT a FROM t WHERE b = $1 FOR UPDATE", "FOR"),
        ("SELECT a FROM t ORDER BY a LIMIT $1 OFFSET $2", "OFFSET"),
        ("SELECT a FROM t WHERE b = $2", "R1"),
        ("SELECT a FROM t WHERE b = $1 AND c = $3", "R1"),
        ("SELECT a FROM t LIMIT 1", "R8"),
        ("SELECT a / 2 FROM t", "'/'"),
        ("SELECT a FROM t; DELETE FROM t", "';'"),
        ("SELECT a::bigint FROM t", "':'"),
        ("SELECT \"a\" FROM t", "'\"'"),
        ("SELECT a || b FROM t", "'|'"),
        ("SELECT * FROM t", "named"),
        ("SELECT a FROM t WHERE b = ''", "empty"),
        ("SELECT a FROM t WHERE b = '$1'", "plain code"),
        ("SELECT now() FROM t", "now("),
        ("SELECT NOW() FROM t", "NOW"),
        ("SELECT procedure FROM t", "reserved"),
        ("SELECT a FROM t WHERE rownum = 1", "reserved"),
        ("SELECT a FROM t WHERE b IN (SELECT c FROM d)", "sub-select"),
        ("UPDATE payment SET st = $1 WHERE hosp = $2 AND id = $3", "R7"),
        ("UPDATE job SET lease = $1 WHERE hosp = $2", "R7"),
        ("DELETE FROM t", "R7"),
        ("TRUNCATE t", "TRUNCATE"),
        ("WITH x AS (SELECT a FROM t) SELECT a FROM x", "WITH"),
        ("INSERT INTO t (a) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM t x WHERE x.a = $1)", "CAST"),
        ("SELECT a FROM t WHERE b LIKE $1", "LIKE"),
    ];
    for (sql, why) in refused {
        let error = lint::statement(sql).expect_err(sql);
        assert!(error.contains(why), "{sql}: {error}");
    }
    assert!(lint::ddl("CREATE TABLE t (a date NOT NULL)").unwrap_err().contains("reserved"));
    assert!(lint::ddl("CREATE TABLE t (a serial DEFAULT 1)").unwrap_err().contains("DEFAULT"));
    assert_eq!(lint::statement("UPDATE payment SET st = $1 WHERE hosp = $2 AND id = $3 AND ver = $4"), Ok(()));
}

#[test]
fn sqlite_prepares_every_statement() {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    for statement in ddl(Dialect::Sqlite) {
        conn.execute_batch(&statement).unwrap_or_else(|e| panic!("{statement}: {e}"));
    }
    for statement in sql::all() {
        let prepared = conn.prepare(statement.text).unwrap_or_else(|e| panic!("{}: {e}", statement.name));
        // `$n` is parameter n: the adapter binds by position.
        for n in 1..=prepared.parameter_count() {
            assert_eq!(prepared.parameter_name(n), Some(format!("${n}").as_str()), "{}", statement.name);
        }
    }
}

#[test]
fn postgresql_runs_the_schema_and_prepares_every_statement() {
    let cluster = cluster::Cluster::start();
    let mut script = String::from("\\set ON_ERROR_STOP on\n");
    for statement in ddl(Dialect::Postgres) {
        script.push_str(&format!("{statement};\n"));
    }
    for (n, statement) in sql::all().enumerate() {
        script.push_str(&format!("\\echo {}\nPREPARE s{n} AS {};\n", statement.name, statement.text));
    }
    let prepared = |output: &str| output.lines().filter(|line| *line == "PREPARE").count();
    let output = cluster.psql(&script);
    assert_eq!(prepared(&output), sql::all().count(), "{output}");
    assert_eq!(prepared(&cluster.psql("PREPARE broken AS SELECT nothing FROM nowhere;\n")), 0, "what the server refuses is not counted");
}

#[test]
fn the_hot_queries_use_their_indexes() {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    for statement in ddl(Dialect::Sqlite) {
        conn.execute_batch(&statement).unwrap();
    }
    for (statement, index) in [
        (sql::JOB_AVAILABLE, "job_available"),
        (sql::JOB_AVAILABLE, "job_queue"),
        (sql::JOB_NEXT, "job_available"),
        (sql::JOB_HOLD_BACK, "job_queue"),
        (sql::JOB_RECLAIM, "job_lease"),
        (sql::SETTLEMENT_OF_PATIENT, "settlement_patient"),
        (sql::SETTLEMENT_ATTENTION, "settlement_attention"),
        (sql::INBOX_QUARANTINED, "inbox_quarantined"),
        (sql::RECORD_SWEEP, "record_expires"),
        (sql::BATCH_TRIM, "batch_log_at"),
    ] {
        let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.text)).unwrap();
        let nulls = vec![rusqlite::types::Null; explain.parameter_count()];
        let plan: Vec<String> = explain.query_map(rusqlite::params_from_iter(nulls), |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains(index), "{}: {plan}", statement.name);
        assert!(!plan.contains("USE TEMP B-TREE"), "{} sorts: {plan}", statement.name);
    }
}
