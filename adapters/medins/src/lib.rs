//! Health insurance (医保). It begins with the e-voucher (医保电子凭证): `ec.query` at the decoder that listens beside the
//! scanner (domain/medins.md §4).
//!
//! [`wire`] is pure, so that a host whose decoder is a DLL can use it: the same JSON goes in and comes out there.
#![forbid(unsafe_code)]

mod client;
mod config;
pub mod wire;

pub use client::MedInsurance;
pub use config::MedinsConfig;
