//! Refunds that people ask for: request, decisions, withdrawal, progress, work lists.

mod answer;
mod ask;
mod case;
mod decide;
mod judge;
mod list;
mod patient;
mod picked;
mod preview;
mod question;
mod represcribe;
mod under_way;
mod view;

pub use answer::{RefundAnswerRequest, RefundAnswerResponse};
pub use ask::{RefundRequestRequest, RefundRequestResponse};
pub use case::{CaseDepartment, CaseHang, CaseLine, CaseMoney, CaseMonth, CaseTurn, LineState, RefundCase};
pub use decide::{RefundDecideRequest, RefundDecideResponse, RefundVerdict, RefundWithdrawRequest, RefundWithdrawResponse};
pub use list::{RefundItem, RefundListRequest, RefundListResponse, RefundWork};
pub use patient::{LookWhy, PatientInClear};
pub use picked::Picked;
pub use preview::{RefundPreviewLine, RefundPreviewRequest, RefundPreviewResponse};
pub use question::{QuestionState, RefundQuestion};
pub use represcribe::{RefundReprescribeRequest, Represcription, Represcriptions};
pub use under_way::RefundUnderWay;
pub use view::{RefundEntry, RefundFollowing, RefundGetRequest, RefundLine, RefundStep, RefundView, StepState};

use super::engine::Engine;
use crate::access::{Caller, Object, Right, check};
use crate::error::{Code, Error, Result};
use crate::ident::{RefundId, SettlementId};
use crate::workflow::{Key, Refund, Row, Settlement};

impl Engine {
    /// A refund, or the word that there is none.
    async fn refund_row(&self, caller: &Caller, id: RefundId) -> Result<Refund> {
        match self.inner.store.load(&caller.hospital, &[Key::Refund(id)]).await?.into_iter().next() {
            Some(Row::Refund(refund)) => Ok(refund),
            Some(_) | None => Err(Error::new(Code::NotFound)),
        }
    }

    async fn settlement_row(&self, caller: &Caller, id: SettlementId) -> Result<Settlement> {
        match self.inner.store.load(&caller.hospital, &[Key::Settlement(id)]).await?.into_iter().next() {
            Some(Row::Settlement(settlement)) => Ok(settlement),
            Some(_) | None => Err(Error::new(Code::NotFound)),
        }
    }
}

/// A doctor of the department that ordered.
fn is_doctor_of(caller: &Caller, dept: &crate::ident::DeptCode) -> bool {
    check(caller, Right::ApproveAsDoctor, Object::Department(dept)).is_ok()
}

/// An executing department that this refund waits or has waited for.
fn is_exec_dept_of(caller: &Caller, refund: &Refund) -> bool {
    let named = |asked: &crate::workflow::refund::Asked| asked.unconfirm.iter().any(|u| check(caller, Right::Unconfirm, Object::Department(&u.dept)).is_ok());
    refund.asked.as_deref().is_some_and(named)
}
