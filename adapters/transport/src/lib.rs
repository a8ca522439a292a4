//! HTTP transport with deadlines, host allow-list and transfer log.
//!
//! [`Client`] is what an adapter holds: it knows the counterpart's addresses, sends nothing before the transfer log has
//! the BEGIN, keeps to a rate, and sorts every end into answered, proven unsent, or unknown. The bytes themselves go
//! through [`Http`]; [`Wire`] is the implementation on reqwest and rustls, and a host may bring its own.
#![forbid(unsafe_code)]

mod bucket;
mod client;
mod config;
mod http;
mod percent;
mod redact;
mod shape;
#[cfg(feature = "testing")]
pub mod testing;
mod wire;

pub use client::{ApiRequest, Client, later};
pub use config::{ClientConfig, Rate};
pub use http::{Exchange, Failed, Http, HttpRequest, HttpResponse, Method};
pub use percent::percent;
pub use shape::Shape;
pub use wire::Wire;
