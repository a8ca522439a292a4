//! Refund rules: every reason by itself, the cross-month table of domain/hospital.md §2.5, partial refunds, approvals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::charge::PayerClass;
use menjie::ident::{DeptCode, LineKey};
use menjie::invoice::{CheckSplitRequest, InvoiceFact, RedVerdict, red_verdict, reissue_fen};
use menjie::money::{Quantity, kept_amount};
use menjie::refund::{
    Answered, ChannelFacts, CheckRequest, Decided, Dispensing, Execution, Facts, ImagingState, LabState, LineFacts, Reason, SettlementFact, Stage, Window, WindowRule, check_plan,
    eligible, may_decide, patient_plan, recharge, successor_key,
};
use menjie::{Money, Timestamp};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn fen(fen: i64) -> Money {
    Money::from_fen(fen).unwrap()
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap()
}

fn line(id: &str, amount: i64) -> LineFacts {
    LineFacts {
        line_id: LineKey::new(id).unwrap(),
        order_no: None,
        atomic_key: None,
        amount_fen: fen(amount),
        quantity: quantity("1"),
        back: None,
        execution: Execution::None,
        exec_dept_code: Some(DeptCode::new("JYK").unwrap()),
        lab: None,
        imaging: None,
        dispensing: Dispensing::None,
        drug: false,
        returned: Quantity::ZERO,
    }
}

fn facts(payer: PayerClass) -> Facts {
    Facts {
        now: at("2026-03-20T10:00:00+08:00"),
        requested_at: None,
        payer,
        insurer_settled_at: Some(at("2026-03-10T09:00:00+08:00")),
        window: Window::of(WindowRule::SameMonth),
        settlement: SettlementFact::Posted,
        open_request: false,
        day_closed: false,
        invoice: InvoiceFact::Blue,
        channel: Some(ChannelFacts { paid_at: at("2026-03-10T09:00:00+08:00"), refund_age_days: 365, partial_refund: true }),
        lines: vec![line("A", 1000), line("B", 2000)],
    }
}

fn reasons(facts: &Facts) -> Vec<(Reason, Option<u32>)> {
    eligible(facts).reasons.iter().map(|f| (f.reason, f.line)).collect()
}

const EXECUTION: &str = "2026-03-19T10:00:00+08:00";

#[test]
fn each_fact_gives_its_own_reason_and_nothing_else_does() {
    type Spoil = fn(&mut Facts);
    let of_settlement: [(Reason, Spoil); 12] = [
        (Reason::NotSettled, |f| f.settlement = SettlementFact::NotPosted),
        (Reason::AlreadyReversed, |f| f.settlement = SettlementFact::Reversed),
        (Reason::OpenRequest, |f| f.open_request = true),
        (Reason::DayClosed, |f| f.day_closed = true),
        (Reason::ChannelAge, |f| f.channel.as_mut().unwrap().paid_at = at("2025-03-10T09:00:00+08:00")),
        (Reason::InvoicePaper, |f| f.invoice = InvoiceFact::Paper),
        (Reason::InvoiceBooked, |f| f.invoice = InvoiceFact::Booked),
        (Reason::InvoiceUnknown, |f| (f.invoice, f.requested_at) = (InvoiceFact::Unknown, Some(at(EXECUTION)))),
        (Reason::CrossMonth, |f| (f.payer, f.insurer_settled_at) = (PayerClass::Insured, Some(at("2026-02-28T23:59:59+08:00")))),
        (Reason::InsurerTimeUnknown, |f| (f.payer, f.insurer_settled_at) = (PayerClass::Insured, None)),
        (Reason::ChannelWholeOnly, |f| {
            f.channel.as_mut().unwrap().partial_refund = false;
            f.lines[0].back = Some(Quantity::ZERO);
        }),
        (Reason::NothingPicked, |f| f.lines.iter_mut().for_each(|l| l.back = Some(Quantity::ZERO))),
    ];
    for (reason, spoil) in of_settlement {
        let mut f = facts(PayerClass::SelfPay);
        spoil(&mut f);
        assert_eq!(reasons(&f), [(reason, None)], "{reason:?}");
    }
    let of_line: [(Reason, Spoil); 12] = [
        (Reason::MoreThanLeft, |f| f.lines[1].back = Some(quantity("1.0001"))),
        (Reason::Executed, |f| f.lines[1].execution = Execution::Done),
        (Reason::Executed, |f| f.lines[1].lab = Some(LabState::Received)),
        (Reason::Executed, |f| f.lines[1].imaging = Some(ImagingState::Arrived)),
        (Reason::WorkDone, |f| f.lines[1].lab = Some(LabState::Reported)),
        (Reason::WorkDone, |f| f.lines[1].imaging = Some(ImagingState::Examined)),
        (Reason::StateUnknown, |f| f.lines[1].lab = Some(LabState::Unknown)),
        (Reason::StateUnknown, |f| f.lines[1].imaging = Some(ImagingState::Unknown)),
        (Reason::DrugPrepared, |f| f.lines[1].dispensing = Dispensing::Prepared),
        (Reason::DrugDispensed, |f| f.lines[1].dispensing = Dispensing::Dispensed),
        (Reason::DrugDispensed, |f| (f.lines[1].dispensing, f.lines[1].returned) = (Dispensing::Dispensed, quantity("0.5"))),
        (Reason::ExecDeptUnknown, |f| {
            f.payer = PayerClass::Insured;
            (f.lines[1].execution, f.lines[1].exec_dept_code) = (Execution::Done, None);
        }),
    ];
    for (reason, spoil) in of_line {
        let mut f = facts(PayerClass::SelfPay);
        spoil(&mut f);
        assert_eq!(reasons(&f), [(reason, Some(1))], "{reason:?}");
        // What is not given back does not matter.
        f.lines[1].back = Some(Quantity::ZERO);
        if f.payer == PayerClass::SelfPay {
            assert!(reasons(&f).is_empty(), "{reason:?}");
        }
    }
    assert!(reasons(&facts(PayerClass::SelfPay)).is_empty() && reasons(&facts(PayerClass::Insured)).is_empty());
}

#[test]
fn all_reasons_are_collected_in_a_fixed_order() {
    let mut f = facts(PayerClass::Insured);
    f.settlement = SettlementFact::Reversed;
    f.open_request = true;
    f.insurer_settled_at = Some(at("2026-02-01T00:00:00+08:00"));
    f.day_closed = true;
    f.invoice = InvoiceFact::Booked;
    f.channel.as_mut().unwrap().paid_at = at("2020-01-01T00:00:00+08:00");
    f.lines[0].lab = Some(LabState::Analysing);
    f.lines[1].dispensing = Dispensing::Dispensed;
    use Reason::{AlreadyReversed, ChannelAge, CrossMonth, DayClosed, DrugDispensed, InvoiceBooked, OpenRequest, WorkDone};
    let want =
        [AlreadyReversed, OpenRequest, CrossMonth, DayClosed, ChannelAge, InvoiceBooked].map(|r| (r, None)).into_iter().chain([(WorkDone, Some(0)), (DrugDispensed, Some(1))]);
    assert_eq!(reasons(&f), want.collect::<Vec<_>>());
}

/// Trap 6 of domain/hospital.md §9: calendar month of the insurer's time, at the request and at execution.
#[test]
fn cross_month_counts_year_and_month_of_the_insurers_time_in_utc_plus_8() {
    for (settled, now, allowed) in [
        ("2026-01-31T23:59:59+08:00", "2026-02-01T00:00:00+08:00", false),
        ("2026-02-01T00:00:00+08:00", "2026-02-28T23:59:59.999+08:00", true),
        ("2025-01-15T10:00:00+08:00", "2026-01-20T10:00:00+08:00", false),
        ("2024-07-05T10:00:00+08:00", "2025-07-05T10:00:00+08:00", false),
        ("2025-05-31T23:59:59+08:00", "2025-06-01T00:00:00+08:00", false),
        ("2025-12-31T23:59:59+08:00", "2026-01-01T00:00:00+08:00", false),
        // 16:00 UTC is the new month in Shanghai.
        ("2026-01-31T15:59:59Z", "2026-01-31T16:00:00Z", false),
        ("2026-01-31T16:00:00Z", "2026-02-28T15:59:59Z", true),
        ("2024-02-01T00:00:00+08:00", "2024-02-29T23:59:59+08:00", true),
        ("2023-02-28T23:59:59+08:00", "2023-03-01T00:00:00+08:00", false),
    ] {
        let insured = Facts { insurer_settled_at: Some(at(settled)), now: at(now), channel: None, ..facts(PayerClass::Insured) };
        assert_eq!(reasons(&insured), if allowed { vec![] } else { vec![(Reason::CrossMonth, None)] }, "{settled} {now}");
        // Self-paid settlements are not bound by it.
        assert!(reasons(&Facts { payer: PayerClass::SelfPay, ..insured }).is_empty());
    }
}

#[test]
fn requested_in_time_and_executed_too_late_has_a_code_of_its_own() {
    let f = Facts {
        insurer_settled_at: Some(at("2026-01-31T09:00:00+08:00")),
        now: at("2026-02-01T08:00:00+08:00"),
        requested_at: Some(at("2026-01-31T18:00:00+08:00")),
        ..facts(PayerClass::Insured)
    };
    assert_eq!(reasons(&f), [(Reason::CrossMonthMeanwhile, None)]);
    assert_eq!(reasons(&Facts { requested_at: Some(at("2026-02-01T00:00:00+08:00")), ..f }), [(Reason::CrossMonth, None)]);
}

#[test]
fn a_clock_that_steps_back_changes_no_decision() {
    let f = Facts { insurer_settled_at: Some(at("2026-02-01T00:00:00+08:00")), now: at("2026-01-31T23:59:58+08:00"), channel: None, ..facts(PayerClass::Insured) };
    assert!(reasons(&f).is_empty(), "two seconds before the settlement is a wrong clock, not another month");
}

#[test]
fn the_other_windows_count_days_and_closed_months() {
    let settled = at("2026-01-31T23:59:59+08:00");
    let allows = |window: &Window, now: &str| window.allows(settled, at(now));
    assert!(allows(&Window::of(WindowRule::SameDay), "2026-01-31T23:59:59.999+08:00") && !allows(&Window::of(WindowRule::SameDay), "2026-02-01T00:00:00+08:00"));
    assert!(allows(&Window::days(1), "2026-02-01T23:59:59+08:00") && !allows(&Window::days(1), "2026-02-02T00:00:00+08:00"));
    assert!(allows(&Window::of(WindowRule::Unlimited), "2036-01-01T00:00:00+08:00"));
    let closed = Window::closed_months(vec![settled.biz_month()]);
    assert!(!allows(&closed, "2026-01-31T23:59:59.999+08:00"));
    assert!(allows(&Window::closed_months(vec![at("2025-01-01T00:00:00+08:00").biz_month()]), "2036-01-01T00:00:00+08:00"));
    assert!(Window::days(367).check().is_err() && Window::of(WindowRule::Days).check().is_err());
    assert!(Window { days: Some(1), ..Window::default() }.check().is_err() && Window { rule: WindowRule::SameDay, ..closed.clone() }.check().is_err());
    assert!([Window::days(366), closed, Window::closed_months(vec![]), Window::default()].iter().all(|w| w.check().is_ok()));
}

/// An insured refund reverses the whole settlement, whatever was picked; what is kept is prescribed again.
#[test]
fn an_insured_refund_is_always_whole() {
    let mut f = facts(PayerClass::Insured);
    f.lines[0].back = Some(Quantity::ZERO);
    f.lines[0].lab = Some(LabState::Reported);
    assert_eq!(reasons(&f), [(Reason::WorkDone, Some(0))], "the line that was not picked is reversed too");
    f.lines[0].lab = None;
    let answer = CheckRequest { facts: f, centre_returns_cash: false, generation: 2 }.run().unwrap();
    assert!(answer.whole_settlement && answer.represcribe && answer.recharge.is_none());
    assert_eq!((answer.refund_fen, answer.last_day.unwrap().to_string()), (fen(3000), "2026-03-31".to_owned()));
}

/// Trap 5: only insurance has 反确认. At the request it is a step of the plan, before money moves it must have happened (I12).
#[test]
fn executed_lines_wait_for_their_departments_when_insured() {
    let mut f = facts(PayerClass::Insured);
    f.lines[0].execution = Execution::Done;
    f.lines[1].lab = Some(LabState::Collected);
    f.lines[1].exec_dept_code = Some(DeptCode::new("A").unwrap());
    let answer = CheckRequest { facts: f.clone(), centre_returns_cash: true, generation: 2 }.run().unwrap();
    assert_eq!(answer.unconfirm.iter().map(ToString::to_string).collect::<Vec<_>>(), ["A", "JYK"]);
    assert!(!answer.plan.contains(&Stage::Returning), "the centre owns the cash: the channel must not give it back again");
    f.requested_at = Some(at(EXECUTION));
    assert_eq!(reasons(&f), [(Reason::Executed, Some(0)), (Reason::Executed, Some(1))]);
    f.lines[0].execution = Execution::Undone;
    f.lines[1].lab = Some(LabState::CollectionUndone);
    assert!(reasons(&f).is_empty());
}

#[test]
fn laboratory_numbers_mean_what_the_laboratory_says() {
    use menjie::refund::Progress::{Confirmed, Free, Over, Unknown};
    let want = [Free, Confirmed, Confirmed, Confirmed, Over, Confirmed, Free, Confirmed, Free, Over, Over, Unknown];
    assert_eq!((0..12).map(|code| LabState::from_code(code).progress()).collect::<Vec<_>>(), want);
}

/// Trap 17: dispensed drugs are normally not returnable; what the pharmacy has taken back is.
#[test]
fn a_dispensed_drug_goes_back_as_far_as_the_pharmacy_took_it_back() {
    let mut f = facts(PayerClass::SelfPay);
    f.lines[1] = LineFacts { quantity: quantity("28"), back: Some(quantity("14")), dispensing: Dispensing::Dispensed, returned: quantity("14"), ..line("B", 9142) };
    assert!(reasons(&f).is_empty());
    f.lines[1].back = Some(quantity("15"));
    assert_eq!(reasons(&f), [(Reason::DrugDispensed, Some(1))]);
}

#[test]
fn sets_and_undispensed_prescriptions_go_back_whole() {
    let mut f = facts(PayerClass::SelfPay);
    for l in &mut f.lines {
        l.atomic_key = Some("tube".to_owned());
    }
    f.lines[1].back = Some(Quantity::ZERO);
    assert_eq!(reasons(&f), [(Reason::SetBroken, Some(0))]);
    for l in &mut f.lines {
        (l.atomic_key, l.order_no, l.drug) = (None, Some("R1".to_owned()), true);
    }
    assert_eq!(reasons(&f), [(Reason::PrescriptionBroken, Some(0))]);
    for l in &mut f.lines {
        (l.dispensing, l.returned) = (Dispensing::Dispensed, quantity("1"));
    }
    assert!(reasons(&f).is_empty(), "of a dispensed one the pharmacy decides line by line");
    for l in &mut f.lines {
        (l.dispensing, l.drug) = (Dispensing::None, false);
    }
    assert!(reasons(&f).is_empty(), "an application is no prescription");
}

/// Trap 3 and domain/hospital.md §2.4, §2.5: full reversal and charging again, under new keys, closing to the fen.
#[test]
fn a_partial_refund_reverses_all_and_charges_the_rest_again() {
    let ten = |q: &str, amount: i64, back: &str| LineFacts { quantity: quantity(q), back: Some(quantity(back)), ..line("D1", amount) };
    let first = recharge(&[ten("3", 1000, "1")], 2).unwrap();
    assert_eq!((first.kept_fen, first.refund_fen), (fen(667), fen(333)));
    let second = recharge(&[ten("2", 667, "1")], 3).unwrap();
    assert_eq!((second.kept_fen, second.refund_fen), (fen(334), fen(333)));
    let last = recharge(&[ten("1", 334, "1")], 4).unwrap();
    assert_eq!((last.kept_fen, last.refund_fen), (Money::ZERO, fen(334)), "the last one takes what is left");
    assert!(last.kept.is_empty());

    let two = recharge(&[line("A", 2000), LineFacts { back: Some(Quantity::ZERO), ..line("B", 6850) }, LineFacts { back: Some(Quantity::ZERO), ..line("C~2", 137) }], 3).unwrap();
    assert_eq!((two.reversed_fen, two.refund_fen, two.kept_fen), (fen(8987), fen(2000), fen(6987)));
    let keys: Vec<_> = two.kept.iter().map(|k| (k.line_id.as_str(), k.original_line_id.as_str())).collect();
    assert_eq!(keys, [("B~3", "B"), ("C~3", "C~2")]);

    let (b, b3, c2, c3) = (LineKey::new("B").unwrap(), LineKey::new("99").unwrap(), LineKey::new("C~2").unwrap(), LineKey::new("98").unwrap());
    let answer = |new: &'static [i64; 2]| {
        vec![Answered { line_id: &b3, original_line_id: &b, amount_fen: fen(new[0]) }, Answered { line_id: &c3, original_line_id: &c2, amount_fen: fen(new[1]) }]
    };
    assert!(two.is_answered_by(&answer(&[6850, 137])));
    assert!(!two.is_answered_by(&answer(&[6850, 138])) && !two.is_answered_by(&answer(&[6850, 137])[..1]));
    let alive = vec![Answered { line_id: &b, original_line_id: &b, amount_fen: fen(6850) }, answer(&[0, 137])[1].clone()];
    assert!(!two.is_answered_by(&alive), "an old key lives on");
    let same_key = vec![answer(&[6850, 0])[0].clone(), Answered { line_id: &b3, original_line_id: &c2, amount_fen: fen(137) }];
    assert!(!two.is_answered_by(&same_key));
}

#[test]
fn successor_keys_count_up_and_too_long_ones_are_an_error() {
    let key = |text: &str| LineKey::new(text).unwrap();
    assert_eq!(successor_key(&key("D1"), 2).unwrap(), key("D1~2"));
    assert_eq!(successor_key(&key("D1~2"), 3).unwrap(), key("D1~3"));
    assert_eq!(successor_key(&key("D1~x"), 2).unwrap(), key("D1~x~2"));
    assert!(successor_key(&key(&"x".repeat(64)), 2).is_err());
}

/// DESIGN.md §4.3.
#[test]
fn the_plans_are_those_of_the_design() {
    use Stage::{Checking, Doctor, Finance, His, Insurer, Red, Returning, Unconfirm};
    assert_eq!(patient_plan(PayerClass::SelfPay, false), [Doctor, Finance, Checking, His, Returning, Red]);
    assert_eq!(patient_plan(PayerClass::Insured, false), [Doctor, Unconfirm, Finance, Checking, Insurer, His, Returning, Red]);
    assert_eq!(patient_plan(PayerClass::Insured, true), [Doctor, Unconfirm, Finance, Checking, Insurer, His, Red]);
    for payer in [PayerClass::SelfPay, PayerClass::Insured] {
        for centre in [false, true] {
            check_plan(patient_plan(payer, centre)).unwrap();
        }
    }
    for wrong in [
        &[Doctor, Checking, Finance, His][..],
        &[Finance, Doctor, Checking, His],
        &[Doctor, Finance, His],
        &[Doctor, Doctor, Finance, Checking, His],
        &[Doctor, Finance, Checking, His, Insurer],
    ] {
        assert!(check_plan(wrong).is_err(), "{wrong:?}");
    }
}

/// I10: in order, once, four eyes.
#[test]
fn approvals_come_in_order_once_and_from_different_people() {
    use Stage::{Checking, Doctor, Finance, Unconfirm};
    let plan = patient_plan(PayerClass::Insured, false);
    let may = |decided: &[Decided<'_>], stage: Stage, who: &str| may_decide(plan, decided, "patient", stage, who);
    let (doctor, finance) = (Decided { stage: Doctor, by: "D" }, Decided { stage: Finance, by: "F" });
    assert_eq!(may(&[], Finance, "F"), Err(Reason::NotYourTurn));
    assert_eq!(may(&[], Unconfirm, "X"), Err(Reason::NotYourTurn));
    assert_eq!(may(&[], Doctor, "D"), Ok(()));
    assert_eq!(may(&[], Doctor, "patient"), Err(Reason::FourEyes));
    assert_eq!(may(&[doctor], Doctor, "D2"), Err(Reason::DecidedAlready));
    assert_eq!(may(&[doctor], Finance, "D"), Err(Reason::FourEyes));
    assert_eq!(may(&[doctor], Finance, "F"), Ok(()));
    let unconfirmed = Decided { stage: Unconfirm, by: "X" };
    assert_eq!(may(&[doctor, unconfirmed], Unconfirm, "Y"), Ok(()), "one decision a department");
    assert_eq!(may(&[doctor, finance], Unconfirm, "X"), Err(Reason::DecidedAlready), "finance has been");
    assert_eq!(may(&[doctor, finance], Checking, "F"), Err(Reason::NotYourTurn), "checking is no person's");
    assert_eq!(may_decide(patient_plan(PayerClass::SelfPay, false), &[], "p", Unconfirm, "X"), Err(Reason::NotYourTurn));
}

/// Trap 20: neutral wording; and every reason tells what to do.
#[test]
fn texts_are_neutral_and_say_what_to_do() {
    let mut codes: Vec<_> = Reason::ALL.iter().map(|r| r.code()).collect();
    for reason in Reason::ALL {
        for text in [reason.text(), reason.next()] {
            assert!(text.ends_with('。') && text.chars().count() >= 6, "{text}");
            assert!(["精神", "心理", "诊断", "病"].iter().all(|word| !text.contains(word)), "{text}");
        }
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
    }
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Reason::ALL.len());
}

/// Paper and booked states are looked at before money moves; red is for the whole invoice (trap 4).
#[test]
fn an_invoice_is_looked_at_before_money_moves() {
    let want = [
        (InvoiceFact::None, RedVerdict::NotNeeded),
        (InvoiceFact::Blue, RedVerdict::Possible),
        (InvoiceFact::Red, RedVerdict::Done),
        (InvoiceFact::Paper, RedVerdict::PaperFirst),
        (InvoiceFact::Booked, RedVerdict::Booked),
        (InvoiceFact::Unknown, RedVerdict::Ask),
    ];
    for (fact, verdict) in want {
        assert_eq!(red_verdict(fact), verdict);
    }
    assert_eq!(reissue_fen(fen(12132), fen(2000)).unwrap(), Some(fen(10132)));
    assert_eq!(reissue_fen(fen(12132), fen(12132)).unwrap(), None, "nothing is issued when nothing is left");
    assert!(reissue_fen(fen(1), fen(2)).is_err() && reissue_fen(fen(1), fen(-1)).is_err());
}

/// Trap 7: two independent splits of one total (domain/hospital.md §3.4).
#[test]
fn the_two_splits_of_a_ticket_are_independent() {
    let ticket = CheckSplitRequest {
        total_fen: fen(12132),
        fund_fen: fen(6000),
        account_fen: fen(4000),
        cash_fen: fen(2132),
        shared_fen: fen(3632),
        own_fen: fen(2500),
        ..CheckSplitRequest::default()
    };
    let answer = ticket.run().unwrap();
    assert!(answer.may_issue && answer.warnings.is_empty());
    let answer = CheckSplitRequest { shared_fen: fen(3633), ..ticket.clone() }.run().unwrap();
    assert!(answer.may_issue && answer.warnings.len() == 1, "the burden only warns");
    let answer = CheckSplitRequest { fund_fen: fen(6001), ..ticket.clone() }.run().unwrap();
    assert!(!answer.may_issue, "the source blocks");
    assert!(!CheckSplitRequest { classes_fen: Some(vec![fen(12131)]), ..ticket.clone() }.run().unwrap().may_issue);
    assert!(!CheckSplitRequest { channels_fen: Some(vec![fen(12132), fen(1)]), ..ticket }.run().unwrap().may_issue);
    let own = CheckSplitRequest::self_paid(fen(12132));
    assert_eq!((own.cash_fen, own.own_fen, own.shared_fen, own.fund_fen), (fen(12132), fen(12132), Money::ZERO, Money::ZERO));
    assert!(own.run().unwrap().may_issue);
}

proptest! {
    /// Whatever is kept, in however many steps: the sum closes, nothing is below zero, and the last step returns the rest.
    #[test]
    fn refunds_close_whatever_the_steps(paid in 0..10_000_000i64, steps in prop::collection::vec(1..500_000i64, 1..6)) {
        let mut left = Quantity::from_scaled(steps.iter().sum()).unwrap();
        let mut amount = fen(paid);
        let mut back = Money::ZERO;
        for (at, step) in steps.iter().enumerate() {
            let facts = LineFacts { quantity: left, back: Some(Quantity::from_scaled(*step).unwrap()), ..line("D", amount.fen()) };
            let part = recharge(&[facts], 2 + u32::try_from(at).unwrap()).unwrap();
            prop_assert_eq!(part.reversed_fen, amount);
            prop_assert_eq!(part.refund_fen.plus(part.kept_fen).unwrap(), amount);
            prop_assert!(!part.refund_fen.is_negative() && !part.kept_fen.is_negative());
            back = back.plus(part.refund_fen).unwrap();
            (left, amount) = (left.minus(Quantity::from_scaled(*step).unwrap()).unwrap(), part.kept_fen);
        }
        prop_assert_eq!((back, amount), (fen(paid), Money::ZERO));
    }

    #[test]
    fn what_is_kept_is_part_of_what_was_paid(paid in 0..10_000_000_000i64, of in 1..10_000_000_000i64, share in 0..=1000i64) {
        let kept = Quantity::from_scaled(i64::try_from(i128::from(of) * i128::from(share) / 1000).unwrap()).unwrap();
        let amount = kept_amount(fen(paid), Quantity::from_scaled(of).unwrap(), kept).unwrap();
        prop_assert!(!amount.is_negative() && amount <= fen(paid));
        prop_assert!(share < 1000 || amount == fen(paid));
    }

    /// The month rule is the notice's rule: refused exactly after the day that the notice names.
    #[test]
    fn the_refusal_is_the_notice(settled in 1_600_000_000_000i64..1_900_000_000_000, later in 0..5_000_000_000i64, days in 0..40u16) {
        let (settled, now) = (Timestamp::from_millis(settled), Timestamp::from_millis(settled + later));
        for window in [Window::of(WindowRule::SameMonth), Window::of(WindowRule::SameDay), Window::days(days)] {
            let last = menjie::insurance::notice(settled, &window).last_day.unwrap();
            prop_assert_eq!(window.allows(settled, now), now.biz_date() <= last);
        }
        prop_assert_eq!(Window::of(WindowRule::SameMonth).allows(settled, now), settled.biz_month() == now.biz_month());
    }
}
