//! `seal.append`, and a log that a host keeps open.

use std::path::Path;
use std::sync::Arc;

use menjie::access::Private;
use menjie::gm::{hex, sm3, unhex};
use menjie::ident::HospitalId;
use menjie::port::{Clock as _, Direction, LogSink as _, TransferBegin, TransferEnd, TransferId, TransferResult};
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};

use super::wait::{ThreadClock, wait};
use super::{keys, transfers};
use crate::sealed_log::{Identity, OsEntropy, SealedLog, Settings};

/// A log and who writes it, for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LogWriter {
    /// The log's directory; made when it is not there. One process at a time.
    pub dir: String,
    /// Its stream: letters, digits and `_`.
    #[serde(default = "transfers")]
    pub stream: String,
    /// The file with the writer's private key (PEM, mode 600). It signs; it opens nothing.
    pub signer: String,
    /// The password of that file, if it has one.
    #[serde(default)]
    pub signer_password: Option<Private>,
    /// Files with the public keys of those who may read what is written; at least one.
    pub auditors: Vec<String>,
    /// Files with the public keys of writers before.
    #[serde(default)]
    pub former_signers: Vec<String>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "what", deny_unknown_fields)]
pub enum NewRecord {
    /// An exchange begins: on the disk before the call returns, so the host sends nothing before.
    Begin {
        /// For which hospital.
        hospital: HospitalId,
        /// Who started it.
        direction: Direction,
        /// The counterpart, e.g. `cardreader`.
        peer: String,
        /// The interface.
        interface: String,
        /// The business number.
        #[serde(default)]
        business_no: Option<String>,
        /// What is sent, as text.
        #[serde(default)]
        body: Private,
        /// What is sent, when it is no text.
        #[serde(default)]
        body_hex: Option<Private>,
    },
    /// An exchange is over.
    End {
        /// The number of its BEGIN.
        of: u64,
        /// How it ended.
        result: TransferResult,
        /// Status or fault, e.g. `200`.
        status: String,
        /// What came back, as text.
        #[serde(default)]
        body: Private,
        /// What came back, when it is no text.
        #[serde(default)]
        body_hex: Option<Private>,
    },
}

/// Request of `seal.append`: opens the log, writes, closes it, which makes a segment of its own. Whoever writes often keeps the log open
/// (`mj_log_open` in C). When closing fails the BEGINs are durable all the same, and the error names their numbers (`begun`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AppendRequest {
    /// The log.
    pub log: LogWriter,
    /// What is written, in this order.
    pub records: Vec<NewRecord>,
}

/// Response of `seal.append`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AppendResponse {
    /// The numbers of the BEGINs, in the order of the request; an END names its own.
    pub begun: Vec<u64>,
    /// ENDs that could not be written since the log was opened: their exchanges are listed as in doubt.
    pub lost_ends: u64,
}

impl AppendRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<AppendResponse> {
        // All of it is understood before the log is touched.
        self.records.iter().enumerate().try_for_each(|(at, record)| record.check().map_err(|e| e.under(&format!("records[{at}]"))))?;
        let log = OpenLog::open(&self.log).map_err(|error| error.under("log"))?;
        let written = log.append(&self.records);
        let closed = log.close();
        let written = written?;
        // ENDs may be lost and the disk is failing, but every BEGIN is durable: their numbers are told all the same.
        let begun = || written.begun.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        closed.map_err(|error| error.with("begun", begun()))?;
        Ok(written)
    }
}

/// What is written into a log that a host keeps open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsRequest {
    /// What is written, in this order.
    pub records: Vec<NewRecord>,
}

/// A log that is open for writing; dropping it closes the segment, and does not say how that ended ([`OpenLog::close`] does).
pub struct OpenLog {
    log: SealedLog,
}

impl OpenLog {
    /// Opens the log, or founds it, and takes its lock.
    pub fn open(writer: &LogWriter) -> Result<OpenLog> {
        let signer = keys::private(&writer.signer, writer.signer_password.as_ref(), "signer")?;
        let auditors = keys::public(&writer.auditors, "auditors")?;
        if auditors.is_empty() {
            return Err(Error::field("auditors", "is empty: nobody could read the log"));
        }
        let former_signers = keys::public(&writer.former_signers, "former_signers")?;
        let settings = Settings { stream: writer.stream.clone(), step_bytes: 1 << 20, former_signers, ..Settings::default() };
        let identity = Identity { signer: Arc::new(signer), recipients: auditors.into() };
        let log = SealedLog::open(Path::new(&writer.dir), settings, identity, Arc::new(OsEntropy), Arc::new(ThreadClock))?;
        Ok(OpenLog { log })
    }

    /// Writes records; blocks until every BEGIN is on the disk. What is written before one fails stays written.
    pub fn append(&self, records: &[NewRecord]) -> Result<AppendResponse> {
        let mut begun = Vec::new();
        for (at, record) in records.iter().enumerate() {
            self.one(record, &mut begun).map_err(|e| e.under(&format!("records[{at}]")))?;
        }
        Ok(AppendResponse { begun, lost_ends: self.log.health().lost_ends })
    }

    /// Closes it: the segment ends, the lock is back. Fails when that could not be written, or when ENDs were lost since the log was opened.
    pub fn close(self) -> Result<()> {
        self.log.close()
    }

    fn one(&self, record: &NewRecord, begun: &mut Vec<u64>) -> Result<()> {
        let (at, body) = (ThreadClock.now(), record.bytes()?);
        let digest = hex(&sm3(&body));
        match record.clone() {
            NewRecord::Begin { hospital, direction, peer, interface, business_no, .. } => {
                let begin = TransferBegin { hospital, at, direction, peer, interface, business_no, digest, body };
                begun.push(wait(self.log.begin(begin))?.0);
            }
            NewRecord::End { of, result, status, .. } => {
                let digest = if body.is_empty() { String::new() } else { digest };
                wait(self.log.end(TransferId(of), TransferEnd { at, result, status, digest, body }));
            }
        }
        Ok(())
    }
}

impl NewRecord {
    fn check(&self) -> Result<()> {
        self.bytes().map(drop)
    }

    /// The bytes of the body.
    fn bytes(&self) -> Result<Vec<u8>> {
        let (NewRecord::Begin { body, body_hex, .. } | NewRecord::End { body, body_hex, .. }) = self;
        match body_hex {
            None => Ok(body.reveal().as_bytes().to_vec()),
            Some(_) if !body.reveal().is_empty() => Err(Error::field("body_hex", "is given beside body")),
            Some(hex) => unhex(hex.reveal()).ok_or_else(|| Error::field("body_hex", "is not hex")),
        }
    }
}
