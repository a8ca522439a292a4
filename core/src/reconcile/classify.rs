//! What a movement is: one decision over which sides hold it, how it ended there, and how much moved.

use super::entry::{Direction, Part, RowStatus};
use super::group::Group;
use super::kind::{Kind, ReasonClass};
use super::movement::Movement;
use super::slot::{HIS, LEDGER, OUTSIDE};
use crate::money::Net;

/// Which sides take part in the run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Given {
    pub(super) channel: bool,
    pub(super) insurer: bool,
    pub(super) his: bool,
    pub(super) ledger: bool,
}

impl Given {
    /// Does a slot take part for this part of the money?
    pub(super) const fn has(self, slot: usize, part: Part) -> bool {
        match (slot, part) {
            (OUTSIDE, Part::Cash) => self.channel,
            (OUTSIDE, Part::Fund | Part::Account | Part::Other) => self.insurer,
            (HIS, _) => self.his,
            _ => self.ledger,
        }
    }

    /// The slots that take part, as bits.
    const fn slots(self, part: Part) -> u8 {
        (self.has(OUTSIDE, part) as u8) << OUTSIDE | (self.has(HIS, part) as u8) << HIS | (self.has(LEDGER, part) as u8) << LEDGER
    }

    /// The two slots of the signed formula: outside − HIS; the ledger stands in for the one that takes no part.
    pub(super) const fn pair(self, part: Part) -> (usize, usize) {
        (if self.has(OUTSIDE, part) { OUTSIDE } else { LEDGER }, if self.has(HIS, part) { HIS } else { LEDGER })
    }
}

fn net(group: &Group<'_>, slot: usize) -> Net {
    group.nets.get(slot).copied().unwrap_or_default()
}

/// The one signed formula: what the outside moved − what HIS booked.
pub(super) fn diff(group: &Group<'_>, given: Given) -> Net {
    let (outside, his) = given.pair(group.part);
    net(group, outside) - net(group, his)
}

/// The same against the ledger, when it is a third side.
pub(super) fn ledger_diff(group: &Group<'_>, given: Given) -> Option<Net> {
    let (outside, his) = given.pair(group.part);
    (given.ledger && outside != LEDGER && his != LEDGER).then(|| net(group, outside) - net(group, LEDGER))
}

/// Is it what nearly every movement is: all its rows agree, and it is at every side that takes part and nowhere else?
/// Everything else asks [`kind`].
#[inline]
pub(super) const fn plainly_matched(movement: &Movement, given: Given) -> bool {
    movement.odd == 0 && movement.held == given.slots(movement.words.part())
}

/// The kind of a movement.
pub(super) fn kind(group: &Group<'_>, given: Given) -> Kind {
    let takes = |slot: usize| given.has(slot, group.part);
    let missing = |slot: usize| takes(slot) && !group.has(slot);
    let only_outside = if group.part == Part::Cash { Kind::OnlyChannel } else { Kind::OnlyInsurer };
    if group.done == 0 {
        return unmoved(group, [OUTSIDE, HIS, LEDGER].into_iter().any(missing));
    }
    match (missing(OUTSIDE), missing(HIS), missing(LEDGER)) {
        (false, false, false) => agree(group, given),
        (false, true, _) if takes(OUTSIDE) => only_outside,
        (true, false, _) if takes(HIS) => Kind::OnlyHis,
        (_, true, _) | (true, ..) => Kind::OnlyLedger,
        // The ledger is the one that lacks it.
        (false, false, true) => match (takes(OUTSIDE), takes(HIS)) {
            (true, true) => agree(group, given),
            (true, false) => only_outside,
            (false, _) => Kind::OnlyHis,
        },
    }
}

/// How a side's rows of a movement ended: done, else pending, else failed.
fn status(group: &Group<'_>, slot: usize) -> RowStatus {
    if group.done >> slot & 1 == 1 {
        RowStatus::Done
    } else if group.pending >> slot & 1 == 1 {
        RowStatus::Pending
    } else {
        RowStatus::Failed
    }
}

/// Nothing has moved anywhere: agreement when all say so, but what is pending somewhere and unknown elsewhere may still move.
fn unmoved(group: &Group<'_>, some_missing: bool) -> Kind {
    let mixed = group.pending != 0 && (group.failed != 0 || some_missing);
    if mixed { Kind::Status } else { Kind::Matched }
}

/// Money has moved, and both sides of the formula have spoken.
#[inline]
fn agree(group: &Group<'_>, given: Given) -> Kind {
    let slots = [OUTSIDE, HIS, LEDGER];
    if slots.into_iter().any(|slot| group.has(slot) && status(group, slot) != RowStatus::Done) {
        return Kind::Status;
    }
    let mut nets = slots.into_iter().filter(|slot| given.has(*slot, group.part)).map(|slot| net(group, slot));
    let first = nets.next();
    if nets.any(|net| Some(net) != first) {
        return Kind::Amount;
    }
    if group.fees_differ() { Kind::Fee } else { Kind::Matched }
}

/// The usual reason of a kind; R6 and R7 come from what happens around a movement.
pub(super) fn reason(kind: Kind, group: &Group<'_>, given: Given) -> Option<ReasonClass> {
    let by_direction = |pay, refund| if group.direction == Direction::Pay { pay } else { refund };
    let outside = by_direction(ReasonClass::R1, ReasonClass::R4);
    let inside = by_direction(ReasonClass::R2, ReasonClass::R5);
    match kind {
        Kind::Matched | Kind::Fee => None,
        Kind::OnlyChannel | Kind::OnlyInsurer => Some(outside),
        Kind::OnlyHis | Kind::OnlyLedger => Some(inside),
        Kind::Amount if is_double(group, given) => Some(ReasonClass::R8),
        Kind::Amount => Some(ReasonClass::R3),
        Kind::Status if group.done == 0 => None,
        Kind::Status => Some(if group.done >> given.pair(group.part).0 & 1 == 1 { outside } else { inside }),
    }
}

/// The outside has several rows of one payment and HIS has one, of which the outside has the double or more.
fn is_double(group: &Group<'_>, given: Given) -> bool {
    let (outside, his) = given.pair(group.part);
    let (more, fewer) = (net(group, outside), net(group, his));
    group.direction == Direction::Pay && outside == OUTSIDE && group.more >> OUTSIDE & 1 == 1 && group.more >> his & 1 == 0 && more.is_times(fewer)
}
