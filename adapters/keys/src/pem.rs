//! PEM (RFC 7468): a label and bytes in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use menjie::error::Code;
use menjie::{Error, Result};
use zeroize::Zeroizing;

pub(crate) const PRIVATE: &str = "PRIVATE KEY";
pub(crate) const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
pub(crate) const PUBLIC: &str = "PUBLIC KEY";

/// A block: its label and what it holds.
pub(crate) struct Block<'t> {
    pub(crate) label: &'t str,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// All blocks of a text, in order. Words between them are allowed, as OpenSSL writes some.
pub(crate) fn blocks(text: &str) -> Result<Vec<Block<'_>>> {
    let bad = |problem: &'static str| Error::new(Code::BadKey).with("field", "key_file").with("problem", problem);
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Zeroizing<String>)> = None;
    for line in text.lines().map(str::trim) {
        let border = |word: &str| line.strip_prefix("-----").and_then(|l| l.strip_prefix(word)).and_then(|l| l.strip_suffix("-----"));
        match (&mut open, border("BEGIN "), border("END ")) {
            (None, Some(label), _) => open = Some((label, Zeroizing::new(String::with_capacity(text.len())))),
            (None, None, _) => {}
            (Some((label, base64)), None, Some(end)) if *label == end => {
                let mut bytes = Zeroizing::new(Vec::with_capacity(base64.len()));
                STANDARD.decode_vec(base64.as_bytes(), &mut bytes).map_err(|_| bad("is PEM with a broken block"))?;
                blocks.push(Block { label, bytes });
                open = None;
            }
            (Some((_, base64)), None, None) => base64.push_str(line),
            (Some(_), ..) => return Err(bad("is PEM whose block does not end as it began")),
        }
    }
    if open.is_some() { Err(bad("is PEM that is cut off")) } else { Ok(blocks) }
}

/// One block as text.
pub(crate) fn text(label: &str, bytes: &[u8]) -> Zeroizing<String> {
    let mut base64 = Zeroizing::new(String::with_capacity(bytes.len() * 2 + 4));
    STANDARD.encode_string(bytes, &mut base64);
    let mut out = Zeroizing::new(String::with_capacity(base64.len() * 2 + label.len() * 2 + 64));
    ["-----BEGIN ", label, "-----\n"].iter().for_each(|part| out.push_str(part));
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at_checked(64).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = behind;
    }
    ["-----END ", label, "-----\n"].iter().for_each(|part| out.push_str(part));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_and_broken_ones_are_refused() {
        for len in [0, 1, 47, 48, 49, 200] {
            let bytes = vec![0xa5; len];
            let both = format!("Bag Attributes\n{}{}", *text(PUBLIC, &bytes), *text(PRIVATE, &[1]));
            let read = blocks(&both).unwrap();
            assert_eq!((read.len(), read[0].label, read[0].bytes.as_slice(), read[1].label), (2, PUBLIC, bytes.as_slice(), PRIVATE));
        }
        let good = text(PUBLIC, &[9; 100]).to_string();
        assert!(blocks("no PEM at all").unwrap().is_empty());
        for broken in [good.replace("END PUBLIC", "END PRIVATE"), good.replace("CQkJ", "C!kJ"), good[..80].to_owned()] {
            assert!(blocks(&broken).is_err(), "{broken}");
        }
    }
}
