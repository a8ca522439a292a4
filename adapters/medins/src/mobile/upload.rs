//! 6201: a bill's visit and fees, to be priced.

use menjie::access::Private;
use menjie::insurance::{Diagnosis, Fee, Upload};
use menjie::port::Uploaded;
use menjie_transport::Shape;
use serde_json::{Map, Value};

use super::authorise;
use crate::config::{CentreConfig, MedinsConfig};
use crate::field::{self, filled, flag, local};

/// 门诊 (feeType).
const OUTPATIENT: &str = "01";
/// 按项目 (psnSetlway).
const BY_ITEM: &str = "01";
/// 西医诊断 (diagType).
const WESTERN: &str = "1";

/// The upload as the centre reads it.
pub fn upload(config: &MedinsConfig, centre: &CentreConfig, upload: &Upload) -> Map<String, Value> {
    let (facts, person) = (&upload.facts, &upload.person);
    let disease = facts.disease.as_ref();
    let mut data = filled([
        ("orgCodg", &config.org_id),
        ("orgId", centre.voucher_org_id.as_deref().unwrap_or_default()),
        ("psnNo", person.psn_no.reveal()),
        ("insutype", &person.insurance_type),
        ("medOrgOrd", upload.order_no.as_str()),
        ("begntime", &local(facts.begun_at)),
        ("idNo", person.id_no.reveal()),
        ("userName", person.name.reveal()),
        ("idType", &person.id_type),
        ("insuCode", &person.insured_place),
        ("iptOtpNo", upload.visit_id.as_str()),
        ("atddrNo", &facts.doctor.code),
        ("drName", &facts.doctor.name),
        ("deptCode", &facts.dept.code),
        ("deptName", &facts.dept.name),
        ("caty", &facts.category),
        ("medType", &facts.med_type),
        ("feeType", OUTPATIENT),
        ("psnSetlway", BY_ITEM),
        ("medfeeSumamt", &upload.total_fen.to_yuan()),
        ("acctUsedFlag", flag(upload.use_account)),
        ("diseCodg", disease.map_or("", |d| &d.code)),
        ("diseName", disease.map_or("", |d| &d.name)),
        ("chrgBchno", upload.batch_no.as_str()),
        ("pubHospRfomFlag", flag(centre.reformed)),
        ("uldLatlnt", centre.place.as_deref().unwrap_or_default()),
    ]);
    authorise(&mut data, &upload.authorisation);
    let diagnoses: Vec<Value> = facts.diagnoses.iter().enumerate().map(|(at, diagnosis)| Value::Object(self::diagnosis(upload, at, diagnosis))).collect();
    if !diagnoses.is_empty() {
        data.insert("diseinfoList".to_owned(), diagnoses.into());
    }
    data.insert("feedetailList".to_owned(), facts.fees.iter().map(|fee| Value::Object(self::fee(upload, fee))).collect());
    data
}

fn diagnosis(upload: &Upload, at: usize, diagnosis: &Diagnosis) -> Map<String, Value> {
    let facts = &upload.facts;
    filled([
        ("diagType", WESTERN),
        ("diagSrtNo", &(at + 1).to_string()),
        ("diagCode", diagnosis.code.reveal()),
        ("diagName", diagnosis.name.reveal()),
        ("diagDept", &facts.dept.name),
        ("diseDorNo", &facts.doctor.code),
        ("diseDorName", &facts.doctor.name),
        ("diagTime", &local(diagnosis.at)),
        ("valiFlag", "1"),
    ])
}

fn fee(upload: &Upload, fee: &Fee) -> Map<String, Value> {
    filled([
        ("feedetlSn", fee.line_id.as_str()),
        ("chrgBchno", upload.batch_no.as_str()),
        ("diseCodg", upload.facts.disease.as_ref().map_or("", |d| &d.code)),
        ("rxno", fee.order_no.as_deref().unwrap_or_default()),
        ("feeOcurTime", &local(fee.at)),
        ("medListCodg", &fee.catalogue_code),
        ("medinsListCodg", &fee.hospital_code),
        ("medListName", &fee.name),
        ("detItemFeeSumamt", &fee.amount_fen.to_yuan()),
        ("cnt", &field::quantity(fee.quantity)),
        ("pric", &field::price(fee.price)),
        ("bilgDeptCodg", &fee.ordering.code),
        ("bilgDeptName", &fee.ordering.name),
        ("bilgDrCodg", &fee.doctor.code),
        ("bilgDrName", &fee.doctor.name),
        ("acordDeptCodg", &fee.executing.code),
        ("acordDeptName", &fee.executing.name),
        ("hospApprFlag", fee.approval.as_deref().unwrap_or_default()),
    ])
}

/// The centre's answer.
pub fn uploaded(data: &Map<String, Value>) -> Result<Uploaded, Shape> {
    Ok(Uploaded { pay_order_id: field::required(data, "payOrdId")?, pay_token: Private::new(field::required(data, "payToken")?), insurer_visit_id: field::text(data, "mdtrtId") })
}
