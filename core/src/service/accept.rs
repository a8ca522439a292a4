//! `payment.accept`: the patient has seen what the insurer pays and until when the money can come back, and agrees.

use serde::{Deserialize, Serialize};

use super::apply::{Applied, Event};
use super::engine::Engine;
use super::request::request_source;
use crate::access::Caller;
use crate::error::Result;
use crate::ident::{PaymentId, RequestKey};
use crate::workflow::fold::Root;
use crate::workflow::{Event as MachineEvent, Key, Refusal, payment};

/// Request of `payment.accept`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PaymentAcceptRequest {
    /// Client-made key.
    pub key: RequestKey,
    /// Which payment; its split is in `settlement.get`.
    pub payment_id: PaymentId,
    /// The patient has ticked that he has seen the notice with the last day of a refund.
    pub notice_seen: bool,
}

/// Response of `payment.accept`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum PaymentAcceptResponse {
    /// Taken on: the order is being opened.
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
    /// Takes the patient's agreement.
    pub async fn accept(&self, caller: &Caller, request: &PaymentAcceptRequest) -> Result<PaymentAcceptResponse> {
        let hospital = self.hospital(&caller.hospital)?;
        self.own_payment(caller, request.payment_id).await?;
        let source = request_source(caller, &request.key, "payment.accept", request)?;
        let first = async {
            if !request.notice_seen {
                return Ok(PaymentAcceptResponse::Refused {
                    refusal: Refusal::new("notice_unseen", "请先阅读医保退费须知", "阅读后勾选“我已知悉”，再确认支付")
                });
            }
            let key = Key::Payment(request.payment_id);
            let event = Event::new(&caller.actor, Root::Command(key, MachineEvent::Payment(payment::Event::Accept)), source.clone());
            match self.command(hospital, event, &|changes| Ok(PaymentAcceptResponse::Accepted { st: changes.st(key) })).await? {
                Ok(answer) => Ok(answer),
                Err(Applied::Refused(refusal)) => Ok(PaymentAcceptResponse::Refused { refusal }),
                Err(_) => {
                    let payment = self.own_payment(caller, request.payment_id).await?;
                    Ok(PaymentAcceptResponse::Accepted { st: payment.st.code().to_owned() })
                }
            }
        };
        self.once(caller, &source, first).await
    }
}
