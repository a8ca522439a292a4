//! `refund.decide` and `refund.withdraw`: authority is checked when it is used; order, once and four eyes are the machine's.

use serde::{Deserialize, Serialize};

use super::{is_doctor_of, is_exec_dept_of};
use crate::access::{Caller, Private, Right};
use crate::error::{Code, Error, Result};
use crate::ident::{RefundId, RequestKey};
use crate::refund::Stage;
use crate::service::apply::{Applied, Event};
use crate::service::engine::Engine;
use crate::service::request::request_source;
use crate::workflow::fold::Root;
use crate::workflow::{Event as MachineEvent, Key, Refund, Refusal, refund};

/// What an approver says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefundVerdict {
    /// Yes; of an executing department: its confirmation is taken back.
    Approve,
    /// No; the note says why.
    Reject,
    /// Not yet: the note is a question to the patient. The request stays at its step.
    Ask,
}

/// Request of `refund.decide`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundDecideRequest {
    /// Client-made key.
    pub key: RequestKey,
    /// Which refund.
    pub refund_id: RefundId,
    /// The step that is decided, as the page showed it: `doctor`, `unconfirm` or `finance`.
    pub stage: Stage,
    /// What.
    pub verdict: RefundVerdict,
    /// A remark that the patient reads; a no needs one, and a question is one (at most 200 characters).
    #[serde(default)]
    pub note: String,
}

/// Response of `refund.decide`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum RefundDecideResponse {
    /// Done.
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

/// Request of `refund.withdraw`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundWithdrawRequest {
    /// Client-made key.
    pub key: RequestKey,
    /// Which refund.
    pub refund_id: RefundId,
}

/// Response of `refund.withdraw`.
pub type RefundWithdrawResponse = RefundDecideResponse;

impl Engine {
    /// An approver's word.
    pub async fn refund_decide(&self, caller: &Caller, request: &RefundDecideRequest) -> Result<RefundDecideResponse> {
        let refund = self.refund_row(caller, request.refund_id).await?;
        may_approve(caller, &refund, request.stage)?;
        if !is_remark(&request.note) || (request.verdict != RefundVerdict::Approve && request.note.trim().is_empty()) {
            return Err(Error::field("note", "must have at most 200 characters; a no and a question need one"));
        }
        let departments = if request.stage == Stage::Unconfirm { caller.departments.clone() } else { Vec::new() };
        let decided = |decision| refund::Event::Decide { stage: Some(request.stage), departments: departments.clone(), decision, note: request.note.clone() };
        let event = match request.verdict {
            RefundVerdict::Approve => decided(refund::Decision::Agree),
            RefundVerdict::Reject => decided(refund::Decision::Disagree),
            RefundVerdict::Ask => {
                let to = self.account_of(caller, &refund).await?;
                refund::Event::Question { stage: request.stage, departments, text: Private::new(request.note.as_str()), to }
            }
        };
        self.command_refund(caller, request.refund_id, &request.key, "refund.decide", request, event).await
    }

    /// Whoever asked takes it back, while nobody has decided yet.
    pub async fn refund_withdraw(&self, caller: &Caller, request: &RefundWithdrawRequest) -> Result<RefundWithdrawResponse> {
        let refund = self.refund_row(caller, request.refund_id).await?;
        let asked = refund.asked.as_ref().ok_or_else(|| Error::new(Code::NotFound))?;
        if asked.by != caller.actor {
            caller.may_act_for(&asked.patient)?;
        }
        self.command_refund(caller, request.refund_id, &request.key, "refund.withdraw", request, refund::Event::Withdraw).await
    }

    pub(super) async fn command_refund<T: Serialize>(
        &self,
        caller: &Caller,
        id: RefundId,
        key: &RequestKey,
        op: &str,
        request: &T,
        event: refund::Event,
    ) -> Result<RefundDecideResponse> {
        let hospital = self.hospital(&caller.hospital)?;
        let source = request_source(caller, key, op, request)?;
        let first = async {
            let machine = Key::Refund(id);
            let event = Event::new(&caller.actor, Root::Command(machine, MachineEvent::Refund(event)), source.clone());
            match self.command(hospital, event, &|changes| Ok(RefundDecideResponse::Accepted { st: changes.st(machine) })).await? {
                Ok(answer) => Ok(answer),
                Err(Applied::Refused(refusal)) => Ok(RefundDecideResponse::Refused { refusal }),
                Err(_) => Err(Error::new(Code::Conflict)),
            }
        };
        self.once(caller, &source, first).await
    }
}

/// What people write to each other about a refund: at most 200 characters.
pub(super) fn is_remark(text: &str) -> bool {
    text.chars().count() <= 200
}

/// May he speak at this step of this refund? A stranger's refund looks like a missing one.
pub(super) fn may_approve(caller: &Caller, refund: &Refund, stage: Stage) -> Result<()> {
    let may = match stage {
        Stage::Doctor => refund.asked.as_ref().is_some_and(|asked| is_doctor_of(caller, &asked.dept)),
        Stage::Unconfirm => is_exec_dept_of(caller, refund),
        Stage::Finance => caller.has(Right::ApproveAsFinance),
        Stage::Checking | Stage::Insurer | Stage::His | Stage::Returning | Stage::Red => return Err(Error::field("stage", "is decided by nobody")),
    };
    if may { Ok(()) } else { Err(Error::new(Code::NotFound)) }
}
