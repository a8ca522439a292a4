//! Column keys from a file or an environment variable: one JSON document, see [`KeyRing::parse`].
//!
//! ```json
//! { "current": 2, "lookup": "<64 hex>", "keys": [ { "id": 1, "seal": "<32 hex>" }, { "id": 2, "seal": "<32 hex>" } ] }
//! ```
//! There is one look-up key for all: it is never rotated without rebuilding the hashes (docs/sealed-columns.md).
#![forbid(unsafe_code)]

mod file;
mod hex;
mod ring;

pub use file::{read, write};
pub use ring::KeyRing;
