//! What HIS keeps: lines and who holds or paid them, settlements, reversals, news. Every rule of the profile is here.

use std::collections::{BTreeMap, BTreeSet};

use menjie::charge::{ChargeLine, Visit};
use menjie::ident::{DeptCode, LineKey, VisitId};
use menjie::{BizDate, Timestamp};
use serde::{Deserialize, Serialize};

use super::HisOptions;
use super::bookings::Bookings;
use super::refund::{Made, Work};
use crate::day::{Day, DayPatient};

/// A definite no: a code of the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct No {
    pub(super) code: u16,
    pub(super) message: &'static str,
}

impl No {
    pub(super) const fn new(code: u16, message: &'static str) -> No {
        No { code, message }
    }
}

pub(super) const SETTLED: No = No::new(1001, "该明细已结算");
pub(super) const CHANGED: No = No::new(1002, "明细已变更或不存在");
pub(super) const ELSEWHERE: No = No::new(1003, "明细已被其他终端锁定");
pub(super) const NOT_FOUND: No = No::new(1004, "未找到");
pub(super) const AMOUNT: No = No::new(1005, "金额不一致");
pub(super) const MISFIT: No = No::new(1006, "患者、就诊或科室不符");
pub(super) const WINDOW: No = No::new(1007, "请到窗口办理");
const CANCELLED: No = No::new(1008, "该单号已作废");
const BOOKED: No = No::new(1009, "该单已入账");
pub(super) const REVERSED: No = No::new(1010, "该单已冲正");
pub(super) const EXECUTED: No = No::new(1011, "已执行或已发药，不能冲正");
pub(super) const INCOMPLETE: No = No::new(1900, "请求报文不完整");

/// A bill as the client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bill {
    pub(super) patient_id: String,
    pub(super) visit_id: String,
    pub(super) dept_code: String,
    /// Line, version, fen.
    pub(super) lines: Vec<(String, u32, i64)>,
    pub(super) total_fen: i64,
}

/// The money the client reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paid {
    pub(super) channel: Option<String>,
    pub(super) out_trade_no: String,
    pub(super) trade_no: Option<String>,
}

/// A booked posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Posting {
    pub(super) receipt_no: String,
    pub(super) posted_at: Timestamp,
    pub(super) paid: Paid,
    pub(super) guidance: Option<String>,
    /// Queries do not show it before.
    pub(super) shown_from: Timestamp,
    pub(super) reversed: Option<Reversed>,
}

/// Who reversed a posting: our number, or the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reversed {
    pub(super) by: Option<String>,
    pub(super) at: Timestamp,
    pub(super) shown_from: Timestamp,
}

/// All that HIS knows about one settlement number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settlement {
    pub(super) bill: Option<Bill>,
    /// Its lines are held for it.
    pub(super) holds: bool,
    /// Unlocked: a late lock must not take the lines again.
    pub(super) released: bool,
    pub(super) cancelled: bool,
    pub(super) posting: Option<Posting>,
    /// How often it was booked; more than once would be a defect.
    pub(super) bookings: u32,
}

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Unpaid,
    Held(String),
    Paid,
    Void,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) line: ChargeLine,
    pub(super) standing: Standing,
    pub(super) executed: bool,
    /// Executed once and taken back (反确认).
    pub(super) undone: bool,
    pub(super) work: Work,
}

/// Something HIS tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    LinesChanged(Vec<String>),
    Reversed {
        settlement_no: String,
        amount_fen: i64,
        suspended: bool,
    },
    /// A session is stopped: the object of the profile.
    Stopped(serde_json::Value),
}

/// Where every line stands, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounts {
    /// Not paid, not held.
    pub unpaid: u64,
    /// Held for a settlement number.
    pub held: u64,
    /// Paid, by us or at the window.
    pub paid: u64,
    /// Voided or reversed.
    pub void: u64,
}

/// The book.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pub(super) options: HisOptions,
    pub(super) patients: Vec<DayPatient>,
    pub(super) visits: BTreeMap<VisitId, Visit>,
    pub(super) lines: BTreeMap<LineKey, Entry>,
    guidance: BTreeMap<DeptCode, String>,
    pub(super) settlements: BTreeMap<String, Settlement>,
    /// By refund number.
    pub(super) reversals: BTreeMap<String, Made>,
    pub(super) day_closed: bool,
    /// What the day file tells besides: reversal, settlement number, receipt, fen, when.
    pub(super) astray: Vec<(bool, String, String, i64, Timestamp)>,
    pub(super) news: Vec<(Timestamp, News)>,
    pub(super) bookings: Bookings,
    pub(super) receipts: u64,
}

impl Book {
    pub(super) fn open(day: &Day, options: HisOptions) -> Book {
        let entry = |line: &ChargeLine| Entry { line: line.clone(), standing: Standing::Unpaid, executed: false, undone: false, work: Work::default() };
        Book {
            options,
            patients: day.patients.clone(),
            visits: day.visits.iter().map(|v| (v.visit.visit_id.clone(), v.visit.clone())).collect(),
            lines: day.lines.iter().map(|line| (line.line_id.clone(), entry(line))).collect(),
            guidance: day.departments.iter().map(|dept| (dept.code.clone(), dept.guidance.clone())).collect(),
            settlements: BTreeMap::new(),
            reversals: BTreeMap::new(),
            day_closed: false,
            astray: Vec::new(),
            news: Vec::new(),
            bookings: Bookings::of(day),
            receipts: 0,
        }
    }

    pub(super) fn set_options(&mut self, options: HisOptions) {
        self.options = options;
    }

    pub(super) fn phone_of(&self, patient: &menjie::ident::PatientId) -> Option<String> {
        self.patients.iter().find(|p| &p.patient_id == patient).and_then(|p| p.phone.as_ref()).map(|p| p.reveal().to_owned())
    }

    /// His place in the day's list, from 1.
    pub(super) fn place_of(&self, patient: &menjie::ident::PatientId) -> Option<usize> {
        self.patients.iter().position(|p| &p.patient_id == patient).map(|at| at + 1)
    }

    pub(super) fn find(&self, way: &str, token: &str) -> Result<Vec<&DayPatient>, No> {
        let is = |value: &Option<menjie::access::Private>| value.as_ref().is_some_and(|value| value.reveal() == token);
        let visit = VisitId::new(token).ok().and_then(|id| self.visits.get(&id));
        let by_visit = |patient: &DayPatient| visit.is_some_and(|visit| visit.patient_id == patient.patient_id);
        let by_card = |patient: &DayPatient, prefix: &str| token.strip_prefix(prefix) == Some(patient.card_no.reveal());
        let wanted = |patient: &&DayPatient| match way {
            "id_card" => is(&patient.id_no),
            "phone" => is(&patient.phone),
            "visit_no" => by_visit(patient) || by_card(patient, ""),
            "health_code" => by_card(patient, "HC"),
            "patient_no" => patient.patient_id.as_str() == token,
            _ => by_card(patient, "EV"),
        };
        match way {
            "id_card" | "phone" | "visit_no" | "health_code" | "e_voucher" | "patient_no" => Ok(self.patients.iter().filter(wanted).collect()),
            _ => Err(INCOMPLETE),
        }
    }

    /// Unpaid lines, held ones included, and their visits.
    pub(super) fn unpaid(&self, patient_id: &str) -> Result<(Vec<&Visit>, Vec<&ChargeLine>), No> {
        if !self.patients.iter().any(|patient| patient.patient_id.as_str() == patient_id) {
            return Err(NOT_FOUND);
        }
        let open = |entry: &&Entry| entry.line.patient_id.as_str() == patient_id && matches!(entry.standing, Standing::Unpaid | Standing::Held(_));
        let lines: Vec<&ChargeLine> = self.lines.values().filter(open).map(|entry| &entry.line).collect();
        let visits: BTreeSet<&VisitId> = lines.iter().map(|line| &line.visit_id).collect();
        Ok((visits.into_iter().filter_map(|id| self.visits.get(id)).collect(), lines))
    }

    pub(super) fn lock(&mut self, no: &str, bill: Bill) -> Result<i64, No> {
        if let Some(known) = self.settlements.get(no) {
            return match known {
                Settlement { posting: Some(_), .. } => Err(SETTLED),
                Settlement { cancelled: true, .. } | Settlement { released: true, .. } => Err(CANCELLED),
                Settlement { bill: Some(held), .. } => same(held, &bill).map(|()| bill.total_fen),
                Settlement { bill: None, .. } => Err(CANCELLED),
            };
        }
        self.check(no, &bill)?;
        let total = bill.total_fen;
        self.hold(&bill, &Standing::Held(no.to_owned()));
        self.settlements.insert(no.to_owned(), Settlement { bill: Some(bill), holds: true, ..Settlement::default() });
        Ok(total)
    }

    /// All or nothing: every line as it was shown, free, and of this visit.
    fn check(&self, no: &str, bill: &Bill) -> Result<(), No> {
        let visit = VisitId::new(&bill.visit_id).ok().and_then(|id| self.visits.get(&id)).ok_or(MISFIT)?;
        if visit.patient_id.as_str() != bill.patient_id {
            return Err(MISFIT);
        }
        let mut seen = BTreeSet::new();
        let mut depts = BTreeSet::new();
        let mut sum = 0_i64;
        for (line_id, version, fen) in &bill.lines {
            let entry = LineKey::new(line_id).ok().and_then(|key| self.lines.get(&key)).ok_or(CHANGED)?;
            let line = &entry.line;
            if !seen.insert(line_id) || line.version != *version {
                return Err(CHANGED);
            }
            if line.visit_id.as_str() != bill.visit_id {
                return Err(MISFIT);
            }
            match &entry.standing {
                Standing::Unpaid => {}
                Standing::Held(by) if by == no => {}
                Standing::Held(_) => return Err(ELSEWHERE),
                Standing::Paid => return Err(SETTLED),
                Standing::Void => return Err(CHANGED),
            }
            if line.amount_fen.fen() != *fen {
                return Err(AMOUNT);
            }
            sum += fen;
            let named = [line.pharmacy_code.as_ref(), line.exec_dept_code.as_ref(), Some(&line.order_dept_code)];
            depts.extend(named.into_iter().flatten().map(DeptCode::as_str));
        }
        if bill.lines.is_empty() {
            return Err(CHANGED);
        }
        if sum != bill.total_fen {
            return Err(AMOUNT);
        }
        if depts.contains(bill.dept_code.as_str()) { Ok(()) } else { Err(MISFIT) }
    }

    fn hold(&mut self, bill: &Bill, standing: &Standing) {
        for (line_id, ..) in &bill.lines {
            if let Some(entry) = LineKey::new(line_id).ok().and_then(|key| self.lines.get_mut(&key)) {
                entry.standing = standing.clone();
            }
        }
    }

    pub(super) fn unlock(&mut self, no: &str) -> Result<(), No> {
        let settlement = self.settlements.entry(no.to_owned()).or_default();
        if settlement.posting.is_some() {
            return Err(BOOKED);
        }
        settlement.released = true;
        let held = std::mem::take(&mut settlement.holds);
        if let Some(bill) = settlement.bill.clone().filter(|_| held) {
            self.hold(&bill, &Standing::Unpaid);
        }
        Ok(())
    }

    pub(super) fn post(&mut self, no: &str, bill: Bill, paid: Paid, now: Timestamp, shown_from: Timestamp) -> Result<(), No> {
        match self.settlements.get(no) {
            Some(Settlement { posting: Some(posting), bill: Some(booked), .. }) => {
                same(booked, &bill)?;
                return match (posting.paid == paid, self.options.refuse_repeats) {
                    (false, _) => Err(MISFIT),
                    (true, true) => Err(SETTLED),
                    (true, false) => Ok(()),
                };
            }
            Some(Settlement { cancelled: true, .. } | Settlement { released: true, .. }) => return Err(CANCELLED),
            Some(Settlement { bill: Some(held), .. }) => same(held, &bill)?,
            Some(Settlement { bill: None, .. }) | None if self.options.requires_lock => return Err(CHANGED),
            Some(Settlement { bill: None, .. }) | None => {}
        }
        self.check(no, &bill)?;
        let guidance = DeptCode::new(&bill.dept_code).ok().and_then(|code| self.guidance.get(&code).cloned());
        let receipt_no = self.next_receipt(now);
        self.hold(&bill, &Standing::Paid);
        let settlement = self.settlements.entry(no.to_owned()).or_default();
        settlement.posting = Some(Posting { receipt_no, posted_at: now, paid, guidance, shown_from, reversed: None });
        settlement.bill = Some(bill);
        settlement.holds = false;
        settlement.bookings += 1;
        Ok(())
    }

    pub(super) fn next_receipt(&mut self, now: Timestamp) -> String {
        self.receipts += 1;
        let day: String = now.biz_date().to_string().chars().filter(char::is_ascii_digit).collect();
        format!("{day}{:06}", self.receipts)
    }

    pub(super) fn cancel_post(&mut self, no: &str) -> Result<(), No> {
        let settlement = self.settlements.entry(no.to_owned()).or_default();
        if settlement.posting.is_some() {
            return Err(BOOKED);
        }
        settlement.cancelled = true;
        Ok(())
    }

    pub(super) fn undo(&mut self, no: &str, reversed: Reversed) {
        let Some(settlement) = self.settlements.get_mut(no) else { return };
        if let Some(posting) = &mut settlement.posting {
            posting.reversed = Some(reversed);
        }
        if let Some(bill) = settlement.bill.clone() {
            self.hold(&bill, &Standing::Void);
        }
    }

    /// News after an id; ids are 12 digits, ascending.
    pub(super) fn news(&self, after: Option<&str>) -> Vec<(String, Timestamp, &News)> {
        let all = self.news.iter().enumerate().map(|(i, (at, news))| (format!("{:012}", i + 1), *at, news));
        all.filter(|(id, ..)| after.is_none_or(|after| id.as_str() > after)).take(500).collect()
    }

    /// Postings (false) and reversals (true) of a day: settlement number, receipt, fen, when.
    pub(super) fn day_file(&self, date: BizDate) -> Vec<(bool, &str, &str, i64, Timestamp)> {
        let mut rows = Vec::new();
        for (no, settlement) in &self.settlements {
            let Settlement { bill: Some(bill), posting: Some(posting), .. } = settlement else { continue };
            rows.push((false, no.as_str(), posting.receipt_no.as_str(), bill.total_fen, posting.posted_at));
            if let Some(reversed) = &posting.reversed {
                rows.push((true, no.as_str(), posting.receipt_no.as_str(), bill.total_fen, reversed.at));
            }
        }
        rows.extend(self.astray.iter().map(|(reversed, no, receipt_no, fen, at)| (*reversed, no.as_str(), receipt_no.as_str(), *fen, *at)));
        rows.retain(|(.., at)| at.biz_date() == date);
        rows.sort_by_key(|(reversed, no, _, _, at)| (*at, *no, *reversed));
        rows
    }

    pub(super) fn line_counts(&self) -> LineCounts {
        let mut counts = LineCounts::default();
        for entry in self.lines.values() {
            *match entry.standing {
                Standing::Unpaid => &mut counts.unpaid,
                Standing::Held(_) => &mut counts.held,
                Standing::Paid => &mut counts.paid,
                Standing::Void => &mut counts.void,
            } += 1;
        }
        counts
    }
}

/// A repeat must name the same bill.
fn same(known: &Bill, asked: &Bill) -> Result<(), No> {
    if known.total_fen != asked.total_fen {
        Err(AMOUNT)
    } else if known == asked {
        Ok(())
    } else {
        Err(CHANGED)
    }
}
