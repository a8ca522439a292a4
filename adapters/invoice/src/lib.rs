//! The fiscal medical e-invoice platform (财政医疗电子票据, 博思 shape): issue, query, red.
//!
//! What is sent and how answers are understood is written in `docs/invoice-platform.md`; [`InvoiceConfig`] holds everything that
//! differs between sites. [`envelope`] and [`wire`] are pure, so that a host with its own HTTP stack can use them.
#![forbid(unsafe_code)]

mod client;
mod config;
pub mod envelope;
mod summary;
pub mod wire;

pub use client::InvoiceFront;
pub use config::{ChargeCode, Digest, InvoiceConfig, Methods, PlatformVersion, StateFields};
