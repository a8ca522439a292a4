//! What the records of the transfer log say: JSON, one object a record, and the terms it is found by.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use menjie::calendar::Timestamp;
use menjie::port::{Direction, TransferBegin, TransferEnd, TransferResult};
use menjie::seal::{OwnedRecord, Term};
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};

/// The kind of a record that begins an exchange.
pub const BEGIN: u16 = 1;
/// The kind of a record that ends one.
pub const END: u16 = 2;
/// The kind of a record about somebody who looked into a log.
pub const ACCESS: u16 = 3;

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
        }
    }

    pub(crate) fn payload(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|_| Error::internal("entries serialise"))
    }

    /// What it is found by: `order` (business number), `peer`, `interface`, `result`, and `of` (the exchange an END belongs to).
    pub fn terms(&self, found: &mut dyn FnMut(Term<'_>)) {
        let mut term = |field, value: &str| found(Term { field, value });
        match self {
            Entry::Begin { peer, interface, business_no, .. } => {
                term("peer", peer);
                term("interface", interface);
                if let Some(no) = business_no {
                    term("order", no);
                }
            }
            Entry::End { of, result, .. } => {
                term("of", &of.to_string());
                term("result", result_code(*result));
            }
        }
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
    if let Ok(entry) = serde_json::from_slice::<Entry>(&record.payload) {
        entry.terms(found);
    }
}
