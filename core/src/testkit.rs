//! Fakes and conformance suites for tests and simulations (feature `testkit`).

mod block_on;
pub mod conformance;
pub mod exec;
pub mod fixture;
pub mod host;
pub mod store;
pub mod world;

pub use block_on::block_on;
