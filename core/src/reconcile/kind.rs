//! Kinds, reasons, labels and what can be done: the vocabulary of domain/hospital.md §6.2 and §6.4.

use serde::{Deserialize, Serialize};

use crate::money::Net;

/// What a movement is. Of the sides that hold such money, `only_…` names the one that has it where HIS and its counterpart
/// outside do not both have it; whether the ledger has it too is told beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "DifferenceKind"))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// All sides agree.
    Matched,
    /// The channel has it, HIS does not.
    OnlyChannel,
    /// The insurer has it, HIS does not.
    OnlyInsurer,
    /// HIS has it, the channel or insurer does not.
    OnlyHis,
    /// Only our ledger has it.
    OnlyLedger,
    /// The amounts differ; a ledger that lacks it counts as nothing.
    Amount,
    /// Done at one side, pending or failed at another.
    Status,
    /// Everything agrees but the fee.
    Fee,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] = [Kind::Matched, Kind::OnlyChannel, Kind::OnlyInsurer, Kind::OnlyHis, Kind::OnlyLedger, Kind::Amount, Kind::Status, Kind::Fee];

    /// What finance reads.
    pub const fn text(self) -> &'static str {
        match self {
            Kind::Matched => "相符",
            Kind::OnlyChannel => "仅渠道有",
            Kind::OnlyInsurer => "仅医保有",
            Kind::OnlyHis => "仅HIS有",
            Kind::OnlyLedger => "仅本平台有",
            Kind::Amount => "金额不符",
            Kind::Status => "状态不符",
            Kind::Fee => "手续费不符",
        }
    }
}

/// Why (原因类别).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ReasonClass {
    /// Paid outside, HIS has nothing.
    R1,
    /// HIS booked a payment that nobody outside has.
    R2,
    /// The amounts differ.
    R3,
    /// Refunded outside only.
    R4,
    /// Refunded in HIS only.
    R5,
    /// Across the day boundary: paired with the day before or after.
    R6,
    /// Paid and given back outside because HIS had refused it: nets to nothing.
    R7,
    /// Paid twice, or a line that stands twice in the bill.
    R8,
}

impl ReasonClass {
    /// What finance reads.
    pub const fn text(self) -> &'static str {
        match self {
            ReasonClass::R1 => "渠道已收，HIS无记录",
            ReasonClass::R2 => "HIS已收，渠道无记录",
            ReasonClass::R3 => "金额不一致",
            ReasonClass::R4 => "仅渠道退款",
            ReasonClass::R5 => "仅HIS退费",
            ReasonClass::R6 => "跨日，与前后一日配对",
            ReasonClass::R7 => "HIS未入账，已自动退款",
            ReasonClass::R8 => "重复支付",
        }
    }
}

/// The sign of the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// 平.
    Even,
    /// 长款: the hospital holds money it must return or book.
    Long,
    /// 短款: the hospital has less than it has booked.
    Short,
}

impl Label {
    /// What finance reads.
    pub const fn text(self) -> &'static str {
        match self {
            Label::Even => "平",
            Label::Long => "长款",
            Label::Short => "短款",
        }
    }

    /// The one formula's sign.
    pub const fn of(diff: Net) -> Label {
        if diff.is_positive() {
            Label::Long
        } else if diff.is_negative() {
            Label::Short
        } else {
            Label::Even
        }
    }
}

/// What a person may do about it (处理方式). Each is taken through its machine, never by writing into a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ResolutionAction"))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// 登账: book it in HIS.
    Post,
    /// 冲正: reverse it in HIS.
    Reverse,
    /// 退款: give it back through the channel.
    Refund,
    /// Reverse it at the insurer (2208; 2601 when the answer was lost).
    ReverseInsurer,
    /// Ask the counterpart again.
    Query,
    /// Wait for the next day's bill.
    Wait,
    /// Correct what was charged by the channel with the channel.
    Claim,
    /// Nothing is to be done: only the explanation is kept (标记). Always allowed, and so in no table.
    Note,
}

impl Action {
    /// What finance reads.
    pub const fn text(self) -> &'static str {
        match self {
            Action::Post => "登账",
            Action::Reverse => "冲正",
            Action::Refund => "退款",
            Action::ReverseInsurer => "医保冲正",
            Action::Query => "再次查询",
            Action::Wait => "待次日账单",
            Action::Claim => "向渠道更正手续费",
            Action::Note => "标记说明",
        }
    }

    /// Is it over with that? Whoever asks or waits has not dealt with it yet.
    pub const fn settles(self) -> bool {
        !matches!(self, Action::Query | Action::Wait)
    }
}

/// What may be done, the usual first; nothing for what is settled.
pub const fn actions(kind: Kind, reason: Option<ReasonClass>) -> &'static [Action] {
    match (kind, reason) {
        (_, Some(ReasonClass::R6)) => &[Action::Wait],
        (Kind::Matched, _) => &[],
        (Kind::Fee, _) => &[Action::Claim],
        (Kind::OnlyInsurer, _) => &[Action::Query, Action::ReverseInsurer, Action::Post],
        (_, Some(ReasonClass::R8)) => &[Action::Refund],
        (Kind::OnlyChannel | Kind::Status, Some(ReasonClass::R1)) => &[Action::Query, Action::Post, Action::Refund],
        (Kind::OnlyChannel | Kind::Status, Some(ReasonClass::R4)) => &[Action::Query, Action::Reverse],
        (Kind::OnlyHis | Kind::OnlyLedger | Kind::Status, Some(ReasonClass::R2)) => &[Action::Query, Action::Reverse],
        (Kind::OnlyHis | Kind::OnlyLedger | Kind::Status, Some(ReasonClass::R5)) => &[Action::Query, Action::Refund],
        (Kind::OnlyChannel | Kind::OnlyHis | Kind::OnlyLedger | Kind::Amount | Kind::Status, _) => &[Action::Query],
    }
}
