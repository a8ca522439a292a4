//! What was asked for: kept as it was when it was asked, judged again with what is read later.

use serde::{Deserialize, Serialize};

use crate::access::{Actor, Private};
use crate::calendar::Timestamp;
use crate::charge::PayerClass;
use crate::ident::{DeptCode, InvoiceId, PatientId, SettlementId};
use crate::money::Money;
use crate::port::{HisReceipt, HisSuccessor, LineStanding, SuccessorLine};
use crate::refund::{Kept, LineFacts, Recharge, Why};

/// A request for a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Who asked.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why, as the form offers it.
    pub why: Why,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Private>,
    /// Where the patient can be reached about it, when he gave a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Private>,
    /// For whom.
    pub patient: PatientId,
    /// The department that ordered: its doctors decide.
    pub dept: DeptCode,
    /// Was it settled with the insurer?
    pub payer: PayerClass,
    /// The settlement's receipt in HIS.
    pub receipt_no: String,
    /// The settlement's total: all of it is reversed in HIS.
    pub total_fen: Money,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// Its lines, with how much of each goes back.
    pub lines: Vec<LineFacts>,
    /// The departments that must take their confirmation back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unconfirm: Vec<Unconfirm>,
    /// What is charged again; none when everything goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recharge: Option<Recharge>,
    /// The settlement and the invoice of what is charged again; drawn at birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<(SettlementId, InvoiceId)>,
}

/// A department that must take its confirmation back (反确认).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unconfirm {
    /// Which.
    pub dept: DeptCode,
    /// It has.
    pub done: bool,
}

impl Asked {
    /// The lines with what HIS says of them now; none when HIS left one out, because what is not said is not known.
    pub fn live(&self, standing: &[LineStanding]) -> Option<Vec<LineFacts>> {
        let of = |line: &LineFacts| standing.iter().find(|s| s.line_id == line.line_id).map(|s| line.with(s));
        self.lines.iter().map(of).collect()
    }

    /// What HIS charges again if it takes the keys we proposed; none when nothing is charged again.
    pub fn as_proposed(&self, receipt_no: &str, at: Timestamp) -> Option<HisSuccessor> {
        let (recharge, (id, _)) = (self.recharge.as_ref()?, self.successor?);
        let line = |kept: &Kept| SuccessorLine { line_id: kept.line_id.clone(), original_line_id: kept.original_line_id.clone(), amount_fen: kept.amount_fen };
        let receipt =
            HisReceipt { receipt_no: receipt_no.to_owned(), no: id.business_no(), patient_id: self.patient.clone(), total_fen: recharge.kept_fen, posted_at: at, guidance: None };
        Some(HisSuccessor { receipt, lines: recharge.kept.iter().map(line).collect() })
    }

    /// The departments that have not taken their confirmation back yet.
    pub fn waits_for(&self) -> impl Iterator<Item = &DeptCode> {
        self.unconfirm.iter().filter(|u| !u.done).map(|u| &u.dept)
    }
}
