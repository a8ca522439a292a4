//! A mobile number of the mainland.

use crate::access::Private;
use crate::error::{Error, Result};
use crate::patient::{PhoneKind, phone_kind};

/// Eleven ASCII digits, `13…` to `19…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MobileNo(Private);

impl MobileNo {
    /// Reads what people type: full-width digits, blanks, hyphens and `+86` are understood. The error never repeats it.
    pub fn parse(text: &Private) -> Result<MobileNo> {
        let typed: Private = Private::new(text.reveal().chars().filter(|c| !c.is_whitespace() && *c != '-').map(half_width).collect::<String>());
        let digits = typed.reveal();
        let digits = digits.strip_prefix("+86").or_else(|| digits.strip_prefix("0086")).unwrap_or(digits);
        let mobile = digits.len() == 11 && digits.bytes().all(|b| b.is_ascii_digit()) && matches!(phone_kind(digits), Some(PhoneKind::Mobile | PhoneKind::Virtual));
        if mobile { Ok(MobileNo(Private::new(digits))) } else { Err(Error::field("phone", "is not a mobile number of the mainland")) }
    }

    /// The digits.
    pub const fn digits(&self) -> &Private {
        &self.0
    }
}

/// `０`…`９` as `0`…`9`.
pub(super) fn half_width(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(u32::from(c) - 0xff10 + 0x30).unwrap_or(c),
        '＋' => '+',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Option<String> {
        MobileNo::parse(&Private::new(text)).ok().map(|no| no.digits().reveal().to_owned())
    }

    #[test]
    fn what_people_type_is_understood() {
        for typed in ["13900000001", " 139 0000 0001 ", "139-0000-0001", "+8613900000001", "0086 13900000001", "１３９０００００００１", "＋８６１３９０００００００１"]
        {
            assert_eq!(parse(typed).as_deref(), Some("13900000001"), "{typed}");
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        for typed in ["", "1390000000", "139000000011", "12900000001", "03900000001", "1390000000x", "86 13900000001", "+1 13900000001"] {
            let error = MobileNo::parse(&Private::new(typed)).unwrap_err().to_string();
            assert!(error.contains("field=phone") && (typed.is_empty() || !error.contains(typed)), "{typed}: {error}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_eleven_digits(text in "\\PC{0,24}|[0-9+ -]{0,20}") {
            if let Some(digits) = parse(&text) {
                prop_assert!(digits.len() == 11 && digits.starts_with('1') && digits.bytes().all(|b| b.is_ascii_digit()));
            }
        }
    }
}
