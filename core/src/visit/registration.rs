//! A registration as HIS keeps it.

use serde::{Deserialize, Serialize};

use crate::calendar::{BizDate, Timestamp};
use crate::ident::{BusinessNo, DeptCode, PatientId, ScheduleId, VisitId};
use crate::money::Money;

/// Which part of the day (午别; `timeFlag` 1 上午, 2 下午, 3 晚, 4 全天 of domain/hospital.md §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Session {
    /// Morning.
    Am,
    /// Afternoon.
    Pm,
    /// Evening.
    Evening,
    /// The whole day.
    AllDay,
}

impl Session {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Session::Am => "am",
            Session::Pm => "pm",
            Session::Evening => "evening",
            Session::AllDay => "all_day",
        }
    }

    /// As patients read it.
    pub const fn text(self) -> &'static str {
        match self {
            Session::Am => "上午",
            Session::Pm => "下午",
            Session::Evening => "晚上",
            Session::AllDay => "全天",
        }
    }
}

/// Where a registration stands in HIS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Booked.
    Booked,
    /// Its number was taken (已取号).
    Numbered,
    /// Checked in, waiting or being seen (已签到).
    CheckedIn,
    /// Called and not there (已过号).
    Missed,
    /// The clinic is stopped (已停诊).
    Stopped,
    /// Given back (已退号).
    Cancelled,
}

/// A place in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueueTicket {
    /// The number as it is called.
    pub number: String,
    /// People before him, if HIS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<u32>,
    /// Where to wait, if HIS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
}

/// One registration (挂号记录); it becomes the visit of the same number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Registration {
    /// Its number.
    pub visit_id: VisitId,
    /// Whose.
    pub patient_id: PatientId,
    /// Which session of which doctor.
    pub schedule_id: ScheduleId,
    /// The day.
    pub date: BizDate,
    /// The part of the day.
    pub session: Session,
    /// The patient's time, or the start of the session.
    pub starts_at: Timestamp,
    /// The end of the session.
    pub ends_at: Timestamp,
    /// Department.
    pub dept_code: DeptCode,
    /// Department as HIS calls it.
    pub dept_name: String,
    /// Doctor; none for a clinic without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_name: Option<String>,
    /// Building, floor, room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Where it stands.
    pub standing: Standing,
    /// Is the fee settled? A registration that is free is.
    pub paid: bool,
    /// The fee.
    pub fee_fen: Money,
    /// Our settlement number, when the fee was paid through us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_no: Option<BusinessNo>,
    /// Its place in the queue, once it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueTicket>,
}
