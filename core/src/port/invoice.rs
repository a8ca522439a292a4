//! The invoice platform port.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::worded::answers;
use super::{CallCx, Outcome};
use crate::ident::BusinessNo;
use crate::invoice::{InvoiceOrder, InvoiceState, Issued, RedOrder, Reddened};

/// A call to the invoice platform. `issue` and `red` change something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum InvoiceCall {
    /// Issue a blue invoice (开票).
    Issue {
        /// The order.
        order: Box<InvoiceOrder>,
    },
    /// Reverse one (冲红).
    Red {
        /// The order.
        order: RedOrder,
    },
    /// Ask by business number.
    Query {
        /// The business number of the blue one.
        bus_no: BusinessNo,
    },
}

impl InvoiceCall {
    /// Interface name.
    pub const fn name(&self) -> &'static str {
        match self {
            InvoiceCall::Issue { .. } => "invoice.issue",
            InvoiceCall::Red { .. } => "invoice.red",
            InvoiceCall::Query { .. } => "invoice.query",
        }
    }

    /// The business number.
    pub fn business_no(&self) -> Option<&str> {
        match self {
            InvoiceCall::Issue { order } => Some(order.bus_no.as_str()),
            InvoiceCall::Red { order } => Some(order.bus_no.as_str()),
            InvoiceCall::Query { bus_no } => Some(bus_no.as_str()),
        }
    }
}

answers! {
    /// The platform's answer to an [`InvoiceCall`].
    pub enum InvoiceAnswer {
        /// Issued.
        Issue(Issued),
        /// Reversed.
        Red(Reddened),
        /// About a business number.
        Query(InvoiceState),
    }
}

/// The fiscal e-invoice platform.
#[async_trait]
pub trait InvoicePlatform: Send + Sync {
    /// Does this adapter write the transfer log itself, where the bytes are?
    fn logs_wire(&self) -> bool {
        false
    }

    /// Performs one call. The answer's variant is the call's; anything else is a defect of the adapter.
    async fn call(&self, cx: &CallCx, call: &InvoiceCall) -> Outcome<InvoiceAnswer>;
}
