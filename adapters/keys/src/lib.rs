//! Keys from files
