//! The native part of the npm package `menjie`: texts and bytes in, texts and bytes out.
//!
//! The facade (`lib/*.js`) checks arguments and makes errors of envelopes. Here nothing throws and nothing blocks JavaScript's thread:
//! work runs on threads of this library ([`runtime`]), its answer is put into the [`mailbox`] of the JavaScript thread that asked, under the
//! number that it gave. Every entry point stands behind the panic guard. No promise is made here: one that is settled while a worker thread
//! is being ended stops the whole process (STYLE.md §6.1), a mailbox that is gone just takes nothing more.
//!
//! What is public is JavaScript's.

mod batch;
pub mod engine;
mod envelope;
pub mod faults;
pub mod mailbox;
mod port_host;
mod runtime;
pub mod version;
