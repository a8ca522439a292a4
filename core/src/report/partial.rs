//! A partial: what reports need of the facts of some days, and no more. Merging is addition: associative and commutative.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cube::{Charges, Cube, Movements, Requests, Visits, rekeyed};
use super::names::Names;
use super::people::People;
use crate::error::{Code, Error, Result};
use crate::gm::{BatchMacKey, hex, hmac_sm3};

/// The serialised form; another one gets another number.
const VERSION: u32 = 1;

/// The key under which patients are hashed: partials are merged only when they have the same one.
#[derive(Clone, Debug)]
pub struct PatientKey {
    macs: BatchMacKey,
    check: String,
}

impl PatientKey {
    /// From 16 to 64 secret bytes.
    pub fn new(key: &[u8]) -> Result<PatientKey> {
        if !(16..=64).contains(&key.len()) {
            return Err(Error::new(Code::BadKey));
        }
        let check = hmac_sm3(key, &[b"menjie report: key check"])?;
        Ok(PatientKey { macs: BatchMacKey::new(key)?, check: hex(check.get(..8).unwrap_or_default()) })
    }

    /// No key: for a partial that is finished at once and never kept, because without a secret a hash of a number can be guessed.
    pub fn none() -> Result<PatientKey> {
        Ok(PatientKey { macs: BatchMacKey::new(&[0])?, check: String::new() })
    }

    pub(super) fn check(&self) -> &str {
        &self.check
    }

    /// The hashes of patients.
    pub(super) fn hashes(&self, patients: &[&str]) -> Vec<u64> {
        let messages: Vec<&[u8]> = patients.iter().map(|patient| patient.as_bytes()).collect();
        self.macs.macs(&messages).iter().map(|mac| mac.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first))).collect()
    }
}

pub(super) const UNSOUND: &str = "is no partial of a report";

/// A partial (汇总中间结果): kept for a day or a chunk of rows, merged, finished. No names, no numbers of patients; departments, doctors and diseases are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    pub(super) until_ms: Option<i64>,
    pub(super) key_check: String,
    pub(super) names: Names,
    pub(super) movements: Cube<Movements>,
    pub(super) visits: Cube<Visits>,
    pub(super) people: People,
    pub(super) charges: Cube<Charges>,
    pub(super) requests: Cube<Requests>,
}

impl Partial {
    /// Both together. Refused when their patients were hashed under different keys.
    pub fn merge(&self, other: &Partial) -> Result<Partial> {
        if self.key_check != other.key_check {
            return Err(Error::field("key_check", "is of another patient key"));
        }
        let (names, here, there) = self.names.union(&other.names)?;
        let visits = self.visits.merged(&here, &other.visits, &there);
        let moved = |partial: &Partial, moved| {
            let place = |(key, _): &(super::cube::Key, Visits)| visits.place(&rekeyed::<Visits>(*key, moved)).and_then(|place| u32::try_from(place).ok());
            let places: Vec<Option<u32>> = partial.visits.cells().iter().map(place).collect();
            partial.people.moved(|cell| places.get(cell as usize).copied().flatten())
        };
        let people = moved(self, &here).merged(&moved(other, &there));
        Ok(Partial {
            until_ms: self.until_ms.max(other.until_ms),
            key_check: self.key_check.clone(),
            movements: self.movements.merged(&here, &other.movements, &there),
            visits,
            people,
            charges: self.charges.merged(&here, &other.charges, &there),
            requests: self.requests.merged(&here, &other.requests, &there),
            names,
        })
    }

    /// Has it no facts?
    pub(super) fn is_empty(&self) -> bool {
        self.until_ms.is_none()
    }

    /// One without facts, to which those under the same key are merged.
    pub(super) fn emptied(&self) -> Partial {
        Partial {
            until_ms: None,
            key_check: self.key_check.clone(),
            names: Names::default(),
            movements: Cube::default(),
            visits: Cube::default(),
            people: People::default(),
            charges: Cube::default(),
            requests: Cube::default(),
        }
    }

    /// May it be kept: are its patients under a secret key, or has it none?
    pub(super) fn may_be_kept(&self) -> bool {
        !self.key_check.is_empty() || self.people.is_empty()
    }

    fn is_sound(&self) -> bool {
        let count = |dimension| self.names.of(dimension).len();
        let cells = self.visits.cells().len();
        let people = self.people.is_sound(cells);
        self.names.is_sound() && self.movements.is_sound(count) && self.visits.is_sound(count) && people && self.charges.is_sound(count) && self.requests.is_sound(count)
    }
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    until_ms: Option<i64>,
    key_check: &'a str,
    names: &'a Names,
    movements: &'a Cube<Movements>,
    visits: &'a Cube<Visits>,
    people: &'a People,
    charges: &'a Cube<Charges>,
    requests: &'a Cube<Requests>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    version: u32,
    until_ms: Option<i64>,
    key_check: String,
    names: Names,
    movements: Cube<Movements>,
    visits: Cube<Visits>,
    people: People,
    charges: Cube<Charges>,
    requests: Cube<Requests>,
}

impl Serialize for Partial {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        let Partial { until_ms, key_check, names, movements, visits, people, charges, requests } = self;
        Written { version: VERSION, until_ms: *until_ms, key_check, names, movements, visits, people, charges, requests }.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Partial {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Partial, D::Error> {
        let Read { version, until_ms, key_check, names, movements, visits, people, charges, requests } = Read::deserialize(d)?;
        let partial = Partial { until_ms, key_check, names, movements, visits, people, charges, requests };
        if version != VERSION || !partial.is_sound() {
            return Err(serde::de::Error::custom(UNSOUND));
        }
        Ok(partial)
    }
}
