//! Where the transfers of this process are recorded, and for whom.

use std::path::{Path, PathBuf};

use menjie::access::Private;
use menjie_log_file::MONEY_FLOOR_DAYS;
use serde::Deserialize;

use super::Problem;

/// The sealed transfer log (docs/sealed-log.md). The process that writes it cannot read it: only the auditors' private keys open it, and
/// those belong on another machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// The folder of its segments; made when it is not there.
    pub folder: PathBuf,
    /// The private key that signs it (PEM, PKCS#8).
    pub signer: PathBuf,
    /// The password of that file, when it is encrypted.
    #[serde(default)]
    pub signer_password: Option<Private>,
    /// Public keys of those who may read it (PEM); at least one.
    pub auditors: Vec<PathBuf>,
    /// Public halves of keys that signed it before.
    #[serde(default)]
    pub former_signers: Vec<PathBuf>,
    /// A segment is closed when it has so many MiB, and at the end of the day.
    #[serde(default = "segment_mib")]
    pub segment_mib: u32,
    /// MiB that are held back and given up when the disk is full, so that payments go on while an alarm calls somebody.
    #[serde(default = "reserve_mib")]
    pub reserve_mib: u32,
    /// A folder on another disk, where the log goes on while its own disk fails or is full; without one transfers are refused then.
    #[serde(default)]
    pub spool: Option<PathBuf>,
    /// Days that closed segments are kept, 1096 at least; for good when there is none.
    #[serde(default)]
    pub retention_days: Option<u32>,
    /// A second copy of it, kept by the program itself, preferably on another machine.
    #[serde(default)]
    pub copy: Option<CopyConfig>,
    /// Are frames compressed?
    #[serde(default = "compress")]
    pub compress: bool,
}

/// How the copy is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyConfig {
    /// KiB that are handed over at once, at most.
    #[serde(default = "piece_kib")]
    pub piece_kib: u32,
    /// Seconds that an answer is waited for.
    #[serde(default = "timeout_s")]
    pub timeout_s: u32,
}

const fn piece_kib() -> u32 {
    256
}

const fn timeout_s() -> u32 {
    30
}

const fn segment_mib() -> u32 {
    64
}

const fn reserve_mib() -> u32 {
    64
}

const fn compress() -> bool {
    true
}

impl LogConfig {
    /// The same with paths beside a folder.
    pub(super) fn beside(self, folder: &Path) -> LogConfig {
        let all = |paths: Vec<PathBuf>| paths.into_iter().map(|path| folder.join(path)).collect();
        let spool = self.spool.as_ref().map(|spool| folder.join(spool));
        LogConfig { folder: folder.join(&self.folder), spool, signer: folder.join(&self.signer), auditors: all(self.auditors), former_signers: all(self.former_signers), ..self }
    }

    /// What the document itself tells is wrong.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (field, path) in [("log.folder", &self.folder), ("log.signer", &self.signer)] {
            if path.as_os_str().is_empty() {
                problems.push(Problem::new(field, "is empty", "name a path"));
            }
        }
        if self.spool.as_ref().is_some_and(|spool| *spool == self.folder || spool.as_os_str().is_empty()) {
            problems.push(Problem::new("log.spool", "is the log's own folder, or empty", "name a folder on another disk, or leave it out"));
        }
        if self.auditors.is_empty() {
            problems.push(Problem::new("log.auditors", "is empty: nobody could read the log", "name the public key file of an auditor (`menjie log keygen`)"));
        }
        if !(1..=4096).contains(&self.segment_mib) {
            problems.push(Problem::new("log.segment_mib", "must lie between 1 and 4096", "leave it out: 64 serve a hospital"));
        }
        if let Some(copy) = &self.copy {
            if !(1..=4096).contains(&copy.piece_kib) {
                problems.push(Problem::new("log.copy.piece_kib", "must lie between 1 and 4096", "leave it out: 256 serve a hospital"));
            }
            if !(1..=600).contains(&copy.timeout_s) {
                problems.push(Problem::new("log.copy.timeout_s", "must lie between 1 and 600", "leave it out: 30 serve a hospital"));
            }
        }
        // The log would refuse it as well, but by a name that is not in this document.
        if self.retention_days.is_some_and(|days| days < MONEY_FLOOR_DAYS) {
            problems.push(Problem::new("log.retention_days", "is below three years: the log is evidence of money", "name 1096 or more, or leave it out: then it is kept for good"));
        }
        problems
    }
}
