//! Movements that are one but were written under other numbers: a side that knows only the counterpart's number, or a refund
//! without its refund number. Only what was left alone is looked at; amounts are never a reason to join.

use std::collections::BTreeMap;

use super::entry::{Direction, Part};
use super::group::Group;
use super::left::Left;
use super::slot::{HIS, LEDGER, NONE, OUTSIDE};

/// The second movement is joined to the first.
type Join = (u32, u32);

/// Joins what belongs together. `trade_no` gives the counterpart's number of a movement as a slot wrote it.
pub(super) fn join<'a>(left: &mut Left<'a>, trade_no: impl Fn(&Group<'a>, usize) -> &'a str) {
    for (one, other) in [(OUTSIDE, HIS), (OUTSIDE, LEDGER), (HIS, LEDGER)] {
        // One after the other: what was joined by its number is not alone any more.
        let joins = by_trade_no(left, one, other, &trade_no);
        joins.into_iter().for_each(|join| absorb(left, join));
        let joins = by_order(left, one, other);
        joins.into_iter().for_each(|join| absorb(left, join));
    }
}

/// Movements with this slot and without the other.
fn with<'m, 'a>(left: &'m Left<'a>, slot: usize, without: usize) -> impl Iterator<Item = (u32, &'m Group<'a>)> {
    (0u32..).zip(&left.groups).filter(move |(_, group)| !group.absorbed && group.has(slot) && !group.has(without))
}

/// A number that stands once at each of two sides. What stands twice proves nothing.
fn by_trade_no<'a>(left: &Left<'a>, one: usize, other: usize, trade_no: impl Fn(&Group<'a>, usize) -> &'a str) -> Vec<Join> {
    let mut found: BTreeMap<(&str, Direction, Part), [Vec<u32>; 2]> = BTreeMap::new();
    for (index, slot, without) in [(0, one, other), (1, other, one)] {
        for (at, group) in with(left, slot, without) {
            let number = trade_no(group, slot);
            if !number.is_empty()
                && let Some(side) = found.entry((number, group.direction, group.part)).or_default().get_mut(index)
            {
                side.push(at);
            }
        }
    }
    pairs(found.into_values())
}

/// The one refund of an order at each of two sides, when one of them does not know the refund's number.
fn by_order(left: &Left<'_>, one: usize, other: usize) -> Vec<Join> {
    let mut found: BTreeMap<(&str, Part), [Vec<u32>; 2]> = BTreeMap::new();
    for (index, slot, without) in [(0, one, other), (1, other, one)] {
        for (at, group) in with(left, slot, without).filter(|(_, group)| group.direction == Direction::Refund) {
            if let Some(side) = found.entry((group.order_no, group.part)).or_default().get_mut(index) {
                side.push(at);
            }
        }
    }
    let unnamed = |at: u32| left.groups.get(at as usize).is_some_and(|group| group.refund_no.is_empty());
    pairs(found.into_values()).into_iter().filter(|(a, b)| unnamed(*a) || unnamed(*b)).collect()
}

fn pairs(found: impl Iterator<Item = [Vec<u32>; 2]>) -> Vec<Join> {
    found.filter_map(|[ones, others]| if let ([a], [b]) = (ones.as_slice(), others.as_slice()) { Some((*a, *b)) } else { None }).collect()
}

fn absorb(left: &mut Left<'_>, (into, from): Join) {
    let Some(gone) = left.groups.get_mut(from as usize) else { return };
    gone.absorbed = true;
    let gone = *gone;
    let Some(group) = left.groups.get_mut(into as usize) else { return };
    for (net, more) in group.nets.iter_mut().zip(gone.nets) {
        *net += more;
    }
    group.done |= gone.done;
    group.pending |= gone.pending;
    group.failed |= gone.failed;
    group.more |= gone.more;
    group.pooled |= gone.pooled;
    group.take_fees(&gone);
    for (slot, (first, row)) in group.first.iter_mut().zip(gone.first).enumerate() {
        match (*first, row) {
            (_, NONE) => {}
            (NONE, row) => *first = row,
            (_, row) => {
                group.more |= 1 << slot;
                left.more.push((into, slot, row));
            }
        }
    }
    left.more.iter_mut().filter(|(group, ..)| *group == from).for_each(|(group, ..)| *group = into);
}
