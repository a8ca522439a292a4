//! HIS without wires: lines, locks, postings, cancellations, window staff.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::bookings::Bookings;
use super::his_day::DayFile;
use super::his_truth::HisLies;
use super::plan::Line as Wire;
use super::{lock, patient_file};
use crate::access::Private;
use crate::calendar::{BizDate, Timestamp};
use crate::charge::{ChargeLine, Visit};
use crate::ident::{BusinessNo, LineKey, PatientId, VisitId};
use crate::insurance::{Diagnosis, Fee, National, UploadFacts};
use crate::money::Money;
use crate::port::{
    CallCx, FileOpened, FileOrder, FindPatient, His, HisAnswer, HisBill, HisCall, HisNotice, HisNoticeKind, HisPosting, HisReceipt, HisReversed, HisTraits, IdentifyWay,
    LineStanding, LockReceipt, No, Outcome, PatientFile, PostState, RebookOrder, UnpaidCharges, UploadOf,
};
use crate::visit::{Affected, FeeBack, Rebooked, Registration, Standing, StopNotice};

/// How this HIS behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct HisHabits {
    /// A repeated posting is answered "already settled", as some HIS do.
    pub refuses_repeats: bool,
    /// A posting becomes visible to queries only after so many milliseconds.
    pub blind_ms: i64,
    /// Every posting is refused.
    pub refuses_postings: bool,
    /// What it can do, if not everything.
    pub traits: Option<HisTraits>,
}

/// HIS.
pub struct FakeHis {
    pub(super) wire: Wire,
    pub(super) state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) habits: HisHabits,
    visits: Vec<Visit>,
    pub(super) lines: BTreeMap<LineKey, Held>,
    pub(super) postings: BTreeMap<BusinessNo, Posting>,
    cancelled: Vec<BusinessNo>,
    notices: Vec<HisNotice>,
    pub(super) reversals: BTreeMap<BusinessNo, (Timestamp, HisReversed)>,
    pub(super) standings: BTreeMap<LineKey, LineStanding>,
    pub(super) day_closed: bool,
    files: Vec<PatientFile>,
    pub(super) bookings: Bookings,
    pub(super) opened: BTreeMap<BusinessNo, FileOpened>,
    pub(super) day: DayFile,
    pub(super) lies: HisLies,
}

pub(super) struct Held {
    pub(super) line: ChargeLine,
    pub(super) by: By,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum By {
    Nobody,
    Lock(BusinessNo),
    Posting,
    Window,
    /// Reversed: the line is dead.
    Void,
}

/// What HIS booked under one of our numbers.
#[derive(Clone, Debug)]
pub(super) struct Posting {
    pub(super) receipt: HisReceipt,
    pub(super) out_trade_no: BusinessNo,
    pub(super) reversed_at: Option<Timestamp>,
    pub(super) bill: HisBill,
    pub(super) visible_from: Timestamp,
    pub(super) lines: Vec<LineKey>,
}

impl Posting {
    /// Booked, and not reversed.
    pub(super) const fn stands(&self) -> bool {
        self.reversed_at.is_none()
    }
}

impl FakeHis {
    pub(super) fn new(wire: Wire) -> FakeHis {
        FakeHis { wire, state: Arc::new(Mutex::new(State::default())) }
    }

    /// How it behaves from now on.
    pub fn behave(&self, habits: HisHabits) {
        lock(&self.state).habits = habits;
    }

    /// Keeps a patient file, which is found by number, document or phone; a code is known to HIS as `his:` and the number.
    pub fn enrol(&self, file: PatientFile) {
        lock(&self.state).files.push(file);
    }

    /// How many files there are.
    pub fn enrolled(&self) -> usize {
        self.wire.settle();
        lock(&self.state).files.len()
    }

    /// Charges a visit.
    pub fn add(&self, visit: Visit, lines: Vec<ChargeLine>) {
        let mut state = lock(&self.state);
        state.visits.push(visit);
        for line in lines {
            state.lines.insert(line.line_id.clone(), Held { line, by: By::Nobody });
        }
    }

    /// The doctor changes a line: a new version that nobody has locked; locks on it are void.
    pub fn change(&self, key: &LineKey) {
        let now = self.wire.now();
        let mut state = lock(&self.state);
        let Some(held) = state.lines.get_mut(key) else { return };
        if matches!(held.by, By::Posting | By::Window | By::Void) {
            return;
        }
        held.line.version += 1;
        held.by = By::Nobody;
        state.notify(now, HisNoticeKind::LinesChanged { lines: vec![key.clone()] });
    }

    /// Window staff takes cash for a line.
    pub fn pay_at_window(&self, key: &LineKey) {
        let now = self.wire.now();
        let mut state = lock(&self.state);
        let Some(held) = state.lines.get_mut(key) else { return };
        if matches!(held.by, By::Nobody) {
            held.by = By::Window;
            state.notify(now, HisNoticeKind::LinesChanged { lines: vec![key.clone()] });
        }
    }

    /// Window staff reverses one of our postings; true when there was one to reverse.
    pub fn reverse_at_window(&self, no: &BusinessNo) -> bool {
        let now = self.wire.now();
        let mut state = lock(&self.state);
        let Some(posting) = state.postings.get_mut(no).filter(|p| p.stands()) else { return false };
        posting.reversed_at = Some(now);
        let (amount_fen, lines) = (posting.receipt.total_fen, posting.lines.clone());
        state.void(&lines);
        state.notify(now, HisNoticeKind::Reversed { settlement_no: no.clone(), amount_fen, suspended: false });
        true
    }

    /// Books a registration.
    pub fn book(&self, affected: Affected) {
        lock(&self.state).bookings.book(affected);
    }

    /// A session is stopped, and HIS tells it.
    pub fn stop(&self, stop: StopNotice) -> HisNotice {
        let now = self.wire.now();
        let mut state = lock(&self.state);
        state.bookings.stop(&stop);
        state.notify(now, HisNoticeKind::Stopped { stop: Box::new(stop) })
    }

    /// A registration as it stands now.
    pub fn registration(&self, visit: &VisitId) -> Option<Registration> {
        self.wire.settle();
        let state = lock(&self.state);
        state.bookings.get(visit).map(|r| state.with_fee(r))
    }

    /// How often a registration was given a place: more than once is what must never happen.
    pub fn places(&self, visit: &VisitId) -> u32 {
        self.wire.settle();
        lock(&self.state).bookings.places(visit)
    }

    /// The numbers HIS has booked and not reversed.
    pub fn booked(&self) -> Vec<BusinessNo> {
        lock(&self.state).postings.iter().filter(|(_, p)| p.stands()).map(|(no, _)| no.clone()).collect()
    }

    /// Is any line still locked for us?
    pub fn locked_lines(&self) -> usize {
        lock(&self.state).lines.values().filter(|h| matches!(h.by, By::Lock(_))).count()
    }

    pub(super) fn postings(&self) -> BTreeMap<BusinessNo, Posting> {
        self.wire.settle();
        lock(&self.state).postings.clone()
    }
}

impl State {
    pub(super) fn notify(&mut self, at: Timestamp, what: HisNoticeKind) -> HisNotice {
        let notice = HisNotice { id: format!("{:08}", self.notices.len() + 1), at, what };
        self.notices.push(notice.clone());
        notice
    }

    /// Every department has one national code here, and every doctor.
    fn upload_facts(&self, of: &UploadOf, now: Timestamp) -> Outcome<HisAnswer> {
        let Some(visit) = self.visits.iter().find(|visit| visit.visit_id == of.visit_id && visit.patient_id == of.patient_id) else { return no("1004", "no such visit") };
        let national = |name: &str| National { code: "A15".to_owned(), name: name.to_owned() };
        let doctor = || National { code: "D440500000001".to_owned(), name: "医生甲".to_owned() };
        let fee = |held: &Held| Fee {
            line_id: held.line.line_id.clone(),
            order_no: held.line.order_no.clone(),
            catalogue_code: format!("X{}", held.line.item_code),
            hospital_code: held.line.item_code.clone(),
            name: held.line.item_name.clone(),
            level: None,
            restricted: false,
            approval: None,
            price: held.line.price,
            quantity: held.line.quantity,
            amount_fen: held.line.amount_fen,
            at: now,
            ordering: national(&held.line.order_dept_name),
            doctor: doctor(),
            executing: national(held.line.exec_dept_name.as_deref().unwrap_or("执行科室")),
        };
        let fees: Vec<Fee> = of.lines.iter().filter_map(|line| self.lines.get(line)).map(fee).collect();
        let facts = UploadFacts {
            begun_at: now,
            med_type: visit.med_type.clone().unwrap_or_else(|| "11".to_owned()),
            disease: None,
            category: "A15".to_owned(),
            dept: national(&visit.dept_name),
            doctor: doctor(),
            diagnoses: vec![Diagnosis { code: Private::new("F99.x00"), name: Private::new("诊断"), main: true, at: now }],
            fees,
        };
        Outcome::Done(HisAnswer::UploadFacts(Box::new(facts)))
    }

    fn do_lock(&mut self, bill: &HisBill) -> Outcome<HisAnswer> {
        if Money::sum(bill.lines.iter().map(|line| line.amount_fen)).ok() != Some(bill.total_fen) {
            return no("1005", "the lines do not add up to the total");
        }
        for wanted in &bill.lines {
            let Some(held) = self.lines.get(&wanted.line_id) else { return no("1004", "no such line") };
            if held.line.version != wanted.version || held.line.amount_fen != wanted.amount_fen {
                return no("1002", "the line has changed");
            }
            match &held.by {
                By::Nobody => {}
                By::Lock(by) if *by == bill.no => {}
                By::Lock(_) => return no("1003", "locked by another number"),
                By::Posting | By::Window => return no("1001", "already paid"),
                By::Void => return no("1002", "the line is void"),
            }
        }
        for wanted in &bill.lines {
            if let Some(held) = self.lines.get_mut(&wanted.line_id) {
                held.by = By::Lock(bill.no.clone());
            }
        }
        Outcome::Done(HisAnswer::Lock(LockReceipt { total_fen: bill.total_fen }))
    }

    fn unlock(&mut self, no: &BusinessNo) -> Outcome<HisAnswer> {
        for held in self.lines.values_mut() {
            if held.by == By::Lock(no.clone()) {
                held.by = By::Nobody;
            }
        }
        Outcome::Done(HisAnswer::Unlock)
    }

    fn post(&mut self, posting: &HisPosting, now: Timestamp) -> Outcome<HisAnswer> {
        let bill = &posting.bill;
        if let Some(known) = self.postings.get(&bill.no) {
            if known.bill != *bill {
                return no("1005", "another bill under this number");
            }
            if self.habits.refuses_repeats {
                self.lies.repeats_refused += 1;
                return no("1001", "already settled");
            }
            return Outcome::Done(HisAnswer::Post(known.receipt.clone()));
        }
        if self.cancelled.contains(&bill.no) {
            return no("1006", "this number was cancelled");
        }
        if self.habits.refuses_postings {
            return no("1009", "refused");
        }
        let must_lock = self.habits.traits.is_none_or(|t| t.lock);
        for wanted in &bill.lines {
            let Some(held) = self.lines.get(&wanted.line_id) else { return no("1004", "no such line") };
            let mine = match &held.by {
                By::Lock(by) => *by == bill.no,
                By::Nobody => !must_lock && held.line.version == wanted.version,
                By::Posting | By::Window | By::Void => false,
            };
            if !mine || held.line.version != wanted.version {
                return no("1002", "the line is not locked by this number");
            }
        }
        for wanted in &bill.lines {
            if let Some(held) = self.lines.get_mut(&wanted.line_id) {
                held.by = By::Posting;
            }
        }
        let receipt = HisReceipt {
            receipt_no: format!("SJ{:06}", self.postings.len() + 1),
            no: bill.no.clone(),
            patient_id: bill.patient_id.clone(),
            total_fen: bill.total_fen,
            posted_at: now,
            guidance: Some("请到一楼窗口".to_owned()),
        };
        let visible_from = now.plus_millis(self.habits.blind_ms);
        self.postings.insert(
            bill.no.clone(),
            Posting {
                receipt: receipt.clone(),
                out_trade_no: posting.out_trade_no.clone(),
                reversed_at: None,
                bill: bill.clone(),
                visible_from,
                lines: bill.lines.iter().map(|l| l.line_id.clone()).collect(),
            },
        );
        Outcome::Done(HisAnswer::Post(receipt))
    }

    fn query_post(&mut self, no: &BusinessNo, now: Timestamp) -> PostState {
        match self.postings.get(no) {
            Some(posting) if posting.visible_from <= now => PostState::Posted(posting.receipt.clone()),
            Some(_) => {
                self.lies.blind += 1;
                PostState::NotRecorded
            }
            None if self.cancelled.contains(no) => PostState::Cancelled,
            None => PostState::NotRecorded,
        }
    }

    fn cancel(&mut self, number: &BusinessNo) -> Outcome<HisAnswer> {
        if self.postings.contains_key(number) {
            return no("1007", "it is booked");
        }
        if !self.cancelled.contains(number) {
            self.cancelled.push(number.clone());
        }
        Outcome::Done(HisAnswer::CancelPost)
    }

    fn unpaid(&self, patient: &PatientId) -> UnpaidCharges {
        let lines: Vec<ChargeLine> =
            self.lines.values().filter(|h| &h.line.patient_id == patient && !matches!(h.by, By::Posting | By::Window | By::Void)).map(|h| h.line.clone()).collect();
        let visits = self.visits.iter().filter(|v| lines.iter().any(|l| l.visit_id == v.visit_id)).cloned().collect();
        UnpaidCharges { visits, lines }
    }

    /// A registration whose fee was posted by us is paid, by that settlement.
    fn with_fee(&self, registration: &Registration) -> Registration {
        let paid = self.postings.iter().find(|(_, p)| p.stands() && p.bill.visit_id == registration.visit_id).map(|(no, _)| no.clone());
        match paid {
            Some(no) => Registration { paid: true, settlement_no: Some(no), ..registration.clone() },
            None => registration.clone(),
        }
    }

    fn rebook(&mut self, order: &RebookOrder, now: Timestamp) -> Outcome<HisAnswer> {
        let Some(registration) = self.bookings.get(&order.visit_id).map(|r| self.with_fee(r)) else { return no("1004", "no such registration") };
        let fee = match &registration.settlement_no {
            Some(settlement_no) => FeeBack::Reversed { settlement_no: settlement_no.clone(), amount_fen: registration.fee_fen },
            None if registration.fee_fen.is_zero() => FeeBack::Free,
            None => FeeBack::Window,
        };
        let done = self.bookings.rebook(order, fee);
        if let (Outcome::Done((Rebooked::Cancelled { fee: FeeBack::Reversed { settlement_no, amount_fen } }, true)), Some(posting)) =
            (&done, registration.settlement_no.as_ref().and_then(|no| self.postings.get_mut(no)))
        {
            posting.reversed_at = Some(now);
            self.notify(now, HisNoticeKind::Reversed { settlement_no: settlement_no.clone(), amount_fen: *amount_fen, suspended: true });
        }
        done.map(|(rebooked, _)| HisAnswer::Rebook(rebooked))
    }

    /// One file per number and per document.
    fn open_file(&mut self, order: &FileOrder) -> Outcome<FileOpened> {
        if let Some(done) = self.opened.get(&order.no) {
            return Outcome::Done(done.clone());
        }
        let record = &order.record;
        let opened = match self.files.iter().find(|file| file.id_no.as_ref() == Some(&record.id_no)) {
            Some(file) => FileOpened { file: file.clone(), created: false },
            None => {
                let Ok(patient_id) = PatientId::new(&format!("N{:04}", self.opened.len() + 1)) else { return no("1000", "no number") };
                let birth_date = BizDate::parse(record.birth_date.reveal()).ok();
                let (id_no, phone) = (Some(record.id_no.clone()), Some(record.phone.clone()));
                let file = PatientFile { patient_id, name: record.name.clone(), sex_code: record.sex.clone(), birth_date, id_no, phone };
                self.files.push(file.clone());
                FileOpened { file, created: true }
            }
        };
        self.opened.insert(order.no.clone(), opened.clone());
        Outcome::Done(opened)
    }

    fn answer(&mut self, call: &HisCall, now: Timestamp) -> Outcome<HisAnswer> {
        match call {
            HisCall::FindPatient { by } => {
                let known = self.visits.iter().map(|v| &v.patient_id).find(|id| id.as_str() == by.token.reveal()).map(patient_file);
                let enrolled = self.files.iter().filter(|file| is_found(file, by)).cloned();
                Outcome::Done(HisAnswer::FindPatient(known.into_iter().chain(enrolled).collect()))
            }
            HisCall::Unpaid { patient } => Outcome::Done(HisAnswer::Unpaid(self.unpaid(patient))),
            HisCall::UploadFacts { of } => self.upload_facts(of, now),
            HisCall::Lock { bill } => self.do_lock(bill),
            HisCall::Unlock { no } => self.unlock(no),
            HisCall::Post { posting } => self.post(posting, now),
            HisCall::QueryPost { no } => Outcome::Done(HisAnswer::QueryPost(self.query_post(no, now))),
            HisCall::CancelPost { no } => self.cancel(no),
            HisCall::Refundable { no } => self.refundable(no),
            HisCall::Reverse { reversal } => self.reverse(reversal, now),
            HisCall::QueryReverse { no } => Outcome::Done(HisAnswer::QueryReverse(self.shown_reversal(no, now))),
            HisCall::Notices { after } => {
                let news = self.notices.iter().filter(|n| after.as_ref().is_none_or(|a| &n.id > a)).take(100).cloned().collect();
                Outcome::Done(HisAnswer::Notices(news))
            }
            HisCall::FindFiles { document } => {
                let of = self.files.iter().filter(|file| file.id_no.as_ref() == Some(&document.id_no)).cloned();
                Outcome::Done(HisAnswer::FindFiles(of.collect()))
            }
            HisCall::OpenFile { order } => self.open_file(order).map(HisAnswer::OpenFile),
            HisCall::QueryFile { no } => Outcome::Done(HisAnswer::QueryFile(self.opened.get(no).cloned())),
            HisCall::Registrations { patient, date } => {
                let of = self.bookings.of(patient, *date).into_iter().map(|r| self.with_fee(r)).collect();
                Outcome::Done(HisAnswer::Registrations(of))
            }
            HisCall::TakeNumber { order } => self.bookings.attend(order, Standing::Numbered).map(HisAnswer::TakeNumber),
            HisCall::CheckIn { order } => self.bookings.attend(order, Standing::CheckedIn).map(HisAnswer::CheckIn),
            HisCall::QueryCheckIn { no } => Outcome::Done(HisAnswer::QueryCheckIn(self.bookings.attended(no))),
            HisCall::Affected { session, after, limit } => {
                let mut page = self.bookings.affected(session, after.as_deref(), *limit);
                for affected in &mut page.items {
                    affected.registration = self.with_fee(&affected.registration);
                }
                Outcome::Done(HisAnswer::Affected(page))
            }
            HisCall::Rebook { order } => self.rebook(order, now),
            HisCall::QueryRebook { no } => Outcome::Done(HisAnswer::QueryRebook(self.bookings.rebooked(no))),
            HisCall::DayFile { date } => Outcome::Done(HisAnswer::DayFile(self.day.rows(&self.postings, *date))),
        }
    }
}

#[async_trait]
impl His for FakeHis {
    fn traits(&self) -> HisTraits {
        lock(&self.state).habits.traits.unwrap_or_default()
    }

    async fn call(&self, _cx: &CallCx, call: &HisCall) -> Outcome<HisAnswer> {
        let (state, now, owned) = (Arc::clone(&self.state), self.wire.now(), call.clone());
        self.wire.carry(call.name(), move || lock(&state).answer(&owned, now)).await
    }
}

fn is_found(file: &PatientFile, by: &FindPatient) -> bool {
    let token = by.token.reveal();
    match by.way {
        IdentifyWay::IdCard => file.id_no.as_ref().is_some_and(|no| no.reveal() == token),
        IdentifyWay::Phone => file.phone.as_ref().is_some_and(|no| no.reveal() == token),
        IdentifyWay::VisitNo | IdentifyWay::PatientNo => file.patient_id.as_str() == token,
        IdentifyWay::HealthCode | IdentifyWay::EVoucher => token.strip_prefix("his:").is_some_and(|id| id == file.patient_id.as_str()),
    }
}

pub(super) fn no<T>(code: &str, text: &str) -> Outcome<T> {
    Outcome::Refused(No::new(code, text))
}

/// The amounts HIS keeps for one order of ours.
pub(super) fn kept_for(postings: &BTreeMap<BusinessNo, Posting>, out_trade_no: &BusinessNo) -> i64 {
    postings.values().filter(|p| &p.out_trade_no == out_trade_no && p.stands()).map(|p| Money::fen(p.receipt.total_fen)).sum()
}
