//! Folding: one event and all it tells, in one commit.
