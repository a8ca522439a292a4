//! Counterparts that tell what is not so, or do what nobody asked for. Whatever they say is genuine: only a comparison with what
//! is known can find it, and a person clears it up.

use menjie::Money;
use menjie::access::Role;
use menjie::ident::{ChannelCode, PaymentId};
use menjie::payment::{NoticeWhat, RefundState};
use menjie::reconcile::{Action, Direction, Part, Row as BillRow, RowStatus};
use menjie::service::{ReconcileDayResponse, ReconcileResolveRequest, Resolution};
use menjie::testkit::world::FakeChannel;
use menjie::workflow::{Key, PaymentSt, RefundSt, Row, SettlementSt, payment};

use crate::book::open;
use crate::dice::Dice;
use crate::events::{deliver, recent};
use crate::fault::Fault;
use crate::house::{House, Told};
use crate::operator::resolve;

/// One of them.
pub fn happen(house: &mut House, dice: &Dice, at: usize) {
    match dice.of(10) {
        0 | 1 if house.knobs.has(Fault::BillWrong) => bill_is_wrong(house, dice, at),
        // Seldom finds a payment that is still preparing, so it is tried more often.
        2 | 8 | 9 if house.knobs.has(Fault::PaidUnopened) => paid_unopened(house, dice, at),
        3 if house.knobs.has(Fault::Untrue) => second_refund(house, dice, at),
        4 | 5 if house.knobs.has(Fault::Untrue) => reversed_at_no_window(house, dice),
        6 if house.knobs.has(Fault::ClosedElsewhere) => closed_elsewhere(house, dice),
        7 if house.knobs.has(Fault::Contradicts) => asked_about_what_is_paid(house, dice, at),
        _ => {}
    }
}

fn wechat() -> ChannelCode {
    ChannelCode::new("wechat").unwrap()
}

fn payments(house: &House, of: impl Fn(&menjie::workflow::Payment) -> bool) -> Vec<PaymentId> {
    let known = recent(&house.payments.lock().unwrap()).to_vec();
    let book = open(&house.book);
    known.into_iter().filter(|id| book.payment_row(*id).is_some_and(&of)).collect()
}

/// The day so far is compared, as finance may.
fn compare_today(house: &mut House, at: usize) {
    let (engine, hospital, today) = (house.replicas[at].engine.clone(), house.hospital.clone(), house.now().biz_date());
    let _ = house.block(async move { engine.reconcile_day(&hospital, today, &wechat()).await });
}

/// The bill has an order that nobody has paid yet, of an amount that nobody asked for.
fn bill_is_wrong(house: &mut House, dice: &Dice, at: usize) {
    let early = payments(house, |p| matches!(p.st, PaymentSt::Preparing | PaymentSt::Pricing | PaymentSt::Priced | PaymentSt::Ordering));
    let unpaid = payments(house, |p| p.proof.is_none());
    let Some(id) = dice.pick(&early).or_else(|| dice.pick(&unpaid)) else { return };
    let row = BillRow {
        order_no: id.business_no().to_string(),
        refund_no: String::new(),
        trade_no: format!("44{}", id.business_no()),
        direction: Direction::Pay,
        part: Part::Cash,
        amount_fen: Money::from_fen(987_654).unwrap(),
        status: RowStatus::Done,
        fee: None,
        at: house.now(),
    };
    house.world.channel.write_into_bill(row);
    house.met(Fault::BillWrong);
    open(&house.book).lied();
    open(&house.book).touch_no(id.business_no().as_str());
    compare_today(house, at);
}

/// Another system pays under a number of ours before we open it; finance finds it in the bill and says so.
fn paid_unopened(house: &mut House, dice: &Dice, at: usize) {
    let early = payments(house, |p| p.st == PaymentSt::Preparing && p.insured.is_none() && p.amount_fen.is_positive());
    let Some(id) = dice.pick(&early) else { return };
    let Some(amount_fen) = open(&house.book).payment_row(id).map(|p| p.amount_fen) else { return };
    if !house.world.channel.pay_unopened(&id.business_no(), amount_fen) {
        return;
    }
    house.met(Fault::PaidUnopened);
    open(&house.book).touch_no(id.business_no().as_str());
    compare_today(house, at);
    let held = open(&house.book).payment_row(id).is_some_and(|p| p.st == PaymentSt::Held);
    if let Some(proof) = house.world.channel.captured(&id.business_no()).filter(|_| held) {
        resolve(house, at, Key::Payment(id), Resolution::Payment(payment::Decision::Money { proof }));
    }
}

/// The channel tells of a second giving-back under a number that has ended, or that waits for its invoice only.
fn second_refund(house: &mut House, dice: &Dice, at: usize) {
    let ended: Vec<_> = {
        let book = open(&house.book);
        let over = |st| matches!(st, RefundSt::Red | RefundSt::Done | RefundSt::Rejected | RefundSt::Withdrawn | RefundSt::Refused);
        let mut all: Vec<_> = book.refunds().filter(|r| over(r.st) && r.amounts.cash_fen.is_positive()).map(|r| (r.st, r.id, r.amounts.cash_fen)).collect();
        // One of each kind of end, so that the rare ones are met as often.
        all.sort_by_key(|(st, id, _)| (*st, std::cmp::Reverse(*id)));
        all.dedup_by_key(|(st, ..)| *st);
        all
    };
    let Some((_, id, amount_fen)) = dice.pick(&ended) else { return };
    let state = RefundState::Done { refund_no: "50untrue".to_owned(), amount_fen, at: house.now() };
    let what = NoticeWhat::Refund { out_refund_no: id.business_no().to_string(), state };
    house.met(Fault::Untrue);
    open(&house.book).touch_no(id.business_no().as_str());
    deliver(house, at, Told { insurer: false, body: FakeChannel::forge(&format!("untrue-{}", dice.of(1 << 40)), what) });
}

/// HIS tells of a reversal of another amount, or of what it has refused to book.
fn reversed_at_no_window(house: &mut House, dice: &Dice) {
    let told: Vec<_> = {
        let book = open(&house.book);
        let settlements = book.rows.values().filter_map(|row| if let Row::Settlement(s) = row { Some(s) } else { None });
        let refused = |s: &menjie::workflow::Settlement| s.st == SettlementSt::Refunding && s.receipt.is_none();
        let all: Vec<_> = settlements.filter(|s| s.st == SettlementSt::Posted || refused(s)).map(|s| (refused(s), s.no(), s.bill.total_fen)).collect();
        let rare: Vec<_> = all.iter().filter(|(refused, ..)| *refused).cloned().collect();
        if rare.is_empty() { recent(&all).to_vec() } else { rare }
    };
    let Some((_, no, total)) = dice.pick(&told) else { return };
    house.met(Fault::Untrue);
    open(&house.book).touch_no(no.as_str());
    house.world.his.tell_reversed(&no, Money::from_fen(total.fen() + 1).unwrap());
    crate::rest::notices(house);
}

/// Channel or centre closes an order by itself.
fn closed_elsewhere(house: &mut House, dice: &Dice) {
    let priced = payments(house, |p| p.insured.is_some() && p.st == PaymentSt::Priced);
    if let Some(id) = dice.pick(&priced)
        && house.world.insurer.cancel_by_itself(id)
    {
        house.met(Fault::ClosedElsewhere);
        open(&house.book).touch_no(id.business_no().as_str());
        return;
    }
    if let Some(no) = dice.pick(&house.world.channel.payable())
        && house.world.channel.close_by_itself(&no)
    {
        house.met(Fault::ClosedElsewhere);
        open(&house.book).touch_no(no.as_str());
    }
}

/// Finance has the channel asked about a line of yesterday that is long paid, and the channel contradicts itself.
fn asked_about_what_is_paid(house: &mut House, dice: &Dice, at: usize) {
    let (engine, hospital) = (house.replicas[at].engine.clone(), house.hospital.clone());
    let date = if dice.one_in(2) { house.now().biz_date() } else { house.now().biz_date().start().plus_millis(-1).biz_date() };
    let Ok(ReconcileDayResponse::Made { day }) = house.block(async move { engine.reconcile_day(&hospital, date, &wechat()).await }) else { return };
    let paid = |no: &str| PaymentId::from_business_no(no).is_some_and(|id| open(&house.book).payment_row(id).is_some_and(|p| p.st == PaymentSt::Paid && p.proof.is_some()));
    let lines: Vec<_> = day.items.iter().filter(|item| item.direction == Direction::Pay && item.actions.contains(&Action::Query) && paid(&item.order_no)).collect();
    let Some(line) = dice.pick(&lines) else { return };
    open(&house.book).lie_next(&line.order_no);
    let request = ReconcileResolveRequest { key: house.key(), date, channel: wechat(), item: line.key.clone(), action: Action::Query, note: "请渠道再次核对".to_owned() };
    let (engine, finance) = (house.replicas[at].engine.clone(), house.member("f1", &[Role::Finance], &[]));
    let _ = house.block(async move { engine.reconcile_resolve(&finance, &request).await });
}
