//! The platform of electronic health codes and cards (电子健康码, 电子健康卡), national shape: application token, signed
//! envelope, verification of a scanned code.
//!
//! [`wire`] and [`sign`] are pure, so that a host with its own HTTP stack can use them. Field names, the operation and the
//! kind of result codes are configuration ([`HealthCodeConfig`]), because no platform has been seen from here
//! (domain/hospital.md §4). The raw code is sent and forgotten: the transfer log has its SM3 as business number.
#![forbid(unsafe_code)]

mod client;
mod config;
pub mod sign;
pub mod wire;

pub use client::HealthCodeFront;
pub use config::{Fields, HealthCodeConfig, SignMethod};
pub use sign::EnvelopeSigner;
