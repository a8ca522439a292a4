//! A stopped clinic as HIS tells it, the registrations it hits, and what became of each (停诊, 换医生, 调班).

use serde::{Deserialize, Serialize};

use super::registration::{Registration, Session};
use crate::access::Private;
use crate::calendar::{BizDate, Timestamp};
use crate::ident::{BusinessNo, DeptCode, ScheduleId};
use crate::money::Money;

/// What happened to the session (StopReg, DocRegUpdate of domain/hospital.md §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StopKind {
    /// It does not take place (停诊).
    Stopped,
    /// Another doctor holds it (换医生).
    OtherDoctor,
    /// It is held at another time (调班).
    OtherTime,
    /// It takes place as booked after all (恢复出诊): whatever HIS said before under a lower version is taken back.
    Withdrawn,
}

/// Why, as a class; never a person's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The doctor is away.
    DoctorAway,
    /// The hospital's arrangement.
    Arrangement,
    /// Weather, power, equipment.
    Emergency,
    /// HIS does not say.
    Other,
}

impl StopReason {
    /// As patients read it.
    pub const fn text(self) -> &'static str {
        match self {
            StopReason::DoctorAway => "医生临时有事",
            StopReason::Arrangement => "医院工作安排调整",
            StopReason::Emergency => "突发情况",
            StopReason::Other => "门诊安排调整",
        }
    }
}

/// What is offered instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Substitute {
    /// The session one may move to.
    pub schedule_id: ScheduleId,
    /// Its day.
    pub date: BizDate,
    /// Its part of the day.
    pub session: Session,
    /// Its doctor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_name: Option<String>,
}

/// A stop notice (停诊通知). Schedule, date, session and version name it: whatever repeats them is the same notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StopNotice {
    /// Which session of which doctor.
    pub schedule_id: ScheduleId,
    /// The day.
    pub date: BizDate,
    /// The part of the day.
    pub session: Session,
    /// Counts up when HIS changes what it said, from 1.
    pub version: u32,
    /// What happened.
    pub kind: StopKind,
    /// Department.
    pub dept_code: DeptCode,
    /// Department as HIS calls it.
    pub dept_name: String,
    /// Doctor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_name: Option<String>,
    /// Start of what does not take place.
    pub starts_at: Timestamp,
    /// End.
    pub ends_at: Timestamp,
    /// Why.
    pub reason: StopReason,
    /// What is offered instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitute: Option<Substitute>,
}

impl StopNotice {
    /// Its name among the notices of a hospital.
    pub fn name(&self) -> String {
        format!("{}|{}", self.session_name(), self.version)
    }

    /// The name of the session it is about, whatever its version.
    pub fn session_name(&self) -> String {
        format!("{}|{}|{}", self.schedule_id, self.date, self.session.code())
    }
}

/// How a person can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Contact {
    /// His number at the official account, if he follows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openid: Option<Private>,
    /// Mobile number, if HIS has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Private>,
}

/// A registration of the stopped session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Affected {
    /// The registration.
    pub registration: Registration,
    /// How its patient can be reached.
    #[serde(default)]
    pub contact: Contact,
}

/// A page of the registrations of a stopped session.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AffectedPage {
    /// At most as many as were asked for.
    pub items: Vec<Affected>,
    /// Where the list goes on; none at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a patient chose (userChoice of DocRegUpdate: 1 change, 2 refund).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Move to what is offered (改约).
    Reschedule,
    /// Give the registration back (退号).
    Refund,
}

/// What happens to the fee of a registration that was given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "fee")]
pub enum FeeBack {
    /// There was none.
    Free,
    /// HIS has reversed a settlement of ours: we give the money back.
    Reversed {
        /// Our settlement number.
        settlement_no: BusinessNo,
        /// The amount reversed.
        amount_fen: Money,
    },
    /// Whoever took it gives it back without us.
    Elsewhere,
    /// The window gives it back.
    Window,
}

/// What HIS did with a registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "done")]
pub enum Rebooked {
    /// It has another time.
    Moved {
        /// The registration as it is now.
        registration: Box<Registration>,
    },
    /// It is given back.
    Cancelled {
        /// And the fee.
        fee: FeeBack,
    },
}
