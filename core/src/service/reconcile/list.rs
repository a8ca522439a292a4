//! `reconcile.get` and `reconcile.list`: a day with its lines, and how the days of some weeks end.

use serde::{Deserialize, Serialize};

use super::record::{Day, DayConclusion, ItemState};
use crate::access::{Caller, Object, Right, check};
use crate::calendar::{BizDate, Timestamp};
use crate::error::{Code, Error, Result};
use crate::ident::{ChannelCode, HospitalId};
use crate::service::engine::Engine;

/// So many days are listed at once.
const DAYS: i32 = 62;

/// Request of `reconcile.get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReconcileGetRequest {
    /// The day.
    pub date: BizDate,
    /// The channel.
    pub channel: ChannelCode,
}

/// Request of `reconcile.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReconcileListRequest {
    /// The first day.
    pub from: BizDate,
    /// The last day; at most 62 days.
    pub to: BizDate,
}

/// How a day of a channel ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconciliationHead"))]
pub struct DayHead {
    /// The day.
    pub date: BizDate,
    /// The channel.
    pub channel: ChannelCode,
    /// When it was compared last; none when it is not reconciled yet, or was not over then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Timestamp>,
    /// How it ends, as things stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conclusion: Option<DayConclusion>,
    /// Differences nobody has dealt with.
    pub open: u64,
    /// Lines whose other half is expected the next day.
    pub waiting: u64,
    /// Differences somebody has dealt with.
    pub resolved: u64,
}

/// Response of `reconcile.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReconcileListResponse {
    /// Every day and channel, newest day first.
    pub days: Vec<DayHead>,
}

impl Engine {
    /// A day with its lines.
    pub async fn reconcile_get(&self, caller: &Caller, request: &ReconcileGetRequest) -> Result<Day> {
        check(caller, Right::Reconcile, Object::Hospital)?;
        let found = self.reconciled(&caller.hospital, request.date, &request.channel).await?;
        found.map(|(day, _)| day).ok_or_else(|| Error::new(Code::NotFound))
    }

    /// How days end.
    pub async fn reconcile_list(&self, caller: &Caller, request: &ReconcileListRequest) -> Result<ReconcileListResponse> {
        check(caller, Right::Reconcile, Object::Hospital)?;
        if !(0..DAYS).contains(&request.to.days_since(request.from)) {
            return Err(Error::field("to", "must be within 62 days from `from`"));
        }
        let days = self.reconciled_days(&caller.hospital, request.from, request.to).await?;
        Ok(ReconcileListResponse { days })
    }

    /// The same for the job that catches up.
    pub async fn reconciled_days(&self, hospital: &HospitalId, from: BizDate, to: BizDate) -> Result<Vec<DayHead>> {
        let hospital = self.hospital(hospital)?;
        let (mut days, mut date) = (Vec::new(), from);
        while date <= to {
            for channel in hospital.channels.keys() {
                let day = self.reconciled(&hospital.id, date, channel).await?.map(|(day, _)| day);
                days.push(head(date, channel, day.as_ref()));
            }
            date = date.next();
        }
        days.sort_by_key(|head| std::cmp::Reverse(head.date));
        Ok(days)
    }
}

fn head(date: BizDate, channel: &ChannelCode, day: Option<&Day>) -> DayHead {
    let count = |state| day.map_or(0, |day| day.count(state));
    DayHead {
        date,
        channel: channel.clone(),
        // A day that was not over has to be compared once more.
        made_at: day.filter(|day| !day.so_far).map(|day| day.made_at),
        conclusion: day.map(Day::conclusion),
        open: count(ItemState::Open),
        waiting: count(ItemState::Waiting),
        resolved: count(ItemState::Resolved),
    }
}
