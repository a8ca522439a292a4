//! PEM as people paste it: any line length, CRLF, a byte-order mark; one block, nothing around it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The label and the bytes. `None` for anything that is not exactly one block.
pub(crate) fn read(text: &str) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let (label, rest) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let (body, end) = rest.split_once("-----END ")?;
    if end.strip_suffix("-----")? != label {
        return None;
    }
    let body: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    STANDARD.decode(body.as_bytes()).ok().map(|der| (label, Zeroizing::new(der)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_length_and_line_ends_do_not_matter() {
        for text in [
            "-----BEGIN X Y-----\nAAEC\nAw==\n-----END X Y-----\n",
            "\u{feff}-----BEGIN X Y-----\r\nAAECAw==\r\n-----END X Y-----\r\n\r\n",
            "-----BEGIN X Y-----AAECAw==-----END X Y-----",
        ] {
            assert_eq!(read(text).map(|(label, der)| (label, der.to_vec())), Some(("X Y", vec![0, 1, 2, 3])), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "AAEC",
            "-----BEGIN X-----\nAAEC\n-----END Y-----",
            "-----BEGIN X-----\nA*EC\n-----END X-----",
            "-----BEGIN X-----\nAAEC\n-----END X----- more",
            "-----BEGIN X-----",
            "-----BEGIN X-----\nAAEC\n-----END X-----\n-----BEGIN X-----\nAAEC\n-----END X-----",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
