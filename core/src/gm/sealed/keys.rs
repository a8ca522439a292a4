//! A provider's keys, kept expanded: expanding one costs more than sealing a short value with it.

use std::sync::{Arc, PoisonError, RwLock};

use super::{GCM_NONCE_LEN, MacKey, Place, SealingKey, key_id, lookup_hash, open, seal};
use crate::error::Result;
use crate::port::{KeyId, KeyProvider};

/// Old keys are few: a year of monthly rotations.
const KEPT: usize = 12;

/// What seals, opens and looks up columns with the keys of one provider. A key that was used once stays in memory, at most
/// twelve at a time; which key is current is asked every time, so that a rotation needs no restart.
pub struct ColumnKeys {
    provider: Arc<dyn KeyProvider>,
    lookup: MacKey,
    expanded: RwLock<Vec<(KeyId, Arc<SealingKey>)>>,
}

impl ColumnKeys {
    /// With the provider's current look-up key, which must be the one of all its keys.
    pub fn new(provider: Arc<dyn KeyProvider>) -> Result<ColumnKeys> {
        let lookup = MacKey::new(&provider.key(provider.current())?.lookup)?;
        Ok(ColumnKeys { provider, lookup, expanded: RwLock::new(Vec::new()) })
    }

    /// [`seal`] with the current key.
    pub fn seal(&self, nonce: &[u8; GCM_NONCE_LEN], place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let id = self.provider.current();
        seal(id, self.key(id)?.as_ref(), nonce, place, plain)
    }

    /// [`open`] with the key that the value names, so that old rows open after a rotation.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        open(self.key(key_id(sealed)?)?.as_ref(), place, sealed)
    }

    /// [`lookup_hash`] with the look-up key.
    pub fn lookup_hash(&self, domain: &str, value: &[u8]) -> Result<[u8; 32]> {
        lookup_hash(&self.lookup, domain, value)
    }

    fn key(&self, id: KeyId) -> Result<Arc<SealingKey>> {
        let known = |keys: &[(KeyId, Arc<SealingKey>)]| keys.iter().find(|(known, _)| *known == id).map(|(_, key)| key.clone());
        if let Some(key) = known(&self.expanded.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(key);
        }
        // Not under the lock: a provider may ask a machine elsewhere.
        let key = Arc::new(SealingKey::new(&self.provider.key(id)?.seal));
        let mut keys = self.expanded.write().unwrap_or_else(PoisonError::into_inner);
        if known(&keys).is_none() {
            if keys.len() == KEPT {
                keys.remove(0);
            }
            keys.push((id, key.clone()));
        }
        Ok(key)
    }
}

impl std::fmt::Debug for ColumnKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ColumnKeys(***)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::error::{Code, Error};
    use crate::port::SealKey;

    const NONCE: [u8; 12] = [9; 12];
    const PLACE: Place<'static> = Place { table: "patient", column: "id_no_enc", key: b"mz\x0042" };

    /// Key n is n sixteen times; there are twenty. Counts how often it was asked.
    struct Twenty {
        current: AtomicU32,
        asked: AtomicU32,
    }

    impl KeyProvider for Twenty {
        fn current(&self) -> KeyId {
            self.current.load(Ordering::Relaxed)
        }

        fn key(&self, id: KeyId) -> Result<SealKey> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            match id {
                1..=20 => Ok(SealKey { seal: [u8::try_from(id).unwrap(); 16], lookup: [7; 32] }),
                _ => Err(Error::new(Code::BadKey).with("key_id", id.to_string())),
            }
        }
    }

    fn keys(current: KeyId) -> (ColumnKeys, Arc<Twenty>) {
        let provider = Arc::new(Twenty { current: current.into(), asked: 0.into() });
        (ColumnKeys::new(provider.clone()).unwrap(), provider)
    }

    #[test]
    fn old_rows_open_after_a_rotation_and_a_forged_key_id_does_not_help() {
        let (keys, provider) = keys(1);
        let old = keys.seal(&NONCE, &PLACE, b"old").unwrap();
        assert_eq!(old, seal(1, &SealingKey::new(&[1; 16]), &NONCE, &PLACE, b"old").unwrap());
        provider.current.store(2, Ordering::Relaxed);
        let new = keys.seal(&NONCE, &PLACE, b"new").unwrap();
        assert_eq!(key_id(&new).unwrap(), 2);
        assert_eq!(keys.open(&PLACE, &old).unwrap(), b"old");
        assert_eq!(keys.open(&PLACE, &new).unwrap(), b"new");
        let mut forged = new.clone();
        forged[4] = 1;
        assert_eq!(keys.open(&PLACE, &forged).unwrap_err().code(), Code::SealBroken);
        forged[4] = 33;
        assert_eq!(keys.open(&PLACE, &forged).unwrap_err().code(), Code::BadKey);
    }

    #[test]
    fn a_key_is_asked_for_once_and_few_are_kept() {
        let (keys, provider) = keys(1);
        let asked = || provider.asked.swap(0, Ordering::Relaxed);
        assert_eq!(asked(), 1, "the look-up key");
        for _ in 0..3 {
            let sealed = keys.seal(&NONCE, &PLACE, b"x").unwrap();
            keys.open(&PLACE, &sealed).unwrap();
            keys.lookup_hash("patient.phone", b"x").unwrap();
        }
        assert_eq!(asked(), 1, "the current key");
        for id in 1..=20 {
            let sealed = seal(id, &SealingKey::new(&[u8::try_from(id).unwrap(); 16]), &NONCE, &PLACE, b"x").unwrap();
            assert_eq!(keys.open(&PLACE, &sealed).unwrap(), b"x");
        }
        assert_eq!(asked(), 19);
        assert_eq!(keys.expanded.read().unwrap().len(), KEPT);
        // The first was pushed out; it comes back when it is needed.
        keys.seal(&NONCE, &PLACE, b"x").unwrap();
        keys.seal(&NONCE, &PLACE, b"x").unwrap();
        assert_eq!(asked(), 1);
    }

    #[test]
    fn looking_up_and_showing_tell_no_key() {
        let (keys, _) = keys(1);
        assert_eq!(keys.lookup_hash("patient.phone", b"1").unwrap(), lookup_hash(&MacKey::new(&[7; 32]).unwrap(), "patient.phone", b"1").unwrap());
        assert_eq!(format!("{keys:?} {:?} {:?}", MacKey::new(b"k").unwrap(), SealingKey::new(&[1; 16])), "ColumnKeys(***) MacKey(***) SealingKey(***)");
    }
}
