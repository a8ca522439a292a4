//! The second level of keys as numbers: few different ones in a batch, whatever they are made of.

use super::line::Line;
use super::plan::{self, Parts};
use crate::table::{Table, mix, mix_words, short};

/// Parts and content, numbered by first appearance.
#[derive(Default)]
pub(super) struct Seconds {
    index: Table,
    /// Short contents are their own word; the others have the number of their text.
    words: Vec<(u64, Parts)>,
    texts: Texts,
    spelled: Vec<u8>,
}

/// Above every word of a text of at most 7 bytes stands its length over this; no byte of a text is so high.
const SHORT: u64 = 0xf8;
/// Above every number of a longer text stands this; no byte of a text is this.
const NUMBER: u64 = 0xc1;

impl Seconds {
    /// The second level that is a place and nothing else.
    #[inline]
    pub(super) fn of_place(&mut self, dept: &str, parts: Parts) -> u32 {
        let word = match dept.len() {
            length @ 0..=7 => short(dept.as_bytes()) | (SHORT | length as u64) << 56,
            8 => short(dept.as_bytes()),
            _ => NUMBER << 56 | u64::from(self.texts.number(dept.as_bytes())),
        };
        self.number(word, parts)
    }

    /// Any second level.
    pub(super) fn of_parts<'a>(&mut self, line: impl Line<'a>, parts: Parts) -> u32 {
        plan::spell(line, parts, &mut self.spelled);
        let text = self.texts.number(&self.spelled);
        self.number(NUMBER << 56 | u64::from(text), parts)
    }

    #[inline]
    fn number(&mut self, word: u64, parts: Parts) -> u32 {
        let next = self.words.len() as u32; // no more than lines
        let (words, content) = (&self.words, (word, parts));
        let spelled = || [word.to_le_bytes().as_slice(), &parts.bits().to_le_bytes()].concat();
        let known = self.index.find_or_insert(mix_words(word, u64::from(parts.bits())), next, |other| words.get(other as usize) == Some(&content), spelled);
        if known.is_none() {
            self.words.push(content);
        }
        known.unwrap_or(next)
    }
}

/// Texts of any length, one behind the other.
#[derive(Default)]
struct Texts {
    index: Table,
    all: Vec<u8>,
    /// Where each begins and ends.
    places: Vec<(usize, usize)>,
}

impl Texts {
    fn number(&mut self, text: &[u8]) -> u32 {
        let next = self.places.len() as u32; // no more than lines
        let (places, all) = (&self.places, &self.all);
        let same = |other: u32| places.get(other as usize).is_some_and(|(start, end)| all.get(*start..*end) == Some(text));
        let known = self.index.find_or_insert(mix(0, text), next, same, || text.into());
        if known.is_none() {
            let start = self.all.len();
            self.all.extend_from_slice(text);
            self.places.push((start, self.all.len()));
        }
        known.unwrap_or(next)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Texts that are nearly the same, of every length that is treated by itself.
    pub(in crate::bill) fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[ab]{0,2}", "[ab]{3}", "[ab]{7,9}", "a{14,15}[ab]{1,4}", "a{20}[ab]{2,8}", "(门|诊){1,9}", Just("\u{0}".to_owned()), Just("\u{7}aaaaaaa".to_owned())]
    }

    proptest! {
        #[test]
        fn places_are_numbered_by_first_appearance(texts in prop::collection::vec(text(), 0..80)) {
            let mut seconds = Seconds::default();
            let mut model = BTreeMap::new();
            for text in &texts {
                let next = model.len() as u32;
                prop_assert_eq!(seconds.of_place(text, Parts::PLACE), *model.entry(text).or_insert(next));
            }
        }
    }
}
