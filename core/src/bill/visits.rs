//! The visits of a batch, and where the documents of each are: the first level of the search.

use crate::table::{Table, mix, mix_words, short};

/// A visit number in the words that most of them fit into, so that it is compared without going to its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VisitKey {
    words: [u64; 3],
    /// [`LONG`] when the text does not fit.
    length: u32,
}

const LONG: u32 = u32::MAX;

impl VisitKey {
    /// Up to 24 bytes; equal texts have equal keys, and equal keys that are not [`LONG`] have equal texts.
    #[inline]
    pub(super) fn of(visit: &str) -> VisitKey {
        let text = visit.as_bytes();
        let ends = || Some([u64::from_le_bytes(*text.first_chunk()?), u64::from_le_bytes(*text.last_chunk()?)]);
        let words = match text.len() {
            0..=8 => Some([short(text), 0, 0]),
            9..=16 => ends().map(|[first, last]| [first, last, 0]),
            17..=24 => ends().zip(text.get(8..)).map(|([first, last], rest)| [first, last, short(rest)]),
            _ => None,
        };
        match words {
            Some(words) => VisitKey { words, length: text.len() as u32 }, // at most 24
            None => VisitKey { words: [mix(0, text), 0, 0], length: LONG },
        }
    }

    /// Does it say everything about the text?
    pub(super) const fn is_all(&self) -> bool {
        self.length != LONG
    }

    #[inline]
    pub(super) const fn hash(&self) -> u64 {
        let [first, last, middle] = self.words;
        mix_words(mix_words(first, last), middle ^ self.length as u64)
    }
}

/// One visit and the first documents it has. It fills one line of the cache, because batches have millions, visited in
/// no order.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Visit {
    key: VisitKey,
    /// Second level of a key, and the document; the unused ones are [`NONE`].
    docs: [(u32, u32); 4],
}

const NONE: (u32, u32) = (u32::MAX, u32::MAX);

impl Visit {
    /// The document under a second level, if it is one of the first.
    #[inline]
    pub(super) fn doc(&self, second: u32) -> Option<u32> {
        self.docs.iter().find(|doc| doc.0 == second && **doc != NONE).map(|doc| doc.1)
    }

    /// Remembers another document, when there is room.
    #[inline]
    pub(super) fn take(&mut self, second: u32, doc: u32) {
        if let Some(free) = self.docs.iter_mut().find(|doc| **doc == NONE) {
            *free = (second, doc);
        }
    }

    /// Is there no room for another document?
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.docs.last() != Some(&NONE)
    }
}

/// Visits, numbered by first appearance.
#[derive(Default)]
pub(super) struct Visits<'a> {
    index: Table,
    seen: Vec<Visit>,
    /// The texts of visits that do not fit a key, empty for the others.
    long: Vec<&'a str>,
}

impl<'a> Visits<'a> {
    /// The number of a visit; `key` and `hash` are its own. `expected` says how many there will be, when so many were found.
    #[inline]
    pub(super) fn number(&mut self, key: &VisitKey, hash: u64, visit: &'a str, expected: impl FnOnce(usize) -> usize) -> u32 {
        if self.index.is_full() || self.seen.len() == self.seen.capacity() {
            self.make_room(expected(self.seen.len()));
        }
        let next = self.seen.len() as u32; // no more than lines
        let (seen, long) = (&self.seen, &self.long);
        let same = |other: u32| seen.get(other as usize).is_some_and(|seen| seen.key == *key) && (key.is_all() || long.get(other as usize) == Some(&visit));
        let known = self.index.find_or_insert(hash, next, same, || visit.into());
        if known.is_none() {
            self.seen.push(Visit { key: *key, docs: [NONE; 4] });
            if !key.is_all() {
                self.long.resize(next as usize, "");
                self.long.push(visit);
            }
        }
        known.unwrap_or(next)
    }

    /// The visit of a number.
    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Visit> {
        self.seen.get_mut(number as usize)
    }

    #[cold]
    fn make_room(&mut self, expected: usize) {
        if self.index.is_full() {
            self.index.grow(expected);
        }
        self.seen.reserve(expected.saturating_sub(self.seen.len()));
    }

    /// Would a search for these keys wait for the memory?
    pub(super) fn is_large(&self) -> bool {
        self.index.is_large()
    }

    /// The number that a search for this hash will probably compare with.
    #[inline]
    pub(super) fn guess(&self, hash: u64) -> u32 {
        self.index.glance(hash)
    }

    /// Reads what a search that ends at this number will read. The sum of many such values means nothing, but has to wait
    /// for all of them.
    #[inline]
    pub(super) fn glance(&self, number: u32) -> u32 {
        self.seen.get(number as usize).map_or(0, |seen| seen.key.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bill::seconds::tests::text;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn visits_are_numbered_by_first_appearance(texts in prop::collection::vec(text(), 0..80)) {
            let mut visits = Visits::default();
            let mut model = BTreeMap::new();
            for text in &texts {
                let next = model.len() as u32;
                prop_assert_eq!(visits.number(&VisitKey::of(text), VisitKey::of(text).hash(), text, |found| found * 3), *model.entry(text).or_insert(next));
            }
        }
    }

    #[test]
    fn a_visit_fills_one_line_of_the_cache_and_remembers_four_documents() {
        assert_eq!(size_of::<Visit>(), 64);
        let mut visit = Visit { key: VisitKey::of("V1"), docs: [NONE; 4] };
        for second in 0..6 {
            assert_eq!(visit.is_full(), second >= 4);
            visit.take(second, 100 + second);
            assert_eq!(visit.doc(second), (second < 4).then_some(100 + second));
        }
    }
}
