//! One contract for every host: C, Node, Python, HTTP and the terminal call operations by name, JSON in, JSON out.
//!
//! [`table`] lists the operations; [`call_alone`] and [`call`] run one behind the only panic guard; a [`Reply`] is the
//! response or the failure envelope. Requests are read strictly ([`strict`]): what is not understood is refused.
//! With the feature `engine`, `config` reads a configuration and `build` makes an engine of it. With `log`, `seal` and
//! `sealed_log` write and read sealed logs. With `arrow`, `batch` runs the operations over tables.
// Only `batch::c_data` follows pointers of another program.
#![deny(unsafe_code)]

#[cfg(feature = "arrow")]
pub mod batch;
#[cfg(feature = "engine")]
pub mod build;
mod call;
#[cfg(feature = "engine")]
pub mod config;
mod echo;
mod envelope;
mod op;
mod problem;
#[cfg(feature = "remote")]
pub mod remote;
#[cfg(feature = "log")]
pub mod seal;
#[cfg(feature = "log")]
pub mod sealed_log;
pub mod strict;
mod table;

pub use call::{call, call_alone, guarded, hide_panic_texts};
pub use echo::{EchoRequest, EchoResponse};
pub use envelope::{Failure, Reply};
#[cfg(any(feature = "engine", feature = "log"))]
pub use menjie_host::core_dumps;
pub use op::{Kind, Op, Reach};
pub use table::{COMMON_ERRORS, find, table};
