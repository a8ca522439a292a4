//! `report.run`: facts and partials in, tables and a partial out.

use serde::{Deserialize, Serialize};

use super::fact::{ChargeColumns, ChargeFact, Facts, MovementColumns, MovementFact, RefundColumns, RefundFact, VisitColumns, VisitFact};
use super::query::Query;
use super::table::Table;
use super::{Partial, PatientKey, finish, fold};
use crate::access::Private;
use crate::error::{Error, Result};
use crate::gm::unhex;

/// Request of `report.run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportRunRequest"))]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// Movements of money.
    #[serde(default)]
    pub movements: Vec<MovementFact>,
    /// Registrations and visits.
    #[serde(default)]
    pub visits: Vec<VisitFact>,
    /// Charges.
    #[serde(default)]
    pub charges: Vec<ChargeFact>,
    /// Requests for a refund.
    #[serde(default)]
    pub refunds: Vec<RefundFact>,
    /// Partials of other days or rows, merged with these facts.
    #[serde(default)]
    pub partials: Vec<Partial>,
    /// The secret under which patients are hashed, 32 to 128 hexadecimal digits: the same one for all partials that are merged. Needed where patients
    /// are named and a partial is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_key: Option<Private>,
    /// The reports.
    #[serde(default)]
    pub queries: Vec<Query>,
    /// Give the partial back, to be kept?
    #[serde(default)]
    pub keep: bool,
}

/// Response of `report.run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportRunResponse"))]
pub struct RunResponse {
    /// A table a query.
    pub tables: Vec<Table>,
    /// The partial, when it is to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
}

impl RunRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<RunResponse> {
        let facts = Facts {
            movements: MovementColumns::of(&self.movements),
            visits: VisitColumns::of(&self.visits),
            charges: ChargeColumns::of(&self.charges),
            refunds: RefundColumns::of(&self.refunds),
        };
        run(&facts, &self.partials, self.patient_key.as_ref(), &self.queries, self.keep)
    }
}

/// Folds facts that stay where they are, merges, finishes.
pub fn run(facts: &Facts<'_>, partials: &[Partial], patient_key: Option<&Private>, queries: &[Query], keep: bool) -> Result<RunResponse> {
    let key = match patient_key {
        Some(text) => {
            let bytes = unhex(text.reveal()).filter(|bytes| (16..=64).contains(&bytes.len()));
            PatientKey::new(&bytes.ok_or_else(|| Error::field("patient_key", "must have 32 to 128 hexadecimal digits"))?)?
        }
        None => PatientKey::none()?,
    };
    let folded = fold(facts, &key)?;
    let mut partial = match partials.split_first() {
        // Without facts of its own the request needs no key.
        Some((first, _)) if patient_key.is_none() && folded.is_empty() => first.emptied(),
        _ => folded,
    };
    for (at, other) in partials.iter().enumerate() {
        partial = partial.merge(other).map_err(|error| error.under(&format!("partials[{at}]")))?;
    }
    if keep && !partial.may_be_kept() {
        return Err(Error::field("patient_key", "is needed for a partial that is kept"));
    }
    let tables = queries.iter().enumerate().map(|(at, query)| finish(&partial, query).map_err(|error| error.under(&format!("queries[{at}]")))).collect::<Result<_>>()?;
    Ok(RunResponse { tables, partial: keep.then_some(partial) })
}
