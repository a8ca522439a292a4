//! The HIS profile's signature (docs/his-front.yaml §2), on another SM3 than the client's.

use std::fmt::Write;

use gm_sm3::sm3_hash;

/// SM3 works on blocks of 64 bytes.
const BLOCK: usize = 64;

/// Lower-case hex HMAC-SM3 (RFC 2104 over SM3).
pub(super) fn hmac_hex(secret: &[u8], message: &[u8]) -> String {
    let mut key = [0_u8; BLOCK];
    let hashed;
    let material: &[u8] = if secret.len() > BLOCK {
        hashed = sm3_hash(secret);
        &hashed
    } else {
        secret
    };
    for (place, byte) in key.iter_mut().zip(material) {
        *place = *byte;
    }
    let mut inner: Vec<u8> = key.iter().map(|byte| byte ^ 0x36).collect();
    inner.extend_from_slice(message);
    let mut outer: Vec<u8> = key.iter().map(|byte| byte ^ 0x5c).collect();
    outer.extend_from_slice(&sm3_hash(&inner));
    hex(&sm3_hash(&outer))
}

/// Lower-case hex SM3 of a body.
pub(super) fn body_hash(body: &[u8]) -> String {
    hex(&sm3_hash(body))
}

/// The request's signature.
pub(super) fn request(secret: &str, path: &str, time: &str, nonce: &str, body: &[u8]) -> String {
    hmac_hex(secret.as_bytes(), format!("POST\n{path}\n{time}\n{nonce}\n{}", body_hash(body)).as_bytes())
}

/// The answer's signature.
pub(super) fn answer(secret: &str, time: &str, request_nonce: &str, body: &[u8]) -> String {
    hmac_hex(secret.as_bytes(), format!("{time}\n{request_nonce}\n{}", body_hash(body)).as_bytes())
}

/// Compares without stopping at the first difference.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sm3_and_hmac_are_those_of_the_published_vectors() {
        // GB/T 32905 example 1; HMAC-SM3("secret", "source") of domain/payments.md §4.3.
        assert_eq!(body_hash(b"abc"), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
        assert_eq!(hmac_hex(b"secret", b"source"), "b9ff646822f41ef647c1416fa2b8408923828abc0464af6706e18db3e8553da8");
    }

    #[test]
    fn a_long_secret_is_hashed_first() {
        let long = [7_u8; 100];
        assert_eq!(hmac_hex(&long, b"m"), hmac_hex(&sm3_hash(&long), b"m"));
    }

    #[test]
    fn comparing_needs_every_byte() {
        assert!(same("ab", "ab"));
        assert!(!same("ab", "aB") && !same("ab", "abc") && !same("", "a"));
    }
}
