//! `refund.request`: everything is read live and judged by the one rule; then money is set aside and the approvals begin.

use serde::{Deserialize, Serialize};

use super::decide::is_remark;
use super::judge::{Denied, Granted, Judged};
use super::picked::Picked;
use crate::access::{Caller, Private};
use crate::error::{Code, Error, Result};
use crate::ident::{DeptCode, RefundId, RequestKey, SettlementId};
use crate::money::Money;
use crate::patient::phone_kind;
use crate::port::Source;
use crate::refund::{Cause, ReasonShown, Why};
use crate::service::apply::{Applied, Event};
use crate::service::engine::{Engine, Hospital};
use crate::service::request::request_source;
use crate::workflow::fold::{Changes, Root};
use crate::workflow::refund::{Asked, Unconfirm};
use crate::workflow::{Key, New, Refusal, Settlement, refund};

/// Request of `refund.request`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundRequestRequest {
    /// Client-made key; the same key with the same request gives the same answer.
    pub key: RequestKey,
    /// Of which settlement.
    pub settlement_id: SettlementId,
    /// What is to be given back; everything when left out. An insured settlement goes back whole, whatever is picked.
    #[serde(default)]
    pub lines: Vec<Picked>,
    /// Why, as the form offers it.
    pub why: Why,
    /// Why, in words (at most 200 characters).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Private>,
    /// A phone number at which the patient can be reached about it; the one of his file when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Private>,
}

/// Response of `refund.request`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum RefundRequestResponse {
    /// Taken on; read on with `refund.get`.
    Accepted {
        /// The refund.
        refund_id: RefundId,
        /// Its state then.
        st: String,
        /// What is to go back, all parts together.
        refund_fen: Money,
    },
    /// Forbidden by a rule.
    Refused {
        /// The first reason.
        #[serde(flatten)]
        refusal: Refusal,
        /// Every reason.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reasons: Vec<ReasonShown>,
    },
}

impl Engine {
    /// Takes a request for a refund on, or says why not. Waits for HIS and the invoice platform to learn how things stand.
    pub async fn refund_request(&self, caller: &Caller, request: &RefundRequestRequest) -> Result<RefundRequestResponse> {
        if request.note.as_ref().is_some_and(|note| !is_remark(note.reveal())) {
            return Err(Error::field("note", "must have at most 200 characters"));
        }
        let hospital = self.hospital(&caller.hospital)?;
        let settlement = self.settlement_row(caller, request.settlement_id).await?;
        let dept = Engine::may_ask(caller, &settlement)?;
        let source = request_source(caller, &request.key, "refund.request", request)?;
        self.once(caller, &source, self.ask(hospital, caller, request, settlement, dept, source.clone())).await
    }

    async fn ask(
        &self,
        hospital: &Hospital,
        caller: &Caller,
        request: &RefundRequestRequest,
        settlement: Settlement,
        dept: DeptCode,
        source: Source,
    ) -> Result<RefundRequestResponse> {
        if request.contact.as_ref().is_some_and(|contact| phone_kind(contact.reveal()).is_none()) {
            let refusal = Refusal::new("contact", "联系电话不正确。", "请输入正确的电话号码；留空则使用建档时登记的电话。");
            return Ok(RefundRequestResponse::Refused { refusal, reasons: Vec::new() });
        }
        let Granted { facts, amounts, again } = match self.judge(hospital, &settlement, &request.lines).await? {
            Judged::Granted(granted) => granted,
            Judged::Denied(Denied { refusal, reasons, .. }) => return Ok(RefundRequestResponse::Refused { refusal, reasons }),
        };
        let (Some(receipt), Some(paid)) = (&settlement.receipt, &settlement.paid) else { return Err(Error::internal("what is posted has receipt and payment")) };
        let unconfirm = facts.unconfirm().into_iter().map(|dept| Unconfirm { dept, done: false }).collect();
        let asked = Asked {
            by: caller.actor.clone(),
            at: facts.now,
            why: request.why,
            note: request.note.clone(),
            contact: request.contact.clone(),
            patient: settlement.patient().clone(),
            dept,
            payer: facts.payer,
            receipt_no: receipt.receipt_no.clone(),
            total_fen: settlement.bill.total_fen,
            paid_at: paid.at,
            lines: facts.lines,
            unconfirm,
            recharge: again,
            successor: None,
        };
        let refund_id = RefundId::new(self.fresh())?;
        let birth = New::Refund(refund::New {
            id: refund_id,
            terms: self.terms_hash(&caller.hospital)?.clone(),
            cause: Cause::Patient,
            payment: settlement.payment,
            channel: settlement.channel.clone(),
            payment_fen: settlement.channel_fen(),
            settlement: Some(settlement.id),
            invoice: settlement.invoice,
            amounts,
            insured: settlement.insured.clone(),
            asked: Some(Box::new(asked)),
        });
        let refund_fen = amounts.total()?;
        let accepted = |changes: &Changes| Ok(RefundRequestResponse::Accepted { refund_id, st: changes.st(Key::Refund(refund_id)), refund_fen });
        match self.command(hospital, Event::new(&caller.actor, Root::Births(vec![birth]), source), &accepted).await? {
            Ok(answer) => Ok(answer),
            Err(Applied::Refused(refusal)) => Ok(RefundRequestResponse::Refused { refusal, reasons: Vec::new() }),
            Err(_) => Err(Error::new(Code::Conflict)),
        }
    }
}
