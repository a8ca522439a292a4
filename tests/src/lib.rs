//! What several crates are tested with: the shared vectors and scenarios, their replay over any host, and the search for secrets.
#![forbid(unsafe_code)]

pub mod canary;
pub mod http;
pub mod pattern;
pub mod play;
pub mod scenario;
pub mod stage;
pub mod vectors;
