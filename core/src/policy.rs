//! Policy: [`Terms`] (rules shown to people, pinned in each machine at birth) and [`Pace`] (how patiently we ask; always
//! the current one). Both are validated at load.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::gm;
use crate::ident::TermsHash;
use crate::money::Totalling;
use crate::refund::RefundTerms;
use crate::validate::Rules;
use crate::visit::VisitTerms;

mod check;
mod pace;

pub use check::{CheckRequest, CheckResponse};
pub use pace::{Ladder, Lane, LanePace, Pace};

/// How lines without a prescription are grouped (分单规则): the second part of the key, after the visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyPart {
    /// Executing department; drugs by their pharmacy when given (the default rule).
    Place,
    /// Ordering department.
    OrderDept,
    /// Executing department, even for drugs.
    ExecDept,
    /// Pharmacy for drugs and materials, nothing otherwise.
    Pharmacy,
    /// Prescription or application number.
    Order,
    /// Pharmacy for drugs and materials when given, executing department otherwise.
    PharmacyOrExec,
    /// Item class as HIS counts it: medicines (herbs too), materials, services.
    ItemKind,
    /// Invoice fee class.
    FeeClass,
    /// Insured and self-paid items apart.
    InsuredItem,
}

/// The grouping keys of a hospital; every key is prefixed by the visit (domain/hospital.md §2.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    /// Lines without a prescription (window charges).
    pub window: Vec<KeyPart>,
    /// Drug and herb lines.
    pub drug: Vec<KeyPart>,
    /// Everything else.
    pub service: Vec<KeyPart>,
    /// One document per visit, whatever else is said (MZFP_FDFS = 1; the insured variant with one password).
    #[serde(default)]
    pub whole_visit: bool,
}

impl Default for Grouping {
    fn default() -> Grouping {
        Grouping { window: vec![KeyPart::Place], drug: vec![KeyPart::Place], service: vec![KeyPart::Place], whole_visit: false }
    }
}

impl Grouping {
    /// Every key must name a department, unless one document per visit is wanted; the error names the list.
    pub fn check(&self) -> Result<()> {
        let names_dept = |part: &KeyPart| matches!(part, KeyPart::Place | KeyPart::ExecDept | KeyPart::Pharmacy | KeyPart::PharmacyOrExec | KeyPart::OrderDept);
        for (field, parts) in [("grouping.window", &self.window), ("grouping.drug", &self.drug), ("grouping.service", &self.service)] {
            if !self.whole_visit && !parts.iter().any(names_dept) {
                return Err(Error::new(Code::BadPolicy).with("field", field).with("problem", "must name a department, or whole_visit must be set"));
            }
        }
        Ok(())
    }
}

/// The rules of a hospital that a patient or member of staff may be shown. Versioned by content hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// How lines become bills.
    #[serde(default)]
    pub grouping: Grouping,
    /// How a bill's total is made.
    #[serde(default)]
    pub totalling: Totalling,
    /// How long a quote may be paid, in seconds.
    #[serde(default = "quote_life")]
    pub quote_life_s: u32,
    /// How long a channel order may be paid, in seconds; then it is closed, with proof.
    #[serde(default = "order_life")]
    pub order_life_s: u32,
    /// What the channel shows the payer (≤ 30 characters, neutral: domain/hospital.md §1.11 e).
    #[serde(default = "description")]
    pub description: String,
    /// How long HIS may not know a posting before it is asked to cancel that number, in seconds.
    #[serde(default = "his_blind")]
    pub his_blind_s: u32,
    /// Check-in and messages about visits.
    #[serde(default)]
    pub visit: VisitTerms,
    /// What is asked of the record of a first visit (首诊建档).
    #[serde(default)]
    pub registration: Rules,
    /// Refunds that patients ask for.
    #[serde(default)]
    pub refund: RefundTerms,
}

fn quote_life() -> u32 {
    600
}

fn order_life() -> u32 {
    300
}

fn description() -> String {
    "门诊缴费".to_owned()
}

fn his_blind() -> u32 {
    600
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            grouping: Grouping::default(),
            totalling: Totalling::default(),
            quote_life_s: quote_life(),
            order_life_s: order_life(),
            description: description(),
            his_blind_s: his_blind(),
            visit: VisitTerms::default(),
            registration: Rules::default(),
            refund: RefundTerms::default(),
        }
    }
}

impl Terms {
    /// Checks every value; the error names the field.
    pub fn check(&self) -> Result<()> {
        let bad = |field: &'static str, problem: &'static str| Err(Error::new(Code::BadPolicy).with("field", field).with("problem", problem));
        if !(30..=86_400).contains(&self.quote_life_s) {
            return bad("terms.quote_life_s", "must lie between 30 and 86400");
        }
        if !(60..=7_200).contains(&self.order_life_s) {
            return bad("terms.order_life_s", "must lie between 60 and 7200 (a code_url lives two hours)");
        }
        if !(60..=86_400).contains(&self.his_blind_s) {
            return bad("terms.his_blind_s", "must lie between 60 and 86400");
        }
        let plain = |c: char| !c.is_control() && !"&=#+%\"'<>".contains(c);
        if self.description.is_empty() || self.description.chars().count() > 30 || !self.description.chars().all(plain) {
            return bad("terms.description", "must have 1 to 30 characters, none of &=#+%\"'<>");
        }
        self.visit.check().map_err(|e| e.under("terms"))?;
        self.registration.check().map_err(|e| e.under("terms"))?;
        self.refund.check().map_err(|e| e.under("terms"))?;
        self.grouping.check().map_err(|e| e.under("terms"))
    }

    /// The content hash that machines pin (SM3 over the canonical JSON, 64 hex digits).
    pub fn hash(&self) -> Result<TermsHash> {
        let json = serde_json::to_vec(self).map_err(|_| Error::internal("terms serialise"))?;
        TermsHash::new(&gm::hex(&gm::sm3(&json)))
    }
}
