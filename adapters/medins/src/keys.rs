//! SM2 keys as sites hand them out: Base64 or hex, with or without the leading 00 of a Java number or the 04 of a point.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menjie::access::Private;
use menjie::{Error, Result, gm};
use sm2::{PublicKey, SecretKey};
use zeroize::Zeroizing;

/// Our private key: the scalar d in 32 bytes, or 33 with a leading 00. Refuses 0 and everything from n on.
pub fn private_key(text: &Private, field: &'static str) -> Result<SecretKey> {
    let bytes = bytes(text.reveal(), &[32, 33]).ok_or_else(|| Error::field(field, "is neither Base64 nor hex of 32 or 33 bytes"))?;
    let scalar = match (bytes.as_slice(), bytes.len()) {
        ([0, scalar @ ..], 33) => scalar,
        (scalar, _) => scalar,
    };
    SecretKey::from_slice(scalar).map_err(|_| Error::field(field, "is no SM2 private key"))
}

/// The centre's public key: 04‖X‖Y, or X‖Y without the 04. Refuses points off the curve.
pub fn public_key(text: &str, field: &'static str) -> Result<PublicKey> {
    let bytes = bytes(text, &[64, 65]).ok_or_else(|| Error::field(field, "is neither Base64 nor hex of 64 or 65 bytes"))?;
    let point = if bytes.len() == 64 { Zeroizing::new([&[4], bytes.as_slice()].concat()) } else { bytes };
    PublicKey::from_sec1_bytes(&point).map_err(|_| Error::field(field, "is no point of the SM2 curve"))
}

/// Hex when it is hex of a wanted length, otherwise Base64: 64 hex digits are Base64 too, but of another length.
fn bytes(text: &str, lengths: &[usize]) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim();
    let fits = |bytes: &Vec<u8>| lengths.contains(&bytes.len());
    gm::unhex(text).filter(fits).or_else(|| STANDARD.decode(text).ok().filter(fits)).map(Zeroizing::new)
}
