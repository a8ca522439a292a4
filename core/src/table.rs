//! A hash index from content to position, exact and without an iteration order that could leak into decisions.
//!
//! The hash is fixed, because the core reads no randomness, so somebody may send keys that collide. The walk through
//! the slots is therefore bounded: what finds no slot in time goes into an ordered map, where it costs comparisons that
//! grow with the logarithm. Which of the two holds an entry changes no answer.

use std::collections::BTreeMap;
use std::hint::select_unpredictable;

/// Odd constants without structure: the first digits of √2, √3, √5 and √7 behind the point.
const K: [u64; 4] = [0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1];

/// Mixes two words into one.
pub(crate) const fn mix_words(a: u64, b: u64) -> u64 {
    let wide = (a ^ K[0]) as u128 * (b ^ K[1]) as u128;
    // Both halves matter: the low one knows the high bits of the words poorly, the high one the low bits.
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// Mixes bytes into a hash; deterministic on every platform.
pub(crate) fn mix(hash: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(hash ^ K[2], |h, word| mix_words(h, u64::from_le_bytes(*word)));
    // The length keeps ("ab", "c") and ("a", "bc") apart.
    mix_words(hash ^ short(rest), bytes.len() as u64 ^ K[3])
}

/// The first 8 bytes as a little-endian word, zeros behind a shorter text. Texts of equal length, at most 8, have equal
/// words only when they are equal.
#[inline]
pub(crate) fn short(text: &[u8]) -> u64 {
    if let Some(all) = text.first_chunk::<8>() {
        return u64::from_le_bytes(*all);
    }
    // Overlapping reads instead of a loop: where they overlap they agree.
    if let (Some(head), Some(tail)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*head)) | u64::from(u32::from_le_bytes(*tail)) << (8 * (text.len() - 4));
    }
    let byte = |at: usize| text.get(at).copied().map_or(0, |byte| u64::from(byte) << (8 * at));
    if text.is_empty() { 0 } else { byte(0) | byte(text.len() / 2) | byte(text.len() - 1) }
}

/// Are two texts equal? Without a call where they have up to 16 bytes, as most names and numbers.
#[inline]
pub(crate) fn same(a: &str, b: &str) -> bool {
    let ends = |text: &str| (short(text.as_bytes()), text.as_bytes().last_chunk::<8>().map_or(0, |last| u64::from_le_bytes(*last)));
    a.len() == b.len() && if a.len() <= 16 { ends(a) == ends(b) } else { a == b }
}

/// More steps than chance ever takes in a table that is at most [`is_full`](Table::is_full).
const STEPS: usize = 256;

const EMPTY: u64 = 0;

/// Open addressing, linear probing; a slot holds 32 bits of the hash and the position + 1. The caller compares contents.
#[derive(Default)]
pub(crate) struct Table {
    slots: Vec<u64>,
    used: usize,
    /// What found no slot within [`STEPS`], by its spelled content.
    crowded: BTreeMap<Vec<u8>, u32>,
}

impl Table {
    /// A table that holds `expected` entries without growing.
    pub(crate) fn for_entries(expected: usize) -> Table {
        Table { slots: vec![EMPTY; slots_for(expected)], ..Table::default() }
    }

    /// The position already stored under equal content, or `None` after storing `position`. `position` is below
    /// `u32::MAX`; `same` says whether the content at a stored position equals the content asked for, `spelled` gives
    /// that content as bytes, equal when and only when `same`.
    #[inline]
    pub(crate) fn find_or_insert(&mut self, hash: u64, position: u32, same: impl FnMut(u32) -> bool, spelled: impl FnOnce() -> Vec<u8>) -> Option<u32> {
        if self.is_full() {
            self.grow(0);
        }
        match self.probe(hash >> 32, same) {
            Probe::Found(position) => Some(position),
            Probe::Free(at) if self.crowded.is_empty() => {
                self.put(at, hash >> 32, position);
                None
            }
            free => self.find_or_insert_crowded(free, hash, position, spelled()),
        }
    }

    #[cold]
    fn find_or_insert_crowded(&mut self, free: Probe, hash: u64, position: u32, spelled: Vec<u8>) -> Option<u32> {
        let known = self.crowded.get(&spelled).copied();
        match free {
            Probe::Free(at) if known.is_none() => self.put(at, hash >> 32, position),
            Probe::Crowded if known.is_none() => drop(self.crowded.insert(spelled, position)),
            _ => {}
        }
        known
    }

    /// The position stored under equal content.
    pub(crate) fn find(&self, hash: u64, same: impl FnMut(u32) -> bool, spelled: impl FnOnce() -> Vec<u8>) -> Option<u32> {
        match self.probe(hash >> 32, same) {
            Probe::Found(position) => Some(position),
            Probe::Free(_) | Probe::Crowded if self.crowded.is_empty() => None,
            Probe::Free(_) | Probe::Crowded => self.crowded.get(&spelled()).copied(),
        }
    }

    /// The position that a search for `hash` will most likely compare with, 0 when none: for reading ahead, when the
    /// memory answers many questions at once. Without a branch on what it reads, or the processor would guess, guess
    /// wrong, and wait after all.
    #[inline]
    pub(crate) fn glance(&self, hash: u64) -> u32 {
        let home = (hash >> 32) as usize & self.slots.len().wrapping_sub(1);
        (0..2).fold(0, |position, step| {
            let entry = self.slots.get(home + step).copied().unwrap_or(EMPTY);
            select_unpredictable(entry >> 32 == hash >> 32, (entry as u32).wrapping_sub(1), position)
        })
    }

    /// Five eighths: beyond that the walks become long.
    #[inline]
    pub(crate) const fn is_full(&self) -> bool {
        self.used * 8 >= self.slots.len() * 5
    }

    /// So many slots that they do not fit the processor's own caches.
    pub(crate) fn is_large(&self) -> bool {
        self.slots.len() > 1 << 13
    }

    #[inline]
    fn put(&mut self, at: usize, tag: u64, position: u32) {
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = tag << 32 | (u64::from(position) + 1);
            self.used += 1;
        }
    }

    /// Always ends: half of the slots are free.
    #[inline]
    fn probe(&self, tag: u64, mut same: impl FnMut(u32) -> bool) -> Probe {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = tag as usize & mask;
        for _ in 0..STEPS {
            match self.slots.get(at).copied() {
                None | Some(EMPTY) => return Probe::Free(at),
                Some(entry) if entry >> 32 == tag && same((entry as u32).wrapping_sub(1)) => return Probe::Found((entry as u32).wrapping_sub(1)),
                Some(_) => at = (at + 1) & mask,
            }
        }
        Probe::Crowded
    }

    /// At least twice as many slots, and enough for `expected` entries. The entries move in the order of their slots, from a free one on: so the place that lies as
    /// far from an entry's home as its old one is still free when its turn comes, and nobody is further than [`STEPS`].
    #[cold]
    pub(crate) fn grow(&mut self, expected: usize) {
        let mut slots = vec![EMPTY; slots_for(expected).max(self.slots.len() * 2)];
        let mask = slots.len() - 1;
        let (before, after) = self.slots.split_at(self.slots.iter().position(|e| *e == EMPTY).unwrap_or(0));
        for entry in after.iter().chain(before).copied().filter(|e| *e != EMPTY) {
            let mut at = (entry >> 32) as usize & mask;
            while slots.get(at).is_some_and(|slot| *slot != EMPTY) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = entry;
            }
        }
        self.slots = slots;
    }
}

/// A power of two of slots that are not full with so many entries.
fn slots_for(entries: usize) -> usize {
    (entries.saturating_mul(8) / 5 + 1).next_power_of_two().max(16)
}

/// How many entries to make room for when `found` were found among `read` of `count` lines: as many as there will be if
/// the rest is like that, but no more than eight times as many, because lines that are read first are not like the rest.
pub(crate) fn expected(found: usize, read: usize, count: usize) -> usize {
    let all = found as u64 * count as u64 / read.max(1) as u64;
    all.min(found as u64 * 8) as usize
}

enum Probe {
    Found(u32),
    Free(usize),
    Crowded,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the hashes (here: many collisions), the table answers like an ordered map.
        #[test]
        fn it_is_an_exact_index(keys in prop::collection::vec("[ab]{0,5}", 0..300), weak in 0..3u8) {
            let mut table = Table::for_entries(2);
            let mut model = BTreeMap::new();
            for (at, key) in keys.iter().enumerate() {
                let at = u32::try_from(at).unwrap();
                let hash = match weak {
                    0 => mix(0, key.as_bytes()),
                    1 => (key.len() as u64) << 32,
                    _ => 0,
                };
                let spelled = || key.clone().into_bytes();
                let known = table.find_or_insert(hash, at, |i| keys[i as usize] == *key, spelled);
                prop_assert_eq!(known, model.get(key).copied());
                model.entry(key.clone()).or_insert(at);
                prop_assert_eq!(table.find(hash, |i| keys[i as usize] == *key, spelled), model.get(key).copied());
            }
        }

        /// One byte apart anywhere, or not at all.
        #[test]
        fn texts_are_the_same_when_every_byte_is(text in "[ab]{0,40}", at in any::<prop::sample::Index>(), longer in any::<bool>()) {
            let mut other = text.clone().into_bytes();
            prop_assert!(same(&text, &String::from_utf8_lossy(&other)));
            if longer {
                other.push(0);
            } else if let Some(byte) = (!text.is_empty()).then(|| &mut other[at.index(text.len())]) {
                *byte ^= 1;
            }
            let other = String::from_utf8(other).unwrap();
            prop_assert_eq!(same(&text, &other), text == other);
        }

        /// Homes beside each other and at the end of the slots: long walks, full walks, growing in between.
        #[test]
        fn crowds_grow_without_losing_anybody(homes in prop::collection::vec((0..12u64, 0..4u64), 300..900), at_the_end in any::<bool>()) {
            let mut table = Table::default();
            let tag = |(home, wide): (u64, u64)| (if at_the_end { (u64::from(u32::MAX) - home) & !(wide << 9) } else { home | wide << 9 }) << 32;
            for (at, home) in homes.iter().enumerate() {
                let at = u32::try_from(at).unwrap();
                prop_assert_eq!(table.find_or_insert(tag(*home), at, |i| i == at, || at.to_le_bytes().to_vec()), None);
            }
            for (at, home) in homes.iter().enumerate() {
                let at = u32::try_from(at).unwrap();
                prop_assert_eq!(table.find(tag(*home), |i| i == at, || at.to_le_bytes().to_vec()), Some(at));
            }
        }
    }

    /// Somebody who reads this file can send keys that collide: each costs a bounded number of comparisons.
    #[test]
    fn colliding_keys_cost_a_bounded_number_of_comparisons() {
        // A second word equal to the constant it is mixed with absorbs the first.
        let keys: Vec<Vec<u8>> = (0..20_000u64).map(|n| [n.to_le_bytes(), K[1].to_le_bytes()].concat()).collect();
        let mut table = Table::default();
        let mut compared = 0usize;
        for round in 0..2 {
            for (at, key) in (0u32..).zip(&keys) {
                assert_eq!(mix(0, key), mix(0, &keys[0]), "the keys of this test collide");
                let same = |other: u32| {
                    compared += 1;
                    keys[other as usize] == *key
                };
                assert_eq!(table.find_or_insert(mix(0, key), at, same, || key.clone()), (round == 1).then_some(at));
            }
        }
        assert!(compared <= 2 * keys.len() * STEPS, "{compared} comparisons");
        // Others still find a slot, are found, and grow the table.
        for n in 0..20_000u32 {
            let key = n.to_string();
            let at = n + 20_000;
            assert_eq!(table.find_or_insert(mix(0, key.as_bytes()), at, |other| other == at, || key.clone().into_bytes()), None);
            assert_eq!(table.find(mix(0, key.as_bytes()), |other| other == at, || key.clone().into_bytes()), Some(at));
        }
    }

    #[test]
    fn the_length_is_part_of_the_hash() {
        assert_ne!(mix(mix(0, b"ab"), b"c"), mix(mix(0, b"a"), b"bc"));
        assert_ne!(mix(0, b""), mix(0, b"\0"));
        assert_ne!(mix(0, b"\0"), mix(0, b"\0\0"));
    }

    #[test]
    fn short_texts_of_one_length_have_one_word_each() {
        let mut seen = BTreeMap::new();
        for length in 0..=8usize {
            for place in 0..length {
                for byte in [b'a', b'b', 0xff] {
                    let mut text = vec![b'0'; length];
                    text[place] = byte;
                    assert_eq!(*seen.entry((length, short(&text))).or_insert_with(|| text.clone()), text);
                }
            }
        }
    }
}
