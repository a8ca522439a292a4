//! Masking (脱敏): what screens, receipts and logs show of personal text. Always on characters, never on bytes, so that
//! rare characters and full-width digits cannot be torn (domain/hospital.md §7.3).

use serde::{Deserialize, Serialize};

use super::Private;
use crate::error::Result;

/// What kind of text is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MaskKind {
    /// A person's name.
    Name,
    /// An identity document number.
    IdNo,
    /// A phone number.
    Phone,
    /// A hospital or bank card number.
    Card,
}

/// Request of `text.mask`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MaskRequest {
    /// What it is.
    pub kind: MaskKind,
    /// The text.
    pub text: Private,
}

/// Response of `text.mask`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MaskResponse {
    /// The text as it may be shown.
    pub masked: String,
}

impl MaskRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<MaskResponse> {
        let mask = match self.kind {
            MaskKind::Name => mask_name,
            MaskKind::IdNo => mask_id_no,
            MaskKind::Phone => mask_phone,
            MaskKind::Card => mask_card,
        };
        Ok(MaskResponse { masked: mask(self.text.reveal()) })
    }
}

/// `张*`, `张*三`, `欧**锋`: the first character, and the last one of three or more. A single character is hidden.
pub fn mask_name(name: &str) -> String {
    match name.trim().chars().count() {
        0 | 1 => mask(name, 0, 0),
        2 => mask(name, 1, 0),
        _ => mask(name, 1, 1),
    }
}

/// First three and last four: `440***********0058`. Short numbers (fewer than 8 characters) are hidden altogether.
pub fn mask_id_no(id_no: &str) -> String {
    mask(id_no, 3, 4)
}

/// First three and last four: `138****5678`. Short numbers (fewer than 8 characters) are hidden altogether.
pub fn mask_phone(phone: &str) -> String {
    mask(phone, 3, 4)
}

/// The last four: `************1234`. Four characters or fewer are hidden altogether.
pub fn mask_card(card: &str) -> String {
    mask(card, 0, 4)
}

/// Keeps `head` and `tail` characters when at least one is hidden between them; one `*` for each hidden character.
fn mask(text: &str, head: usize, tail: usize) -> String {
    let text = text.trim();
    let count = text.chars().count();
    let (head, tail) = if count > head + tail { (head, tail) } else { (0, 0) };
    text.chars().enumerate().map(|(at, c)| if at < head || at >= count - tail { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names() {
        for (name, masked) in [
            ("", ""),
            ("张", "*"),
            ("张三", "张*"),
            ("张小三", "张*三"),
            ("欧阳锋锋", "欧**锋"),
            ("买买提·艾力", "买****力"),
            ("John Smith", "J********h"),
            (" 张三\u{3000}", "张*"),
            ("𠮷野家", "𠮷*家"),
        ] {
            assert_eq!(mask_name(name), masked);
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(mask_id_no("440599199003070058"), "440***********0058");
        assert_eq!(mask_id_no("44059919751112018X"), "440***********018X");
        assert_eq!(mask_id_no("H09000001"), "H09**0001");
        assert_eq!(mask_id_no("1234567"), "*******");
        assert_eq!(mask_phone("13812345678"), "138****5678");
        assert_eq!(mask_phone("１３８１２３４５６７８"), "１３８****５６７８");
        assert_eq!(mask_phone("12345678"), "123*5678");
        assert_eq!(mask_card("6222021234561234"), "************1234");
        assert_eq!(mask_card("1234"), "****");
    }

    proptest! {
        /// The length in characters stays, and nothing shorter than what is kept is ever shown.
        #[test]
        fn something_is_always_hidden(text in "\\PC{0,24}") {
            for mask in [mask_name, mask_id_no, mask_phone, mask_card] {
                let masked = mask(&text);
                let plain = text.trim();
                prop_assert_eq!(masked.chars().count(), plain.chars().count());
                prop_assert!(plain.is_empty() || masked.contains('*'));
                prop_assert!(masked.chars().zip(plain.chars()).all(|(m, p)| m == p || m == '*'));
            }
        }
    }
}
