//! The machines are total, and the table of transitions is exactly what they do: every reachable machine meets every
//! event; only commands (and reservations) may be refused; facts move, stay or hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod insured_order;
mod walk;

use menjie::Money;
use menjie::access::{Actor, Private};
use menjie::bill::{GroupInput, group};
use menjie::ident::{ChannelCode, InvoiceId, PatientId, PaymentId, RefundId, SettlementId, SuspensionId};
use menjie::invoice::{InvoiceState, Issued, Payer, Reddened};
use menjie::money::Quantity;
use menjie::payment::{Amounts, Handover, Method, Proof, TradeState};
use menjie::policy::{Grouping, Terms};
use menjie::port::{HisReceipt, HisSuccessor, HisTraits, LockReceipt, SuccessorLine};
use menjie::refund::Kept;
use menjie::testkit::world::{charge, visit};
use menjie::workflow::{Cx, Ids, Machine, Step, invoice, payment, settlement};
use menjie::workflow::{MachineKind, Row};
use walk::{fault, fen, no, notifier, now, same_as_table, walk};

fn proof(trade_no: &str, amount: i64) -> Proof {
    Proof { trade_no: trade_no.to_owned(), amount_fen: fen(amount), paid_at: now() }
}

#[test]
fn payment_is_total_and_its_table_is_what_it_does() {
    use payment::{Decision, Event as E, Via};
    let settlements = [SettlementId::new(11).unwrap(), SettlementId::new(12).unwrap()];
    let new = |amounts: [i64; 2]| payment::New {
        id: PaymentId::new(1).unwrap(),
        terms: Terms::default().hash().unwrap(),
        patient: PatientId::new("P1").unwrap(),
        channel: ChannelCode::new("wechat").unwrap(),
        method: Method::Native,
        shares: settlements.into_iter().zip(amounts.map(fen)).collect(),
        insured: None,
    };
    let refunds = [RefundId::new(21).unwrap(), RefundId::new(22).unwrap()];
    let mut events = vec![
        E::Cancel,
        E::Resolve { decision: Decision::AskAgain, evidence: "e".into() },
        E::Resolve { decision: Decision::NoMoney, evidence: "e".into() },
        E::Resolve { decision: Decision::Money { proof: proof("42A", 300) }, evidence: "e".into() },
        E::Opened { handover: Some(Handover::Qr { code_url: Private::new("x") }) },
        E::OpenRefused { no: no() },
        E::OpenUnknown { fault: fault() },
        E::CloseDone,
        E::CloseOpen { fault: fault() },
        E::Expire,
        E::Overdue,
        E::Recheck,
        E::Accept,
        E::BillReady { settlement: SettlementId::new(99).unwrap() },
    ];
    for settlement in settlements {
        events.push(E::BillReady { settlement });
        events.push(E::BillGone { settlement, why: "gone".into() });
    }
    for via in [Via::Callback, Via::Query] {
        for state in [
            TradeState::Paid(proof("42A", 300)),
            TradeState::Paid(proof("42B", 300)),
            TradeState::Paid(proof("42A", 1)),
            TradeState::NotPaid,
            TradeState::Paying,
            TradeState::Closed,
            TradeState::NotFound,
            TradeState::Mismatch { field: "mchid".into() },
        ] {
            events.push(E::Trade { via, state });
        }
    }
    events.push(E::MoveShare { from: settlements[0], to: SettlementId::new(13).unwrap(), amount_fen: fen(60) });
    events.push(E::MoveShare { from: settlements[0], to: SettlementId::new(14).unwrap(), amount_fen: fen(101) });
    for refund in refunds {
        events.push(E::Reserve { refund, amounts: Amounts::cash(fen(200)) });
        events.push(E::Release { refund });
        events.push(E::Returned { refund, amounts: Amounts::cash(fen(200)) });
    }
    events.extend(insured_order::answers());
    let may_refuse = |e: &E| matches!(e, E::Cancel | E::Accept | E::Resolve { .. } | E::Reserve { .. });
    let births = [new([100, 200]), new([0, 0])];
    let walked = walk::<menjie::workflow::Payment>(&births, &events, may_refuse, |p| p.st);
    let insured = walk::<menjie::workflow::Payment>(&[insured_order::payment()], &insured_order::events(), may_refuse, |p| p.st);
    same_as_table(MachineKind::Payment, &walked.transitions.union(&insured.transitions).copied().collect());
    for p in walked.seen.values() {
        let part = p.parts.total().unwrap();
        assert!(p.parts.reserved.is_sound() && p.parts.free().unwrap().is_sound(), "I5");
        assert_eq!(p.proof.is_some(), part.paid_fen.is_positive(), "I19: money and proof come together");
    }
    for p in insured.seen.values() {
        let legs = p.insured.as_ref().unwrap();
        assert!(p.parts.reserved.is_sound() && p.parts.free().unwrap().is_sound(), "I5");
        assert_eq!(p.proof.is_some(), p.parts.paid.cash_fen.is_positive(), "I19: cash and its proof come together");
        assert_eq!(legs.insurer == payment::Leg::Proven, p.parts.paid.insured() == legs.amounts().insured() && legs.split.is_some(), "I19: the insurer's part and its proof");
        let both = legs.cash == payment::Leg::Proven && legs.insurer == payment::Leg::Proven && !p.shares.is_empty();
        assert!(!both || matches!(p.st, payment::PaymentSt::Paid | payment::PaymentSt::Held), "both legs proven is paid: {:?}", p.st);
    }
    assert!(walked.steps > 5_000, "{} steps over {} machines", walked.steps, walked.seen.len());
    assert!(insured.steps > 50_000, "{} steps over {} machines", insured.steps, insured.seen.len());
}

fn bill_and_payer() -> (menjie::bill::Bill, Payer) {
    let patient = PatientId::new("P1").unwrap();
    let visit = visit(&patient, "V1").unwrap();
    let lines = [charge(&visit, "L1", "LAB", "3.00", "1").unwrap()];
    let grouped = group(&GroupInput { visits: &[visit], lines: &lines }, &Grouping::default(), menjie::money::Totalling::SumOfLines).unwrap();
    let payer = Payer { patient_id: patient, name: Private::new("测试甲"), sex: "男".into(), age: "35岁".into(), id_no: None, phone: None, openid: None };
    (grouped.bills.into_iter().next().unwrap(), payer)
}

fn receipt(number: &str, settlement: SettlementId, patient: &str, amount: i64) -> HisReceipt {
    HisReceipt { receipt_no: number.into(), no: settlement.business_no(), patient_id: PatientId::new(patient).unwrap(), total_fen: fen(amount), posted_at: now(), guidance: None }
}

/// Of the bill's one line of 3.00 half is kept.
fn kept_of(bill: &menjie::bill::Bill) -> settlement::Successor {
    let old = &bill.lines[0].line_id;
    let new = menjie::ident::LineKey::new("L1~2").unwrap();
    let id = SettlementId::new(13).unwrap();
    settlement::Successor {
        settlement: id,
        invoice: InvoiceId::new(33).unwrap(),
        made: HisSuccessor { receipt: receipt("SJ2", id, "P1", 150), lines: vec![SuccessorLine { line_id: new.clone(), original_line_id: old.clone(), amount_fen: fen(150) }] },
        kept: vec![Kept { line_id: new, original_line_id: old.clone(), quantity: Quantity::parse("0.5").unwrap(), amount_fen: fen(150) }],
    }
}

#[test]
fn settlement_is_total_and_its_table_is_what_it_does() {
    use settlement::{Decision, Event as E, Paid};
    let (bill, payer) = bill_and_payer();
    let id = SettlementId::new(11).unwrap();
    let new = settlement::New {
        id,
        terms: Terms::default().hash().unwrap(),
        payer,
        visit_date: menjie::BizDate::parse("2026-03-02").unwrap(),
        visit_dept: "门诊一".into(),
        payment: PaymentId::new(1).unwrap(),
        channel: ChannelCode::new("wechat").unwrap(),
        payment_fen: fen(300),
        bill: bill.clone(),
        follows: None,
    };
    let follows = settlement::Follows {
        receipt: receipt("SJ1", id, "P1", 300),
        paid: Paid { trade_no: Some("42A".into()), at: now() },
        invoice: InvoiceId::new(31).unwrap(),
        chain: settlement::Chain { first: SettlementId::new(10).unwrap(), generation: 2, previous: Some(SettlementId::new(10).unwrap()), next: None },
    };
    let followed = settlement::New { follows: Some(Box::new(follows)), ..new.clone() };
    let zero = settlement::New { bill: menjie::bill::Bill { total_fen: Money::ZERO, lines: Vec::new(), ..bill.clone() }, payment_fen: Money::ZERO, ..new.clone() };
    let paid = Paid { trade_no: Some("42A".into()), at: now() };
    let decisions = [Decision::Posted { receipt: receipt("SJ1", id, "P1", 300) }, Decision::NeverPosted, Decision::AskAgain, Decision::Unlocked];
    let mut events = vec![
        E::LockDone { receipt: LockReceipt { total_fen: fen(300) } },
        E::LockDone { receipt: LockReceipt { total_fen: fen(301) } },
        E::LockDone { receipt: LockReceipt { total_fen: Money::ZERO } },
        E::LockRefused { no: no() },
        E::LockRefusedLate { no: no() },
        E::UnlockDone,
        E::UnlockRefused { no: no() },
        E::MoneyIn { paid, insured: None },
        E::NoMoney,
        E::PostRefused { no: no() },
        E::PostRefusedLate { no: no(), sent: 2 },
        E::PostUnknown { fault: fault(), sent: 1 },
        E::PostNotRecorded,
        E::PostCancelled,
        E::CancelRefused { no: no() },
        E::ChangedElsewhere,
        E::WindowReversed { amount_fen: fen(300) },
        E::WindowReversed { amount_fen: fen(1) },
        E::WindowReversed { amount_fen: Money::ZERO },
        E::Suspended { amount_fen: fen(300), suspension: None },
        E::Suspended { amount_fen: fen(300), suspension: Some(SuspensionId::new(41).unwrap()) },
        E::Suspended { amount_fen: fen(1), suspension: None },
        E::Suspended { amount_fen: Money::ZERO, suspension: Some(SuspensionId::new(41).unwrap()) },
        E::MoneyBack,
        E::Overdue,
    ];
    for r in [receipt("SJ1", id, "P1", 300), receipt("SJ2", id, "P1", 300), receipt("SJ1", id, "P1", 299), receipt("SJ1", id, "P2", 300), receipt("SJ0", id, "P1", 0)] {
        events.push(E::PostDone { receipt: r.clone() });
        events.push(E::PostFound { receipt: r });
    }
    events.push(E::PostDone { receipt: receipt("SJ1", SettlementId::new(12).unwrap(), "P1", 300) });
    events.extend(decisions.map(|decision| E::Resolve { decision, evidence: "e".into() }));
    let walked = walk::<menjie::workflow::Settlement>(&[new, zero], &events, |e| matches!(e, E::Resolve { .. }), |s| s.st);
    // Refunds are asked for what is booked, so that walk begins there.
    let refund = RefundId::new(21).unwrap();
    events.extend([
        E::RefundOpened { refund },
        E::RefundRejected { refund },
        E::RefundRejected { refund: RefundId::new(22).unwrap() },
        E::HisReversed { refund, successor: None },
        E::HisReversed { refund, successor: Some(Box::new(kept_of(&bill))) },
    ]);
    let refunded = walk::<menjie::workflow::Settlement>(&[followed], &events, |e| matches!(e, E::Resolve { .. } | E::RefundOpened { .. }), |s| s.st);
    let both: std::collections::BTreeSet<_> = walked.transitions.union(&refunded.transitions).copied().collect();
    same_as_table(MachineKind::Settlement, &both);
    for s in walked.seen.values().chain(refunded.seen.values()) {
        let booked = matches!(s.st, menjie::workflow::SettlementSt::Posted);
        assert!(!booked || (s.receipt.is_some() && s.paid.is_some() && s.invoice.is_some()), "I2, I8: booked with proof, receipt and invoice");
    }
}

#[test]
fn invoice_is_total_and_its_table_is_what_it_does() {
    use invoice::{Decision, Event as E};
    let (bill, payer) = bill_and_payer();
    let order = menjie::invoice::InvoiceOrder {
        bus_no: InvoiceId::new(31).unwrap().business_no(),
        payer,
        visit_id: bill.visit_id.clone(),
        visit_date: menjie::BizDate::parse("2026-03-02").unwrap(),
        dept_name: "门诊一".into(),
        total_fen: fen(300),
        rounding_fen: Money::ZERO,
        lines: bill.lines,
        channel: ChannelCode::new("wechat").unwrap(),
        trade_no: "42A".into(),
        amounts: Amounts::cash(fen(300)),
        insurance_type: None,
        settled_at: now(),
    };
    let new = |total: i64| invoice::New {
        id: InvoiceId::new(31).unwrap(),
        terms: Terms::default().hash().unwrap(),
        settlement: SettlementId::new(11).unwrap(),
        order: menjie::invoice::InvoiceOrder { total_fen: fen(total), ..order.clone() },
        waits: false,
    };
    let issued = |number: &str, total: i64| Issued {
        batch_code: "44060126".into(),
        bill_no: number.into(),
        check_code: "a1".into(),
        issued_at: now(),
        total_fen: fen(total),
        url: Private::new("u"),
    };
    let red = Reddened { batch_code: "44060126".into(), bill_no: "9".into(), at: now() };
    let events = vec![
        E::Resolve { decision: Decision::GoOn, evidence: "e".into() },
        E::IssueDone { issued: issued("1", 300) },
        E::IssueDone { issued: issued("2", 300) },
        E::IssueDone { issued: issued("1", 299) },
        E::IssueRefused { no: no() },
        E::IssueUnknown { fault: fault(), sent: 1 },
        E::Found { state: InvoiceState::Blue(issued("1", 300)) },
        E::Found { state: InvoiceState::Paper(issued("1", 300)) },
        E::Found { state: InvoiceState::Booked(issued("1", 300)) },
        E::Found { state: InvoiceState::Red { blue: issued("1", 300), red: red.clone() } },
        E::Found { state: InvoiceState::NotFound },
        E::Due,
        E::RedWanted { refund: RefundId::new(21).unwrap() },
        E::RedDone { red },
        E::RedRefused { no: no() },
        E::RedUnknown { fault: fault(), sent: 1 },
        E::Overdue,
    ];
    let waiting = invoice::New { waits: true, ..new(300) };
    let walked = walk::<menjie::workflow::Invoice>(&[new(300), new(0), waiting], &events, |e| matches!(e, E::Resolve { .. }), |i| i.st);
    same_as_table(MachineKind::Invoice, &walked.transitions);
    for i in walked.seen.values() {
        assert!(i.red.is_none() || i.red_for.is_some(), "I8: no red without a refund");
    }
}

#[test]
fn the_same_machine_and_event_give_the_same_decision_whatever_the_clock_says() {
    // I23: time stepping back changes no decision of a state that does not wait for patience.
    let (bill, payer) = bill_and_payer();
    let row = |ms: i64| {
        let mut fresh = Ids::new((1_000..1_064).collect());
        let (terms, actor) = (Terms::default(), Actor::Engine);
        let channels = |_: &ChannelCode| None;
        let mut cx = Cx {
            now: now().plus_millis(ms),
            actor: &actor,
            terms: &terms,
            his: HisTraits::default(),
            notifier: notifier(),
            channels: &channels,
            not_found_ms: 60_000,
            fresh: &mut fresh,
        };
        let new = settlement::New {
            id: SettlementId::new(11).unwrap(),
            terms: terms.hash().unwrap(),
            payer: payer.clone(),
            bill: bill.clone(),
            visit_date: menjie::BizDate::parse("2026-03-02").unwrap(),
            visit_dept: "门诊一".into(),
            payment: PaymentId::new(1).unwrap(),
            channel: ChannelCode::new("wechat").unwrap(),
            payment_fen: fen(300),
            follows: None,
        };
        let born = menjie::workflow::Settlement::open(&new, &mut cx).unwrap().next;
        let locked = match born.step(&settlement::Event::LockDone { receipt: LockReceipt { total_fen: fen(300) } }, &mut cx).unwrap() {
            Step::Move(m) => m.next,
            other => panic!("{other:?}"),
        };
        Row::Settlement(locked).st()
    };
    assert!([-86_400_000, 0, 86_400_000].into_iter().all(|ms| row(ms) == "locked"));
}
