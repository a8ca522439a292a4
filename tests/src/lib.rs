//! What several crates are tested with: the shared vectors and their replay over any host.
#![forbid(unsafe_code)]

pub mod http;
pub mod vectors;
