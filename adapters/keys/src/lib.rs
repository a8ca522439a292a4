//! Keys from files and the environment, wiped from memory when dropped.
//!
//! Column keys are one JSON document, see [`KeyRing::parse`]:
//! ```json
//! { "current": 2, "lookup": "<64 hex>", "keys": [ { "id": 1, "seal": "<32 hex>" }, { "id": 2, "seal": "<32 hex>" } ] }
//! ```
//! There is one look-up key for all: it is never rotated without rebuilding the hashes (docs/sealed-columns.md).
//!
//! SM2 keys, the writer's and the auditors' of the sealed log, are PEM files: [`read_private`], [`read_public`]. A key is named by
//! [`menjie::gm::sm2::Sm2PublicKey::id`]. The memory of private ones is locked where the system lets it be ([`locked_memory`]).
#![forbid(unsafe_code)]

mod der;
mod file;
mod hex;
pub mod locked_memory;
mod pbes2;
mod pem;
mod private_file;
mod ring;
mod sm2_key;

pub use file::{read, write};
pub use ring::KeyRing;
pub use sm2_key::{Protection, is_encrypted, needs_password, private_from_pem, private_pem, public_from_pem, public_pem, read_private, read_public, write_private, write_public};
