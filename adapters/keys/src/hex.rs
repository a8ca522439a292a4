//! Keys as hex text.

use menjie::error::Code;
use menjie::{Error, Result};

/// Exactly `N` bytes of hex; the error names the field, never the text.
pub(crate) fn decode<const N: usize>(text: &str, field: String) -> Result<[u8; N]> {
    let bad = || Error::new(Code::BadKey).with("field", field.clone()).with("problem", format!("must be {} hex digits", 2 * N));
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>().ok_or_else(bad)?;
    if digits.len() != 2 * N {
        return Err(bad());
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    }
    if bytes == [0; N] { Err(Error::new(Code::BadKey).with("field", field).with("problem", "must not be zero")) } else { Ok(bytes) }
}
