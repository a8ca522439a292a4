//! One day, all sides, the suspense pool of the day before and what waits for the day after.

use std::collections::{BTreeMap, BTreeSet};

use super::alias;
use super::classify::{Given, diff, kind, ledger_diff, reason};
use super::entry::{Direction, Entries, Entry, Part, Row, Side};
use super::group::Group;
use super::kind::{Kind, Label, ReasonClass, actions};
use super::left::{Left, Nets};
use super::matcher::Matcher;
use super::movement::Movement;
use super::run::{Carried, Difference, Reconciled, RowRef, Rules, Sides};
use super::slot::{HIS, LEDGER, NONE, OUTSIDE, POOL, side_of};
use super::summary::{Conclusion, SideTotal, Summary};
use crate::calendar::BizDate;
use crate::error::{Error, Result};
use crate::money::Net;

/// Reconciles one day. `pool` holds the rows that earlier days left waiting.
pub fn reconcile<'a, S: Entries<'a>>(date: BizDate, sides: &Sides<S>, pool: &'a [Carried], rules: &Rules) -> Result<Reconciled> {
    let given = Given { channel: sides.channel.is_some(), insurer: sides.insurer.is_some(), his: sides.his.is_some(), ledger: sides.ledger.is_some() };
    if !(given.ledger && (given.his || given.channel || given.insurer) || given.his && (given.channel || given.insurer)) {
        return Err(Error::field("his", "two sides must be given that hold the same money"));
    }
    let pools = Pools::of(pool);
    let most = sides.all().iter().filter_map(|(_, rows)| rows.map(Entries::count)).max().unwrap_or(0);
    let mut matcher = Matcher::for_movements(most + pool.len());
    for (side, rows) in sides.all() {
        let name = name_of(side);
        if let Some(rows) = rows {
            rows.check().map_err(|e| e.under(name))?;
            matcher.add(side, rows, false, |at| format!("{name}[{at}]"))?;
        }
        matcher.add(side, pools.rows(side), true, |at| format!("pool[{}]", pools.place(side, at as u32)))?; // below 2^31
    }
    let moved = matcher.nets;
    let left = Left::of(&matcher, given, |movement| texts(sides, movement));
    drop(matcher);
    Work { date, sides, pools, rules, given, left }.finish(moved)
}

const fn name_of(side: Side) -> &'static str {
    match side {
        Side::Channel => "channel",
        Side::Insurer => "insurer",
        Side::His => "his",
        Side::Ledger => "ledger",
    }
}

/// The pool's rows by side, with their positions in the pool.
struct Pools<'a> {
    rows: [(Side, Vec<&'a Row>, Vec<u32>); 4],
}

impl<'a> Pools<'a> {
    fn of(pool: &'a [Carried]) -> Pools<'a> {
        let side = |side: Side| {
            let of_side = || (0u32..).zip(pool).filter(move |(_, carried)| carried.side == side);
            (side, of_side().map(|(_, carried)| &carried.row).collect(), of_side().map(|(at, _)| at).collect())
        };
        Pools { rows: [Side::Channel, Side::Insurer, Side::His, Side::Ledger].map(side) }
    }

    fn of_side(&self, side: Side) -> Option<&(Side, Vec<&'a Row>, Vec<u32>)> {
        self.rows.iter().find(|(of, ..)| *of == side)
    }

    fn rows(&self, side: Side) -> &[&'a Row] {
        self.of_side(side).map_or(&[], |(_, rows, _)| rows.as_slice())
    }

    fn place(&self, side: Side, at: u32) -> u32 {
        self.of_side(side).and_then(|(_, _, places)| places.get(at as usize).copied()).unwrap_or(at)
    }
}

struct Work<'w, 'a, S> {
    date: BizDate,
    sides: &'w Sides<S>,
    pools: Pools<'a>,
    rules: &'w Rules,
    given: Given,
    left: Left<'a>,
}

/// What is known of a movement that is not simply matched.
struct Found {
    group: u32,
    kind: Kind,
    reason: Option<ReasonClass>,
    suspended: bool,
}

impl<'a, S: Entries<'a>> Work<'_, 'a, S> {
    /// `moved` is what the rows moved, by slot.
    fn finish(mut self, moved: [Net; 3]) -> Result<Reconciled> {
        let given = self.given;
        let (sides, pools) = (self.sides, &self.pools);
        alias::join(&mut self.left, |group, slot| first_row(sides, pools, group, slot).map_or("", |(trade_no, _)| trade_no));

        let mut movements: BTreeMap<Kind, u64> = Kind::ALL.into_iter().map(|kind| (kind, 0)).collect();
        movements.insert(Kind::Matched, self.left.matched);
        let mut nets = self.left.nets;
        let mut found = Vec::with_capacity(self.left.groups.len());
        for (at, group) in (0u32..).zip(&self.left.groups).filter(|(_, group)| !group.absorbed) {
            nets.add(group.part, group.nets);
            match kind(group, given) {
                Kind::Matched if group.pooled => found.push(Found { group: at, kind: Kind::Matched, reason: Some(ReasonClass::R6), suspended: false }),
                Kind::Matched => *movements.entry(Kind::Matched).or_default() += 1,
                kind => found.push(Found { group: at, kind, reason: reason(kind, group, given), suspended: false }),
            }
        }
        // I20: what the movements hold, those that were joined counted once, is what the rows hold.
        if nets.by_slot() != moved && !planted!(DifferenceForgotten) {
            return Err(Error::internal("I20: a row is in no movement or in two"));
        }
        self.net_out(&mut found);
        self.suspend(&mut found);
        found.iter().for_each(|f| *movements.entry(f.kind).or_default() += 1);
        let differences = self.differences(&found);
        let summary = self.summary(movements, &differences, &nets);
        Ok(Reconciled { summary, differences })
    }

    fn group(&self, found: &Found) -> Option<&Group<'a>> {
        self.left.groups.get(found.group as usize)
    }

    /// R7: what the outside alone has of an order, a payment and what went back, nets to nothing. Of a payment for several bills HIS
    /// may have refused one: then a part of it, as long as the ledger knows both halves as the outside does.
    fn net_out(&self, found: &mut [Found]) {
        #[derive(Default)]
        struct Order {
            diff: Net,
            ledger_diff: Net,
            pay: bool,
            refund: bool,
            inside: bool,
        }
        let mut orders: BTreeMap<(&str, Part), Order> = BTreeMap::new();
        for f in found.iter() {
            let Some(group) = self.group(f) else { continue };
            let order = orders.entry((group.order_no, group.part)).or_default();
            order.diff += diff(group, self.given);
            order.ledger_diff += ledger_diff(group, self.given).unwrap_or_default();
            order.pay |= group.direction == Direction::Pay;
            order.refund |= group.direction == Direction::Refund;
            let in_part = f.kind == Kind::Amount && ledger_diff(group, self.given).is_some_and(Net::is_zero);
            order.inside |= !in_part && !matches!(f.kind, Kind::OnlyChannel | Kind::OnlyInsurer);
        }
        for f in found.iter_mut() {
            let order = self.left.groups.get(f.group as usize).and_then(|group| orders.get(&(group.order_no, group.part)));
            if let Some(Order { diff: Net::ZERO, ledger_diff: Net::ZERO, pay: true, refund: true, inside: false }) = order {
                (f.kind, f.reason) = (Kind::Matched, Some(ReasonClass::R7));
            }
        }
    }

    /// R6: what a side has in the last moments of the day waits for the next day's bill, once.
    fn suspend(&self, found: &mut [Found]) {
        let edge = self.date.next().start().millis() - i64::from(self.rules.edge_s) * 1000;
        for f in found.iter_mut().filter(|f| matches!(f.kind, Kind::OnlyChannel | Kind::OnlyInsurer | Kind::OnlyHis | Kind::OnlyLedger)) {
            let Some(group) = self.left.groups.get(f.group as usize).filter(|group| !group.pooled && group.more == 0) else { continue };
            let at_the_edge = |slot: usize| first_row(self.sides, &self.pools, group, slot).is_none_or(|(_, at_ms)| at_ms >= edge);
            if [OUTSIDE, HIS, LEDGER].into_iter().all(at_the_edge) {
                (f.suspended, f.reason) = (true, Some(ReasonClass::R6));
            }
        }
    }

    fn differences(&self, found: &[Found]) -> Vec<Difference> {
        let more: BTreeMap<u32, Vec<(usize, u32)>> = {
            let listed: BTreeSet<u32> = found.iter().map(|f| f.group).collect();
            let mut more: BTreeMap<u32, Vec<(usize, u32)>> = BTreeMap::new();
            for (group, slot, row) in self.left.more.iter().filter(|(group, ..)| listed.contains(group)) {
                more.entry(*group).or_default().push((*slot, *row));
            }
            more
        };
        let mut differences: Vec<Difference> = found.iter().filter_map(|f| self.difference(f, more.get(&f.group).map_or(&[], Vec::as_slice))).collect();
        let suggestions = self.suggestions(found);
        for (at, other) in suggestions {
            if let Some(difference) = differences.get_mut(at) {
                difference.suggestion = u32::try_from(other).ok();
            }
        }
        differences
    }

    fn difference(&self, found: &Found, more: &[(usize, u32)]) -> Option<Difference> {
        let group = self.group(found)?;
        let first = group.first.iter().enumerate().map(|(slot, row)| (slot, *row)).filter(|(_, row)| *row != NONE);
        let mut rows: Vec<RowRef> = first.chain(more.iter().copied()).map(|(slot, row)| self.row_ref(group.part, slot, row)).collect();
        rows.sort_unstable();
        let diff = diff(group, self.given);
        Some(Difference {
            kind: found.kind,
            reason: found.reason,
            label: Label::of(diff),
            direction: group.direction,
            part: group.part,
            order_no: group.order_no.to_owned(),
            refund_no: group.refund_no.to_owned(),
            diff_fen: diff.fen(),
            ledger_diff_fen: ledger_diff(group, self.given).map(Net::fen),
            suspended: found.suspended,
            rows,
            actions: actions(found.kind, found.reason).iter().copied().filter(|_| found.suspended || found.kind != Kind::Matched).collect(),
            suggestion: None,
        })
    }

    fn row_ref(&self, part: Part, slot: usize, row: u32) -> RowRef {
        let side = side_of(part, slot);
        let (pooled, at) = (row & POOL != 0, row & !POOL);
        RowRef { side, pooled, at: if pooled { self.pools.place(side, at) } else { at } }
    }

    /// Pairs of lone movements, one outside and one in HIS, of the same amount within a few minutes; only when neither has
    /// another candidate.
    fn suggestions(&self, found: &[Found]) -> Vec<(usize, usize)> {
        #[derive(Default)]
        struct Lone {
            outside: Vec<(usize, i64)>,
            his: Vec<(usize, i64)>,
        }
        let mut lone: BTreeMap<(Net, Direction, Part), Lone> = BTreeMap::new();
        for (at, f) in found.iter().enumerate().filter(|(_, f)| !f.suspended) {
            let Some(group) = self.group(f) else { continue };
            let slot = match f.kind {
                Kind::OnlyChannel | Kind::OnlyInsurer => OUTSIDE,
                Kind::OnlyHis => HIS,
                Kind::Matched | Kind::OnlyLedger | Kind::Amount | Kind::Status | Kind::Fee => continue,
            };
            let Some((_, at_ms)) = first_row(self.sides, &self.pools, group, slot) else { continue };
            let Lone { outside, his } = lone.entry((diff(group, self.given).size(), group.direction, group.part)).or_default();
            if slot == HIS { his.push((at, at_ms)) } else { outside.push((at, at_ms)) }
        }
        let within = i64::from(self.rules.suggest_s) * 1000;
        let mut pairs = Vec::new();
        for Lone { outside, his } in lone.values() {
            if let ([(a, a_ms)], [(b, b_ms)]) = (outside.as_slice(), his.as_slice())
                && (a_ms - b_ms).abs() <= within
            {
                pairs.extend([(*a, *b), (*b, *a)]);
            }
        }
        pairs
    }

    fn summary(&self, movements: BTreeMap<Kind, u64>, differences: &[Difference], nets: &Nets) -> Summary {
        let total = |side: Side| {
            let rows = self.sides.all().into_iter().find(|(of, _)| *of == side).and_then(|(_, rows)| rows).map_or(0, Entries::count);
            let net = match side {
                Side::Channel => nets.channel,
                Side::Insurer => nets.insurer,
                Side::His => nets.his,
                Side::Ledger => nets.ledger,
            };
            SideTotal { rows: rows as u64, pooled: self.pools.rows(side).len() as u64, net_fen: net.fen() }
        };
        let of = |label: Label| differences.iter().filter(move |d| d.kind != Kind::Matched && d.label == label);
        let open = differences.iter().any(|d| d.kind != Kind::Matched && !d.suspended);
        let suspended = differences.iter().filter(|d| d.suspended).count() as u64;
        Summary {
            channel: total(Side::Channel),
            insurer: total(Side::Insurer),
            his: total(Side::His),
            ledger: total(Side::Ledger),
            movements,
            long: of(Label::Long).count() as u64,
            long_fen: of(Label::Long).map(|d| Net::of_fen(d.diff_fen)).sum::<Net>().fen(),
            short: of(Label::Short).count() as u64,
            short_fen: (-of(Label::Short).map(|d| Net::of_fen(d.diff_fen)).sum::<Net>()).fen(),
            suspended,
            conclusion: match (open, suspended) {
                (true, _) => Conclusion::Unbalanced,
                (false, 0) => Conclusion::Balanced,
                (false, _) => Conclusion::Waiting,
            },
        }
    }
}

/// Order and refund number of a movement that has no row of the pool, as its first row wrote them.
fn texts<'a, S: Entries<'a>>(sides: &Sides<S>, movement: &Movement) -> (&'a str, &'a str) {
    let first = movement.first.iter().enumerate().find(|(_, row)| **row != NONE);
    let entry = first.and_then(|(slot, row)| entry(sides, side_of(movement.words.part(), slot), *row));
    entry.map_or(("", ""), |entry| (entry.order_no(), entry.refund_no()))
}

fn entry<'a, S: Entries<'a>>(sides: &Sides<S>, side: Side, row: u32) -> Option<S::Entry> {
    sides.all().into_iter().find(|(of, _)| *of == side)?.1?.entry(row as usize)
}

/// The counterpart's number and the time of a movement's row in a slot; of several rows none speaks for the others, and the
/// result must not depend on which comes first.
fn first_row<'a, S: Entries<'a>>(sides: &Sides<S>, pools: &Pools<'a>, group: &Group<'a>, slot: usize) -> Option<(&'a str, i64)> {
    let row = group.first.get(slot).copied().filter(|row| *row != NONE && group.more >> slot & 1 == 0)?;
    let side = side_of(group.part, slot);
    if row & POOL != 0 {
        return pools.rows(side).get((row & !POOL) as usize).map(|row| (row.trade_no(), row.at_ms()));
    }
    entry(sides, side, row).map(|entry| (entry.trade_no(), entry.at_ms()))
}
