//! The machines around a visit are total, and the table of transitions is exactly what they do (as `machines.rs` for the rest).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod walk;

use std::collections::BTreeSet;

use menjie::Timestamp;
use menjie::access::{Actor, Private};
use menjie::ident::{ChannelCode, CheckInId, FilingId, InvoiceId, NoticeId, PatientId, SettlementId, StopId, SuspensionId, VisitId};
use menjie::policy::Terms;
use menjie::port::{HisTraits, NoticeChannel};
use menjie::testkit::world::booking;
use menjie::visit::{AffectedPage, Attend, Choice, Delivery, FeeBack, Message, QueueTicket, Rebooked, Session, StopNotice, Turn};
use menjie::workflow::{Cx, Ids, Machine, MachineKind, Step, check_in, filing, notice, stop, suspension};
use walk::{fault, fen, no, notifier, now, same_as_table, walk, walk_under};

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
        assert!(f.st == St::Held || (f.st == St::Filed) == f.patient.is_some(), "filed means a file, and a file is filed");
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
        E::Withdrawn,
        E::Overdue,
        E::Resolve { decision: Decision::AskAgain, evidence: "e".into() },
        E::Resolve { decision: Decision::ToldByHand, evidence: "e".into() },
    ];
    let walked = walk::<menjie::workflow::Stop>(&[new], &events, |e| matches!(e, E::Resolve { .. }), |s| s.st);
    same_as_table(MachineKind::Stop, &walked.transitions);
    for s in walked.seen.values() {
        assert!(s.st != menjie::workflow::StopSt::Withdrawn || s.base.attention.is_none(), "a withdrawal closes what was open: {s:?}");
    }
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
        E::Withdrawn,
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
        let heard = s.told_by_hand || s.notices.values().any(|t| matches!(t.ended, Some(Ended::Accepted | Ended::Unsure)));
        let withdrawn = s.st == menjie::workflow::SuspensionSt::Withdrawn;
        assert!(s.correction.is_none() || withdrawn, "{s:?}");
        assert!(!withdrawn || !heard || s.correction.is_some() || called, "who was told hears of it: {s:?}");
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
            subject: notice::Subject::Suspension(SuspensionId::new(41).unwrap()),
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
        E::Withdrawn,
        E::Expire,
        E::Overdue,
        E::Resolve { decision: Decision::Told, evidence: "e".into() },
        E::Resolve { decision: Decision::NotReached, evidence: "e".into() },
    ];
    // The clock of the walk stands at eight and at ten: the hours between nine and eight are quiet here, so some wait.
    let mut quiet = Terms::default();
    (quiet.visit.notice.quiet_from_h, quiet.visit.notice.quiet_until_h) = (7, 9);
    let courtesy = notice::New { subject: notice::Subject::Invoice(InvoiceId::new(31).unwrap()), ..*new("2026-03-02T09:00:00+08:00") };
    let births = [*new("2026-03-05T09:00:00+08:00"), *new("2026-03-02T09:00:00+08:00"), courtesy];
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
        subject: notice::Subject::Suspension(SuspensionId::new(41).unwrap()),
        channel: NoticeChannel::Account,
        to: Private::new("o1"),
        message: Message::stopped(&terms.visit.notice, date, Session::Am, SuspensionId::new(41).unwrap()),
        about: Timestamp::parse("2026-03-05T09:00:00+08:00").unwrap(),
    };
    let events = [E::Taken, E::Refused { no: no() }, E::Unknown { fault: fault() }, E::Withdrawn, E::Expire, E::Overdue];
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
