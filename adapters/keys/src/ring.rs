//! The keys of one installation.

use std::collections::BTreeMap;

use menjie::error::Code;
use menjie::gm::{SM4_KEY_LEN, hex};
use menjie::port::{Entropy, KeyId, KeyProvider, SealKey};
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::hex::decode;

/// The document as it is written.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Document {
    current: KeyId,
    lookup: String,
    keys: Vec<Entry>,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: KeyId,
    seal: String,
}

/// Column keys by id, wiped from memory when dropped.
pub struct KeyRing {
    current: KeyId,
    keys: BTreeMap<KeyId, SealKey>,
}

impl KeyRing {
    /// A ring with one new key, id 1.
    pub fn generate(entropy: &dyn Entropy) -> KeyRing {
        let mut key = SealKey { seal: [0; SM4_KEY_LEN], lookup: [0; 32] };
        entropy.fill(&mut key.seal);
        entropy.fill(&mut key.lookup);
        KeyRing { current: 1, keys: BTreeMap::from([(1, key)]) }
    }

    /// The ring with a new current key. The old ones stay, because rows are sealed with them; the look-up half stays the same.
    pub fn rotate(mut self, entropy: &dyn Entropy) -> Result<KeyRing> {
        let mut key = self.key(self.current)?;
        entropy.fill(&mut key.seal);
        let id = self.keys.keys().next_back().and_then(|last| last.checked_add(1)).ok_or_else(|| Error::new(Code::BadKey).with("problem", "no key id is left"))?;
        self.keys.insert(id, key);
        self.current = id;
        Ok(self)
    }

    /// Reads the document; an error names the field and never shows a key.
    pub fn parse(json: &str) -> Result<KeyRing> {
        let bad = |field: &str, problem: &'static str| Error::new(Code::BadKey).with("field", field.to_owned()).with("problem", problem);
        // serde's words could quote a key: only the place is told.
        let document: Document =
            serde_json::from_str(json).map_err(|e| bad("keys", "is not the documented JSON").with("line", e.line().to_string()).with("column", e.column().to_string()))?;
        let lookup = Zeroizing::new(decode::<32>(&document.lookup, "lookup".to_owned())?);
        let mut keys = BTreeMap::new();
        for (n, entry) in document.keys.iter().enumerate() {
            let key = SealKey { seal: decode(&entry.seal, format!("keys[{n}].seal"))?, lookup: *lookup };
            if keys.insert(entry.id, key).is_some() {
                return Err(bad(&format!("keys[{n}].id"), "appears twice"));
            }
        }
        if !keys.contains_key(&document.current) {
            return Err(bad("current", "names no key of the list"));
        }
        Ok(KeyRing { current: document.current, keys })
    }

    /// The document; keep it secret.
    pub fn to_json(&self) -> Result<Zeroizing<String>> {
        let lookup = hex(&self.key(self.current)?.lookup);
        let keys = self.keys.iter().map(|(id, key)| Entry { id: *id, seal: hex(&key.seal) }).collect();
        let document = Document { current: self.current, lookup, keys };
        serde_json::to_string_pretty(&document).map(Zeroizing::new).map_err(|_| Error::internal("keys serialise"))
    }

    /// From an environment variable that holds the document. The name is an argument, the value is read by the host:
    /// `KeyRing::from_env_value("MENJIE_KEYS", std::env::var("MENJIE_KEYS").ok())`.
    pub fn from_env_value(name: &'static str, value: Option<String>) -> Result<KeyRing> {
        let value = Zeroizing::new(value.ok_or_else(|| Error::new(Code::BadKey).with("field", name).with("problem", "the environment variable is not set"))?);
        KeyRing::parse(&value).map_err(|e| e.with("variable", name))
    }
}

impl KeyProvider for KeyRing {
    fn current(&self) -> KeyId {
        self.current
    }

    fn key(&self, id: KeyId) -> Result<SealKey> {
        self.keys.get(&id).cloned().ok_or_else(|| Error::new(Code::BadKey).with("key_id", id.to_string()))
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("current", &self.current).field("ids", &self.keys.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use menjie::testkit::host::SeededEntropy;

    use super::*;

    fn document(current: u32, lookup: &str, seal: &str) -> String {
        format!(r#"{{"current":{current},"lookup":"{lookup}","keys":[{{"id":1,"seal":"{seal}"}}]}}"#)
    }

    #[test]
    fn a_ring_survives_its_document_and_a_rotation() {
        let first = KeyRing::generate(&SeededEntropy::new(1));
        let again = KeyRing::parse(&first.to_json().unwrap()).unwrap();
        assert_eq!(again.key(1).unwrap().seal, first.key(1).unwrap().seal);
        let rotated = KeyRing::parse(&again.rotate(&SeededEntropy::new(2)).unwrap().to_json().unwrap()).unwrap();
        assert_eq!(rotated.current(), 2);
        assert_eq!(rotated.key(1).unwrap().seal, first.key(1).unwrap().seal);
        assert_ne!(rotated.key(2).unwrap().seal, first.key(1).unwrap().seal);
        assert_eq!(rotated.key(2).unwrap().lookup, first.key(1).unwrap().lookup, "look-up hashes must be found again");
        assert_eq!(rotated.key(3).unwrap_err().to_string(), "[800] a key is missing, expired or has a wrong length: key_id=3");
    }

    #[test]
    fn a_wrong_document_names_the_field_and_shows_no_key() {
        let (lookup, seal) = ("ab".repeat(32), "cd".repeat(16));
        assert!(KeyRing::parse(&document(1, &lookup, &seal)).is_ok());
        let twice = format!(r#"{{"current":1,"lookup":"{lookup}","keys":[{{"id":1,"seal":"{seal}"}},{{"id":1,"seal":"{seal}"}}]}}"#);
        for (json, field) in [
            (document(2, &lookup, &seal), "current"),
            (document(1, &lookup[2..], &seal), "lookup"),
            (document(1, &lookup, &seal[..30]), "keys[0].seal"),
            (document(1, &lookup, &format!("{}zz", &seal[2..])), "keys[0].seal"),
            (document(1, &lookup, &"0".repeat(32)), "keys[0].seal"),
            (twice, "keys[1].id"),
            (r#"{"current":1}"#.to_owned(), "keys"),
            (format!(r#"{{"current":1,"lookup":"{lookup}","keys":"{seal}"}}"#), "keys"),
        ] {
            let error = KeyRing::parse(&json).unwrap_err();
            assert_eq!(error.code(), Code::BadKey);
            assert!(error.to_string().contains(&format!("field={field},")), "{error}");
            assert!(!error.to_string().contains(&lookup[..8]) && !error.to_string().contains(&seal[..8]), "{error}");
        }
    }

    #[test]
    fn debug_shows_ids_only() {
        let ring = KeyRing::generate(&SeededEntropy::new(1));
        assert_eq!(format!("{ring:?}"), "KeyRing { current: 1, ids: [1] }");
    }

    #[test]
    fn the_environment_variant_names_its_variable() {
        let json = KeyRing::generate(&SeededEntropy::new(1)).to_json().unwrap().to_string();
        assert_eq!(KeyRing::from_env_value("MENJIE_KEYS", Some(json)).unwrap().current(), 1);
        let missing = KeyRing::from_env_value("MENJIE_KEYS", None).unwrap_err();
        assert!(missing.to_string().contains("MENJIE_KEYS"), "{missing}");
    }
}
