//! The whole engine in virtual time: one seed, one history (docs/simulation.md).
//!
//! Several replicas work over one store while patients, window staff, approvers and counterparts do what the seed says, and
//! everything fails as the seed says. A [`book::Book`] watches every commit that lands and every call that leaves, and knows the
//! counterparts' own truth; it has its own rules and asks the engine nothing.
#![forbid(unsafe_code)]
// A simulation is a test: what cannot happen ends it, and the seed says how to see it again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod action;
pub mod book;
pub mod checks;
pub mod contradiction;
pub mod day;
pub mod dice;
pub mod events;
pub mod fault;
pub mod history;
pub mod house;
pub mod log;
#[cfg(feature = "mutants")]
pub mod mutants;
pub mod operator;
pub mod people;
pub mod ports;
pub mod range;
pub mod rest;
pub mod shrink;
pub mod staff;
pub mod store;
pub mod table;
pub mod unreached;
pub mod untrue;
pub mod visits;
pub mod watch;
