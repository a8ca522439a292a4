//! Use cases over ports, the engine and its runner.
