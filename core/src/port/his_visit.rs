//! What HIS is asked about visits: to take a number, to check in, to move or give back a registration.

use serde::{Deserialize, Serialize};

use crate::calendar::BizDate;
use crate::ident::{BusinessNo, PatientId, ScheduleId, VisitId};
use crate::visit::{Session, StopNotice, Turn};

/// Takes a number or checks in. The same number asks for the same thing again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AttendOrder {
    /// Our number.
    pub no: BusinessNo,
    /// Which registration.
    pub visit_id: VisitId,
    /// Whose; HIS refuses another's.
    pub patient_id: PatientId,
    /// Where in the queue.
    pub turn: Turn,
}

/// Which stopped session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StoppedSession {
    /// The session.
    pub schedule_id: ScheduleId,
    /// The day.
    pub date: BizDate,
    /// The part of the day.
    pub session: Session,
}

impl From<&StopNotice> for StoppedSession {
    fn from(notice: &StopNotice) -> StoppedSession {
        StoppedSession { schedule_id: notice.schedule_id.clone(), date: notice.date, session: notice.session }
    }
}

/// What is to happen to a registration of a stopped session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "to")]
pub enum RebookTo {
    /// Move it (改约).
    Move {
        /// To this session.
        schedule_id: ScheduleId,
    },
    /// Give it back (退号). HIS reverses the fee in the same step when it was paid.
    Cancel,
}

/// Moves or gives back a registration. The same number asks for the same thing again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RebookOrder {
    /// Our number.
    pub no: BusinessNo,
    /// Which registration.
    pub visit_id: VisitId,
    /// Whose.
    pub patient_id: PatientId,
    /// What.
    pub to: RebookTo,
}
