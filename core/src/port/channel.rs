//! The payment channel port.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::worded::answers;
use super::{CallCx, Outcome};
use crate::calendar::{BizDate, Timestamp};
use crate::error::Result;
use crate::ident::BusinessNo;
use crate::money::Money;
use crate::payment::{ChannelOrder, ChannelTraits, Handover, Notice, RawNotice, RefundOrder, RefundState, TradeState};
use crate::reconcile::Row;

/// A call to a payment channel. `open`, `close`, `refund` change something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum ChannelCall {
    /// Open an order (下单).
    Open {
        /// The order.
        order: ChannelOrder,
    },
    /// Close an unpaid order (关单).
    Close {
        /// Our number.
        out_trade_no: BusinessNo,
    },
    /// Ask about an order (查单).
    Query {
        /// Our number.
        out_trade_no: BusinessNo,
    },
    /// Give money back (退款).
    Refund {
        /// The refund.
        refund: RefundOrder,
    },
    /// Ask about a refund.
    QueryRefund {
        /// Our number.
        out_refund_no: BusinessNo,
        /// What was asked back, for comparison.
        amount_fen: Money,
    },
    /// The channel's bill of a day (对账单). A read. A day without trades is an empty bill; one that is not made yet is no answer:
    /// `Unknown`, asked again later.
    Bill {
        /// The day, in UTC+8.
        date: BizDate,
    },
}

impl ChannelCall {
    /// Interface name.
    pub const fn name(&self) -> &'static str {
        match self {
            ChannelCall::Open { .. } => "channel.open",
            ChannelCall::Close { .. } => "channel.close",
            ChannelCall::Query { .. } => "channel.query",
            ChannelCall::Refund { .. } => "channel.refund",
            ChannelCall::QueryRefund { .. } => "channel.query_refund",
            ChannelCall::Bill { .. } => "channel.bill",
        }
    }

    /// The business number.
    pub fn business_no(&self) -> Option<&str> {
        match self {
            ChannelCall::Open { order } => Some(order.out_trade_no.as_str()),
            ChannelCall::Close { out_trade_no } | ChannelCall::Query { out_trade_no } => Some(out_trade_no.as_str()),
            ChannelCall::Refund { refund } => Some(refund.out_refund_no.as_str()),
            ChannelCall::QueryRefund { out_refund_no, .. } => Some(out_refund_no.as_str()),
            ChannelCall::Bill { .. } => None,
        }
    }
}

answers! {
    /// A channel's answer to a [`ChannelCall`].
    pub enum ChannelAnswer {
        /// Opened.
        Open(Handover),
        /// The channel has closed the order. A paid order answers `Refused`; the machine then asks.
        Close,
        /// About the order.
        Query(TradeState),
        /// The refund was accepted, or its state is known.
        Refund(RefundState),
        /// About the refund.
        QueryRefund(RefundState),
        /// The bill's rows, whose file was whole and added up to its own summary.
        Bill(Vec<Row>),
    }
}

/// A payment channel.
#[async_trait]
pub trait PaymentChannel: Send + Sync {
    /// What it can do: data for the machines and the runner.
    fn traits(&self) -> ChannelTraits;

    /// Who the hospital is to it (商户号), as its bills and its console name it; none where the adapter does not know.
    fn merchant_no(&self) -> Option<&str> {
        None
    }

    /// Does this adapter write the transfer log itself, where the bytes are?
    fn logs_wire(&self) -> bool {
        false
    }

    /// Performs one call. The answer's variant is the call's; anything else is a defect of the adapter.
    async fn call(&self, cx: &CallCx, call: &ChannelCall) -> Outcome<ChannelAnswer>;

    /// Verifies a callback's signature, freshness and envelope on the raw bytes, then parses it. An error is answered
    /// with 4xx and changes nothing (I16); a verified message about a foreign merchant or app is `Mismatch`, not an error.
    fn accept(&self, notice: &RawNotice<'_>, now: Timestamp) -> Result<Notice>;
}
