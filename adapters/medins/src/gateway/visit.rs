//! 2201 and 2202: a visit begins at the insurer, or is taken back; 2203: what was found.

use menjie::ident::VisitId;
use menjie::insurance::{InsuredPerson, PersonKey, UploadFacts};
use menjie_transport::Shape;
use serde_json::{Map, Value};

use super::{Visit, certificate};
use crate::field::{self, filled, local};

/// 门诊挂号.
pub const REGISTER: &str = "2201";
/// 挂号撤销; only while nothing is settled.
pub const WITHDRAW: &str = "2202";
/// 就诊信息上传; some towns want 2203A.
pub const DESCRIBE: &str = "2203";

/// Registers a visit.
pub fn register(person: &InsuredPerson, key: &PersonKey, visit_id: &VisitId, facts: &UploadFacts) -> Map<String, Value> {
    let (kind, no) = certificate(key);
    filled([
        ("psn_no", person.psn_no.reveal()),
        ("insutype", &person.insurance_type),
        ("begntime", &local(facts.begun_at)),
        ("mdtrt_cert_type", kind),
        ("mdtrt_cert_no", no.reveal()),
        ("ipt_otp_no", visit_id.as_str()),
        ("atddr_no", &facts.doctor.code),
        ("dr_name", &facts.doctor.name),
        ("dept_code", &facts.dept.code),
        ("dept_name", &facts.dept.name),
        ("caty", &facts.category),
    ])
}

/// The insurer's number of the visit. Another person's or visit's answer is not ours.
pub fn registered(output: &Map<String, Value>, person: &InsuredPerson, visit_id: &VisitId) -> Result<String, Shape> {
    let data = field::one_object(output, "data")?.ok_or(Shape::new("data", "is missing"))?;
    for (field, ours) in [("psn_no", person.psn_no.reveal()), ("ipt_otp_no", visit_id.as_str())] {
        if field::text(data, field).is_some_and(|theirs| theirs != ours) {
            return Err(Shape::new(field, "is another one's"));
        }
    }
    field::required(data, "mdtrt_id")
}

/// Takes a registration back.
pub fn withdraw(visit: Visit<'_>, visit_id: &VisitId) -> Map<String, Value> {
    filled([("psn_no", visit.person.psn_no.reveal()), ("mdtrt_id", visit.mdtrt_id), ("ipt_otp_no", visit_id.as_str())])
}

/// What was found (mdtrtinfo, diseinfo): the members of the input itself.
pub fn describe(visit: Visit<'_>, facts: &UploadFacts) -> Map<String, Value> {
    let disease = facts.disease.as_ref();
    let info = filled([
        ("mdtrt_id", visit.mdtrt_id),
        ("psn_no", visit.person.psn_no.reveal()),
        ("med_type", &facts.med_type),
        ("begntime", &local(facts.begun_at)),
        ("dise_codg", disease.map_or("", |d| &d.code)),
        ("dise_name", disease.map_or("", |d| &d.name)),
    ]);
    let diagnosis = |(at, diagnosis): (usize, &menjie::insurance::Diagnosis)| {
        filled([
            ("diag_type", "1"),
            ("diag_srt_no", &(at + 1).to_string()),
            ("diag_code", diagnosis.code.reveal()),
            ("diag_name", diagnosis.name.reveal()),
            ("diag_dept", &facts.dept.name),
            ("dise_dor_no", &facts.doctor.code),
            ("dise_dor_name", &facts.doctor.name),
            ("diag_time", &local(diagnosis.at)),
            ("vali_flag", "1"),
            ("maindiag_flag", field::flag(diagnosis.main)),
        ])
    };
    let diagnoses = facts.diagnoses.iter().enumerate().map(diagnosis).map(Value::Object).collect();
    [("mdtrtinfo".to_owned(), Value::Object(info)), ("diseinfo".to_owned(), Value::Array(diagnoses))].into_iter().collect()
}
