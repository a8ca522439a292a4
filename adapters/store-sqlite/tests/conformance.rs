//! The embedded store keeps the law of the port, and gives the same history as the store in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

menjie::store_conformance!(common::Fresh::new());

/// Every read goes to the file.
mod from_the_file {
    menjie::store_conformance!(crate::common::Fresh::forgetful());
}

mod parity {
    use menjie::testkit::block_on;
    use menjie::testkit::conformance::store::parity::same_history;
    use menjie::testkit::store::MemoryStore;
    use proptest::prelude::*;

    use crate::common::Fresh;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        #[test]
        fn random_histories_are_identical_on_both_stores(seed in any::<u64>()) {
            for store in [Fresh::new(), Fresh::forgetful()] {
                let verdict = block_on(same_history(&MemoryStore::new(), &*store, seed, 300));
                prop_assert!(verdict.is_ok(), "{verdict:?}");
                // A seed that compares next to nothing is drawn again; if all are like that, the test fails.
                prop_assume!(verdict.unwrap());
            }
        }
    }
}
