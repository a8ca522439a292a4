//! Every id is its own type; owner and domain are in the name. One macro for numbers, one for texts.

use std::fmt;

use ecow::{EcoString, eco_format};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

macro_rules! number_id {
    ($($(#[$doc:meta])* $name:ident $letter:literal),+ $(,)?) => {$(
        $(#[$doc])*
        /// A 63-bit number made by the application ([`crate::port::IdSource`]); a decimal string in JSON, because of 2^53.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// From a positive 63-bit number.
            pub fn new(value: i64) -> Result<Self> {
                if value > 0 { Ok($name(value)) } else { Err(Error::field(stringify!($name), "is not a positive number")) }
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }

            /// The business number (业务流水号) derived from this id: exactly 20 of `0-9A-Z`, safe for every counterpart.
            pub fn business_no(self) -> BusinessNo {
                BusinessNo(eco_format!(concat!($letter, "{:019}"), self.0))
            }

            /// The id behind a business number of this kind; `None` for any other text.
            pub fn from_business_no(no: &str) -> Option<Self> {
                let digits = no.strip_prefix($letter).filter(|d| d.len() == 19 && d.bytes().all(|b| b.is_ascii_digit()))?;
                digits.parse().ok().and_then(|v| Self::new(v).ok())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
                s.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse::<i64>().ok().and_then(|v| Self::new(v).ok()).ok_or_else(|| serde::de::Error::custom(concat!(stringify!($name), " is not a decimal id")))
            }
        }
    )+};
}

number_id! {
    /// One act of paying (支付单).
    PaymentId "P",
    /// One bill being settled = one HIS receipt = one invoice (结算单).
    SettlementId "S",
    /// One giving-back (退费单).
    RefundId "R",
    /// One blue invoice and its red (票据).
    InvoiceId "B",
    /// One commit of the store.
    BatchId "T",
    /// A sealed price snapshot shown to a patient (报价).
    QuoteId "Q",
    /// One check-in or taking of a number (签到, 取号).
    CheckInId "C",
    /// One stop notice of HIS: a schedule, a date, a session, a version (停诊通知).
    StopId "H",
    /// What a stop does to one registration (停诊影响的挂号).
    SuspensionId "U",
    /// One message to one person through one channel (通知).
    NoticeId "N",
    /// One filing of a first visit (首诊建档).
    FilingId "F",
}

/// 1 to `max` characters, no control characters, no blanks at the ends.
fn is_id(text: &str, max: usize) -> bool {
    // Nearly all are short and of visible ASCII characters; the rest is looked at character by character.
    let plain = (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    plain || (!text.is_empty() && text.chars().count() <= max && text.trim() == text && !text.chars().any(char::is_control))
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident max $max:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(EcoString);

        impl $name {
            /// So many characters it has at most.
            pub const MAX: usize = $max;

            /// May the text be one?
            pub fn fits(text: &str) -> bool {
                is_id(text, $max)
            }

            #[doc = concat!("1 to ", stringify!($max), " characters, no control characters, no blanks at the ends.")]
            pub fn new(text: &str) -> Result<Self> {
                if Self::fits(text) { Ok($name(EcoString::from(text))) } else { Err(Error::field(stringify!($name), concat!("must have 1 to ", stringify!($max), " printable characters"))) }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
                crate::read::text(d, Self::new)
            }
        }
    )+};
}

text_id! {
    /// The hospital (院区), first in every key of the store.
    HospitalId max 16,
    /// The patient's number in HIS (病历档案号). Personal: never in logs or URLs.
    PatientId max 64,
    /// One registration = one visit (就诊号, 挂号单次).
    VisitId max 64,
    /// One session of a doctor or clinic that can be booked (排班号).
    ScheduleId max 64,
    /// One charge line in HIS (收费明细号).
    LineKey max 64,
    /// Content hash of a bill (缴费单号): changes when its lines change. A staleness token, no security token.
    BillId max 64,
    /// A department, pharmacy or ward (科室).
    DeptCode max 32,
    /// A number that one of the counterparts sees and by which it recognises repeats (业务流水号).
    BusinessNo max 64,
    /// Client-made key of a command (幂等键).
    RequestKey max 64,
    /// Which payment channel, e.g. `wechat` (支付渠道).
    ChannelCode max 16,
    /// Content hash of a [`crate::policy::Terms`] document, pinned in each machine at birth.
    TermsHash max 64,
    /// A member of staff who decides something (工号).
    StaffId max 64,
    /// A worker of the runner; exclusive per process.
    WorkerName max 64,
}
