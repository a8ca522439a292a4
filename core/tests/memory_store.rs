//! The store in memory keeps the law it states.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::testkit::store::MemoryStore;

menjie::store_conformance!(Box::new(MemoryStore::new()));

mod faults {
    use menjie::policy::Lane;
    use menjie::port::{CommitError, Store, StoreError};
    use menjie::testkit::block_on;
    use menjie::testkit::fixture::{batch, hospital, message};
    use menjie::testkit::store::{Injected, MemoryStore, Op};

    fn injected_once(what: Injected) -> MemoryStore {
        let store = MemoryStore::new();
        let mut armed = true;
        store.inject(move |operation| if operation.op == Op::Commit && std::mem::take(&mut armed) { what } else { Injected::Nothing });
        store
    }

    #[test]
    fn a_lost_answer_hides_a_commit() {
        let store = injected_once(Injected::Lost);
        let sound = batch(1, message("m")).unwrap();
        assert!(matches!(block_on(store.commit(&sound)), Err(CommitError::Unknown(_))));
        assert!(block_on(store.committed(&hospital().unwrap(), sound.id)).unwrap());
        assert_eq!(block_on(store.commit(&sound)), Err(CommitError::Stale));
    }

    #[test]
    fn a_late_commit_lands_after_it_was_denied_and_meets_the_guards() {
        let store = injected_once(Injected::Later);
        let sound = batch(1, message("m")).unwrap();
        assert!(matches!(block_on(store.commit(&sound)), Err(CommitError::Unknown(_))));
        assert!(!block_on(store.committed(&hospital().unwrap(), sound.id)).unwrap());
        assert!(block_on(store.committed(&hospital().unwrap(), sound.id)).unwrap());

        let store = injected_once(Injected::Later);
        assert!(matches!(block_on(store.commit(&sound)), Err(CommitError::Unknown(_))));
        let other = batch(2, message("m")).unwrap();
        block_on(store.commit(&other)).unwrap(); // somebody else was faster
        assert!(!block_on(store.committed(&hospital().unwrap(), sound.id)).unwrap());
        assert!(!block_on(store.committed(&hospital().unwrap(), sound.id)).unwrap());
    }

    #[test]
    fn busy_and_failed_change_nothing_and_healing_ends_the_faults() {
        let store = MemoryStore::new();
        store.inject(|operation| if operation.write % 2 == 1 { Injected::Busy } else { Injected::Failed });
        let sound = batch(1, message("m")).unwrap();
        assert_eq!(block_on(store.commit(&sound)), Err(CommitError::Busy));
        assert_eq!(block_on(store.commit(&sound)), Err(CommitError::Failed("injected".to_owned())));
        assert_eq!(block_on(store.next_due(&Lane::ALL)), Err(StoreError::Failed("injected".to_owned())));
        store.heal();
        block_on(store.commit(&sound)).unwrap();
        assert_eq!(store.operations(), 4);
    }
}
