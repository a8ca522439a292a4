//! The server over real HTTP, with its real adapters and store, before a hospital in a box.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod accounts;
mod callbacks;
mod desk;
mod identify;
mod insured;
mod newcomers;
mod operate;
mod pages;
mod paying;
mod phone_pages;
mod reconcile;
mod requests;
mod restart;
mod sessions;
mod staff;
mod stage;
mod visits;
