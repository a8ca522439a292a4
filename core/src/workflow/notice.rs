//! Notice (通知): one message to one person through one channel, at most once. `waiting → sending → accepted`, `refused`,
//! `handled`, `withdrawn`, `unsure`; `held`. No gateway can be asked what became of a message, so an unknown outcome is an open task
//! for a person (`attention` in `sending`), never a second message; where the message only repeats what the patient finds by himself
//! it is `unsure`, and nobody has to look.

mod step;

use serde::{Deserialize, Serialize};

use super::{Base, states};
use crate::access::Private;
use crate::calendar::Timestamp;
use crate::ident::{BusinessNo, InvoiceId, NoticeId, RefundId, SuspensionId, TermsHash};
use crate::port::{Fault, No, NoticeChannel};
use crate::visit::Message;

states! {
    /// States of a notice.
    NoticeSt {
        /// The quiet hours are waited for.
        Waiting = "waiting",
        /// The gateway is told; with `attention` nobody knows whether it took the message.
        Sending = "sending",
        /// The gateway took it.
        Accepted = "accepted",
        /// A definite no.
        Refused = "refused",
        /// A person told the patient, or found that it was not needed.
        Handled = "handled",
        /// What it says is not true any more: it is not sent, and whoever had to look at it need not.
        Withdrawn = "withdrawn",
        /// Nobody knows whether it arrived, and nobody needs to: the patient finds the same in his list.
        Unsure = "unsure",
        /// Evidence contradicts itself.
        Held = "held",
    }
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A session that does not take place: the patient has to know.
    Suspension(SuspensionId),
    /// An invoice: a courtesy.
    Invoice(InvoiceId),
    /// A question about a refund: a courtesy, the patient finds it in the refund's progress.
    Refund(RefundId),
}

impl Subject {
    /// Its number.
    pub const fn id(self) -> i64 {
        match self {
            Subject::Suspension(id) => id.get(),
            Subject::Invoice(id) => id.get(),
            Subject::Refund(id) => id.get(),
        }
    }
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id; its business number is derived from it.
    pub id: NoticeId,
    /// State.
    pub st: NoticeSt,
    /// Version, terms, attention.
    #[serde(flatten)]
    pub base: Base,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// Through what.
    pub channel: NoticeChannel,
    /// Openid or mobile number.
    pub to: Private,
    /// What is said.
    pub message: Message,
    /// Of no use any more after this; then a person is called.
    pub useful_until: Timestamp,
    /// It was of no use any more: it is not sent.
    #[serde(default)]
    pub late: bool,
    /// The gateway's code of the no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no: Option<String>,
}

/// Birth of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id.
    pub id: NoticeId,
    /// Terms pinned.
    pub terms: TermsHash,
    /// What it is about.
    pub subject: Subject,
    /// Through what.
    pub channel: NoticeChannel,
    /// Openid or mobile number.
    pub to: Private,
    /// What is said.
    pub message: Message,
    /// When it happens what the message is about, or until when it is of use.
    pub about: Timestamp,
}

/// What can happen to a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// Command: a person decides about an open task.
    Resolve {
        /// What.
        decision: Decision,
        /// The evidence he names.
        evidence: String,
    },
    /// The gateway took it.
    Taken,
    /// A definite no to the first attempt.
    Refused {
        /// The no.
        no: No,
    },
    /// Nobody knows whether it was taken.
    Unknown {
        /// What happened.
        fault: Fault,
    },
    /// What it says is not true any more.
    Withdrawn,
    /// The quiet hours are over, or the message is of no use any more.
    Expire,
    /// It takes too long.
    Overdue,
}

/// What a person may decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NoticeDecision"))]
#[serde(rename_all = "snake_case", tag = "decide")]
pub enum Decision {
    /// The patient knows: he was called, or the gateway's console shows the message.
    Told,
    /// He cannot be reached.
    NotReached,
}

impl Notice {
    /// Our business number at the gateway.
    pub fn no(&self) -> BusinessNo {
        self.id.business_no()
    }
}
