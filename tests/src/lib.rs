//! What several crates are tested with: the shared vectors and scenarios, and their replay over any host.
#![forbid(unsafe_code)]

pub mod http;
pub mod pattern;
pub mod play;
pub mod scenario;
pub mod stage;
pub mod vectors;
