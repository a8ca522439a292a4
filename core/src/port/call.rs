//! A call as data: the argument of the port, the body of the outbox row, the JSON a host sees.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    ChannelAnswer, ChannelCall, HealthCodeAnswer, HealthCodeCall, HisAnswer, HisCall, InsurerAnswer, InsurerCall, InvoiceAnswer, InvoiceCall, LogSink, NotifyAnswer, NotifyCall,
};
use crate::calendar::Timestamp;
use crate::ident::{ChannelCode, HospitalId};
use crate::policy::Lane;

/// A call to one counterpart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "port")]
pub enum Call {
    /// To HIS.
    His {
        /// What.
        call: HisCall,
    },
    /// To a payment channel.
    Channel {
        /// Which channel.
        channel: ChannelCode,
        /// What.
        call: ChannelCall,
    },
    /// To the invoice platform.
    Invoice {
        /// What.
        call: InvoiceCall,
    },
    /// To the health-code platform.
    HealthCode {
        /// What.
        call: HealthCodeCall,
    },
    /// To the insurer.
    Insurer {
        /// What.
        call: InsurerCall,
    },
    /// To a message gateway or the official account.
    Notify {
        /// What.
        call: NotifyCall,
    },
}

impl Call {
    /// The lane it runs in.
    pub const fn lane(&self) -> Lane {
        match self {
            Call::His { .. } => Lane::His,
            Call::Channel { .. } => Lane::Channel,
            Call::Invoice { .. } => Lane::Invoice,
            Call::Notify { call: NotifyCall::Send { .. } } => Lane::Notify,
            Call::Insurer { call } if !call.waits() => Lane::Insurer,
            Call::HealthCode { .. } | Call::Insurer { .. } | Call::Notify { call: NotifyCall::SmsCode { .. } | NotifyCall::Login { .. } } => Lane::Person,
        }
    }

    /// Interface name for logs and metrics, e.g. `his.post`.
    pub const fn name(&self) -> &'static str {
        match self {
            Call::His { call } => call.name(),
            Call::Channel { call, .. } => call.name(),
            Call::Invoice { call } => call.name(),
            Call::HealthCode { call } => call.name(),
            Call::Insurer { call } => call.name(),
            Call::Notify { call } => call.name(),
        }
    }

    /// The business number it is made under, when it has one.
    pub fn business_no(&self) -> Option<&str> {
        match self {
            Call::His { call } => call.business_no(),
            Call::Channel { call, .. } => call.business_no(),
            Call::Invoice { call } => call.business_no(),
            Call::Notify { call } => call.business_no(),
            Call::Insurer { call } => call.business_no(),
            Call::HealthCode { .. } => None,
        }
    }

    /// The call as the transfer log may keep it: codes that open something are hashed or hidden.
    pub(crate) fn for_log(&self) -> Cow<'_, Call> {
        match self {
            Call::His { .. } | Call::Channel { .. } | Call::Invoice { .. } => Cow::Borrowed(self),
            Call::HealthCode { call } => Cow::Owned(Call::HealthCode { call: call.for_log() }),
            Call::Insurer { call } => Cow::Owned(Call::Insurer { call: call.for_log() }),
            Call::Notify { call } => Cow::Owned(Call::Notify { call: call.for_log() }),
        }
    }
}

/// The answer to a [`Call`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "port", content = "answer")]
pub enum Answer {
    /// From HIS.
    His(HisAnswer),
    /// From a channel.
    Channel(ChannelAnswer),
    /// From the invoice platform.
    Invoice(InvoiceAnswer),
    /// From the health-code platform.
    HealthCode(HealthCodeAnswer),
    /// From the insurer.
    Insurer(InsurerAnswer),
    /// From a message gateway or the official account.
    Notify(NotifyAnswer),
}

impl Answer {
    /// The answer as the transfer log may keep it: tokens that open something are hashed.
    pub(crate) fn for_log(&self) -> Answer {
        match self {
            Answer::His(_) | Answer::Channel(_) | Answer::Invoice(_) | Answer::HealthCode(_) => self.clone(),
            Answer::Insurer(answer) => Answer::Insurer(answer.for_log()),
            Answer::Notify(answer) => Answer::Notify(answer.for_log()),
        }
    }
}

/// What travels with every call.
#[derive(Clone, Debug)]
pub struct CallCx {
    /// For which hospital.
    pub hospital: HospitalId,
    /// Which attempt under this business number, from 1.
    pub attempt: u32,
    /// Now, by the injected clock, when the call starts.
    pub now: Timestamp,
    /// After this instant the caller counts the outcome as unknown.
    pub deadline: Timestamp,
    /// Where the exchange is recorded.
    pub log: CallLog,
}

impl CallCx {
    /// Milliseconds from start to deadline, at least 1.
    pub fn timeout_ms(&self) -> u64 {
        u64::try_from(self.deadline.since(self.now)).unwrap_or(1).max(1)
    }
}

/// The handle of the transfer log that travels with a call, so that no exchange exists without it (DESIGN.md §4.6).
#[derive(Clone)]
pub struct CallLog {
    sink: Arc<dyn LogSink>,
    hospital: HospitalId,
}

impl CallLog {
    /// A handle for one hospital.
    pub fn new(sink: Arc<dyn LogSink>, hospital: HospitalId) -> CallLog {
        CallLog { sink, hospital }
    }

    /// The sink.
    pub fn sink(&self) -> &dyn LogSink {
        self.sink.as_ref()
    }

    /// The hospital.
    pub const fn hospital(&self) -> &HospitalId {
        &self.hospital
    }
}

impl std::fmt::Debug for CallLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CallLog")
    }
}
