//! Reconciliation (对账): channel bill, insurer bill, HIS and ledger of one day, movement by movement (domain/hospital.md §6).
//!
//! A movement is one payment or one refund of one part of the money: its key is (order number, refund number, part). Which
//! sides hold which part is [`Side::holds`] (table in docs/reconciliation.md). Every row of every side lands in exactly one
//! movement and every movement in exactly one [`Kind`] (I20), and one signed formula serves payments and refunds: what the
//! outside has moved − what HIS has booked, refunds negative; above zero is 长款, below is 短款.

mod alias;
mod classify;
mod columns;
mod day;
mod entry;
mod group;
mod key;
mod kind;
mod left;
mod matcher;
mod movement;
mod run;
mod slot;
mod summary;

pub use columns::EntryColumns;
pub use day::reconcile;
pub use entry::{Direction, Entries, Entry, Part, Row, RowStatus, Side};
pub use kind::{Action, Kind, Label, ReasonClass, actions};
pub use run::{Carried, Difference, Reconciled, RowRef, Rules, RunRequest, RunResponse, Sides};
pub use summary::{Conclusion, SideTotal, Summary};
