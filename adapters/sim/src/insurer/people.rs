//! Whom the insurer knows: the people of the day, how they are insured, what they have used up this year.

use std::collections::BTreeMap;

use menjie::Timestamp;
use menjie::calendar::BizDate;
use serde::{Deserialize, Serialize};

use crate::identity::People;
use crate::rng::{ALPHANUMERIC, Rng};

/// A person as the insurer keeps him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insured {
    /// psn_no.
    pub psn_no: String,
    /// insutype.
    pub insurance_type: String,
    /// Balance of the personal account.
    pub balance_fen: i64,
    /// Of the yearly deductible, by year.
    pub deductible_used_fen: BTreeMap<String, i64>,
    /// Which institutions he has designated, and from when.
    pub designated: Vec<(String, BizDate)>,
    /// Is the insurance in force?
    pub active: bool,
}

/// Changes to a person by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InsuredChange {
    /// Who.
    pub patient_id: String,
    /// insutype.
    #[serde(default)]
    pub insurance_type: Option<String>,
    /// Balance.
    #[serde(default)]
    pub balance_fen: Option<i64>,
    /// In force?
    #[serde(default)]
    pub active: Option<bool>,
}

/// What a patient gave to open a settlement.
#[derive(Clone, Debug)]
struct Permit {
    patient_id: String,
    until: Timestamp,
}

/// All of them.
#[derive(Clone, Debug)]
pub(super) struct Members {
    people: People,
    insured: BTreeMap<String, Insured>,
    permits: BTreeMap<String, Permit>,
    rng: Rng,
}

impl Members {
    pub(super) fn new(people: People, hospital: &str, seed: u64) -> Members {
        let rng = Rng::new(seed).fork("insurer");
        let insured = people.ids().map(|patient_id| (patient_id.to_owned(), member(&rng, patient_id, hospital))).collect();
        Members { people, insured, permits: BTreeMap::new(), rng: rng.fork("permits") }
    }

    pub(super) fn all(&self) -> &BTreeMap<String, Insured> {
        &self.insured
    }

    /// Somebody by patient number: his name, document and insurance.
    pub(super) fn get(&self, patient_id: &str) -> Option<(&str, &str, &Insured)> {
        let person = self.people.get(patient_id)?;
        Some((person.name.reveal(), person.id_no.as_ref()?.reveal(), self.insured.get(patient_id)?))
    }

    pub(super) fn get_mut(&mut self, patient_id: &str) -> Option<&mut Insured> {
        self.insured.get_mut(patient_id)
    }

    pub(super) fn sex_and_birth(&self, patient_id: &str) -> Option<(&str, String)> {
        self.people.get(patient_id).map(|person| (person.sex_code.as_str(), person.birth_date.to_string()))
    }

    pub(super) fn by_psn_no(&self, psn_no: &str) -> Option<&str> {
        self.insured.iter().find(|(_, insured)| insured.psn_no == psn_no).map(|(patient_id, _)| patient_id.as_str())
    }

    pub(super) fn by_id_no(&self, id_no: &str) -> Option<&str> {
        self.insured.keys().map(String::as_str).find(|patient_id| self.get(patient_id).is_some_and(|(_, no, _)| no == id_no))
    }

    /// The patient authorises on his phone: payAuthNo, forty characters.
    pub(super) fn authorise(&mut self, patient_id: &str, life_s: u32, now: Timestamp) -> Option<(String, Timestamp)> {
        self.get(patient_id)?;
        let (code, until) = (self.rng.text(ALPHANUMERIC, 40), now.plus_millis(i64::from(life_s) * 1000));
        self.permit(&code, patient_id, until);
        Some((code, until))
    }

    pub(super) fn permit(&mut self, code: &str, patient_id: &str, until: Timestamp) {
        self.permits.insert(code.to_owned(), Permit { patient_id: patient_id.to_owned(), until });
    }

    /// Whose payAuthNo or ecToken this is.
    pub(super) fn permitted(&self, code: &str, now: Timestamp) -> Option<&str> {
        self.permits.get(code).filter(|permit| now < permit.until).map(|permit| permit.patient_id.as_str())
    }

    /// Changes somebody. False when nobody is called so.
    pub(super) fn change(&mut self, change: &InsuredChange) -> bool {
        let Some(insured) = self.insured.get_mut(&change.patient_id) else { return false };
        if let Some(insurance_type) = &change.insurance_type {
            insured.insurance_type.clone_from(insurance_type);
        }
        insured.balance_fen = change.balance_fen.unwrap_or(insured.balance_fen);
        insured.active = change.active.unwrap_or(insured.active);
        true
    }
}

/// Two of three are employees with an account; every other one has designated this hospital.
fn member(rng: &Rng, patient_id: &str, hospital: &str) -> Insured {
    let mut rng = rng.fork(patient_id);
    let employee = rng.below(3) > 0;
    let balance_fen = if employee { i64::try_from(rng.between(10_000, 200_000)).unwrap_or_default() } else { 0 };
    let designated = if rng.chance(500) { BizDate::parse("2026-01-01").ok().map(|from| (hospital.to_owned(), from)) } else { None };
    Insured {
        psn_no: format!("4405{}", rng.text(b"0123456789", 16)),
        insurance_type: if employee { "310" } else { "390" }.to_owned(),
        balance_fen,
        deductible_used_fen: BTreeMap::new(),
        designated: designated.into_iter().collect(),
        active: true,
    }
}
