//! The electronic health code port (电子健康码): who stands behind a code that was just scanned.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{CallCx, Outcome};
use crate::access::Private;
use crate::calendar::BizDate;
use crate::gm;

/// A call to the health-code platform; all of them read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum HealthCodeCall {
    /// Verify a scanned code (验码).
    Verify {
        /// The code as scanned; it lives for minutes and is never kept.
        code: Private,
    },
}

impl HealthCodeCall {
    /// Interface name.
    pub const fn name(&self) -> &'static str {
        match self {
            HealthCodeCall::Verify { .. } => "health_code.verify",
        }
    }

    /// The same call as the transfer log may keep it: SM3 instead of the code (domain/hospital.md §4.2).
    #[must_use]
    pub fn for_log(&self) -> HealthCodeCall {
        match self {
            HealthCodeCall::Verify { code } => HealthCodeCall::Verify { code: hashed(code) },
        }
    }
}

/// SM3 of a code, by which two uses of one code can be told to be the same.
pub(super) fn hashed(code: &Private) -> Private {
    Private::new(format!("sm3:{}", gm::hex(&gm::sm3(code.reveal().as_bytes()))))
}

/// The platform's answer to a [`HealthCodeCall`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "to", content = "value")]
pub enum HealthCodeAnswer {
    /// Whose code it is. An expired or unknown code answers `Refused`.
    Verify(CodeHolder),
}

/// Whoever holds a health code, as the platform has verified him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeHolder {
    /// Kind of document; `01` is the identity card.
    pub id_type: String,
    /// Document number.
    pub id_no: Private,
    /// Name.
    pub name: Private,
    /// GB/T 2261.1, if told.
    pub sex_code: Option<String>,
    /// Birth date, if told.
    pub birth_date: Option<BizDate>,
    /// Phone, if told.
    pub phone: Option<Private>,
    /// The card behind the code (健康卡ID), if told.
    pub health_card_id: Option<Private>,
}

/// The platform of electronic health codes.
#[async_trait]
pub trait HealthCode: Send + Sync {
    /// Does this adapter write the transfer log itself, where the bytes are?
    fn logs_wire(&self) -> bool {
        false
    }

    /// Performs one call. The answer's variant is the call's; anything else is a defect of the adapter.
    async fn call(&self, cx: &CallCx, call: &HealthCodeCall) -> Outcome<HealthCodeAnswer>;
}
