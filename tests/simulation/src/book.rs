//! What a history is judged by: every commit that landed, every call that left and what came back, and the counterparts' truth.
//!
//! The book keeps rows of its own and compares; it never asks the engine. Its rules are in [`crate::checks`], each run as soon
//! as something happened that it is about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use menjie::Timestamp;
use menjie::gm;
use menjie::ident::{InvoiceId, LineKey, PaymentId, RefundId, SettlementId};
use menjie::ledger::{Account, JournalKind};
use menjie::port::{Answer, Batch, Call, ChannelCall, HisCall, InsurerCall, InvoiceCall, No, Outcome, Refundable, Source};
use menjie::testkit::world::World;
use menjie::workflow::{Key, MachineKind, Row};

use crate::checks::Evidence;
use crate::dice::Dice;
use crate::fault::Fault;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Which, e.g. `I5`.
    pub invariant: &'static str,
    /// Where: a machine.
    pub at: String,
    /// What is wrong.
    pub what: String,
}

/// A transition taken: machine, state before (none at birth), event, state after.
pub type Transition = (MachineKind, Option<&'static str>, String, &'static str);

/// What a history did.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Fault → how often it took effect.
    pub faults: BTreeMap<Fault, u64>,
    /// Transition → how often it was taken.
    pub transitions: BTreeMap<Transition, u64>,
    /// Rule → how often it was checked.
    pub checked: BTreeMap<&'static str, u64>,
    /// Settlements born.
    pub settlements: u64,
    /// Refunds born.
    pub refunds: u64,
    /// Settlements that met a fault.
    pub touched: u64,
    /// Commits that landed.
    pub commits: u64,
    /// Calls that left.
    pub calls: u64,
    /// Steps of the executor.
    pub steps: u64,
    /// Virtual milliseconds.
    pub virtual_ms: i64,
}

impl Tally {
    /// Adds what another history did.
    pub fn add(&mut self, other: &Tally) {
        other.faults.iter().for_each(|(fault, n)| *self.faults.entry(*fault).or_default() += n);
        other.transitions.iter().for_each(|(t, n)| *self.transitions.entry(t.clone()).or_default() += n);
        other.checked.iter().for_each(|(rule, n)| *self.checked.entry(rule).or_default() += n);
        self.settlements += other.settlements;
        self.refunds += other.refunds;
        self.touched += other.touched;
        self.commits += other.commits;
        self.calls += other.calls;
        self.steps += other.steps;
        self.virtual_ms += other.virtual_ms;
    }
}

/// What a person decided about a refund, as the log of the machine has it.
#[derive(Clone, Debug)]
pub struct Said {
    /// The stage, e.g. `doctor`.
    pub stage: String,
    /// Who, as the state log names him.
    pub by: String,
    /// He agreed.
    pub agreed: bool,
}

/// The book.
pub struct Book {
    pub(crate) world: World,
    pub(crate) rows: BTreeMap<Key, Row>,
    pub(crate) last: BTreeMap<Key, (u32, &'static str)>,
    pub(crate) settlements_of: BTreeMap<PaymentId, Vec<SettlementId>>,
    pub(crate) refunds_of: BTreeMap<PaymentId, Vec<RefundId>>,
    pub(crate) invoices_of: BTreeMap<SettlementId, Vec<InvoiceId>>,
    pub(crate) open_accounts: BTreeMap<PaymentId, (i64, i64)>,
    pub(crate) booked: BTreeSet<(JournalKind, String)>,
    pub(crate) claims: BTreeMap<LineKey, SettlementId>,
    pub(crate) messages: BTreeSet<(String, String)>,
    pub(crate) evidence: BTreeMap<String, Evidence>,
    pub(crate) said: BTreeMap<RefundId, Vec<Said>>,
    pub(crate) checked_at: BTreeMap<RefundId, Timestamp>,
    pub(crate) standings: BTreeMap<String, Refundable>,
    touched: BTreeSet<SettlementId>,
    in_flight: BTreeMap<u64, Call>,
    /// Exchanges that the log has begun and that have not left yet.
    begun: BTreeMap<(String, Option<String>), u64>,
    serial: u64,
    /// At times an invoice is changed to paper just before it is to be reversed (F14).
    paper: Option<Dice>,
    /// At times a counterpart contradicts.
    bent: Option<Dice>,
    straight: bool,
    /// About these the next answer contradicts.
    lies_next: BTreeSet<String>,
    /// At times a counterpart refuses.
    refusing: Option<Dice>,
    by_hand: BTreeSet<Key>,
    /// Rolled over every call, answer and commit, when wanted.
    digest: Option<[u8; 32]>,
    dump: Option<Vec<String>>,
    /// What it did.
    pub tally: Tally,
    /// What was broken.
    pub violations: Vec<Violation>,
}

/// The book as everybody holds it.
pub type Shared = Arc<Mutex<Book>>;

/// Opens it.
pub fn open(book: &Shared) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Book {
    /// An empty book about this world.
    pub fn new(world: World) -> Book {
        Book {
            world,
            rows: BTreeMap::new(),
            last: BTreeMap::new(),
            settlements_of: BTreeMap::new(),
            refunds_of: BTreeMap::new(),
            invoices_of: BTreeMap::new(),
            open_accounts: BTreeMap::new(),
            booked: BTreeSet::new(),
            claims: BTreeMap::new(),
            messages: BTreeSet::new(),
            evidence: BTreeMap::new(),
            said: BTreeMap::new(),
            checked_at: BTreeMap::new(),
            standings: BTreeMap::new(),
            touched: BTreeSet::new(),
            in_flight: BTreeMap::new(),
            begun: BTreeMap::new(),
            serial: 0,
            paper: None,
            bent: None,
            straight: true,
            lies_next: BTreeSet::new(),
            refusing: None,
            by_hand: BTreeSet::new(),
            digest: None,
            dump: None,
            tally: Tally::default(),
            violations: Vec::new(),
        }
    }

    /// From now on the history's bytes are folded, and kept as text when `dump` says so.
    pub fn keep(&mut self, dump: bool) {
        self.digest = Some([0; 32]);
        self.dump = dump.then(Vec::new);
    }

    /// From now on some invoices are changed to paper just before they are to be reversed; `None` ends it.
    pub fn print(&mut self, dice: Option<Dice>) {
        self.paper = dice;
    }

    /// From now on counterparts contradict at times; `None` ends it.
    pub fn bend(&mut self, dice: Option<Dice>) {
        self.straight &= dice.is_none();
        self.bent = dice;
    }

    /// Has no counterpart ever contradicted?
    pub fn is_straight(&self) -> bool {
        self.straight
    }

    /// How the counterpart contradicts in this answer, if it does.
    pub fn contradicts(&mut self, call: &Call) -> Option<u64> {
        let named = call.business_no().is_some_and(|no| self.lies_next.remove(no));
        let dice = self.bent.as_ref()?;
        (named || dice.one_in(120)).then(|| dice.bits())
    }

    /// Somebody has said what is not so: from now on a contradiction proves nothing about clocks.
    pub fn lied(&mut self) {
        self.straight = false;
    }

    /// The next answer about this number contradicts.
    pub fn lie_next(&mut self, no: &str) {
        self.lied();
        self.lies_next.insert(no.to_owned());
    }

    /// From now on counterparts refuse at times; `None` ends it.
    pub fn refuse(&mut self, dice: Option<Dice>) {
        self.refusing = dice;
    }

    /// The no of a counterpart that does not want to.
    pub fn refuses(&mut self, call: &Call) -> Option<No> {
        let refused = may_be_refused(call) && self.refusing.as_ref().is_some_and(|dice| dice.one_in(90));
        if refused {
            self.met(Fault::Refuses);
            self.touch(call);
        }
        refused.then(|| No::new("9999", "refused by the plan"))
    }

    /// Has a person decided about it?
    pub fn is_by_hand(&self, key: Key) -> bool {
        self.by_hand.contains(&key)
    }

    /// Is HIS giving a place or opening a file under this number right now?
    pub fn is_asked(&self, no: &str) -> bool {
        let asks = |call: &Call| matches!(call, Call::His { call: HisCall::CheckIn { .. } | HisCall::TakeNumber { .. } | HisCall::OpenFile { .. } });
        self.in_flight.values().any(|call| asks(call) && call.business_no() == Some(no))
    }

    /// Every refund.
    pub fn refunds(&self) -> impl Iterator<Item = &menjie::workflow::Refund> {
        self.rows.values().filter_map(|row| if let Row::Refund(r) = row { Some(r) } else { None })
    }

    /// The digest of the history so far, hex.
    pub fn digest(&self) -> Option<String> {
        self.digest.map(|digest| gm::hex(&digest))
    }

    /// The history as text.
    pub fn take_dump(&mut self) -> Vec<String> {
        self.dump.take().unwrap_or_default()
    }

    /// A line of the history.
    pub fn line(&mut self, text: impl FnOnce() -> String) {
        let Some(digest) = &mut self.digest else { return };
        let text = text();
        let mut bytes = digest.to_vec();
        bytes.extend_from_slice(text.as_bytes());
        *digest = gm::sm3(&bytes);
        if let Some(dump) = &mut self.dump {
            dump.push(text);
        }
    }

    /// A commit has landed.
    pub fn landed(&mut self, batch: &Batch) {
        self.tally.commits += 1;
        self.line(|| format!("commit {batch:?}"));
        if let Source::Message { peer, id } = &batch.source {
            self.messages.insert((peer.clone(), id.clone()));
        }
        for journal in &batch.journals {
            self.journal(journal);
            let of = self.open_accounts.entry(journal.payment).or_default();
            for posting in &journal.postings {
                let fen = posting.debit_fen.fen() - posting.credit_fen.fen();
                match posting.account {
                    Account::Suspense => of.0 += fen,
                    Account::RefundPayable => of.1 += fen,
                    _ => {}
                }
            }
        }
        self.lines_move(batch);
        let mut payments = BTreeSet::new();
        let mut before = Vec::new();
        for write in &batch.writes {
            let key = write.row.key();
            if write.expected.is_none() {
                self.born(&write.row);
            }
            if let Some(payment) = self.payment_of(&write.row) {
                payments.insert(payment);
            }
            before.push((key, self.rows.insert(key, write.row.clone())));
        }
        for step in &batch.log {
            if step.what == "resolve" {
                self.by_hand.insert(step.machine);
            }
            self.step(batch, step);
        }
        for (key, before) in &before {
            self.moved(batch, *key, before.as_ref());
        }
        for payment in payments {
            self.payment(payment);
        }
        self.quarantined(batch, &before);
    }

    fn born(&mut self, row: &Row) {
        match row {
            Row::Settlement(s) => {
                self.tally.settlements += 1;
                self.settlements_of.entry(s.payment).or_default().push(s.id);
            }
            Row::Refund(r) => {
                self.tally.refunds += 1;
                self.refunds_of.entry(r.payment).or_default().push(r.id);
            }
            Row::Invoice(i) => self.invoices_of.entry(i.settlement).or_default().push(i.id),
            Row::Payment(_) | Row::CheckIn(_) | Row::Stop(_) | Row::Suspension(_) | Row::Notice(_) | Row::Filing(_) => {}
        }
    }

    fn payment_of(&self, row: &Row) -> Option<PaymentId> {
        match row {
            Row::Payment(p) => Some(p.id),
            Row::Settlement(s) => Some(s.payment),
            Row::Refund(r) => Some(r.payment),
            Row::Invoice(i) => self.settlement(i.settlement).map(|s| s.payment),
            Row::CheckIn(_) | Row::Stop(_) | Row::Suspension(_) | Row::Notice(_) | Row::Filing(_) => None,
        }
    }

    /// A call leaves; the number names it until it comes back.
    pub fn leaves(&mut self, call: &Call) -> u64 {
        self.serial += 1;
        self.tally.calls += 1;
        self.line(|| format!("call {call:?}"));
        let begun = self.begun.get_mut(&(call.name().to_owned(), call.business_no().map(str::to_owned)));
        let logged = begun.is_some_and(|left| std::mem::replace(left, left.saturating_sub(1)) > 0);
        self.holds("I17", "nothing leaves before its beginning is in the log", call.name(), logged);
        self.fences(call);
        if let (Call::Invoice { call: InvoiceCall::Red { order } }, Some(dice)) = (call, &self.paper)
            && dice.one_in(4)
        {
            self.world.invoices.print(&order.bus_no, true);
        }
        self.in_flight.insert(self.serial, call.clone());
        self.serial
    }

    /// The log has acknowledged the beginning of an exchange.
    pub fn begun(&mut self, interface: &str, business_no: Option<&str>) {
        *self.begun.entry((interface.to_owned(), business_no.map(str::to_owned))).or_default() += 1;
    }

    /// It came back.
    pub fn came(&mut self, number: u64, outcome: &Outcome<Answer>) {
        let Some(call) = self.in_flight.remove(&number) else { return };
        self.line(|| format!("answer {number} {outcome:?}"));
        if matches!(outcome, Outcome::Unsent(_) | Outcome::Unknown(_)) {
            self.touch(&call);
        }
        self.learn(&call, outcome);
    }

    /// Whoever called died.
    pub fn died(&mut self, number: u64) {
        if let Some(call) = self.in_flight.remove(&number) {
            self.line(|| format!("died {number}"));
            self.touch(&call);
        }
    }

    /// A fault took effect.
    pub fn met(&mut self, fault: Fault) {
        *self.tally.faults.entry(fault).or_default() += 1;
    }

    /// A fault met what is behind a call.
    pub fn touch(&mut self, call: &Call) {
        if let Some(no) = call.business_no().map(str::to_owned) {
            self.touch_no(&no);
        }
    }

    /// A fault met whatever is behind a business number.
    pub fn touch_no(&mut self, no: &str) {
        let mut found = Vec::new();
        if let Some(id) = SettlementId::from_business_no(no) {
            found.push(id);
        } else if let Some(id) = PaymentId::from_business_no(no).or_else(|| insured_payment(no)) {
            found.extend(self.settlements_of.get(&id).into_iter().flatten().copied());
        } else if let Some(Row::Refund(r)) = RefundId::from_business_no(no).and_then(|id| self.rows.get(&Key::Refund(id))) {
            found.extend(r.settlement);
        } else if let Some(Row::Invoice(i)) = InvoiceId::from_business_no(no).and_then(|id| self.rows.get(&Key::Invoice(id))) {
            found.push(i.settlement);
        }
        self.touched.extend(found);
        self.tally.touched = self.touched.len() as u64;
    }

    /// Has this message been made durable?
    pub fn is_durable(&self, peer: &str, id: &str) -> bool {
        self.messages.contains(&(peer.to_owned(), id.to_owned()))
    }

    /// A rule was looked at; `sound` says how it came out.
    pub fn check(&mut self, invariant: &'static str, rule: &'static str, at: Key, sound: bool) {
        *self.tally.checked.entry(rule).or_default() += 1;
        if !sound {
            self.broken(invariant, format!("{at:?}"), rule.to_owned());
        }
    }

    /// The same about something that is no machine.
    pub fn holds(&mut self, invariant: &'static str, rule: &'static str, at: impl std::fmt::Display, sound: bool) {
        *self.tally.checked.entry(rule).or_default() += 1;
        if !sound {
            self.broken(invariant, at.to_string(), rule.to_owned());
        }
    }

    /// A promise is broken.
    pub fn broken(&mut self, invariant: &'static str, at: String, what: String) {
        let violation = Violation { invariant, at, what };
        if !self.violations.contains(&violation) {
            self.violations.push(violation);
        }
    }

    pub(crate) fn settlement(&self, id: SettlementId) -> Option<&menjie::workflow::Settlement> {
        match self.rows.get(&Key::Settlement(id)) {
            Some(Row::Settlement(s)) => Some(s),
            _ => None,
        }
    }

    pub(crate) fn refund_row(&self, id: RefundId) -> Option<&menjie::workflow::Refund> {
        match self.rows.get(&Key::Refund(id)) {
            Some(Row::Refund(r)) => Some(r),
            _ => None,
        }
    }

    pub(crate) fn payment_row(&self, id: PaymentId) -> Option<&menjie::workflow::Payment> {
        match self.rows.get(&Key::Payment(id)) {
            Some(Row::Payment(p)) => Some(p),
            _ => None,
        }
    }
}

/// Whatever moves or marks something, but what gives a lock up: nobody would refuse that.
const fn may_be_refused(call: &Call) -> bool {
    match call {
        Call::His { call } => matches!(
            call,
            HisCall::Lock { .. }
                | HisCall::Post { .. }
                | HisCall::Reverse { .. }
                | HisCall::TakeNumber { .. }
                | HisCall::CheckIn { .. }
                | HisCall::Rebook { .. }
                | HisCall::OpenFile { .. }
        ),
        Call::Channel { call, .. } => matches!(call, ChannelCall::Open { .. } | ChannelCall::Refund { .. }),
        Call::Invoice { call } => matches!(call, InvoiceCall::Issue { .. } | InvoiceCall::Red { .. }),
        Call::Insurer { call } => matches!(call, InsurerCall::Upload { .. } | InsurerCall::Place { .. } | InsurerCall::Reverse { .. }),
        Call::HealthCode { .. } | Call::Notify { .. } => false,
    }
}

/// The payment behind an order number at the centre: a letter and its nineteen digits.
pub(crate) fn insured_payment(no: &str) -> Option<PaymentId> {
    let digits = no.strip_prefix(['I', 'J', 'K'])?;
    digits.parse().ok().and_then(|id| PaymentId::new(id).ok())
}
