//! What a real machine gives the engine: its clock on tokio, ids that never go back, the operating system's randomness; and what
//! a process of ours asks of it: never to be dumped.
#![forbid(unsafe_code)]

mod clock;
pub mod core_dumps;
mod entropy;
mod ids;

pub use clock::SystemClock;
pub use entropy::OsEntropy;
pub use ids::{NODE_MAX, NodeIds};
