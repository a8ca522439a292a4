//! The fiscal e-invoice (电子票据): what is asked of the platform and what it answers. The machine is
//! [`crate::workflow::invoice`]; facts: domain/hospital.md §3.

use serde::{Deserialize, Serialize};

use crate::access::Private;
use crate::calendar::{BizDate, Timestamp};
use crate::charge::ChargeLine;
use crate::error::Result;
use crate::ident::{BusinessNo, ChannelCode, PatientId, VisitId};
use crate::money::Money;
use crate::payment::Amounts;

mod red;
mod ticket;

pub use crate::money::amount_in_words;
pub use red::{InvoiceFact, RedVerdict, red_verdict, reissue_fen};
pub use ticket::{CheckSplitRequest, CheckSplitResponse};

/// Request of `invoice.amount_in_words`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AmountInWordsRequest {
    /// The amount.
    pub amount_fen: Money,
}

/// Response of `invoice.amount_in_words`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AmountInWordsResponse {
    /// The amount in capital words (大写).
    pub words: String,
}

impl AmountInWordsRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<AmountInWordsResponse> {
        Ok(AmountInWordsResponse { words: amount_in_words(self.amount_fen) })
    }
}

/// Who the invoice is for, as HIS knows him at the time of paying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Payer {
    /// The patient's number in HIS.
    pub patient_id: PatientId,
    /// Name (交款人).
    pub name: Private,
    /// `男`, `女` or `未知`, as printed on the ticket.
    pub sex: String,
    /// Age text at the visit, e.g. `35岁`.
    pub age: String,
    /// Document number, if HIS gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_no: Option<Private>,
    /// Phone, if HIS gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Private>,
    /// Who he is to the official account, when he is bound to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openid: Option<Private>,
}

/// A blue invoice to issue (开票).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvoiceOrder {
    /// Our number (业务流水号 busNo), the platform's idempotency key; new on every reissue.
    pub bus_no: BusinessNo,
    /// The payer.
    pub payer: Payer,
    /// The visit.
    pub visit_id: VisitId,
    /// Day of the visit.
    pub visit_date: BizDate,
    /// Department of the visit (就诊科室), for `patientCategory`.
    pub dept_name: String,
    /// Total of the ticket; the sum of the fee classes.
    pub total_fen: Money,
    /// 货币误差 of the bill: total − sum of lines.
    pub rounding_fen: Money,
    /// The lines.
    pub lines: Vec<ChargeLine>,
    /// Which channel the cash came through.
    pub channel: ChannelCode,
    /// The channel's number; empty when there was no cash.
    pub trade_no: String,
    /// Who paid how much.
    #[serde(default)]
    pub amounts: Amounts,
    /// Insurance type (insutype) of an insured settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurance_type: Option<String>,
    /// When it was settled.
    pub settled_at: Timestamp,
}

/// A blue invoice as issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Issued {
    /// 票据代码.
    pub batch_code: String,
    /// 票据号码.
    pub bill_no: String,
    /// 校验码.
    pub check_code: String,
    /// Issued when.
    pub issued_at: Timestamp,
    /// The ticket's total as the platform says.
    pub total_fen: Money,
    /// Address for the patient (pictureNetUrl).
    pub url: Private,
}

/// A red-letter invoice to issue (冲红); always the whole blue one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RedOrder {
    /// The blue one's business number.
    pub bus_no: BusinessNo,
    /// The blue one's code.
    pub batch_code: String,
    /// The blue one's number.
    pub bill_no: String,
    /// Why (≤ 200 characters).
    pub reason: String,
    /// When it was decided.
    pub at: Timestamp,
}

/// A red invoice as issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reddened {
    /// Its code.
    pub batch_code: String,
    /// Its number.
    pub bill_no: String,
    /// Issued when.
    pub at: Timestamp,
}

/// What the platform says about a business number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum InvoiceState {
    /// Issued, valid.
    Blue(Issued),
    /// Issued and reversed by a red one.
    Red {
        /// The blue one.
        blue: Issued,
        /// The red one.
        red: Reddened,
    },
    /// Changed to paper (换开): no red until the paper is taken back.
    Paper(Issued),
    /// Booked by the payer's unit (入账): no red, a person decides.
    Booked(Issued),
    /// The platform does not know the number.
    NotFound,
}
