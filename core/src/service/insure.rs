//! The insurer's side of a quote: who the patient is to the insurer, and what would be uploaded. Both are read while he
//! waits, so that a bill that cannot be settled is refused before anything is locked or opened.

use serde::{Deserialize, Serialize};

use super::engine::{Engine, Hospital};
use super::view::BillView;
use crate::bill::Bill;
use crate::calendar::Timestamp;
use crate::charge::PayerClass;
use crate::error::{Code, Error, Result};
use crate::ident::{BusinessNo, PaymentId, SettlementId};
use crate::insurance::{Authorisation, INSURANCE_TYPES, InsuredPerson, Notice, PayPath, PersonKey, Turn, Upload, UploadFacts, notice, pay_path, turns};
use crate::money::Money;
use crate::port::{Answer, Call, CashOwner, HisAnswer, HisCall, Insurer, InsurerAnswer, InsurerCall, Outcome, PatientFile, UploadOf};
use crate::refund::Window;
use crate::workflow::Refusal;
use crate::workflow::payment::{InsuredOrder, insured_order_no};

/// What the patient is told with an insured quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuotedInsurance {
    /// Insurance type (险种), name.
    pub insurance_name: String,
    /// Until when the money can come back; he must have seen it before he agrees.
    pub notice: Notice,
}

/// What a quote keeps of it. It holds secrets and lives as long as the quote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Insurable {
    person: InsuredPerson,
    authorisation: Authorisation,
    facts: UploadFacts,
    /// What opens the order lives until then.
    until: Timestamp,
}

/// Kind of document in the insurer's table (psn_cert_type): 居民身份证.
const IDENTITY_CARD: &str = "01";

pub(super) type Decided<T> = std::result::Result<T, Refusal>;

impl Insurable {
    pub(super) fn shown(&self, window: &Window, now: Timestamp) -> QuotedInsurance {
        QuotedInsurance { insurance_name: insurance_name(&self.person.insurance_type), notice: notice(now, window) }
    }

    /// Can the order still be opened with it?
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }

    /// The order of a payment that is about to be born.
    pub(super) fn order(&self, payment: PaymentId, settlement: SettlementId, bill: &Bill, cash_owner: CashOwner) -> Result<Box<InsuredOrder>> {
        let order_no = insured_order_no(payment)?;
        Ok(Box::new(InsuredOrder { upload: self.upload(order_no, settlement.business_no(), bill), until: self.until, cash_owner }))
    }

    fn upload(&self, order_no: BusinessNo, batch_no: BusinessNo, bill: &Bill) -> Upload {
        Upload {
            order_no,
            batch_no,
            visit_id: bill.visit_id.clone(),
            person: self.person.clone(),
            authorisation: self.authorisation.clone(),
            use_account: true,
            total_fen: bill.total_fen,
            facts: self.facts.clone(),
        }
    }
}

/// The name of an insurance type (险种); one that is not in the table stands for itself.
pub(super) fn insurance_name(code: &str) -> String {
    INSURANCE_TYPES.iter().find(|t| t.code == code).map_or(code, |t| t.name).to_owned()
}

/// Whoever insured payments are made with, if this hospital makes them.
pub(super) fn insurer_of(hospital: &Hospital) -> Decided<&dyn Insurer> {
    hospital.insurer.as_deref().filter(|insurer| insurer.traits().mobile && hospital.his.traits().upload_facts).ok_or_else(off)
}

/// Says of a bill of an insured visit whether it may be paid with insurance now; `bills` are all of the patient's.
pub(super) fn with_insurance(view: BillView, bills: &[Bill], bill: &Bill) -> BillView {
    if !view.payable || view.zero || bill.payer != PayerClass::Insured {
        return view;
    }
    match its_turn(bills, bill) {
        Ok(()) => BillView { insured: true, ..view },
        Err(refusal) => BillView { insured_refusal: Some(refusal), ..view },
    }
}

impl Engine {
    /// May this bill be paid with insurance, and what would be uploaded?
    pub(super) async fn insurable(&self, hospital: &Hospital, file: &PatientFile, bills: &[Bill], wanted: &Bill, authorisation: &Authorisation) -> Result<Decided<Insurable>> {
        let insurer = match insurer_of(hospital) {
            Ok(insurer) => insurer,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Err(refusal) = its_turn(bills, wanted) {
            return Ok(Err(refusal));
        }
        let person = match self.insured_person(hospital, file).await? {
            Ok(person) => person,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let of = UploadOf { patient_id: wanted.patient_id.clone(), visit_id: wanted.visit_id.clone(), lines: wanted.lines.iter().map(|line| line.line_id.clone()).collect() };
        let HisAnswer::UploadFacts(facts) = self.read_his(hospital, HisCall::UploadFacts { of }).await? else {
            return Err(Error::new(Code::HisAnswer).with("call", "his.upload_facts"));
        };
        let now = self.now();
        let life = now.plus_millis(i64::from(insurer.traits().authorisation_life_s) * 1000);
        let until = authorisation.until().map_or(life, |until| until.min(life));
        if until <= now {
            return Ok(Err(authorise_again()));
        }
        let insurable = Insurable { person, authorisation: authorisation.clone(), facts: *facts, until };
        Ok(self.uploadable(&insurable, wanted, now)?.map(|()| insurable))
    }

    /// HIS tells the fees anew: they must be the bill's, and nothing in them what the centre refuses.
    fn uploadable(&self, insurable: &Insurable, bill: &Bill, now: Timestamp) -> Result<Decided<()>> {
        let fees = &insurable.facts.fees;
        let told = |line: &crate::charge::ChargeLine| fees.iter().filter(|fee| fee.line_id == line.line_id && fee.amount_fen == line.amount_fen).count() == 1;
        if fees.len() != bill.lines.len() || !bill.lines.iter().all(told) || Money::sum(fees.iter().map(|fee| fee.amount_fen))? != bill.total_fen {
            return Ok(Err(Refusal::new("bill_changed", "费用已有变化", "请刷新待缴费列表后重新选择")));
        }
        // The numbers are given at birth; here only what is uploaded under them counts.
        let number = BusinessNo::new("check")?;
        let checked = insurable.upload(number.clone(), number, bill).check(now)?;
        let Some(issue) = checked.errors.first() else { return Ok(Ok(())) };
        let mut refusal = Refusal::new("upload_invalid", "该单据的医保信息不完整，暂不能医保结算", "请到收费窗口办理医保结算，或选择自费支付");
        refusal.text = format!("{}（{}）", refusal.text, issue.rule);
        Ok(Err(refusal))
    }

    /// The patient as the insurer knows him; a refusal when he is not insured, or no document says who he is.
    pub(super) async fn insured_person(&self, hospital: &Hospital, file: &PatientFile) -> Result<Decided<InsuredPerson>> {
        let Some(id_no) = &file.id_no else {
            return Ok(Err(no_document()));
        };
        let by = PersonKey::Document { id_type: IDENTITY_CARD.to_owned(), id_no: id_no.clone(), name: file.name.clone() };
        let rows = match self.perform(hospital, &Call::Insurer { call: InsurerCall::Person { by: Box::new(by) } }, 1).await {
            Outcome::Done(Answer::Insurer(InsurerAnswer::Person(rows))) => rows,
            Outcome::Done(_) => return Err(Error::new(Code::InsurerAnswer).with("call", "insurer.person")),
            Outcome::Refused(_) => Vec::new(),
            Outcome::Unsent(_) | Outcome::Unknown(_) => return Err(Error::new(Code::InsurerUnreachable).with("call", "insurer.person")),
        };
        Ok(InsuredPerson::chosen(&rows).cloned().ok_or_else(|| Refusal::new("not_insured", "未查询到有效的参保信息", "请选择自费支付，或到收费窗口咨询")))
    }
}

pub(super) fn no_document() -> Refusal {
    Refusal::new("no_document", "档案中没有有效证件号码，不能使用医保支付", "请到收费窗口补全证件信息")
}

pub(super) fn authorise_again() -> Refusal {
    Refusal::new("authorise_again", "医保授权没有完成或已失效", "请重新授权，或选择自费支付")
}

fn off() -> Refusal {
    Refusal::new("insurance_off", "暂不能使用医保移动支付", "请选择自费支付，或到收费窗口办理医保结算")
}

/// Insured bills are settled one after the other: deductible and limits count from each to the next.
fn its_turn(bills: &[Bill], wanted: &Bill) -> Decided<()> {
    if pay_path(wanted) != PayPath::Insured {
        let text = if wanted.payer == PayerClass::Insured { "该单据都是自费项目，不能医保支付" } else { "该次就诊为自费，不能医保支付" };
        return Err(Refusal::new("self_paid_bill", text, "请选择自费支付"));
    }
    let turns = turns(bills);
    let turn = bills.iter().position(|bill| bill.bill_id == wanted.bill_id).and_then(|at| turns.get(at));
    match turn {
        Some(Turn::Now) => Ok(()),
        Some(Turn::After(_)) => Err(Refusal::new("insured_in_turn", "医保单据须逐张结算", "请先完成前一张医保单据的支付")),
        Some(Turn::Confirm | Turn::Window) | None => Err(Refusal::new("bill_changed", "费用已有变化", "请刷新待缴费列表后重新选择")),
    }
}
