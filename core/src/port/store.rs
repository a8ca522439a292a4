//! The store port: one batch per event, all or nothing; work claimed by leases; lists by keyset.
//!
//! A [`Batch`] is plain typed data. The adapter serialises and seals every body (rows, acts, polls, inbox, reply, event)
//! and keeps columns only for what SQL must see. **One source per batch, consumed in it**: that is idempotency key,
//! inbox and outbox in one law. Guard order: source first, then versions, then claims (DESIGN.md §4.5).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Call;
use super::list::{Cursor, Find, Page, Scan};
use super::record::{Record, RecordKind, RecordWrite};
use crate::calendar::Timestamp;
use crate::error::{Code, Error};
use crate::ident::{BatchId, HospitalId, LineKey, RequestKey, SettlementId, WorkerName};
use crate::ledger::Journal;
use crate::policy::Lane;
use crate::workflow::{Key, Row};

/// Where a batch comes from; consumed by its commit, so it can be applied once only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Source {
    /// A command under a client-made key. Same key, same fingerprint → the first reply; other fingerprint → conflict.
    Request {
        /// Who may reuse the key: the caller's scope (patient or staff), so strangers cannot collide.
        scope: String,
        /// The key.
        key: RequestKey,
        /// SM3 of operation and request, hex.
        fingerprint: String,
    },
    /// A message from outside (callback, HIS notice), de-duplicated by peer and id.
    Message {
        /// The peer.
        peer: String,
        /// Its message id.
        id: String,
    },
    /// The outcome of an act. The act row is deleted; it must still be leased under this token.
    Effect {
        /// The act.
        act: ActId,
        /// The lease under which it was performed.
        lease: i64,
    },
    /// The answer to a poll. The poll row must still be leased under this token; it is deleted unless restated.
    Poll {
        /// The machine that polls.
        machine: Key,
        /// The lease.
        lease: i64,
    },
    /// A timer that rang. The wake row must still be leased under this token; it is deleted unless restated.
    Wake {
        /// The machine.
        machine: Key,
        /// The lease.
        lease: i64,
    },
    /// Start-up bookkeeping without a consumer (policy documents, sessions); versions alone guard.
    Housekeeping,
}

/// Identifies an act: machine, version that emitted it, position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActId {
    /// The machine that wants it.
    pub machine: Key,
    /// The version whose move emitted it.
    pub ver: u32,
    /// Position within the move.
    pub index: u16,
}

/// An act in the outbox: a call that must happen, once, in order within its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActRow {
    /// Which.
    pub id: ActId,
    /// Acts of one queue run one at a time, ordered by (ver, index, machine). The machine itself, or the payment for channel refunds.
    pub queue: Key,
    /// The call.
    pub call: Call,
    /// Not before.
    pub due: Timestamp,
    /// Earlier attempts of the same business number that are not proven unsent (a re-emitted act).
    pub prior: u32,
    /// Born leased to the committing worker: (token, until). None lets anybody claim it.
    pub lease: Option<(i64, Timestamp)>,
}

/// The one read a machine is waiting on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollRow {
    /// The machine.
    pub machine: Key,
    /// The read.
    pub call: Call,
    /// Not before.
    pub due: Timestamp,
    /// Repeat at the slow step (the machine has `attention`).
    pub slow: bool,
}

/// What a timer asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeKind {
    /// The order's or quote's life is over: close, with proof.
    Expire,
    /// A step takes too long: call a person.
    Overdue,
    /// Ask a closed order once more.
    Recheck,
}

impl WakeKind {
    /// Every kind.
    pub const ALL: [WakeKind; 3] = [WakeKind::Expire, WakeKind::Overdue, WakeKind::Recheck];

    /// Stable code (a column).
    pub const fn code(self) -> &'static str {
        match self {
            WakeKind::Expire => "expire",
            WakeKind::Overdue => "overdue",
            WakeKind::Recheck => "recheck",
        }
    }
}

/// The one timer of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WakeRow {
    /// The machine.
    pub machine: Key,
    /// What it asks.
    pub kind: WakeKind,
    /// When.
    pub due: Timestamp,
}

/// A machine's row to write. `expected` is the version read, `None` for a birth. The row carries its new version, which
/// is above `expected` by the number of steps folded into the batch (a machine may be told twice in one commit).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The new row.
    pub row: Row,
    /// The version it replaces.
    pub expected: Option<u32>,
}

/// One step of a machine, for ever (state_log): who, from, to, version, event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateLog {
    /// The machine.
    pub machine: Key,
    /// The version after the step.
    pub ver: u32,
    /// State before; none at birth.
    pub from: Option<&'static str>,
    /// State after.
    pub to: &'static str,
    /// Who (a code, no personal data).
    pub actor: String,
    /// The event's name, in clear: the audit reads it (I19).
    pub what: String,
    /// The event as JSON, sealed by the adapter; secrets are left out of events.
    pub event: Vec<u8>,
}

/// What became of an incoming message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxState {
    /// Applied, or known already.
    Applied,
    /// Valid signature, wrong content: kept for a person; money unchanged (I16).
    Quarantined,
}

/// The inbox row of a [`Source::Message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbox {
    /// What became of it.
    pub state: InboxState,
    /// The message as JSON, sealed by the adapter.
    pub body: Vec<u8>,
}

/// The fixed answer to a command: what its first commit returned, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply(pub Vec<u8>);

/// Everything one event changes. All of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its own id, by which [`Store::committed`] answers after an unknown commit.
    pub id: BatchId,
    /// The hospital; a batch never spans two.
    pub hospital: HospitalId,
    /// When it was decided.
    pub at: Timestamp,
    /// Which worker commits; births leases under its name.
    pub worker: WorkerName,
    /// Where it comes from.
    pub source: Source,
    /// The reply of a [`Source::Request`].
    pub reply: Option<Reply>,
    /// The inbox row of a [`Source::Message`].
    pub inbox: Option<Inbox>,
    /// Machine rows.
    pub writes: Vec<Write>,
    /// Plain records.
    pub records: Vec<RecordWrite>,
    /// Charge lines taken: a line belongs to one live settlement at most.
    pub claims: Vec<(LineKey, SettlementId)>,
    /// Charge lines given back.
    pub frees: Vec<(LineKey, SettlementId)>,
    /// Acts added to the outbox.
    pub acts: Vec<ActRow>,
    /// For every machine written: its poll after this batch (`None` = no poll). Machines not named keep theirs.
    pub polls: Vec<(Key, Option<PollRow>)>,
    /// For every machine written: its timer after this batch (`None` = no timer).
    pub wakes: Vec<(Key, Option<WakeRow>)>,
    /// No act of this queue before that instant (spacing of channel refunds).
    pub spacing: Option<(Key, Timestamp)>,
    /// Journals.
    pub journals: Vec<Journal>,
    /// State log rows.
    pub log: Vec<StateLog>,
}

/// Why a batch was not committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitError {
    /// A row has another version: reload and decide again.
    Conflict,
    /// The request was committed before; here is its reply.
    Replayed(Reply),
    /// The request key was used for another request.
    OtherFingerprint,
    /// The source is consumed already, or its lease is lost: nothing to do.
    Stale,
    /// A line is claimed by a live settlement.
    Claimed {
        /// The line.
        line: LineKey,
        /// Who holds it.
        by: SettlementId,
    },
    /// The writer's queue is full; nothing happened.
    Busy,
    /// It may or may not be committed: ask [`Store::committed`].
    Unknown(String),
    /// The store failed; nothing happened.
    Failed(String),
}

/// Why the store could not answer. No personal data in the texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Back-pressure.
    #[error("the store is busy")]
    Busy,
    /// It failed.
    #[error("the store failed: {0}")]
    Failed(String),
    /// A sealed body does not open or does not parse.
    #[error("a stored row cannot be read: {0}")]
    Corrupt(String),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        match error {
            StoreError::Busy => Error::new(Code::StoreBusy),
            StoreError::Failed(what) => Error::new(Code::StoreFailed).with("cause", what),
            StoreError::Corrupt(what) => Error::new(Code::StoreCorrupt).with("cause", what),
        }
    }
}

/// How much of each lane may be claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimLimits {
    /// Free slots per lane.
    pub free: Vec<(Lane, u32)>,
}

/// A request for due work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who claims.
    pub worker: WorkerName,
    /// Token of this claim: fresh, from [`super::IdSource`].
    pub lease: i64,
    /// Now.
    pub now: Timestamp,
    /// The lease ends then; expired leases may be taken by anybody.
    pub until: Timestamp,
    /// Free slots per lane.
    pub limits: ClaimLimits,
}

/// What a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// An act.
    Act {
        /// Which.
        id: ActId,
        /// Its queue.
        queue: Key,
        /// The call.
        call: Call,
        /// Attempts begun under this row, this one included.
        attempt: u32,
        /// Attempts that are not proven unsent, this one included, plus the act's `prior`.
        sent: u32,
    },
    /// A poll.
    Poll {
        /// The machine.
        machine: Key,
        /// The read.
        call: Call,
        /// Attempts begun, this one included.
        attempt: u32,
        /// At the slow step.
        slow: bool,
    },
    /// A timer.
    Wake {
        /// The machine.
        machine: Key,
        /// What it asks.
        kind: WakeKind,
    },
}

/// Work that is due, leased to the claimer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// For which hospital.
    pub hospital: HospitalId,
    /// The token.
    pub lease: i64,
    /// What.
    pub kind: JobKind,
}

impl Job {
    /// Its lane.
    pub fn lane(&self) -> Lane {
        match &self.kind {
            JobKind::Act { call, .. } | JobKind::Poll { call, .. } => call.lane(),
            JobKind::Wake { .. } => Lane::Timer,
        }
    }
}

/// Names a leased job for [`Store::defer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRef {
    /// The hospital.
    pub hospital: HospitalId,
    /// The token it was claimed under.
    pub lease: i64,
    /// The act, or `None` for a poll or wake of `machine`.
    pub act: Option<ActId>,
    /// The machine.
    pub machine: Key,
    /// Is it the wake (and not the poll) of the machine? Ignored for acts.
    pub wake: bool,
    /// The attempt is proven not to have been sent: take it back from `sent`.
    pub unsent: bool,
}

/// A machine as loaded.
pub type Loaded = Row;

/// The one store of a hospital.
#[async_trait]
pub trait Store: Send + Sync {
    /// Loads machines; missing ones are left out.
    async fn load(&self, hospital: &HospitalId, keys: &[Key]) -> Result<Vec<Loaded>, StoreError>;

    /// Finds machines.
    async fn find(&self, hospital: &HospitalId, by: &Find) -> Result<Vec<Key>, StoreError>;

    /// Reads a plain record; expired ones may be gone.
    async fn record(&self, hospital: &HospitalId, kind: RecordKind, key: &str) -> Result<Option<Record>, StoreError>;

    /// The reply given under a request key, with the fingerprint it was given for.
    async fn replied(&self, hospital: &HospitalId, scope: &str, key: &RequestKey) -> Result<Option<(String, Reply)>, StoreError>;

    /// Commits a batch; durable when it returns `Ok`.
    async fn commit(&self, batch: &Batch) -> Result<(), CommitError>;

    /// After [`CommitError::Unknown`]: was it committed? A commit that lands later still meets its guards.
    async fn committed(&self, hospital: &HospitalId, batch: BatchId) -> Result<bool, StoreError>;

    /// Leases due work to the claimer, at most one act per queue and only its first.
    async fn claim(&self, claim: &Claim) -> Result<Vec<Job>, StoreError>;

    /// Gives a leased job back, due again at `due`; a lost lease is no error.
    async fn defer(&self, job: &JobRef, due: Timestamp) -> Result<(), StoreError>;

    /// A restarted worker takes its own leases back at once.
    async fn reclaim(&self, worker: &WorkerName) -> Result<(), StoreError>;

    /// When the next job of these lanes is due, leased or not; none when there is none.
    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError>;

    /// Lists, keyset only.
    async fn scan(&self, scan: &Scan, after: Option<&Cursor>, limit: u32) -> Result<Page, StoreError>;
}
