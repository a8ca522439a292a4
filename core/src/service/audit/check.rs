//! The checks themselves: a book is filled machine by machine, then closed.

use std::collections::{BTreeMap, BTreeSet};

use super::visit::Visits;
use super::{AuditReport, Figures, Violation};
use crate::ident::{LineKey, PaymentId, RefundId, SettlementId};
use crate::ledger::{Account, Balances, Finding, Journal, JournalKind, check_at_rest, check_journals};
use crate::money::{Money, Net};
use crate::payment::{Amounts, Parts};
use crate::workflow::payment::Leg;
use crate::workflow::{Invoice, InvoiceSt, Key, Payment, PaymentSt, Refund, RefundSt, Row, Settlement, SettlementSt, table};

/// Everything a store holds of one hospital.
#[derive(Default)]
pub(super) struct Book {
    rows: BTreeMap<Key, Row>,
    journals: Vec<Journal>,
    claims: BTreeMap<LineKey, SettlementId>,
    last_step: BTreeMap<Key, (u32, String)>,
    open: BTreeSet<Key>,
    at_rest: BTreeSet<PaymentId>,
    sums: Sums,
    violations: Vec<Violation>,
}

/// What [`Figures`] are told from.
#[derive(Default)]
struct Sums {
    settlements: u64,
    his: Net,
    channel: Net,
    insurer: Net,
    invoices: Net,
    ledger: Net,
}

impl Sums {
    fn told(&self) -> Figures {
        Figures {
            settlements: self.settlements,
            his_fen: self.his.fen(),
            channel_fen: self.channel.fen(),
            insurer_fen: self.insurer.fen(),
            invoices_fen: self.invoices.fen(),
            ledger_fen: self.ledger.fen(),
        }
    }
}

impl Book {
    pub(super) fn machine(&mut self, row: Row) {
        self.rows.insert(row.key(), row);
    }

    pub(super) fn journal(&mut self, journal: Journal) {
        self.journals.push(journal);
    }

    pub(super) fn claim(&mut self, line: LineKey, by: SettlementId) {
        self.claims.insert(line, by);
    }

    pub(super) fn open(&mut self, machine: Key) {
        self.open.insert(machine);
    }

    /// I9: every step is in the table, versions have no gap; I19: no timer decides an unknown.
    pub(super) fn step(&mut self, machine: Key, ver: u32, from: Option<String>, to: String, what: &str) {
        let expected = self.last_step.get(&machine).cloned();
        if expected.as_ref().map_or(0, |(ver, _)| *ver).saturating_add(1) != ver {
            self.broken("I9", machine, "a step is missing from the state log");
        }
        if expected.as_ref().map(|(_, st)| st) != from.as_ref() {
            self.broken("I9", machine, "a step starts in another state than the last one ended in");
        }
        if !table::allows(machine.kind(), from.as_deref(), &to) {
            self.broken("I9", machine, &format!("{} → {to} is not in the table", from.as_deref().unwrap_or("birth")));
        }
        let timer = matches!(what, "expire" | "overdue" | "recheck");
        if timer && from.as_deref().is_some_and(|from| table::timer_decides(machine.kind(), from, &to)) {
            self.broken("I19", machine, &format!("the timer {what} decided {to}"));
        }
        self.last_step.insert(machine, (ver, to));
    }

    pub(super) fn close(mut self) -> AuditReport {
        let mut report = AuditReport { machines: count(self.rows.len()), journals: count(self.journals.len()), ..AuditReport::default() };
        self.ledger();
        let rows = std::mem::take(&mut self.rows);
        let world = World::new(&rows, &self.journals);
        let visits = Visits::of(&rows);
        for row in rows.values() {
            *report.states.entry(format!("{}.{}", row.key().kind().code(), row.st())).or_default() += 1;
            let base = row.base();
            report.attention += u64::from(base.attention.is_some() || base.held.is_some());
            match self.last_step.get(&row.key()) {
                Some((ver, st)) if *ver == row.ver() && st == row.st() => {}
                _ => self.broken("I9", row.key(), "the row is not where its state log ends"),
            }
            match row {
                Row::Payment(p) => self.payment(p, &world, &mut report),
                Row::Settlement(s) => self.settlement(s, &world),
                Row::Refund(r) => self.refund(r, &world),
                Row::Invoice(i) => self.invoice(i, &world),
                Row::CheckIn(c) => self.check_in(c, &mut report),
                Row::Stop(s) => self.stop(s, &visits, &mut report),
                Row::Suspension(s) => self.suspension(s, &visits, &mut report),
                Row::Notice(n) => self.notice(n, &visits, &mut report),
                Row::Filing(f) => self.filing(f, &mut report),
            }
        }
        let claims = std::mem::take(&mut self.claims);
        for (line, by) in &claims {
            let holds = world.settlements.get(by).is_some_and(|s| s.claimed && s.bill.all_lines().any(|l| &l.line_id == line));
            if !holds {
                self.broken("I3", Key::Settlement(*by), "claims a line that it does not hold");
            }
        }
        self.violations.extend(check_at_rest(&self.journals, |payment| self.at_rest.contains(&payment)).into_iter().map(violation));
        self.violations.sort();
        report.violations = self.violations;
        report.figures = self.sums.told();
        report
    }

    /// I1: every journal balances and is booked once; the revenue of the ledger.
    fn ledger(&mut self) {
        let mut balances = Balances::default();
        self.journals.iter().for_each(|journal| balances.add(journal));
        self.violations.extend(check_journals(&self.journals).into_iter().map(violation));
        self.sums.ledger = -balances.0.iter().filter(|(account, _)| matches!(account, Account::Revenue(_) | Account::Rounding)).map(|(_, net)| *net).sum::<Net>();
    }

    fn payment(&mut self, p: &Payment, world: &World<'_>, report: &mut AuditReport) {
        let key = Key::Payment(p.id);
        let (parts, part) = (p.parts, p.parts.total().unwrap_or_default());
        let reserved = p.reserved.values().try_fold(Amounts::NOTHING, |sum, amounts| sum.plus(amounts));
        if reserved != Ok(parts.reserved) {
            self.broken("I5", key, "reservations do not add up to what is reserved");
        }
        if !parts.reserved.is_sound() || !parts.refunded.is_sound() || !parts.free().is_ok_and(|free| free.is_sound()) {
            self.broken("I5", key, "more is reserved and refunded than was paid");
        }
        let refunds = world.refunds_of.get(&p.id).map_or(&[][..], Vec::as_slice);
        let returned: Net = refunds.iter().map(|r| given_back(r)).sum();
        if returned != part.refunded_fen {
            self.broken("I4", key, "what went back is not the sum of its refunds");
        }
        let insured = p.insured.as_ref().is_some_and(|insured| insured.insurer == Leg::Proven && !insured.amounts().insured().is_nothing());
        if p.proof.is_some() != parts.paid.cash_fen.is_positive() || insured == parts.paid.insured().is_nothing() {
            self.broken("I19", key, "money without proof, or proof without money");
        }
        self.sums.channel += parts.paid.cash_fen;
        self.sums.channel -= parts.refunded.cash_fen;
        self.sums.insurer += kept_insured(&parts);

        let shares: Net = p.shares.values().map(|s| s.amount_fen).sum();
        if !p.shares.is_empty() && shares != p.amount_fen {
            self.broken("I1", key, "the shares do not add up to the payment");
        }
        let settlements: Vec<&Settlement> = p.shares.keys().filter_map(|id| world.settlements.get(id).copied()).collect();
        if settlements.len() != p.shares.len() {
            self.broken("I2", key, "a share belongs to no settlement");
        }
        let at_rest = matches!(p.st, PaymentSt::Closed | PaymentSt::Paid)
            && settlements.iter().all(|s| matches!(s.st, SettlementSt::Posted | SettlementSt::Reversed | SettlementSt::Replaced | SettlementSt::Void))
            && refunds.iter().all(|r| r.has_let_go() || r.given_back() == r.amounts);
        if !at_rest {
            report.under_way += 1;
            let waits = |key: Key, base: &crate::workflow::Base| self.open.contains(&key) || base.attention.is_some() || base.held.is_some();
            let alive = waits(key, &p.base) || settlements.iter().any(|s| waits(Key::Settlement(s.id), &s.base)) || refunds.iter().any(|r| waits(Key::Refund(r.id), &r.base));
            if !alive {
                self.broken("I22", key, "under way, but nothing is due and nobody was called");
            }
            return;
        }
        // I2: a captured payment ends booked or given back, never neither, never both.
        self.at_rest.insert(p.id);
        if part.paid_fen.is_positive() {
            let booked: Net = settlements.iter().filter(|s| s.st == SettlementSt::Posted).map(|s| s.bill.total_fen).sum();
            if booked + part.refunded_fen.into() != part.paid_fen {
                self.broken("I1", key, "booked + given back is not what was paid");
            }
        }
    }

    fn settlement(&mut self, s: &Settlement, world: &World<'_>) {
        let key = Key::Settlement(s.id);
        // I13: the document is the sum of its lines, of one visit and one patient.
        let lines = Money::sum(s.bill.all_lines().map(|l| l.amount_fen)).and_then(|sum| sum.plus(s.bill.rounding_fen));
        if lines != Ok(s.bill.total_fen) {
            self.broken("I13", key, "the bill is not the sum of its lines");
        }
        if s.bill.all_lines().any(|l| l.visit_id != s.bill.visit_id || l.patient_id != s.bill.patient_id) {
            self.broken("I13", key, "the bill mixes visits or patients");
        }
        for line in s.bill.all_lines() {
            if s.claimed && self.claims.get(&line.line_id) != Some(&s.id) {
                self.broken("I3", key, "holds a line without claiming it");
            }
        }
        let share = world.payments.get(&s.payment).and_then(|p| p.shares.get(&s.id));
        // What was charged again took its part of the share along.
        let next = s.chain.and_then(|chain| chain.next);
        let moved = next.and_then(|id| world.settlements.get(&id)).map_or(Money::ZERO, |next| next.bill.total_fen);
        if share.is_some_and(|share| share.amount_fen.plus(moved) != Ok(s.bill.total_fen)) {
            self.broken("I1", key, "its share of the payment is not its total");
        }
        self.chain(s, world);
        if s.receipt.is_some() && world.payments.get(&s.payment).is_none_or(|p| p.st != PaymentSt::Paid && p.st != PaymentSt::Held) {
            self.broken("I2", key, "booked in HIS without a paid payment");
        }
        let refunds = world.refunds_of.get(&s.payment).map_or(&[][..], Vec::as_slice).iter().filter(|r| r.settlement == Some(s.id));
        let back: Net = refunds.map(|r| given_back(r)).sum();
        if back > s.bill.total_fen.into() {
            self.broken("I4", key, "more went back than was paid for it");
        }
        // A refund that is asked for leaves it booked until HIS reverses.
        if s.st == SettlementSt::Refunding && s.asked {
            self.sums.settlements += 1;
            self.sums.his += s.bill.total_fen;
        }
        if s.st == SettlementSt::Posted {
            self.sums.settlements += 1;
            self.sums.his += s.bill.total_fen;
            if !back.is_zero() {
                self.broken("I2", key, "booked and given back at once");
            }
            let invoice = s.invoice.and_then(|id| world.invoices.get(&id).copied());
            // I7: exactly one live invoice of the settlement's amount; it may still be on its way.
            let live = world.invoices.values().filter(|i| i.settlement == s.id && i.st != InvoiceSt::Red).count();
            match invoice {
                None => self.broken("I7", key, "booked without an invoice"),
                Some(i) if i.order.total_fen != s.bill.total_fen => self.broken("I7", key, "the invoice is of another amount"),
                Some(i) if i.st == InvoiceSt::Red || live != 1 => self.broken("I7", key, "a booked settlement has exactly one live invoice"),
                Some(_) => {}
            }
        }
        if matches!(s.st, SettlementSt::Reversed | SettlementSt::Replaced) && !s.bill.total_fen.is_zero() {
            let invoice = s.invoice.and_then(|id| world.invoices.get(&id).copied());
            if invoice.is_some_and(|i| i.red_for.is_none()) {
                self.broken("I7", key, "reversed, but nobody asked for the red invoice");
            }
        }
    }

    fn refund(&mut self, r: &Refund, world: &World<'_>) {
        let key = Key::Refund(r.id);
        // I4: one refund, one effect, one booking; an insurer that bore nothing gives nothing back.
        let reclaimed = r.reclaimed.is_some() && !r.insurers().is_nothing();
        for (happened, kind) in [(r.returned.is_some(), JournalKind::Returned), (reclaimed, JournalKind::Reclaimed)] {
            if world.returned.get(&(r.id, kind)).copied().unwrap_or(0) != usize::from(happened) {
                self.broken("I4", key, "its return is booked another number of times than it happened");
            }
        }
        let reserved = world.payments.get(&r.payment).and_then(|p| p.reserved.get(&r.id)).copied().unwrap_or_default();
        let left = if r.has_let_go() { Ok(Amounts::NOTHING) } else { r.amounts.minus(&r.given_back()) };
        if left != Ok(reserved) {
            self.broken("I5", key, "its reservation does not fit its state");
        }
        if r.has_let_go() && r.has_moved() {
            self.broken("I2", key, "ended without giving back, but something has moved");
        }
        self.approvals(r);
        if !r.amounts.total().is_ok_and(Money::is_positive) {
            self.broken("I5", key, "gives back nothing or less");
        }
        if r.st == RefundSt::Done && r.given_back() != r.amounts {
            self.broken("I19", key, "done without proof of every part");
        }
    }

    fn invoice(&mut self, i: &Invoice, world: &World<'_>) {
        let key = Key::Invoice(i.id);
        // I8: no invoice without a booked settlement, no red without a refund.
        if world.settlements.get(&i.settlement).is_none_or(|s| s.receipt.is_none() || s.invoice != Some(i.id)) {
            self.broken("I8", key, "belongs to no booked settlement");
        }
        if i.red.is_some() && i.red_for.is_none() {
            self.broken("I8", key, "red without a refund decision");
        }
        if let Some(issued) = &i.issued {
            if issued.total_fen != i.order.total_fen {
                self.broken("I7", key, "issued for another amount");
            }
            if i.st == InvoiceSt::Issued {
                self.sums.invoices += issued.total_fen;
            }
        }
    }

    /// Is anything due for this machine?
    pub(super) fn has_work(&self, machine: Key) -> bool {
        self.open.contains(&machine)
    }

    pub(super) fn broken(&mut self, invariant: &str, at: Key, what: &str) {
        self.violations.push(Violation { invariant: invariant.to_owned(), at: format!("{at:?}"), what: what.to_owned() });
    }
}

/// The machines by kind, with what the ledger says of each.
pub(super) struct World<'a> {
    payments: BTreeMap<PaymentId, &'a Payment>,
    pub(super) settlements: BTreeMap<SettlementId, &'a Settlement>,
    invoices: BTreeMap<crate::ident::InvoiceId, &'a Invoice>,
    refunds_of: BTreeMap<PaymentId, Vec<&'a Refund>>,
    returned: BTreeMap<(RefundId, JournalKind), usize>,
}

impl<'a> World<'a> {
    fn new(rows: &'a BTreeMap<Key, Row>, journals: &[Journal]) -> World<'a> {
        let mut world = World { payments: BTreeMap::new(), settlements: BTreeMap::new(), invoices: BTreeMap::new(), refunds_of: BTreeMap::new(), returned: BTreeMap::new() };
        for row in rows.values() {
            match row {
                Row::Payment(p) => {
                    world.payments.insert(p.id, p);
                }
                Row::Settlement(s) => {
                    world.settlements.insert(s.id, s);
                }
                Row::Invoice(i) => {
                    world.invoices.insert(i.id, i);
                }
                Row::Refund(r) => world.refunds_of.entry(r.payment).or_default().push(r),
                Row::CheckIn(_) | Row::Stop(_) | Row::Suspension(_) | Row::Notice(_) | Row::Filing(_) => {}
            }
        }
        for journal in journals {
            if matches!(journal.kind, JournalKind::Returned | JournalKind::Reclaimed)
                && let Some(id) = RefundId::from_business_no(&journal.reference)
            {
                *world.returned.entry((id, journal.kind)).or_default() += 1;
            }
        }
        world
    }
}

/// What the insurer pays of a payment and has not got back.
fn kept_insured(parts: &Parts) -> Money {
    parts.paid.insured().minus(&parts.refunded.insured()).and_then(|kept| kept.total()).unwrap_or_default()
}

/// What is proven to have gone back, all parts together.
fn given_back(refund: &Refund) -> Money {
    refund.given_back().total().unwrap_or_default()
}

fn violation(finding: Finding) -> Violation {
    Violation { invariant: finding.invariant.to_owned(), at: finding.subject, what: finding.what }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
