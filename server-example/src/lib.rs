//! The reference server
