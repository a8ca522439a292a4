//! The portable SQL: one DML text for SQLite, PostgreSQL ≥ 13 and openGauss ≥ 5.0, and DDL templates with type tokens
//! (domain/data.md §2, §5). Nothing in here or in [`crate::plan`] knows SQLite.
//!
//! Placeholders are `$1` … `$n` and appear for the first time in ascending order. SQLite numbers named parameters by first
//! appearance, so that rule is what lets one text serve all three engines without rewriting.

mod ddl;
mod ledger;
mod lists;
mod machine;
mod source;
mod work;

pub use ddl::*;
pub use ledger::*;
pub use lists::*;
pub use machine::*;
pub use source::*;
pub use work::*;

/// A named statement.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name, for errors and tests; no personal data.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// Declares statements as constants and a list of them.
macro_rules! statements {
    ($list:ident; $($(#[$doc:meta])* $name:ident $label:literal = $text:expr;)+) => {
        $($(#[$doc])* pub const $name: &$crate::sql::Statement = &$crate::sql::Statement { name: $label, text: $text };)+
        /// Every statement of this file.
        pub const $list: &[&$crate::sql::Statement] = &[$($name),+];
    };
}
pub(crate) use statements;

/// Every statement of the store.
pub fn all() -> impl Iterator<Item = &'static Statement> {
    [MACHINE, SOURCE, WORK, LEDGER, LISTS, BOOKKEEPING].into_iter().flatten().copied()
}
