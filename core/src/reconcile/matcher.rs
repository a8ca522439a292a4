//! The match itself: every row finds its movement, in one pass over each side.
//!
//! As in [`crate::bill`], a block of rows first asks for all it will be compared with, so that the memory answers side by
//! side; nothing of a row is copied but where its texts are.

use super::entry::{Direction, Entries, Entry, Part, RowStatus, Side, check};
use crate::error::{Error, Result};
use crate::table::{Table, mix};

/// Where a side's sums are kept: channel and insurer share the first, because no part of the money is held by both.
pub(super) const OUTSIDE: usize = 0;
pub(super) const HIS: usize = 1;
pub(super) const LEDGER: usize = 2;

pub(super) const fn slot(side: Side) -> usize {
    match side {
        Side::Channel | Side::Insurer => OUTSIDE,
        Side::His => HIS,
        Side::Ledger => LEDGER,
    }
}

/// No row.
pub(super) const NONE: u32 = u32::MAX;
/// Set in a position: a row of the suspense pool, not of today's side.
pub(super) const POOL: u32 = 1 << 31;

/// A movement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group<'a> {
    pub(super) order_no: &'a str,
    pub(super) refund_no: &'a str,
    /// What has moved, by slot; refunds negative, only what is done.
    pub(super) net_fen: [i64; 3],
    /// The first row, by slot.
    pub(super) first: [u32; 3],
    pub(super) direction: Direction,
    pub(super) part: Part,
    /// Bits by slot: some row is done, some is pending, some is failed; there are further rows.
    pub(super) done: u8,
    pub(super) pending: u8,
    pub(super) failed: u8,
    pub(super) more: u8,
    /// Some row comes from the suspense pool.
    pub(super) pooled: bool,
    /// Joined to another movement by its alias.
    pub(super) absorbed: bool,
    /// Bits: the outside has told a fee; HIS has; the ledger has.
    fees: u8,
    /// Fees of the outside, and of HIS or else the ledger.
    outside_fee_e6: i64,
    inside_fee_e6: i64,
}

impl Group<'_> {
    /// Do two sides tell a fee, and not the same?
    pub(super) const fn fees_differ(&self) -> bool {
        self.fees & 1 == 1 && self.fees > 1 && self.outside_fee_e6 != self.inside_fee_e6
    }

    /// Takes over the fees of a movement that is joined to this one.
    pub(super) const fn take_fees(&mut self, gone: &Group<'_>) {
        if self.fees & 1 == 0 {
            self.outside_fee_e6 = gone.outside_fee_e6;
        }
        if self.fees <= 1 {
            self.inside_fee_e6 = gone.inside_fee_e6;
        }
        self.fees |= gone.fees;
    }

    /// Is a row of this movement?
    #[inline]
    fn is_of<'a, E: Entry<'a>>(&self, entry: E) -> bool {
        self.order_no == entry.order_no() && self.refund_no == entry.refund_no() && self.direction == entry.direction() && self.part == entry.part()
    }

    pub(super) const fn has(&self, slot: usize) -> bool {
        (self.done | self.pending | self.failed) >> slot & 1 == 1
    }

    fn add<'a, E: Entry<'a>>(&mut self, slot: usize, at: u32, entry: E) -> Result<bool> {
        let bit = 1u8 << slot;
        match entry.status() {
            RowStatus::Done => {
                self.done |= bit;
                if let Some(net) = self.net_fen.get_mut(slot) {
                    *net = net.checked_add(signed_fen(entry)).ok_or_else(|| Error::amount_range("amount_fen"))?;
                }
            }
            RowStatus::Pending => self.pending |= bit,
            RowStatus::Failed => self.failed |= bit,
        }
        if let Some(fee) = entry.fee_e6() {
            // HIS and ledger may both tell the same fee; a fee is added up over one side's rows only.
            if slot == OUTSIDE {
                self.outside_fee_e6 = self.outside_fee_e6.saturating_add(fee);
            } else if slot == HIS || self.fees >> HIS & 1 == 0 {
                self.inside_fee_e6 = self.inside_fee_e6.saturating_add(fee);
            }
            self.fees |= bit;
        }
        self.pooled |= at & POOL != 0;
        match self.first.get_mut(slot) {
            Some(first) if *first == NONE => *first = at,
            _ => {
                self.more |= bit;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// So many rows are looked at side by side.
const BLOCK: usize = 64;

/// All movements.
#[derive(Default)]
pub(super) struct Matcher<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// (movement, slot, row) of every row that is not the first of its movement and slot.
    pub(super) more: Vec<(u32, usize, u32)>,
    /// Net of every row, by slot: counted apart from the movements, to prove that none was lost.
    pub(super) net_fen: [i64; 3],
    table: Table,
    hashes: Vec<u64>,
}

impl<'a> Matcher<'a> {
    /// A matcher that makes room for so many movements at once.
    pub(super) fn for_movements(expected: usize) -> Matcher<'a> {
        Matcher { groups: Vec::with_capacity(expected), table: Table::for_entries(expected), ..Matcher::default() }
    }

    /// Takes every row of a side; `pool` says that they come from the suspense pool, `name` what a row is called in an error.
    pub(super) fn add<S: Entries<'a>>(&mut self, side: Side, entries: S, pool: bool, name: impl Fn(usize) -> String) -> Result<()> {
        let count = entries.count();
        if count >= POOL as usize {
            return Err(Error::field("rows", "are more than can be counted"));
        }
        let slot = slot(side);
        let mark = if pool { POOL } else { 0 };
        let mut hashes = std::mem::take(&mut self.hashes);
        // Sides are often written in the same order: then the next row is the next movement, and nothing is searched.
        let mut in_order = !self.groups.is_empty();
        let mut next = 0u32;
        for start in (0..count).step_by(BLOCK) {
            let block = start..count.min(start + BLOCK);
            hashes.clear();
            if !in_order {
                hashes.extend(block.clone().filter_map(|at| entries.entry(at)).map(hash));
                if self.table.is_large() {
                    self.read_ahead(&hashes);
                }
            }
            let mut followed = 0;
            for at in block.clone() {
                let Some(entry) = entries.entry(at) else { continue };
                check(side, entry).map_err(|e| e.under(&name(at)))?;
                let follows = in_order && self.groups.get(next as usize).is_some_and(|group| group.is_of(entry));
                let group = if follows { next } else { self.find(hashes.get(at - start).copied().unwrap_or_else(|| hash(entry)), entry) };
                followed += usize::from(group == next);
                next = group + 1; // fewer than 2^32 movements
                let row = at as u32 | mark; // below 2^31
                let moved = if entry.status() == RowStatus::Done { signed_fen(entry) } else { 0 };
                if let Some(net) = self.net_fen.get_mut(slot) {
                    *net = net.checked_add(moved).ok_or_else(|| Error::amount_range("amount_fen"))?;
                }
                let further = self.groups.get_mut(group as usize).map_or(Ok(false), |g| g.add(slot, row, entry))?;
                if further {
                    self.more.push((group, slot, row));
                }
            }
            in_order = followed * 8 >= block.len() * 7 && (next as usize) < self.groups.len();
        }
        self.hashes = hashes;
        Ok(())
    }

    /// Two loops, so short that the processor has many of its questions open; what they add up to is of no use.
    #[inline]
    fn read_ahead(&self, hashes: &[u64]) {
        let mut guesses = [0u32; BLOCK];
        for (guess, hash) in guesses.iter_mut().zip(hashes) {
            *guess = self.table.glance(*hash);
        }
        let texts = guesses.iter().take(hashes.len()).filter_map(|guess| self.groups.get(*guess as usize)).map(|g| (g.order_no, g.marks()));
        std::hint::black_box(texts.fold(0u64, |sum, (text, marks)| sum.wrapping_add(u64::from(text.as_bytes().first().copied().unwrap_or(0))).wrapping_add(marks)));
    }

    #[inline]
    fn find<E: Entry<'a>>(&mut self, hash: u64, entry: E) -> u32 {
        let next = self.groups.len() as u32; // the sides together have fewer than 2^32 - 1 rows, or the table would not fit
        let (order_no, refund_no, direction, part) = (entry.order_no(), entry.refund_no(), entry.direction(), entry.part());
        let groups = &self.groups;
        let same = |at: u32| groups.get(at as usize).is_some_and(|group| group.is_of(entry));
        let spelled = || [&[direction as u8, part as u8], &(order_no.len() as u64).to_le_bytes()[..], order_no.as_bytes(), refund_no.as_bytes()].concat();
        if let Some(known) = self.table.find_or_insert(hash, next, same, spelled) {
            return known;
        }
        self.groups.push(Group {
            order_no,
            refund_no,
            net_fen: [0; 3],
            first: [NONE; 3],
            direction,
            part,
            done: 0,
            pending: 0,
            failed: 0,
            more: 0,
            pooled: false,
            absorbed: false,
            fees: 0,
            outside_fee_e6: 0,
            inside_fee_e6: 0,
        });
        next
    }
}

impl Group<'_> {
    /// Any of its own bytes.
    fn marks(&self) -> u64 {
        u64::from(self.done)
    }
}

/// Refunds are negative: the one formula needs no special case for them.
#[inline]
fn signed_fen<'a, E: Entry<'a>>(entry: E) -> i64 {
    match entry.direction() {
        Direction::Pay => entry.amount_fen(),
        Direction::Refund => -entry.amount_fen(),
    }
}

#[inline]
fn hash<'a, E: Entry<'a>>(entry: E) -> u64 {
    let kind = (entry.direction() as u64) << 8 | entry.part() as u64;
    let hash = mix(kind, entry.order_no().as_bytes());
    let refund_no = entry.refund_no();
    if refund_no.is_empty() { hash } else { mix(hash, refund_no.as_bytes()) }
}
