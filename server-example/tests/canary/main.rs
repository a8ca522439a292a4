//! I18: what is secret is nowhere in clear. Everybody comes to the server by every route it has, right and wrong, with values that
//! are then looked for in every file, backup, log line, counter, standard output and error, and in what others were answered.
//!
//! Reading order: [`cast`] (what is secret, and who may read it) → [`house`] (who asks, and what he is answered) → the walks:
//! [`patients`], [`pages`], [`phone`], [`desk`], [`doors`], [`misuse`] → [`everything`] and [`process`], which judge.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../server/stage.rs"]
#[allow(dead_code)]
mod stage;

mod captured;
mod cast;
mod desk;
mod doors;
mod everything;
mod files;
mod house;
mod misuse;
mod pages;
mod patients;
mod phone;
mod process;
mod routes;
