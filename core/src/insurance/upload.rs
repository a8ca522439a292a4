//! What is uploaded to be priced (费用明细上传, 6201): the visit and its fees in national codes. HIS tells them, because only
//! HIS knows which national code stands for a doctor, a department or an item (domain/medins.md §2.1, §3.7).

use serde::{Deserialize, Serialize};

use super::person::{Authorisation, InsuredPerson};
use crate::access::Private;
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::ident::{BusinessNo, LineKey, VisitId};
use crate::money::{Money, Quantity, UnitPrice};
use crate::validate::{self, FeeDetail, UploadRequest, UploadResponse};

/// A department or doctor in national codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct National {
    /// National code.
    pub code: String,
    /// Name.
    pub name: String,
}

/// A diagnosis of the visit (诊断).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// Code (diag_code).
    pub code: Private,
    /// Name.
    pub name: Private,
    /// The main one? There is exactly one.
    pub main: bool,
    /// When it was made.
    pub at: Timestamp,
}

/// A fee of the visit (费用明细).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fee {
    /// The charge line it stands for.
    pub line_id: LineKey,
    /// Prescription number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
    /// National catalogue code (med_list_codg).
    pub catalogue_code: String,
    /// Code in the hospital's catalogue (medins_list_codg).
    pub hospital_code: String,
    /// Name of the item.
    pub name: String,
    /// Level of the item (chrgitm_lv), when HIS knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Is its use restricted? Then the approval is needed.
    #[serde(default)]
    pub restricted: bool,
    /// Approval of the hospital (hosp_appr_flag).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// Price.
    pub price: UnitPrice,
    /// Quantity.
    pub quantity: Quantity,
    /// Amount.
    pub amount_fen: Money,
    /// When it arose.
    pub at: Timestamp,
    /// Ordering department (bilg_dept).
    pub ordering: National,
    /// Ordering doctor (bilg_dr).
    pub doctor: National,
    /// Executing department (acord_dept).
    pub executing: National,
}

/// What HIS tells about the lines of one bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadFacts {
    /// Beginning of the visit.
    pub begun_at: Timestamp,
    /// Medical category (med_type).
    pub med_type: String,
    /// Disease of a chronic or special visit (dise_codg): one per batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disease: Option<National>,
    /// National category of the department (caty).
    pub category: String,
    /// Department of the visit.
    pub dept: National,
    /// Doctor of the visit.
    pub doctor: National,
    /// Diagnoses.
    pub diagnoses: Vec<Diagnosis>,
    /// The fees, one per charge line.
    pub fees: Vec<Fee>,
}

/// An upload: one bill, one person, one batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Upload {
    /// Our order number (medOrgOrd; at WeChat serial_no, at most twenty characters).
    pub order_no: BusinessNo,
    /// Charge batch (chrg_bchno): the settlement number.
    pub batch_no: BusinessNo,
    /// Of which visit (ipt_otp_no).
    pub visit_id: VisitId,
    /// Whose.
    pub person: InsuredPerson,
    /// What he has given to open it.
    pub authorisation: Authorisation,
    /// May the personal account be used?
    pub use_account: bool,
    /// Total (medfee_sumamt).
    pub total_fen: Money,
    /// Visit and fees.
    pub facts: UploadFacts,
}

/// The way of settling of outpatients (psn_setlway): by item.
const BY_ITEM: &str = "01";

impl Upload {
    /// What the centre would refuse after minutes, at once.
    pub fn check(&self, now: Timestamp) -> Result<UploadResponse> {
        let f = &self.facts;
        UploadRequest {
            psn_no: self.person.psn_no.clone(),
            name: self.person.name.clone(),
            id_type: self.person.id_type.clone(),
            id_no: self.person.id_no.clone(),
            insutype: self.person.insurance_type.clone(),
            med_type: f.med_type.clone(),
            psn_setlway: BY_ITEM.to_owned(),
            begntime: f.begun_at,
            dept_code: f.dept.code.clone(),
            atddr_no: f.doctor.code.clone(),
            medfee_sumamt_fen: self.total_fen,
            diagnoses: f.diagnoses.iter().map(|d| validate::Diagnosis { diag_code: d.code.clone(), main: d.main }).collect(),
            fees: f.fees.iter().map(|fee| self.detail(fee)).collect(),
            now,
            tolerance_fen: 1,
        }
        .run()
    }

    fn detail(&self, fee: &Fee) -> FeeDetail {
        FeeDetail {
            feedetl_sn: fee.line_id.to_string(),
            chrg_bchno: self.batch_no.to_string(),
            med_list_codg: fee.catalogue_code.clone(),
            medins_list_codg: fee.hospital_code.clone(),
            chrgitm_lv: fee.level.clone(),
            restricted: fee.restricted,
            hosp_appr_flag: fee.approval.clone(),
            cnt: fee.quantity,
            pric: fee.price,
            det_item_fee_sumamt_fen: fee.amount_fen,
            fee_ocur_time: fee.at,
            bilg_dept_codg: fee.ordering.code.clone(),
            bilg_dr_codg: fee.doctor.code.clone(),
        }
    }
}

/// An uploaded order, as every later message names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderRef {
    /// Our number (medOrgOrd).
    pub order_no: BusinessNo,
    /// The centre's number (payOrdId).
    pub pay_order_id: String,
    /// Opens the order (payToken).
    pub pay_token: Private,
    /// Visit number of the insurer (mdtrt_id), where it tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurer_visit_id: Option<String>,
    /// Whose: some messages repeat the person.
    pub person: InsuredPerson,
}

/// An order to be priced (支付下单, 6202).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Placing {
    /// Which.
    pub order: OrderRef,
    /// Charge batch, as uploaded.
    pub batch_no: BusinessNo,
    /// What the patient has given.
    pub authorisation: Authorisation,
    /// May the personal account be used?
    pub use_account: bool,
}
