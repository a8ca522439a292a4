//! The sealed log for hosts: the viewer's engine, the key files it needs, and the access log of whoever looks.

use std::path::Path;
use std::sync::Arc;

use menjie::Result;
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::port::Clock;
pub use menjie_host::{OsEntropy, SystemClock};
pub use menjie_keys::{Protection, is_encrypted, needs_password, private_from_pem, read_private, read_public, write_private, write_public};
pub use menjie_log_file::{Access, Act, CopyFailing, CopyState, LogDir, Rewrapped, SealedLog, Zstd, view};
pub use menjie_log_file::{Flush, Identity, Retention, Settings};

/// The stream of an access log.
pub const ACCESS_STREAM: &str = "access";
/// The stream of the transfer log.
pub const TRANSFER_STREAM: &str = "transfers";

/// Opens an auditor's access log, or founds it. He signs it; he and his supervisors can read it.
pub fn open_access_log(dir: &Path, auditor: Arc<Sm2PrivateKey>, supervisors: &[Sm2PublicKey]) -> Result<SealedLog> {
    let mut recipients = vec![auditor.public().clone()];
    recipients.extend(supervisors.iter().filter(|key| key.id() != auditor.public().id()).cloned());
    let settings = Settings { stream: ACCESS_STREAM.to_owned(), step_bytes: 1 << 20, money: false, ..Settings::default() };
    SealedLog::open(dir, settings, Identity { signer: auditor, recipients: recipients.into() }, Arc::new(OsEntropy), Arc::new(SystemClock))
}

/// Now.
pub fn now() -> menjie::calendar::Timestamp {
    SystemClock.now()
}
