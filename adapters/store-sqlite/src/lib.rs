//! The embedded store: SQLite in one file, one writer thread with group commit, a few read connections.
//!
//! [`sql`] and [`plan`] are portable and know no driver; everything else is SQLite. Manual: docs/store.md.
#![forbid(unsafe_code)]

mod exec;
mod lists;
mod maintain;
mod open;
pub mod plan;
mod readers;
mod reads;
mod recent;
pub mod sql;
mod store;
mod watch;
mod writer;

pub use open::{Options, on_network};
pub use store::SqliteStore;
pub use watch::Boundary;
#[cfg(feature = "faults")]
pub use watch::{Meddler, Watch};
