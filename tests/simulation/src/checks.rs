//! The rules, each about what just happened.

mod evidence;
mod fence;
pub mod log;
mod money;
mod refund;
mod step;

pub use evidence::Evidence;
