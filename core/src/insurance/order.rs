//! The states of a mobile insured order (ordStas), what each of them proves, and what the centre tells about an order
//! (domain/medins.md §2.2, §2.3, §2.5).

use serde::{Deserialize, Serialize};

use super::MobileSplit;
use crate::access::Private;
use crate::calendar::Timestamp;

/// What an order state means to us. Only [`OrderClass::Settled`] with equal amounts is proof of payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderClass {
    /// Not over: keep asking. Unknown codes belong here, never to paid.
    Processing,
    /// One leg is done, the other is not proven.
    Candidate,
    /// Settled; the amounts must still be compared.
    Settled,
    /// Everything went back.
    Refunded,
    /// The insurance part went back.
    InsuranceRefunded,
    /// All the cash went back.
    CashRefunded,
    /// Part of the cash went back.
    CashPartRefunded,
    /// The insurance part and some of the cash went back.
    MixedRefunded,
    /// Revoked before settlement.
    Cancelled,
    /// The insurance part was revoked.
    InsuranceCancelled,
    /// Failed; a person looks at it.
    Failed,
    /// The insurer failed and the cash could not be given back: alarm.
    MoneyStuck,
}

/// A state that both of the readable sources agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderState {
    /// ordStas.
    pub code: &'static str,
    /// As the centre names it.
    pub name: &'static str,
    /// What it proves.
    pub class: OrderClass,
}

const fn state(code: &'static str, name: &'static str, class: OrderClass) -> OrderState {
    OrderState { code, name, class }
}

/// ordStas 0–16. 17–25 exist and are not explained (17 is 退款中 in one user interface).
pub const ORDER_STATES: [OrderState; 17] = [
    state("0", "已保存", OrderClass::Processing),
    state("1", "预结算完成", OrderClass::Processing),
    state("2", "结算中", OrderClass::Processing),
    state("3", "自费完成", OrderClass::Candidate),
    state("4", "医保支付完成", OrderClass::Candidate),
    state("5", "院内结算完成", OrderClass::Candidate),
    state("6", "结算完成", OrderClass::Settled),
    state("7", "已退款", OrderClass::Refunded),
    state("8", "已医保全部退款", OrderClass::InsuranceRefunded),
    state("9", "仅自费全部退款", OrderClass::CashRefunded),
    state("10", "仅自费部分退款", OrderClass::CashPartRefunded),
    state("11", "医保全部退款、自费部分退款", OrderClass::MixedRefunded),
    state("12", "已撤销", OrderClass::Cancelled),
    state("13", "医保已撤销", OrderClass::InsuranceCancelled),
    state("14", "异常", OrderClass::Failed),
    state("15", "结算失败", OrderClass::Failed),
    state("16", "医保结算失败且自费冲正失败", OrderClass::MoneyStuck),
];

/// The class of an ordStas as it came; whatever is unknown is still processing.
pub fn order_class(code: &str) -> OrderClass {
    ORDER_STATES.iter().find(|s| s.code == code).map_or(OrderClass::Processing, |s| s.class)
}

/// What the centre tells about an order (6202, 6301, 6302). While it works, perhaps only the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderReport {
    /// The centre's number (payOrdId), as it came.
    pub pay_order_id: String,
    /// ordStas, as it came.
    pub code: String,
    /// Who pays what, when told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<MobileSplit>,
    /// When the insurer settled it, by its own clock (traceTime): the month of a refund counts from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// The insurer's number of the settlement (hiDocSn, setl_id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurer_no: Option<String>,
    /// Permission to reverse when HIS cannot post (revsToken).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_token: Option<Private>,
}

impl OrderReport {
    /// What its state proves.
    pub fn class(&self) -> OrderClass {
        order_class(&self.code)
    }
}

impl OrderClass {
    /// May the order still become settled? Then cash is never given back on this state alone.
    pub const fn is_open(self) -> bool {
        matches!(self, OrderClass::Processing | OrderClass::Candidate)
    }

    /// Must a person look at it?
    pub const fn needs_person(self) -> bool {
        matches!(self, OrderClass::Failed | OrderClass::MoneyStuck)
    }
}
