//! The law of [`crate::port::His`], case by case, for a HIS that can do everything ([`crate::port::HisTraits`]).

mod files;
mod money;
mod news;
mod visits;

use super::{Broken, Verdict, answered, cases, holds, refused, same, unknown};
use crate::charge::{ChargeLine, Visit};
use crate::error::Result;
use crate::ident::{BusinessNo, ChannelCode, DeptCode, LineKey, PatientId, ScheduleId, VisitId};
use crate::money::Money;
use crate::port::{CallCx, His, HisAnswer, HisBill, HisCall, HisPosting, HisReceipt, HisReversal, LineRef, Outcome, UnpaidCharges};
use crate::testkit::world::{charge, visit};

/// A HIS and the hospital behind it, fresh for every case: it holds [`day`], and nothing else was ever asked.
pub trait HisStage {
    /// The HIS.
    fn his(&self) -> &dyn His;

    /// The context of a first attempt that begins now.
    fn cx(&self) -> CallCx;

    /// The answer to the next call of this interface is lost; HIS does what it is asked.
    fn lose_answer(&self, interface: &'static str);

    /// The window takes cash for a line, and HIS tells it.
    fn pay_at_window(&self, line: &LineKey);

    /// Somebody books a free registration for today.
    fn book(&self, patient: &PatientId, visit: &VisitId, schedule: &ScheduleId);

    /// HIS stops today's session, and tells it.
    fn stop(&self, schedule: &ScheduleId);
}

/// What HIS holds: two patients, each with a visit of two unpaid lines of one department.
pub fn day() -> Result<Vec<(Visit, Vec<ChargeLine>)>> {
    let one = |patient: &str, number: &str, [first, second]: [&str; 2]| -> Result<_> {
        let visit = visit(&PatientId::new(patient)?, number)?;
        let lines = vec![charge(&visit, first, DEPT, "12.50", "2")?, charge(&visit, second, DEPT, "30", "1")?];
        Ok((visit, lines))
    };
    Ok(vec![one(ANNA, "V1", ["L1", "L2"])?, one(BEN, "V2", ["L3", "L4"])?])
}

/// Two patients.
const ANNA: &str = "P00001";
const BEN: &str = "P00002";
const DEPT: &str = "XYF";

cases! { dyn HisStage;
    money::a_number_locks_once, money::a_lock_names_the_lines_as_they_are, money::giving_up_is_always_possible, money::a_number_is_posted_once,
    money::a_number_belongs_to_one_posting, money::a_posting_can_be_asked_about, money::a_cancelled_number_is_never_booked, money::what_is_booked_cannot_be_cancelled,
    money::a_number_reverses_once, money::a_reversal_names_what_was_booked, money::what_happened_is_found_when_the_answer_is_lost,
    news::unpaid_lines_are_the_patients_own, news::notices_come_in_order_and_once, news::the_day_file_has_a_posting_once,
    visits::registrations_are_of_one_patient_and_day, visits::a_number_takes_one_place, visits::a_place_can_be_asked_about, visits::nobody_takes_the_place_of_another,
    visits::a_stopped_session_is_listed_page_by_page, visits::a_number_rebooks_once, visits::only_a_stopped_registration_is_rebooked,
    files::a_number_opens_one_file, files::a_document_has_one_file, files::an_opened_file_can_be_asked_about,
}

async fn ask(stage: &dyn HisStage, call: HisCall) -> Outcome<HisAnswer> {
    stage.his().call(&stage.cx(), &call).await
}

/// The same call twice, as after a crash.
async fn twice<T>(law: &str, stage: &dyn HisStage, call: HisCall, pick: impl Fn(HisAnswer) -> Option<T>) -> Verdict<(T, T)> {
    let first = answered(law, ask(stage, call.clone()).await, &pick)?;
    Ok((first, answered(law, ask(stage, call).await, &pick)?))
}

/// `of!(Variant)`: takes the answer of that variant.
macro_rules! of {
    ($variant:ident) => {
        |answer| if let $crate::port::HisAnswer::$variant(value) = answer { Some(value) } else { None }
    };
}
use of;

async fn unpaid(stage: &dyn HisStage, patient: &str) -> Verdict<UnpaidCharges> {
    answered("unpaid charges are listed", ask(stage, HisCall::Unpaid { patient: PatientId::new(patient)? }).await, of!(Unpaid))
}

/// Everything unpaid of a patient as one bill.
async fn bill(stage: &dyn HisStage, no: &str, patient: &str) -> Verdict<HisBill> {
    let UnpaidCharges { visits, lines } = unpaid(stage, patient).await?;
    let visit = visits.first().ok_or_else(|| Broken("the visit of unpaid lines is listed".to_owned()))?;
    let total_fen = Money::sum(lines.iter().map(|line| line.amount_fen))?;
    let lines = lines.iter().map(|line| LineRef { line_id: line.line_id.clone(), version: line.version, amount_fen: line.amount_fen });
    Ok(HisBill {
        no: BusinessNo::new(no)?,
        patient_id: visit.patient_id.clone(),
        visit_id: visit.visit_id.clone(),
        dept_code: DeptCode::new(DEPT)?,
        lines: lines.collect(),
        total_fen,
    })
}

fn posting(stage: &dyn HisStage, bill: HisBill) -> Verdict<HisPosting> {
    let (channel, out_trade_no) = (Some(ChannelCode::new("wechat")?), BusinessNo::new("P0000000000000000001")?);
    Ok(HisPosting { bill, channel, out_trade_no, trade_no: Some("4200000001".to_owned()), paid_at: stage.cx().now, insured: None })
}

/// Locks and posts everything unpaid of a patient.
async fn posted(stage: &dyn HisStage, no: &str, patient: &str) -> Verdict<(HisPosting, HisReceipt)> {
    let posting = posting(stage, bill(stage, no, patient).await?)?;
    answered("a bill is locked", ask(stage, HisCall::Lock { bill: posting.bill.clone() }).await, of!(Lock))?;
    let receipt = answered("a locked bill is posted", ask(stage, HisCall::Post { posting: posting.clone() }).await, of!(Post))?;
    Ok((posting, receipt))
}

fn reversal(no: &str, receipt: &HisReceipt) -> Verdict<HisReversal> {
    Ok(HisReversal { no: BusinessNo::new(no)?, settlement_no: receipt.no.clone(), receipt_no: receipt.receipt_no.clone(), amount_fen: receipt.total_fen, kept: None })
}
