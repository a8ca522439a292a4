//! Identity documents: which kinds there are, what their numbers must look like, and what a number tells.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::resident::{NoNumber, Number, upgrade_15};
use crate::access::Private;
use crate::calendar::{BizDate, completed_years};
use crate::code::{Country, DOCUMENT, country, country_of_numeric, is_county, is_province};
use crate::error::{Error, Result};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal, $cv:literal;)+) => {
        /// A kind of document (证件细类). CV02.01.101 keeps seven of them under 99.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum DocumentKind { $($(#[$doc])* $kind,)+ }

        impl DocumentKind {
            /// Every kind.
            pub const ALL: &'static [DocumentKind] = &[$(DocumentKind::$kind,)+];
            /// Our word, the code in the table `document`.
            pub const fn word(self) -> &'static str { match self { $(DocumentKind::$kind => $word,)+ } }
            /// CV02.01.101.
            pub const fn id_type(self) -> &'static str { match self { $(DocumentKind::$kind => $cv,)+ } }
        }
    };
}

kinds! {
    /// 居民身份证.
    ResidentId = "resident_id", "01";
    /// 居民户口簿.
    HouseholdRegister = "household_register", "02";
    /// 护照.
    Passport = "passport", "03";
    /// 军官证.
    Officer = "officer", "04";
    /// 武警警官证.
    ArmedPolice = "armed_police", "99";
    /// 驾驶证.
    DrivingLicence = "driving_licence", "05";
    /// 港澳居民来往内地通行证.
    HkMoPermit = "hk_mo_permit", "06";
    /// 台湾居民来往内地通行证.
    TwPermit = "tw_permit", "07";
    /// 港澳居民居住证.
    HkMoResidence = "hk_mo_residence", "99";
    /// 台湾居民居住证.
    TwResidence = "tw_residence", "99";
    /// 外国人永久居留身份证.
    ForeignerResidence = "foreigner_residence", "99";
    /// 出生医学证明.
    BirthCertificate = "birth_certificate", "99";
    /// No document: a temporary number, until the file is merged.
    None = "none", "99";
    /// Another valid one.
    Other = "other", "99";
}

impl DocumentKind {
    /// Issued to citizens of China only, people of Hong Kong, Macau and Taiwan among them: their nationality is `CHN`
    /// (domain/hospital.md §1.5).
    pub const fn is_of_citizens(self) -> bool {
        match self {
            DocumentKind::ResidentId
            | DocumentKind::HouseholdRegister
            | DocumentKind::Officer
            | DocumentKind::ArmedPolice
            | DocumentKind::HkMoPermit
            | DocumentKind::TwPermit
            | DocumentKind::HkMoResidence
            | DocumentKind::TwResidence => true,
            DocumentKind::Passport
            | DocumentKind::DrivingLicence
            | DocumentKind::ForeignerResidence
            | DocumentKind::BirthCertificate
            | DocumentKind::None
            | DocumentKind::Other => false,
        }
    }

    /// By CV02.01.101 and, under 99, our word; 99 alone is another document.
    pub fn of(id_type: &str, subtype: &str) -> Option<DocumentKind> {
        let word = if id_type == "99" && subtype.is_empty() { "other" } else { subtype };
        let fits = |kind: &&DocumentKind| kind.id_type() == id_type && (word.is_empty() || kind.word() == word);
        DocumentKind::ALL.iter().find(fits).copied()
    }

    /// The Chinese name.
    pub fn name(self) -> &'static str {
        DOCUMENT.name(self.word()).unwrap_or_default()
    }

    /// Is digit 17 the sex for certain? With foreigners it was never verified.
    pub const fn tells_sex_surely(self) -> bool {
        matches!(self, DocumentKind::ResidentId | DocumentKind::HkMoResidence | DocumentKind::TwResidence)
    }
}

/// How closely the area of a number is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AreaCheck {
    /// Not at all.
    Off,
    /// The province must exist.
    #[default]
    Province,
    /// The county must be one we know; people with a long cancelled one are turned away.
    Strict,
}

/// What a number tells about its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DocumentFacts {
    /// Birth date.
    pub birth: Option<BizDate>,
    /// GB/T 2261.1.
    pub sex: Option<&'static str>,
    /// Nationality, when the number holds it.
    pub nationality: Option<Country>,
}

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DocumentFault {
    /// Length or characters are not those of its kind.
    Shape,
    /// An old number of 15 digits.
    OldNumber,
    /// The check character is wrong.
    CheckCharacter,
    /// The birth date does not exist.
    Date,
    /// The birth date is in the future.
    Future,
    /// Nobody is that old.
    TooOld,
    /// There is no such area.
    Area,
    /// The country in it does not exist.
    Country,
    /// 81, 82, 83: a residence permit, not an identity card.
    ResidencePrefix,
    /// 9: a foreigner's residence permit, not an identity card.
    ForeignerPrefix,
}

/// Full-width as ASCII, upper-case, without blanks: how numbers are stored and compared.
pub(crate) fn plain_number(text: &str) -> Cow<'_, str> {
    // Without leaving early, so that many bytes are looked at in one step.
    if text.bytes().fold(true, |all, b| all & (b.is_ascii_digit() | b.is_ascii_uppercase())) {
        return Cow::Borrowed(text);
    }
    let half = |c: char| if let '！'..='～' = c { char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c) } else { c };
    Cow::Owned(text.chars().filter(|c| !c.is_whitespace()).map(half).map(|c| c.to_ascii_uppercase()).collect())
}

/// Nobody is older.
const OLDEST: u32 = 130;

/// Checks a number of a kind, normalised by the caller. The facts are those of a number without fault, or of one that only
/// belongs to another kind.
pub fn check_document(kind: DocumentKind, number: &str, today: BizDate, area: AreaCheck) -> (DocumentFacts, Option<DocumentFault>) {
    let none = DocumentFacts::default();
    let shape = |fits: bool| (none, (!fits).then_some(DocumentFault::Shape));
    let bytes = number.as_bytes();
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    match kind {
        DocumentKind::ResidentId => resident(number, today, area),
        DocumentKind::HkMoResidence => residence(number, today, &["810000", "820000"]),
        DocumentKind::TwResidence => residence(number, today, &["830000"]),
        DocumentKind::ForeignerResidence => foreigner(number, today),
        DocumentKind::HkMoPermit => shape(matches!(bytes, [b'H' | b'M', rest @ ..] if digits(rest) && matches!(rest.len(), 8 | 10))),
        DocumentKind::TwPermit => shape(match bytes.len() {
            8 => digits(bytes),
            10 => bytes.iter().all(u8::is_ascii_alphanumeric),
            _ => Number::read(number).is_ok(),
        }),
        DocumentKind::Passport => shape((5..=17).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_alphanumeric)),
        DocumentKind::Officer | DocumentKind::ArmedPolice => shape(is_officer(number)),
        DocumentKind::BirthCertificate => shape(matches!(bytes, [letter, rest @ ..] if letter.is_ascii_alphabetic() && rest.len() == 9 && digits(rest))),
        DocumentKind::HouseholdRegister | DocumentKind::DrivingLicence | DocumentKind::None | DocumentKind::Other => {
            shape((1..=30).contains(&number.chars().count()) && !number.chars().any(char::is_control))
        }
    }
}

fn resident(number: &str, today: BizDate, area: AreaCheck) -> (DocumentFacts, Option<DocumentFault>) {
    if number.len() == 15 && number.bytes().all(|b| b.is_ascii_digit()) {
        return (DocumentFacts::default(), Some(DocumentFault::OldNumber));
    }
    let (number, facts, fault) = match numbered(number, today) {
        Ok(found) => found,
        Err(fault) => return (DocumentFacts::default(), Some(fault)),
    };
    let province = number.area().get(..2).unwrap_or_default();
    let known = match area {
        AreaCheck::Off => true,
        AreaCheck::Province => is_province(province),
        AreaCheck::Strict => is_county(number.area()),
    };
    let fault = fault.or(match province {
        "81" | "82" | "83" => Some(DocumentFault::ResidencePrefix),
        _ if number.area().starts_with('9') => Some(DocumentFault::ForeignerPrefix),
        _ => (!known).then_some(DocumentFault::Area),
    });
    (facts, fault)
}

fn residence(number: &str, today: BizDate, areas: &[&str]) -> (DocumentFacts, Option<DocumentFault>) {
    match numbered(number, today) {
        Ok((number, facts, fault)) => (facts, fault.or((!areas.contains(&number.area())).then_some(DocumentFault::Area))),
        Err(fault) => (DocumentFacts::default(), Some(fault)),
    }
}

/// New: 9, province, numeric country, then as a citizen's. Old: alpha-3 country and 12 digits.
fn foreigner(number: &str, today: BizDate) -> (DocumentFacts, Option<DocumentFault>) {
    if let Some((letters, digits)) = number.split_at_checked(3).filter(|_| number.len() == 15) {
        let nationality = country(letters);
        let fault = if !letters.bytes().all(|b| b.is_ascii_uppercase()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            Some(DocumentFault::Shape)
        } else {
            nationality.is_none().then_some(DocumentFault::Country)
        };
        return (DocumentFacts { nationality, ..DocumentFacts::default() }, fault);
    }
    match numbered(number, today) {
        Ok((number, facts, fault)) => {
            let (province, numeric) = (number.area().get(1..3).unwrap_or_default(), number.area().get(3..6).unwrap_or_default());
            let nationality = country_of_numeric(numeric);
            let placed =
                if !number.area().starts_with('9') || !is_province(province) { Some(DocumentFault::Area) } else { nationality.is_none().then_some(DocumentFault::Country) };
            (DocumentFacts { nationality, ..facts }, fault.or(placed))
        }
        Err(fault) => (DocumentFacts::default(), Some(fault)),
    }
}

/// A number whose check character is right, what it tells, and what is wrong with its date.
fn numbered(number: &str, today: BizDate) -> Result<(Number<'_>, DocumentFacts, Option<DocumentFault>), DocumentFault> {
    let number = Number::read(number).map_err(|no| if no == NoNumber::Check { DocumentFault::CheckCharacter } else { DocumentFault::Shape })?;
    let birth = number.birth().ok_or(DocumentFault::Date)?;
    let fault = if birth > today { Some(DocumentFault::Future) } else { completed_years(birth, today).is_some_and(|years| years > OLDEST).then_some(DocumentFault::TooOld) };
    Ok((number, DocumentFacts { birth: Some(birth), sex: Some(number.sex()), nationality: None }, fault))
}

/// `南字第00000001号`: one or two characters, 字第, 4 to 8 letters or digits, 号 or not.
fn is_officer(number: &str) -> bool {
    let Some((unit, rest)) = number.split_once("字第") else { return false };
    let serial = rest.strip_suffix('号').unwrap_or(rest);
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    (1..=2).contains(&unit.chars().count()) && unit.chars().all(han) && (4..=8).contains(&serial.len()) && serial.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// How good a number is that another system keeps: old junk is tolerated and marked, never trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdQuality {
    /// As it should be.
    Good,
    /// Right after normalising: lower-case x, full-width characters, blanks.
    Fixable,
    /// An old number of 15 digits.
    OldNumber,
    /// Nothing there.
    Missing,
    /// Something typed because something had to be: 无, 000000, 123456789.
    Placeholder,
    /// Wrong for its kind.
    Wrong,
}

/// The quality of a number as another system keeps it.
pub fn id_quality(kind: DocumentKind, number: &str, today: BizDate) -> IdQuality {
    let plain = plain_number(number);
    if plain.is_empty() {
        return IdQuality::Missing;
    }
    if is_placeholder(&plain) {
        return IdQuality::Placeholder;
    }
    match check_document(kind, &plain, today, AreaCheck::Off).1 {
        None if plain == number => IdQuality::Good,
        None => IdQuality::Fixable,
        Some(DocumentFault::OldNumber) => IdQuality::OldNumber,
        Some(_) => IdQuality::Wrong,
    }
}

fn is_placeholder(number: &str) -> bool {
    let mut others = number.chars().zip(number.chars().skip(1));
    let one_character = number.chars().count() > 2 && others.all(|(a, b)| a == b);
    let words = ["无", "暂无", "没有", "不详", "未知", "未提供", "待补", "NULL", "NONE", "N/A", "NA", "-", "/"];
    one_character || words.contains(&number) || number.starts_with("123456789")
}

/// Request of `id_document.check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentCheckRequest {
    /// Kind of document.
    pub kind: DocumentKind,
    /// The number as it was typed or read.
    pub number: Private,
    /// The day of the check, for ages and dates in the future.
    pub today: BizDate,
    /// How closely the area is looked at.
    #[serde(default)]
    pub area_check: AreaCheck,
}

/// Response of `id_document.check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DocumentCheckResponse {
    /// May it be filed under this kind?
    pub valid: bool,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<DocumentFault>,
    /// How good it is as legacy data.
    pub id_quality: IdQuality,
    /// As it is to be stored; an old number as its 18 characters.
    pub number: Private,
    /// The birth date it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<BizDate>,
    /// The sex it tells, GB/T 2261.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// The nationality it tells, alpha-3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<String>,
}

impl DocumentCheckRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<DocumentCheckResponse> {
        if self.number.reveal().chars().count() > 64 {
            return Err(Error::field("number", "is longer than 64 characters"));
        }
        let number = plain_number(self.number.reveal());
        let (facts, fault) = check_document(self.kind, &number, self.today, self.area_check);
        let stored = if fault == Some(DocumentFault::OldNumber) { upgrade_15(&number) } else { None };
        Ok(DocumentCheckResponse {
            valid: fault.is_none(),
            fault,
            id_quality: id_quality(self.kind, self.number.reveal(), self.today),
            number: Private::new(stored.unwrap_or_else(|| number.into_owned())),
            birth_date: facts.birth,
            sex: facts.sex.map(str::to_owned),
            nationality: facts.nationality.map(|country| country.alpha3.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn today() -> BizDate {
        BizDate::parse("2026-03-10").unwrap()
    }

    fn fault(kind: DocumentKind, number: &str) -> Option<DocumentFault> {
        check_document(kind, &plain_number(number), today(), AreaCheck::Province).1
    }

    #[test]
    fn words_are_those_of_the_table_and_of_the_mapping() {
        let map = crate::code::find_code_map("id_type_cv").unwrap();
        assert_eq!(DocumentKind::ALL.len(), DOCUMENT.iter().count());
        for kind in DocumentKind::ALL {
            assert!(!kind.name().is_empty());
            assert_eq!(map.outward(kind.word()), crate::code::Mapped::To(kind.id_type()));
            assert_eq!(DocumentKind::of(kind.id_type(), kind.word()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
        assert_eq!(DocumentKind::of("01", ""), Some(DocumentKind::ResidentId));
        assert_eq!(DocumentKind::of("99", ""), Some(DocumentKind::Other));
        for (id_type, subtype) in [("01", "passport"), ("99", "resident_id"), ("8", ""), ("", ""), ("", "none")] {
            assert_eq!(DocumentKind::of(id_type, subtype), None);
        }
    }

    #[test]
    fn the_area_is_looked_at_as_closely_as_asked() {
        let check = |area| check_document(DocumentKind::ResidentId, "440599199003070058", today(), area).1;
        assert_eq!([check(AreaCheck::Off), check(AreaCheck::Province), check(AreaCheck::Strict)], [None, None, Some(DocumentFault::Area)]);
        // 990599… starts with 9, 160599… is no province.
        let number = |head: &str| (0..=10).map(|c| format!("{head}{}", if c == 10 { "X".to_owned() } else { c.to_string() })).find(|n| Number::read(n).is_ok()).unwrap();
        assert_eq!(fault(DocumentKind::ResidentId, &number("16059919900307005")), Some(DocumentFault::Area));
        assert_eq!(fault(DocumentKind::ForeignerResidence, &number("91684019900307005")), Some(DocumentFault::Area));
        assert_eq!(fault(DocumentKind::ForeignerResidence, &number("94499919900307005")), Some(DocumentFault::Country));
    }

    #[test]
    fn junk_of_other_systems_is_marked() {
        for (number, quality) in [
            ("440599199003070058", IdQuality::Good),
            (" 44059919751112018x", IdQuality::Fixable),
            ("４４０５９９１９９００３０７００５８", IdQuality::Fixable),
            ("440599751112003", IdQuality::OldNumber),
            ("", IdQuality::Missing),
            ("\u{3000}", IdQuality::Missing),
            ("不详", IdQuality::Placeholder),
            ("111111111111111111", IdQuality::Placeholder),
            ("123456789012345678", IdQuality::Placeholder),
            ("440599199003070050", IdQuality::Wrong),
            ("4405991990030700", IdQuality::Wrong),
        ] {
            assert_eq!(id_quality(DocumentKind::ResidentId, number, today()), quality, "{number}");
        }
    }

    proptest! {
        /// Any text under any kind: no panic, and what is accepted is at most 30 characters without control characters.
        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,40}|[0-9Xx]{13,20}|\\p{Han}{0,3}字第[0-9A-Z]{0,10}号?", at in 0..DocumentKind::ALL.len()) {
            let number = plain_number(&text);
            let (_, fault) = check_document(DocumentKind::ALL[at], &number, today(), AreaCheck::Strict);
            prop_assert!(fault.is_some() || (number.chars().count() <= 30 && !number.is_empty()));
            id_quality(DocumentKind::ALL[at], &text, today());
        }

        /// One wrong or two swapped neighbouring digits are noticed.
        #[test]
        fn a_typing_mistake_is_noticed(at in 0usize..17, digit in 0u8..10) {
            let right = "440599199003070058";
            let mut typed = right.as_bytes().to_vec();
            typed[at] = b'0' + digit;
            let typed = String::from_utf8(typed).unwrap();
            prop_assert_eq!(Number::read(&typed).is_ok(), typed == right);
        }
    }
}
