//! `insurance.binding`: how a patient is insured, and which institutions he has designated. `insurance.authorise`: what he has
//! authorised on the national page, and that it was he (domain/medins.md §2.7, §3.6).

use serde::{Deserialize, Serialize};

use super::engine::{Engine, Hospital};
use super::insure::{authorise_again, insurance_name, insurer_of, no_document};
use crate::access::{Caller, Private, mask_id_no, mask_name};
use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};
use crate::ident::{HospitalId, PatientId};
use crate::identity::belongs_to;
use crate::insurance::{Authorisation, Designation, DesignationState, InsuredPerson};
use crate::port::{Answer, Call, DesignationRule, InsurerAnswer, InsurerCall, Outcome};
use crate::workflow::Refusal;

/// Request of `insurance.binding`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InsuranceBindingRequest {
    /// Whose insurance.
    pub patient_id: PatientId,
}

/// Response of `insurance.binding`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum InsuranceBindingResponse {
    /// He is insured.
    Insured {
        /// His name as the insurer keeps it, masked.
        name: String,
        /// His document number, masked.
        id_no: String,
        /// Insurance type (insutype, 险种).
        insurance_type: String,
        /// Its name.
        insurance_name: String,
        /// Where he is insured (参保地), six digits.
        insured_place: String,
        /// What he has designated; missing where nobody can be asked, or nobody answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        designation: Option<DesignationView>,
    },
    /// He cannot pay with insurance here: not insured, no document in his file, or the hospital does not offer it.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

/// The designated institutions of a person (门诊选点) on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DesignationView {
    /// How this hospital stands.
    pub state: DesignationState,
    /// What the patient reads.
    pub text: String,
    /// What he has designated for his insurance type, in the insurer's order; past and future ones, too.
    pub designated: Vec<Designation>,
}

/// Request of `insurance.authorise`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AuthoriseRequest {
    /// Who must have authorised it.
    pub patient_id: PatientId,
    /// The code the phone came back with; it works once.
    pub code: Private,
    /// The phone's user at the official account.
    pub openid: Private,
}

/// Response of `insurance.authorise`: for the host, which keeps it sealed and uses it once; never sent to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum AuthoriseResponse {
    /// The patient has authorised one payment.
    Authorised {
        /// What opens it.
        authorisation: Authorisation,
        /// It is good until then.
        until: Timestamp,
    },
    /// The code is used or expired, or somebody else has authorised.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

impl Engine {
    /// How a patient is insured. Waits for HIS and the insurer.
    pub async fn insurance_binding(&self, caller: &Caller, request: &InsuranceBindingRequest) -> Result<InsuranceBindingResponse> {
        caller.may_act_for(&request.patient_id)?;
        let hospital = self.hospital(&caller.hospital)?;
        if let Err(refusal) = insurer_of(hospital) {
            return Ok(InsuranceBindingResponse::Refused { refusal });
        }
        let file = self.patient_file(&caller.hospital, &request.patient_id).await?;
        let person = match self.insured_person(hospital, &file).await? {
            Ok(person) => person,
            Err(refusal) => return Ok(InsuranceBindingResponse::Refused { refusal }),
        };
        let designation = self.designation(hospital, &person).await;
        Ok(InsuranceBindingResponse::Insured {
            name: mask_name(person.name.reveal()),
            id_no: mask_id_no(person.id_no.reveal()),
            insurance_name: insurance_name(&person.insurance_type),
            insurance_type: person.insurance_type,
            insured_place: person.insured_place,
            designation,
        })
    }

    /// Where a phone asks its user to authorise an insured payment; `back` is our page it returns to, `state` comes back with it
    /// and must be compared by the host. None where the hospital offers none.
    pub fn authorise_url(&self, hospital: &HospitalId, back: &str, state: &str) -> Result<Option<String>> {
        let hospital = self.hospital(hospital)?;
        Ok(insurer_of(hospital).ok().and_then(|insurer| insurer.authorise_url(back, state)))
    }

    /// Takes the authorisation that a phone came back with. One of another person is refused: only the patient himself opens
    /// his insurance.
    pub async fn authorise(&self, caller: &Caller, request: &AuthoriseRequest) -> Result<AuthoriseResponse> {
        caller.may_act_for(&request.patient_id)?;
        for (field, text) in [("code", &request.code), ("openid", &request.openid)] {
            let text = text.reveal();
            if text.is_empty() || text.len() > 512 || !text.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(Error::field(field, "must have 1 to 512 ASCII characters"));
            }
        }
        let hospital = self.hospital(&caller.hospital)?;
        let refused = |refusal| Ok(AuthoriseResponse::Refused { refusal });
        let insurer = match insurer_of(hospital) {
            Ok(insurer) => insurer,
            Err(refusal) => return refused(refusal),
        };
        let file = self.patient_file(&caller.hospital, &request.patient_id).await?;
        if file.id_no.is_none() {
            return refused(no_document());
        }
        let until = self.now().plus_millis(i64::from(insurer.traits().authorisation_life_s) * 1000);
        let call = Call::Insurer { call: InsurerCall::Authorise { code: request.code.clone(), openid: request.openid.clone() } };
        let failed = |code: Code, cause: String| Err(Error::new(code).with("call", call.name()).with("cause", cause));
        match self.perform(hospital, &call, 1).await {
            Outcome::Done(Answer::Insurer(InsurerAnswer::Authorise(authorised))) if belongs_to(&file, &authorised.id_no, &authorised.name) => {
                Ok(AuthoriseResponse::Authorised { authorisation: Authorisation::Mobile { pay_auth_no: authorised.pay_auth_no, until: Some(until) }, until })
            }
            Outcome::Done(Answer::Insurer(InsurerAnswer::Authorise(_))) => {
                refused(Refusal::new("other_person", "授权人不是当前就诊人，不能使用", "请由就诊人本人在自己的手机上授权，或选择自费支付"))
            }
            Outcome::Done(_) => failed(Code::InsurerAnswer, "shape".to_owned()),
            Outcome::Refused(_) => refused(authorise_again()),
            Outcome::Unsent(fault) => failed(Code::InsurerUnreachable, fault.code),
            Outcome::Unknown(fault) if fault.code == "shape" => failed(Code::InsurerAnswer, fault.code),
            Outcome::Unknown(fault) => failed(Code::InsurerUnreachable, fault.code),
        }
    }

    /// What he has designated. It decides nothing, so nobody waits for a second try.
    async fn designation(&self, hospital: &Hospital, person: &InsuredPerson) -> Option<DesignationView> {
        let DesignationRule { institution, policy } = hospital.insurer.as_deref()?.designation_rule()?;
        let call = Call::Insurer { call: InsurerCall::Designation { person: Box::new(person.clone()) } };
        let rows = match self.perform(hospital, &call, 1).await {
            Outcome::Done(Answer::Insurer(InsurerAnswer::Designation(rows))) => rows,
            Outcome::Done(_) | Outcome::Refused(_) | Outcome::Unsent(_) | Outcome::Unknown(_) => return None,
        };
        let state = DesignationState::of(&rows, institution, &person.insurance_type, self.now().biz_date(), policy);
        let designated = rows.into_iter().filter(|row| row.insurance_type == person.insurance_type).collect();
        Some(DesignationView { state, text: state.text().to_owned(), designated })
    }
}
