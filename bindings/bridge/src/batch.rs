//! Batches: the operations for millions of rows, tables of Arrow in and out, options and numbers as JSON beside them.
//!
//! [`batches`] lists them with every column of every table; [`call_batch`] runs one behind the panic guard. Only this module knows the Arrow
//! crates: tables come and go through [`c_data`] (pointers of another program) or `ipc` (bytes). A table is read as strictly as a JSON request:
//! a column that is not known, of another type, or null where nothing may be missing, is refused by its name, and no number is guessed from a
//! narrower or a binary one. Texts and whole numbers are not copied, they stay where the host has them.

mod arrays;
pub mod c_data;
mod check;
mod columns;
mod entries;
mod facts;
mod format;
#[cfg(feature = "arrow-ipc")]
pub mod ipc;
mod lines;
mod made;
mod op;
mod reader;
mod records;
#[cfg(all(test, feature = "arrow-ipc"))]
mod same;
mod table;
mod texts;
#[cfg(all(test, feature = "arrow-ipc"))]
mod wrong;

pub use columns::{Column, Given, Holds};
pub use op::{Answer, Batch, Input, Output, batches, call_batch};
pub use table::Table;
