//! The insured path of a payment: what is kept of the insurer's order, and the two legs of the money.

use serde::{Deserialize, Serialize};

use super::Payment;
use crate::access::Private;
use crate::calendar::Timestamp;
use crate::error::{Error, Result};
use crate::ident::{BusinessNo, PaymentId};
use crate::insurance::{Authorisation, MixedOrder, MobileSplit, OrderRef, Placing, SettledOrder, Upload};
use crate::money::Money;
use crate::payment::{Amounts, MixedLeg};
use crate::port::{Call, CashOwner, ChannelCall, InsurerCall};

/// What is known of one leg of the money: the patient's cash at the channel, or the insurer's part at the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// It may still come.
    Open,
    /// It is there, proven.
    Proven,
    /// It is proven that it will not come.
    Nothing,
}

/// The insurer's side of a payment. It holds secrets: sealed bodies only, never an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insured {
    /// What is uploaded; dropped once the order is priced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Box<Upload>>,
    /// What the patient gave to open it; dropped once the order is at the channel or off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<Authorisation>,
    /// Under how many numbers it was uploaded before, because answers were lost.
    #[serde(default)]
    pub renumbered: u32,
    /// The order, once uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderRef>,
    /// The answer to placing it is lost, and nobody has said since that the centre heard of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub place_lost: bool,
    /// What the insurer quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<MobileSplit>,
    /// How often the centre was asked to revoke it.
    #[serde(default)]
    pub revokes: u32,
    /// Who gives the cash part back, if it comes to that.
    pub cash_owner: CashOwner,
    /// The patient's cash.
    pub cash: Leg,
    /// The insurer's part.
    pub insurer: Leg,
    /// When the insurer settled it, by its own clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// The insurer's number of the settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurer_no: Option<String>,
    /// Permission to reverse (revsToken).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_token: Option<Private>,
}

/// Under so many numbers an order is uploaded at most.
const NUMBERS: [char; 3] = ['I', 'J', 'K'];

/// Our number of an order at the centre (medOrgOrd): twenty characters, another letter for each new number of a payment.
pub(crate) fn order_no(payment: PaymentId, renumbered: u32) -> Result<Option<BusinessNo>> {
    let letter = usize::try_from(renumbered).ok().and_then(|n| NUMBERS.get(n));
    letter.map(|letter| BusinessNo::new(&format!("{letter}{:019}", payment.get()))).transpose()
}

/// The first number.
pub(crate) fn insured_order_no(payment: PaymentId) -> Result<BusinessNo> {
    order_no(payment, 0)?.ok_or_else(|| Error::internal("there is a first number"))
}

/// The payment behind an order number.
pub(crate) fn payment_of(order_no: &str) -> Option<PaymentId> {
    let digits = order_no.strip_prefix(NUMBERS)?;
    PaymentId::from_business_no(&format!("P{digits}"))
}

impl Insured {
    /// From an upload that is still to be made.
    pub(super) fn new(upload: Upload, cash_owner: CashOwner) -> Insured {
        Insured {
            authorisation: Some(upload.authorisation.clone()),
            upload: Some(Box::new(upload)),
            renumbered: 0,
            order: None,
            place_lost: false,
            split: None,
            revokes: 0,
            cash_owner,
            cash: Leg::Open,
            insurer: Leg::Open,
            settled_at: None,
            insurer_no: None,
            reversal_token: None,
        }
    }

    /// What the patient pays at the channel; nothing before the insurer has quoted.
    pub fn cash_fen(&self) -> Money {
        self.split.map(|split| split.cash_fen).unwrap_or_default()
    }

    /// Who pays how much.
    pub fn amounts(&self) -> Amounts {
        self.split.map_or(Amounts::NOTHING, |split| Amounts {
            cash_fen: split.cash_fen,
            account_fen: split.account_fen,
            fund_fen: split.fund_fen,
            other_fen: split.other_fen.unwrap_or_default(),
        })
    }

    pub(super) fn placing(&self) -> Result<Call> {
        let (Some(upload), Some(order)) = (&self.upload, &self.order) else { return Err(Error::internal("an uploaded order is placed")) };
        let placing = Placing { order: order.clone(), batch_no: upload.batch_no.clone(), authorisation: upload.authorisation.clone(), use_account: upload.use_account };
        Ok(Call::Insurer { call: InsurerCall::Place { placing: Box::new(placing) } })
    }

    pub(super) fn query(&self) -> Option<Call> {
        let order = self.order.clone()?;
        Some(Call::Insurer { call: InsurerCall::Query { order: Box::new(order) } })
    }

    pub(super) fn revoke(&self) -> Option<Call> {
        let order = self.order.clone()?;
        Some(Call::Insurer { call: InsurerCall::Revoke { order: Box::new(order) } })
    }

    /// The mixed order at the channel.
    pub(super) fn mixed(&self) -> Result<MixedLeg> {
        let (Some(split), Some(order)) = (&self.split, &self.order) else { return Err(Error::internal("a priced order is opened")) };
        Ok(MixedLeg { amounts: MixedOrder::of(split)?, order: order.clone(), authorisation: self.authorisation.clone() })
    }

    /// What whoever may have to give it back must know.
    pub(super) fn settled(&self, known_at: Timestamp) -> Option<Box<SettledOrder>> {
        let order = self.order.clone()?;
        // A centre that does not tell when counts from when we learned of it.
        let settled_at = self.settled_at.unwrap_or(known_at);
        Some(Box::new(SettledOrder { order, amounts: self.amounts(), settled_at, cash_owner: self.cash_owner, reversal_token: self.reversal_token.clone() }))
    }
}

impl Payment {
    pub(super) fn with_insured(&self, change: impl FnOnce(&mut Insured)) -> Payment {
        let mut next = self.clone();
        if let Some(insured) = next.insured.as_deref_mut() {
            change(insured);
        }
        next
    }

    /// The upload under the present number.
    pub(super) fn upload_call(&self) -> Result<Call> {
        let upload = self.insured.as_ref().and_then(|i| i.upload.clone()).ok_or_else(|| Error::internal("an upload is still there"))?;
        Ok(Call::Insurer { call: InsurerCall::Upload { upload } })
    }

    /// What is asked while the patient pays: the channel as long as there is cash to come, then the centre.
    pub(super) fn leg_query(&self) -> Option<Call> {
        let insured = self.insured.as_deref()?;
        if insured.cash == Leg::Open { Some(self.to_channel(ChannelCall::Query { out_trade_no: self.out_trade_no() })) } else { insured.query() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_order_number_leads_back_to_its_payment_and_no_other_number_does() {
        let id = PaymentId::new(123_456_789).unwrap();
        let numbers: Vec<BusinessNo> = (0..3).map(|n| order_no(id, n).unwrap().unwrap()).collect();
        assert!(numbers.iter().all(|no| no.as_str().len() == 20 && payment_of(no.as_str()) == Some(id)));
        assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(order_no(id, 3).unwrap(), None);
        for other in ["", "P0000000000123456789", "I123", "X0000000000123456789", "I000000000012345678x"] {
            assert_eq!(payment_of(other), None, "{other}");
        }
    }
}
