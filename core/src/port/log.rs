//! The transfer log port (传输日志): one BEGIN, durable before the bytes leave, and at most one END per exchange (I17).

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::calendar::Timestamp;
use crate::error::Result;
use crate::ident::HospitalId;

/// Identifies an exchange between BEGIN and END.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TransferId(pub u64);

/// Who started the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferDirection"))]
pub enum Direction {
    /// We called.
    Out,
    /// We were called (callback).
    In,
}

/// The first record of an exchange. `body` is clear here; a sink seals it. Secrets are removed before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferBegin {
    /// For which hospital.
    pub hospital: HospitalId,
    /// When.
    pub at: Timestamp,
    /// Who started it.
    pub direction: Direction,
    /// The counterpart, e.g. `wechat`, `his`, `invoice`.
    pub peer: String,
    /// The interface, e.g. `POST /v3/pay/transactions/native`.
    pub interface: String,
    /// The business number, when there is one.
    pub business_no: Option<String>,
    /// SM3 of the raw bytes sent or received, hex.
    pub digest: String,
    /// The raw bytes.
    pub body: Vec<u8>,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TransferResult {
    /// An answer came.
    Answered,
    /// Nothing left this machine.
    Unsent,
    /// It is not known what the peer did.
    Unknown,
}

/// The last record of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferEnd {
    /// When.
    pub at: Timestamp,
    /// How it ended.
    pub result: TransferResult,
    /// Protocol status, e.g. `200`, or the fault's code.
    pub status: String,
    /// SM3 of the raw answer, hex; empty without one.
    pub digest: String,
    /// The raw answer.
    pub body: Vec<u8>,
}

/// Takes the records. No log, no call: when `begin` fails, nothing is sent.
#[async_trait]
pub trait LogSink: Send + Sync {
    /// Records the beginning; durable when it returns.
    async fn begin(&self, begin: TransferBegin) -> Result<TransferId>;

    /// Records the end. A failure is the sink's alarm; the exchange has happened.
    async fn end(&self, id: TransferId, end: TransferEnd);
}

/// The in-memory sink: keeps the last exchanges and counts all. The sealed log on disk replaces it in production.
pub struct RecentTransfers {
    keep: usize,
    inner: Mutex<Recent>,
}

#[derive(Default)]
struct Recent {
    begun: u64,
    ended: u64,
    rows: VecDeque<(TransferId, TransferBegin, Option<TransferEnd>)>,
}

impl RecentTransfers {
    /// Keeps the last `keep` exchanges.
    pub fn new(keep: usize) -> RecentTransfers {
        RecentTransfers { keep, inner: Mutex::new(Recent::default()) }
    }

    /// How many exchanges were begun and ended.
    pub fn counts(&self) -> (u64, u64) {
        let inner = self.lock();
        (inner.begun, inner.ended)
    }

    /// The exchanges kept, oldest first.
    pub fn recent(&self) -> Vec<(TransferId, TransferBegin, Option<TransferEnd>)> {
        self.lock().rows.iter().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl LogSink for RecentTransfers {
    async fn begin(&self, begin: TransferBegin) -> Result<TransferId> {
        let mut inner = self.lock();
        inner.begun += 1;
        let id = TransferId(inner.begun);
        if self.keep > 0 {
            if inner.rows.len() >= self.keep {
                inner.rows.pop_front();
            }
            inner.rows.push_back((id, begin, None));
        }
        Ok(id)
    }

    async fn end(&self, id: TransferId, end: TransferEnd) {
        let mut inner = self.lock();
        inner.ended += 1;
        if let Some(row) = inner.rows.iter_mut().rev().find(|(row_id, ..)| *row_id == id) {
            row.2 = Some(end);
        }
    }
}
