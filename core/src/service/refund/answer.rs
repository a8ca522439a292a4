//! `refund.answer`: the patient answers what an approver asked him; and where he is told that he is asked.

use serde::{Deserialize, Serialize};

use super::decide::{RefundDecideResponse, is_remark};
use crate::access::{Caller, Private};
use crate::error::{Code, Error, Result};
use crate::ident::{RefundId, RequestKey};
use crate::service::engine::Engine;
use crate::workflow::{Refund, refund};

/// Request of `refund.answer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundAnswerRequest {
    /// Client-made key.
    pub key: RequestKey,
    /// Which refund.
    pub refund_id: RefundId,
    /// The answer (at most 200 characters).
    pub text: Private,
}

/// Response of `refund.answer`.
pub type RefundAnswerResponse = RefundDecideResponse;

impl Engine {
    /// The patient, or whoever asked for the refund, answers the question that is open.
    pub async fn refund_answer(&self, caller: &Caller, request: &RefundAnswerRequest) -> Result<RefundAnswerResponse> {
        let refund = self.refund_row(caller, request.refund_id).await?;
        let asked = refund.asked.as_ref().ok_or_else(|| Error::new(Code::NotFound))?;
        if asked.by != caller.actor {
            caller.may_act_for(&asked.patient)?;
        }
        let text = request.text.reveal();
        if !is_remark(text) || text.trim().is_empty() {
            return Err(Error::field("text", "must have 1 to 200 characters"));
        }
        let event = refund::Event::Answer { text: request.text.clone() };
        self.command_refund(caller, request.refund_id, &request.key, "refund.answer", request, event).await
    }

    /// The account the patient of a refund is bound to; looked for only where there is a message for it.
    pub(super) async fn account_of(&self, caller: &Caller, refund: &Refund) -> Result<Option<Private>> {
        let hospital = self.hospital(&caller.hospital)?;
        match refund.asked.as_ref().filter(|_| hospital.notifier_traits().account_refund) {
            Some(asked) => self.bound_account(hospital, &asked.patient).await,
            None => Ok(None),
        }
    }
}
