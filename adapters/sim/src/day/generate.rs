//! A realistic day of a psychiatric outpatient department, from a seed.

use menjie::calendar::BizDate;
use menjie::charge::{ChargeLine, PayerClass, Visit};
use menjie::ident::{DeptCode, VisitId};
use menjie::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::catalogue::{CLINICS, DEPARTMENTS};
use super::people::Registry;
use super::prescribe::Pad;
use super::{Day, DayPatient, DayVisit, Department, FORMAT};
use crate::rng::Rng;

/// How many of each; the defaults are a busy Monday (domain/hospital.md §8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DayPlan {
    /// The business date.
    pub date: BizDate,
    /// Visits.
    pub visits: u32,
    /// Visits by somebody who was here already today, of 1000.
    pub again_per_mille: u32,
    /// Insured visits, of 1000.
    pub insured_per_mille: u32,
    /// Visits whose consultation fee was cancelled (± pair), of 1000.
    pub cancelled_per_mille: u32,
    /// Visits with a free follow-up (a bill of zero), of 1000.
    pub free_per_mille: u32,
    /// Procedures without an executing department, of 1000.
    pub missing_dept_per_mille: u32,
}

impl Default for DayPlan {
    fn default() -> DayPlan {
        DayPlan { date: monday(), visits: 400, again_per_mille: 60, insured_per_mille: 420, cancelled_per_mille: 40, free_per_mille: 30, missing_dept_per_mille: 25 }
    }
}

fn monday() -> BizDate {
    Timestamp::from_millis(1_772_380_800_000).biz_date() // 2026-03-02 in UTC+8
}

/// Weight of each half hour from 07:30; the morning peak is a quarter of the day.
const ARRIVALS: [u64; 20] = [20, 55, 95, 120, 110, 95, 75, 60, 40, 15, 8, 10, 35, 60, 65, 55, 40, 25, 12, 5];

/// Opening: 07:30.
const OPENING_MS: i64 = (7 * 60 + 30) * 60_000;

/// Makes the day of a seed: the same seed and plan, the same day.
pub fn generate(seed: u64, plan: &DayPlan) -> Result<Day> {
    let root = Rng::new(seed).fork("day");
    let mut arrivals = arrival_times(&mut root.fork("arrivals"), plan);
    arrivals.sort_unstable();
    let mut registry = Registry::new(root.fork("people"), plan.date);
    let mut rng = root.fork("visits");
    let stem: String = plan.date.to_string().chars().filter(char::is_ascii_digit).collect();
    let (mut patients, mut visits, mut lines) = (Vec::<DayPatient>::new(), Vec::<DayVisit>::new(), Vec::<ChargeLine>::new());
    for (i, arrives_at) in arrivals.into_iter().enumerate() {
        let again = if rng.chance(plan.again_per_mille) { rng.pick(&patients).map(|p| p.patient_id.clone()) } else { None };
        let patient_id = match again {
            Some(patient_id) => patient_id,
            None => {
                let patient = registry.patient()?;
                let patient_id = patient.patient_id.clone();
                patients.push(patient);
                patient_id
            }
        };
        let (clinic, doctor) = rng.pick(&CLINICS).ok_or_else(|| Error::internal("there are clinics"))?;
        let insured = rng.chance(plan.insured_per_mille);
        let visit = Visit {
            visit_id: VisitId::new(&format!("V{stem}{:04}", i + 1))?,
            patient_id,
            date: plan.date,
            dept_code: DeptCode::new(clinic)?,
            dept_name: DEPARTMENTS.iter().find(|(code, ..)| code == clinic).map(|(_, name, _)| (*name).to_owned()).unwrap_or_default(),
            doctor_name: Some((*doctor).to_owned()),
            payer: if insured { PayerClass::Insured } else { PayerClass::SelfPay },
            med_type: insured.then(|| if rng.chance(150) { "14" } else { "11" }.to_owned()),
            dise_codg: None,
        };
        let ordered_at = arrives_at.plus_millis(-i64::try_from(rng.between(3, 25)).unwrap_or(10) * 60_000);
        let first = lines.len();
        charge(&mut Pad { rng: &mut rng, visit: &visit, ordered_at, lines: &mut lines, stem: &stem, first, orders: 0 }, plan)?;
        visits.push(DayVisit { visit, arrives_at });
    }
    let departments = DEPARTMENTS
        .iter()
        .map(|(code, name, guidance)| Ok(Department { code: DeptCode::new(code)?, name: (*name).to_owned(), guidance: (*guidance).to_owned() }))
        .collect::<Result<Vec<_>>>()?;
    let day = Day { format: FORMAT.to_owned(), seed: Some(seed), date: plan.date, departments, patients, visits, lines };
    day.check()?;
    Ok(day)
}

/// Three to eight lines in at most four departments: consultation, then drugs, herbs, procedures or a package.
fn charge(pad: &mut Pad<'_>, plan: &DayPlan) -> Result<()> {
    const MOST: usize = 8;
    let wanted = pad.rng.between(3, 7) as usize;
    pad.consultation()?;
    if pad.rng.chance(plan.cancelled_per_mille) {
        pad.cancel_consultation()?;
    }
    if pad.rng.chance(plan.free_per_mille) {
        pad.free_follow_up()?;
    }
    while pad.written() < wanted {
        let room = MOST - pad.written();
        match pad.rng.below(100) {
            0..=44 if pad.has_place_for("XYF") => {
                let count = (pad.rng.between(1, 3) as usize).min(room);
                pad.drugs(count)?;
            }
            45..=53 if room >= 3 && pad.has_place_for("ZYF") => {
                let count = (pad.rng.between(3, 6) as usize).min(room);
                pad.herbs(count)?;
            }
            54..=61 if room >= 3 && pad.has_place_for("CPS") => pad.package()?,
            _ => pad.procedure(plan.missing_dept_per_mille)?,
        }
    }
    Ok(())
}

fn arrival_times(rng: &mut Rng, plan: &DayPlan) -> Vec<Timestamp> {
    let all: u64 = ARRIVALS.iter().sum();
    let opening = plan.date.start().plus_millis(OPENING_MS);
    let mut time = || {
        let mut ticket = rng.below(all);
        let mut slot = 0_i64;
        for weight in ARRIVALS {
            if ticket < weight {
                break;
            }
            ticket -= weight;
            slot += 1;
        }
        opening.plus_millis(slot * 30 * 60_000 + i64::try_from(rng.below(30 * 60)).unwrap_or(0) * 1000)
    };
    (0..plan.visits).map(|_| time()).collect()
}
