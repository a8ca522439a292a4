//! The machines are total, and the table of transitions is exactly what they do: every reachable machine meets every
//! event; only commands (and reservations) may be refused; facts move, stay or hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use menjie::access::{Actor, Private};
use menjie::bill::{GroupInput, group};
use menjie::ident::{ChannelCode, CheckInId, FilingId, InvoiceId, NoticeId, PatientId, PaymentId, RefundId, SettlementId, StaffId, StopId, SuspensionId, VisitId};
use menjie::invoice::{InvoiceState, Issued, Payer, Reddened};
use menjie::payment::{Handover, Method, Proof, RefundState, TradeState};
use menjie::policy::{Grouping, Terms};
use menjie::port::{Fault, HisReceipt, HisTraits, LockReceipt, No, NoticeChannel, NotifierTraits};
use menjie::refund::Cause;
use menjie::testkit::world::{booking, charge, visit};
use menjie::visit::{AffectedPage, Attend, Choice, Delivery, FeeBack, Message, QueueTicket, Rebooked, Session, StopNotice, Turn};
use menjie::workflow::{Cx, Ids, Machine, State, Step, check_in, filing, invoice, notice, payment, refund, settlement, stop, suspension, table};
use menjie::workflow::{MachineKind, Row};
use menjie::{Money, Timestamp};

fn now() -> Timestamp {
    Timestamp::parse(common::START).unwrap()
}

fn fen(fen: i64) -> Money {
    Money::from_fen(fen).unwrap()
}

fn no() -> No {
    No::new("1001", "no")
}

fn fault() -> Fault {
    Fault::new("timeout", "lost")
}

fn notifier() -> NotifierTraits {
    NotifierTraits { sms: true, login: true, sms_notice: true, account_notice: true }
}

struct Walk<M: Machine> {
    seen: BTreeMap<String, M>,
    transitions: BTreeSet<(Option<&'static str>, &'static str)>,
    steps: u64,
}

/// A machine without its clock readings, counters and reasons: what makes two of them behave alike.
fn shape(mut value: serde_json::Value) -> serde_json::Value {
    const LEFT_OUT: [&str; 9] = ["since", "created_at", "closes", "decisions", "because", "closed_because", "reason", "count", "returned_at"];
    match &mut value {
        serde_json::Value::Object(fields) => {
            fields.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
            fields.values_mut().for_each(|v| *v = shape(v.take()));
        }
        serde_json::Value::String(text) if text.ends_with("+08:00") => "t".clone_into(text),
        _ => {}
    }
    value
}

/// Walks from the births through every event; time moves on, so that patience runs out too.
fn walk<M>(births: &[M::New], events: &[M::Event], may_refuse: impl Fn(&M::Event) -> bool, st: impl Fn(&M) -> M::St) -> Walk<M>
where
    M: Machine + Clone + serde::Serialize,
    M::Event: std::fmt::Debug,
{
    walk_under(&Terms::default(), births, events, may_refuse, st)
}

/// The same under other terms.
fn walk_under<M>(terms: &Terms, births: &[M::New], events: &[M::Event], may_refuse: impl Fn(&M::Event) -> bool, st: impl Fn(&M) -> M::St) -> Walk<M>
where
    M: Machine + Clone + serde::Serialize,
    M::Event: std::fmt::Debug,
{
    let staff = Actor::Staff { staff: StaffId::new("op1").unwrap() };
    let traits = [
        HisTraits::default(),
        HisTraits {
            lock: false,
            query_post: false,
            cancel_post: false,
            notices: false,
            check_in: false,
            query_check_in: false,
            rebook: false,
            query_rebook: false,
            open_file: false,
            query_file: false,
        },
    ];
    let mut walk = Walk { seen: BTreeMap::new(), transitions: BTreeSet::new(), steps: 0 };
    let mut todo = Vec::new();
    let channels = |_: &ChannelCode| None;
    for his in traits {
        for (hours, new) in births.iter().flat_map(|new| [0, 2].map(|h| (h, new))) {
            let mut fresh = Ids::new((1_000..1_064).collect());
            let mut cx =
                Cx { now: now().plus_millis(hours * 3_600_000), actor: &staff, terms, his, notifier: notifier(), channels: &channels, not_found_ms: 60_000, fresh: &mut fresh };
            let born = M::open(new, &mut cx).unwrap();
            walk.transitions.insert((None, st(&born.next).code()));
            todo.push(born.next);
        }
        while let Some(machine) = todo.pop() {
            let name = shape(serde_json::to_value(&machine).unwrap()).to_string();
            if walk.seen.contains_key(&name) {
                continue;
            }
            assert!(walk.seen.len() < 20_000, "the walk is finite");
            walk.seen.insert(name, machine.clone());
            for event in events {
                for hours in [0, 2] {
                    walk.steps += 1;
                    let mut fresh = Ids::new((1_000..1_064).collect());
                    let mut cx = Cx {
                        now: now().plus_millis(hours * 3_600_000),
                        actor: &staff,
                        terms,
                        his,
                        notifier: notifier(),
                        channels: &channels,
                        not_found_ms: 60_000,
                        fresh: &mut fresh,
                    };
                    match machine.step(event, &mut cx).unwrap_or_else(|e| panic!("{:?} on {event:?}: {e}", st(&machine))) {
                        Step::Move(m) => {
                            let (from, to) = (st(&machine).code(), st(&m.next).code());
                            if from != to {
                                walk.transitions.insert((Some(from), to));
                            }
                            todo.push(m.next);
                        }
                        Step::Stay(_) => {}
                        Step::Refuse(refusal) => {
                            assert!(may_refuse(event), "the fact {event:?} was refused in {:?}", st(&machine));
                            assert!(!refusal.reason.is_empty() && !refusal.text.is_empty() && !refusal.next.is_empty());
                        }
                    }
                }
            }
        }
    }
    walk
}

fn same_as_table(kind: MachineKind, taken: &BTreeSet<(Option<&'static str>, &'static str)>) {
    let declared: BTreeSet<_> = table::transitions(kind).iter().copied().collect();
    let undeclared: Vec<_> = taken.difference(&declared).collect();
    let never: Vec<_> = declared.difference(taken).collect();
    assert!(undeclared.is_empty() && never.is_empty(), "{kind:?}: not in the table {undeclared:?}, never taken {never:?}");
}

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
    for refund in refunds {
        events.push(E::Reserve { refund, amount_fen: fen(200) });
        events.push(E::Release { refund });
        events.push(E::Returned { refund, amount_fen: fen(200) });
    }
    let may_refuse = |e: &E| matches!(e, E::Cancel | E::Resolve { .. } | E::Reserve { .. });
    let walked = walk::<menjie::workflow::Payment>(&[new([100, 200]), new([0, 0])], &events, may_refuse, |p| p.st);
    same_as_table(MachineKind::Payment, &walked.transitions);
    for p in walked.seen.values() {
        let part = p.part;
        assert!(!part.reserved_fen.is_negative() && part.reserved_fen.plus(part.refunded_fen).unwrap() <= part.paid_fen, "I5");
        assert_eq!(p.proof.is_some(), part.paid_fen.is_positive(), "I19: money and proof come together");
    }
    assert!(walked.steps > 5_000, "{} steps over {} machines", walked.steps, walked.seen.len());
}

fn bill_and_payer() -> (menjie::bill::Bill, Payer) {
    let patient = PatientId::new("P1").unwrap();
    let visit = visit(&patient, "V1").unwrap();
    let lines = [charge(&visit, "L1", "LAB", "3.00", "1").unwrap()];
    let grouped = group(&GroupInput { visits: &[visit], lines: &lines }, &Grouping::default(), menjie::money::Totalling::SumOfLines).unwrap();
    let payer = Payer { patient_id: patient, name: Private::new("测试甲"), sex: "男".into(), age: "35岁".into(), id_no: None, phone: None };
    (grouped.bills.into_iter().next().unwrap(), payer)
}

fn receipt(number: &str, settlement: SettlementId, patient: &str, amount: i64) -> HisReceipt {
    HisReceipt { receipt_no: number.into(), no: settlement.business_no(), patient_id: PatientId::new(patient).unwrap(), total_fen: fen(amount), posted_at: now(), guidance: None }
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
    };
    let zero = settlement::New { bill: menjie::bill::Bill { total_fen: Money::ZERO, lines: Vec::new(), ..bill }, payment_fen: Money::ZERO, ..new.clone() };
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
        E::MoneyIn { paid },
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
    same_as_table(MachineKind::Settlement, &walked.transitions);
    for s in walked.seen.values() {
        let booked = matches!(s.st, menjie::workflow::SettlementSt::Posted);
        assert!(!booked || (s.receipt.is_some() && s.paid.is_some() && s.invoice.is_some()), "I2, I8: booked with proof, receipt and invoice");
    }
}

#[test]
fn refund_is_total_and_its_table_is_what_it_does() {
    use refund::{Decision, Event as E};
    let new = |cause, invoice: bool| refund::New {
        id: RefundId::new(21).unwrap(),
        terms: Terms::default().hash().unwrap(),
        cause,
        payment: PaymentId::new(1).unwrap(),
        channel: ChannelCode::new("wechat").unwrap(),
        payment_fen: fen(300),
        settlement: Some(SettlementId::new(11).unwrap()),
        invoice: invoice.then(|| InvoiceId::new(31).unwrap()),
        amount_fen: fen(300),
    };
    let births = [
        new(Cause::HisRefused, false),
        new(Cause::Late, false),
        new(Cause::Incomplete, false),
        new(Cause::Window, true),
        new(Cause::Window, false),
        new(Cause::Suspended, true),
        new(Cause::Suspended, false),
    ];
    let mut events = vec![E::ReturnRefused { no: no() }, E::ReturnUnknown { fault: fault(), sent: 1 }, E::RedDone, E::Overdue];
    for decision in [Decision::Agree, Decision::Disagree, Decision::AskAgain, Decision::GivenBack { refund_no: "50A".into() }] {
        events.push(E::Decide { decision, note: "n".into() });
    }
    for sent in [0, 1] {
        for state in [
            RefundState::Done { refund_no: "50A".into(), amount_fen: fen(300), at: now() },
            RefundState::Done { refund_no: "50B".into(), amount_fen: fen(300), at: now() },
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
    let mut walked = walk::<menjie::workflow::Refund>(&births, &events, |e| matches!(e, E::Decide { .. }), |r| r.st);
    assert!(walked.seen.values().all(|r| r.st != menjie::workflow::RefundSt::Done || r.returned.is_some()), "I19: done means proven");
    walked.transitions.retain(|t| *t != (Some("finance"), "finance"));
    same_as_table(MachineKind::Refund, &walked.transitions);
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
        settled_at: now(),
    };
    let new = |total: i64| invoice::New {
        id: InvoiceId::new(31).unwrap(),
        terms: Terms::default().hash().unwrap(),
        settlement: SettlementId::new(11).unwrap(),
        order: menjie::invoice::InvoiceOrder { total_fen: fen(total), ..order.clone() },
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
        E::Found { state: InvoiceState::Red { blue: issued("1", 300), red: red.clone() } },
        E::Found { state: InvoiceState::NotFound },
        E::RedWanted { refund: RefundId::new(21).unwrap() },
        E::RedDone { red },
        E::RedRefused { no: no() },
        E::RedUnknown { fault: fault(), sent: 1 },
        E::Overdue,
    ];
    let walked = walk::<menjie::workflow::Invoice>(&[new(300), new(0)], &events, |e| matches!(e, E::Resolve { .. }), |i| i.st);
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

fn ticket(number: &str) -> QueueTicket {
    QueueTicket { number: number.into(), ahead: None, room: None }
}

#[test]
fn check_in_is_total_and_its_table_is_what_it_does() {
    use check_in::{Decision, Event as E};
    let new = |what| check_in::New {
        id: CheckInId::new(51).unwrap(),
        terms: Terms::default().hash().unwrap(),
        what,
        visit_id: VisitId::new("V1").unwrap(),
        patient: PatientId::new("P1").unwrap(),
        turn: Turn::InOrder,
    };
    let mut events = vec![
        E::Again,
        E::Refused { no: no() },
        E::Unknown { fault: fault(), sent: 1 },
        E::Found { ticket: None },
        E::Overdue,
        E::Resolve { decision: Decision::NotCheckedIn, evidence: "e".into() },
        E::Resolve { decision: Decision::CheckedIn { ticket: ticket("A1") }, evidence: "e".into() },
    ];
    for number in ["A1", "A2"] {
        events.push(E::Answered { ticket: ticket(number) });
        events.push(E::Found { ticket: Some(ticket(number)) });
    }
    let walked = walk::<menjie::workflow::CheckIn>(&[new(Attend::CheckIn), new(Attend::TakeNumber)], &events, |e| matches!(e, E::Resolve { .. }), |c| c.st);
    same_as_table(MachineKind::CheckIn, &walked.transitions);
    for c in walked.seen.values() {
        assert!(c.st != menjie::workflow::CheckInSt::Done || c.ticket.is_some(), "done means a place");
    }
}

#[test]
fn filing_is_total_and_its_table_is_what_it_does() {
    use filing::{Decision, Event as E};
    use menjie::access::Private;
    use menjie::patient::Record;
    use menjie::port::{FileOpened, PatientFile};
    let record = Record { name: Private::new("陈测安"), id_no: Private::new("440599199003070058"), ..Record::default() };
    let new = filing::New { id: FilingId::new(71).unwrap(), terms: Terms::default().hash().unwrap(), record, fingerprint: "f".into() };
    let file = |id: &str, name: &str, created| FileOpened {
        file: PatientFile { patient_id: PatientId::new(id).unwrap(), name: Private::new(name), sex_code: "1".into(), birth_date: None, id_no: None, phone: None },
        created,
    };
    let mut events = vec![
        E::Again,
        E::Refused { no: no() },
        E::Unknown { fault: fault(), sent: 1 },
        E::Found { opened: None },
        E::Overdue,
        E::Resolve { decision: Decision::NotFiled, evidence: "e".into() },
        E::Resolve { decision: Decision::Filed { patient_id: PatientId::new("N1").unwrap() }, evidence: "e".into() },
    ];
    for opened in [file("N1", "陈测安", true), file("N2", "陈测安", false), file("N1", "林测安", true)] {
        events.push(E::Answered { opened: opened.clone() });
        events.push(E::Found { opened: Some(opened) });
    }
    let walked = walk::<menjie::workflow::Filing>(&[Box::new(new)], &events, |e| matches!(e, E::Resolve { .. }), |f| f.st);
    same_as_table(MachineKind::Filing, &walked.transitions);
    for f in walked.seen.values() {
        use menjie::workflow::FilingSt as St;
        assert!(!matches!(f.st, St::Filed | St::Refused) || f.record.is_none(), "what is over is forgotten");
        assert!(f.st != St::Filed || f.patient.is_some(), "filed means a file");
    }
}

#[test]
fn stop_is_total_and_its_table_is_what_it_does() {
    use stop::{Decision, Event as E};
    let patient = PatientId::new("P1").unwrap();
    let hit = |visit: &str, schedule: &str| booking(&patient, visit, schedule, "2026-03-05", None, None).unwrap();
    let page = |items, next: Option<&str>| E::Found { page: AffectedPage { items, next: next.map(str::to_owned) } };
    let new = stop::New { id: StopId::new(61).unwrap(), terms: Terms::default().hash().unwrap(), notice: stop_notice(None) };
    let events = vec![
        page(vec![], None),
        page(vec![hit("V1", "S1")], Some("V1")),
        page(vec![hit("V1", "S1"), hit("V2", "S1")], None),
        page(vec![hit("V3", "S9")], None),
        page((0..41).map(|i| hit(&format!("W{i}"), "S1")).collect(), None),
        E::Overdue,
        E::Resolve { decision: Decision::AskAgain, evidence: "e".into() },
        E::Resolve { decision: Decision::ToldByHand, evidence: "e".into() },
    ];
    let walked = walk::<menjie::workflow::Stop>(&[new], &events, |e| matches!(e, E::Resolve { .. }), |s| s.st);
    same_as_table(MachineKind::Stop, &walked.transitions);
}

fn stop_notice(instead: Option<&str>) -> StopNotice {
    menjie::testkit::world::stop("S1", "2026-03-05", 1, instead).unwrap()
}

#[test]
fn suspension_is_total_and_its_table_is_what_it_does() {
    use suspension::{Decision, Ended, Event as E};
    let settlement = SettlementId::new(11).unwrap();
    let patient = PatientId::new("P1").unwrap();
    let new = |openid: Option<&str>, phone: Option<&str>, instead: Option<&str>| {
        let affected = booking(&patient, "V1", "S1", "2026-03-05", openid, phone).unwrap();
        Box::new(suspension::New {
            id: SuspensionId::new(41).unwrap(),
            terms: Terms::default().hash().unwrap(),
            stop: StopId::new(61).unwrap(),
            notice: stop_notice(instead),
            registration: affected.registration,
            contact: affected.contact,
        })
    };
    let births = [new(Some("o1"), Some("13900000001"), Some("S2")), new(Some("o1"), None, None), new(None, None, Some("S2"))];
    let moved = |patient: &str| {
        let patient = PatientId::new(patient).unwrap();
        Rebooked::Moved { registration: Box::new(booking(&patient, "V1", "S2", "2026-03-06", None, None).unwrap().registration) }
    };
    let reversed = |id: SettlementId| Rebooked::Cancelled { fee: FeeBack::Reversed { settlement_no: id.business_no(), amount_fen: fen(300) } };
    let mut events = vec![
        E::RebookRefused { no: no() },
        E::RebookUnknown { fault: fault(), sent: 1 },
        E::RebookFound { rebooked: None },
        E::MoneyBack,
        E::Overdue,
        E::Resolve { decision: Decision::Told, evidence: "e".into() },
        E::Resolve { decision: Decision::AtWindow, evidence: "e".into() },
    ];
    for choice in [Choice::Reschedule, Choice::Refund] {
        for settlement in [None, Some(settlement)] {
            events.push(E::Choose { choice, settlement });
        }
    }
    let fees = [FeeBack::Free, FeeBack::Elsewhere, FeeBack::Window].map(|fee| Rebooked::Cancelled { fee });
    for rebooked in fees.into_iter().chain([moved("P1"), moved("P2"), reversed(settlement), reversed(SettlementId::new(12).unwrap())]) {
        events.push(E::Rebooked { rebooked: rebooked.clone() });
        events.push(E::RebookFound { rebooked: Some(rebooked) });
    }
    // The walk draws the same ids at every step, so these are the notices it gives birth to.
    for notice in [1_000, 1_001] {
        for ended in [Ended::Accepted, Ended::Refused, Ended::Unsure] {
            events.push(E::NoticeEnded { notice: NoticeId::new(notice).unwrap(), ended });
        }
    }
    let may_refuse = |e: &E| matches!(e, E::Choose { .. } | E::Resolve { .. });
    let walked = walk::<menjie::workflow::Suspension>(&births, &events, may_refuse, |s| s.st);
    same_as_table(MachineKind::Suspension, &walked.transitions);
    let mut fallback = Terms::default();
    fallback.visit.notice.delivery = Delivery::Fallback;
    let other = walk_under::<menjie::workflow::Suspension>(&fallback, &births, &events, may_refuse, |s| s.st);
    same_as_table(MachineKind::Suspension, &other.transitions);
    for s in walked.seen.values().chain(other.seen.values()) {
        let all_refused = s.notices.values().all(|t| t.ended == Some(Ended::Refused));
        let called = s.base.attention.is_some() || s.told_by_hand;
        assert!(s.st != menjie::workflow::SuspensionSt::Notified || !all_refused || called, "I21: nobody was told and nobody was called: {s:?}");
        assert_eq!(s.notices.values().map(|t| t.channel).collect::<BTreeSet<_>>().len(), s.notices.len(), "I21: one notice per channel");
    }
}

#[test]
fn notice_is_total_and_its_table_is_what_it_does() {
    use notice::{Decision, Event as E};
    let new = |about: &str| {
        let terms = Terms::default();
        let date = menjie::BizDate::parse("2026-03-05").unwrap();
        Box::new(notice::New {
            id: NoticeId::new(71).unwrap(),
            terms: terms.hash().unwrap(),
            suspension: SuspensionId::new(41).unwrap(),
            channel: NoticeChannel::Sms,
            to: Private::new("13900000001"),
            message: Message::stopped(&terms.visit.notice, date, Session::Am, SuspensionId::new(41).unwrap()),
            about: Timestamp::parse(about).unwrap(),
        })
    };
    let events = vec![
        E::Taken,
        E::Refused { no: no() },
        E::Unknown { fault: fault() },
        E::Expire,
        E::Overdue,
        E::Resolve { decision: Decision::Told, evidence: "e".into() },
        E::Resolve { decision: Decision::NotReached, evidence: "e".into() },
    ];
    // The clock of the walk stands at eight and at ten: the hours between nine and eight are quiet here, so some wait.
    let mut quiet = Terms::default();
    (quiet.visit.notice.quiet_from_h, quiet.visit.notice.quiet_until_h) = (7, 9);
    let births = [*new("2026-03-05T09:00:00+08:00"), *new("2026-03-02T09:00:00+08:00")];
    let walked = walk_under::<menjie::workflow::Notice>(&quiet, &births, &events, |e| matches!(e, E::Resolve { .. }), |n| n.st);
    same_as_table(MachineKind::Notice, &walked.transitions);
}

#[test]
fn a_message_is_handed_to_its_gateway_once_whatever_happens() {
    // Every path through a notice emits its act at most once.
    use notice::Event as E;
    let terms = Terms::default();
    let (actor, channels) = (Actor::Engine, |_: &ChannelCode| None);
    let date = menjie::BizDate::parse("2026-03-05").unwrap();
    let new = notice::New {
        id: NoticeId::new(71).unwrap(),
        terms: terms.hash().unwrap(),
        suspension: SuspensionId::new(41).unwrap(),
        channel: NoticeChannel::Account,
        to: Private::new("o1"),
        message: Message::stopped(&terms.visit.notice, date, Session::Am, SuspensionId::new(41).unwrap()),
        about: Timestamp::parse("2026-03-05T09:00:00+08:00").unwrap(),
    };
    let events = [E::Taken, E::Refused { no: no() }, E::Unknown { fault: fault() }, E::Expire, E::Overdue];
    for night in [false, true] {
        for path in 0..events.len().pow(4) {
            let mut fresh = Ids::new((1_000..1_064).collect());
            let now = now().plus_millis(if night { 15 * 3_600_000 } else { 0 });
            let mut cx = Cx { now, actor: &actor, terms: &terms, his: HisTraits::default(), notifier: notifier(), channels: &channels, not_found_ms: 60_000, fresh: &mut fresh };
            let born = menjie::workflow::Notice::open(&new, &mut cx).unwrap();
            let (mut machine, mut acts) = (born.next, born.acts.len());
            assert_eq!(acts, usize::from(!night));
            cx.now = now.plus_millis(12 * 3_600_000);
            for step in 0..4 {
                let event = &events[path / events.len().pow(step) % events.len()];
                if let Step::Move(m) = machine.step(event, &mut cx).unwrap() {
                    acts += m.acts.len();
                    machine = m.next;
                }
            }
            assert!(acts <= 1, "{acts} messages on path {path}");
        }
    }
}
