//! One contract for every host: C, Node, Python, HTTP and the terminal call operations by name, JSON in, JSON out.
//!
//! [`table`] lists the operations; [`call_alone`] and [`call`] run one behind the only panic guard; a [`Reply`] is the
//! response or the failure envelope. Requests are read strictly ([`strict`]): what is not understood is refused.
//! With the feature `ports`, `config` reads a configuration and `build` makes an engine of it, whose counterparts the host may implement
//! itself (`ports`); with `engine` it has a ledger and our own adapters. With `log`, `seal` and `sealed_log` write and read sealed logs. With
//! `arrow`, `batch` runs the operations over tables. `place` decides where an operation runs.
// Only `batch::c_data` follows pointers of another program.
#![deny(unsafe_code)]

#[cfg(feature = "arrow")]
pub mod batch;
#[cfg(feature = "ports")]
pub mod build;
mod call;
#[cfg(feature = "ports")]
pub mod config;
mod echo;
mod envelope;
#[cfg(feature = "ports")]
pub mod local;
mod op;
pub mod place;
#[cfg(feature = "ports")]
pub mod ports;
mod problem;
#[cfg(feature = "remote")]
pub mod remote;
#[cfg(feature = "log")]
pub mod seal;
#[cfg(feature = "log")]
pub mod sealed_log;
pub mod session;
pub mod strict;
mod table;

pub use call::{call, call_alone, guarded, hide_panic_texts};
pub use echo::{EchoRequest, EchoResponse};
pub use envelope::{Failure, Reply};
#[cfg(feature = "log")]
pub use menjie_host::core_dumps;
#[cfg(feature = "log")]
pub use menjie_keys::locked_memory;
pub use op::{Kind, Op, Reach};
pub use table::{COMMON_ERRORS, find, table};
