//! The checks of check-ins, stops, suspensions and notices.

use std::collections::{BTreeMap, BTreeSet};

use super::AuditReport;
use super::check::Book;
use crate::ident::{InvoiceId, NoticeId, RefundId, StopId, SuspensionId};
use crate::port::NoticeChannel;
use crate::workflow::notice::Subject;
use crate::workflow::{Base, CheckIn, CheckInSt, Filing, FilingSt, Key, Notice, NoticeSt, Row, Stop, StopSt, Suspension, SuspensionSt};

/// The machines around visits, by what they belong to.
#[derive(Default)]
pub(super) struct Visits<'a> {
    suspensions: BTreeMap<SuspensionId, &'a Suspension>,
    of_stop: BTreeMap<StopId, Vec<&'a Suspension>>,
    notices: BTreeMap<SuspensionId, Vec<&'a Notice>>,
    stops: BTreeSet<StopId>,
    invoices: BTreeSet<InvoiceId>,
    refunds: BTreeSet<RefundId>,
}

impl<'a> Visits<'a> {
    pub(super) fn of(rows: &'a BTreeMap<Key, Row>) -> Visits<'a> {
        let mut visits = Visits::default();
        for row in rows.values() {
            match row {
                Row::Suspension(s) => {
                    visits.suspensions.insert(s.id, s);
                    visits.of_stop.entry(s.stop).or_default().push(s);
                }
                Row::Notice(n) => {
                    if let Subject::Suspension(id) = n.subject {
                        visits.notices.entry(id).or_default().push(n);
                    }
                }
                Row::Invoice(i) => {
                    visits.invoices.insert(i.id);
                }
                Row::Stop(s) => {
                    visits.stops.insert(s.id);
                }
                Row::Refund(r) => {
                    visits.refunds.insert(r.id);
                }
                Row::Payment(_) | Row::Settlement(_) | Row::CheckIn(_) | Row::Filing(_) => {}
            }
        }
        visits
    }
}

impl Book {
    pub(super) fn check_in(&mut self, c: &CheckIn, report: &mut AuditReport) {
        let key = Key::CheckIn(c.id);
        self.alive(key, &c.base, c.st == CheckInSt::Asking, report);
        if (c.st == CheckInSt::Done) != c.ticket.is_some() && c.st != CheckInSt::Held {
            self.broken("I19", key, "done without a place in the queue, or a place without being done");
        }
    }

    /// I19, and a record that is over is forgotten.
    pub(super) fn filing(&mut self, f: &Filing, report: &mut AuditReport) {
        let key = Key::Filing(f.id);
        self.alive(key, &f.base, f.st == FilingSt::Asking, report);
        if (f.st == FilingSt::Filed) != f.patient.is_some() && f.st != FilingSt::Held {
            self.broken("I19", key, "filed without a file, or a file without being filed");
        }
        if f.record.is_some() && matches!(f.st, FilingSt::Filed | FilingSt::Refused) {
            self.broken("I19", key, "over, but the record is still here");
        }
    }

    /// I21: every registration a stop hits has its suspension, once.
    pub(super) fn stop(&mut self, s: &Stop, visits: &Visits<'_>, report: &mut AuditReport) {
        let key = Key::Stop(s.id);
        self.alive(key, &s.base, s.st == StopSt::Expanding, report);
        let of_it = visits.of_stop.get(&s.id).map_or(&[][..], Vec::as_slice);
        let registrations: BTreeSet<_> = of_it.iter().map(|s| &s.registration.visit_id).collect();
        if registrations.len() != of_it.len() || !s.hit.iter().eq(registrations) {
            self.broken("I21", key, "its suspensions are not the registrations it hits");
        }
    }

    /// I21: one notice per channel at most, and somebody told the patient, or is asked to; what was told and is not true any more is
    /// taken back once.
    pub(super) fn suspension(&mut self, s: &Suspension, visits: &Visits<'_>, report: &mut AuditReport) {
        let key = Key::Suspension(s.id);
        self.alive(key, &s.base, matches!(s.st, SuspensionSt::Rebooking | SuspensionSt::Refunding), report);
        if !visits.stops.contains(&s.stop) {
            self.broken("I21", key, "belongs to no stop");
        }
        let all = visits.notices.get(&s.id).map_or(&[][..], Vec::as_slice);
        let (corrections, notices): (Vec<&Notice>, Vec<&Notice>) = all.iter().partition(|n| s.correction.is_some_and(|c| c.notice == n.id));
        let known = corrections.len() == usize::from(s.correction.is_some()) && (corrections.is_empty() || s.st == SuspensionSt::Withdrawn);
        if !known || (s.st == SuspensionSt::Withdrawn && s.reached() && corrections.is_empty()) {
            self.broken("I21", key, "what was told is not taken back, or for no reason");
        }
        let channels: BTreeSet<NoticeChannel> = notices.iter().map(|n| n.channel).collect();
        let ids: BTreeSet<NoticeId> = notices.iter().map(|n| n.id).collect();
        if channels.len() != notices.len() || !s.notices.keys().eq(ids.iter()) {
            self.broken("I21", key, "has two notices through one channel, or notices it does not know");
        }
        let waits = |base: &Base| base.attention.is_some() || base.held.is_some();
        let cared_for = |n: &&Notice| n.st != NoticeSt::Refused || waits(&n.base);
        let told = s.reached() || s.told_by_hand || s.choice.is_some() || waits(&s.base) || s.st != SuspensionSt::Notified;
        if !told && !notices.iter().any(cared_for) {
            self.broken("I21", key, "nobody was told, and nobody was called");
        }
    }

    pub(super) fn notice(&mut self, n: &Notice, visits: &Visits<'_>, report: &mut AuditReport) {
        let key = Key::Notice(n.id);
        self.alive(key, &n.base, matches!(n.st, NoticeSt::Waiting | NoticeSt::Sending), report);
        let known = match n.subject {
            Subject::Suspension(id) => visits.suspensions.contains_key(&id),
            Subject::Invoice(id) => visits.invoices.contains(&id),
            Subject::Refund(id) => visits.refunds.contains(&id),
        };
        if !known {
            self.broken("I21", key, "what it is about is not there");
        }
    }

    /// I22: what is under way has work, or somebody was called.
    fn alive(&mut self, key: Key, base: &Base, under_way: bool, report: &mut AuditReport) {
        let called = base.attention.is_some() || base.held.is_some();
        if !under_way || called {
            return;
        }
        report.under_way += 1;
        if !self.has_work(key) {
            self.broken("I22", key, "under way, but nothing is due and nobody was called");
        }
    }
}
