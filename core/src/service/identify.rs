//! `patient.identify`: find a patient in HIS by what he shows. Codes are verified where they come from, when the hospital
//! is connected there; HIS is then asked by the document number. Otherwise HIS gets the code as it was read.

use serde::{Deserialize, Serialize};

use super::engine::{Engine, Hospital};
use crate::access::Private;
use crate::error::{Code, Error, Result};
use crate::ident::HospitalId;
use crate::identity::belongs_to;
use crate::port::{Answer, Call, FindPatient, HealthCodeAnswer, HealthCodeCall, HisAnswer, HisCall, IdentifyWay, InsurerAnswer, InsurerCall, Outcome, PatientFile};
use crate::workflow::Refusal;

/// The identity card among the kinds of document.
const ID_CARD: &str = "01";

/// Request of `patient.identify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentifyRequest {
    /// By what.
    pub way: IdentifyWay,
    /// The number or code; never in a URL.
    pub token: Private,
}

/// Response of `patient.identify`: for the host, which makes a session of it; never sent to a page as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IdentifyResponse {
    /// The files found: none, one, or several to choose from.
    pub patients: Vec<PatientFile>,
    /// Why there is none, when it is not simply that HIS knows nobody: the code has expired, the file bears another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// Whoever was verified outside of HIS.
struct Verified {
    id_type: String,
    id_no: Private,
    name: Private,
}

impl Engine {
    /// Finds patients. The host has already made sure that whoever asks may (a card read, a code scanned, an SMS code).
    pub async fn identify(&self, hospital: &HospitalId, request: &IdentifyRequest) -> Result<IdentifyResponse> {
        let token = request.token.reveal();
        if token.is_empty() || token.chars().count() > 512 || token.chars().any(char::is_control) {
            return Err(Error::field("token", "must have 1 to 512 printable characters"));
        }
        let hospital = self.hospital(hospital)?;
        let code = request.token.clone();
        let verified = match request.way {
            IdentifyWay::HealthCode if hospital.health_code.is_some() => self.verify(hospital, &Call::HealthCode { call: HealthCodeCall::Verify { code } }).await?,
            IdentifyWay::EVoucher if hospital.insurer.is_some() => self.verify(hospital, &Call::Insurer { call: InsurerCall::Identify { code } }).await?,
            IdentifyWay::HealthCode | IdentifyWay::EVoucher | IdentifyWay::IdCard | IdentifyWay::VisitNo | IdentifyWay::Phone | IdentifyWay::PatientNo => {
                let patients = self.find_patients(hospital, FindPatient { way: request.way, token: code }).await?;
                return Ok(IdentifyResponse { patients, refusal: None });
            }
        };
        let refused = |refusal| Ok(IdentifyResponse { patients: Vec::new(), refusal: Some(refusal) });
        let person = match verified {
            Ok(person) => person,
            Err(refusal) => return refused(refusal),
        };
        if person.id_type != ID_CARD {
            return refused(Refusal::new("document_kind", "该证件类型暂不能自助识别", "请改用其他方式，或到窗口办理"));
        }
        let found = self.find_patients(hospital, FindPatient { way: IdentifyWay::IdCard, token: person.id_no.clone() }).await?;
        let known = !found.is_empty();
        let patients: Vec<PatientFile> = found.into_iter().filter(|file| belongs_to(file, &person.id_no, &person.name)).collect();
        if known && patients.is_empty() {
            return refused(Refusal::new("file_differs", "证件信息与就诊档案不一致", "请到窗口核对档案"));
        }
        Ok(IdentifyResponse { patients, refusal: None })
    }

    async fn find_patients(&self, hospital: &Hospital, by: FindPatient) -> Result<Vec<PatientFile>> {
        match self.read_his(hospital, HisCall::FindPatient { by }).await? {
            HisAnswer::FindPatient(patients) => Ok(patients),
            _ => Err(Error::new(Code::HisAnswer).with("call", "his.find_patient")),
        }
    }

    /// Asks where the code comes from. A definite no is a refusal for the person; anything else is an error, and another way
    /// to identify himself is open to him.
    async fn verify(&self, hospital: &Hospital, call: &Call) -> Result<std::result::Result<Verified, Refusal>> {
        let (unreachable, misunderstood) = match call {
            Call::Insurer { .. } => (Code::InsurerUnreachable, Code::InsurerAnswer),
            _ => (Code::HealthCodeUnreachable, Code::HealthCodeAnswer),
        };
        let failed = |code: Code, cause: String| Err(Error::new(code).with("call", call.name()).with("cause", cause));
        match self.perform(hospital, call, 1).await {
            Outcome::Done(Answer::HealthCode(HealthCodeAnswer::Verify(holder))) => Ok(Ok(Verified { id_type: holder.id_type, id_no: holder.id_no, name: holder.name })),
            Outcome::Done(Answer::Insurer(InsurerAnswer::Identify(holder))) => Ok(Ok(Verified { id_type: holder.id_type, id_no: holder.id_no, name: holder.name })),
            Outcome::Done(_) => failed(misunderstood, "shape".to_owned()),
            Outcome::Refused(_) => Ok(Err(Refusal::new("code_invalid", "二维码无效或已过期", "请刷新二维码后重新扫描，或改用其他方式"))),
            Outcome::Unsent(fault) => failed(unreachable, fault.code),
            Outcome::Unknown(fault) if matches!(fault.code.as_str(), "shape" | "code" | "signature") => failed(misunderstood, fault.code),
            Outcome::Unknown(fault) => failed(unreachable, fault.code),
        }
    }
}
