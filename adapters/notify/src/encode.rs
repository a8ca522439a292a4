//! What both signatures need: SHA-256, HMAC, the host of an address.

use aws_lc_rs::{digest, hmac};
use menjie::gm;

/// Lower-case hex SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    gm::hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// HMAC-SHA256.
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

/// The `Host` header of a base address, as it will be sent: without the scheme's own port.
pub(crate) fn host(base_url: &str) -> String {
    let (scheme, rest) = base_url.split_once("://").unwrap_or(("https", base_url));
    let host = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
    let own = if scheme.eq_ignore_ascii_case("http") { ":80" } else { ":443" };
    host.strip_suffix(own).map(str::to_owned).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_those_of_the_vendors() {
        assert_eq!(host("https://Sms.example:443"), "sms.example");
        assert_eq!(host("http://127.0.0.1:9406"), "127.0.0.1:9406");
        assert_eq!(host("http://sms.example:80/x"), "sms.example");
    }
}
