//! What an insured payment costs: uploaded, placed, shown to the patient, accepted by him (DESIGN.md §4.3, domain/medins.md §2.8).

#![deny(clippy::wildcard_enum_match_arm)]

use super::insured::{Leg, order_no};
use super::{Event as E, Payment, PaymentSt as St, Via};
use crate::error::{Error, Result};
use crate::insurance::{MobileSplit, OrderClass, OrderRef, OrderReport};
use crate::payment::ChannelOrder;
use crate::port::{ChannelCall, Uploaded};
use crate::workflow::decide::{known, moved, not_held, over, refuse, undecided};
use crate::workflow::{Act, Ask, Cx, Move, Step, Wake};

/// ordStas of an order that is uploaded and no more.
const SAVED: &str = "0";

impl Payment {
    /// Every bill is locked: the insurer is asked what it pays.
    pub(super) fn start_pricing(self) -> Result<Step<Payment>> {
        let act = Act::first(self.upload_call()?);
        let wake = Some(Wake::ExpireAt(self.expires_at));
        moved(Move { acts: vec![act], wake, ..Move::to(Payment { st: St::Pricing, ..self }) })
    }

    pub(super) fn pricing(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match event {
            E::Uploaded { uploaded } => self.uploaded(uploaded.as_deref()),
            E::UploadRefused { .. } | E::UploadUnknown { .. } if self.is_uploaded() => over(),
            E::UploadRefused { no } => moved(self.close_without_money(&no.code)),
            E::UploadUnknown { sent, .. } => self.upload_lost(*sent),
            E::Ordered { via, report } => self.insurer_says(*via, report, cx),
            // What cannot be priced is revoked; nothing was opened at the channel.
            E::PlaceRefused { no } => moved(self.start_closing(&no.code)),
            E::PlaceUnknown { .. } => self.with_insured(|insured| insured.place_lost = true).ask_price(),
            E::Cancel => moved(self.give_price_up("cancelled")),
            E::Expire => moved(self.give_price_up("expired")),
            E::BillGone { why, .. } => moved(self.give_price_up(why)),
            E::Trade { via, state } => self.trade(*via, state, cx),
            E::Accept => refuse("not_priced", "医保正在计算费用", "请稍候再确认"),
            E::BillReady { .. } => known(),
            E::Opened { .. } | E::OpenRefused { .. } | E::OpenUnknown { .. } | E::CloseDone | E::CloseOpen { .. } => over(),
            E::RevokeDone | E::RevokeOpen { .. } | E::Overdue | E::Recheck | E::Release { .. } | E::Returned { .. } | E::MoveShare { .. } => over(),
            E::Reserve { .. } => super::step::nothing_to_refund(),
            E::Resolve { .. } => not_held(),
        }
    }

    pub(super) fn priced(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match event {
            E::Accept => self.accept(cx),
            E::Cancel => moved(self.start_closing("cancelled")),
            E::Expire => moved(self.start_closing("expired")),
            E::BillGone { why, .. } => moved(self.start_closing(why)),
            E::Ordered { via, report } => self.insurer_says(*via, report, cx),
            E::Trade { via, state } => self.trade(*via, state, cx),
            E::Uploaded { .. } | E::BillReady { .. } => known(),
            E::UploadRefused { .. } | E::UploadUnknown { .. } | E::PlaceRefused { .. } | E::PlaceUnknown { .. } => over(),
            E::Opened { .. } | E::OpenRefused { .. } | E::OpenUnknown { .. } | E::CloseDone | E::CloseOpen { .. } => over(),
            E::RevokeDone | E::RevokeOpen { .. } | E::Overdue | E::Recheck | E::Release { .. } | E::Returned { .. } | E::MoveShare { .. } => over(),
            E::Reserve { .. } => super::step::nothing_to_refund(),
            E::Resolve { .. } => not_held(),
        }
    }

    /// The patient has seen the split and the notice and agrees: the mixed order, also when he has nothing to pay himself.
    fn accept(&self, cx: &Cx<'_>) -> Result<Step<Payment>> {
        let insured = self.insured.as_deref().ok_or_else(|| Error::internal("only insured payments are priced"))?;
        let expires_at = cx.now.plus_millis(i64::from(cx.terms.order_life_s) * 1000);
        let order = ChannelOrder {
            out_trade_no: self.out_trade_no(),
            amount_fen: insured.cash_fen(),
            description: self.description.clone(),
            method: self.method.clone(),
            expires_at,
            mixed: Some(Box::new(insured.mixed()?)),
        };
        let act = Act::first(self.to_channel(ChannelCall::Open { order }));
        moved(Move { acts: vec![act], wake: Some(Wake::ExpireAt(expires_at)), ..Move::to(Payment { st: St::Ordering, expires_at, ..self.clone() }) })
    }

    fn uploaded(&self, uploaded: Option<&Uploaded>) -> Result<Step<Payment>> {
        if self.is_uploaded() {
            return known();
        }
        let next = self.with_order(uploaded)?;
        let place = next.insured.as_deref().ok_or_else(|| Error::internal("only insured payments are uploaded"))?.placing()?;
        moved(Move { acts: vec![Act::first(place)], wake: Some(Wake::ExpireAt(self.expires_at)), ..Move::to(next) })
    }

    fn is_uploaded(&self) -> bool {
        self.insured.as_ref().is_some_and(|i| i.order.is_some())
    }

    /// The order as the centre has named it.
    pub(super) fn with_order(&self, uploaded: Option<&Uploaded>) -> Result<Payment> {
        let upload = self.insured.as_ref().and_then(|i| i.upload.as_deref()).ok_or_else(|| Error::internal("an upload is still there"))?;
        let uploaded = uploaded.ok_or_else(|| Error::internal("an answer is still there"))?;
        let order = OrderRef {
            order_no: upload.order_no.clone(),
            pay_order_id: uploaded.pay_order_id.clone(),
            pay_token: uploaded.pay_token.clone(),
            insurer_visit_id: uploaded.insurer_visit_id.clone(),
            person: upload.person.clone(),
        };
        Ok(self.with_insured(|insured| insured.order = Some(order)))
    }

    /// The answer to an upload is lost. Without it the order can neither be asked about nor revoked, and a repetition is
    /// not proven to be the same: once again under its number, then under a new one (domain/medins.md §2.8). The old one is
    /// never settled; `renumbered` tells a person which numbers the centre may still list.
    fn upload_lost(&self, sent: u32) -> Result<Step<Payment>> {
        if sent <= 1 {
            return moved(Move { acts: vec![Act { call: self.upload_call()?, prior: sent }], wake: Some(Wake::ExpireAt(self.expires_at)), ..Move::to(self.clone()) });
        }
        let renumbered = self.insured.as_ref().map_or(0, |i| i.renumbered).saturating_add(1);
        let Some(number) = order_no(self.id, renumbered)? else {
            return moved(self.close_without_money("upload_lost"));
        };
        let next = self.with_insured(|insured| {
            insured.renumbered = renumbered;
            if let Some(upload) = insured.upload.as_deref_mut() {
                upload.order_no = number;
            }
        });
        moved(Move { acts: vec![Act::first(next.upload_call()?)], wake: Some(Wake::ExpireAt(self.expires_at)), ..Move::to(next) })
    }

    fn ask_price(&self) -> Result<Step<Payment>> {
        let poll = self.insured.as_ref().and_then(|i| i.query()).map_or(Ask::Nothing, Ask::Of);
        moved(Move { poll, wake: Some(Wake::ExpireAt(self.expires_at)), ..Move::to(self.clone()) })
    }

    /// Before the upload is answered there is nothing that could be revoked: the answer finds the payment closed.
    fn give_price_up(&self, why: &str) -> Move<Payment> {
        if self.is_uploaded() { self.start_closing(why) } else { self.close_without_money(why) }
    }

    /// What the centre says of an order that the patient has not accepted yet.
    pub(super) fn price_says(&self, via: Via, report: &OrderReport, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match report.class() {
            OrderClass::Processing | OrderClass::Candidate => match report.split {
                Some(split) if self.st == St::Pricing => self.quoted(split),
                Some(split) if self.insured.as_ref().is_some_and(|i| i.split != Some(split)) => moved(self.start_closing("price_changed")),
                Some(_) => known(),
                None if self.st == St::Pricing && via == Via::Query && self.was_never_placed(report) => self.place_again(),
                None if self.st == St::Pricing && via == Via::Query => self.keep_asking(),
                None => undecided(),
            },
            // Nobody has accepted it: whoever settled it contradicts himself.
            OrderClass::Settled => self.contradiction(via, "settled_before_accepted", cx),
            OrderClass::Refunded | OrderClass::InsuranceRefunded | OrderClass::CashRefunded | OrderClass::CashPartRefunded | OrderClass::MixedRefunded => {
                self.contradiction(via, "refunded_before_accepted", cx)
            }
            OrderClass::Cancelled | OrderClass::InsuranceCancelled | OrderClass::Failed => moved(self.close_without_money("insurer_closed")),
            OrderClass::MoneyStuck => self.contradiction(via, "money_stuck", cx),
        }
    }

    /// The answer to placing is lost, and the centre has no more than the upload (已保存).
    fn was_never_placed(&self, report: &OrderReport) -> bool {
        report.code == SAVED && self.insured.as_ref().is_some_and(|i| i.place_lost && i.upload.is_some())
    }

    /// Placing prices and moves no money, so it is done once more under the centre's own number, instead of letting the patient wait
    /// until what he gave ends.
    fn place_again(&self) -> Result<Step<Payment>> {
        let next = self.with_insured(|insured| insured.place_lost = false);
        let place = next.insured.as_deref().ok_or_else(|| Error::internal("only insured payments are placed"))?.placing()?;
        moved(Move { acts: vec![Act { call: place, prior: 1 }], wake: Some(Wake::ExpireAt(self.expires_at)), ..Move::to(next) })
    }

    /// An answer without amounts: the centre is still computing.
    fn keep_asking(&self) -> Result<Step<Payment>> {
        let asked = self.insured.as_ref().is_some_and(|i| i.upload.is_none());
        if asked { undecided() } else { self.with_insured(|i| i.upload = None).ask_price() }
    }

    /// The split: shown only when every identity holds, no delivery or reduction is in it, and its total is the bill's.
    fn quoted(&self, split: MobileSplit) -> Result<Step<Payment>> {
        let sound = split.check()?.is_empty() && split.cash_due()? == split.cash_fen && !split.cash_fen.is_negative();
        if !sound || split.total_fen != self.amount_fen {
            return moved(self.start_closing("split_differs"));
        }
        let next = self.with_insured(|insured| {
            insured.split = Some(split);
            insured.upload = None;
            // Nothing to pay at the channel: that leg is settled before it begins.
            insured.cash = if split.cash_fen.is_zero() { Leg::Proven } else { Leg::Open };
        });
        moved(Move { wake: Some(Wake::ExpireAt(self.expires_at)), ..Move::to(Payment { st: St::Priced, ..next }) })
    }
}
