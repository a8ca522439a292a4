//! A hash index from content to position, exact and without an iteration order that could leak into decisions.

/// Mixes bytes into a hash; deterministic on every platform.
pub(super) fn mix(hash: u64, bytes: &[u8]) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |h: u64, word: u64| {
        let wide = u128::from(h ^ word).wrapping_mul(u128::from(K));
        // Both halves matter: the low one knows the high bits of the word poorly, the high one the low bits.
        (wide as u64) ^ ((wide >> 64) as u64)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = words.iter().fold(hash, |h, word| fold(h, u64::from_le_bytes(*word)));
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0, |tail: u64, b| tail << 8 | u64::from(*b));
        hash = fold(hash, tail);
    }
    // The length keeps ("ab", "c") and ("a", "bc") apart.
    fold(hash, bytes.len() as u64 ^ K)
}

const EMPTY: u64 = u64::MAX;

/// Open addressing, linear probing; a slot holds 32 bits of the hash and the position. The caller compares contents.
pub(super) struct Table {
    slots: Vec<u64>,
    used: usize,
}

impl Table {
    /// A table that holds `expected` entries without growing.
    pub(super) fn for_entries(expected: usize) -> Table {
        Table { slots: vec![EMPTY; (expected.saturating_mul(2)).next_power_of_two().max(16)], used: 0 }
    }

    /// The position already stored under equal content, or `None` after storing `position`. `position` is below
    /// `u32::MAX`; `same` says whether the content at a stored position equals the content asked for.
    pub(super) fn find_or_insert(&mut self, hash: u64, position: u32, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.used * 8 >= self.slots.len() * 7 {
            self.grow();
        }
        let tag = hash >> 32;
        match probe(&self.slots, tag, &mut same) {
            Probe::Found(position) => Some(position),
            Probe::Free(at) => {
                if let Some(slot) = self.slots.get_mut(at) {
                    *slot = tag << 32 | u64::from(position);
                    self.used += 1;
                }
                None
            }
        }
    }

    /// The position stored under equal content.
    pub(super) fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        match probe(&self.slots, hash >> 32, &mut same) {
            Probe::Found(position) => Some(position),
            Probe::Free(_) => None,
        }
    }

    fn grow(&mut self) {
        let mut slots = vec![EMPTY; self.slots.len() * 2];
        for entry in self.slots.iter().copied().filter(|e| *e != EMPTY) {
            if let Probe::Free(at) = probe(&slots, entry >> 32, &mut |_| false)
                && let Some(slot) = slots.get_mut(at)
            {
                *slot = entry;
            }
        }
        self.slots = slots;
    }
}

enum Probe {
    Found(u32),
    Free(usize),
}

/// The table always has a free slot, so the walk ends.
fn probe(slots: &[u64], tag: u64, same: &mut impl FnMut(u32) -> bool) -> Probe {
    let mask = slots.len() - 1;
    let mut at = tag as usize & mask;
    loop {
        match slots.get(at).copied() {
            None | Some(EMPTY) => return Probe::Free(at),
            Some(entry) if entry >> 32 == tag && same(entry as u32) => return Probe::Found(entry as u32),
            Some(_) => at = (at + 1) & mask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Whatever the hashes (here: many collisions), the table answers like an ordered map.
        #[test]
        fn it_is_an_exact_index(keys in prop::collection::vec("[ab]{0,5}", 0..300), weak in any::<bool>()) {
            let mut table = Table::for_entries(2);
            let mut model = BTreeMap::new();
            for (at, key) in keys.iter().enumerate() {
                let at = u32::try_from(at).unwrap();
                let hash = if weak { (key.len() as u64) << 32 } else { mix(0, key.as_bytes()) };
                let known = table.find_or_insert(hash, at, |i| keys[i as usize] == *key);
                prop_assert_eq!(known, model.get(key).copied());
                model.entry(key.clone()).or_insert(at);
                prop_assert_eq!(table.find(hash, |i| keys[i as usize] == *key), model.get(key).copied());
            }
        }
    }

    #[test]
    fn the_length_is_part_of_the_hash() {
        assert_ne!(mix(mix(0, b"ab"), b"c"), mix(mix(0, b"a"), b"bc"));
        assert_ne!(mix(0, b""), mix(0, b"\0"));
        assert_ne!(mix(0, b"\0"), mix(0, b"\0\0"));
    }
}
