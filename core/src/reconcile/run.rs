//! `reconcile.run`: one day, all sides, the suspense pool of the day before and the one for the day after.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alias;
use super::classify::{Given, diff_fen, kind, ledger_diff_fen, plainly_matched, reason};
use super::entry::{Direction, Entries, Entry, Part, Row, Side};
use super::kind::{Action, Kind, Label, ReasonClass, actions};
use super::matcher::{Group, HIS, LEDGER, Matcher, NONE, OUTSIDE, POOL};
use super::summary::{Conclusion, SideTotal, Summary};
use crate::calendar::BizDate;
use crate::error::{Error, Result};

/// How the day boundary is treated, and how far apart a suggestion may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconcileRules"))]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// A movement that one side has in the last seconds of the day waits for the next day's bill.
    #[serde(default = "edge")]
    pub edge_s: u32,
    /// Two lone movements of one amount within these seconds are suggested as a pair; a person decides.
    #[serde(default = "suggest")]
    pub suggest_s: u32,
}

fn edge() -> u32 {
    600
}

fn suggest() -> u32 {
    300
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { edge_s: edge(), suggest_s: suggest() }
    }
}

/// The sides; one that takes no part is absent, one without rows is empty (a day without trades is a result).
#[derive(Clone, Copy, Debug)]
pub struct Sides<S> {
    /// The channel's bill.
    pub channel: Option<S>,
    /// The insurer's bill.
    pub insurer: Option<S>,
    /// HIS.
    pub his: Option<S>,
    /// Our journals.
    pub ledger: Option<S>,
}

impl<S: Copy> Sides<S> {
    fn all(&self) -> [(Side, Option<S>); 4] {
        [(Side::Channel, self.channel), (Side::Insurer, self.insurer), (Side::His, self.his), (Side::Ledger, self.ledger)]
    }
}

/// A row of the suspense pool (跨日待对账): of an earlier day, and not paired yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// Whose row.
    pub side: Side,
    /// The row.
    pub row: Row,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowRef {
    /// Whose.
    pub side: Side,
    /// In the suspense pool, not in today's rows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pooled: bool,
    /// Its position there.
    pub at: u32,
}

/// A movement that is not simply matched: a difference, or a match worth a line (R6, R7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// What it is.
    pub kind: Kind,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonClass>,
    /// The sign of `diff_fen`.
    pub label: Label,
    /// In or back.
    pub direction: Direction,
    /// Which part.
    pub part: Part,
    /// Our order number.
    pub order_no: String,
    /// Our refund number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub refund_no: String,
    /// Outside − HIS, refunds negative.
    pub diff_fen: i64,
    /// Outside − ledger, when the ledger is a third side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger_diff_fen: Option<i64>,
    /// Waits for the next day's bill: its rows are in the new suspense pool.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// Its rows.
    pub rows: Vec<RowRef>,
    /// What may be done, the usual first.
    pub actions: Vec<Action>,
    /// Position of another difference with the same amount at nearly the same time: perhaps the other half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<u32>,
}

/// The result over rows that stay where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciled {
    /// In numbers.
    pub summary: Summary,
    /// What is not simply matched, in the order in which the sides tell it.
    pub differences: Vec<Difference>,
}

/// Request of `reconcile.run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconcileRequest"))]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The day, in UTC+8.
    pub date: BizDate,
    /// The channel's bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Vec<Row>>,
    /// The insurer's bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurer: Option<Vec<Row>>,
    /// HIS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub his: Option<Vec<Row>>,
    /// Our journals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Vec<Row>>,
    /// The suspense pool of the day before.
    #[serde(default)]
    pub pool: Vec<Carried>,
    /// The rules.
    #[serde(default)]
    pub rules: Rules,
}

/// Response of `reconcile.run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconcileResponse"))]
pub struct RunResponse {
    /// The day.
    pub date: BizDate,
    /// In numbers.
    pub summary: Summary,
    /// What is not simply matched.
    pub differences: Vec<Difference>,
    /// The suspense pool for the next day.
    pub pool: Vec<Carried>,
}

impl RunRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<RunResponse> {
        let sides = Sides { channel: self.channel.as_deref(), insurer: self.insurer.as_deref(), his: self.his.as_deref(), ledger: self.ledger.as_deref() };
        let Reconciled { summary, differences } = reconcile(self.date, &sides, &self.pool, &self.rules)?;
        let row = |at: &RowRef| {
            let row = if at.pooled {
                self.pool.get(at.at as usize).map(|carried| &carried.row)
            } else {
                sides.all().into_iter().find(|(side, _)| *side == at.side).and_then(|(_, rows)| rows?.get(at.at as usize))
            };
            row.map(|row| Carried { side: at.side, row: row.clone() })
        };
        let pool = differences.iter().filter(|d| d.suspended).flat_map(|d| &d.rows).filter_map(row).collect();
        Ok(RunResponse { date: self.date, summary, differences, pool })
    }
}

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
    Work { date, sides, pools, rules, given, matcher }.finish()
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
    matcher: Matcher<'a>,
}

/// What is known of a movement that is not simply matched.
struct Found {
    group: u32,
    kind: Kind,
    reason: Option<ReasonClass>,
    suspended: bool,
}

impl<'a, S: Entries<'a>> Work<'_, 'a, S> {
    fn finish(mut self) -> Result<Reconciled> {
        let given = self.given;
        // One pass over everything; all that follows looks at what is left.
        let mut nets = Nets::default();
        let mut left: Vec<u32> = Vec::new();
        for (at, group) in (0u32..).zip(&self.matcher.groups) {
            nets.add(group, 1);
            if !plainly_matched(group, given) && (group.pooled || kind(group, given) != Kind::Matched) {
                left.push(at);
            }
        }
        left.iter().filter_map(|at| self.matcher.groups.get(*at as usize)).for_each(|group| nets.add(group, -1));
        let matched = (self.matcher.groups.len() - left.len()) as u64;
        let (sides, pools) = (self.sides, &self.pools);
        alias::join(&mut self.matcher, &left, |group, slot| first_row(sides, pools, group, slot).map_or("", |(trade_no, _)| trade_no));

        // I20: what the movements hold, those that were joined counted once, is what the rows hold.
        left.iter().filter_map(|at| self.matcher.groups.get(*at as usize)).filter(|group| !group.absorbed).for_each(|group| nets.add(group, 1));
        if nets.by_slot() != self.matcher.net_fen {
            return Err(Error::internal("I20: a row is in no movement or in two"));
        }

        let mut movements: BTreeMap<Kind, u64> = Kind::ALL.into_iter().map(|kind| (kind, 0)).collect();
        movements.insert(Kind::Matched, matched);
        let mut found = Vec::with_capacity(left.len());
        for at in left {
            let Some(group) = self.matcher.groups.get(at as usize).filter(|group| !group.absorbed) else { continue };
            match kind(group, given) {
                Kind::Matched if group.pooled => found.push(Found { group: at, kind: Kind::Matched, reason: Some(ReasonClass::R6), suspended: false }),
                Kind::Matched => *movements.entry(Kind::Matched).or_default() += 1,
                kind => found.push(Found { group: at, kind, reason: reason(kind, group, given), suspended: false }),
            }
        }
        self.net_out(&mut found);
        self.suspend(&mut found);
        found.iter().for_each(|f| *movements.entry(f.kind).or_default() += 1);
        let differences = self.differences(&found);
        let summary = self.summary(movements, &differences, &nets);
        Ok(Reconciled { summary, differences })
    }

    fn group(&self, found: &Found) -> Option<&Group<'a>> {
        self.matcher.groups.get(found.group as usize)
    }

    /// R7: what the outside alone has of an order, a payment and what went back, nets to nothing.
    fn net_out(&self, found: &mut [Found]) {
        let mut orders: BTreeMap<(&str, Part), (i64, i64, bool, bool, bool)> = BTreeMap::new();
        for f in found.iter() {
            let Some(group) = self.group(f) else { continue };
            let (diff, ledger, pay, refund, other) = orders.entry((group.order_no, group.part)).or_default();
            *diff += diff_fen(group, self.given);
            *ledger += ledger_diff_fen(group, self.given).unwrap_or(0);
            *pay |= group.direction == Direction::Pay;
            *refund |= group.direction == Direction::Refund;
            *other |= !matches!(f.kind, Kind::OnlyChannel | Kind::OnlyInsurer);
        }
        for f in found.iter_mut() {
            let order = self.matcher.groups.get(f.group as usize).and_then(|group| orders.get(&(group.order_no, group.part)));
            if let Some((0, 0, true, true, false)) = order {
                (f.kind, f.reason) = (Kind::Matched, Some(ReasonClass::R7));
            }
        }
    }

    /// R6: what a side has in the last moments of the day waits for the next day's bill, once.
    fn suspend(&self, found: &mut [Found]) {
        let edge = self.date.next().start().millis() - i64::from(self.rules.edge_s) * 1000;
        for f in found.iter_mut().filter(|f| matches!(f.kind, Kind::OnlyChannel | Kind::OnlyInsurer | Kind::OnlyHis | Kind::OnlyLedger)) {
            let Some(group) = self.matcher.groups.get(f.group as usize).filter(|group| !group.pooled && group.more == 0) else { continue };
            let at_the_edge = |slot: usize| first_row(self.sides, &self.pools, group, slot).is_none_or(|(_, at_ms)| at_ms >= edge);
            if [OUTSIDE, HIS, LEDGER].into_iter().all(at_the_edge) {
                (f.suspended, f.reason) = (true, Some(ReasonClass::R6));
            }
        }
    }

    fn differences(&self, found: &[Found]) -> Vec<Difference> {
        let more: BTreeMap<u32, Vec<(usize, u32)>> = {
            let listed: std::collections::BTreeSet<u32> = found.iter().map(|f| f.group).collect();
            let mut more: BTreeMap<u32, Vec<(usize, u32)>> = BTreeMap::new();
            for (group, slot, row) in self.matcher.more.iter().filter(|(group, ..)| listed.contains(group)) {
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
        let diff_fen = diff_fen(group, self.given);
        Some(Difference {
            kind: found.kind,
            reason: found.reason,
            label: Label::of(diff_fen),
            direction: group.direction,
            part: group.part,
            order_no: group.order_no.to_owned(),
            refund_no: group.refund_no.to_owned(),
            diff_fen,
            ledger_diff_fen: ledger_diff_fen(group, self.given),
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
        let mut lone: BTreeMap<(i64, Direction, Part), [Vec<(usize, i64)>; 2]> = BTreeMap::new();
        for (at, f) in found.iter().enumerate().filter(|(_, f)| !f.suspended) {
            let Some(group) = self.group(f) else { continue };
            let (index, slot) = match f.kind {
                Kind::OnlyChannel | Kind::OnlyInsurer => (0, OUTSIDE),
                Kind::OnlyHis => (1, HIS),
                Kind::Matched | Kind::OnlyLedger | Kind::Amount | Kind::Status | Kind::Fee => continue,
            };
            let Some((_, at_ms)) = first_row(self.sides, &self.pools, group, slot) else { continue };
            if let Some(list) = lone.entry((diff_fen(group, self.given).abs(), group.direction, group.part)).or_default().get_mut(index) {
                list.push((at, at_ms));
            }
        }
        let within = i64::from(self.rules.suggest_s) * 1000;
        let mut pairs = Vec::new();
        for [outside, his] in lone.values() {
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
            let net_fen = match side {
                Side::Channel => nets.channel_fen,
                Side::Insurer => nets.insurer_fen,
                Side::His => nets.his_fen,
                Side::Ledger => nets.ledger_fen,
            };
            SideTotal { rows: rows as u64, pooled: self.pools.rows(side).len() as u64, net_fen }
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
            long_fen: of(Label::Long).map(|d| d.diff_fen).sum(),
            short: of(Label::Short).count() as u64,
            short_fen: of(Label::Short).map(|d| -d.diff_fen).sum(),
            suspended,
            conclusion: match (open, suspended) {
                (true, _) => Conclusion::Unbalanced,
                (false, 0) => Conclusion::Balanced,
                (false, _) => Conclusion::Waiting,
            },
        }
    }
}

/// What has moved, by side.
#[derive(Default)]
struct Nets {
    channel_fen: i64,
    insurer_fen: i64,
    his_fen: i64,
    ledger_fen: i64,
}

impl Nets {
    #[inline]
    fn add(&mut self, group: &Group<'_>, times: i64) {
        let [outside, his, ledger] = group.net_fen;
        match group.part {
            Part::Cash => self.channel_fen += outside * times,
            Part::Fund | Part::Account | Part::Other => self.insurer_fen += outside * times,
        }
        self.his_fen += his * times;
        self.ledger_fen += ledger * times;
    }

    /// By slot, as the rows were counted.
    const fn by_slot(&self) -> [i64; 3] {
        [self.channel_fen + self.insurer_fen, self.his_fen, self.ledger_fen]
    }
}

const fn side_of(part: Part, slot: usize) -> Side {
    match (slot, part) {
        (OUTSIDE, Part::Cash) => Side::Channel,
        (OUTSIDE, Part::Fund | Part::Account | Part::Other) => Side::Insurer,
        (HIS, _) => Side::His,
        _ => Side::Ledger,
    }
}

/// The counterpart's number and the time of a movement's row in a slot; of several rows none speaks for the others, and the
/// result must not depend on which comes first.
fn first_row<'a, S: Entries<'a>>(sides: &Sides<S>, pools: &Pools<'a>, group: &Group<'a>, slot: usize) -> Option<(&'a str, i64)> {
    let row = group.first.get(slot).copied().filter(|row| *row != NONE && group.more >> slot & 1 == 0)?;
    let side = side_of(group.part, slot);
    if row & POOL != 0 {
        return pools.rows(side).get((row & !POOL) as usize).map(|row| (row.trade_no(), row.at_ms()));
    }
    let (_, rows) = sides.all().into_iter().find(|(of, _)| *of == side)?;
    rows?.entry(row as usize).map(|entry| (entry.trade_no(), entry.at_ms()))
}

#[cfg(test)]
mod tests {
    use super::super::matcher::Group;

    #[test]
    fn a_movement_is_small_enough_for_millions() {
        assert!(size_of::<Group<'_>>() <= 112, "{}", size_of::<Group<'_>>());
    }
}
