//! A movement while all that is said of it agrees: one line of the processor's memory, because there are millions.

use super::entry::{Entry, RowStatus};
use super::key::{Key, Words};
use super::slot::{NONE, POOL};
use crate::money::Money;

/// A movement. Its rows are done and of today, at most one of each slot, all of one amount and of one fee as far as they tell it; as
/// soon as one is not, a [`Group`](super::group::Group) says what each of them says.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Movement {
    pub(super) words: Words,
    /// What each of its rows has moved; refunds negative.
    pub(super) moved: Money,
    /// The fee that the slots of `told` tell.
    pub(super) fee_e6: i64,
    /// The row, by slot.
    pub(super) first: [u32; 3],
    /// 1 + the position of its texts, if its words do not say all of the key.
    pub(super) spelled: u32,
    /// 1 + the position of its group, if its rows do not agree.
    pub(super) odd: u32,
    /// Bits by slot: there is a row; it tells a fee.
    pub(super) held: u8,
    pub(super) told: u8,
}

impl Movement {
    #[inline]
    pub(super) const fn new(key: &Key<'_>, spelled: u32) -> Movement {
        Movement { words: key.words, moved: Money::ZERO, fee_e6: 0, first: [NONE; 3], spelled, odd: 0, held: 0, told: 0 }
    }

    /// Takes a row that says nothing new of what it `moved`; `false` if it does, and nothing has changed.
    #[inline]
    pub(super) fn takes<'a, E: Entry<'a>>(&mut self, slot: usize, at: u32, entry: E, moved: Money) -> bool {
        let bit = 1u8 << slot;
        let fee = entry.fee_e6();
        let agrees = self.odd == 0
            && entry.status() == RowStatus::Done
            && at & POOL == 0
            && self.held & bit == 0
            && (self.held == 0 || self.moved == moved)
            && (self.told == 0 || fee.is_none_or(|fee| fee == self.fee_e6));
        if let (true, Some(first)) = (agrees, self.first.get_mut(slot)) {
            *first = at;
            self.held |= bit;
            self.moved = moved;
            if let Some(fee) = fee {
                self.told |= bit;
                self.fee_e6 = fee;
            }
        }
        agrees
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movement_is_one_line_of_memory() {
        assert_eq!(size_of::<Movement>(), 64);
    }
}
