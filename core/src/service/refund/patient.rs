//! Whose refund it is, in clear: for those who decide about it, for a reason, and never without an entry in the access trail.

use super::decide::may_approve;
use super::list::RefundWork;
use crate::access::{Private, mask_id_no};
use crate::error::{Code, Error, Result};
use crate::ident::RefundId;
use crate::service::engine::Engine;
use crate::service::staff::By;
use crate::staff::{Note, What};

/// Why somebody must know the patient. Chosen, not typed: nothing that was typed is in the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookWhy {
    /// The patient stands here, or papers must be matched.
    Identity,
    /// He has to be called.
    Contact,
    /// His record or prescription has to be read in HIS.
    Record,
    /// He complains.
    Complaint,
}

impl LookWhy {
    /// All, in the order of the form.
    pub const ALL: [LookWhy; 4] = [LookWhy::Identity, LookWhy::Contact, LookWhy::Record, LookWhy::Complaint];

    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            LookWhy::Identity => "identity",
            LookWhy::Contact => "contact",
            LookWhy::Record => "record",
            LookWhy::Complaint => "complaint",
        }
    }

    /// By its code.
    pub fn of(code: &str) -> Option<LookWhy> {
        LookWhy::ALL.into_iter().find(|why| why.code() == code)
    }

    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            LookWhy::Identity => "核对患者身份",
            LookWhy::Contact => "联系患者",
            LookWhy::Record => "核对病历或处方",
            LookWhy::Complaint => "处理投诉或异议",
        }
    }
}

/// A patient in clear, as far as a refund needs it: the document number stays masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientInClear {
    /// Name.
    pub name: Private,
    /// Sex, in words.
    pub sex: String,
    /// Age at the visit, in words.
    pub age: String,
    /// Phone.
    pub phone: Option<Private>,
    /// Document number, masked.
    pub id_no: Option<String>,
}

impl Engine {
    /// The patient of a refund in clear, for who decides at this step. The entry is written first: without one nothing is shown.
    pub async fn refund_patient(&self, by: By<'_>, id: RefundId, step: RefundWork, why: LookWhy) -> Result<PatientInClear> {
        let refund = self.refund_row(by.caller, id).await?;
        may_approve(by.caller, &refund, step.stage())?;
        let settlement = self.settlement_row(by.caller, refund.settlement.ok_or_else(|| Error::new(Code::NotFound))?).await?;
        let note = Note::by(by.caller, by.from, What::Unmasked).about(format!("refund {id}")).with(why.code());
        self.note(&by.caller.hospital, note).await?;
        let payer = &settlement.payer;
        Ok(PatientInClear {
            name: payer.name.clone(),
            sex: payer.sex.clone(),
            age: payer.age.clone(),
            phone: payer.phone.clone(),
            id_no: payer.id_no.as_ref().map(|id_no| mask_id_no(id_no.reveal())),
        })
    }
}
