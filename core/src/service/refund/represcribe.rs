//! Writing prescriptions anew after insured refunds (重开处方): which refunds are there, and marking the new numbers beside the old.

use serde::Serialize;

use super::decide::{RefundDecideResponse, may_approve};
use super::is_doctor_of;
use super::list::{RefundItem, refund_of};
use crate::access::{Caller, Right};
use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};
use crate::ident::{RefundId, RequestKey};
use crate::port::{Cursor, Scan};
use crate::refund::Stage;
use crate::service::engine::Engine;
use crate::workflow::refund::Event;
use crate::workflow::{Refund, RefundSt};

/// Nobody looks for older ones: what is written anew is written in these days.
const DAYS: i64 = 62;
const DAY_MS: i64 = 86_400_000;
/// One list reads so many pages at most; it goes on from there.
const PAGES: u32 = 5;

/// An insured refund that is done, invoice and all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Represcription {
    /// The refund.
    pub item: RefundItem,
    /// The prescriptions that went back.
    pub old_orders: Vec<String>,
    /// The prescriptions written anew, with when they were marked.
    pub new_orders: Vec<(String, Timestamp)>,
}

/// A page of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Represcriptions {
    /// Newest first; a page may be short or empty and yet go on.
    pub items: Vec<Represcription>,
    /// Where it goes on.
    pub next: Option<Cursor>,
}

/// A new prescription to be marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefundReprescribeRequest {
    /// Client-made key.
    pub key: RequestKey,
    /// After which refund.
    pub refund_id: RefundId,
    /// The number of the new prescription or application in HIS.
    pub order_no: String,
}

impl Engine {
    /// The insured refunds of the caller's departments that are done, of the last two months.
    pub async fn refunds_to_represcribe(&self, caller: &Caller, after: Option<&Cursor>) -> Result<Represcriptions> {
        if !caller.has(Right::ApproveAsDoctor) {
            return Err(Error::new(Code::NotFound));
        }
        let since = self.now().plus_millis(-DAYS * DAY_MS);
        let (mut mine, mut after) = (Vec::new(), after.cloned());
        for _ in 0..PAGES {
            let page = self.inner.store.scan(&Scan::LatestRefunds(caller.hospital.clone(), RefundSt::Done), after.as_ref(), 100).await?;
            let refunds: Vec<Refund> = page.rows.into_iter().filter_map(refund_of).collect();
            let too_old = refunds.last().is_some_and(|refund| refund.base.created_at < since);
            after = page.next.filter(|_| !too_old);
            mine.extend(refunds.into_iter().filter(|refund| refund.base.created_at >= since && is_represcribed_by(caller, refund)));
            if after.is_none() || mine.len() >= 50 {
                break;
            }
        }
        let items = self.items(caller, &mine).await?;
        Ok(Represcriptions { items: items.into_iter().zip(&mine).map(|(item, refund)| of(item, refund)).collect(), next: after })
    }

    /// Marks a prescription that replaces those of an insured settlement; not before its invoice is red.
    pub async fn refund_represcribe(&self, caller: &Caller, request: &RefundReprescribeRequest) -> Result<RefundDecideResponse> {
        let refund = self.refund_row(caller, request.refund_id).await?;
        may_approve(caller, &refund, Stage::Doctor)?;
        let order_no = request.order_no.as_str();
        if !(1..=64).contains(&order_no.chars().count()) || order_no.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Error::field("order_no", "must have 1 to 64 characters without a space"));
        }
        let event = Event::Represcribed { order_no: order_no.to_owned() };
        self.command_refund(caller, request.refund_id, &request.key, "refund.represcribe", request, event).await
    }
}

fn is_represcribed_by(caller: &Caller, refund: &Refund) -> bool {
    refund.ends_with_prescriptions() && refund.asked.as_ref().is_some_and(|asked| is_doctor_of(caller, &asked.dept))
}

fn of(item: RefundItem, refund: &Refund) -> Represcription {
    Represcription {
        item,
        old_orders: refund.old_orders().into_iter().map(str::to_owned).collect(),
        new_orders: refund.represcribed.iter().map(|marked| (marked.order_no.clone(), marked.at)).collect(),
    }
}
