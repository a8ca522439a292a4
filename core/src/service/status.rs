//! `settlement.get`: how far a payment is; may wait for the next change.

use serde::{Deserialize, Serialize};

use futures_util::future::{Either, select};

use super::engine::{Engine, Hospital};
use super::view::{Invoices, PaymentView};
use crate::access::{Caller, Right};
use crate::error::{Code, Error, Result};
use crate::ident::PaymentId;
use crate::workflow::{Key, Payment, Row, Settlement};

/// The longest wait, in milliseconds.
const MAX_WAIT_MS: u32 = 30_000;

/// Request of `settlement.get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SettlementGetRequest {
    /// Which payment.
    pub payment_id: PaymentId,
    /// Wait up to this long for something to change, in milliseconds (at most 30,000).
    #[serde(default)]
    pub wait_ms: u32,
    /// The `version` of the view that is known already: any other is answered at once, and the wait goes on for a payment
    /// that is over, too (its invoice, a reversal at the window). Without it, what is found first is the one that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
}

/// Response of `settlement.get`.
pub type SettlementGetResponse = PaymentView;

impl Engine {
    /// How far a payment is. With `wait_ms` it answers as soon as the view is another than the known one; who names no
    /// version is not kept waiting for a payment that is over.
    pub async fn get(&self, caller: &Caller, request: &SettlementGetRequest) -> Result<SettlementGetResponse> {
        if request.wait_ms > MAX_WAIT_MS {
            return Err(Error::field("wait_ms", "must be at most 30000"));
        }
        let hospital = self.hospital(&caller.hospital)?;
        let until = self.now().plus_millis(i64::from(request.wait_ms));
        let bell = self.inner.payments.watch(request.payment_id);
        let mut heard = bell.generation();
        let mut view = self.payment_view(hospital, caller, request.payment_id).await?;
        let known = request.since.unwrap_or(view.version);
        while (!view.over || request.since.is_some()) && view.version == known && self.now() < until {
            // Another replica may have moved it: look again at least every second.
            let timer = self.inner.clock.sleep_until(until.min(self.now().plus_millis(1_000)));
            match select(Box::pin(bell.after(heard)), timer).await {
                Either::Left(_) | Either::Right(_) => {}
            }
            heard = bell.generation();
            view = self.payment_view(hospital, caller, request.payment_id).await?;
        }
        Ok(view)
    }

    async fn payment_view(&self, hospital: &Hospital, caller: &Caller, id: PaymentId) -> Result<PaymentView> {
        let payment = self.own_payment(caller, id).await?;
        let keys: Vec<Key> = payment.shares.keys().map(|id| Key::Settlement(*id)).collect();
        let rows = self.inner.store.load(&hospital.id, &keys).await?;
        let settlements: Vec<Settlement> = rows.into_iter().filter_map(|row| if let Row::Settlement(s) = row { Some(s) } else { None }).collect();
        let invoices = self.invoices(hospital, &settlements).await?;
        Ok(PaymentView::of(&payment, &settlements, &invoices, &hospital.terms.refund.window, self.now()))
    }

    /// A payment that the caller may see; a stranger's looks like a missing one.
    pub(super) async fn own_payment(&self, caller: &Caller, id: PaymentId) -> Result<Payment> {
        let rows = self.inner.store.load(&caller.hospital, &[Key::Payment(id)]).await?;
        let Some(Row::Payment(payment)) = rows.into_iter().next() else { return Err(Error::new(Code::NotFound)) };
        if !caller.has(Right::SeeBusiness) {
            caller.may_act_for(&payment.patient)?;
        }
        Ok(payment)
    }

    /// The invoices of settlements, by id.
    pub(super) async fn invoices(&self, hospital: &Hospital, settlements: &[Settlement]) -> Result<Invoices> {
        let keys: Vec<Key> = settlements.iter().filter_map(|s| s.invoice).map(Key::Invoice).collect();
        let rows = if keys.is_empty() { Vec::new() } else { self.inner.store.load(&hospital.id, &keys).await? };
        Ok(rows.into_iter().filter_map(|row| if let Row::Invoice(i) = row { Some((i.id, i)) } else { None }).collect())
    }
}
