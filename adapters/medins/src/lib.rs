//! Health insurance (医保): the decoder of e-vouchers beside the scanner (`ec.query`), the centre of mobile payment (6xxx), the
//! gateway of the institution interface (1101 and on), and the national authorisation (userQuery), as domain/medins.md tells them.
//!
//! Sans-I/O first: [`wire`], [`mobile`] and [`gateway`] make requests and read answers, [`canonical`], [`sign`], [`cipher`] and
//! [`envelope`] sign, encrypt and verify, [`notify`] reads callbacks; [`MedInsurance`] drives them over `menjie-transport`.
//!
//! Nothing of a centre's answer is acted on before its signature holds. What a time-out, an HTTP error, an answer that cannot be
//! understood or somebody else's answer leaves open is unknown, never failed.
#![forbid(unsafe_code)]

pub mod authorisation;
pub mod canonical;
pub mod cipher;
mod client;
pub mod config;
pub mod envelope;
pub mod field;
pub mod gateway;
pub mod json;
pub mod keys;
pub mod mobile;
pub mod notify;
pub mod sign;
pub mod wire;
pub mod zip;

pub use client::MedInsurance;
pub use config::{AuthorisationConfig, CentreConfig, GatewayConfig, MedinsConfig};
