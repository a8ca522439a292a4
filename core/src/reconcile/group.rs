//! A movement of which the sides do not plainly say the same, with all they say.

use super::entry::{Direction, Entry, Part, RowStatus};
use super::movement::Movement;
use super::slot::{HIS, LEDGER, NONE, OUTSIDE, POOL};
use crate::money::{Money, Net};

#[derive(Clone, Copy, Debug)]
pub(super) struct Group<'a> {
    pub(super) order_no: &'a str,
    pub(super) refund_no: &'a str,
    /// What has moved, by slot; refunds negative, only what is done.
    pub(super) nets: [Net; 3],
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

impl<'a> Group<'a> {
    /// What the rows of a movement have said so far.
    pub(super) fn of(movement: &Movement, order_no: &'a str, refund_no: &'a str) -> Group<'a> {
        let said = |bits: u8, value: i64| if bits == 0 { 0 } else { value };
        let moved = |slot: usize| if movement.held >> slot & 1 == 0 { Net::ZERO } else { movement.moved.into() };
        Group {
            order_no,
            refund_no,
            nets: [OUTSIDE, HIS, LEDGER].map(moved),
            first: movement.first,
            direction: movement.words.direction(),
            part: movement.words.part(),
            done: movement.held,
            pending: 0,
            failed: 0,
            more: 0,
            pooled: false,
            absorbed: false,
            fees: movement.told,
            outside_fee_e6: said(movement.told & 1, movement.fee_e6),
            inside_fee_e6: said(movement.told & !1, movement.fee_e6),
        }
    }

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

    pub(super) const fn has(&self, slot: usize) -> bool {
        (self.done | self.pending | self.failed) >> slot & 1 == 1
    }

    /// Takes a row and what it has `moved` if it is done; is it a further one of its slot?
    pub(super) fn add<E: Entry<'a>>(&mut self, slot: usize, at: u32, entry: E, moved: Money) -> bool {
        let bit = 1u8 << slot;
        match entry.status() {
            RowStatus::Done => {
                self.done |= bit;
                if let Some(net) = self.nets.get_mut(slot) {
                    *net += moved;
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
                return true;
            }
        }
        false
    }
}
