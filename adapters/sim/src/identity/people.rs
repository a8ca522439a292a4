//! The people of the day, as the outside knows them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::day::{Day, DayPatient};

/// Everybody with a document, by patient number.
#[derive(Clone, Debug)]
pub struct People(Arc<BTreeMap<String, DayPatient>>);

impl People {
    /// The people of a day.
    pub fn of(day: &Day) -> People {
        let known = day.patients.iter().filter(|patient| patient.id_no.is_some());
        People(Arc::new(known.map(|patient| (patient.patient_id.as_str().to_owned(), patient.clone())).collect()))
    }

    /// Everybody's patient number.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Somebody by patient number.
    pub fn get(&self, patient_id: &str) -> Option<&DayPatient> {
        self.0.get(patient_id)
    }
}
