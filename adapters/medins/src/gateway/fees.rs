//! 2204 and 2205: fees of a visit are uploaded, or taken back.

use menjie::Money;
use menjie::insurance::{Fee, UploadFacts};
use menjie_transport::Shape;
use serde_json::{Map, Value};

use super::Visit;
use crate::field::{self, filled, local};

/// 费用明细上传.
pub const UPLOAD: &str = "2204";
/// 明细撤销.
pub const VOID: &str = "2205";
/// Every line that is not settled.
pub const ALL_BATCHES: &str = "0000";

/// Uploads the fees of a batch (feedetail).
pub fn upload(visit: Visit<'_>, batch_no: &str, facts: &UploadFacts) -> Vec<Value> {
    facts.fees.iter().map(|fee| Value::Object(self::fee(visit, batch_no, facts, fee))).collect()
}

fn fee(visit: Visit<'_>, batch_no: &str, facts: &UploadFacts, fee: &Fee) -> Map<String, Value> {
    filled([
        ("feedetl_sn", fee.line_id.as_str()),
        ("mdtrt_id", visit.mdtrt_id),
        ("psn_no", visit.person.psn_no.reveal()),
        ("chrg_bchno", batch_no),
        ("dise_codg", facts.disease.as_ref().map_or("", |d| &d.code)),
        ("rxno", fee.order_no.as_deref().unwrap_or_default()),
        ("rx_circ_flag", "0"),
        ("fee_ocur_time", &local(fee.at)),
        ("med_list_codg", &fee.catalogue_code),
        ("medins_list_codg", &fee.hospital_code),
        ("det_item_fee_sumamt", &fee.amount_fen.to_yuan()),
        ("cnt", &field::quantity(fee.quantity)),
        ("pric", &field::price(fee.price)),
        ("bilg_dept_codg", &fee.ordering.code),
        ("bilg_dept_name", &fee.ordering.name),
        ("bilg_dr_codg", &fee.doctor.code),
        ("bilg_dr_name", &fee.doctor.name),
        ("acord_dept_codg", &fee.executing.code),
        ("acord_dept_name", &fee.executing.name),
        ("hosp_appr_flag", fee.approval.as_deref().unwrap_or_default()),
    ])
}

/// What the insurer makes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeResult {
    /// Which line (feedetl_sn).
    pub line: String,
    /// Its amount.
    pub amount_fen: Money,
    /// 全自费.
    pub own_fen: Money,
    /// 超限价.
    pub over_limit_fen: Money,
    /// 先行自付.
    pub pre_self_fen: Money,
    /// 符合政策范围.
    pub in_scope_fen: Money,
    /// chrgitm_lv.
    pub level: Option<String>,
}

/// The insurer's answer, line by line.
pub fn uploaded(output: &Map<String, Value>) -> Result<Vec<FeeResult>, Shape> {
    let line = |row: &Map<String, Value>| {
        let amount = |field: &'static str| Ok(field::money(row, field)?.unwrap_or_default());
        Ok(FeeResult {
            line: field::required(row, "feedetl_sn")?,
            amount_fen: field::required_money(row, "det_item_fee_sumamt")?,
            own_fen: amount("fulamt_ownpay_amt")?,
            over_limit_fen: amount("overlmt_amt")?,
            pre_self_fen: amount("preselfpay_amt")?,
            in_scope_fen: amount("inscp_scp_amt")?,
            level: field::text(row, "chrgitm_lv"),
        })
    };
    field::objects(output, "result")?.into_iter().map(|row| line(row).map_err(|shape: Shape| shape.under("result"))).collect()
}

/// Takes the lines of a batch back, or all that are not settled.
pub fn void(visit: Visit<'_>, batch_no: &str) -> Map<String, Value> {
    filled([("mdtrt_id", visit.mdtrt_id), ("chrg_bchno", batch_no), ("psn_no", visit.person.psn_no.reveal())])
}
