//! `insurance.validate`: an upload of fees (2204, 6201) before it is sent: what the centre would refuse after minutes is told
//! at once (domain/medins.md §2.1, §8 item 12).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::finding::{Reason, Severity};
use super::id_document;
use super::issue::Issue;
use crate::access::Private;
use crate::calendar::Timestamp;
use crate::code::{CHRGITM_LV, CodeTable, HOSP_APPR_FLAG, ID_TYPE, INSUTYPE, PSN_SETLWAY};
use crate::error::Result;
use crate::money::{Money, Quantity, UnitPrice, line_amount};
use crate::patient::{AreaCheck, DocumentKind, check_document, check_name, plain_number};

/// A fee of an upload (feedetail). Texts as they would be sent; an empty one is one that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FeeDetail {
    /// Line number (feedetl_sn), unique per visit.
    pub feedetl_sn: String,
    /// Charge batch (chrg_bchno), the same in every line.
    pub chrg_bchno: String,
    /// National catalogue code (med_list_codg).
    pub med_list_codg: String,
    /// Code in the hospital's own catalogue (medins_list_codg).
    pub medins_list_codg: String,
    /// Level of the item (chrgitm_lv), when the hospital knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chrgitm_lv: Option<String>,
    /// Is its use restricted (限制用药)? Then the approval flag is needed.
    #[serde(default)]
    pub restricted: bool,
    /// Approval of the hospital (hosp_appr_flag).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosp_appr_flag: Option<String>,
    /// Quantity (cnt).
    pub cnt: Quantity,
    /// Price (pric).
    pub pric: UnitPrice,
    /// Amount of the line (det_item_fee_sumamt).
    pub det_item_fee_sumamt_fen: Money,
    /// When the fee arose (fee_ocur_time).
    pub fee_ocur_time: Timestamp,
    /// National code of the ordering department (bilg_dept_codg).
    pub bilg_dept_codg: String,
    /// National code of the ordering doctor (bilg_dr_codg).
    pub bilg_dr_codg: String,
}

/// A diagnosis of an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "UploadDiagnosis"))]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// Code of the diagnosis (diag_code).
    pub diag_code: Private,
    /// Is it the main one?
    pub main: bool,
}

/// Request of `insurance.validate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UploadRequest {
    /// Person number (psn_no).
    pub psn_no: Private,
    /// Name.
    pub name: Private,
    /// Kind of certificate (psn_cert_type).
    pub id_type: String,
    /// Certificate number.
    pub id_no: Private,
    /// Kind of insurance (insutype).
    pub insutype: String,
    /// Medical category (med_type); an open set, local codes are taken.
    pub med_type: String,
    /// Way of settling (psn_setlway).
    pub psn_setlway: String,
    /// Beginning of the visit.
    pub begntime: Timestamp,
    /// National code of the department.
    pub dept_code: String,
    /// National code of the doctor (atddr_no).
    pub atddr_no: String,
    /// Total (medfee_sumamt).
    pub medfee_sumamt_fen: Money,
    /// The diagnoses.
    pub diagnoses: Vec<Diagnosis>,
    /// The fees.
    pub fees: Vec<FeeDetail>,
    /// Now.
    pub now: Timestamp,
    /// By how much a line's amount may differ from price × quantity; one fen when left out.
    #[serde(default = "one_fen")]
    pub tolerance_fen: u32,
}

const fn one_fen() -> u32 {
    1
}

/// Response of `insurance.validate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadResponse {
    /// No errors: it may be sent.
    pub valid: bool,
    /// What must be corrected.
    pub errors: Vec<Issue>,
    /// What somebody should look at.
    pub warnings: Vec<Issue>,
}

impl UploadRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<UploadResponse> {
        let mut issues = Vec::new();
        self.header(&mut issues);
        self.person(&mut issues);
        self.sums(&mut issues);
        let mut numbers = BTreeSet::new();
        for (at, fee) in self.fees.iter().enumerate() {
            let path = format!("fees[{at}]");
            if !numbers.insert(fee.feedetl_sn.as_str()) {
                issues.push(Issue::at(format!("{path}.feedetl_sn"), "费用明细流水号", Reason::UploadTwice));
            }
            self.fee(fee, &path, &mut issues);
        }
        let (errors, warnings): (Vec<_>, Vec<_>) = issues.into_iter().partition(|issue| issue.severity == Severity::Error);
        Ok(UploadResponse { valid: errors.is_empty(), errors, warnings })
    }

    fn header(&self, issues: &mut Vec<Issue>) {
        blank("psn_no", "人员编号", self.psn_no.reveal(), issues);
        blank("name", "姓名", self.name.reveal(), issues);
        blank("id_no", "证件号码", self.id_no.reveal(), issues);
        blank("med_type", "医疗类别", &self.med_type, issues);
        known("insutype", "险种", &INSUTYPE, &self.insutype, Reason::UploadCode, issues);
        known("psn_setlway", "个人结算方式", &PSN_SETLWAY, &self.psn_setlway, Reason::UploadCode, issues);
        known("id_type", "证件类型", &ID_TYPE, &self.id_type, Reason::UploadCode, issues);
        national("dept_code", "科室", &self.dept_code, Reason::UploadDept, issues);
        national("atddr_no", "医师", &self.atddr_no, Reason::UploadDoctor, issues);
        if self.begntime > self.now {
            issues.push(Issue::at("begntime".to_owned(), "就诊开始时间", Reason::UploadInFuture));
        }
        if self.fees.is_empty() {
            issues.push(Issue::at("fees".to_owned(), "费用明细", Reason::UploadBlank));
        }
        for (at, diagnosis) in self.diagnoses.iter().enumerate() {
            blank(&format!("diagnoses[{at}].diag_code"), "诊断代码", diagnosis.diag_code.reveal(), issues);
        }
        if self.diagnoses.iter().filter(|diagnosis| diagnosis.main).count() != 1 {
            issues.push(Issue::at("diagnoses".to_owned(), "诊断", Reason::UploadDiagnosis));
        }
    }

    fn person(&self, issues: &mut Vec<Issue>) {
        let mut fault = false;
        // Dots and moved characters are matched by the centre, or not: that is no fault of the record.
        check_name(self.name.reveal(), |found| fault |= !matches!(found, crate::patient::NameFault::Dot | crate::patient::NameFault::Moved));
        if fault && !self.name.reveal().trim().is_empty() {
            issues.push(Issue::at("name".to_owned(), "姓名", Reason::UploadName));
        }
        let number = plain_number(self.id_no.reveal());
        let Some(kind) = DocumentKind::of(&self.id_type, "").filter(|_| !number.is_empty()) else { return };
        let fault = check_document(kind, &number, self.now.biz_date(), AreaCheck::Province).1;
        // People of 港澳台 and foreigners are insured under 01 in some places: their prefixes are no mistake here.
        let fault = fault.map(id_document::reason).filter(|reason| !matches!(reason, Reason::IsResidencePermit | Reason::IsForeignerPermit));
        if fault.is_some() {
            issues.push(Issue::at("id_no".to_owned(), "", Reason::UploadIdNo));
        }
    }

    fn sums(&self, issues: &mut Vec<Issue>) {
        let sum = Money::sum(self.fees.iter().map(|fee| fee.det_item_fee_sumamt_fen));
        if sum.ok() != Some(self.medfee_sumamt_fen) {
            issues.push(Issue::at("medfee_sumamt_fen".to_owned(), "医疗费总额", Reason::UploadTotal));
        }
        let batch = self.fees.first().map(|fee| fee.chrg_bchno.as_str());
        for (at, _) in self.fees.iter().enumerate().filter(|(_, fee)| Some(fee.chrg_bchno.as_str()) != batch) {
            issues.push(Issue::at(format!("fees[{at}].chrg_bchno"), "收费批次", Reason::UploadBatch));
        }
    }

    fn fee(&self, fee: &FeeDetail, path: &str, issues: &mut Vec<Issue>) {
        let at = |field: &str| format!("{path}.{field}");
        blank(&at("feedetl_sn"), "费用明细流水号", &fee.feedetl_sn, issues);
        blank(&at("chrg_bchno"), "收费批次", &fee.chrg_bchno, issues);
        blank(&at("medins_list_codg"), "院内目录编码", &fee.medins_list_codg, issues);
        if fee.med_list_codg.trim().is_empty() {
            issues.push(Issue::at(at("med_list_codg"), "", Reason::UploadCatalogue));
        }
        if let Some(level) = &fee.chrgitm_lv {
            known(&at("chrgitm_lv"), "收费项目等级", &CHRGITM_LV, level, Reason::UploadLevel, issues);
        }
        match &fee.hosp_appr_flag {
            Some(flag) => known(&at("hosp_appr_flag"), "医院审批标志", &HOSP_APPR_FLAG, flag, Reason::UploadApprovalCode, issues),
            None if fee.restricted => issues.push(Issue::at(at("hosp_appr_flag"), "", Reason::UploadApproval)),
            None => {}
        }
        national(&at("bilg_dept_codg"), "开单科室", &fee.bilg_dept_codg, Reason::UploadDept, issues);
        national(&at("bilg_dr_codg"), "开单医师", &fee.bilg_dr_codg, Reason::UploadDoctor, issues);
        if fee.cnt.scaled() <= 0 {
            issues.push(Issue::at(at("cnt"), "数量", Reason::UploadQuantity));
        }
        if fee.pric.scaled() < 0 {
            issues.push(Issue::at(at("pric"), "单价", Reason::UploadPrice));
        }
        let near = |amount: Money| amount.is_near(fee.det_item_fee_sumamt_fen, u64::from(self.tolerance_fen));
        if !line_amount(fee.pric, fee.cnt, 1).is_ok_and(near) {
            issues.push(Issue::at(at("det_item_fee_sumamt_fen"), "明细金额", Reason::UploadAmount));
        }
        if fee.fee_ocur_time > self.now {
            issues.push(Issue::at(at("fee_ocur_time"), "费用发生时间", Reason::UploadInFuture));
        } else if fee.fee_ocur_time < self.begntime {
            issues.push(Issue::at(at("fee_ocur_time"), "费用发生时间", Reason::UploadBeforeVisit));
        }
    }
}

fn blank(path: &str, label: &str, text: &str, issues: &mut Vec<Issue>) {
    if text.trim().is_empty() {
        issues.push(Issue::at(path.to_owned(), label, Reason::UploadBlank));
    }
}

fn known(path: &str, label: &str, table: &CodeTable, code: &str, reason: Reason, issues: &mut Vec<Issue>) {
    if !table.has(code) {
        issues.push(Issue::of_code(path.to_owned(), label, reason, table, code));
    }
}

/// National codes are ASCII: doctors `D` and 12 digits, departments `A03.01` and the like.
fn national(path: &str, label: &str, code: &str, reason: Reason, issues: &mut Vec<Issue>) {
    let fits = match (reason, code.as_bytes()) {
        (Reason::UploadDoctor, [b'D', digits @ ..]) => digits.len() == 12 && digits.iter().all(u8::is_ascii_digit),
        (Reason::UploadDept, [b'A'..=b'Z', rest @ ..]) => (1..=19).contains(&rest.len()) && rest.iter().all(|b| b.is_ascii_digit() || *b == b'.'),
        _ => false,
    };
    if !fits {
        issues.push(Issue::at(path.to_owned(), label, reason));
    }
}
