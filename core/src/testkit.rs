//! Fakes, manual clock, seeded ids, conformance suites.
