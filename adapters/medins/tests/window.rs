//! The institution interface against the simulator over real HTTP: persons, designations, the chain of the window, statements.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::live::{Live, done, facts, now};
use menjie::Money;
use menjie::access::Private;
use menjie::ident::VisitId;
use menjie::insurance::{CheckSplitRequest, DesignationState, HisSplit, InsuredPerson, PersonKey, SettlementPart, Statement};
use menjie::port::{Insurer, InsurerAnswer, InsurerCall, Outcome};
use menjie_medins::gateway::fees::ALL_BATCHES;
use menjie_medins::gateway::settle::Batch;
use menjie_medins::gateway::statement::Totals;
use menjie_medins::gateway::undo::Reversal;
use menjie_medins::gateway::{MsgId, Visit};
use menjie_sim::Fault;
use menjie_sim::insurer::InsuredChange;
use serde_json::json;

const BATCH: &str = "B1";

/// A visit registered, described, its fees uploaded.
async fn opened(live: &Live, key: &PersonKey) -> String {
    let visit_id = VisitId::new("MZ1").unwrap();
    let mdtrt_id = done(live.port.register(&live.cx(), &live.person, key, &visit_id, &facts()).await);
    let visit = Visit { person: &live.person, mdtrt_id: &mdtrt_id };
    done(live.port.describe(&live.cx(), visit, &facts()).await);
    let results = done(live.port.upload_fees(&live.cx(), visit, BATCH, &facts()).await);
    for line in &results {
        assert_eq!(Money::sum([line.own_fen, line.over_limit_fen, line.pre_self_fen, line.in_scope_fen]).unwrap(), line.amount_fen);
    }
    assert_eq!(results.iter().map(|line| line.level.clone().unwrap()).collect::<Vec<_>>(), ["1", "2", "3"]);
    mdtrt_id
}

fn batch<'a>(live: &'a Live, key: &'a PersonKey, mdtrt_id: &'a str) -> Batch<'a> {
    let visit = Visit { person: &live.person, mdtrt_id };
    Batch { visit, key, med_type: "11", batch_no: BATCH, total_fen: Money::from_fen(17_000).unwrap(), use_account: true }
}

fn msgid(live: &Live) -> MsgId {
    live.port.next_msgid(now()).unwrap()
}

fn closes(split: &HisSplit) {
    let request: CheckSplitRequest = serde_json::from_value(json!({"his": split})).unwrap();
    assert!(request.run().unwrap().mismatches.is_empty(), "{split:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_priced_settled_found_and_reversed() {
    let live = Live::start().await;
    let key = live.voucher().await;
    let mdtrt_id = opened(&live, &key).await;
    let batch = batch(&live, &key, &mdtrt_id);
    let priced = done(live.port.price_batch(&live.cx(), &batch).await);
    closes(&priced.split);
    assert_eq!((priced.setl_id, priced.split.fund_fen.fen(), priced.split.cash_fen.fen()), (None, 8_050, 2_000));
    let kept = msgid(&live);
    let settled = done(live.port.settle_batch(&live.cx(), &kept, &batch, &priced.split, "").await);
    closes(&settled.split);
    assert_eq!((settled.msgid.as_deref(), settled.reversal), (Some(kept.as_str()), false));
    assert_eq!(HisSplit { details_fen: None, ..settled.split.clone() }, HisSplit { details_fen: None, ..priced.split });
    let setl_id = settled.setl_id.unwrap();
    for asked in ["", setl_id.as_str()] {
        assert_eq!(done(live.port.find_settlement(&live.cx(), batch.visit, asked).await).setl_id.as_ref(), Some(&setl_id));
    }
    let visit_id = VisitId::new("MZ1").unwrap();
    assert!(matches!(live.port.withdraw(&live.cx(), batch.visit, &visit_id).await, Outcome::Refused(_)), "a settled visit is not taken back");
    let Reversal::Now(reversed) = done(live.port.reverse_settlement(&live.cx(), &msgid(&live), batch.visit, &setl_id).await) else { panic!("before") };
    assert_eq!((reversed.split.total_fen.fen(), reversed.reversal), (17_000, true), "the simulator writes minus signs, the client none");
    assert_ne!(reversed.setl_id.as_ref(), Some(&setl_id), "a reversal has a number of its own");
    let again = done(live.port.reverse_settlement(&live.cx(), &msgid(&live), batch.visit, &setl_id).await);
    assert_eq!(again, Reversal::Before, "reversed before is a success");
    done(live.port.withdraw(&live.cx(), batch.visit, &visit_id).await);
    assert_eq!(live.sim.with(|hospital, _| hospital.insurer.truth().insured_fen), 0);
    live.sim.stop().await;
}

/// domain/medins.md §5.3, 2207.
#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_without_an_answer_is_found_or_undone_by_its_kept_number() {
    let live = Live::start().await;
    let key = live.voucher().await;
    let mdtrt_id = opened(&live, &key).await;
    let batch = batch(&live, &key, &mdtrt_id);
    let priced = done(live.port.price_batch(&live.cx(), &batch).await);
    live.fault("2207", Fault::TimeoutAfter { ms: 10 });
    let kept = msgid(&live);
    assert!(matches!(live.port.settle_batch(&live.cx(), &kept, &batch, &priced.split, "").await, Outcome::Unknown(_)));
    let found = done(live.port.find_settlement(&live.cx(), batch.visit, "").await);
    assert_eq!(found.msgid.as_deref(), Some(kept.as_str()), "it did happen");
    done(live.port.correct(&live.cx(), batch.visit, &kept, "2207").await);
    assert!(done(live.port.find_settlement(&live.cx(), batch.visit, "").await).reversal);
    // It never happened: there is nothing to find, and 2601 undoes nothing.
    done(live.port.upload_fees(&live.cx(), batch.visit, BATCH, &facts()).await);
    live.fault("2207", Fault::TimeoutBefore { ms: 10 });
    let lost = msgid(&live);
    assert!(matches!(live.port.settle_batch(&live.cx(), &lost, &batch, &priced.split, "").await, Outcome::Unknown(_)));
    done(live.port.correct(&live.cx(), batch.visit, &lost, "2207").await);
    let settled = done(live.port.settle_batch(&live.cx(), &msgid(&live), &batch, &priced.split, "").await);
    // 2208 without an answer is repeated.
    let setl_id = settled.setl_id.unwrap();
    live.fault("2208", Fault::TimeoutAfter { ms: 10 });
    assert!(matches!(live.port.reverse_settlement(&live.cx(), &msgid(&live), batch.visit, &setl_id).await, Outcome::Unknown(_)));
    assert_eq!(done(live.port.reverse_settlement(&live.cx(), &msgid(&live), batch.visit, &setl_id).await), Reversal::Before);
    assert!(matches!(live.port.correct(&live.cx(), batch.visit, &kept, "2201").await, Outcome::Refused(no) if no.code == "request"));
    assert_eq!(live.sim.with(|hospital, _| hospital.insurer.truth().insured_fen), 0);
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fees_are_taken_back_and_a_changed_price_is_refused() {
    let live = Live::configured(&json!({}), &json!({"variants": {"2203": "2203A", "2206": "2206A", "2207": "2207A"}})).await;
    let key = live.voucher().await;
    let mdtrt_id = opened(&live, &key).await;
    let batch = batch(&live, &key, &mdtrt_id);
    let priced = done(live.port.price_batch(&live.cx(), &batch).await);
    let other = HisSplit { own_fen: Money::ZERO, ..priced.split.clone() };
    assert!(matches!(live.port.settle_batch(&live.cx(), &msgid(&live), &batch, &other, "").await, Outcome::Refused(no) if no.code == "-1"));
    done(live.port.void_fees(&live.cx(), batch.visit, ALL_BATCHES).await);
    assert!(matches!(live.port.price_batch(&live.cx(), &batch).await, Outcome::Refused(_)));
    assert!(matches!(live.port.void_fees(&live.cx(), batch.visit, BATCH).await, Outcome::Refused(_)));
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_answers_of_the_gateway_are_read_or_unknown() {
    let live = Live::start().await;
    let key = live.voucher().await;
    let mdtrt_id = opened(&live, &key).await;
    let batch = batch(&live, &key, &mdtrt_id);
    let wanted = done(live.port.price_batch(&live.cx(), &batch).await);
    for fault in [Fault::Numbers, Fault::SetlinfoList, Fault::TextInfcode, Fault::LongMessage] {
        live.fault("2206", fault);
        assert_eq!(done(live.port.price_batch(&live.cx(), &batch).await), wanted, "{fault:?}");
    }
    for fault in [Fault::NoSetlinfo, Fault::ServerError, Fault::TimeoutAfter { ms: 5 }] {
        live.fault("2206", fault);
        assert!(matches!(live.port.price_batch(&live.cx(), &batch).await, Outcome::Unknown(_)), "{fault:?}");
    }
    live.fault("2206", Fault::SaysNo);
    live.fault("2206", Fault::LongMessage);
    let refused = live.port.price_batch(&live.cx(), &batch).await;
    assert!(matches!(&refused, Outcome::Refused(no) if no.code == "-1" && no.text.len() < 60), "the centre's words stay in the log: {refused:?}");
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_of_another_month_is_the_insurer_s_clock() {
    let live = Live::start().await;
    let key = live.voucher().await;
    let mdtrt_id = opened(&live, &key).await;
    let batch = batch(&live, &key, &mdtrt_id);
    let priced = done(live.port.price_batch(&live.cx(), &batch).await);
    live.fault("2207", Fault::ClockOff { ms: -32 * 86_400_000 });
    let settled = done(live.port.settle_batch(&live.cx(), &msgid(&live), &batch, &priced.split, "").await);
    assert_ne!(settled.at.unwrap().biz_month(), now().biz_month());
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn persons_are_found_by_document_and_unknown_ones_are_refused() {
    let live = Live::configured(&json!({}), &json!({"certificate": "beside"})).await;
    let by = |id_no: &str| PersonKey::Document { id_type: "01".to_owned(), id_no: Private::new(id_no), name: live.person.name.clone() };
    let rows = done(live.port.person(&live.cx(), &by(live.person.id_no.reveal())).await);
    assert_eq!((rows.len(), InsuredPerson::chosen(&rows)), (2, Some(&live.person)));
    assert!(rows.iter().any(|row| !row.active), "a paused row is told, and not chosen");
    assert!(matches!(live.port.person(&live.cx(), &by("440500190001010000")).await, Outcome::Refused(_)));
    live.sim.with(|hospital, _| hospital.insurer.change(&InsuredChange { patient_id: live.patient_id.clone(), active: Some(false), ..InsuredChange::default() }));
    let rows = done(live.port.person(&live.cx(), &by(live.person.id_no.reveal())).await);
    assert_eq!(InsuredPerson::chosen(&rows), None);
    live.fault("1101", Fault::TextInfcode);
    live.fault("1101", Fault::Numbers);
    assert_eq!(done(live.port.person(&live.cx(), &by(live.person.id_no.reveal())).await), rows);
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_designation_is_asked_for_and_filed_once() {
    let live = Live::start().await;
    let today = now().biz_date();
    let policy = menjie::insurance::DesignationPolicy::default();
    let state = async || {
        let InsurerAnswer::Designation(rows) = done(live.call(InsurerCall::Designation { person: Box::new(live.person.clone()) }).await) else { panic!("another answer") };
        DesignationState::of(&rows, "H44050000001", "310", today, &policy)
    };
    let before = state().await;
    let filed = live.call(InsurerCall::FileDesignation { person: Box::new(live.person.clone()), from: today }).await;
    match before {
        DesignationState::Here => assert!(matches!(filed, Outcome::Refused(_)), "filed already"),
        _ => assert!(matches!(filed, Outcome::Done(InsurerAnswer::FileDesignation(no)) if !no.is_empty())),
    }
    assert_eq!(state().await, DesignationState::Here);
    assert!(matches!(live.call(InsurerCall::FileDesignation { person: Box::new(live.person.clone()), from: today }).await, Outcome::Refused(_)));
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_of_the_day_are_compared() {
    let live = Live::start().await;
    let (_, report) = live.settled().await;
    let split = report.split.unwrap();
    let day = report.settled_at.unwrap().biz_date();
    let totals = Totals {
        insurance_type: "310".to_owned(),
        clearing_type: "11".to_owned(),
        place: "440500".to_owned(),
        from: day,
        until: day,
        total_fen: split.total_fen,
        fund_fen: split.fund_fen,
        account_fen: split.account_fen,
        cash_fen: split.cash_fen,
        count: 1,
        reversals: false,
    };
    let compare = async |totals: Totals| done(live.port.compare_totals(&live.cx(), &totals).await);
    assert_eq!(compare(totals.clone()).await, Statement::Equal);
    assert_eq!(compare(Totals { count: 0, ..totals.clone() }).await, Statement::CentreMore);
    assert_eq!(compare(Totals { count: 2, ..totals.clone() }).await, Statement::HospitalMore);
    assert_eq!(compare(Totals { fund_fen: Money::ZERO, ..totals.clone() }).await, Statement::Differs);
    let unknown = live.port.compare_details(&live.cx(), &totals, "F1").await;
    assert!(matches!(unknown, Outcome::Refused(_)), "a file nobody uploaded");
    assert!(!live.port.traits().bill, "off unless the town is known to answer");
    assert!(matches!(live.call(InsurerCall::Bill { date: day }).await, Outcome::Refused(no) if no.code == "absent"));
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_insurer_s_day_is_read_by_comparing_it_with_nothing() {
    let live = Live::configured(&json!({}), &json!({"day_by_statement": true})).await;
    assert!(live.port.traits().bill);
    let bill = async |day| match live.call(InsurerCall::Bill { date: day }).await {
        Outcome::Done(InsurerAnswer::Bill(rows)) => rows,
        other => panic!("{other:?}"),
    };
    let today = now().biz_date();
    assert_eq!(bill(today).await, Vec::new());
    let (order, report) = live.settled().await;
    let (_, kept) = live.settled().await;
    assert!(matches!(live.reverse(&live.reversal(&order, &report, SettlementPart::All)).await, Outcome::Done(_)));
    let rows = bill(report.settled_at.unwrap().biz_date()).await;
    let split = report.split.unwrap();
    assert_eq!(rows.iter().map(|row| row.reversal).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!((rows[0].insurer_no.as_str(), rows[1].insurer_no.as_str()), (report.insurer_no.as_deref().unwrap(), kept.insurer_no.as_deref().unwrap()));
    for at in [0, 2] {
        let row = &rows[at];
        assert_eq!((row.total_fen, row.fund_fen, row.account_fen), (split.total_fen, split.fund_fen, split.account_fen), "reversals stand without sign");
    }
    assert_eq!(rows[0].at.millis() / 1000, report.settled_at.unwrap().millis() / 1000, "the time that stands in the msgid");
    assert!(!live.logged().contains(live.person.psn_no.reveal()), "files that name persons are withheld from the log");
    live.fault("9102", Fault::TimeoutAfter { ms: 5 });
    assert!(matches!(live.call(InsurerCall::Bill { date: today }).await, Outcome::Unknown(_)));
    live.fault("9101", Fault::SaysNo);
    assert!(matches!(live.call(InsurerCall::Bill { date: today }).await, Outcome::Refused(_)));
    live.sim.stop().await;
}
