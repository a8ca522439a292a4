//! Filing (首诊建档): a patient's first file at HIS. `asking → filed`, `refused`; `held`. The record stays only while HIS may
//! have to be asked once more; afterwards HIS keeps it, not we.

mod step;

use serde::{Deserialize, Serialize};

use super::{Base, states};
use crate::ident::{BusinessNo, FilingId, PatientId, TermsHash};
use crate::patient::Record;
use crate::port::{Fault, FileOpened, No};

states! {
    /// States of a filing.
    FilingSt {
        /// HIS is asked.
        Asking = "asking",
        /// HIS has the file.
        Filed = "filed",
        /// A definite no; another try is another filing.
        Refused = "refused",
        /// Evidence contradicts itself.
        Held = "held",
    }
}

/// A filing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// Its id; its business number is derived from it.
    pub id: FilingId,
    /// State.
    pub st: FilingSt,
    /// Version, terms, attention.
    #[serde(flatten)]
    pub base: Base,
    /// What is filed; none once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
    /// SM3 of the record: the same press again is the same filing.
    pub fingerprint: String,
    /// Attempts that are not proven unsent.
    #[serde(default)]
    pub sent: u32,
    /// Whose file it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// The file was made by this filing; otherwise it was there before.
    #[serde(default)]
    pub created: bool,
    /// HIS's code of the no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no: Option<String>,
}

/// Birth of a filing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id.
    pub id: FilingId,
    /// Terms pinned.
    pub terms: TermsHash,
    /// What is filed, checked.
    pub record: Record,
    /// SM3 of the record.
    pub fingerprint: String,
}

/// What can happen to a filing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// Command: the same record again. Never a second file.
    Again,
    /// Command: a person decides.
    Resolve {
        /// What.
        decision: Decision,
        /// The evidence he names.
        evidence: String,
    },
    /// HIS has the file.
    Answered {
        /// The file.
        opened: FileOpened,
    },
    /// A definite no to the first attempt.
    Refused {
        /// The no.
        no: No,
    },
    /// Lost, or refused after a lost attempt: ask by business number.
    Unknown {
        /// What happened.
        fault: Fault,
        /// Attempts not proven unsent.
        sent: u32,
    },
    /// HIS says what became of the business number.
    Found {
        /// The file; none when it has no record (yet).
        opened: Option<FileOpened>,
    },
    /// It takes too long.
    Overdue,
}

/// What a person may decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FilingDecision"))]
#[serde(rename_all = "snake_case", tag = "decide")]
pub enum Decision {
    /// HIS shows this file.
    Filed {
        /// The patient's number.
        patient_id: PatientId,
    },
    /// HIS shows none.
    NotFiled,
}

impl Filing {
    /// Our business number at HIS.
    pub fn no(&self) -> BusinessNo {
        self.id.business_no()
    }
}
