//! The channel attempt model (支付): orders, proofs, what a channel can do. The machine is [`crate::workflow::payment`].

mod parts;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::access::Private;
use crate::calendar::Timestamp;
use crate::ident::BusinessNo;
use crate::insurance::{Authorisation, MixedOrder, OrderRef};
use crate::money::Money;

pub use parts::{Amounts, Part, Parts};

/// How the payer meets the channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "way", deny_unknown_fields)]
pub enum Method {
    /// A QR code on the kiosk that the patient scans (Native, 扫码).
    Native,
    /// The pay sheet inside the channel's own app (JSAPI, 公众号).
    Jsapi {
        /// The payer's id at the channel (openid); belongs to exactly one app id.
        payer: Private,
    },
}

/// One order at a channel; its number is used once, for life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChannelOrder {
    /// Our number (商户订单号).
    pub out_trade_no: BusinessNo,
    /// What is to be paid.
    pub amount_fen: Money,
    /// Neutral text for the payer.
    pub description: String,
    /// How the payer meets the channel.
    pub method: Method,
    /// The channel must not accept money after this.
    pub expires_at: Timestamp,
    /// The insurer's part of a mixed order (混合支付); `amount_fen` is then the patient's cash, perhaps nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixed: Option<Box<MixedLeg>>,
}

/// The insurer's part of a mixed order. It holds secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MixedLeg {
    /// Who pays what.
    pub amounts: MixedOrder,
    /// The order at the centre.
    pub order: OrderRef,
    /// What the patient gave to open it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<Authorisation>,
}

/// What the client needs to let the patient pay; front-end "ok" is never proof of payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "form")]
pub enum Handover {
    /// Text to draw as a QR code.
    Qr {
        /// The text, e.g. `weixin://wxpay/...`.
        code_url: Private,
    },
    /// Fields for the pay sheet, as the channel names them (`appId`, `timeStamp`, `package`, `paySign` …).
    Jsapi {
        /// Name → value.
        fields: BTreeMap<String, Private>,
    },
}

/// Positive evidence that the channel holds the payer's money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Proof {
    /// The channel's number (支付渠道流水号).
    pub trade_no: String,
    /// What was paid, in fen, as the channel says.
    pub amount_fen: Money,
    /// When, as the channel says.
    pub paid_at: Timestamp,
}

/// What a channel says about an order. The adapter has already compared merchant, app and currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum TradeState {
    /// Paid, and (perhaps partly refunded) it was money once.
    Paid(Proof),
    /// Known, not paid yet.
    NotPaid,
    /// The payer is confirming.
    Paying,
    /// Closed, revoked or failed without money: final at the channel.
    Closed,
    /// The channel does not know the number; soon after a time-out that proves nothing.
    NotFound,
    /// Merchant, app, currency or number differ from ours: evidence that contradicts itself.
    Mismatch {
        /// Which field.
        field: String,
    },
}

/// A refund at a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundOrder {
    /// Our number (商户退款单号); a new number would be a second refund.
    pub out_refund_no: BusinessNo,
    /// The order it belongs to.
    pub out_trade_no: BusinessNo,
    /// What goes back.
    pub amount_fen: Money,
    /// The order's total.
    pub total_fen: Money,
    /// Neutral reason shown to the payer.
    pub reason: String,
}

/// What a channel says about a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RefundState {
    /// The money went back.
    Done {
        /// The channel's refund number.
        refund_no: String,
        /// How much went back.
        amount_fen: Money,
        /// When.
        at: Timestamp,
    },
    /// Accepted, on its way.
    Processing,
    /// Stuck: the payer's card is dead; a person must act.
    Abnormal,
    /// The channel closed the refund without moving money.
    Closed,
    /// The channel does not know the number.
    NotFound,
    /// Amount or number differ from ours.
    Mismatch {
        /// Which field.
        field: String,
    },
}

/// What a channel can do: data for the machines and the runner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChannelTraits {
    /// Mixed orders with an insurer's part.
    #[serde(default)]
    pub mixed: bool,
    /// Refunds of a part of an order.
    pub partial_refund: bool,
    /// Pause between two refunds of one order, in milliseconds (WeChat: one minute).
    pub refund_spacing_ms: u32,
    /// No refund after this many days (WeChat: 365).
    pub refund_age_days: u32,
}

/// A callback as it came in: bytes first, parsing after verification.
#[derive(Clone, Copy, Debug)]
pub struct RawNotice<'a> {
    /// Header names in lower case, with values.
    pub headers: &'a [(String, String)],
    /// The raw body.
    pub body: &'a [u8],
}

/// A callback whose signature, freshness and envelope hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The channel's id of this message; repeats carry the same.
    pub id: String,
    /// What it says.
    pub what: NoticeWhat,
}

/// What a verified callback says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "about")]
pub enum NoticeWhat {
    /// An order.
    Trade {
        /// Our number as they sent it (it may be anybody's).
        out_trade_no: String,
        /// Its state.
        state: TradeState,
    },
    /// A refund.
    Refund {
        /// Our number as they sent it.
        out_refund_no: String,
        /// Its state.
        state: RefundState,
    },
    /// Something we do not act on.
    Other {
        /// The event's name.
        event: String,
    },
}
