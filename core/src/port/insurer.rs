//! The insurer port (医保). It begins with reading an insurance e-voucher (医保电子凭证).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::health_code::hashed;
use super::{CallCx, Outcome};
use crate::access::Private;
use crate::calendar::BizDate;

/// A call to the insurer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum InsurerCall {
    /// Decode a scanned e-voucher (`ec.query`); a read.
    Identify {
        /// The code as scanned: dynamic and opaque, never read by us, never kept.
        code: Private,
    },
}

impl InsurerCall {
    /// Interface name.
    pub const fn name(&self) -> &'static str {
        match self {
            InsurerCall::Identify { .. } => "insurer.identify",
        }
    }

    /// The same call as the transfer log may keep it: SM3 instead of the code.
    #[must_use]
    pub fn for_log(&self) -> InsurerCall {
        match self {
            InsurerCall::Identify { code } => InsurerCall::Identify { code: hashed(code) },
        }
    }
}

/// The insurer's answer to an [`InsurerCall`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "to", content = "value")]
pub enum InsurerAnswer {
    /// Whose voucher it is.
    Identify(VoucherHolder),
}

impl InsurerAnswer {
    /// The same answer as the transfer log may keep it: without the token, which opens a settlement.
    #[must_use]
    pub fn for_log(&self) -> InsurerAnswer {
        match self {
            InsurerAnswer::Identify(holder) => InsurerAnswer::Identify(VoucherHolder { ec_token: hashed(&holder.ec_token), ..holder.clone() }),
        }
    }
}

/// Whoever holds an e-voucher, as the decoder tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherHolder {
    /// Kind of document; `01` is the identity card.
    pub id_type: String,
    /// Document number.
    pub id_no: Private,
    /// Name.
    pub name: Private,
    /// 电子凭证令牌, `mdtrt_cert_no` of what follows; for one business at once.
    pub ec_token: Private,
    /// Where he is insured (参保地), six digits.
    pub insu_org: String,
    /// GB/T 2261.1, if told.
    pub sex_code: Option<String>,
    /// Birth date, if told.
    pub birth_date: Option<BizDate>,
}

/// The insurer.
#[async_trait]
pub trait Insurer: Send + Sync {
    /// Does this adapter write the transfer log itself, where the bytes are?
    fn logs_wire(&self) -> bool {
        false
    }

    /// Performs one call. The answer's variant is the call's; anything else is a defect of the adapter.
    async fn call(&self, cx: &CallCx, call: &InsurerCall) -> Outcome<InsurerAnswer>;
}
