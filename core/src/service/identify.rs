//! `patient.identify`: find a patient in HIS by what he shows.

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use crate::access::Private;
use crate::error::{Code, Error, Result};
use crate::ident::HospitalId;
use crate::port::{FindPatient, HisAnswer, HisCall, IdentifyWay, PatientFile};

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
}

impl Engine {
    /// Finds patients. The host has already made sure that whoever asks may (a card read, a code scanned, an SMS code).
    pub async fn identify(&self, hospital: &HospitalId, request: &IdentifyRequest) -> Result<IdentifyResponse> {
        let token = request.token.reveal();
        if token.is_empty() || token.chars().count() > 512 || token.chars().any(char::is_control) {
            return Err(Error::field("token", "must have 1 to 512 printable characters"));
        }
        let hospital = self.hospital(hospital)?;
        let by = FindPatient { way: request.way, token: request.token.clone() };
        match self.read_his(hospital, HisCall::FindPatient { by }).await? {
            HisAnswer::FindPatient(patients) => Ok(IdentifyResponse { patients }),
            _ => Err(Error::new(Code::HisAnswer).with("call", "his.find_patient")),
        }
    }
}
