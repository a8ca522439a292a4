//! Whose insurance it is: name and document, encrypted for WeChat alone.

use md5::Digest;
use menjie::access::Private;
use menjie::gm;

/// MD5 of the document number in lower-case hex, letters in upper case, an old number made new. MD5 is what WeChat compares;
/// it protects nothing, so it travels encrypted.
pub fn id_digest(id_no: &Private) -> Private {
    let text = id_no.reveal().to_ascii_uppercase();
    Private::new(gm::hex(&md5::Md5::digest(eighteen(&text).unwrap_or(text).as_bytes())))
}

/// The 18 characters of a 15-digit number: `19` before the year, a check character behind.
fn eighteen(text: &str) -> Option<String> {
    const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    if text.len() != 15 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{}19{}", text.get(..6)?, text.get(6..)?);
    let weighted: u32 = digits.bytes().enumerate().map(|(at, digit)| u32::from(digit - b'0') * (1 << (17 - at)) % 11).sum();
    let check = CHECKS.get(usize::try_from(weighted % 11).ok()?)?;
    Some(format!("{digits}{check}"))
}

/// card_type of the insurer's kind of document; none for one that WeChat does not name.
pub(super) fn card_type(id_type: &str) -> Option<&'static str> {
    match id_type {
        "01" => Some("ID_CARD"),
        "02" => Some("HOUSEHOLD_REGISTRATION"),
        "03" => Some("FOREIGNER_PASSPORT"),
        "07" => Some("MAINLAND_TRAVEL_PERMIT_FOR_TW"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_digest_and_the_old_numbers() {
        for id_no in ["44030019000101123x", "44030019000101123X"] {
            assert_eq!(id_digest(&Private::new(id_no)).reveal(), "09eb26e839ff3a2e3980352ae45ef09e");
        }
        // GB 11643: the published sample of the conversion.
        assert_eq!(eighteen("110105491231002").as_deref(), Some("11010519491231002X"));
        assert_eq!((eighteen("44030019000101123X"), eighteen("11010549123100A")), (None, None));
    }
}
