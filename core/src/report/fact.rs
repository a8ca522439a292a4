//! What reports are made of: movements of money, visits, charges, requests for a refund; as rows, and as columns borrowed from elsewhere.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::access::Private;
use crate::calendar::{BizDate, Timestamp};
use crate::error::{Error, Result};
use crate::money::{Money, UnitPrice};

/// How a field of a row stands in a column.
pub trait Field {
    /// Its value in a column.
    type Value<'a>: Copy + Default
    where
        Self: 'a;
    /// The value.
    fn value(&self) -> Self::Value<'_>;
}

impl Field for Timestamp {
    type Value<'a> = i64;
    fn value(&self) -> i64 {
        self.millis()
    }
}

impl Field for Money {
    type Value<'a> = i64;
    fn value(&self) -> i64 {
        self.fen()
    }
}

impl Field for Option<String> {
    type Value<'a> = Option<&'a str>;
    fn value(&self) -> Option<&str> {
        self.as_deref()
    }
}

impl Field for Option<Private> {
    type Value<'a> = Option<&'a str>;
    fn value(&self) -> Option<&str> {
        self.as_ref().map(Private::reveal)
    }
}

impl Field for Option<UnitPrice> {
    type Value<'a> = Option<i64>;
    fn value(&self) -> Option<i64> {
        self.map(UnitPrice::scaled)
    }
}

macro_rules! fields {
    ($($type:ty),+) => {$(
        impl Field for $type {
            type Value<'a> = $type;
            fn value(&self) -> $type {
                *self
            }
        }
    )+};
}

fields! { Event, Business, InsuranceClass, VisitState, VisitKind, Course, Sex, Outcome, Option<BizDate>, Option<u32>, bool }

/// A word as a place of a key.
pub(super) trait Word: Copy + Default + 'static {
    /// Every word, in order.
    const ALL: &'static [Self];

    /// The word of a place.
    fn of_slot(slot: u16) -> Self {
        Self::ALL.get(usize::from(slot)).copied().unwrap_or_default()
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident ($schema:literal) { $($(#[$word_doc:meta])* $word:ident = $label:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = $schema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$word_doc])* $word),+ }

        impl Word for $name {
            const ALL: &'static [$name] = &[$($name::$word),+];
        }

        impl $name {
            /// As a report says it.
            pub const fn label(self) -> &'static str {
                match self { $($name::$word => $label),+ }
            }
        }
    )+};
}

words! {
    /// What a movement is.
    Event ("ReportEvent") {
        /// Paid.
        #[default]
        Pay = "收款",
        /// Given back.
        Refund = "退款",
        /// An invoice was issued (开票).
        Issue = "开票",
        /// An invoice was reddened (冲红).
        Red = "冲红",
        /// A payment or refund whose result is not known yet: it has moved nothing, and its number is printed.
        Pending = "结果未知",
    }
    /// What was paid for (业务类型).
    Business ("ReportBusiness") {
        /// Not known.
        #[default]
        Unknown = "未知",
        /// 挂号.
        Registration = "挂号",
        /// 门诊缴费.
        Outpatient = "门诊",
    }
    /// By which insurance something was settled (医保/自费): of the settlement, not of the patient's file.
    InsuranceClass ("ReportInsuranceClass") {
        /// Not known.
        #[default]
        Unknown = "未知",
        /// 职工.
        Employee = "职工",
        /// 居民.
        Resident = "居民",
        /// 公费.
        Public = "公费",
        /// Another insurance.
        Other = "其他",
        /// 自费.
        SelfPay = "自费",
    }
    /// How far a registration came.
    VisitState ("ReportVisitState") {
        /// 挂号: nothing else yet.
        #[default]
        Registered = "挂号",
        /// 接诊: a doctor has seen the patient.
        Seen = "就诊",
        /// 爽约: neither cancelled nor seen by the end of the slot's day.
        NoShow = "爽约",
        /// 退号.
        Cancelled = "退号",
    }
    /// What sort of visit it is.
    VisitKind ("ReportVisitKind") {
        /// 门诊.
        #[default]
        Outpatient = "门诊",
        /// 急诊: counted apart.
        Emergency = "急诊",
        /// 体检: no outpatient visit.
        CheckUp = "体检",
    }
    /// First visit or a further one, by the site's own rule.
    Course ("ReportCourse") {
        /// Not known.
        #[default]
        Unknown = "未知",
        /// 初诊.
        First = "初诊",
        /// 复诊.
        Return = "复诊",
    }
    /// The patient's sex.
    Sex ("ReportSex") {
        /// Not known or not said.
        #[default]
        Unknown = "未知",
        /// 男.
        Male = "男",
        /// 女.
        Female = "女",
    }
    /// How a request for a refund ended.
    Outcome ("ReportRefundOutcome") {
        /// Not decided yet.
        #[default]
        Open = "办理中",
        /// Given back.
        Done = "已退",
        /// Refused by an approver or by another rule.
        Refused = "拒绝",
        /// Refused because insured money never goes back across months (跨月).
        CrossMonth = "跨月拒绝",
    }
}

macro_rules! fact {
    ($(#[$doc:meta])* $row:ident, $columns:ident, $name:literal { $($(#[$meta:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $row {
            /// When, in UTC+8 the day that it counts on.
            pub at: Timestamp,
            $($(#[$meta])* pub $field: $type,)+
        }

        #[doc = concat!("Many of [`", stringify!($row), "`], one column a field: `at` in milliseconds, a column that nobody gives is empty.")]
        #[derive(Clone, Debug, Default)]
        pub struct $columns<'a> {
            /// When, in milliseconds since 1970 (UTC).
            pub at: Cow<'a, [i64]>,
            $(#[doc = concat!("As [`", stringify!($row), "::", stringify!($field), "`].")] pub $field: Cow<'a, [<$type as Field>::Value<'a>]>,)+
        }

        impl<'a> $columns<'a> {
            /// The columns of rows.
            pub fn of(rows: &'a [$row]) -> $columns<'a> {
                $columns {
                    at: rows.iter().map(|row| row.at.millis()).collect(),
                    $($field: rows.iter().map(|row| Field::value(&row.$field)).collect(),)+
                }
            }

            /// All columns that are given must be equally long.
            pub(super) fn check(&self) -> Result<()> {
                $(if !self.$field.is_empty() && self.$field.len() != self.at.len() {
                    return Err(Error::field(concat!($name, ".", stringify!($field)), "is not as long as at"));
                })+
                Ok(())
            }
        }
    };
}

fact! {
    /// A movement (收退款明细): one payment or refund of a settlement, one invoice, or an order whose result is not known.
    MovementFact, MovementColumns, "movements" {
        /// What it is; `pay` when absent.
        #[serde(default)]
        event: Event,
        /// Payment channel (支付渠道), as it is to be shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        /// What was paid for.
        #[serde(default)]
        business: Business,
        /// By which insurance it was settled.
        #[serde(default)]
        insurance: InsuranceClass,
        /// Executing department (执行科室).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exec_dept: Option<String>,
        /// Ordering department (开单科室).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order_dept: Option<String>,
        /// Operator or terminal (收款员/终端).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terminal: Option<String>,
        /// 统筹, never below zero: the event is the sign.
        #[serde(default)]
        fund_fen: Money,
        /// 个账.
        #[serde(default)]
        account_fen: Money,
        /// Other funds (大病, 公务员, 救助).
        #[serde(default)]
        other_fen: Money,
        /// 个人现金, through the channel.
        #[serde(default)]
        cash_fen: Money,
        /// Borne by the hospital (医院承担).
        #[serde(default)]
        hospital_fen: Money,
        /// Discount (优惠).
        #[serde(default)]
        discount_fen: Money,
        /// 分币误差: charged − received, of either sign.
        #[serde(default)]
        rounding_fen: Money,
        /// The channel's fee in yuan, from its file; negative when it comes back. Never estimated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fee: Option<UnitPrice>,
    }
}

fact! {
    /// A registration and what became of it (挂号与就诊): one row each, on the day of the visit.
    VisitFact, VisitColumns, "visits" {
        /// How far it came.
        #[serde(default)]
        state: VisitState,
        /// What sort of visit.
        #[serde(default)]
        kind: VisitKind,
        /// Department.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dept: Option<String>,
        /// Doctor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doctor: Option<String>,
        /// The patient's number; kept as a keyed hash only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        patient: Option<Private>,
        /// Booked ahead (预约)?
        #[serde(default)]
        appointment: bool,
        /// At a kiosk or on a phone (自助/移动)?
        #[serde(default)]
        self_service: bool,
        /// First visit or a further one.
        #[serde(default)]
        course: Course,
        /// By which insurance it was settled.
        #[serde(default)]
        insurance: InsuranceClass,
        /// Birth date.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        birth_date: Option<BizDate>,
        /// Sex.
        #[serde(default)]
        sex: Sex,
        /// The primary outpatient diagnosis (主要诊断), ICD-10.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        diagnosis: Option<String>,
    }
}

fact! {
    /// A charge (收费明细): what was charged or given back for one fee class of a settlement, on the settlement's or refund's own day.
    ChargeFact, ChargeColumns, "charges" {
        /// `pay` or `refund`.
        #[serde(default)]
        event: Event,
        /// Executing department.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exec_dept: Option<String>,
        /// Ordering department.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order_dept: Option<String>,
        /// Ordering doctor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doctor: Option<String>,
        /// Fee class: `01` to `14` of med_chrgitm_type, or a site's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fee_class: Option<String>,
        /// By which insurance it was settled.
        #[serde(default)]
        insurance: InsuranceClass,
        /// The amount, never below zero: the event is the sign.
        #[serde(default)]
        amount_fen: Money,
    }
}

fact! {
    /// A request for a refund (退费申请), on the day it was asked for.
    RefundFact, RefundColumns, "refunds" {
        /// Department.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dept: Option<String>,
        /// Reason, as it is to be shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// How it ended.
        #[serde(default)]
        outcome: Outcome,
        /// The amount asked for.
        #[serde(default)]
        amount_fen: Money,
        /// Minutes until the doctor's decision, once there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doctor_minutes: Option<u32>,
        /// Minutes from there until the executing departments' 反确认.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unconfirm_minutes: Option<u32>,
        /// Minutes from there until the finance decision.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finance_minutes: Option<u32>,
    }
}

/// The facts of a fold; what is not given is empty.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// Movements of money.
    pub movements: MovementColumns<'a>,
    /// Visits.
    pub visits: VisitColumns<'a>,
    /// Charges.
    pub charges: ChargeColumns<'a>,
    /// Requests for a refund.
    pub refunds: RefundColumns<'a>,
}
