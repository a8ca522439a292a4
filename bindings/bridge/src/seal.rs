//! `seal.*`: the sealed log of this machine as operations. Everything they touch lies in files that the request names; their requests
//! and responses hold passwords and bodies, so they are never offered over a network.

mod access;
mod append;
mod copied;
mod keys;
mod look;
mod verify;
mod wait;

pub use access::{Unmask, record};
pub use append::{AppendRequest, AppendResponse, LogWriter, NewRecord, OpenLog, RecordsRequest};
pub use copied::{CopiedRequest, CopiedResponse};
pub use look::{LogReader, LookResponse, ReadRequest, SearchRequest, Unreadable};
pub use verify::{Found, VerdictWord, VerifyRequest, VerifyResponse};

/// The stream of a request that names none.
fn transfers() -> String {
    crate::sealed_log::TRANSFER_STREAM.to_owned()
}
