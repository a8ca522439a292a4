//! Benchmarks: seeded data, measuring, a hospital in a box with a server before it, and what the peer scripts share with us.

pub mod bill;
pub mod hosts;
pub mod lines;
pub mod measure;
pub mod pay;
pub mod peers;
pub mod process;
pub mod record;
pub mod refund;
pub mod rig;
pub mod sealing;
pub mod settlements;
pub mod statement;

/// Whatever goes wrong ends a bench with its reason.
pub type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
