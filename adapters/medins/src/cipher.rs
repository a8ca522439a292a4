//! SM4-ECB-PKCS7 as the envelope demands it (domain/medins.md §1.4). Weak by today's measure: used for nothing else.

use menjie::{Error, Result, gm};
use menjie_transport::Shape;
use sm4::Sm4;
use sm4::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use zeroize::Zeroizing;

const BLOCK: usize = 16;

/// Reads either case; writes what the site wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HexCase {
    /// `0A1B`, as most clients.
    #[default]
    Upper,
    /// `0a1b`.
    Lower,
}

/// The key of `encData`, derived from app id and secret.
pub struct DataKey(Sm4);

impl DataKey {
    /// K1 is the first 16 characters of the app id; K2 the first 16 characters of the hex of SM4(K1, secret).
    pub fn derive(app_id: &str, secret: &str) -> Result<DataKey> {
        let wrap = app_id.as_bytes().first_chunk::<BLOCK>().ok_or_else(|| Error::field("app_id", "must have at least 16 characters"))?;
        let wrapped = Zeroizing::new(encrypt(&Sm4::new(wrap.into()), secret.as_bytes()));
        let hex = Zeroizing::new(gm::hex(&wrapped).to_ascii_uppercase());
        let key = hex.as_bytes().first_chunk::<BLOCK>().ok_or_else(|| Error::internal("a padded secret has a block"))?;
        Ok(DataKey(Sm4::new(key.into())))
    }

    /// Hex of the encrypted text.
    pub fn seal(&self, text: &str, case: HexCase) -> String {
        let hex = gm::hex(&encrypt(&self.0, text.as_bytes()));
        match case {
            HexCase::Upper => hex.to_ascii_uppercase(),
            HexCase::Lower => hex,
        }
    }

    /// The text of hex in either case.
    pub fn open(&self, hex: &str) -> std::result::Result<Zeroizing<Vec<u8>>, Shape> {
        let wrong = |problem| Shape::new("encData", problem);
        let mut bytes = Zeroizing::new(gm::unhex(hex).ok_or(wrong("is not hex"))?);
        let (blocks, rest) = bytes.as_chunks_mut::<BLOCK>();
        if !rest.is_empty() {
            return Err(wrong("is not whole blocks"));
        }
        for block in blocks {
            self.0.decrypt_block(block.into());
        }
        let padding = bytes.last().copied().ok_or(wrong("is empty"))?;
        let text = bytes.len().checked_sub(usize::from(padding)).filter(|_| (1..=BLOCK).contains(&usize::from(padding)));
        let text = text.filter(|text| bytes.iter().skip(*text).all(|byte| *byte == padding)).ok_or(wrong("does not open under our key"))?;
        bytes.truncate(text);
        Ok(bytes)
    }
}

fn encrypt(key: &Sm4, text: &[u8]) -> Vec<u8> {
    let padding = BLOCK - text.len() % BLOCK;
    let mut bytes = text.to_vec();
    bytes.extend(std::iter::repeat_n(u8::try_from(padding).unwrap_or_default(), padding));
    for block in bytes.as_chunks_mut::<BLOCK>().0 {
        key.encrypt_block(block.into());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn records(kind: &str) -> Vec<Value> {
        let text = include_str!("../../../tests/vectors/medins/known_answers.jsonl");
        let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).filter(|record: &Value| record["kind"] == kind).collect();
        assert!(!records.is_empty(), "{kind}");
        records
    }

    fn text<'a>(record: &'a Value, field: &str) -> &'a str {
        record[field].as_str().unwrap()
    }

    #[test]
    fn the_block_cipher_is_that_of_the_standard() {
        for record in records("sm4") {
            let key: [u8; 16] = gm::unhex(text(&record, "key")).unwrap().try_into().unwrap();
            let cipher = encrypt(&Sm4::new(&key.into()), &gm::unhex(text(&record, "plain")).unwrap());
            assert_eq!(gm::hex(&cipher[..16]), text(&record, "cipher"));
        }
    }

    #[test]
    fn the_key_is_derived_from_characters_not_from_bytes() {
        for record in records("wrap") {
            let (app_id, secret) = (text(&record, "app_id"), text(&record, "secret"));
            let k1: [u8; 16] = text(&record, "k1").as_bytes().try_into().unwrap();
            assert_eq!(gm::hex(&encrypt(&Sm4::new(&k1.into()), secret.as_bytes())).to_ascii_uppercase(), text(&record, "wrapped"));
            let k2: [u8; 16] = text(&record, "k2").as_bytes().try_into().unwrap();
            let derived = DataKey::derive(app_id, secret).unwrap();
            assert_eq!(encrypt(&derived.0, b"x"), encrypt(&Sm4::new(&k2.into()), b"x"));
        }
    }

    #[test]
    fn what_is_sealed_opens_in_either_case_and_nothing_else_does() {
        for record in records("seal") {
            let key = DataKey::derive(text(&record, "app_id"), text(&record, "secret")).unwrap();
            let (plain, enc) = (text(&record, "plain"), text(&record, "enc"));
            assert_eq!(key.seal(plain, HexCase::Upper), enc);
            assert_eq!(key.seal(plain, HexCase::Lower), enc.to_ascii_lowercase());
            for hex in [enc.to_owned(), enc.to_ascii_lowercase()] {
                assert_eq!(key.open(&hex).unwrap().as_slice(), plain.as_bytes());
            }
            let other = DataKey::derive("ANOTHERAPPID0000", text(&record, "secret")).unwrap();
            for (key, hex) in [(&key, ""), (&key, &enc[..30]), (&key, &enc[..32]), (&key, "zz"), (&other, enc)] {
                assert!(key.open(hex).is_err(), "{hex}");
            }
        }
        let key = DataKey::derive("MADEUPAPPID00000", "s").unwrap();
        for length in 0..40 {
            let plain = "x".repeat(length);
            assert_eq!(key.open(&key.seal(&plain, HexCase::Upper)).unwrap().as_slice(), plain.as_bytes());
        }
        assert!(DataKey::derive("SHORT", "s").is_err());
    }
}
