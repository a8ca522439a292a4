//! `refund.list`: what waits for an approver: a doctor sees what his departments ordered, an executing department what it must
//! take back, finance everything that has come to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::is_doctor_of;
use super::question::QuestionState;
use super::view::{RefundLine, lines};
use crate::access::{Caller, Private, Right, mask_name};
use crate::calendar::{BizDate, Timestamp};
use crate::error::{Code, Error, Result};
use crate::ident::{DeptCode, RefundId, SettlementId};
use crate::money::{Money, Quantity};
use crate::port::{Cursor, Scan, ScanRow};
use crate::refund::{Cause, LineFacts, Progress, Stage, Why};
use crate::service::engine::Engine;
use crate::workflow::{Key, Refund, RefundSt, Row, Settlement};

/// Whose work list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefundWork {
    /// The doctors'.
    Doctor,
    /// The executing departments'.
    Unconfirm,
    /// Finance's.
    Finance,
}

impl RefundWork {
    /// The step.
    pub const fn stage(self) -> Stage {
        match self {
            RefundWork::Doctor => Stage::Doctor,
            RefundWork::Unconfirm => Stage::Unconfirm,
            RefundWork::Finance => Stage::Finance,
        }
    }
}

/// Request of `refund.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundListRequest {
    /// Which step waits.
    pub step: RefundWork,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
}

/// A refund that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundItem {
    /// Which.
    pub refund_id: RefundId,
    /// Of which settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_id: Option<SettlementId>,
    /// Why it exists.
    pub cause: Cause,
    /// The patient's name, masked.
    pub patient: String,
    /// Day of the visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit_date: Option<BizDate>,
    /// Department of the visit.
    pub visit_dept: String,
    /// Executing department, name.
    pub dept_name: String,
    /// Departments that must still take their confirmation back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<DeptCode>,
    /// Why the patient wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// What goes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundLine>,
    /// Something of it was executed when it was asked for.
    pub executed: bool,
    /// All of the settlement, or a part of it.
    pub whole: bool,
    /// What is to go back, all parts together.
    pub refund_fen: Money,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Since when it waits at this step.
    pub since: Timestamp,
    /// It waits longer than expected.
    pub overdue: bool,
    /// The patient was asked for more at this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionState>,
}

/// Response of `refund.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundListResponse {
    /// Oldest first; a page may be short or empty and yet go on.
    pub items: Vec<RefundItem>,
    /// Where it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

impl Engine {
    /// What waits at a step, of the caller's own departments where the step belongs to departments.
    pub async fn refund_list(&self, caller: &Caller, request: &RefundListRequest) -> Result<RefundListResponse> {
        let (right, st) = match request.step {
            RefundWork::Doctor => (Right::ApproveAsDoctor, RefundSt::Doctor),
            RefundWork::Unconfirm => (Right::Unconfirm, RefundSt::Unconfirm),
            RefundWork::Finance => (Right::ApproveAsFinance, RefundSt::Finance),
        };
        if !caller.has(right) {
            return Err(Error::new(Code::NotFound));
        }
        let page = self.inner.store.scan(&Scan::Refunds(caller.hospital.clone(), st), request.after.as_ref(), 100).await?;
        let mine: Vec<Refund> = page.rows.into_iter().filter_map(refund_of).filter(|refund| waits_for_him(caller, refund)).collect();
        Ok(RefundListResponse { items: self.items(caller, &mine).await?, next: page.next })
    }

    /// What lists show of refunds, in their order.
    pub(super) async fn items(&self, caller: &Caller, refunds: &[Refund]) -> Result<Vec<RefundItem>> {
        let keys: Vec<Key> = refunds.iter().filter_map(|refund| refund.settlement.map(Key::Settlement)).collect();
        let rows = if keys.is_empty() { Vec::new() } else { self.inner.store.load(&caller.hospital, &keys).await? };
        let settlements: BTreeMap<SettlementId, Settlement> = rows.into_iter().filter_map(|row| if let Row::Settlement(s) = row { Some((s.id, s)) } else { None }).collect();
        refunds.iter().map(|refund| item(refund, refund.settlement.and_then(|id| settlements.get(&id)))).collect()
    }
}

pub(super) fn refund_of(row: ScanRow) -> Option<Refund> {
    let ScanRow::Machine(row) = row else { return None };
    if let Row::Refund(refund) = *row { Some(refund) } else { None }
}

fn waits_for_him(caller: &Caller, refund: &Refund) -> bool {
    match (refund.st, &refund.asked) {
        (RefundSt::Doctor, Some(asked)) => is_doctor_of(caller, &asked.dept),
        (RefundSt::Unconfirm, Some(asked)) => asked.waits_for().any(|dept| caller.departments.contains(dept)),
        _ => refund.st == RefundSt::Finance,
    }
}

fn item(refund: &Refund, settlement: Option<&Settlement>) -> Result<RefundItem> {
    let asked = refund.asked.as_deref();
    let whole = asked.is_none_or(|asked| asked.recharge.is_none());
    let executed = |line: &LineFacts| line.back(whole) > Quantity::ZERO && line.progress() == Progress::Confirmed;
    Ok(RefundItem {
        refund_id: refund.id,
        settlement_id: refund.settlement,
        cause: refund.cause,
        patient: settlement.map(|s| mask_name(Private::reveal(&s.payer.name))).unwrap_or_default(),
        visit_date: settlement.map(|s| s.visit_date),
        visit_dept: settlement.map(|s| s.visit_dept.clone()).unwrap_or_default(),
        dept_name: settlement.map(|s| s.bill.dept_name.clone()).unwrap_or_default(),
        waits_for: asked.map(|asked| asked.waits_for().cloned().collect()).unwrap_or_default(),
        why: asked.map(|asked| asked.why),
        lines: lines(refund, settlement, whole),
        executed: asked.is_some_and(|asked| asked.lines.iter().any(executed)),
        whole,
        refund_fen: refund.amounts.total()?,
        asked_at: asked.map_or(refund.base.created_at, |asked| asked.at),
        since: refund.base.since,
        overdue: asked.is_some() && refund.base.attention.is_some(),
        question: QuestionState::of(refund),
    })
}
