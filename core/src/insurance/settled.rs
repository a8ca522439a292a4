//! A settled order of the insurer, as its payment hands it to whoever may have to give it back.

use serde::{Deserialize, Serialize};

use super::OrderRef;
use crate::access::Private;
use crate::calendar::Timestamp;
use crate::payment::Amounts;
use crate::port::CashOwner;

/// What must be known of an insured settlement to give it back (6203). It holds secrets: sealed bodies only, never an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SettledOrder {
    /// Which order.
    pub order: OrderRef,
    /// Who paid what of it, in fen.
    pub amounts: Amounts,
    /// When the insurer settled it, by its own clock: the month of a refund counts from it (I11).
    pub settled_at: Timestamp,
    /// Who gives the cash part back.
    pub cash_owner: CashOwner,
    /// Permission that came with the settlement (revsToken), where the region gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_token: Option<Private>,
}
