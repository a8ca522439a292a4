//! SM4 (GB/T 32907) and SM4-GCM (GB/T 36624, RFC 8998) with vector instructions chosen at run time.
//!
//! - [`Sm4Gcm`] is what sealing uses: a key expanded once, texts sealed and opened in place.
//! - [`Sm4`] is the bare block cipher, with CTR; with the feature `cipher` also for the traits of RustCrypto's `cipher`: any mode
//!   written for those runs on it.
//! - [`Backend`] names the ways to compute; tests run every one the processor has.
//!
//! No back end reads a table at a place that depends on a secret, and none branches on one. How the vector back ends work is
//! told in `field`; why this crate exists, in docs/adr/0011-own-sm4.md. It is the only place outside `bindings/` that may
//! say `unsafe`: calls of functions that need processor features which were seen to be there, and loads and stores of whole
//! arrays (all in `x86.rs`, `x86/features.rs` and `x86/mem.rs`).
//!
//! The standard library is not needed. The feature `alloc` (on) gives [`Sm4Gcm::seal`] and [`Sm4Gcm::open`], which lengthen and
//! shorten a `Vec`. menjie-sm4 is no certified cryptographic product (商用密码产品认证) and was not audited.
//!
//! ```
//! let key = menjie_sm4::Sm4Gcm::new(&[7; 16]);
//! let mut text = b"13800000000".to_vec();
//! key.seal(&[9; 12], b"patient.phone", &mut text)?;
//! key.open(&[9; 12], b"patient.phone", &mut text)?;
//! assert_eq!(text, b"13800000000");
//! # Ok::<(), menjie_sm4::Error>(())
//! ```
#![no_std]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
// The constants of the vector code are computed on every machine, and tested there; elsewhere nobody uses them.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod backend;
mod block;
mod counter;
mod engine;
mod field;
mod gcm;
mod portable;
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86;

pub use backend::Backend;
pub use block::Sm4;
pub use gcm::{Error, KEY_LEN, MAX_AAD, MAX_TEXT, NONCE_LEN, Sm4Gcm, TAG_LEN};
