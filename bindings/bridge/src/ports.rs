//! Ports that the host implements: a HIS, payment channel, insurer, invoice platform or notifier written in C, JavaScript or Python stands
//! behind the same engine as our own adapters (DESIGN.md §4.6), and takes a second copy of the sealed log.
//!
//! A host is asked with JSON ([`Question`]) on a thread of the [`Desk`], and answers with JSON through a [`ReplyTo`], before it returns or
//! later. What may have happened is never taken for a failure: a deadline that passes, an answer that cannot be read and a host that gives
//! up are [`menjie::port::Outcome::Unknown`]; only a question that was never put is `Unsent`. Answers that nobody waits for any more are
//! counted and dropped.

mod answer;
mod desk;
mod hosted;
mod log;
mod no_ledger;
mod slot;
#[cfg(feature = "schema")]
mod spec;

use std::fmt;

pub use desk::{Counts, Desk};
pub use hosted::{HostChannel, HostHis, HostInsurer, HostInvoices, HostNotifier};
pub use log::HostLog;
pub use no_ledger::NoLedger;
pub use slot::ReplyTo;
#[cfg(feature = "schema")]
pub use spec::{Method, PortSpec, specs};

/// A port that a host may implement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortName {
    /// HIS.
    His,
    /// A payment channel.
    Channel,
    /// The insurer.
    Insurer,
    /// The invoice platform.
    Invoice,
    /// Message gateways and the official account.
    Notifier,
    /// The second copy of the sealed log.
    Log,
}

impl PortName {
    /// All of them.
    pub const ALL: [PortName; 6] = [PortName::His, PortName::Channel, PortName::Insurer, PortName::Invoice, PortName::Notifier, PortName::Log];

    /// Its stable word.
    pub const fn code(self) -> &'static str {
        match self {
            PortName::His => "his",
            PortName::Channel => "channel",
            PortName::Insurer => "insurer",
            PortName::Invoice => "invoice",
            PortName::Notifier => "notifier",
            PortName::Log => "log",
        }
    }
}

/// Names a question: no other of this process has the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuestionId(pub u64);

/// What a host is asked.
#[derive(Clone)]
pub struct Question {
    /// Names it.
    pub id: QuestionId,
    /// For which hospital, its id; empty for the log, which is one for all.
    pub hospital: String,
    /// Of which port.
    pub port: PortName,
    /// Of which channel; empty for other ports.
    pub channel: String,
    /// What, e.g. `his.unpaid` (docs/contract/ports.md).
    pub method: &'static str,
    /// Which attempt under its business number, from 1: a repeat must not do the same thing twice.
    pub attempt: u32,
    /// After so many milliseconds nobody waits any more.
    pub timeout_ms: u32,
    /// The request of the method as JSON. It may hold personal data.
    pub request: String,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({} {})", self.id.0, self.method)
    }
}

/// A host that implements ports.
pub trait PortHost: Send + Sync {
    /// Has it this port?
    fn implements(&self, port: PortName) -> bool;

    /// Asks it, on a thread of the desk; several at once. It may answer before it returns, or keep `reply` and answer later. To drop `reply`
    /// is to give up: nobody knows what happened.
    fn ask(&self, question: &Question, reply: ReplyTo);

    /// Nobody waits for this answer any more.
    fn forget(&self, id: QuestionId);
}
