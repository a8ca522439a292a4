//! A self-pay day in virtual time, first without troubles, then one trouble at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Clinic, accepted};
use menjie::Money;
use menjie::ident::{LineKey, PatientId, PaymentId, RequestKey};
use menjie::payment::{NoticeWhat, Proof, TradeState};
use menjie::port::{Clock, HisTraits};
use menjie::service::{AttentionListRequest, AttentionResolveRequest, AttentionResolveResponse, PayResponse, PaymentCancelRequest, PaymentCancelResponse, Progress, Resolution};
use menjie::testkit::world::{FakeChannel, HisHabits, Plan, Trouble};
use menjie::workflow::{Key, MachineKind, refund, settlement};

const HOUR: i64 = 3_600_000;

/// Two departments, 89.87 + 120.00.
fn two_bills(clinic: &Clinic) -> PatientId {
    clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1"), ("L2", "LAB", "69.87", "1"), ("L3", "EEG", "120.00", "1")])
}

fn open(seed: u64) -> (Clinic, PatientId, PaymentId) {
    let mut clinic = Clinic::new(seed);
    clinic.start("a");
    let patient = two_bills(&clinic);
    let response = clinic.pay(0, &patient);
    let payment = accepted(response);
    clinic.exec.run_for(2_000);
    (clinic, patient, payment)
}

fn pay_order(clinic: &Clinic, payment: PaymentId) -> bool {
    clinic.world.channel.pay(&payment.business_no())
}

#[test]
fn bills_by_department_are_paid_booked_and_invoiced() {
    let (mut clinic, patient, payment) = open(1);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::AwaitingPayment);
    assert!(pay_order(&clinic, payment));
    clinic.deliver(0);
    clinic.exec.run_for(5_000);
    let view = clinic.view(0, &patient, payment);
    assert_eq!(view.progress, Progress::Done, "{view:#?}");
    assert_eq!(view.settlements.len(), 2);
    assert!(view.settlements.iter().all(|s| s.receipt_no.is_some() && s.invoice.as_ref().is_some_and(|i| i.bill_no.is_some())));
    let report = clinic.sound(0, "plain");
    assert_eq!((report.under_way, report.attention), (0, 0));
    let figures = report.figures;
    assert_eq!((figures.settlements, figures.his_fen), (2, 20_987));
    assert!(figures.channel_fen == figures.his_fen && figures.invoices_fen == figures.his_fen && figures.ledger_fen == figures.his_fen);
}

#[test]
fn without_a_callback_the_query_finds_the_money() {
    let (mut clinic, patient, payment) = open(2);
    assert!(pay_order(&clinic, payment));
    clinic.exec.run_for(30_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    clinic.sound(0, "no callback");
}

#[test]
fn an_unpaid_order_is_closed_and_the_bills_are_free_again() {
    let (mut clinic, patient, payment) = open(3);
    clinic.exec.run_for(10 * 60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Closed);
    assert_eq!(clinic.world.his.locked_lines(), 0, "unlocked in HIS");
    clinic.sound(0, "expired");
    // And it can be paid again.
    let again = clinic.pay(0, &patient);
    let again = accepted(again);
    clinic.exec.run_for(2_000);
    assert!(pay_order(&clinic, again));
    clinic.exec.run_for(30_000);
    assert_eq!(clinic.view(0, &patient, again).progress, Progress::Done);
    clinic.sound(0, "paid at the second try");
}

#[test]
fn a_zero_bill_is_confirmed_without_a_channel() {
    let mut clinic = Clinic::new(4);
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "0.00", "1")]);
    let response = clinic.pay(0, &patient);
    let payment = accepted(response);
    clinic.exec.run_for(5_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    assert!(clinic.world.channel.payable().is_empty());
    clinic.sound(0, "zero");
}

#[test]
fn two_devices_pay_one_bill_at_once_and_one_order_lives() {
    let mut clinic = Clinic::new(5);
    clinic.start("a");
    clinic.start("b");
    let patient = two_bills(&clinic);
    let keys = [clinic.key(), clinic.key()];
    let results: std::sync::Arc<std::sync::Mutex<Vec<PayResponse>>> = std::sync::Arc::default();
    for (i, key) in keys.into_iter().enumerate() {
        let (engine, caller, patient, results) = (clinic.replicas[i].engine.clone(), clinic.caller(&patient), patient.clone(), results.clone());
        clinic.exec.spawn(async move {
            let response = common::pay_all(&engine, &caller, &patient, key).await;
            results.lock().unwrap().push(response);
        });
    }
    clinic.exec.run_for(5_000);
    let results = results.lock().unwrap().clone();
    let taken = results.iter().filter(|r| matches!(r, PayResponse::Accepted { .. })).count();
    assert_eq!((results.len(), taken), (2, 1), "{results:?}");
    assert_eq!(clinic.world.channel.payable().len(), 1, "one live order");
}

#[test]
fn a_definite_no_of_his_gives_the_money_back() {
    let (mut clinic, patient, payment) = open(6);
    clinic.world.his.behave(HisHabits { refuses_postings: true, ..HisHabits::default() });
    assert!(pay_order(&clinic, payment));
    clinic.exec.run_for(10 * 60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    let report = clinic.sound(0, "refused");
    assert_eq!((report.under_way, report.figures.channel_fen), (0, 0));
    assert_eq!(clinic.world.his.locked_lines(), 0);
}

#[test]
fn a_his_that_refuses_repeats_never_gets_its_money_paid_back() {
    for seed in 0..40 {
        let (mut clinic, patient, payment) = open(100 + seed);
        clinic.world.his.behave(HisHabits { refuses_repeats: true, blind_ms: 90_000, ..HisHabits::default() });
        clinic.world.trouble(Plan::scripted("his.post", [Some(Trouble::LostAfter), Some(Trouble::LostAfter)]));
        assert!(pay_order(&clinic, payment));
        clinic.exec.run_for(HOUR);
        assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done, "seed {seed}");
        let report = clinic.sound(0, "refuses repeats");
        assert_eq!(report.figures.channel_fen, 20_987, "seed {seed}: nothing was refunded");
    }
}

#[test]
fn a_lost_posting_is_cancelled_in_his_before_the_money_goes_back() {
    let (mut clinic, patient, payment) = open(7);
    // Both postings are lost before HIS sees them, again and again, until HIS is asked to cancel the numbers.
    clinic.world.trouble(Plan { script: vec![("his.post", std::iter::repeat_n(Some(Trouble::LostBefore), 60).collect())], ..Plan::calm() });
    assert!(pay_order(&clinic, payment));
    clinic.exec.run_for(2 * HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    clinic.sound(0, "cancelled");
}

#[test]
fn a_posting_that_lands_later_is_found_and_kept() {
    let (mut clinic, patient, payment) = open(8);
    clinic.world.trouble(Plan::scripted("his.post", [Some(Trouble::Later(300_000)), Some(Trouble::Later(300_000))]));
    assert!(pay_order(&clinic, payment));
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    clinic.sound(0, "later");
}

#[test]
fn a_late_success_whose_callback_never_comes_is_found_the_next_day() {
    let (mut clinic, patient, payment) = open(9);
    // The close is answered "closed" by a broken channel that nevertheless lets the payer pay.
    clinic.exec.run_for(10 * 60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Closed);
    assert!(clinic.world.channel.pay_although_closed(&payment.business_no()));
    clinic.exec.run_for(23 * HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Closed, "nobody has told us yet");
    clinic.exec.run_for(2 * HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    let report = clinic.sound(0, "late");
    assert_eq!(report.under_way, 0);
}

#[test]
fn money_that_arrives_while_closing_is_kept_and_booked() {
    let (mut clinic, patient, payment) = open(10);
    let (engine, caller, key) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient), clinic.key());
    clinic.world.trouble(Plan::scripted("channel.close", [Some(Trouble::Slow(5_000))]));
    clinic.block(async move { engine.cancel(&caller, &PaymentCancelRequest { key, payment_id: payment }).await }).unwrap();
    assert!(pay_order(&clinic, payment), "paid while the close is on its way");
    clinic.exec.run_for(5 * 60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    clinic.sound(0, "paid while closing");
}

#[test]
fn giving_up_again_under_another_key_is_answered_and_so_are_its_repeats() {
    let (mut clinic, patient, payment) = open(22);
    let cancel = |clinic: &mut Clinic, key: &str| {
        let (engine, caller, key) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient), RequestKey::new(key).unwrap());
        match clinic.block(async move { engine.cancel(&caller, &PaymentCancelRequest { key, payment_id: payment }).await }).unwrap() {
            PaymentCancelResponse::Accepted { st } => st,
            PaymentCancelResponse::Refused { refusal } => refusal.reason,
        }
    };
    assert_eq!((cancel(&mut clinic, "a").as_str(), cancel(&mut clinic, "b").as_str()), ("closing", "closing"), "an impatient patient");
    clinic.exec.run_for(60_000);
    assert_eq!(cancel(&mut clinic, "c"), "closed");
    let repeats = ["a", "b", "c"].map(|key| cancel(&mut clinic, key));
    assert_eq!(repeats, ["closing", "closing", "closed"], "the first answers");
    clinic.sound(0, "given up three times");
}

#[test]
fn a_changed_bill_cannot_be_locked_and_nobody_pays() {
    let mut clinic = Clinic::new(11);
    clinic.start("a");
    let patient = two_bills(&clinic);
    clinic.world.trouble(Plan::scripted("his.lock", [Some(Trouble::Unsent), Some(Trouble::Unsent)]));
    let response = clinic.pay(0, &patient);
    let payment = accepted(response);
    clinic.world.his.change(&LineKey::new("L3").unwrap());
    clinic.exec.run_for(60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Closed);
    assert!(clinic.world.channel.payable().is_empty());
    clinic.exec.run_for(60_000);
    assert_eq!(clinic.world.his.locked_lines(), 0);
    clinic.sound(0, "changed");
}

#[test]
fn a_bill_changed_while_paying_closes_the_order_or_gives_its_share_back() {
    let (mut clinic, patient, payment) = open(12);
    clinic.world.his.change(&LineKey::new("L3").unwrap());
    assert!(pay_order(&clinic, payment));
    clinic.notices(0);
    clinic.exec.run_for(20 * 60_000);
    let view = clinic.view(0, &patient, payment);
    assert_eq!(view.progress, Progress::Done, "one bill is booked");
    let report = clinic.sound(0, "changed while paying");
    assert_eq!((report.figures.his_fen, report.under_way), (8_987, 0));
}

#[test]
fn a_window_reversal_waits_for_finance_then_refunds_and_reverses_the_invoice() {
    let (mut clinic, patient, payment) = open(13);
    assert!(pay_order(&clinic, payment));
    clinic.deliver(0);
    clinic.exec.run_for(10_000);
    let no = clinic.world.his.booked().into_iter().next().unwrap();
    assert!(clinic.world.his.reverse_at_window(&no));
    clinic.notices(0);
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunding, "finance has not decided");
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    let list = clinic.block(async move { engine.attention_list(&operator, &AttentionListRequest { kind: MachineKind::Refund, after: None }).await }).unwrap();
    assert_eq!(list.items.len(), 1);
    let request = AttentionResolveRequest {
        key: clinic.key(),
        machine: list.items[0].machine,
        resolution: Resolution::Refund(refund::Decision::Agree),
        evidence: "HIS已冲销，同意退款".to_owned(),
    };
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    let done = clinic.block(async move { engine.attention_resolve(&operator, &request).await }).unwrap();
    assert!(matches!(done, AttentionResolveResponse::Accepted { .. }), "{done:?}");
    clinic.exec.run_for(10 * 60_000);
    let view = clinic.view(0, &patient, payment);
    assert!(view.settlements.iter().any(|s| s.st == "reversed" && s.invoice.as_ref().is_some_and(|i| i.st == "red")), "{view:#?}");
    let report = clinic.sound(0, "window");
    assert_eq!(report.under_way, 0);
    assert_eq!(clinic.world.truth().invoices_fen, report.figures.his_fen);
}

#[test]
fn wrong_amount_foreign_and_forged_callbacks_change_no_money() {
    let (mut clinic, patient, payment) = open(14);
    let now = clinic.exec.clock().now();
    let proof = |fen: i64| Proof { trade_no: "4200000001".to_owned(), amount_fen: Money::from_fen(fen).unwrap(), paid_at: now };
    let trade = |no: String, fen: i64| NoticeWhat::Trade { out_trade_no: no, state: TradeState::Paid(proof(fen)) };
    let mine = payment.business_no().to_string();
    assert_eq!(clinic.callback(0, FakeChannel::forge("E1", trade(mine.clone(), 1))), 200, "valid signature, wrong amount: quarantined");
    assert_eq!(clinic.callback(0, FakeChannel::forge("E2", trade("P0000000000000000099".to_owned(), 20_987))), 200, "unknown order: quarantined");
    assert_eq!(clinic.callback(0, FakeChannel::forge("E3", NoticeWhat::Trade { out_trade_no: mine.clone(), state: TradeState::Mismatch { field: "mchid".to_owned() } })), 200);
    let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone());
    let body = FakeChannel::forge("E4", trade(mine, 20_987));
    let rejected = clinic.block(async move {
        let headers = vec![("x-digest".to_owned(), "00".to_owned())];
        engine.callback(&hospital, &menjie::ident::ChannelCode::new("wechat").unwrap(), "POST /notify", &menjie::payment::RawNotice { headers: &headers, body: &body }).await
    });
    assert_eq!(rejected.unwrap().status(), 401, "bad signature");
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::AwaitingPayment, "money state unchanged");
    let scan = menjie::port::Scan::Quarantine(clinic.hospital.clone());
    let port = clinic.port.clone();
    let page = clinic.block(async move { port.scan(&scan, None, 10).await }).unwrap();
    assert_eq!(page.rows.len(), 3);
    assert!(pay_order(&clinic, payment));
    clinic.exec.run_for(30_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    clinic.sound(0, "quarantine");
}

#[test]
fn duplicated_callbacks_book_once() {
    let (mut clinic, patient, payment) = open(15);
    assert!(pay_order(&clinic, payment));
    let callbacks = clinic.world.channel.take_callbacks();
    for _ in 0..15 {
        for body in &callbacks {
            assert_eq!(clinic.callback(0, body.clone()), 200);
        }
    }
    clinic.exec.run_for(30_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    clinic.sound(0, "duplicates");
}

#[test]
fn a_his_without_lock_and_query_needs_a_person_for_an_unknown_posting() {
    let mut clinic = Clinic::new(16);
    clinic
        .world
        .his
        .behave(HisHabits { traits: Some(HisTraits { lock: false, query_post: false, cancel_post: false, notices: false, ..HisTraits::default() }), ..HisHabits::default() });
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1")]);
    let response = clinic.pay(0, &patient);
    let payment = accepted(response);
    clinic.exec.run_for(2_000);
    clinic.world.trouble(Plan::scripted("his.post", [Some(Trouble::LostBefore)]));
    assert!(pay_order(&clinic, payment));
    clinic.deliver(0);
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Booking);
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    let list = clinic.block(async move { engine.attention_list(&operator, &AttentionListRequest { kind: MachineKind::Settlement, after: None }).await }).unwrap();
    assert_eq!(list.items[0].reason, "his_cannot_query");
    let machine = list.items[0].machine;
    assert!(matches!(machine, Key::Settlement(_)));
    let request =
        AttentionResolveRequest { key: clinic.key(), machine, resolution: Resolution::Settlement(settlement::Decision::NeverPosted), evidence: "HIS查无此单".to_owned() };
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    clinic.block(async move { engine.attention_resolve(&operator, &request).await }).unwrap();
    clinic.exec.run_for(10 * 60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    clinic.sound(0, "resolved");
}

#[test]
fn an_invoice_whose_answer_is_lost_is_asked_for_by_its_number() {
    let (mut clinic, patient, payment) = open(17);
    clinic.world.trouble(Plan::scripted("invoice.issue", [Some(Trouble::LostAfter), Some(Trouble::LostBefore)]));
    assert!(pay_order(&clinic, payment));
    clinic.exec.run_for(HOUR);
    let view = clinic.view(0, &patient, payment);
    assert!(view.settlements.iter().all(|s| s.invoice.as_ref().is_some_and(|i| i.st == "issued")), "{view:#?}");
    let report = clinic.sound(0, "invoice");
    assert_eq!(clinic.world.truth().invoices_fen, report.figures.his_fen);
}

#[test]
fn the_same_key_gives_the_same_answer_and_another_request_is_refused() {
    let mut clinic = Clinic::new(18);
    clinic.start("a");
    let patient = two_bills(&clinic);
    let (engine, caller, key) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient), clinic.key());
    clinic.block(async move {
        let unpaid = engine.unpaid(&caller, &menjie::service::UnpaidRequest { patient_id: patient.clone() }).await.unwrap();
        let bill_ids: Vec<_> = unpaid.visits[0].bills.iter().map(|b| b.bill_id.clone()).collect();
        let quote = engine.quote(&caller, &menjie::service::QuoteRequest { patient_id: patient, bill_ids: bill_ids.clone(), insurance: None }).await.unwrap();
        let menjie::service::QuoteResponse::Quoted { quote_id, .. } = quote else { panic!("{quote:?}") };
        let request = menjie::service::PayRequest {
            key,
            quote_id,
            bill_ids: Vec::new(),
            channel: menjie::ident::ChannelCode::new("wechat").unwrap(),
            method: menjie::payment::Method::Native,
        };
        let first = engine.pay(&caller, &request).await.unwrap();
        let second = engine.pay(&caller, &request).await.unwrap();
        assert_eq!(first, second);
        let other = menjie::service::PayRequest { bill_ids: vec![bill_ids[0].clone()], ..request };
        let error = engine.pay(&caller, &other).await.unwrap_err();
        assert_eq!(error.code(), menjie::error::Code::KeyReused);
    });
}

#[test]
fn a_strangers_payment_looks_like_a_missing_one() {
    let (mut clinic, _, payment) = open(19);
    let stranger = PatientId::new("P2").unwrap();
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&stranger));
    let error = clinic.block(async move { engine.get(&caller, &menjie::service::SettlementGetRequest { payment_id: payment, wait_ms: 0, since: None }).await }).unwrap_err();
    assert_eq!(error.code(), menjie::error::Code::NotFound);
}

/// A look that waits: the version it shows, and how long it took.
fn look(clinic: &mut Clinic, patient: &PatientId, payment: PaymentId, since: Option<u64>) -> (u64, i64) {
    let (engine, caller, clock) = (clinic.replicas[0].engine.clone(), clinic.caller(patient), clinic.exec.clock());
    let begun = clock.now();
    let request = menjie::service::SettlementGetRequest { payment_id: payment, wait_ms: 20_000, since };
    let view = clinic.block(async move { engine.get(&caller, &request).await }).unwrap();
    (view.version, clock.now().since(begun))
}

#[test]
fn a_look_with_an_older_version_is_answered_at_once() {
    let (mut clinic, patient, payment) = open(20);
    let known = clinic.view(0, &patient, payment).version;
    assert_eq!(look(&mut clinic, &patient, payment, Some(known - 1)), (known, 0));
    assert_eq!(look(&mut clinic, &patient, payment, Some(known)), (known, 20_000), "nothing changes: the whole wait");
    assert_eq!(look(&mut clinic, &patient, payment, None), (known, 20_000), "what is found first is the known one");
}

#[test]
fn a_look_is_answered_as_soon_as_the_payment_moves() {
    let (mut clinic, patient, payment) = open(21);
    let known = clinic.view(0, &patient, payment).version;
    let (clock, channel) = (clinic.exec.clock(), std::sync::Arc::clone(&clinic.world.channel));
    clinic.exec.spawn(async move {
        clock.sleep_until(clock.now().plus_millis(3_000)).await;
        assert!(channel.pay(&payment.business_no()));
    });
    let (paid, waited) = look(&mut clinic, &patient, payment, Some(known));
    assert!(paid > known);
    assert!((3_000..10_000).contains(&waited), "{waited}");
}

#[test]
fn a_look_that_knows_a_payment_that_is_over_waits_for_what_may_still_come() {
    let (mut clinic, patient, payment) = open(23);
    assert!(pay_order(&clinic, payment));
    clinic.deliver(0);
    clinic.exec.run_for(HOUR);
    let view = clinic.view(0, &patient, payment);
    assert!(view.over && view.progress == Progress::Done, "{view:#?}");
    assert_eq!(look(&mut clinic, &patient, payment, None), (view.version, 0), "who knows nothing is told at once");
    assert_eq!(look(&mut clinic, &patient, payment, Some(view.version - 1)), (view.version, 0));
    assert_eq!(look(&mut clinic, &patient, payment, Some(view.version)), (view.version, 20_000), "nothing changes: the whole wait");
    let no = clinic.world.his.booked().into_iter().next().unwrap();
    assert!(clinic.world.his.reverse_at_window(&no));
    clinic.notices(0);
    let (moved, waited) = look(&mut clinic, &patient, payment, Some(view.version));
    assert!(moved > view.version && waited < 10_000, "the reversal is heard of: {moved} after {waited}");
}
