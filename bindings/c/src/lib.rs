//! The C interface: `menjie.h` is made of the documentation in these files.
//!
//! Every entry point runs behind [`entry::entry`] (panic guard, last error), takes its arguments through [`arguments`] (null, UTF-8,
//! length), and gives texts out through [`texts`]. Handles are numbers that look like pointers ([`handles`]): none is ever followed, so
//! one that was freed, or was never given out, is told by a status. `unsafe` stands only where memory of the caller is read or written.
// The names are C's, and so is whoever reaches what is public here; what a caller must keep is said in the header's text of each function.
#![allow(non_camel_case_types, unreachable_pub, clippy::missing_safety_doc)]

mod arguments;
#[cfg(feature = "arrow")]
mod batch;
mod call;
mod engine;
mod entry;
mod handles;
mod last_error;
#[cfg(feature = "log")]
mod log;
mod message;
mod misuse;
#[cfg(feature = "ports")]
mod port_host;
mod ports;
#[cfg(feature = "fuzzing")]
pub mod sequence;
mod signals;
mod text;
mod texts;
mod version;

#[cfg(test)]
mod hostile;
