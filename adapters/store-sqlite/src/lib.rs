//! The embedded store
