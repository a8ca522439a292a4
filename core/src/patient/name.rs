//! Names: which characters they may have, and when two systems mean the same one. A mismatch on rare characters is the usual
//! reason of 姓名与证件不符 (domain/hospital.md §1.12).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::access::Private;
use crate::error::Result;

/// The dot inside names of minorities.
const DOT: char = '\u{b7}';

/// What systems put for it.
const fn is_dot(c: char) -> bool {
    matches!(c, DOT | '.' | '．' | '•' | '・' | '･' | '‧' | '∙' | '⋅' | '●' | '⸱' | '。')
}

/// Characters of GB 18030-2022: the unified ideographs, all extensions, and those compatibility ones it keeps.
const fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ebe0}' | '\u{2ebf0}'..='\u{2ee5d}' | '\u{2f800}'..='\u{2fa1f}' | '\u{30000}'..='\u{323af}')
}

/// Where GB 18030-2005 put ideographs that had no character then: GB 18030-2022 moved fourteen of them. Old systems still
/// send the private ones.
const fn moved(c: char) -> char {
    match c {
        '\u{e816}' => '\u{20087}',
        '\u{e817}' => '\u{20089}',
        '\u{e818}' => '\u{200cc}',
        '\u{e81e}' => '\u{9fb4}',
        '\u{e826}' => '\u{9fb5}',
        '\u{e82b}' => '\u{9fb6}',
        '\u{e82c}' => '\u{9fb7}',
        '\u{e831}' => '\u{215d7}',
        '\u{e832}' => '\u{9fb8}',
        '\u{e83b}' => '\u{2298f}',
        '\u{e843}' => '\u{9fb9}',
        '\u{e854}' => '\u{9fba}',
        '\u{e855}' => '\u{241fe}',
        '\u{e864}' => '\u{9fbb}',
        other => other,
    }
}

/// What stands where a system could not write a character.
const fn is_placeholder(c: char) -> bool {
    matches!(c, '?' | '？' | '*' | '＊' | '□' | '〓' | '\u{fffd}' | '\u{e000}'..='\u{f8ff}')
}

const fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// The text for comparing: NFKC, dots unified, moved characters, without blanks and variation selectors, Latin upper-case.
fn key(name: &str) -> String {
    let written = name.chars().map(moved).filter(|c| !is_variation_selector(*c));
    let dots = |c: char| if is_dot(c) { DOT } else { c };
    // Decomposed first: what is left when a blank is taken out may compose with what stood before it.
    written.map(dots).nfkd().map(dots).filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).nfkc().collect()
}

/// Nearly all names: ideographs of the basic block and dots, which stay themselves under every normalisation.
fn is_plain(name: &str) -> bool {
    let mut rest = name.as_bytes();
    loop {
        rest = match rest {
            // U+4E00–9FFF, then U+00B7, as UTF-8 writes them.
            [0xe4, 0xb8..=0xbf, _, rest @ ..] | [0xe5..=0xe9, _, _, rest @ ..] | [0xc2, 0xb7, rest @ ..] => rest,
            rest => return rest.is_empty(),
        }
    }
}

/// How alike two names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NameMatch {
    /// Character by character.
    Exact,
    /// After normalising: NFKC, dots, blanks, moved characters.
    Same,
    /// One has no dots.
    WithoutDots,
    /// One has a placeholder for a rare character: somebody must look at the document.
    RareCharacter,
    /// Different names.
    Different,
}

/// Compares two names.
pub fn compare_names(a: &str, b: &str) -> NameMatch {
    if a == b {
        return NameMatch::Exact;
    }
    if is_plain(a) && is_plain(b) {
        let same = a.chars().filter(|c| *c != DOT).eq(b.chars().filter(|c| *c != DOT));
        return if same { NameMatch::WithoutDots } else { NameMatch::Different };
    }
    let (a, b) = (key(a), key(b));
    let without_dots = |name: &str| name.chars().filter(|c| *c != DOT).collect::<String>();
    if a == b {
        return NameMatch::Same;
    }
    if without_dots(&a) == without_dots(&b) {
        return NameMatch::WithoutDots;
    }
    let alike = |(a, b): (char, char)| a == b || is_placeholder(a) || is_placeholder(b);
    let (long, some) = (a.chars().count() == b.chars().count(), a.chars().zip(b.chars()).any(|(a, b)| a == b));
    if long && some && a.chars().zip(b.chars()).all(alike) { NameMatch::RareCharacter } else { NameMatch::Different }
}

/// Do two systems mean the same name, without anybody having to look?
pub(crate) fn same_person_name(a: &str, b: &str) -> bool {
    matches!(compare_names(a, b), NameMatch::Exact | NameMatch::Same | NameMatch::WithoutDots)
}

/// What is wrong with a name as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameFault {
    /// More than 50 characters.
    TooLong,
    /// A digit.
    Digit,
    /// Something that is no character of a name.
    Character,
    /// A placeholder for a rare character.
    Placeholder,
    /// Another dot than U+00B7 between Chinese characters.
    Dot,
    /// A rare character at its old place in the private area.
    Moved,
}

/// Everything that is wrong with a name that is not blank; each sort once.
pub(crate) fn check_name(name: &str, mut found: impl FnMut(NameFault)) {
    // At most fifty ideographs, so that nothing below can be found.
    if is_plain(name) && name.len() <= 150 && name.chars().next().is_some_and(is_han) {
        return;
    }
    let name = name.trim();
    let mut seen = [false; 6];
    let mut once = |fault: NameFault| {
        if let Some(seen) = seen.get_mut(fault as usize)
            && !std::mem::replace(seen, true)
        {
            found(fault);
        }
    };
    // Whether there is anything to call somebody by; a digit or placeholder is told of anyway.
    let (mut count, mut before, mut letters) = (0usize, None, false);
    for c in name.chars() {
        count += 1;
        if is_han(c) || is_latin(c) {
            letters = true;
        } else if moved(c) != c {
            letters = true;
            once(NameFault::Moved);
        } else if c.is_numeric() {
            letters = true;
            once(NameFault::Digit);
        } else if c != DOT && is_dot(c) {
            // "J. Smith" is written so.
            if before.is_some_and(|b: char| !b.is_ascii_alphabetic()) {
                once(NameFault::Dot);
            }
        } else if is_placeholder(c) {
            letters = true;
            once(NameFault::Placeholder);
        } else if !is_between(c) && !is_variation_selector(c) {
            once(NameFault::Character);
        }
        before = Some(c);
    }
    if count > 50 {
        once(NameFault::TooLong);
    }
    if !letters {
        once(NameFault::Character);
    }
}

/// Allowed inside a name.
const fn is_between(c: char) -> bool {
    matches!(c, DOT | ' ' | '\u{3000}' | '-' | '\'' | '’' | '‐')
}

/// Latin letters, full-width ones and marks on them too.
fn is_latin(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '\u{c0}'..='\u{24f}' | '\u{300}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}') && !matches!(c, '×' | '÷')
}

/// Request of `name.match`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MatchRequest {
    /// One name.
    pub a: Private,
    /// The other.
    pub b: Private,
}

/// Response of `name.match`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MatchResponse {
    /// How alike they are.
    pub result: NameMatch,
    /// May they be taken for one name?
    pub same: bool,
}

impl MatchRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<MatchResponse> {
        let (a, b) = (self.a.reveal(), self.b.reveal());
        Ok(MatchResponse { result: compare_names(a, b), same: !key(a).is_empty() && same_person_name(a, b) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn faults(name: &str) -> Vec<NameFault> {
        let mut found = Vec::new();
        check_name(name, |fault| found.push(fault));
        found
    }

    #[test]
    fn names_that_are_right() {
        for name in ["陈测安", "𠮷野家", "买买提·艾力", "John Smith", "J. Smith", "O’Neil-Müller", " 张三\u{3000}", "㐂", "〇一", "𰻝", "JOSÉ", "张\u{e0101}三"]
        {
            assert_eq!(faults(name), [], "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_once_each() {
        for (name, wrong) in [
            ("张3三4", vec![NameFault::Digit]),
            ("12", vec![NameFault::Digit]),
            ("买买提.艾力•江", vec![NameFault::Dot]),
            ("张？三", vec![NameFault::Placeholder]),
            ("张\u{e81e}", vec![NameFault::Moved]),
            ("张<三>", vec![NameFault::Character]),
            ("Иван", vec![NameFault::Character]),
            ("··", vec![NameFault::Character]),
            ("张😀", vec![NameFault::Character]),
        ] {
            assert_eq!(faults(name), wrong, "{name}");
        }
        assert_eq!(faults(&"张".repeat(50)), []);
        assert_eq!(faults(&"张".repeat(51)), [NameFault::TooLong]);
    }

    #[test]
    fn two_systems_mean_the_same_name() {
        for (a, b, result) in [
            ("张三", "张三", NameMatch::Exact),
            (" 张 三\u{3000}", "张三", NameMatch::Same),
            ("买买提.艾力", "买买提·艾力", NameMatch::Same),
            ("买买提・艾力", "买买提•艾力", NameMatch::Same),
            ("Ｊｏｈｎ　Ｓｍｉｔｈ", "JOHN SMITH", NameMatch::Same),
            ("\u{f914}天", "\u{6a02}天", NameMatch::Same),
            ("王\u{e81e}", "王\u{9fb4}", NameMatch::Same),
            ("买买提艾力", "买买提·艾力", NameMatch::WithoutDots),
            ("K´", "\u{1e30}", NameMatch::Same),
            ("王？", "王\u{9fb4}", NameMatch::RareCharacter),
            ("王*明", "王䶮明", NameMatch::RareCharacter),
            ("？？", "张三", NameMatch::Different),
            ("张三", "张四", NameMatch::Different),
            ("张三", "张三三", NameMatch::Different),
            ("", "张三", NameMatch::Different),
        ] {
            assert_eq!((compare_names(a, b), compare_names(b, a)), (result, result), "{a} {b}");
        }
        let same = |a, b| MatchRequest { a: Private::new(a), b: Private::new(b) }.run().unwrap().same;
        assert!(same("张三", "张三 ") && !same("", " ") && !same("王？", "王\u{9fb4}"), "nobody is nobody");
    }

    #[test]
    fn plain_names_are_ideographs_of_the_basic_block_and_dots() {
        for (name, plain) in
            [("\u{4e00}\u{9fff}", true), ("买买提·艾力", true), ("", true), ("\u{4dff}", false), ("\u{a000}", false), ("张a", false), ("张\u{b6}", false), ("𠮷", false)]
        {
            assert_eq!(is_plain(name), plain, "{name}");
        }
    }

    proptest! {
        /// Comparing is symmetric, never panics, and a name is itself.
        #[test]
        fn comparing_is_sound(a in "\\PC{0,12}", b in "\\PC{0,12}") {
            prop_assert_eq!(compare_names(&a, &b), compare_names(&b, &a));
            prop_assert_eq!(compare_names(&a, &a), NameMatch::Exact);
            prop_assert_eq!(key(&key(&a)), key(&a));
            check_name(&a, |_| ());
        }
    }
}
