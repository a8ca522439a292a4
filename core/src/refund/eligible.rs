//! The rule: may this be refunded, and if not, for which reasons? Everything is looked at; nothing is asked of anybody.

use std::collections::BTreeMap;

use super::facts::{Facts, LineFacts, SettlementFact};
use super::progress::{Dispensing, Progress};
use super::reason::Reason;
use crate::charge::PayerClass;
use crate::invoice::{RedVerdict, red_verdict};
use crate::money::Quantity;

/// One reason, and the line it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Why.
    pub reason: Reason,
    /// Position of the line; none when it is about the settlement.
    pub line: Option<u32>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eligibility {
    /// Every reason against it: those of the settlement first, then line by line. Empty: it may be refunded.
    pub reasons: Vec<Finding>,
    /// Does the whole settlement go back?
    pub whole: bool,
}

impl Eligibility {
    /// May it be refunded?
    pub fn allowed(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// The refund rules (domain/hospital.md §2.5, §3.6; domain/medins.md §5.2).
pub fn eligible(facts: &Facts) -> Eligibility {
    let whole = facts.is_whole();
    let mut reasons = Vec::new();
    let mut settlement = |reason: Reason| reasons.push(Finding { reason, line: None });
    match facts.settlement {
        SettlementFact::Posted => {}
        SettlementFact::NotPosted => settlement(Reason::NotSettled),
        SettlementFact::Reversed => settlement(Reason::AlreadyReversed),
    }
    if facts.open_request {
        settlement(Reason::OpenRequest);
    }
    if let Some(reason) = month(facts) {
        settlement(reason);
    }
    if facts.day_closed {
        settlement(Reason::DayClosed);
    }
    if let Some(channel) = &facts.channel {
        if facts.now.since(channel.paid_at) > i64::from(channel.refund_age_days) * DAY_MS {
            settlement(Reason::ChannelAge);
        }
        if !whole && !channel.partial_refund {
            settlement(Reason::ChannelWholeOnly);
        }
    }
    match (red_verdict(facts.invoice), facts.requested_at) {
        (RedVerdict::PaperFirst, _) => settlement(Reason::InvoicePaper),
        (RedVerdict::Booked, _) => settlement(Reason::InvoiceBooked),
        (RedVerdict::Ask, Some(_)) => settlement(Reason::InvoiceUnknown),
        (RedVerdict::Ask, None) | (RedVerdict::Possible | RedVerdict::Done | RedVerdict::NotNeeded, _) => {}
    }
    if facts.lines.iter().all(|line| line.back(whole) == Quantity::ZERO) {
        settlement(Reason::NothingPicked);
    }
    for (at, line) in (0u32..).zip(&facts.lines) {
        // At the request of an insured patient the departments still have their own step in the plan.
        let may_unconfirm = facts.payer == PayerClass::Insured && facts.requested_at.is_none();
        of_line(may_unconfirm, whole, line, |reason| reasons.push(Finding { reason, line: Some(at) }));
    }
    if !whole {
        reasons.extend(broken_groups(&facts.lines));
    }
    Eligibility { reasons, whole }
}

const DAY_MS: i64 = 86_400_000;

/// The month of the insurer's settlement time; it covers the whole settlement, its cash included (I11).
fn month(facts: &Facts) -> Option<Reason> {
    if facts.payer == PayerClass::SelfPay {
        return None;
    }
    if planted!(MonthNotJudgedAgain) && facts.requested_at.is_some() {
        return None;
    }
    let Some(settled_at) = facts.insurer_settled_at else { return Some(Reason::InsurerTimeUnknown) };
    if facts.window.allows(settled_at, facts.now) {
        return None;
    }
    let in_time = facts.requested_at.is_some_and(|requested_at| facts.window.allows(settled_at, requested_at));
    Some(if in_time { Reason::CrossMonthMeanwhile } else { Reason::CrossMonth })
}

/// Why a line cannot go back although its department would take back what it can; for those who decide about it.
pub fn irreversible(line: &LineFacts, whole: bool) -> Option<Reason> {
    let mut first = None;
    of_line(true, whole, line, |reason| first = first.or(Some(reason)));
    first
}

#[inline]
fn of_line(may_unconfirm: bool, whole: bool, line: &LineFacts, mut report: impl FnMut(Reason)) {
    let back = line.back(whole);
    if back == Quantity::ZERO {
        return;
    }
    if back > line.quantity {
        report(Reason::MoreThanLeft);
    }
    match line.progress() {
        Progress::Free => {}
        Progress::Confirmed if may_unconfirm && line.exec_dept_code.is_some() => {}
        Progress::Confirmed if may_unconfirm => report(Reason::ExecDeptUnknown),
        Progress::Confirmed if planted!(ExecutedIgnored) => {}
        Progress::Confirmed => report(Reason::Executed),
        Progress::Over => report(Reason::WorkDone),
        Progress::Unknown => report(Reason::StateUnknown),
    }
    match line.dispensing {
        Dispensing::None => {}
        Dispensing::Prepared => report(Reason::DrugPrepared),
        Dispensing::Dispensed if line.returned >= back => {}
        Dispensing::Dispensed => report(Reason::DrugDispensed),
    }
}

/// What must go back whole or not at all: indivisible sets, and prescriptions of which nothing was dispensed.
fn broken_groups(lines: &[LineFacts]) -> Vec<Finding> {
    let mut groups: BTreeMap<(Reason, &str), (bool, bool, bool)> = BTreeMap::new();
    for line in lines {
        for key in keys(line) {
            let (some_back, some_kept, dispensed) = groups.entry(key).or_default();
            let back = line.back(false);
            *some_back |= back > Quantity::ZERO;
            *some_kept |= back < line.quantity;
            *dispensed |= line.dispensing == Dispensing::Dispensed;
        }
    }
    let broken = |key: &(Reason, &str)| matches!(groups.get(key), Some((true, true, dispensed)) if key.0 == Reason::SetBroken || !dispensed);
    let lines = (0u32..).zip(lines).filter(|(_, line)| line.back(false) > Quantity::ZERO);
    lines.flat_map(|(at, line)| keys(line).filter(broken).map(move |(reason, _)| Finding { reason, line: Some(at) })).collect()
}

fn keys(line: &LineFacts) -> impl Iterator<Item = (Reason, &str)> {
    let set = line.atomic_key.as_deref().map(|key| (Reason::SetBroken, key));
    let prescription = line.order_no.as_deref().filter(|_| line.drug || line.dispensing != Dispensing::None).map(|no| (Reason::PrescriptionBroken, no));
    set.into_iter().chain(prescription)
}
