//! Migrations: DDL templates, rendered for an engine, and the bookkeeping of what was applied.

use super::statements;

/// How an engine spells the type tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite with STRICT tables.
    Sqlite,
    /// PostgreSQL and openGauss.
    Postgres,
}

impl Dialect {
    /// Replaces the tokens of a template.
    pub fn render(self, template: &str) -> String {
        let tokens: [(&str, &str); 7] = match self {
            Dialect::Sqlite => [("{I}", "integer"), ("{T}", "text"), ("{C16}", "text"), ("{C32}", "text"), ("{C64}", "text"), ("{B}", "blob"), ("{S}", "strict")],
            Dialect::Postgres => [("{I}", "bigint"), ("{T}", "text"), ("{C16}", "varchar(16)"), ("{C32}", "varchar(32)"), ("{C64}", "varchar(64)"), ("{B}", "bytea"), ("{S}", "")],
        };
        tokens.iter().fold(template.to_owned(), |text, (token, spelt)| text.replace(token, spelt))
    }
}

/// One step of the schema; applied in one transaction and never changed afterwards.
#[derive(Debug)]
pub struct Migration {
    /// Ascending from 1.
    pub version: i64,
    /// What it does.
    pub name: &'static str,
    /// The template.
    pub template: &'static str,
}

impl Migration {
    /// Its statements for an engine, one by one.
    pub fn statements(&self, dialect: Dialect) -> Vec<String> {
        let code: Vec<&str> = self.template.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
        let code = dialect.render(&code.join("\n"));
        code.split(';').map(str::trim).filter(|statement| !statement.is_empty()).map(str::to_owned).collect()
    }

    /// Fingerprint of the template (SM3, hex): an applied migration that was edited later is refused.
    pub fn checksum(&self) -> String {
        menjie::gm::hex(&menjie::gm::sm3(self.template.as_bytes()))
    }
}

/// Every migration, ascending. Version 0 makes the table that remembers the others.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "ledger", template: include_str!("migrations/0001_ledger.sql") },
    Migration { version: 2, name: "visits", template: include_str!("migrations/0002_visits.sql") },
    Migration { version: 3, name: "refunds", template: include_str!("migrations/0003_refunds.sql") },
    Migration { version: 4, name: "journal_day", template: include_str!("migrations/0004_journal_day.sql") },
];

/// The table that remembers what was applied; made when it is not there.
pub const SCHEMA_VERSION: &str =
    "CREATE TABLE IF NOT EXISTS schema_version (version {I} NOT NULL PRIMARY KEY, name {C64} NOT NULL, checksum {C64} NOT NULL, applied_ms {I} NOT NULL) {S}";

statements! { BOOKKEEPING;
    /// What was applied.
    APPLIED "schema.applied" = "SELECT version, name, checksum FROM schema_version ORDER BY version";
    /// Remembers a migration.
    APPLY "schema.apply" = "INSERT INTO schema_version (version, name, checksum, applied_ms) VALUES ($1, $2, $3, $4)";
    /// The look-up key the hashes were made with.
    LOOKUP_KEY "lookup_key.get" = "SELECT check_hash FROM lookup_key WHERE id = 1";
    /// Remembers the look-up key's fingerprint.
    LOOKUP_KEY_SET "lookup_key.set" = "INSERT INTO lookup_key (id, check_hash) VALUES (1, $1)";
}
