//! What each action does.

use menjie::calendar::Timestamp;
use menjie::ident::{ChannelCode, LineKey};
use menjie::payment::{NoticeWhat, Proof, RawNotice, TradeState};
use menjie::refund::Execution;
use menjie::service::CallbackAnswer;
use menjie::testkit::world::{FakeChannel, Plan};
use menjie::workflow::RefundSt;
use menjie::{Money, workflow::Key};

use crate::action::{Action, Kind};
use crate::book::open;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::house::{House, Told};
use crate::people::Person;
use crate::staff::{Approvers, Habit};
use crate::{operator, untrue, visits};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Lets an action happen.
pub fn happen(house: &mut House, action: &Action) {
    house.wait(action.gap_ms);
    let dice = Dice::new(action.seed, 0);
    let at = dice.at(house.replicas.len());
    match action.kind {
        Kind::Order => house.order(&dice),
        Kind::Device => device(house, &dice, at),
        Kind::TwoDevices => {
            let patient = dice.at(house.patients.len());
            for at in [at, dice.at(house.replicas.len())] {
                pays(house, &dice, at, patient);
            }
        }
        Kind::Pay => pay(house, &dice),
        Kind::Callbacks => callbacks(house, &dice, at),
        Kind::LateCallbacks => {
            for told in std::mem::take(&mut house.late) {
                house.met(Fault::CallbackLate);
                deliver(house, at, told);
            }
        }
        Kind::Forge => forge(house, &dice, at),
        Kind::Cancel => cancel(house, &dice, at),
        Kind::AskBack => {
            let Some(person) = person(house, &dice, at, None) else { return };
            let withdraws = (house.knobs.has(Fault::Race) || house.knobs.has(Fault::ApproveLate)) && dice.one_in(8);
            house.ask(at, person.wants_money_back(withdraws));
        }
        Kind::Lists => {
            let twice = house.knobs.has(Fault::ApproveTwice);
            let approvers = Approvers::of(house, &dice, twice && dice.one_in(3));
            let (engine, key, book) = (house.replicas[at].engine.clone(), house.key(), std::sync::Arc::clone(&house.book));
            house.ask(at, approvers.go_through_lists(engine, key, dice, Habit { twice, asks: true }, book));
        }
        Kind::Execute => {
            let Some(line) = dice.pick(recent(&house.lines)) else { return };
            let execution = if dice.one_in(2) { Execution::Done } else { Execution::Undone };
            house.world.his.stand(&line, |s| s.execution = execution);
        }
        Kind::Window => window(house, &dice),
        Kind::Feed => {
            let (engine, hospital) = (house.replicas[at].engine.clone(), house.hospital.clone());
            house.ask(at, async move {
                let _ = engine.read_notices(&hospital).await;
            });
        }
        Kind::Morning => crate::day::morning(house, &dice, at),
        Kind::Spoil => crate::day::spoil(house, &dice),
        Kind::Book => visits::book(house, &dice, at),
        Kind::Attend => visits::attend(house, &dice, at),
        Kind::Stop => visits::stopped(house, &dice, at),
        Kind::Choose => visits::choose(house, &dice, at),
        Kind::Register => visits::register(house, &dice, at),
        Kind::Answer => answer(house, &dice, at),
        Kind::Operator => operator::in_between(house, &dice, at),
        Kind::Untrue => untrue::happen(house, &dice, at),
        Kind::Crash => crash(house, &dice, at),
        Kind::Skew => skew(house, &dice, at),
        Kind::Reload => {
            house.terms.his_blind_s = [300, 600][dice.at(2)];
            house.terms.order_life_s = [300, 600, 1200][dice.at(3)];
            house.pace.lease_ms = [60_000, 120_000][dice.at(2)];
            house.met(Fault::Reload);
            house.kill(at, false);
            house.start_again(at);
        }
        Kind::Twin => twin(house, &dice, at),
        Kind::Outage => outage(house, &dice),
        Kind::LogFull => {
            house.logs.fill(Some(&dice));
            house.wait(1_000 + dice.ms(60_000));
            house.logs.fill(None);
        }
        Kind::Paper => {
            if let Some(number) = dice.pick(&house.world.invoices.numbers()) {
                match dice.of(3) {
                    0 => house.world.invoices.print(&number, true),
                    1 => house.world.invoices.book(&number, true),
                    _ => house.world.invoices.print(&number, false),
                }
            }
        }
        Kind::Sleep => sleep(house, &dice),
    }
}

/// The newest of many: what is old is mostly over.
pub fn recent<T>(all: &[T]) -> &[T] {
    &all[all.len().saturating_sub(40)..]
}

/// A patient, or a certain one, at a device of a replica.
pub fn person(house: &mut House, dice: &Dice, at: usize, patient: Option<usize>) -> Option<Person> {
    let patient = house.patients.get(patient.unwrap_or_else(|| dice.at(house.patients.len())))?.clone();
    let (engine, caller, key, book) = (house.replicas[at].engine.clone(), house.caller(&patient.id), house.key(), std::sync::Arc::clone(&house.book));
    Some(Person { engine, caller, patient: patient.id, key, dice: Dice::new(dice.bits(), 1), book, clock: house.exec.clock() })
}

fn device(house: &mut House, dice: &Dice, at: usize) {
    let patient = dice.at(house.patients.len());
    pays(house, dice, at, patient);
}

/// He pays what he finds.
pub fn pays(house: &mut House, dice: &Dice, at: usize, patient: usize) {
    let (insured, known) = (house.patients[patient].insured, std::sync::Arc::clone(&house.payments));
    if let Some(person) = person(house, dice, at, Some(patient)) {
        house.ask(at, person.pays(insured, known));
    }
}

/// Mostly everybody who may pay does; sometimes one leg of the money is taken without the other.
fn pay(house: &mut House, dice: &Dice) {
    let payable = house.world.channel.payable();
    let known: Vec<_> = recent(&house.payments.lock().unwrap()).to_vec();
    for id in known {
        let number = id.business_no();
        // A bill that loses this order would hide it for good: then nobody could ever know.
        let shown = !house.knobs.has(Fault::BillLoses);
        if shown && house.knobs.has(Fault::PaidClosed) && dice.one_in(40) && house.world.channel.pay_although_closed(&number) {
            house.met(Fault::PaidClosed);
            open(&house.book).touch_no(number.as_str());
        }
        if !payable.contains(&number) || dice.one_in(5) {
            continue;
        }
        let insured = open(&house.book).payment_row(id).is_some_and(|p| p.insured.is_some());
        match dice.of(8) {
            0 if insured && house.knobs.has(Fault::OneLeg) => {
                if house.world.channel.pay(&number) {
                    house.met(Fault::OneLeg);
                }
            }
            1 if insured && house.knobs.has(Fault::OneLeg) => {
                if house.world.insurer.settle(id) {
                    house.met(Fault::OneLeg);
                }
            }
            _ => drop(house.world.pay(id)),
        }
    }
}

fn number_of(told: &Told) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&told.body).ok()?;
    let number = body.get("order_no").or_else(|| body.pointer("/what/out_trade_no")).or_else(|| body.pointer("/what/trade/out_trade_no"))?;
    number.as_str().map(str::to_owned)
}

fn callbacks(house: &mut House, dice: &Dice, at: usize) {
    let waiting = house.world.channel.take_callbacks().into_iter().map(|body| Told { insurer: false, body });
    let waiting: Vec<Told> = waiting.chain(house.world.insurer.take_callbacks().into_iter().map(|body| Told { insurer: true, body })).collect();
    for told in waiting {
        let number = number_of(&told).unwrap_or_default();
        house.told.push(told.clone());
        let fault = match dice.of(6) {
            0 => Some(Fault::CallbackLost),
            1 => Some(Fault::CallbackLate),
            2 => Some(Fault::CallbackTwice),
            _ => None,
        };
        match fault.filter(|fault| house.knobs.has(*fault)) {
            Some(Fault::CallbackLost) => house.met(Fault::CallbackLost),
            Some(Fault::CallbackLate) => {
                house.late.insert(0, told);
                continue;
            }
            Some(Fault::CallbackTwice) => {
                house.met(Fault::CallbackTwice);
                let other = dice.at(house.replicas.len());
                deliver(house, at, told.clone());
                deliver(house, other, told);
            }
            _ => {
                deliver(house, at, told);
                continue;
            }
        }
        open(&house.book).touch_no(&number);
    }
}

/// Delivers a callback; what is answered positively must be durable by then (I15).
pub fn deliver(house: &mut House, at: usize, told: Told) {
    let (engine, hospital, book) = (house.replicas[at].engine.clone(), house.hospital.clone(), std::sync::Arc::clone(&house.book));
    if let Some(id) = number_of(&told).and_then(|no| menjie::ident::PaymentId::from_business_no(&no)) {
        let mut book = open(&book);
        if book.payment_row(id).is_some_and(|p| p.st == menjie::workflow::PaymentSt::Closed) {
            book.met(Fault::CallbackOver);
        }
    }
    house.ask(at, async move {
        let headers = FakeChannel::headers(&told.body);
        let raw = RawNotice { headers: &headers, body: &told.body };
        let (peer, answer) = if told.insurer {
            ("insurer", engine.insurer_callback(&hospital, "POST /notify/insurer", &raw).await)
        } else {
            ("wechat", engine.callback(&hospital, &ChannelCode::new("wechat").unwrap(), "POST /notify", &raw).await)
        };
        let body: serde_json::Value = serde_json::from_slice(&told.body).unwrap_or_default();
        let id = body["id"].as_str().unwrap_or_default();
        if matches!(answer, Ok(CallbackAnswer::Taken)) {
            let mut book = open(&book);
            let durable = book.is_durable(peer, id);
            book.holds("I15", "a callback is answered only when it is durable", id, durable);
        }
    });
}

/// Messages that are not what they seem: a wrong signature, a wrong amount, an old one again, a stranger's order.
fn forge(house: &mut House, dice: &Dice, at: usize) {
    let id = format!("lie-{}", dice.of(1 << 40));
    let known = recent(&house.payments.lock().unwrap()).to_vec();
    let proof = Proof { trade_no: "42lie".to_owned(), amount_fen: Money::from_fen(987_654).unwrap(), paid_at: house.now() };
    let trade = |out_trade_no: String| NoticeWhat::Trade { out_trade_no, state: TradeState::Paid(proof.clone()) };
    match dice.of(4) {
        0 if house.knobs.has(Fault::Lie) => {
            let Some(payment) = dice.pick(&known) else { return };
            house.met(Fault::Lie);
            open(&house.book).touch_no(payment.business_no().as_str());
            deliver(house, at, Told { insurer: false, body: FakeChannel::forge(&id, trade(payment.business_no().to_string())) });
        }
        1 if house.knobs.has(Fault::CallbackStranger) => {
            house.met(Fault::CallbackStranger);
            deliver(house, at, Told { insurer: false, body: FakeChannel::forge(&id, trade("P0000000000000000001".to_owned())) });
        }
        2 if house.knobs.has(Fault::Replayed) => {
            let Some(old) = dice.pick(&house.told).filter(|told| !told.insurer) else { return };
            let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&old.body) else { return };
            body["id"] = serde_json::json!(id);
            house.met(Fault::Replayed);
            deliver(house, at, Told { insurer: false, body: body.to_string().into_bytes() });
        }
        3 if house.knobs.has(Fault::Forged) => {
            let Some(payment) = dice.pick(&known) else { return };
            let mut body = FakeChannel::forge(&id, trade(payment.business_no().to_string()));
            let headers = FakeChannel::headers(&body);
            if dice.one_in(2) {
                body.truncate(body.len() / 2);
            } else {
                body.push(b' ');
            }
            house.met(Fault::Forged);
            let (engine, hospital, book) = (house.replicas[at].engine.clone(), house.hospital.clone(), std::sync::Arc::clone(&house.book));
            house.ask(at, async move {
                let raw = RawNotice { headers: &headers, body: &body };
                let answer = engine.callback(&hospital, &ChannelCode::new("wechat").unwrap(), "POST /notify", &raw).await;
                let mut book = open(&book);
                let taken = matches!(answer, Ok(CallbackAnswer::Taken)) || book.is_durable("wechat", &id);
                book.holds("I16", "a forged callback is turned away", &id, !taken);
            });
        }
        _ => {}
    }
}

fn cancel(house: &mut House, dice: &Dice, at: usize) {
    let known = recent(&house.payments.lock().unwrap()).to_vec();
    let Some(payment) = dice.pick(&known) else { return };
    let patient = open(&house.book).payment_row(payment).map(|p| p.patient.clone());
    let Some(position) = house.patients.iter().position(|p| Some(&p.id) == patient.as_ref()) else { return };
    if let Some(person) = person(house, dice, at, Some(position)) {
        house.met(Fault::Race);
        house.ask(at, person.cancels(payment));
    }
}

/// Whoever is asked something answers, mostly.
fn answer(house: &mut House, dice: &Dice, at: usize) {
    let asked: Vec<_> = open(&house.book).refunds().filter(|r| r.question.is_some()).filter_map(|r| Some((r.id, r.asked.as_ref()?.patient.clone()))).collect();
    for (refund, patient) in asked {
        let Some(position) = house.patients.iter().position(|p| p.id == patient).filter(|_| !dice.one_in(3)) else { continue };
        if let Some(person) = person(house, dice, at, Some(position)) {
            house.ask(at, person.answers(refund));
        }
    }
}

fn window(house: &mut House, dice: &Dice) {
    let line: Option<LineKey> = dice.pick(recent(&house.lines));
    match (dice.of(3), line) {
        (0, _) => {
            // Whoever asked for his money goes to the window, too.
            let asked: Vec<_> = open(&house.book).refunds().filter(|r| r.st == RefundSt::Unconfirm).filter_map(|r| Some(r.settlement?.business_no())).collect();
            let booked = house.world.his.booked();
            let chosen = if dice.one_in(2) { dice.pick(&asked) } else { None };
            if let Some(no) = chosen.or_else(|| dice.pick(recent(&booked)))
                && house.world.his.reverse_at_window(&no)
            {
                house.met(Fault::AtWindow);
                open(&house.book).touch_no(no.as_str());
            }
        }
        (1, Some(line)) => {
            house.met(Fault::AtWindow);
            house.world.his.change(&line);
        }
        (_, Some(line)) => {
            house.met(Fault::AtWindow);
            house.world.his.pay_at_window(&line);
        }
        (_, None) => {}
    }
}

/// A replica dies: at once, or some steps from now; and comes back at once, or after a while.
fn crash(house: &mut House, dice: &Dice, at: usize) {
    let power = house.knobs.has(Fault::LogPower) && dice.one_in(2);
    if power {
        house.logs.cut_power(house.replicas[at].log, dice);
    }
    for _ in 0..dice.of(30) {
        house.exec.step();
    }
    house.met(Fault::Crash);
    house.kill(at, power);
    if dice.one_in(2) {
        house.wait(dice.ms(180_000));
    }
    house.start_again(at);
}

fn skew(house: &mut House, dice: &Dice, at: usize) {
    let error = [0, 0, HOUR, -HOUR, DAY, -DAY, 90_000, -90_000][dice.at(8)];
    if error != 0 {
        house.met(Fault::Skew);
    }
    house.replicas[at].clock.err(error);
}

/// A second process under the same name: it takes the first one's leases back while the first is at work.
fn twin(house: &mut House, dice: &Dice, at: usize) {
    let name = house.replicas[at].name.as_str().to_owned();
    house.met(Fault::TwinProcess);
    house.start(&name);
    let last = house.replicas.len() - 1;
    house.wait(1_000 + dice.ms(120_000));
    house.kill(last, false);
    house.replicas.pop();
}

fn outage(house: &mut House, dice: &Dice) {
    let down = ["his.", "channel.", "insurer.", "invoice."][dice.at(4)];
    house.met(Fault::Outage);
    house.world.trouble(Plan { down: Some(down), ..house.plan.clone() });
    house.wait(MINUTE + dice.ms(10 * MINUTE));
    house.world.trouble(house.plan.clone());
    if house.knobs.has(Fault::Burst) {
        house.met(Fault::Burst);
        for _ in 0..12 {
            house.order(dice);
            let at = dice.at(house.replicas.len());
            device(house, dice, at);
        }
    }
}

/// Mostly minutes; sometimes a night; sometimes until the month is over, seldom a year on, when the same month comes back.
fn sleep(house: &mut House, dice: &Dice) {
    let now = house.now();
    let ms = match dice.of(12) {
        0..=6 => 5 * MINUTE + dice.ms(3 * HOUR),
        7..=9 => 8 * HOUR + dice.ms(10 * HOUR),
        10 => DAY + dice.ms(3 * DAY),
        _ if house.knobs.has(Fault::MonthBetween) => {
            let end = now.biz_date().month().last_day().next().start();
            let year = if dice.one_in(12) { 364 * DAY } else { 0 };
            year + end.since(now) - dice.ms(20 * MINUTE) + dice.ms(30 * MINUTE)
        }
        _ => HOUR,
    };
    month_between(house, now, now.plus_millis(ms));
    house.wait(ms);
}

/// F10 counts when something paid, asked for or approved is still open as the month ends.
fn month_between(house: &House, from: Timestamp, to: Timestamp) {
    if from.biz_month() == to.biz_month() {
        return;
    }
    let mut book = open(&house.book);
    let open_refunds = book.rows.iter().filter(|(key, row)| matches!(key, Key::Refund(_)) && !matches!(row.st(), "done" | "refused" | "rejected" | "withdrawn")).count();
    for _ in 0..open_refunds {
        book.met(Fault::MonthBetween);
    }
}
