//! 6201 to 6401 and 6203 against the simulator over real HTTP: the day as it should be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::live::{Live, done, now};
use menjie::Money;
use menjie::access::Private;
use menjie::insurance::{Authorisation, OrderClass, PersonKey, SettlementPart};
use menjie::payment::Amounts;
use menjie::port::{CashOwner, Insurer, InsurerAnswer, InsurerCall, Outcome};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_uploaded_priced_settled_and_given_back() {
    let live = Live::start().await;
    assert!(live.person.active && live.person.insurance_type == "310" && live.person.balance_fen.is_some(), "the paused residents' row is not chosen");
    let (upload, order) = live.uploaded().await;
    assert_eq!(live.query(&order).await.split, None, "while it is only saved there are no amounts");
    let InsurerAnswer::Place(priced) = done(live.call(InsurerCall::Place { placing: Box::new(live.placing(&upload, &order)) }).await) else { panic!("another answer") };
    let split = priced.split.unwrap();
    assert_eq!((split.total_fen, priced.class(), priced.pay_order_id.as_str()), (upload.total_fen, OrderClass::Processing, order.pay_order_id.as_str()));
    assert_eq!(split.check().unwrap(), Vec::new(), "I-1 to I-5");
    assert_eq!((split.fund_fen.fen(), split.account_fen.fen(), split.cash_fen.fen()), (8_050, 6_950, 2_000));
    live.confirm(&order, true);
    assert_eq!(live.query(&order).await.code, "2");
    let settled = live.until(&order, "6").await;
    assert_eq!(settled.split.unwrap().same_as(&split).unwrap(), Vec::new());
    assert!(settled.settled_at.is_some_and(|at| at.since(now()).abs() < 20_000) && settled.insurer_no.is_some() && settled.reversal_token.is_some());
    let reversal = live.reversal(&order, &settled, SettlementPart::All);
    for _ in 0..2 {
        assert!(matches!(done(live.reverse(&reversal).await), InsurerAnswer::Reverse(_)), "the same number is the same refund");
    }
    assert_eq!(live.query(&order).await.class(), OrderClass::Refunded);
    let truth = live.sim.with(|hospital, _| hospital.insurer.truth());
    assert_eq!((truth.insured_fen, truth.book.len(), truth.orders[order.order_no.as_str()].cash_back_fen), (0, 2, 2_000));
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_number_is_taken_once_and_a_voucher_opens_as_an_authorisation_does() {
    let live = Live::start().await;
    let mut upload = live.new_upload();
    let PersonKey::Voucher { token, .. } = live.voucher().await else { panic!("a voucher") };
    upload.authorisation = Authorisation::Voucher { ec_token: token };
    let call = InsurerCall::Upload { upload: Box::new(upload.clone()) };
    assert!(matches!(live.call(call.clone()).await, Outcome::Done(InsurerAnswer::Upload(_))));
    assert!(matches!(live.call(call).await, Outcome::Refused(no) if no.code == "-1"), "6201 is not idempotent");
    upload.authorisation = Authorisation::Mobile { pay_auth_no: Private::new("x".repeat(40)), until: None };
    assert!(matches!(live.call(InsurerCall::Upload { upload: Box::new(upload) }).await, Outcome::Refused(_)), "an authorisation nobody gave");
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deductible_accumulates_and_the_cash_leg_may_come_later() {
    let live = Live::start().await;
    let (first, report) = live.settled().await;
    let (second, priced) = live.placed().await;
    let (used, left) = (report.split.unwrap(), priced.split.unwrap());
    assert_eq!((used.fund_fen.fen(), left.fund_fen.fen()), (8_050, 10_150), "30.00 of deductible are used up by the first");
    live.confirm(&second, false);
    assert_eq!(live.until(&second, "4").await.class(), OrderClass::Candidate, "the insurance leg is done, the cash is not");
    live.confirm(&second, true);
    assert_eq!(live.query(&second).await.class(), OrderClass::Settled);
    // The insurance part whole, the cash in pieces.
    let refused = live.reverse(&live.reversal(&first, &priced, SettlementPart::All)).await;
    assert!(matches!(refused, Outcome::Refused(no) if no.code == "FAIL"), "another order's amounts");
    assert!(matches!(live.reverse(&live.reversal(&first, &report, SettlementPart::Insurance)).await, Outcome::Done(_)));
    assert_eq!(live.query(&first).await.class(), OrderClass::InsuranceRefunded);
    let mut cash = live.reversal(&first, &report, SettlementPart::Cash);
    cash.amounts = Amounts::cash(Money::from_fen(500).unwrap());
    assert!(matches!(live.reverse(&cash).await, Outcome::Done(_)));
    assert_eq!(live.query(&first).await.class(), OrderClass::MixedRefunded);
    (cash.no, cash.amounts) = (live.refund_no(), Amounts::cash(Money::from_fen(1_500).unwrap()));
    assert!(matches!(live.reverse(&cash).await, Outcome::Done(_)));
    assert_eq!(live.query(&first).await.class(), OrderClass::Refunded);
    (cash.no, cash.amounts) = (live.refund_no(), Amounts::cash(Money::from_fen(1).unwrap()));
    assert!(matches!(live.reverse(&cash).await, Outcome::Refused(_)), "nothing is left");
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_his_cannot_post_goes_back_with_its_own_token() {
    let live = Live::configured(&json!({"refund_parts": "absent", "hex": "lower"}), &json!({})).await;
    let (order, report) = live.settled().await;
    let mut reversal = live.reversal(&order, &report, SettlementPart::All);
    reversal.authorisation = None;
    reversal.reversal_token = report.reversal_token;
    assert!(matches!(live.reverse(&reversal).await, Outcome::Done(_)), "total and cash alone, as two callers in production send them");
    assert_eq!(live.state(&order), "7");
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_that_could_never_be_accepted_are_not_sent() {
    let live = Live::start().await;
    let (order, report) = live.settled().await;
    let before = live.sim.with(|hospital, _| hospital.insurer.truth().requests.get("refund").copied());
    for (part, wrong) in [(SettlementPart::Cash, SettlementPart::All), (SettlementPart::Insurance, SettlementPart::All)] {
        let mut reversal = live.reversal(&order, &report, wrong);
        reversal.part = part;
        assert!(matches!(live.reverse(&reversal).await, Outcome::Refused(no) if no.code == "request"));
    }
    let mut nothing = live.reversal(&order, &report, SettlementPart::Cash);
    nothing.amounts = Amounts::NOTHING;
    assert!(matches!(live.reverse(&nothing).await, Outcome::Refused(no) if no.code == "request"));
    assert_eq!(live.sim.with(|hospital, _| hospital.insurer.truth().requests.get("refund").copied()), before);
    live.sim.stop().await;
}

/// medins.md §10 #2: the simulator, like both full sources, reads `feedetailList`; the often quoted name can be configured.
#[tokio::test(flavor = "multi_thread")]
async fn fields_travel_under_the_spelling_of_the_site() {
    let live = Live::configured(&json!({"spellings": {"feedetailList": "feeDetlList"}}), &json!({})).await;
    let upload = live.new_upload();
    assert!(matches!(live.call(InsurerCall::Upload { upload: Box::new(upload) }).await, Outcome::Refused(_)), "no feedetailList arrives");
    live.sim.stop().await;
    let live = Live::start().await;
    let upload = live.new_upload();
    assert!(matches!(live.call(InsurerCall::Upload { upload: Box::new(upload) }).await, Outcome::Done(_)));
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_payloads_travel_inside_the_gateway_s_envelope() {
    let live = Live::configured(&json!({"transport": "wrapped"}), &json!({})).await;
    let (order, report) = live.settled().await;
    assert!(matches!(live.reverse(&live.reversal(&order, &report, SettlementPart::All)).await, Outcome::Done(_)));
    let requests = live.sim.with(|hospital, _| hospital.insurer.truth().requests);
    assert!(requests.contains_key("6201") && requests.contains_key("6203") && !requests.contains_key("upload"), "{requests:?}");
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_the_numbers_and_no_person() {
    let live = Live::start().await;
    let (upload, order) = live.uploaded().await;
    let placing = live.placing(&upload, &order);
    done(live.call(InsurerCall::Place { placing: Box::new(placing.clone()) }).await);
    live.confirm(&order, true);
    live.until(&order, "6").await;
    done(live.call(InsurerCall::Designation { person: Box::new(live.person.clone()) }).await);
    let log = live.logged();
    let person = &live.person;
    for secret in [person.name.reveal(), person.id_no.reveal(), person.psn_no.reveal(), order.pay_token.reveal(), "F41.900", "焦虑"] {
        assert!(!log.contains(secret), "{secret}");
    }
    for authorisation in [&upload.authorisation, &placing.authorisation] {
        let Authorisation::Mobile { pay_auth_no, .. } = authorisation else { panic!("mobile") };
        assert!(!log.contains(pay_auth_no.reveal()));
    }
    assert!(log.contains(order.order_no.as_str()) && log.contains("6202") && log.contains("\"msgid\":\"H44050000001"), "numbers to search for");
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_configured_is_told_as_traits() {
    let live = Live::configured(&json!({"cash_owner": "centre", "pay_auth_life_s": 600}), &json!({})).await;
    let traits = live.port.traits();
    assert_eq!((traits.mobile, traits.designation, traits.cash_owner, traits.authorisation_life_s), (true, true, CashOwner::Centre, 600));
    // An hour later the patient's authorisation is over.
    let upload = live.new_upload();
    live.sim.with(|hospital, _| {
        let options = hospital.insurer.options();
        hospital.insurer.set_options(menjie_sim::insurer::InsurerOptions { permit_life_s: 0, ..options });
    });
    let late = menjie::insurance::Upload { authorisation: live.authorise(), ..upload };
    assert!(matches!(live.call(InsurerCall::Upload { upload: Box::new(late) }).await, Outcome::Refused(_)));
    live.sim.stop().await;
}
