//! Benchmarks: seeded data, measuring, and what the peer scripts share with us.

pub mod lines;
pub mod measure;
