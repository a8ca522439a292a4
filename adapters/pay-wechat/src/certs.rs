//! Sealed parts of callbacks and of the certificate list (payments.md §1.3, §1.5, §1.12).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menjie::error::Code;
use menjie::gm::{GCM_NONCE_LEN, SM4_KEY_LEN, sm3, sm4_gcm_open};
use menjie::{Error, Result};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::config::APIV3_KEY_LEN;
use crate::json;
use crate::keys::VerifyKey;

/// A sealed object as it stands in JSON.
#[derive(Clone, Debug, Deserialize)]
pub struct Sealed {
    /// `AEAD_AES_256_GCM` or `AEAD_SM4_GCM`.
    pub algorithm: String,
    /// 12 bytes of text.
    pub nonce: String,
    /// Signed along; may be empty or absent.
    #[serde(default)]
    pub associated_data: Option<String>,
    /// Base64 of the ciphertext and its 16-byte tag.
    pub ciphertext: String,
}

impl Sealed {
    /// Opens it with the APIv3 key. A wrong length, encoding, tag or algorithm is an error that shows nothing.
    pub fn open(&self, apiv3_key: &[u8; APIV3_KEY_LEN]) -> Result<Zeroizing<Vec<u8>>> {
        let wrong = |what: &'static str| Error::new(Code::SealBroken).with("problem", what);
        let nonce = <[u8; GCM_NONCE_LEN]>::try_from(self.nonce.as_bytes()).map_err(|_| wrong("nonce"))?;
        let aad = self.associated_data.as_deref().unwrap_or_default().as_bytes();
        let mut sealed = Zeroizing::new(STANDARD.decode(&self.ciphertext).map_err(|_| wrong("encoding"))?);
        match self.algorithm.as_str() {
            "AEAD_AES_256_GCM" => {
                let key = UnboundKey::new(&AES_256_GCM, apiv3_key).map_err(|_| wrong("key"))?;
                let opened = LessSafeKey::new(key).open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed);
                let length = opened.map_err(|_| wrong("tag"))?.len();
                sealed.truncate(length);
                Ok(sealed)
            }
            "AEAD_SM4_GCM" => {
                let digest = Zeroizing::new(sm3(apiv3_key));
                let key = digest.first_chunk::<SM4_KEY_LEN>().ok_or_else(|| wrong("key"))?;
                sm4_gcm_open(key, &nonce, aad, &sealed).map(Zeroizing::new).map_err(|_| wrong("tag"))
            }
            _ => Err(wrong("algorithm")),
        }
    }
}

/// Reads the answer of `GET /v3/certificates`: serial numbers and keys. The certificates are authentic because only
/// WeChat Pay and the merchant hold the APIv3 key; the answer's own signature is verified with them afterwards. Entries
/// of a kind this adapter does not speak (SM2) are passed over; it is an error when none is left.
pub fn read_certificates(body: &[u8], apiv3_key: &[u8; APIV3_KEY_LEN]) -> Result<Vec<(String, VerifyKey)>> {
    let none = || Error::new(Code::ChannelAnswer).with("problem", "no usable certificate");
    let list: List = json::read(body).ok_or_else(none)?;
    let keys: Vec<_> = list.data.into_iter().filter_map(|entry| entry.read(apiv3_key).ok()).collect();
    if keys.is_empty() { Err(none()) } else { Ok(keys) }
}

#[derive(Deserialize)]
struct List {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    serial_no: String,
    encrypt_certificate: Sealed,
}

impl Entry {
    fn read(self, apiv3_key: &[u8; APIV3_KEY_LEN]) -> Result<(String, VerifyKey)> {
        let pem = self.encrypt_certificate.open(apiv3_key)?;
        let pem = std::str::from_utf8(&pem).map_err(|_| Error::field("pem", "is not PEM"))?;
        let key = VerifyKey::from_pem(&self.serial_no, pem)?;
        Ok((self.serial_no, key))
    }
}
