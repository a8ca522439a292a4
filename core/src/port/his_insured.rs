//! What HIS tells for an insured bill before it is priced, and what it keeps of it when it is posted.

use serde::{Deserialize, Serialize};

use crate::calendar::Timestamp;
use crate::ident::{BusinessNo, LineKey, PatientId, VisitId};
use crate::payment::Amounts;

/// Lines that are to be uploaded to the insurer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadOf {
    /// Whose.
    pub patient_id: PatientId,
    /// Of which visit.
    pub visit_id: VisitId,
    /// The lines, as the bill has them.
    pub lines: Vec<LineKey>,
}

/// The insurer's part of a posting (医保结算信息).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HisInsured {
    /// Our order number at the centre (medOrgOrd).
    pub order_no: BusinessNo,
    /// The centre's number (payOrdId).
    pub pay_order_id: String,
    /// When the insurer settled it, by its own clock.
    pub settled_at: Timestamp,
    /// Who paid how much.
    pub amounts: Amounts,
}
