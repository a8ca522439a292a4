//! Percent-encoding of what stands inside an address.

/// RFC 3986: everything but letters, digits and `-._~`.
pub fn percent(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(percent("a b*~/+=:{\"码\"}"), "a%20b%2A~%2F%2B%3D%3A%7B%22%E7%A0%81%22%7D");
    }
}
