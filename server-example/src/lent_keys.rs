//! Keys that auditors lent to their sessions. They are in memory only, which is locked where the system allows it
//! (`menjie_keys::locked_memory`) and wiped when they are dropped, and gone after a quarter of an hour without use, at the latest.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use menjie::Timestamp;
use menjie::gm::sm2::Sm2PrivateKey;

/// A key nobody used for so long is dropped.
const IDLE_MS: i64 = 900_000;

/// Keys by the hash of the session's token.
#[derive(Default)]
pub struct LentKeys(Mutex<BTreeMap<String, Lent>>);

struct Lent {
    key: Arc<Sm2PrivateKey>,
    used: Timestamp,
}

impl Lent {
    fn is_idle(&self, now: Timestamp) -> bool {
        now.since(self.used) >= IDLE_MS
    }
}

impl LentKeys {
    /// For this session, in the place of an earlier one.
    pub fn lend(&self, session: String, key: Arc<Sm2PrivateKey>, now: Timestamp) {
        self.held().insert(session, Lent { key, used: now });
    }

    /// The session's key; asking for it is using it.
    pub fn of(&self, session: &str, now: Timestamp) -> Option<Arc<Sm2PrivateKey>> {
        let mut held = self.held();
        held.retain(|_, lent| !lent.is_idle(now));
        let lent = held.get_mut(session)?;
        lent.used = now;
        Some(Arc::clone(&lent.key))
    }

    /// Drops a session's key.
    pub fn drop_of(&self, session: &str) {
        self.held().remove(session);
    }

    /// Drops what was idle for too long; the sessions that still have one.
    pub fn sessions(&self, now: Timestamp) -> Vec<String> {
        let mut held = self.held();
        held.retain(|_, lent| !lent.is_idle(now));
        held.keys().cloned().collect()
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Lent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie::testkit::host::SeededEntropy;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_millis(1_772_409_600_000 + s * 1000)
    }

    #[test]
    fn a_key_is_its_sessions_alone_and_gone_after_a_quarter_of_an_hour() {
        let keys = LentKeys::default();
        let key = Arc::new(Sm2PrivateKey::generate(&SeededEntropy::new(1)).unwrap());
        keys.lend("one".to_owned(), Arc::clone(&key), at(0));
        assert!(keys.of("other", at(1)).is_none());
        assert!(keys.of("one", at(899)).is_some() && keys.of("one", at(1_798)).is_some(), "it was used");
        assert_eq!(Arc::strong_count(&key), 2);
        assert!(keys.of("one", at(2_698)).is_none());
        assert_eq!(Arc::strong_count(&key), 1, "dropped, not only hidden");
        keys.lend("one".to_owned(), Arc::clone(&key), at(0));
        assert_eq!(keys.sessions(at(899)), ["one"]);
        assert!(keys.sessions(at(900)).is_empty());
        keys.lend("one".to_owned(), Arc::clone(&key), at(0));
        keys.drop_of("one");
        assert_eq!(Arc::strong_count(&key), 1);
    }
}
