//! A day of a channel as it is stored: what the run found, and what people did about it. A run anew keeps what they did.

use serde::{Deserialize, Serialize};

use crate::calendar::{BizDate, Timestamp};
use crate::error::{Code, Error, Result};
use crate::gm;
use crate::ident::{ChannelCode, HospitalId, RefundId, SettlementId};
use crate::port::{Record, RecordKind, RecordWrite};
use crate::reconcile::{Action, Carried, Direction, Kind, Label, Part, ReasonClass, Summary};
use crate::service::engine::Engine;
use crate::workflow::Key;

/// How a line of a day stands (状态).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "DifferenceState"))]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Even, and worth a line: across midnight, or paid and given back (R6, R7).
    Even,
    /// Nobody has dealt with it.
    Open,
    /// Its other half is expected the next day.
    Waiting,
    /// Its other half did not come the next day: it is that day's difference now.
    Carried,
    /// The next day, or a run anew, has found it even.
    Settled,
    /// Somebody has dealt with it.
    Resolved,
}

impl ItemState {
    /// What finance reads.
    pub const fn text(self) -> &'static str {
        match self {
            ItemState::Even => "平",
            ItemState::Open => "待处理",
            ItemState::Waiting => "待次日账单",
            ItemState::Carried => "转入次日",
            ItemState::Settled => "已对平",
            ItemState::Resolved => "已处理",
        }
    }
}

/// The conclusion of a day once people have worked on it (结论).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DayConclusion {
    /// 账平.
    Balanced,
    /// 处置后账平: what differed is dealt with, or went even later.
    BalancedAfter,
    /// 跨日待平.
    Waiting,
    /// 账不平.
    Unbalanced,
}

impl DayConclusion {
    /// What finance reads.
    pub const fn text(self) -> &'static str {
        match self {
            DayConclusion::Balanced => "账平",
            DayConclusion::BalancedAfter => "处置后账平",
            DayConclusion::Waiting => "跨日待平",
            DayConclusion::Unbalanced => "账不平",
        }
    }
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ResolutionEffect"))]
#[serde(rename_all = "snake_case", tag = "did")]
pub enum Effect {
    /// The counterpart was asked, or the decision taken to the machine: its state then.
    Machine {
        /// Which.
        machine: Key,
        /// Its state.
        st: String,
    },
    /// The counterpart did not answer; the note is kept, and it may be asked again.
    NoAnswer,
    /// This system cannot do it: it was done by hand, as the note says.
    ByHand,
    /// Nothing was to be done but to keep the note.
    Noted,
}

/// What somebody did about a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ResolutionStep"))]
pub struct Step {
    /// What.
    pub action: Action,
    /// Why, or the evidence.
    pub note: String,
    /// Who (a code).
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    #[serde(flatten)]
    pub effect: Effect,
}

/// A line of a day: a difference, or a match worth a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconciliationItem"))]
pub struct Item {
    /// Its name within day and channel; the same in every run.
    pub key: String,
    /// How it stands.
    pub state: ItemState,
    /// What it is.
    pub kind: Kind,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonClass>,
    /// The sign of `diff_fen`.
    pub label: Label,
    /// In or back.
    pub direction: Direction,
    /// Which part of the money.
    pub part: Part,
    /// Our order number.
    pub order_no: String,
    /// Our refund number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub refund_no: String,
    /// The channel's or insurer's number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub outside_no: String,
    /// HIS's number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub his_no: String,
    /// When, by the outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_at: Option<Timestamp>,
    /// When, by HIS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub his_at: Option<Timestamp>,
    /// What the outside moved, refunds negative; none when it has no row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_fen: Option<i64>,
    /// What HIS booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub his_fen: Option<i64>,
    /// What our ledger holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger_fen: Option<i64>,
    /// Outside − HIS.
    pub diff_fen: i64,
    /// The patient's name, masked, when the money is of a settlement of ours.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub patient: String,
    /// The settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_id: Option<SettlementId>,
    /// The refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<RefundId>,
    /// Found when first.
    pub since: Timestamp,
    /// What may be done, the usual first; `note` always may.
    pub actions: Vec<Action>,
    /// Another line with the same amount at nearly the same time: perhaps the other half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// What people did, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

impl Item {
    /// The name of a movement.
    pub(super) fn key_of(order_no: &str, refund_no: &str, direction: Direction, part: Part) -> String {
        let text = format!("{order_no}\n{refund_no}\n{direction:?}\n{part:?}");
        gm::hex(&gm::sm3(text.as_bytes())).chars().take(16).collect()
    }
}

/// A day of a channel, reconciled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconciliationDay"))]
pub struct Day {
    /// The day, in UTC+8.
    pub date: BizDate,
    /// The channel.
    pub channel: ChannelCode,
    /// Who the hospital was to it then (商户号), where the channel tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_no: Option<String>,
    /// When it was compared last.
    pub made_at: Timestamp,
    /// How often it was compared.
    pub runs: u32,
    /// The day was not over then: its files may have grown since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub so_far: bool,
    /// What was compared, in numbers.
    pub summary: Summary,
    /// The differences, and what else is worth a line.
    pub items: Vec<Item>,
    /// What waits for the next day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pool: Vec<Carried>,
}

impl Day {
    /// Under what it is stored; ascending by day.
    pub(super) fn key_of(date: BizDate, channel: &ChannelCode) -> String {
        format!("{date}.{channel}")
    }

    /// Lines in a state.
    pub fn count(&self, state: ItemState) -> u64 {
        self.items.iter().filter(|item| item.state == state).count() as u64
    }

    /// How it ends, as things stand.
    pub fn conclusion(&self) -> DayConclusion {
        let has = |state| self.items.iter().any(|item| item.state == state);
        if has(ItemState::Open) {
            DayConclusion::Unbalanced
        } else if has(ItemState::Waiting) {
            DayConclusion::Waiting
        } else if has(ItemState::Resolved) || has(ItemState::Settled) || has(ItemState::Carried) {
            DayConclusion::BalancedAfter
        } else {
            DayConclusion::Balanced
        }
    }

    /// Takes over from an earlier run of the same day what people did, since when a line is known, and what a later day has said
    /// of it. What somebody worked on and is not different any more stays as settled.
    pub(super) fn after(mut self, earlier: Day) -> Day {
        self.runs = earlier.runs.saturating_add(1);
        for old in earlier.items {
            let Some(new) = self.items.iter_mut().find(|new| new.key == old.key) else {
                if !old.steps.is_empty() {
                    self.items.push(Item { state: if old.state == ItemState::Resolved { old.state } else { ItemState::Settled }, ..old });
                }
                continue;
            };
            new.since = old.since;
            new.steps = old.steps;
            new.state = match (new.state, old.state) {
                (ItemState::Even, _) => ItemState::Even,
                (_, ItemState::Resolved) => ItemState::Resolved,
                (ItemState::Waiting, ItemState::Settled | ItemState::Carried) => old.state,
                (now, _) => now,
            };
        }
        self
    }

    /// What the day after has found of the lines that waited; `true` when one of them has changed.
    pub(super) fn seen_by(&mut self, next: &Day) -> bool {
        let mut changed = false;
        for item in self.items.iter_mut().filter(|item| item.state == ItemState::Waiting) {
            item.state = match next.items.iter().find(|found| found.key == item.key).map(|found| found.state) {
                None | Some(ItemState::Even | ItemState::Settled) => ItemState::Settled,
                Some(ItemState::Open | ItemState::Waiting | ItemState::Carried | ItemState::Resolved) => ItemState::Carried,
            };
            changed = true;
        }
        changed
    }

    pub(super) fn write(&self, expected: Option<u32>) -> Result<RecordWrite> {
        let body = serde_json::to_vec(self).map_err(|_| Error::internal("days serialise"))?;
        let key = Day::key_of(self.date, &self.channel);
        let record = Record { kind: RecordKind::Reconciliation, key, ver: expected.unwrap_or(0).saturating_add(1), expires: None, body };
        Ok(RecordWrite { record, expected })
    }
}

impl Engine {
    /// A day as it is stored, with the version it was read at.
    pub(super) async fn reconciled(&self, hospital: &HospitalId, date: BizDate, channel: &ChannelCode) -> Result<Option<(Day, u32)>> {
        let record = self.inner.store.record(hospital, RecordKind::Reconciliation, &Day::key_of(date, channel)).await?;
        let read = |record: Record| crate::json::read_bytes(&record.body).map(|day| (day, record.ver)).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "reconciliation"));
        record.map(read).transpose()
    }
}
