//! The rules, each about what just happened.

mod evidence;
mod fence;
mod money;
mod refund;
mod step;

pub use evidence::Evidence;
