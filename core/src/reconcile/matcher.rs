//! The match itself: every row finds its movement, in one pass over each side.
//!
//! As in [`crate::bill`], a block of rows first asks for all it will be compared with, so that the memory answers side by
//! side; nothing of a row is copied but its key's words, its amount and its fee.

use super::entry::{Entries, Entry, RowStatus, Side, signed};
use super::group::Group;
use super::key::Key;
use super::movement::Movement;
use super::slot::{POOL, slot};
use crate::error::{Error, Result};
use crate::money::{Money, Net};
use crate::table::Table;

/// So many rows are looked at side by side.
const BLOCK: usize = 64;

/// All movements.
#[derive(Default)]
pub(super) struct Matcher<'a> {
    pub(super) movements: Vec<Movement>,
    /// Those whose rows do not agree, in the order in which that was seen.
    pub(super) odd: Vec<Group<'a>>,
    /// Order and refund number of the movements whose words do not say them.
    spelled: Vec<(&'a str, &'a str)>,
    /// (position in `odd`, slot, row) of every row that is not the first of its movement and slot.
    pub(super) more: Vec<(u32, usize, u32)>,
    /// Net of every row, by slot: counted apart from the movements, to prove that none was lost.
    pub(super) nets: [Net; 3],
    table: Table,
}

impl<'a> Matcher<'a> {
    /// A matcher that makes room for so many movements at once.
    pub(super) fn for_movements(expected: usize) -> Matcher<'a> {
        Matcher { movements: Vec::with_capacity(expected), table: Table::for_entries(expected), ..Matcher::default() }
    }

    /// Takes every row of a side; `pool` says that they come from the suspense pool, `name` what a row is called in an error.
    pub(super) fn add<S: Entries<'a>>(&mut self, side: Side, entries: S, pool: bool, name: impl Fn(usize) -> String) -> Result<()> {
        let count = entries.count();
        if count >= POOL as usize {
            return Err(Error::field("rows", "are more than can be counted"));
        }
        let slot = slot(side);
        let mark = if pool { POOL } else { 0 };
        let mut net = Net::ZERO;
        let mut keys: Vec<Key<'a>> = Vec::with_capacity(BLOCK);
        // Sides are often written in the same order: then the next row is the next movement, and nothing is searched.
        let mut in_order = !self.movements.is_empty();
        let mut next = 0u32;
        for start in (0..count).step_by(BLOCK) {
            let rows = (start..count.min(start + BLOCK)).filter_map(|at| Some((at, entries.entry(at)?)));
            keys.clear();
            keys.extend(rows.clone().map(|(_, entry)| Key::of(entry)));
            if !in_order && self.table.is_large() {
                self.read_ahead(&keys);
            }
            let mut followed = 0;
            for ((at, entry), key) in rows.zip(&keys) {
                let moved = signed(side, entry).map_err(|e| e.under(&name(at)))?;
                let follows = in_order && self.movements.get(next as usize).is_some_and(|movement| is_of(movement, &self.spelled, key));
                let found = if follows { next } else { self.find(key) };
                followed += usize::from(found == next);
                next = found + 1; // fewer than 2^32 movements
                let row = at as u32 | mark; // below 2^31
                if entry.status() == RowStatus::Done {
                    net += moved;
                }
                if !self.movements.get_mut(found as usize).is_some_and(|movement| movement.takes(slot, row, entry, moved)) {
                    self.add_odd(found, key, (slot, row), entry, moved);
                }
            }
            in_order = followed * 8 >= keys.len() * 7 && (next as usize) < self.movements.len();
        }
        if let Some(of_slot) = self.nets.get_mut(slot) {
            *of_slot += net;
        }
        Ok(())
    }

    /// Two loops, so short that the processor has many of its questions open; what they add up to is of no use.
    #[inline]
    fn read_ahead(&self, keys: &[Key<'_>]) {
        let mut guesses = [0u32; BLOCK];
        for (guess, key) in guesses.iter_mut().zip(keys) {
            *guess = self.table.glance(key.words.hash());
        }
        let movements = guesses.iter().take(keys.len()).filter_map(|guess| self.movements.get(*guess as usize));
        std::hint::black_box(movements.fold(0u64, |sum, movement| sum.wrapping_add(u64::from(movement.held))));
    }

    /// The movement of a key, a new one if nobody has told of it.
    #[inline]
    fn find(&mut self, key: &Key<'a>) -> u32 {
        let next = self.movements.len() as u32; // the sides together have fewer than 2^32 - 1 rows, or the table would not fit
        let (movements, spelled) = (&self.movements, &self.spelled);
        let same = |at: u32| movements.get(at as usize).is_some_and(|movement| is_of(movement, spelled, key));
        if let Some(known) = self.table.find_or_insert(key.words.hash(), next, same, || key.spelled()) {
            return known;
        }
        let mut at = 0;
        if key.words.are_spelled() {
            self.spelled.push((key.order_no, key.refund_no));
            at = self.spelled.len() as u32; // at most one a movement
        }
        self.movements.push(Movement::new(key, at));
        next
    }

    /// A row that does not agree with those before it, or is not done, or waited in the pool.
    #[cold]
    fn add_odd<E: Entry<'a>>(&mut self, movement: u32, key: &Key<'a>, (slot, row): (usize, u32), entry: E, moved: Money) {
        let Some(movement) = self.movements.get_mut(movement as usize) else { return };
        if movement.odd == 0 {
            self.odd.push(Group::of(movement, key.order_no, key.refund_no));
            movement.odd = self.odd.len() as u32; // at most one a movement
        }
        let at = movement.odd - 1;
        if self.odd.get_mut(at as usize).is_some_and(|group| group.add(slot, row, entry, moved)) {
            self.more.push((at, slot, row));
        }
    }
}

#[inline]
fn is_of(movement: &Movement, spelled: &[(&str, &str)], key: &Key<'_>) -> bool {
    movement.words == key.words && (!key.words.are_spelled() || (movement.spelled as usize).checked_sub(1).and_then(|at| spelled.get(at)) == Some(&(key.order_no, key.refund_no)))
}
