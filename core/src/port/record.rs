//! Plain records: versioned documents beside the machines, in the same batches.

use serde::{Deserialize, Serialize};

use crate::calendar::Timestamp;

/// What a plain record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A quote shown to a patient.
    Quote,
    /// A login session of a patient.
    Session,
    /// A policy document.
    Policy,
    /// A cursor of a feed (HIS notices).
    Cursor,
    /// What was sent to a phone, under a keyed hash of its number.
    PhoneCode,
    /// The patients of an account of the official account, under a keyed hash of its number.
    Account,
    /// The present check-in of a registration, under a keyed hash of its number.
    CheckIn,
    /// The stop a notice of HIS gave birth to, under a hash of its name.
    Stop,
    /// How a patient is reached at the official account, under a hash of his number.
    Contact,
    /// The present filing of a document, under a hash of it.
    Filing,
    /// An account of a member of staff, under his number.
    Staff,
    /// Whose login name it is and how often it was tried in vain, under a hash of the name.
    StaffLogin,
    /// A login session of a member of staff.
    StaffSession,
    /// One entry of the access trail, under its number.
    Trail,
    /// A day of a channel reconciled, with its differences and what people did about them, under day and channel.
    Reconciliation,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [RecordKind; 15] = [
        RecordKind::Quote,
        RecordKind::Session,
        RecordKind::Policy,
        RecordKind::Cursor,
        RecordKind::PhoneCode,
        RecordKind::Account,
        RecordKind::CheckIn,
        RecordKind::Stop,
        RecordKind::Contact,
        RecordKind::Filing,
        RecordKind::Staff,
        RecordKind::StaffLogin,
        RecordKind::StaffSession,
        RecordKind::Trail,
        RecordKind::Reconciliation,
    ];

    /// Stable code (a column).
    pub const fn code(self) -> &'static str {
        match self {
            RecordKind::Quote => "quote",
            RecordKind::Session => "session",
            RecordKind::Policy => "policy",
            RecordKind::Cursor => "cursor",
            RecordKind::PhoneCode => "phone_code",
            RecordKind::Account => "account",
            RecordKind::CheckIn => "check_in",
            RecordKind::Stop => "stop",
            RecordKind::Contact => "contact",
            RecordKind::Filing => "filing",
            RecordKind::Staff => "staff",
            RecordKind::StaffLogin => "staff_login",
            RecordKind::StaffSession => "staff_session",
            RecordKind::Trail => "trail",
            RecordKind::Reconciliation => "reconciliation",
        }
    }
}

/// A plain record: a versioned document under a key. Keys must not be personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub kind: RecordKind,
    /// Its key within the kind.
    pub key: String,
    /// Its version, from 1.
    pub ver: u32,
    /// May be deleted after this.
    pub expires: Option<Timestamp>,
    /// Its JSON, sealed by the adapter.
    pub body: Vec<u8>,
}

impl Record {
    /// Not yet expired. What has expired may still lie in the store, and is written over like nothing: by a birth.
    pub fn lives(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

/// A record to write; `expected` is the version read, `None` for a birth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordWrite {
    /// The new record.
    pub record: Record,
    /// The version it replaces.
    pub expected: Option<u32>,
}
