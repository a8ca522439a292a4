//! The kinds of machine and their names.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::ident::{BusinessNo, CheckInId, FilingId, InvoiceId, NoticeId, PaymentId, RefundId, SettlementId, StopId, SuspensionId};

/// The kinds of machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MachineKind {
    /// 支付单.
    Payment,
    /// 结算单.
    Settlement,
    /// 退费单.
    Refund,
    /// 票据.
    Invoice,
    /// 签到, 取号.
    CheckIn,
    /// 停诊通知.
    Stop,
    /// 停诊影响的挂号.
    Suspension,
    /// 通知.
    Notice,
    /// 首诊建档.
    Filing,
}

impl MachineKind {
    /// Every kind.
    pub const ALL: [MachineKind; 9] = [
        MachineKind::Payment,
        MachineKind::Settlement,
        MachineKind::Refund,
        MachineKind::Invoice,
        MachineKind::CheckIn,
        MachineKind::Stop,
        MachineKind::Suspension,
        MachineKind::Notice,
        MachineKind::Filing,
    ];

    /// Stable code (a column).
    pub const fn code(self) -> &'static str {
        match self {
            MachineKind::Payment => "payment",
            MachineKind::Settlement => "settlement",
            MachineKind::Refund => "refund",
            MachineKind::Invoice => "invoice",
            MachineKind::CheckIn => "check_in",
            MachineKind::Stop => "stop",
            MachineKind::Suspension => "suspension",
            MachineKind::Notice => "notice",
            MachineKind::Filing => "filing",
        }
    }
}

/// Names a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "machine", content = "id")]
pub enum Key {
    /// 支付单.
    Payment(PaymentId),
    /// 结算单.
    Settlement(SettlementId),
    /// 退费单.
    Refund(RefundId),
    /// 票据.
    Invoice(InvoiceId),
    /// 签到, 取号.
    CheckIn(CheckInId),
    /// 停诊通知.
    Stop(StopId),
    /// 停诊影响的挂号.
    Suspension(SuspensionId),
    /// 通知.
    Notice(NoticeId),
    /// 首诊建档.
    Filing(FilingId),
}

impl Key {
    /// The kind.
    pub const fn kind(self) -> MachineKind {
        match self {
            Key::Payment(_) => MachineKind::Payment,
            Key::Settlement(_) => MachineKind::Settlement,
            Key::Refund(_) => MachineKind::Refund,
            Key::Invoice(_) => MachineKind::Invoice,
            Key::CheckIn(_) => MachineKind::CheckIn,
            Key::Stop(_) => MachineKind::Stop,
            Key::Suspension(_) => MachineKind::Suspension,
            Key::Notice(_) => MachineKind::Notice,
            Key::Filing(_) => MachineKind::Filing,
        }
    }

    /// The number.
    pub const fn id(self) -> i64 {
        match self {
            Key::Payment(id) => id.get(),
            Key::Settlement(id) => id.get(),
            Key::Refund(id) => id.get(),
            Key::Invoice(id) => id.get(),
            Key::CheckIn(id) => id.get(),
            Key::Stop(id) => id.get(),
            Key::Suspension(id) => id.get(),
            Key::Notice(id) => id.get(),
            Key::Filing(id) => id.get(),
        }
    }

    /// The business number derived from its id.
    pub fn business_no(self) -> BusinessNo {
        match self {
            Key::Payment(id) => id.business_no(),
            Key::Settlement(id) => id.business_no(),
            Key::Refund(id) => id.business_no(),
            Key::Invoice(id) => id.business_no(),
            Key::CheckIn(id) => id.business_no(),
            Key::Stop(id) => id.business_no(),
            Key::Suspension(id) => id.business_no(),
            Key::Notice(id) => id.business_no(),
            Key::Filing(id) => id.business_no(),
        }
    }

    /// Back from kind and number.
    pub fn new(kind: MachineKind, id: i64) -> Result<Key> {
        Ok(match kind {
            MachineKind::Payment => Key::Payment(PaymentId::new(id)?),
            MachineKind::Settlement => Key::Settlement(SettlementId::new(id)?),
            MachineKind::Refund => Key::Refund(RefundId::new(id)?),
            MachineKind::Invoice => Key::Invoice(InvoiceId::new(id)?),
            MachineKind::CheckIn => Key::CheckIn(CheckInId::new(id)?),
            MachineKind::Stop => Key::Stop(StopId::new(id)?),
            MachineKind::Suspension => Key::Suspension(SuspensionId::new(id)?),
            MachineKind::Notice => Key::Notice(NoticeId::new(id)?),
            MachineKind::Filing => Key::Filing(FilingId::new(id)?),
        })
    }
}
