//! The refund machine is total, and the table of transitions is exactly what it does, whatever the cause and whoever pays.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod walk;

use menjie::access::{Actor, Private};
use menjie::charge::PayerClass;
use menjie::ident::{BusinessNo, ChannelCode, DeptCode, InvoiceId, LineKey, PatientId, PaymentId, RefundId, SettlementId};
use menjie::insurance::{InsuredPerson, OrderRef, SettledOrder};
use menjie::invoice::{InvoiceState, Issued};
use menjie::money::Quantity;
use menjie::payment::{Amounts, RefundState};
use menjie::policy::Terms;
use menjie::port::{CashOwner, HisReceipt, HisReversed, HisSuccessor, LineStanding, Refundable, SuccessorLine};
use menjie::refund::{Cause, Dispensing, Execution, Kept, LineFacts, Recharge, Stage, Why};
use menjie::workflow::refund::{Asked, Decision, Event as E, HisSays, InsurerSays, New, Unconfirm};
use menjie::workflow::{MachineKind, Refund, RefundSt};
use walk::{fault, fen, no, now, same_as_table};

fn settlement() -> SettlementId {
    SettlementId::new(11).unwrap()
}

fn id() -> RefundId {
    RefundId::new(21).unwrap()
}

fn one() -> Quantity {
    Quantity::parse("1").unwrap()
}

fn key(text: &str) -> LineKey {
    LineKey::new(text).unwrap()
}

fn order(cash_owner: CashOwner, amounts: Amounts) -> SettledOrder {
    let person = InsuredPerson {
        psn_no: Private::new("N1"),
        name: Private::new("测试甲"),
        id_type: "01".into(),
        id_no: Private::new("440599199003070058"),
        insurance_type: "310".into(),
        insured_place: "440100".into(),
        balance_fen: None,
        active: true,
    };
    let order = OrderRef { order_no: BusinessNo::new("M1").unwrap(), pay_order_id: "ORD1".into(), pay_token: Private::new("t"), insurer_visit_id: None, person };
    SettledOrder { order, amounts, settled_at: now(), cash_owner, reversal_token: None }
}

/// Two lines, 1.00 and 2.00; of a part the second goes back.
fn asked(payer: PayerClass, part: bool) -> Asked {
    let line = |id: &str, amount: i64, back: &str| LineFacts {
        line_id: key(id),
        order_no: None,
        atomic_key: None,
        amount_fen: fen(amount),
        quantity: one(),
        back: part.then(|| Quantity::parse(back).unwrap()),
        execution: Execution::None,
        exec_dept_code: Some(DeptCode::new("LAB").unwrap()),
        lab: None,
        imaging: None,
        dispensing: Dispensing::None,
        drug: false,
        returned: Quantity::ZERO,
    };
    let kept = Kept { line_id: key("A~2"), original_line_id: key("A"), quantity: one(), amount_fen: fen(100) };
    let unconfirm = if payer == PayerClass::Insured { vec!["LAB", "EEG"] } else { Vec::new() };
    Asked {
        by: Actor::Patient { patient: PatientId::new("P1").unwrap() },
        at: now(),
        why: Why::NotDone,
        note: None,
        contact: None,
        patient: PatientId::new("P1").unwrap(),
        dept: DeptCode::new("MZ1").unwrap(),
        payer,
        receipt_no: "SJ1".into(),
        total_fen: fen(300),
        paid_at: now(),
        lines: vec![line("A", 100, "0"), line("B", 200, "1")],
        unconfirm: unconfirm.into_iter().map(|dept| Unconfirm { dept: DeptCode::new(dept).unwrap(), done: false }).collect(),
        recharge: part.then(|| Recharge { reversed_fen: fen(300), kept_fen: fen(100), refund_fen: fen(200), kept: vec![kept] }),
        successor: None,
    }
}

fn new(cause: Cause, amounts: Amounts, asked: Option<Asked>) -> New {
    New {
        id: id(),
        terms: Terms::default().hash().unwrap(),
        cause,
        payment: PaymentId::new(1).unwrap(),
        channel: ChannelCode::new("wechat").unwrap(),
        payment_fen: fen(300),
        settlement: Some(settlement()),
        invoice: None,
        amounts,
        insured: None,
        asked: asked.map(Box::new),
    }
}

fn stands(no: SettlementId, executed: bool, reversed: bool, lines: &[&str]) -> HisSays {
    let line = |id: &&str| LineStanding {
        line_id: key(id),
        execution: if executed { Execution::Done } else { Execution::None },
        exec_dept_code: None,
        lab: None,
        imaging: None,
        dispensing: Dispensing::None,
        returned: Quantity::ZERO,
    };
    HisSays::Stands { refundable: Box::new(Refundable { no: no.business_no(), reversed, day_closed: false, lines: lines.iter().map(line).collect() }) }
}

fn reversed(number: RefundId, amount: i64, successor: Option<HisSuccessor>) -> HisSays {
    HisSays::Reversed { reversed: HisReversed { no: number.business_no(), amount_fen: fen(amount), at: now(), successor: successor.map(Box::new) } }
}

/// What HIS makes of the kept line; the walk draws its numbers from 1000.
fn successor(number: i64, patient: &str, total: i64, original: &str) -> HisSuccessor {
    let receipt = HisReceipt {
        receipt_no: "SJ2".into(),
        no: SettlementId::new(number).unwrap().business_no(),
        patient_id: PatientId::new(patient).unwrap(),
        total_fen: fen(total),
        posted_at: now(),
        guidance: None,
    };
    HisSuccessor { receipt, lines: vec![SuccessorLine { line_id: key("N1"), original_line_id: key(original), amount_fen: fen(100) }] }
}

fn events() -> Vec<E> {
    let mut events = vec![E::Withdraw, E::ReturnRefused { no: no() }, E::ReturnUnknown { fault: fault(), sent: 1 }, E::RedDone, E::Overdue];
    events.extend(["N1", "N2"].map(|order_no| E::Represcribed { order_no: order_no.into() }));
    let charged = |number, original| Decision::ChargedAgain { made: Box::new(successor(number, "P1", 100, original)) };
    let decisions = [
        Decision::Agree,
        Decision::Disagree,
        Decision::AskAgain,
        Decision::GivenBack { refund_no: "50A".into() },
        Decision::Reversed,
        charged(1_000, "A"),
        charged(1_000, "B"),
        Decision::GiveUp,
    ];
    for decision in decisions {
        for stage in [None, Some(Stage::Doctor), Some(Stage::Unconfirm), Some(Stage::Finance)] {
            events.push(E::Decide { stage, departments: vec![DeptCode::new("LAB").unwrap()], decision: decision.clone(), note: "n".into() });
        }
    }
    events.push(E::Decide { stage: Some(Stage::Unconfirm), departments: vec![DeptCode::new("EEG").unwrap()], decision: Decision::Agree, note: "n".into() });
    for (stage, dept) in [(Stage::Doctor, "MZ1"), (Stage::Unconfirm, "LAB"), (Stage::Unconfirm, "EEG"), (Stage::Finance, "MZ1"), (Stage::Checking, "MZ1")] {
        events.push(E::Question { stage, departments: vec![DeptCode::new(dept).unwrap()], text: Private::new("q"), to: Some(Private::new("o1")) });
    }
    events.push(E::Answer { text: Private::new("a") });
    for sent in [0, 1] {
        for state in [
            RefundState::Done { refund_no: "50A".into(), amount_fen: fen(300), at: now() },
            RefundState::Done { refund_no: "50A".into(), amount_fen: fen(200), at: now() },
            RefundState::Done { refund_no: "50B".into(), amount_fen: fen(200), at: now() },
            RefundState::Done { refund_no: "50A".into(), amount_fen: fen(1), at: now() },
            RefundState::Processing,
            RefundState::Abnormal,
            RefundState::Closed,
            RefundState::NotFound,
            RefundState::Mismatch { field: "amount".into() },
        ] {
            events.push(E::Channel { state, sent });
        }
    }
    let blue = Issued { batch_code: "44060126".into(), bill_no: "1".into(), check_code: "a1".into(), issued_at: now(), total_fen: fen(300), url: Private::new("u") };
    events.extend([InvoiceState::Blue(blue.clone()), InvoiceState::Paper(blue.clone()), InvoiceState::Booked(blue), InvoiceState::NotFound].map(|state| E::Invoice { state }));
    let his = [
        stands(settlement(), false, false, &["A", "B"]),
        stands(settlement(), true, false, &["A", "B"]),
        stands(settlement(), false, true, &["A", "B"]),
        stands(settlement(), false, false, &["A"]),
        stands(SettlementId::new(12).unwrap(), false, false, &["A", "B"]),
        reversed(id(), 300, None),
        reversed(id(), 299, None),
        reversed(RefundId::new(22).unwrap(), 300, None),
        reversed(id(), 300, Some(successor(1_000, "P1", 100, "A"))),
        reversed(id(), 300, Some(successor(1_001, "P1", 100, "A"))),
        reversed(id(), 300, Some(successor(1_000, "P2", 100, "A"))),
        reversed(id(), 300, Some(successor(1_000, "P1", 99, "A"))),
        reversed(id(), 300, Some(successor(1_000, "P1", 100, "B"))),
        HisSays::Refused { no: no() },
        HisSays::Unknown { fault: fault(), late_no: None, sent: 1 },
        HisSays::Unknown { fault: fault(), late_no: Some(no()), sent: 2 },
        HisSays::NotReversed,
        HisSays::AtWindow,
    ];
    events.extend(his.map(|says| E::His { says }));
    let insurer = [
        InsurerSays::Reversed { reversal_no: Some("R1".into()), at: Some(now()) },
        InsurerSays::Reversed { reversal_no: None, at: None },
        InsurerSays::Refused { no: no() },
        InsurerSays::Unknown { fault: fault(), sent: 1 },
    ];
    events.extend(insurer.map(|says| E::Insurer { says }));
    events.extend(["2", "6", "7", "8", "12", "14", "99"].map(|code| E::Insurer { says: InsurerSays::Order { code: code.into() } }));
    events
}

#[test]
fn refund_is_total_and_its_table_is_what_it_does() {
    let cash = Amounts::cash(fen(300));
    let mixed = Amounts { cash_fen: fen(200), account_fen: fen(40), fund_fen: fen(60), other_fen: fen(0) };
    let invoice = Some(InvoiceId::new(31).unwrap());
    let insured = |new: New, owner| New { insured: Some(Box::new(order(owner, new.amounts))), ..new };
    let births = [
        new(Cause::HisRefused, cash, None),
        New { settlement: None, ..new(Cause::Late, cash, None) },
        new(Cause::Incomplete, cash, None),
        insured(new(Cause::HisRefused, mixed, None), CashOwner::Hospital),
        New { invoice, ..new(Cause::Window, cash, None) },
        new(Cause::Window, cash, None),
        insured(New { invoice, ..new(Cause::Window, mixed, None) }, CashOwner::Hospital),
        New { invoice, ..new(Cause::Suspended, cash, None) },
        new(Cause::Suspended, cash, None),
        New { invoice, ..new(Cause::Patient, cash, Some(asked(PayerClass::SelfPay, false))) },
        New { invoice, ..new(Cause::Patient, Amounts::cash(fen(200)), Some(asked(PayerClass::SelfPay, true))) },
        insured(New { invoice, ..new(Cause::Patient, mixed, Some(asked(PayerClass::Insured, false))) }, CashOwner::Hospital),
        insured(New { invoice, ..new(Cause::Patient, mixed, Some(asked(PayerClass::Insured, false))) }, CashOwner::Centre),
        insured(New { invoice: None, ..new(Cause::Patient, mixed.insured(), Some(asked(PayerClass::Insured, false))) }, CashOwner::Hospital),
    ];
    let actors = [walk::staff("op1"), walk::staff("op2"), Actor::Patient { patient: PatientId::new("P1").unwrap() }];
    let walked = walk::walk_as::<Refund>(
        &Terms::default(),
        &actors,
        &births,
        &events(),
        |e| matches!(e, E::Decide { .. } | E::Question { .. } | E::Answer { .. } | E::Withdraw | E::Represcribed { .. }),
        |r| r.st,
    );
    for refund in walked.seen.values() {
        assert!(refund.st != RefundSt::Done || refund.given_back() == refund.amounts, "I19: done means proven, of every part");
        assert!(
            refund.represcribed.is_empty() || (refund.ends_with_prescriptions() && (refund.st == RefundSt::Done || refund.base.held.is_some())),
            "a new prescription before the red"
        );
        let decides = matches!(refund.st, RefundSt::Doctor | RefundSt::Unconfirm | RefundSt::Finance);
        assert!(refund.question.as_ref().is_none_or(|q| decides && refund.cause == Cause::Patient && q.answer.is_none()), "nobody is asked about what is decided");
        assert!(!refund.is_off() || !refund.has_moved(), "what has moved never ends as if nothing had");
        assert!(!refund.has_moved() || refund.cause != Cause::Patient || refund.passed_at(Stage::Checking).is_some(), "nothing moves before everything is read again");
        for decided in refund.decisions.iter().filter(|d| d.decision == Decision::Agree && matches!(d.stage, Some(Stage::Doctor | Stage::Finance))) {
            let same = refund.decisions.iter().filter(|d| d.staff == decided.staff && d.decision == Decision::Agree && matches!(d.stage, Some(Stage::Doctor | Stage::Finance)));
            assert_eq!(same.count(), 1, "I10: four eyes");
        }
    }
    same_as_table(MachineKind::Refund, &walked.transitions);
}
