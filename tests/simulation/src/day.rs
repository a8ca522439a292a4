//! Days of the channel reconciled: each morning, with spoiled bills (F18); and at the end, whether the comparison is complete,
//! disjoint and repeatable, and finds what was spoiled (I20).

use menjie::Money;
use menjie::calendar::BizDate;
use menjie::ident::{ChannelCode, PaymentId};
use menjie::reconcile::{Direction, Part, Row, RowStatus};
use menjie::service::{Day, ReconcileDayResponse};

use crate::book::open;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::house::House;

fn wechat() -> ChannelCode {
    ChannelCode::new("wechat").unwrap()
}

/// The job of the morning, on one replica, or on two at once.
pub fn morning(house: &mut House, dice: &Dice, at: usize) {
    let late = house.knobs.has(Fault::BillLate) && dice.one_in(3);
    house.world.channel.make_bills_wait(late);
    if late {
        house.met(Fault::BillLate);
    }
    for at in [Some(at), dice.one_in(3).then(|| dice.at(house.replicas.len()))].into_iter().flatten() {
        let (engine, hospital) = (house.replicas[at].engine.clone(), house.hospital.clone());
        house.ask(at, async move {
            let _ = engine.reconcile_morning(&hospital, 0, 2).await;
        });
    }
}

/// The bill gets a row of nobody's order, or loses one of ours.
pub fn spoil(house: &mut House, dice: &Dice) {
    if dice.one_in(2) && house.knobs.has(Fault::BillStranger) {
        let order_no = format!("P{:019}", 900 + dice.of(1 << 30));
        let row = Row {
            order_no: order_no.clone(),
            refund_no: String::new(),
            trade_no: format!("43{order_no}"),
            direction: Direction::Pay,
            part: Part::Cash,
            amount_fen: Money::from_fen(777).unwrap(),
            status: RowStatus::Done,
            fee: None,
            at: house.now(),
        };
        house.world.channel.write_into_bill(row);
        house.spoiled.insert(order_no, house.now().biz_date());
        house.met(Fault::BillStranger);
    } else if house.knobs.has(Fault::BillLoses) {
        // What only the bill tells of cannot be found by anybody when the bill loses it.
        let known: Vec<PaymentId> = house.payments.lock().unwrap().iter().copied().filter(|id| !house.unopened.contains(id)).collect();
        let Some(no) = dice.pick(&known).map(|id| id.business_no()) else { return };
        if let Some(proof) = house.world.channel.captured(&no).filter(|proof| !proof.amount_fen.is_zero()) {
            house.world.channel.lose_in_bill(&no);
            open(&house.book).touch_no(no.as_str());
            house.spoiled.insert(no.to_string(), proof.paid_at.biz_date());
            house.met(Fault::BillLoses);
        }
    }
}

fn reconcile(house: &mut House, date: BizDate) -> Option<Day> {
    let (engine, hospital) = (house.replicas[0].engine.clone(), house.hospital.clone());
    match house.block(async move { engine.reconcile_day(&hospital, date, &wechat()).await }) {
        Ok(ReconcileDayResponse::Made { day }) => Some(*day),
        Ok(ReconcileDayResponse::NotMade { .. } | ReconcileDayResponse::Refused { .. }) | Err(_) => None,
    }
}

/// Every day so far, oldest first: what nobody told (a window's reversal of what we did not know yet) is found in the day's files.
pub fn catch_up(house: &mut House, since: BizDate) {
    let today = house.now().biz_date();
    let mut date = since;
    while date < today {
        let _ = reconcile(house, date);
        date = date.next();
    }
}

/// A stranger's row always, one of ours where HIS booked it that day.
fn tells(house: &House, id: PaymentId, date: BizDate) -> bool {
    let book = open(&house.book);
    let receipts = book.settlements_of.get(&id).into_iter().flatten().filter_map(|id| book.settlement(*id)).filter_map(|s| s.receipt.as_ref());
    let booked = receipts.into_iter().any(|receipt| receipt.posted_at.biz_date() == date);
    book.payment_row(id).is_none() || booked
}

/// Yesterday and some days on which something was spoiled, compared twice when all is calm.
pub fn compare(house: &mut House) {
    let yesterday = house.now().biz_date().start().plus_millis(-1).biz_date();
    let mut days: Vec<BizDate> = house.spoiled.values().copied().chain([yesterday]).filter(|day| *day <= yesterday).collect();
    days.sort_unstable();
    days.dedup();
    for date in days.into_iter().rev().take(4) {
        let (Some(first), Some(second)) = (reconcile(house, date), reconcile(house, date)) else {
            open(&house.book).broken("I20", date.to_string(), "a day cannot be reconciled although every side answers".to_owned());
            continue;
        };
        let names = |day: &Day| day.items.iter().map(|item| item.key.clone()).collect::<Vec<_>>();
        let sum = &first.summary;
        let adds_up = sum.channel.net_fen + sum.insurer.net_fen - sum.his.net_fen == sum.long_fen - sum.short_fen;
        let mut unique = names(&first);
        unique.sort_unstable();
        unique.dedup();
        // What the bill lacks differs on the day on which HIS booked it; what nobody booked that day cannot.
        let told = |no: &String| PaymentId::from_business_no(no).is_none_or(|id| tells(house, id, date));
        let planted: Vec<&String> = house.spoiled.iter().filter(|(no, day)| **day == date && told(no)).map(|(no, _)| no).collect();
        let found = planted.iter().all(|no| first.items.iter().any(|item| item.order_no == **no));
        let mut book = open(&house.book);
        book.holds("I20", "a day compared again is the same", date, first.summary == second.summary && names(&first) == names(&second));
        book.holds("I20", "what the sides differ by is the sum of the differences", date, adds_up);
        book.holds("I20", "every movement is in one line", date, unique.len() == first.items.len());
        if !planted.is_empty() {
            book.holds("I20", "what was spoiled in the bill is found", date, found);
        }
    }
}
