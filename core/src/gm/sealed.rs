//! Sealed columns: how one value is encrypted at rest and found again. The layout is written in docs/sealed-columns.md.

use super::{GCM_NONCE_LEN, GCM_TAG_LEN, MacKey, SealingKey};
use crate::error::{Code, Error, Result};
use crate::port::KeyId;

mod keys;

pub use keys::ColumnKeys;

/// The only layout so far.
pub const VERSION: u8 = 1;
/// Bytes before the ciphertext: version, key id, nonce.
pub const HEADER_LEN: usize = 1 + 4 + GCM_NONCE_LEN;
/// How much longer a sealed value is than its plain text.
pub const OVERHEAD: usize = HEADER_LEN + GCM_TAG_LEN;

/// Where a sealed value lives. It is bound to this place: moved to another row, column or table it does not open.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Table name.
    pub table: &'a str,
    /// Column name.
    pub column: &'a str,
    /// The row's primary key, as bytes that never change for the row.
    pub key: &'a [u8],
}

impl Place<'_> {
    /// table ‖ 0x00 ‖ column ‖ 0x00 ‖ key. Only the key, which comes last, may contain a zero byte.
    fn aad(&self) -> Result<Vec<u8>> {
        if self.table.contains('\0') || self.column.contains('\0') {
            return Err(Error::internal("table and column names have no zero byte"));
        }
        Ok([self.table.as_bytes(), b"\0", self.column.as_bytes(), b"\0", self.key].concat())
    }
}

/// Seals a value: version (1) ‖ key id (4, big-endian) ‖ nonce (12) ‖ ciphertext ‖ tag (16). A nonce must never repeat
/// under one key: draw it from [`crate::port::Entropy`].
pub fn seal(key_id: KeyId, key: &SealingKey, nonce: &[u8; GCM_NONCE_LEN], place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
    let mut header = [VERSION; HEADER_LEN];
    let (_, rest) = header.split_at_mut(1);
    let (id, rest) = rest.split_at_mut(4);
    id.copy_from_slice(&key_id.to_be_bytes());
    rest.copy_from_slice(nonce);
    key.seal_behind(&header, nonce, &place.aad()?, plain)
}

/// Opens what [`seal`] made, with the key named in its header (see [`key_id`]).
pub fn open(key: &SealingKey, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
    let parts = split(sealed)?;
    key.open(parts.nonce, &place.aad()?, parts.body)
}

/// Which key a sealed value was made with.
pub fn key_id(sealed: &[u8]) -> Result<KeyId> {
    split(sealed).map(|parts| parts.key_id)
}

/// The look-up hash of a value (`*_hash` columns): HMAC-SM3 over domain ‖ 0x00 ‖ value. The domain names what the value
/// is (`patient.id_no`), so that equal values of different meaning have different hashes. It does not depend on the row.
pub fn lookup_hash(lookup_key: &MacKey, domain: &str, value: &[u8]) -> Result<[u8; 32]> {
    if domain.contains('\0') {
        return Err(Error::internal("the domain of a look-up hash has no zero byte"));
    }
    Ok(lookup_key.mac(&[domain.as_bytes(), b"\0", value]))
}

struct Parts<'a> {
    key_id: KeyId,
    nonce: &'a [u8; GCM_NONCE_LEN],
    body: &'a [u8],
}

fn split(sealed: &[u8]) -> Result<Parts<'_>> {
    let broken = || Error::new(Code::SealBroken);
    let (version, rest) = sealed.split_first().ok_or_else(broken)?;
    if *version != VERSION {
        return Err(broken().with("version", version.to_string()));
    }
    let (id, rest) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
    let (nonce, body) = rest.split_first_chunk::<GCM_NONCE_LEN>().ok_or_else(broken)?;
    if body.len() < GCM_TAG_LEN {
        return Err(broken());
    }
    Ok(Parts { key_id: KeyId::from_be_bytes(*id), nonce, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gm::sm4_gcm_open;

    const KEY: [u8; 16] = [7; 16];

    fn key() -> SealingKey {
        SealingKey::new(&KEY)
    }

    const NONCE: [u8; 12] = [9; 12];
    const PLACE: Place<'static> = Place { table: "patient", column: "id_no_enc", key: b"mz\x0042" };

    #[test]
    fn the_layout_is_the_documented_one() {
        let sealed = seal(0x0102_0304, &key(), &NONCE, &PLACE, "张三".as_bytes()).unwrap();
        assert_eq!(sealed.len(), "张三".len() + OVERHEAD);
        assert_eq!(sealed[..5], [1, 1, 2, 3, 4]);
        assert_eq!(sealed[5..17], NONCE);
        // The body is plain SM4-GCM under the documented AAD: any other implementation can open it.
        let aad = b"patient\0id_no_enc\0mz\x0042";
        assert_eq!(sm4_gcm_open(&KEY, &NONCE, aad, &sealed[17..]).unwrap(), "张三".as_bytes());
        assert_eq!(key_id(&sealed).unwrap(), 0x0102_0304);
        assert_eq!(open(&key(), &PLACE, &sealed).unwrap(), "张三".as_bytes());
    }

    #[test]
    fn another_place_does_not_open() {
        let sealed = seal(1, &key(), &NONCE, &PLACE, b"x").unwrap();
        for other in [
            Place { table: "visit", ..PLACE },
            Place { column: "name_enc", ..PLACE },
            Place { key: b"mz\x0043", ..PLACE },
            // The separators keep table, column and key from flowing into each other.
            Place { table: "patienti", column: "d_no_enc", ..PLACE },
            Place { column: "id_no_en", key: b"c\0mz\x0042", ..PLACE },
        ] {
            assert_eq!(open(&key(), &other, &sealed).unwrap_err().code(), Code::SealBroken, "{other:?}");
        }
        assert_eq!(seal(1, &key(), &NONCE, &Place { table: "a\0b", ..PLACE }, b"x").unwrap_err().code(), Code::Internal);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let sealed = seal(1, &key(), &NONCE, &PLACE, b"13800000000").unwrap();
        for at in 0..sealed.len() {
            assert_eq!(open(&key(), &PLACE, &sealed[..at]).unwrap_err().code(), Code::SealBroken, "cut at {at}");
            for bit in 0..8 {
                let mut forged = sealed.clone();
                forged[at] ^= 1 << bit;
                // A changed key id leads to another key, which the provider decides; under the same key it still opens.
                if (1..5).contains(&at) {
                    assert_ne!(key_id(&forged).unwrap(), 1);
                } else {
                    assert_eq!(open(&key(), &PLACE, &forged).unwrap_err().code(), Code::SealBroken, "byte {at} bit {bit}");
                }
            }
        }
    }

    #[test]
    fn lookup_hashes_depend_on_key_domain_and_value_only() {
        let mac = |byte: u8| MacKey::new(&[byte; 32]).unwrap();
        let hash = lookup_hash(&mac(1), "patient.phone", b"13800000000").unwrap();
        assert_eq!(hash, lookup_hash(&mac(1), "patient.phone", b"13800000000").unwrap());
        assert_ne!(hash, lookup_hash(&mac(2), "patient.phone", b"13800000000").unwrap());
        assert_ne!(hash, lookup_hash(&mac(1), "contact.phone", b"13800000000").unwrap());
        assert_ne!(hash, lookup_hash(&mac(1), "patient.phone", b"13800000001").unwrap());
        assert!(lookup_hash(&mac(1), "a\0b", b"").is_err());
    }
}
