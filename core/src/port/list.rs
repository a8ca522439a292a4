//! What a store can be asked for beyond single machines: look-ups and lists, keyset only.

use serde::{Deserialize, Serialize};

use super::record::{Record, RecordKind};
use crate::calendar::{BizDate, Timestamp};
use crate::ident::{HospitalId, LineKey, PatientId, SettlementId};
use crate::ledger::Journal;
use crate::workflow::{Key, MachineKind, RefundSt, Row};

/// Look-up by something else than the key. Business numbers need none: the id is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Find {
    /// The live settlement that claims a line.
    Line(LineKey),
    /// The settlements of a patient, newest first (at most 200).
    Patient(PatientId),
}

/// What to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Every machine of a hospital by kind, ascending by id (audit).
    Machines(HospitalId, MachineKind),
    /// The settlements of a patient, newest first.
    Settlements(HospitalId, PatientId),
    /// The suspensions of a patient, newest first.
    Suspensions(HospitalId, PatientId),
    /// The refunds in a state, oldest first.
    Refunds(HospitalId, RefundSt),
    /// The same, newest first: of a state that is never left, the last ones matter.
    LatestRefunds(HospitalId, RefundSt),
    /// Machines with `attention` or held, ascending by id.
    Attention(HospitalId, MachineKind),
    /// Every journal of a hospital in posting order.
    Journals(HospitalId),
    /// The journals that were posted on a day, in posting order.
    JournalsOf(HospitalId, BizDate),
    /// Quarantined messages, oldest first.
    Quarantine(HospitalId),
    /// State log of every machine, ascending by machine and version (audit).
    StateLog(HospitalId, MachineKind),
    /// Live line claims, ascending by line (audit).
    Claims(HospitalId),
    /// Acts, polls and wakes still open (audit: nothing may hang without one).
    Open(HospitalId),
    /// The plain records of a kind, ascending by the bytes of their keys; expired ones may be among them.
    Records(HospitalId, RecordKind),
}

/// Where a list continues; opaque.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cursor(pub String);

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanRow {
    /// A machine.
    Machine(Box<Row>),
    /// A journal.
    Journal(Journal),
    /// A quarantined message.
    Message {
        /// The peer.
        peer: String,
        /// Its id.
        id: String,
        /// When it came.
        at: Timestamp,
        /// Its JSON.
        body: Vec<u8>,
    },
    /// A step.
    Step {
        /// The machine.
        machine: Key,
        /// The version after the step.
        ver: u32,
        /// State before.
        from: Option<String>,
        /// State after.
        to: String,
        /// Who.
        actor: String,
        /// The event's name.
        what: String,
        /// When.
        at: Timestamp,
    },
    /// A claim.
    Claim {
        /// The line.
        line: LineKey,
        /// Its settlement.
        by: SettlementId,
    },
    /// Open work.
    Open {
        /// The machine.
        machine: Key,
        /// Interface name of the call, or the wake's kind.
        what: String,
        /// Not before.
        due: Timestamp,
        /// Attempts begun.
        attempt: u32,
    },
    /// A plain record.
    Record(Record),
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<ScanRow>,
    /// Where it continues; none at the end.
    pub next: Option<Cursor>,
}
