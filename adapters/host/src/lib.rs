//! What a real machine gives the engine: its clock on tokio, ids that never go back, the operating system's randomness.
#![forbid(unsafe_code)]

mod clock;
mod entropy;
mod ids;

pub use clock::SystemClock;
pub use entropy::OsEntropy;
pub use ids::{NODE_MAX, NodeIds};
