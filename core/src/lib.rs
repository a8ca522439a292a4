//! **menjie** (门结): the outpatient settlement engine.
//!
//! The crate is pure: no socket, file, clock, thread, environment or random source. Time, ids and randomness come in
//! through ports, so the same rules run in a kiosk, in Node, in Python, in the server and in a simulator.
//!
//! Reading order: [`charge`] (what HIS charged) → [`bill`] (grouped by executing department) → [`workflow`] (what may
//! happen to a payment, a settlement, a refund, an invoice) → [`port`] (who is talked to) → [`service`] (the use cases,
//! the engine and its runner).
#![forbid(unsafe_code)]

#[macro_use]
pub mod mutant;

pub mod access;
pub mod bill;
pub mod calendar;
pub mod charge;
pub mod code;
pub mod column;
pub mod error;
pub mod gm;
pub mod ident;
pub mod identity;
pub mod insurance;
pub mod invoice;
pub mod json;
pub mod ledger;
pub mod money;
pub mod patient;
pub mod payment;
pub mod policy;
pub mod port;
mod read;
pub mod reconcile;
pub mod refund;
pub mod report;
#[cfg(feature = "schema")]
mod schema;
pub mod seal;
pub mod service;
pub mod staff;
mod table;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod validate;
pub mod visit;
pub mod workflow;

pub use calendar::{BizDate, BizMonth, Timestamp};
pub use error::{Error, Kind, Result, Retry};
pub use money::Money;
