//! The faults go off: everything must come to rest by itself or by what a person decides (I22), and the books must agree with
//! what really happened.

use std::collections::BTreeSet;
use std::sync::Arc;

use menjie::access::Role;
use menjie::calendar::BizDate;
use menjie::refund::Execution;
use menjie::service::AuditRunRequest;
use menjie::testkit::world::Plan;
use menjie::workflow::{CheckInSt, FilingSt, NoticeSt, Row, SuspensionSt};

use crate::book::open;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::house::House;
use crate::operator;
use crate::staff::{Approvers, Habit};

const HOUR: i64 = 3_600_000;
/// So often people go through their lists at the end, at most.
const ROUNDS: u64 = 12;

/// Everybody goes home; only the replicas stay.
pub fn calm(house: &mut House, since: BizDate) {
    house.store.heal();
    house.watched.heal();
    house.logs.fill(None);
    open(&house.book).print(None);
    open(&house.book).bend(None);
    open(&house.book).refuse(None);
    house.world.trouble(Plan::calm());
    house.world.channel.make_bills_wait(false);
    house.world.insurer.refuse_reversals(false);
    for number in house.world.invoices.numbers() {
        house.world.invoices.print(&number, false);
        house.world.invoices.book(&number, false);
    }
    // What was executed while its refund was on its way is taken back: nobody gets further with it otherwise.
    for line in &house.lines {
        house.world.his.stand(line, |s| s.execution = Execution::Undone);
    }
    for at in 0..house.replicas.len() {
        house.replicas[at].clock.err(0);
        for request in std::mem::take(&mut house.replicas[at].requests) {
            house.exec.kill(request);
        }
    }
    house.wait(HOUR);
    notices(house);
    house.wait(25 * HOUR);
    crate::day::catch_up(house, since);
    // As often as something is decided that may lead to something else, and a few times in any case.
    for round in 0..ROUNDS {
        // A HIS that tells less is compared once more: what a person has entered by hand meanwhile may be reversed by now.
        if round >= 3 && house.knobs.has(Fault::PoorHis) {
            crate::day::catch_up(house, since);
        }
        notices(house);
        let dice = Dice::new(round, 0xca11);
        let approvers = Approvers::of(house, &dice, false);
        let (engine, key, book) = (house.replicas[0].engine.clone(), house.key(), Arc::clone(&house.book));
        house.block(approvers.go_through_lists(engine, key, dice, Habit { twice: false, asks: false }, book));
        house.wait(6 * HOUR);
        if operator::at_rest(house, &Dice::new(round, 0x0be4)) == 0 && round >= 5 {
            break;
        }
    }
    house.wait(50 * HOUR);
}

/// What HIS tells is read.
pub fn notices(house: &mut House) {
    let (engine, hospital) = (house.replicas[0].engine.clone(), house.hospital.clone());
    house.block(async move {
        let _ = engine.read_notices(&hospital).await;
    });
}

/// What must hold when all is calm.
pub fn judge(house: &mut House) {
    let (engine, auditor) = (house.replicas[0].engine.clone(), house.member("op1", &[Role::Operator, Role::Finance, Role::Auditor], &[]));
    let audit = house.block(async move { engine.audit(&auditor, &AuditRunRequest {}).await });
    let truth = house.world.truth();
    let locked = house.world.his.locked_lines();
    let sent = house.world.notifier.sent();
    let mut book = open(&house.book);
    match audit {
        Ok(report) => {
            for violation in &report.violations {
                book.broken("audit", violation.at.clone(), format!("{}: {}", violation.invariant, violation.what));
            }
            let ours = report.figures;
            book.holds("I22", "everything has come to rest", format!("{:?}", report.states), report.under_way == 0);
            book.holds("I1", "the books agree with HIS", "hospital", truth.his_fen == ours.his_fen && ours.his_fen == ours.ledger_fen);
            book.holds("I1", "the books agree with the channel", "hospital", truth.channel_fen == ours.channel_fen);
            book.holds("I1", "the books agree with the insurer", "hospital", truth.insurer_fen == ours.insurer_fen);
            book.holds("I7", "the books agree with the invoice platform", "hospital", truth.invoices_fen == ours.invoices_fen);
            book.holds("I1", "what was charged is what was paid", "hospital", ours.his_fen == ours.channel_fen + ours.insurer_fen);
        }
        Err(error) => book.broken("I22", "audit".to_owned(), error.to_string()),
    }
    for violation in truth.violations() {
        book.broken("I2", violation.order.to_string(), violation.what);
    }
    // With clocks a day apart the second unlock (ADR 0005) may come too early for a lock that lands late: the window lifts it.
    if !book.tally.faults.contains_key(&Fault::Skew) {
        book.holds("I3", "no line stays locked in HIS", locked, locked == 0);
    }
    let numbers: BTreeSet<_> = sent.iter().map(|order| &order.no).collect();
    book.holds("I21", "nobody gets one message twice", sent.len() - numbers.len(), numbers.len() == sent.len());
    let mut unsound = Vec::new();
    for row in book.rows.values() {
        match row {
            Row::Notice(m) => {
                let taken = sent.iter().filter(|order| order.no == m.no()).count();
                let fair = match m.st {
                    NoticeSt::Accepted => taken == 1,
                    NoticeSt::Refused => taken == 0,
                    NoticeSt::Sending => m.base.attention.is_some() && taken <= 1,
                    NoticeSt::Withdrawn | NoticeSt::Handled | NoticeSt::Unsure => taken <= 1,
                    NoticeSt::Waiting | NoticeSt::Held => false,
                };
                unsound.push(("I21", "a message is sent once, or a person is asked", row.key(), fair));
            }
            Row::Suspension(s) => {
                let told = !s.notices.is_empty() || s.told_by_hand || s.base.attention.is_some() || s.st != SuspensionSt::Notified;
                unsound.push(("I21", "a booking that is hit has a notice, or a person has the task", row.key(), told));
            }
            Row::CheckIn(c) => {
                let places = house.world.his.places(&c.visit_id);
                let placed = c.st != CheckInSt::Done || c.what.code() != "check_in" || book.is_by_hand(row.key());
                let fair = places <= 1 && (placed || places == 1);
                unsound.push(("I4", "a check-in takes one place", row.key(), fair));
            }
            Row::Filing(f) => {
                let opened = house.world.his.opened(&f.no()).map(|opened| opened.file.patient_id);
                let fair = f.st != FilingSt::Filed || book.is_by_hand(row.key()) || (opened.is_some() && opened == f.patient);
                unsound.push(("I4", "a filing names the file that HIS opened for it", row.key(), fair));
            }
            _ => {}
        }
    }
    for (invariant, rule, at, sound) in unsound {
        book.check(invariant, rule, at, sound);
    }
}
