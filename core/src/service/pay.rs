//! `settlement.pay` and `payment.cancel`: commands. They never wait for a counterpart; their reply is fixed by their
//! first commit, everything later is read with `settlement.get`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::apply::{Applied, Event};
use super::engine::{Engine, Hospital};
use super::insure::authorise_again;
use super::request::request_source;
use crate::access::Caller;
use crate::error::{Error, Result};
use crate::ident::{BillId, ChannelCode, PaymentId, QuoteId, RequestKey, SettlementId};
use crate::money::Money;
use crate::payment::Method;
use crate::port::Source;
use crate::workflow::fold::{Changes, Root};
use crate::workflow::{Event as MachineEvent, Key, New, Refusal, Row, payment, settlement};

/// Request of `settlement.pay`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PayRequest {
    /// Client-made key; the same key with the same request gives the same answer.
    pub key: RequestKey,
    /// What was quoted.
    pub quote_id: QuoteId,
    /// Which bills of the quote; all when left out.
    #[serde(default)]
    pub bill_ids: Vec<BillId>,
    /// Through which channel.
    pub channel: ChannelCode,
    /// How the payer meets it.
    pub method: Method,
}

/// Response of `settlement.pay`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum PayResponse {
    /// Taken on; read on with `settlement.get`.
    Accepted {
        /// The payment.
        payment_id: PaymentId,
        /// Its settlements.
        settlement_ids: Vec<SettlementId>,
        /// Its state then.
        st: String,
    },
    /// Forbidden by a rule.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

/// Request of `payment.cancel`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PaymentCancelRequest {
    /// Client-made key.
    pub key: RequestKey,
    /// Which payment.
    pub payment_id: PaymentId,
}

/// Response of `payment.cancel`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum PaymentCancelResponse {
    /// The order is being closed; it may still turn out to be paid.
    Accepted {
        /// Its state then.
        st: String,
    },
    /// Forbidden by a rule.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

impl Engine {
    /// Takes a payment on: one payment and a settlement per bill are born, the charge lines are claimed.
    pub async fn pay(&self, caller: &Caller, request: &PayRequest) -> Result<PayResponse> {
        let hospital = self.hospital(&caller.hospital)?;
        let key = if planted!(KeyForgotten) { RequestKey::new(&self.fresh().to_string())? } else { request.key.clone() };
        let source = request_source(caller, &key, "settlement.pay", request)?;
        self.once(caller, &source, self.take_on(hospital, caller, request, source.clone())).await
    }

    async fn take_on(&self, hospital: &Hospital, caller: &Caller, request: &PayRequest, source: Source) -> Result<PayResponse> {
        if !hospital.channels.contains_key(&request.channel) {
            return Err(Error::field("channel", "is not configured"));
        }
        let quote = self.load_quote(caller, request.quote_id).await?;
        if quote.expires_at <= self.now() {
            return Ok(PayResponse::Refused { refusal: Refusal::new("quote_expired", "报价已过期", "请刷新待缴费列表后重新确认") });
        }
        let mut items = quote.items;
        if !request.bill_ids.is_empty() {
            if let Some(at) = request.bill_ids.iter().position(|id| !items.iter().any(|i| &i.bill.bill_id == id)) {
                return Err(Error::field(format!("bill_ids[{at}]"), "is not in the quote"));
            }
            items.retain(|i| request.bill_ids.contains(&i.bill.bill_id));
        }
        let payment_id = PaymentId::new(self.fresh())?;
        let terms = self.terms_hash(&caller.hospital)?.clone();
        let total = Money::sum(items.iter().map(|i| i.bill.total_fen))?;
        if quote.insurable.is_some() && !hospital.channel_traits(&request.channel).is_some_and(|traits| traits.mixed) {
            return Ok(PayResponse::Refused { refusal: Refusal::new("channel_without_insurance", "该支付方式不支持医保支付", "请更换支付方式") });
        }
        if quote.insurable.as_ref().is_some_and(|insurable| !insurable.holds(self.now())) {
            return Ok(PayResponse::Refused { refusal: authorise_again() });
        }
        let mut payer = quote.payer;
        // Who is told of the invoice; asked for only where there is a message for it.
        if hospital.notifier_traits().account_invoice && hospital.terms.visit.notice.invoices {
            payer.openid = self.bound_account(hospital, &payer.patient_id).await?;
        }
        let mut insured = None;
        let mut shares = BTreeMap::new();
        let mut births = Vec::with_capacity(items.len() + 1);
        for item in items {
            let id = SettlementId::new(self.fresh())?;
            shares.insert(id, item.bill.total_fen);
            if let (Some(insurable), Some(insurer)) = (&quote.insurable, &hospital.insurer) {
                insured = Some(insurable.order(payment_id, id, &item.bill, insurer.traits().cash_owner)?);
            }
            births.push(New::Settlement(settlement::New {
                id,
                terms: terms.clone(),
                payer: payer.clone(),
                bill: item.bill,
                visit_date: item.visit_date,
                visit_dept: item.visit_dept,
                payment: payment_id,
                channel: request.channel.clone(),
                payment_fen: total,
                follows: None,
            }));
        }
        let patient = payer.patient_id.clone();
        births.insert(
            0,
            New::Payment(payment::New { id: payment_id, terms, patient: patient.clone(), channel: request.channel.clone(), method: request.method.clone(), shares, insured }),
        );
        let accepted = |changes: &Changes| {
            let settlement_ids = changes.rows.keys().filter_map(|k| if let Key::Settlement(id) = k { Some(*id) } else { None }).collect();
            Ok(PayResponse::Accepted { payment_id, settlement_ids, st: changes.st(Key::Payment(payment_id)) })
        };
        match self.command(hospital, Event::new(&caller.actor, Root::Births(births), source), &accepted).await? {
            Ok(answer) => Ok(answer),
            Err(Applied::Refused(refusal)) => Ok(PayResponse::Refused { refusal }),
            Err(Applied::Claimed { by }) => {
                let paid = matches!(self.inner.store.load(&caller.hospital, &[Key::Settlement(by)]).await?.first(), Some(Row::Settlement(s)) if s.receipt.is_some());
                let refusal = if paid {
                    Refusal::new("paid", "该单据已缴费", "请在已缴费列表查看")
                } else {
                    Refusal::new("paying_elsewhere", "该单据正在其他地方支付", "请继续完成或取消那笔支付")
                };
                Ok(PayResponse::Refused { refusal })
            }
            Err(_) => Err(Error::internal("a birth changes something")),
        }
    }

    /// Gives a payment up: the order is closed, with proof; money that is already there is not lost.
    pub async fn cancel(&self, caller: &Caller, request: &PaymentCancelRequest) -> Result<PaymentCancelResponse> {
        let hospital = self.hospital(&caller.hospital)?;
        self.own_payment(caller, request.payment_id).await?;
        let source = request_source(caller, &request.key, "payment.cancel", request)?;
        let first = async {
            let key = Key::Payment(request.payment_id);
            let event = Event::new(&caller.actor, Root::Command(key, MachineEvent::Payment(payment::Event::Cancel)), source.clone());
            match self.command(hospital, event, &|changes| Ok(PaymentCancelResponse::Accepted { st: changes.st(key) })).await? {
                Ok(answer) => Ok(answer),
                Err(Applied::Refused(refusal)) => Ok(PaymentCancelResponse::Refused { refusal }),
                Err(_) => {
                    let payment = self.own_payment(caller, request.payment_id).await?;
                    Ok(PaymentCancelResponse::Accepted { st: payment.st.code().to_owned() })
                }
            }
        };
        self.once(caller, &source, first).await
    }
}
