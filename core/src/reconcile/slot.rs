//! Where a side's sums are kept: channel and insurer share the first slot, because no part of the money is held by both.

use super::entry::{Part, Side};

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

pub(super) const fn side_of(part: Part, slot: usize) -> Side {
    match (slot, part) {
        (OUTSIDE, Part::Cash) => Side::Channel,
        (OUTSIDE, Part::Fund | Part::Account | Part::Other) => Side::Insurer,
        (HIS, _) => Side::His,
        _ => Side::Ledger,
    }
}

/// No row.
pub(super) const NONE: u32 = u32::MAX;
/// Set in a position: a row of the suspense pool, not of today's side.
pub(super) const POOL: u32 = 1 << 31;
