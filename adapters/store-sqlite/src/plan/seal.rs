//! Sealing bodies and hashing look-ups: docs/sealed-columns.md.

use std::sync::Arc;

use menjie::Result;
use menjie::gm::GCM_NONCE_LEN;
use menjie::gm::sealed::{ColumnKeys, Place};
use menjie::ident::{HospitalId, PatientId, RequestKey};
use menjie::port::{Entropy, KeyProvider, StoreError};

/// Seals and opens what one store keeps.
pub struct Sealer {
    keys: ColumnKeys,
    entropy: Arc<dyn Entropy>,
}

impl Sealer {
    /// With the provider's current look-up key, which must be the one of all its keys.
    pub fn new(keys: Arc<dyn KeyProvider>, entropy: Arc<dyn Entropy>) -> Result<Sealer> {
        Ok(Sealer { keys: ColumnKeys::new(keys)?, entropy })
    }

    /// Seals a body that lives in `table.column` of the row with this key.
    pub fn seal(&self, table: &str, column: &str, key: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; GCM_NONCE_LEN];
        self.entropy.fill(&mut nonce);
        self.keys.seal(&nonce, &Place { table, column, key }, plain)
    }

    /// Opens a body.
    pub fn open(&self, table: &'static str, column: &'static str, key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.keys.open(&Place { table, column, key }, sealed).map_err(|_| StoreError::Corrupt(format!("{table}.{column} does not open")))
    }

    /// The hash by which a patient's rows are found.
    pub fn patient(&self, patient: &PatientId) -> Result<Vec<u8>> {
        self.hash("patient.id", patient.as_str().as_bytes())
    }

    /// The hash by which a request's reply is found; scope and key both count.
    pub fn request(&self, scope: &str, key: &RequestKey) -> Result<Vec<u8>> {
        self.hash("idem.request", &[scope.as_bytes(), b"\0", key.as_str().as_bytes()].concat())
    }

    /// A fingerprint of the look-up key itself.
    pub fn fingerprint(&self) -> Result<Vec<u8>> {
        self.hash("lookup_key.check", b"menjie")
    }

    fn hash(&self, domain: &str, value: &[u8]) -> Result<Vec<u8>> {
        self.keys.lookup_hash(domain, value).map(Vec::from)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

/// The primary key of a row as bytes of the AAD: hospital ‖ 0x00 ‖ numbers, big-endian.
pub(super) fn place(hospital: &HospitalId, numbers: &[i64]) -> Vec<u8> {
    let mut key = [hospital.as_str().as_bytes(), b"\0"].concat();
    numbers.iter().for_each(|number| key.extend_from_slice(&number.to_be_bytes()));
    key
}

/// The same for a key of text or bytes.
pub(super) fn place_of(hospital: &HospitalId, rest: &[u8]) -> Vec<u8> {
    [hospital.as_str().as_bytes(), b"\0", rest].concat()
}
