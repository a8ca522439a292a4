//! Who may do what to which object, and the wrapper that keeps personal text out of logs.

mod mask;
mod private;
mod right;
mod role;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::ident::{DeptCode, HospitalId, PatientId, StaffId};

pub use mask::{MaskKind, MaskRequest, MaskResponse, mask_card, mask_id_no, mask_name, mask_phone};
pub use private::Private;
pub use right::{GRANTS, Grant, Object, Reach, Right, check};
pub use role::Role;

/// Who acts: recorded with every transition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Actor {
    /// The patient or somebody paying for him.
    Patient {
        /// Whose account.
        patient: PatientId,
    },
    /// Somebody at his first visit: nobody's patient yet.
    Newcomer,
    /// A member of staff.
    Staff {
        /// Who.
        staff: StaffId,
    },
    /// The engine itself: answers, callbacks, timers.
    Engine,
}

impl Actor {
    /// A short code for the state log; no personal data.
    pub fn code(&self) -> String {
        match self {
            Actor::Patient { .. } => "patient".to_owned(),
            Actor::Newcomer => "newcomer".to_owned(),
            Actor::Staff { staff } => format!("staff:{staff}"),
            Actor::Engine => "engine".to_owned(),
        }
    }

    /// Is it this member of staff?
    pub fn is_staff(&self, id: &StaffId) -> bool {
        matches!(self, Actor::Staff { staff } if staff == id)
    }
}

/// Who calls an operation; made by the host after it has authenticated him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The hospital whose objects are meant.
    pub hospital: HospitalId,
    /// Recorded as actor.
    pub actor: Actor,
    /// What he may be.
    pub roles: Vec<Role>,
    /// The patients he may act for (a session, an account's bindings).
    pub patients: Vec<PatientId>,
    /// The departments he works for; they bound what doctors and executing departments may touch.
    #[serde(default)]
    pub departments: Vec<DeptCode>,
}

impl Caller {
    /// A patient session.
    pub fn patient(hospital: HospitalId, patient: PatientId) -> Caller {
        Caller { hospital, actor: Actor::Patient { patient: patient.clone() }, roles: vec![Role::Patient], patients: vec![patient], departments: Vec::new() }
    }

    /// Somebody at his first visit.
    pub fn newcomer(hospital: HospitalId) -> Caller {
        Caller { hospital, actor: Actor::Newcomer, roles: Vec::new(), patients: Vec::new(), departments: Vec::new() }
    }

    /// A member of staff with these roles.
    pub fn staff(hospital: HospitalId, staff: StaffId, roles: Vec<Role>) -> Caller {
        Caller { hospital, actor: Actor::Staff { staff }, roles, patients: Vec::new(), departments: Vec::new() }
    }

    /// The same, working for these departments.
    #[must_use]
    pub fn within(self, departments: Vec<DeptCode>) -> Caller {
        Caller { departments, ..self }
    }

    /// May the caller act for this patient? A stranger's object looks like a missing one.
    pub fn may_act_for(&self, patient: &PatientId) -> Result<()> {
        if self.patients.contains(patient) { Ok(()) } else { Err(Error::new(Code::NotFound)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hospital() -> HospitalId {
        HospitalId::new("H1").unwrap()
    }

    #[test]
    fn a_patient_acts_for_his_own_only_and_strangers_look_like_nobody() {
        let own = PatientId::new("P1").unwrap();
        let caller = Caller::patient(hospital(), own.clone());
        caller.may_act_for(&own).unwrap();
        let error = caller.may_act_for(&PatientId::new("P2").unwrap()).unwrap_err();
        assert_eq!(error, Error::new(Code::NotFound), "no word about whether the object exists");
    }

    #[test]
    fn staff_act_for_no_patient() {
        let caller = Caller::staff(hospital(), StaffId::new("S7").unwrap(), vec![Role::Finance]);
        assert!(caller.may_act_for(&PatientId::new("P1").unwrap()).is_err());
    }

    #[test]
    fn actor_codes_carry_no_patient() {
        let patient = Actor::Patient { patient: PatientId::new("P1").unwrap() };
        assert_eq!(patient.code(), "patient");
        assert_eq!(Actor::Staff { staff: StaffId::new("S7").unwrap() }.code(), "staff:S7");
        assert_eq!(Actor::Engine.code(), "engine");
    }

    #[test]
    fn private_text_is_invisible_in_debug_and_display() {
        let name = Private::new("张三");
        assert_eq!((format!("{name:?}"), name.to_string()), ("***".to_owned(), "***".to_owned()));
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"张三\"", "sealed bodies and counterparts get the text");
    }
}
