//! The host as the keeper of a second copy of the sealed log (异机副本): it is given sealed bytes, never what they say.

use std::sync::Arc;

use menjie::Timestamp;
use menjie::port::{Clock, Outcome};
use menjie_log_file::Piece;
use serde::{Deserialize, Serialize};

use super::desk::Due;
use super::{Desk, PortName};

/// What the keeper of the copy is asked.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "do")]
pub(super) enum LogCall<'a> {
    /// Puts bytes in their place.
    Copy(&'a Piece),
}

/// What it answers.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "to", content = "value")]
pub(super) enum LogAnswer {
    /// They are durable there.
    Copy,
}

/// The keeper of the copy.
pub struct HostLog {
    desk: Arc<Desk>,
    clock: Arc<dyn Clock>,
}

impl HostLog {
    /// Asked at a desk of its own: a keeper that takes its time must not stand in the way of those who move money.
    pub fn new(desk: Arc<Desk>, clock: Arc<dyn Clock>) -> HostLog {
        HostLog { desk, clock }
    }

    /// Hands over a piece.
    pub async fn copy(&self, piece: &Piece, attempt: u32, deadline: Timestamp) -> Outcome<()> {
        let timeout_ms = u64::try_from(deadline.since(self.clock.now())).unwrap_or(1).max(1);
        let due = Due { hospital: "", attempt, timeout_ms, deadline };
        match self.desk.ask(due, PortName::Log, "", "log.copy", &LogCall::Copy(piece)).await {
            Outcome::Done(LogAnswer::Copy) => Outcome::Done(()),
            Outcome::Refused(no) => Outcome::Refused(no),
            Outcome::Unsent(fault) => Outcome::Unsent(fault),
            Outcome::Unknown(fault) => Outcome::Unknown(fault),
        }
    }
}
