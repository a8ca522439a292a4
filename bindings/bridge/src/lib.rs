//! The contract of every host
