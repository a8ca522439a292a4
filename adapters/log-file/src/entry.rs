//! What the records of the transfer log say: JSON, one object a record, and the terms it is found by.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use menjie::calendar::Timestamp;
use menjie::port::{Direction, TransferBegin, TransferEnd, TransferResult};
use menjie::seal::{OwnedRecord, Term};
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kind of a record that begins an exchange.
pub const BEGIN: u16 = 1;
/// The kind of a record that ends one.
pub const END: u16 = 2;
/// The kind of a record about somebody who looked into a log.
pub const ACCESS: u16 = 3;

/// What somebody did with a log, or wanted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Signed in.
    Login,
    /// Looked for records, masked.
    Search,
    /// Saw records as they are.
    Unmask,
    /// Took records away in a file.
    Export,
    /// Made old segments readable for another key.
    Rewrap,
    /// Was refused.
    Denied,
}

impl Act {
    /// Its code, as in the JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Act::Login => "login",
            Act::Search => "search",
            Act::Unmask => "unmask",
            Act::Export => "export",
            Act::Rewrap => "rewrap",
            Act::Denied => "denied",
        }
    }
}

/// Who did what with a log, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// When.
    pub at: Timestamp,
    /// Who: a member of staff, or an account of the operating system.
    pub actor: String,
    /// With which key, its id in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What.
    pub act: Act,
    /// Why, in the person's own words.
    pub reason: String,
    /// What was looked at: which log, which conditions. A patient's number stands there as SM3.
    pub about: String,
}

/// A record of the transfer log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Entry {
    /// An exchange begins.
    Begin {
        /// For which hospital.
        hospital: String,
        /// When.
        at: Timestamp,
        /// Who started it.
        direction: Direction,
        /// The counterpart.
        peer: String,
        /// The interface.
        interface: String,
        /// The business number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        business_no: Option<String>,
        /// SM3 of the raw bytes, hex.
        digest: String,
        /// What was sent.
        body: Body,
    },
    /// An exchange is over.
    End {
        /// The number of the record that began it.
        of: u64,
        /// When.
        at: Timestamp,
        /// How.
        result: TransferResult,
        /// Status or fault.
        status: String,
        /// SM3 of the raw answer, hex.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        digest: String,
        /// What came back.
        body: Body,
    },
    /// Somebody looked into a log.
    Access(Access),
}

/// Bytes of an exchange: as text where they are text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// UTF-8.
    Text(String),
    /// Base64 of anything else.
    Base64(String),
}

impl Body {
    fn of(bytes: Vec<u8>) -> Body {
        String::from_utf8(bytes).map_or_else(|bytes| Body::Base64(STANDARD.encode(bytes.as_bytes())), Body::Text)
    }

    /// Does it name this patient by number?
    pub fn names_patient(&self, no: &str) -> bool {
        let mut named = false;
        patients(self, &mut |found| named |= found == no);
        named
    }

    /// The bytes again; `None` when they are not what a writer writes.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Body::Text(text) => Some(text.clone().into_bytes()),
            Body::Base64(text) => STANDARD.decode(text).ok(),
        }
    }
}

impl Entry {
    pub(crate) fn begin(begin: TransferBegin) -> Entry {
        let TransferBegin { hospital, at, direction, peer, interface, business_no, digest, body } = begin;
        Entry::Begin { hospital: hospital.as_str().to_owned(), at, direction, peer, interface, business_no, digest, body: Body::of(body) }
    }

    pub(crate) fn end(of: u64, end: TransferEnd) -> Entry {
        let TransferEnd { at, result, status, digest, body } = end;
        Entry::End { of, at, result, status, digest, body: Body::of(body) }
    }

    pub(crate) const fn kind(&self) -> u16 {
        match self {
            Entry::Begin { .. } => BEGIN,
            Entry::End { .. } => END,
            Entry::Access(_) => ACCESS,
        }
    }

    /// When it was.
    pub const fn at(&self) -> Timestamp {
        match self {
            Entry::Begin { at, .. } | Entry::End { at, .. } | Entry::Access(Access { at, .. }) => *at,
        }
    }

    pub(crate) fn payload(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|_| Error::internal("entries serialise"))
    }

    /// What it is found by, field and value: `order` (business number), `peer`, `interface`, `patient` (the patient's number, wherever the
    /// bodies name one), `result`, `of` (the exchange an END belongs to); of an access `actor` and `act`.
    pub fn terms(&self, term: &mut dyn FnMut(&'static str, &str)) {
        match self {
            Entry::Begin { peer, interface, business_no, body, .. } => {
                term("peer", peer);
                term("interface", interface);
                if let Some(no) = business_no {
                    term("order", no);
                }
                patients(body, &mut |no| term("patient", no));
            }
            Entry::End { of, result, body, .. } => {
                term("of", &of.to_string());
                term("result", result_code(*result));
                patients(body, &mut |no| term("patient", no));
            }
            Entry::Access(access) => {
                term("actor", &access.actor);
                term("act", access.act.code());
            }
        }
    }
}

/// The fields in which counterparts name a patient by number.
const PATIENT_FIELDS: [&str; 6] = ["patient_id", "patientid", "patientno", "patient_no", "patid", "psn_no"];

/// A body names a few patients at most; one that names more is a list, and found by other things.
const MOST_PATIENTS: usize = 16;

fn patients(body: &Body, found: &mut dyn FnMut(&str)) {
    let Body::Text(text) = body else { return };
    // Most bodies name none: they need not be read.
    let lower = text.to_ascii_lowercase();
    if !PATIENT_FIELDS.iter().any(|field| lower.contains(field)) {
        return;
    }
    let Ok(document) = serde_json::from_str::<Value>(text) else { return };
    let mut seen = Vec::new();
    named(&document, &mut seen);
    seen.sort_unstable();
    seen.dedup();
    seen.iter().take(MOST_PATIENTS).for_each(|no| found(no));
}

fn named<'v>(value: &'v Value, seen: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(no) if !no.is_empty() && PATIENT_FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field)) => seen.push(no),
                    _ => named(value, seen),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| named(value, seen)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The code of a direction, as in the JSON.
pub(crate) const fn direction_code(direction: Direction) -> &'static str {
    match direction {
        Direction::Out => "out",
        Direction::In => "in",
    }
}

/// The code of a result, as in the JSON.
pub(crate) const fn result_code(result: TransferResult) -> &'static str {
    match result {
        TransferResult::Answered => "answered",
        TransferResult::Unsent => "unsent",
        TransferResult::Unknown => "unknown",
    }
}

/// The terms of a record that was read, for making an index anew. A record of another kind has none.
pub fn terms_of(record: &OwnedRecord, found: &mut dyn FnMut(Term<'_>)) {
    if let Ok(entry) = menjie::json::read_bytes::<Entry>(&record.payload) {
        entry.terms(&mut |field, value| found(Term { field, value }));
    }
}
