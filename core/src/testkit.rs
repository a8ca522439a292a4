//! Fakes and conformance suites for tests and simulations (feature `testkit`).

mod block_on;
pub mod host;
pub mod store;

pub use block_on::block_on;
