//! Callbacks (payments.md §1.12): raw bytes → verify → envelope → open → route by event type → compare.
//!
//! The host answers 200 or 204 after the notice is durable, and 4xx for an error of [`accept`].

use menjie::error::Code;
use menjie::payment::{Notice, NoticeWhat, RawNotice, RefundState, TradeState};
use menjie::port::Fault;
use menjie::{Error, Result, Timestamp};
use serde::Deserialize;

use crate::certs::Sealed;
use crate::config::APIV3_KEY_LEN;
use crate::json;
use crate::keys::{Verifier, VerifyError};
use crate::wire::{Merchant, read_refund_notice, read_trade};

/// Why a callback is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeError {
    /// Not signed by WeChat Pay, or not now.
    Verify(VerifyError),
    /// Signed, but not readable.
    Read(Error),
}

impl From<NoticeError> for Error {
    fn from(error: NoticeError) -> Error {
        match error {
            NoticeError::Verify(problem) => problem.into(),
            NoticeError::Read(error) => error,
        }
    }
}

/// Verifies and reads a callback.
pub fn accept(raw: &RawNotice<'_>, verifier: &Verifier, apiv3_key: &[u8; APIV3_KEY_LEN], merchant: &Merchant, now: Timestamp) -> Result<Notice, NoticeError> {
    verifier.verify(raw.headers, raw.body, now).map_err(NoticeError::Verify)?;
    read(raw.body, apiv3_key, merchant).map_err(NoticeError::Read)
}

/// Reads a callback that has been verified.
fn read(body: &[u8], apiv3_key: &[u8; APIV3_KEY_LEN], merchant: &Merchant) -> Result<Notice> {
    let envelope: Envelope = json::read(body).filter(|envelope: &Envelope| !envelope.id.is_empty()).ok_or_else(|| broken("envelope"))?;
    let what = match envelope.event_type.as_str() {
        "TRANSACTION.SUCCESS" => {
            let trade = read_trade(&envelope.resource.open(apiv3_key)?, merchant, None).map_err(not_understood)?;
            let state = match trade.state {
                state @ (TradeState::Paid(_) | TradeState::Mismatch { .. }) => state,
                TradeState::NotPaid | TradeState::Paying | TradeState::Closed | TradeState::NotFound => TradeState::Mismatch { field: "trade_state".to_owned() },
            };
            NoticeWhat::Trade { out_trade_no: trade.out_trade_no, state }
        }
        event @ ("REFUND.SUCCESS" | "REFUND.ABNORMAL" | "REFUND.CLOSED") => {
            let refund = read_refund_notice(&envelope.resource.open(apiv3_key)?, merchant).map_err(not_understood)?;
            let agrees = match refund.state {
                RefundState::Mismatch { .. } => true,
                RefundState::Done { .. } => event == "REFUND.SUCCESS",
                RefundState::Abnormal => event == "REFUND.ABNORMAL",
                RefundState::Closed => event == "REFUND.CLOSED",
                RefundState::Processing | RefundState::NotFound => false,
            };
            let state = if agrees { refund.state } else { RefundState::Mismatch { field: "refund_status".to_owned() } };
            NoticeWhat::Refund { out_refund_no: refund.out_refund_no, state }
        }
        _ => NoticeWhat::Other { event: envelope.event_type },
    };
    Ok(Notice { id: envelope.id, what })
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    event_type: String,
    resource: Sealed,
}

fn broken(what: &'static str) -> Error {
    Error::new(Code::ChannelAnswer).with("problem", what)
}

fn not_understood(fault: Fault) -> Error {
    Error::new(Code::ChannelAnswer).with("problem", fault.code)
}
