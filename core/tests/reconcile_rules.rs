//! Reconciliation: the vectors of domain/hospital.md §6.4, every kind, and I20 against a slow twin.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use menjie::money::UnitPrice;
use menjie::reconcile::{
    Action, Carried, Conclusion, Difference, Direction, EntryColumns, Kind, Label, Part, ReasonClass, Row, RowStatus, Rules, RunRequest, RunResponse, Side, Sides, reconcile,
};
use menjie::{BizDate, Money, Timestamp};
use proptest::prelude::*;

fn day() -> BizDate {
    BizDate::parse("2026-01-05").unwrap()
}

fn row(order: &str, fen: i64) -> Row {
    Row {
        order_no: order.to_owned(),
        refund_no: String::new(),
        trade_no: String::new(),
        direction: Direction::Pay,
        part: Part::Cash,
        amount_fen: Money::from_fen(fen).unwrap(),
        status: RowStatus::Done,
        fee: None,
        at: Timestamp::parse("2026-01-05T10:00:00+08:00").unwrap(),
    }
}

fn back(order: &str, refund: &str, fen: i64) -> Row {
    Row { refund_no: refund.to_owned(), direction: Direction::Refund, ..row(order, fen) }
}

fn when(time: &str, row: Row) -> Row {
    Row { at: Timestamp::parse(time).unwrap(), ..row }
}

fn run(channel: Vec<Row>, his: Vec<Row>) -> RunResponse {
    request(channel, his).run().unwrap()
}

fn request(channel: Vec<Row>, his: Vec<Row>) -> RunRequest {
    RunRequest { date: day(), channel: Some(channel), insurer: None, his: Some(his), ledger: None, pool: Vec::new(), rules: Rules::default() }
}

fn shown(answer: &RunResponse) -> Vec<(Kind, Option<ReasonClass>, Label, i64)> {
    answer.differences.iter().map(|d| (d.kind, d.reason, d.label, d.diff_fen)).collect()
}

#[test]
fn the_vectors_of_the_domain() {
    use ReasonClass::{R1, R2, R3, R4, R5, R7};
    // (a) paid at the channel only; then given back at the channel the same day.
    let answer = run(vec![row("A", 1000)], vec![]);
    assert_eq!(shown(&answer), [(Kind::OnlyChannel, Some(R1), Label::Long, 1000)]);
    assert_eq!(answer.differences[0].actions, [Action::Query, Action::Post, Action::Refund]);
    let answer = run(vec![row("A", 1000), back("A", "A1", 1000)], vec![]);
    assert_eq!(shown(&answer), [(Kind::Matched, Some(R7), Label::Long, 1000), (Kind::Matched, Some(R7), Label::Short, -1000)]);
    assert_eq!((answer.summary.conclusion, answer.summary.channel.net_fen), (Conclusion::Balanced, 0));
    // (b) HIS only.
    assert_eq!(shown(&run(vec![], vec![row("B", 2000)])), [(Kind::OnlyHis, Some(R2), Label::Short, -2000)]);
    // (c) refunded at the channel only: the sense of a refund flips, the formula does not.
    let answer = run(vec![row("C", 500), back("C", "C1", 500)], vec![row("C", 500)]);
    assert_eq!(shown(&answer), [(Kind::OnlyChannel, Some(R4), Label::Short, -500)]);
    assert_eq!(answer.differences[0].actions, [Action::Query, Action::Reverse]);
    // (d) refunded in HIS only.
    let answer = run(vec![row("D", 500)], vec![row("D", 500), back("D", "D1", 500)]);
    assert_eq!(shown(&answer), [(Kind::OnlyHis, Some(R5), Label::Long, 500)]);
    assert_eq!(answer.differences[0].actions, [Action::Query, Action::Refund]);
    // (e) one fen more.
    let answer = run(vec![row("E", 801)], vec![row("E", 800)]);
    assert_eq!(shown(&answer), [(Kind::Amount, Some(R3), Label::Long, 1)]);
    assert_eq!(answer.summary.conclusion, Conclusion::Unbalanced);
}

/// Vector (f), R6: paid at 23:59:58, in HIS at 00:00:03 of the next day.
#[test]
fn a_pair_across_midnight_waits_one_day_and_nets_to_nothing() {
    let late = when("2026-01-05T23:59:58+08:00", row("F", 1200));
    let first = run(vec![late.clone()], vec![]);
    assert_eq!(shown(&first), [(Kind::OnlyChannel, Some(ReasonClass::R6), Label::Long, 1200)]);
    assert_eq!(first.differences[0].actions, [Action::Wait]);
    assert_eq!((first.summary.conclusion, first.summary.suspended), (Conclusion::Waiting, 1));
    assert_eq!(first.pool, [Carried { side: Side::Channel, row: late.clone() }]);
    let next = |his: Vec<Row>| RunRequest { date: day().next(), pool: first.pool.clone(), ..request(vec![], his) }.run().unwrap();
    let second = next(vec![when("2026-01-06T00:00:03+08:00", row("F", 1200))]);
    assert_eq!(shown(&second), [(Kind::Matched, Some(ReasonClass::R6), Label::Even, 0)]);
    assert!(second.differences[0].rows.iter().any(|r| r.pooled) && second.pool.is_empty());
    assert_eq!((second.summary.conclusion, second.summary.channel.pooled), (Conclusion::Balanced, 1));
    // Nobody came: it waited once and is a difference now.
    let alone = next(vec![]);
    assert_eq!(shown(&alone), [(Kind::OnlyChannel, Some(ReasonClass::R1), Label::Long, 1200)]);
    assert!(alone.pool.is_empty());
    // Before the edge nothing waits.
    let early = run(vec![when("2026-01-05T23:49:59+08:00", row("F", 1200))], vec![]);
    assert_eq!(early.differences[0].reason, Some(ReasonClass::R1));
}

/// Trap 10: HIS may also be the earlier one, and the ledger waits with whoever it agrees with.
#[test]
fn every_side_may_wait() {
    let late = when("2026-01-05T23:59:59+08:00", row("F", 1200));
    let first = RunRequest { ledger: Some(vec![late.clone()]), ..request(vec![], vec![late.clone()]) }.run().unwrap();
    assert_eq!(first.pool.iter().map(|c| c.side).collect::<Vec<_>>(), [Side::His, Side::Ledger]);
    let second = RunRequest { date: day().next(), pool: first.pool, ledger: Some(vec![]), ..request(vec![row("F", 1200)], vec![]) }.run().unwrap();
    assert_eq!(shown(&second), [(Kind::Matched, Some(ReasonClass::R6), Label::Even, 0)]);
}

#[test]
fn every_kind_by_itself() {
    let with = |channel: Vec<Row>, insurer: Vec<Row>, his: Vec<Row>, ledger: Vec<Row>| {
        let request = RunRequest { date: day(), channel: Some(channel), insurer: Some(insurer), his: Some(his), ledger: Some(ledger), pool: Vec::new(), rules: Rules::default() };
        let answer = request.run().unwrap();
        assert_eq!(answer.summary.movements.values().sum::<u64>(), 1);
        answer.differences.first().map_or(Kind::Matched, |d| d.kind)
    };
    let fund = |fen: i64| Row { part: Part::Fund, ..row("A", fen) };
    let fee = |text: &str| Row { fee: Some(UnitPrice::parse(text).unwrap()), ..row("A", 1000) };
    let pending = || Row { status: RowStatus::Pending, ..row("A", 1000) };
    let a = || vec![row("A", 1000)];
    assert_eq!(with(a(), vec![], a(), a()), Kind::Matched);
    assert_eq!(with(a(), vec![], vec![], vec![]), Kind::OnlyChannel);
    assert_eq!(with(a(), vec![], vec![], a()), Kind::OnlyChannel, "R1: the ledger knows, HIS does not");
    assert_eq!(with(vec![], vec![], a(), vec![]), Kind::OnlyHis);
    assert_eq!(with(vec![], vec![], a(), a()), Kind::OnlyHis);
    assert_eq!(with(vec![], vec![], vec![], a()), Kind::OnlyLedger);
    assert_eq!(with(a(), vec![], a(), vec![]), Kind::Amount, "a ledger that lacks it counts as nothing");
    assert_eq!(with(a(), vec![], a(), vec![row("A", 999)]), Kind::Amount);
    assert_eq!(with(vec![pending()], vec![], a(), a()), Kind::Status);
    assert_eq!(with(vec![pending()], vec![], vec![], vec![]), Kind::Status, "it may still move");
    assert_eq!(with(vec![pending()], vec![], vec![pending()], vec![pending()]), Kind::Matched);
    let failed = || Row { status: RowStatus::Failed, ..row("A", 1000) };
    assert_eq!(with(vec![failed()], vec![], vec![], vec![]), Kind::Matched, "nothing moved anywhere");
    assert_eq!(with(vec![failed()], vec![], a(), a()), Kind::Status);
    assert_eq!(with(vec![fee("0.06")], vec![], a(), vec![fee("0.05")]), Kind::Fee);
    assert_eq!(with(vec![fee("0.06")], vec![], vec![fee("0.060000")], a()), Kind::Matched);
    assert_eq!(with(vec![], vec![fund(500)], vec![fund(500)], vec![fund(500)]), Kind::Matched);
    assert_eq!(with(vec![], vec![fund(500)], vec![], vec![]), Kind::OnlyInsurer);
    assert_eq!(with(vec![], vec![], vec![fund(500)], vec![fund(500)]), Kind::OnlyHis);
    assert_eq!(with(vec![], vec![fund(501)], vec![fund(500)], vec![fund(500)]), Kind::Amount);
}

/// An insured payment is three movements: its cash, its fund, its account, each against its own counterpart.
#[test]
fn the_parts_of_one_payment_are_apart() {
    let part = |part: Part, fen: i64| Row { part, ..row("A", fen) };
    let his = || vec![part(Part::Cash, 250), part(Part::Account, 3000), part(Part::Fund, 5600)];
    let answer =
        RunRequest { insurer: Some(vec![part(Part::Fund, 5600), part(Part::Account, 2999)]), ledger: Some(his()), ..request(vec![part(Part::Cash, 250)], his()) }.run().unwrap();
    assert_eq!(shown(&answer), [(Kind::Amount, Some(ReasonClass::R3), Label::Short, -1)]);
    assert_eq!(answer.differences[0].part, Part::Account);
    assert_eq!((answer.summary.channel.net_fen, answer.summary.insurer.net_fen, answer.summary.his.net_fen), (250, 8599, 8850));
}

/// R8: two rows of one payment outside, one in HIS.
#[test]
fn a_duplicate_payment_is_more_than_an_amount() {
    let second = || Row { trade_no: "T2".to_owned(), ..row("A", 1000) };
    let answer = run(vec![row("A", 1000), second()], vec![row("A", 1000)]);
    assert_eq!(shown(&answer), [(Kind::Amount, Some(ReasonClass::R8), Label::Long, 1000)]);
    assert_eq!(answer.differences[0].rows.len(), 3);
    assert_eq!(answer.differences[0].actions, [Action::Refund]);
}

/// One channel payment may cover several settlements: HIS has several rows of one order.
#[test]
fn a_merged_payment_is_the_sum_of_its_settlements() {
    let answer = run(vec![row("A", 3000)], vec![row("A", 1000), row("A", 2000)]);
    assert!(answer.differences.is_empty());
    let answer = run(vec![row("A", 3000)], vec![row("A", 1000), row("A", 1999)]);
    assert_eq!(shown(&answer), [(Kind::Amount, Some(ReasonClass::R3), Label::Long, 1)]);
    assert_eq!(answer.differences[0].rows.len(), 3);
}

#[test]
fn other_numbers_for_the_same_movement_are_joined_and_amounts_never_are() {
    let named = |order: &str, trade: &str, fen: i64| Row { trade_no: trade.to_owned(), ..row(order, fen) };
    assert!(run(vec![named("A", "T1", 1000)], vec![named("H77", "T1", 1000)]).differences.is_empty());
    assert_eq!(shown(&run(vec![named("A", "T1", 1000)], vec![named("H77", "T1", 999)])), [(Kind::Amount, Some(ReasonClass::R3), Label::Long, 1)]);
    // The published fixture has trade numbers that stand twice: they prove nothing.
    assert_eq!(run(vec![named("A", "T1", 1000), named("B", "T1", 1000)], vec![named("H77", "T1", 1000)]).differences.len(), 3);
    // HIS does not know the refund's number, and there is only one refund of that order.
    assert!(run(vec![row("A", 1000), back("A", "R1", 300)], vec![row("A", 1000), back("A", "", 300)]).differences.is_empty());
    // Two refunds with different numbers are two refunds, though their amounts agree.
    assert_eq!(run(vec![row("A", 1000), back("A", "R1", 300)], vec![row("A", 1000), back("A", "R2", 300)]).differences.len(), 2);
    // Same amount at nearly the same time: a suggestion, no more.
    let answer = run(vec![row("A", 1234)], vec![when("2026-01-05T10:05:00+08:00", row("H1", 1234))]);
    assert_eq!(answer.differences.iter().map(|d| d.suggestion).collect::<Vec<_>>(), [Some(1), Some(0)]);
    assert_eq!(answer.summary.conclusion, Conclusion::Unbalanced);
    let answer = run(vec![row("A", 1234)], vec![when("2026-01-05T10:05:01+08:00", row("H1", 1234))]);
    assert!(answer.differences.iter().all(|d| d.suggestion.is_none()));
    let answer = run(vec![row("A", 1234), row("B", 1234)], vec![row("H1", 1234)]);
    assert!(answer.differences.iter().all(|d| d.suggestion.is_none()), "two candidates are none");
}

/// R7 in part: one payment of two bills, of which HIS refused one.
#[test]
fn a_part_that_his_refused_and_that_went_back_nets_to_nothing_when_the_ledger_says_so() {
    let (outside, his) = (vec![row("G", 1000), back("G", "G1", 400)], vec![row("G", 600)]);
    let with = |ledger: Option<Vec<Row>>| RunRequest { ledger, ..request(outside.clone(), his.clone()) }.run().unwrap();
    let answer = with(Some(outside.clone()));
    assert_eq!(shown(&answer), [(Kind::Matched, Some(ReasonClass::R7), Label::Long, 400), (Kind::Matched, Some(ReasonClass::R7), Label::Short, -400)]);
    assert_eq!(answer.summary.conclusion, Conclusion::Balanced);
    // Nobody but the channel knows of the refund, or nobody says: two differences.
    for ledger in [None, Some(vec![row("G", 1000)]), Some(vec![row("G", 600)])] {
        let kinds: Vec<Kind> = with(ledger).differences.iter().map(|d| d.kind).collect();
        assert_eq!(kinds, [Kind::Amount, Kind::OnlyChannel]);
    }
    // Another amount went back.
    let more = RunRequest { ledger: Some(vec![row("G", 1000), back("G", "G1", 500)]), ..request(vec![row("G", 1000), back("G", "G1", 500)], his.clone()) }.run().unwrap();
    assert_eq!(more.summary.conclusion, Conclusion::Unbalanced);
}

/// R7 needs both halves, and a ledger that knows them too.
#[test]
fn what_nets_to_nothing_must_net_everywhere() {
    let (pay, refund) = (row("A", 1000), back("A", "A1", 1000));
    let with = |channel: Vec<Row>, his: Vec<Row>, ledger: Vec<Row>| RunRequest { ledger: Some(ledger), ..request(channel, his) }.run().unwrap().summary.conclusion;
    assert_eq!(with(vec![pay.clone(), refund.clone()], vec![], vec![pay.clone(), refund.clone()]), Conclusion::Balanced);
    assert_eq!(with(vec![pay.clone(), refund.clone()], vec![], vec![pay.clone()]), Conclusion::Unbalanced);
    assert_eq!(with(vec![pay.clone(), back("A", "A1", 999)], vec![], vec![]), Conclusion::Unbalanced);
    assert_eq!(with(vec![pay.clone(), refund.clone()], vec![row("A", 1000)], vec![pay, refund]), Conclusion::Unbalanced, "HIS has the payment: R4");
}

/// A day without trades is a result, not an error (domain/payments.md §1.15).
#[test]
fn an_empty_day_balances() {
    let answer = run(vec![], vec![]);
    assert_eq!((answer.summary.conclusion, answer.differences.len()), (Conclusion::Balanced, 0));
    assert_eq!(answer.summary.movements.len(), Kind::ALL.len(), "every kind is told, also with nothing in it");
}

#[test]
fn wrong_rows_and_sides_are_named() {
    let error = |request: RunRequest| request.run().unwrap_err().to_string();
    let one = RunRequest { his: None, ..request(vec![], vec![]) };
    assert!(error(one).contains("his"));
    let insurer_only = RunRequest { his: None, insurer: Some(vec![]), ..request(vec![], vec![]) };
    assert!(error(insurer_only).contains("his"), "channel and insurer hold different money");
    assert!(error(request(vec![row("A", 1), Row { part: Part::Fund, ..row("B", 1) }], vec![])).contains("channel[1].part"));
    assert!(error(request(vec![], vec![row("", 1)])).contains("his[0].order_no"));
    assert!(error(request(vec![], vec![row("A", -1)])).contains("his[0].amount_fen"));
    assert!(error(request(vec![], vec![Row { refund_no: "R".to_owned(), ..row("A", 1) }])).contains("his[0].refund_no"));
}

/// Columns give what rows give.
#[test]
fn columns_are_checked_and_answer_like_rows() {
    let channel = [row("A", 1000), back("A", "R1", 200), row("B", 50)];
    let his = [row("A", 1000), back("A", "R1", 200)];
    let columns = Columns::of(&channel);
    let his_columns = Columns::of(&his);
    let (borrowed, his_borrowed) = (columns.borrow(), his_columns.borrow());
    let sides = Sides { channel: Some(&borrowed), insurer: None, his: Some(&his_borrowed), ledger: None };
    let by_columns = reconcile(day(), &sides, &[], &Rules::default()).unwrap();
    let sides = Sides { channel: Some(channel.as_slice()), insurer: None, his: Some(his.as_slice()), ledger: None };
    assert_eq!(by_columns, reconcile(day(), &sides, &[], &Rules::default()).unwrap());
    assert_eq!(by_columns.differences.len(), 1);
    let short = EntryColumns { at_ms: &[], ..borrowed };
    let sides = Sides { channel: Some(&short), insurer: None, his: Some(&his_borrowed), ledger: None };
    assert!(reconcile(day(), &sides, &[], &Rules::default()).unwrap_err().to_string().contains("at_ms"));
}

/// Owned columns of rows.
struct Columns<'a> {
    order: Vec<&'a str>,
    refund: Vec<Option<&'a str>>,
    trade: Vec<Option<&'a str>>,
    direction: Vec<Direction>,
    part: Vec<Part>,
    amount: Vec<i64>,
    status: Vec<RowStatus>,
    fee: Vec<Option<i64>>,
    at: Vec<i64>,
}

impl<'a> Columns<'a> {
    fn of(rows: &'a [Row]) -> Columns<'a> {
        let text = |s: &'a String| (!s.is_empty()).then_some(s.as_str());
        Columns {
            order: rows.iter().map(|r| r.order_no.as_str()).collect(),
            refund: rows.iter().map(|r| text(&r.refund_no)).collect(),
            trade: rows.iter().map(|r| text(&r.trade_no)).collect(),
            direction: rows.iter().map(|r| r.direction).collect(),
            part: rows.iter().map(|r| r.part).collect(),
            amount: rows.iter().map(|r| r.amount_fen.fen()).collect(),
            status: rows.iter().map(|r| r.status).collect(),
            fee: rows.iter().map(|r| r.fee.map(UnitPrice::scaled)).collect(),
            at: rows.iter().map(|r| r.at.millis()).collect(),
        }
    }

    fn borrow(&self) -> EntryColumns<'_> {
        EntryColumns {
            order_no: &self.order,
            refund_no: Some(&self.refund),
            trade_no: Some(&self.trade),
            direction: Some(&self.direction),
            part: Some(&self.part),
            amount_fen: &self.amount,
            status: Some(&self.status),
            fee_e6: Some(&self.fee),
            at_ms: &self.at,
        }
    }
}

fn any_row(side: Side) -> impl Strategy<Value = Row> {
    let part = match side {
        Side::Channel => vec![Part::Cash],
        Side::Insurer => vec![Part::Fund, Part::Account],
        Side::His | Side::Ledger => vec![Part::Cash, Part::Fund, Part::Account],
    };
    (0..6u8, 0..3u8, 1..4i64, prop::sample::select(part), 0..8u8, 0..3u8, 0..86_400u32).prop_map(|(order, refund, fen, part, status, trade, second)| Row {
        order_no: format!("O{order}"),
        refund_no: if refund > 1 { format!("R{refund}") } else { String::new() },
        trade_no: if trade > 0 { format!("T{order}{trade}") } else { String::new() },
        direction: if refund > 0 { Direction::Refund } else { Direction::Pay },
        part,
        amount_fen: Money::from_fen(fen * 100).unwrap(),
        status: match status {
            0 => RowStatus::Pending,
            1 => RowStatus::Failed,
            _ => RowStatus::Done,
        },
        fee: (status == 2).then(|| UnitPrice::from_scaled(fen).unwrap()),
        at: Timestamp::from_millis(day().start().millis() + i64::from(second) * 1000),
    })
}

fn rows(side: Side) -> impl Strategy<Value = Option<Vec<Row>>> {
    prop::option::weighted(0.85, prop::collection::vec(any_row(side), 0..25))
}

/// What moved at a side, row by row.
fn net(rows: &[Row]) -> i64 {
    let signed = |r: &Row| if r.direction == Direction::Pay { r.amount_fen.fen() } else { -r.amount_fen.fen() };
    rows.iter().filter(|r| r.status == RowStatus::Done).map(signed).sum()
}

/// Which rows are in no difference, grouped by their exact key: they must agree by themselves, or have been joined.
fn twin(request: &RunRequest, differences: &[Difference]) {
    let listed: BTreeSet<(Side, bool, u32)> = differences.iter().flat_map(|d| &d.rows).map(|r| (r.side, r.pooled, r.at)).collect();
    let count: usize = differences.iter().map(|d| d.rows.len()).sum();
    assert_eq!(count, listed.len(), "a row stands in two differences");
    let mut silent: BTreeMap<(Side, Part), i64> = BTreeMap::new();
    for (side, rows) in [(Side::Channel, &request.channel), (Side::Insurer, &request.insurer), (Side::His, &request.his), (Side::Ledger, &request.ledger)] {
        for (at, row) in (0u32..).zip(rows.iter().flatten()) {
            if !listed.contains(&(side, false, at)) {
                *silent.entry((side, row.part)).or_default() += net(std::slice::from_ref(row));
            }
        }
    }
    for (at, carried) in (0u32..).zip(&request.pool) {
        if !listed.contains(&(carried.side, true, at)) {
            *silent.entry((carried.side, carried.row.part)).or_default() += net(std::slice::from_ref(&carried.row));
        }
    }
    // What is silent is matched: for each part all sides that take part have moved the same.
    for part in [Part::Cash, Part::Fund, Part::Account] {
        let takes =
            [(Side::Channel, request.channel.is_some()), (Side::Insurer, request.insurer.is_some()), (Side::His, request.his.is_some()), (Side::Ledger, request.ledger.is_some())];
        let nets: BTreeSet<i64> = takes.iter().filter(|(side, given)| *given && side.holds(part)).map(|(side, _)| silent.get(&(*side, part)).copied().unwrap_or(0)).collect();
        assert!(nets.len() <= 1, "{part:?}: {nets:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// I20: complete, disjoint, sums close, the same again, whatever the order of the rows.
    #[test]
    fn reconciliation_is_complete_disjoint_and_repeatable(channel in rows(Side::Channel), insurer in rows(Side::Insurer), his in rows(Side::His), ledger in rows(Side::Ledger), pooled in prop::collection::vec(any_row(Side::Channel), 0..3), turn in 0..20usize) {
        let pool = if channel.is_some() { pooled.into_iter().map(|row| Carried { side: Side::Channel, row }).collect() } else { Vec::new() };
        let request = RunRequest { date: day(), channel, insurer, his, ledger, pool, rules: Rules::default() };
        let Ok(answer) = request.run() else {
            let enough = request.ledger.is_some() && (request.his.is_some() || request.channel.is_some() || request.insurer.is_some()) || request.his.is_some() && (request.channel.is_some() || request.insurer.is_some());
            prop_assert!(!enough);
            return Ok(());
        };
        twin(&request, &answer.differences);
        let summary = &answer.summary;
        // Sum of the classes = sum of the inputs.
        let by_kind = |kind: Kind| answer.differences.iter().filter(|d| d.kind == kind).count() as u64;
        for kind in Kind::ALL {
            prop_assert!(summary.movements[&kind] >= by_kind(kind) && (kind == Kind::Matched || summary.movements[&kind] == by_kind(kind)));
        }
        let pool_net: i64 = net(&request.pool.iter().map(|c| c.row.clone()).collect::<Vec<_>>());
        prop_assert_eq!(summary.channel.net_fen, net(request.channel.as_deref().unwrap_or_default()) + pool_net);
        prop_assert_eq!(summary.insurer.net_fen, net(request.insurer.as_deref().unwrap_or_default()));
        prop_assert_eq!(summary.his.net_fen, net(request.his.as_deref().unwrap_or_default()));
        // The invariant of the difference table, where HIS and both counterparts take part.
        if request.his.is_some() && request.channel.is_some() && request.insurer.is_some() {
            prop_assert_eq!(summary.channel.net_fen + summary.insurer.net_fen - summary.his.net_fen, summary.long_fen - summary.short_fen);
        }
        // What waits is what the new pool holds.
        prop_assert_eq!(answer.pool.len(), answer.differences.iter().filter(|d| d.suspended).map(|d| d.rows.len()).sum::<usize>());
        prop_assert_eq!(&request.run().unwrap(), &answer);
        // Another order of the rows: the same kinds, reasons and amounts.
        let mut turned = request.clone();
        for side in [&mut turned.channel, &mut turned.insurer, &mut turned.his, &mut turned.ledger].into_iter().flatten() {
            let by = turn % side.len().max(1);
            side.rotate_left(by);
        }
        let what = |answer: &RunResponse| {
            let mut what: Vec<_> = answer.differences.iter().map(|d| (d.kind, d.reason, d.order_no.clone(), d.part, d.direction, d.diff_fen, d.ledger_diff_fen, d.suspended)).collect();
            what.sort();
            what
        };
        let again = turned.run().unwrap();
        prop_assert_eq!(&again.summary.movements, &summary.movements);
        prop_assert_eq!(what(&again), what(&answer));
    }

    /// Planted defects are all found, and nothing else is.
    #[test]
    fn planted_defects_are_all_found(count in 10..120usize, defects in prop::collection::vec((0..120usize, 0..5u8), 0..8)) {
        let clean: Vec<Row> = (0..count).map(|n| row(&format!("O{n}"), 100 + n as i64)).collect();
        let (mut channel, mut his) = (clean.clone(), clean);
        let mut planted = BTreeMap::new();
        for (at, defect) in defects {
            let at = at % count;
            let order = format!("O{at}");
            if planted.contains_key(&order) {
                continue;
            }
            let kind = match defect {
                0 => { his.retain(|r| r.order_no != order); Kind::OnlyChannel }
                1 => { channel.retain(|r| r.order_no != order); Kind::OnlyHis }
                2 => { his.iter_mut().filter(|r| r.order_no == order).for_each(|r| r.amount_fen = r.amount_fen.plus(Money::from_fen(1).unwrap()).unwrap()); Kind::Amount }
                3 => { his.iter_mut().filter(|r| r.order_no == order).for_each(|r| r.status = RowStatus::Failed); Kind::Status }
                _ => {
                    channel.iter_mut().filter(|r| r.order_no == order).for_each(|r| r.fee = Some(UnitPrice::from_scaled(1).unwrap()));
                    his.iter_mut().filter(|r| r.order_no == order).for_each(|r| r.fee = Some(UnitPrice::from_scaled(2).unwrap()));
                    Kind::Fee
                }
            };
            planted.insert(order, kind);
        }
        let answer = run(channel, his);
        let found: BTreeMap<String, Kind> = answer.differences.iter().map(|d| (d.order_no.clone(), d.kind)).collect();
        prop_assert_eq!(found, planted);
    }
}
