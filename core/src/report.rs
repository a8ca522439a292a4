//! Reports (业务报表): finance, volume, payer, income, refunds, ages, diseases (domain/hospital.md §6).
//!
//! Facts ([`Facts`], rows or columns) are folded into a [`Partial`], partials are merged, and a partial is finished into a [`Table`] of a
//! [`Query`]. A partial is four cubes of sums: merging adds them, so the order and the split of the facts change nothing, and a new day costs what
//! its own rows cost. Days are days in UTC+8. What goes back is negative on its own day; what is not known has a row of its own and is never
//! dropped, so the rows of a table add up to its total. Patients are counted once each: a partial keeps a keyed hash of each, no number of theirs.

mod age;
mod cube;
mod disease;
mod fact;
mod finance;
mod fold;
mod group;
mod icd;
mod income;
mod names;
mod partial;
mod people;
#[cfg(test)]
mod proof;
mod query;
mod refunds;
mod run;
mod suppress;
mod table;
mod volume;

pub use fact::{
    Business, ChargeColumns, ChargeFact, Course, Event, Facts, InsuranceClass, MovementColumns, MovementFact, Outcome, RefundColumns, RefundFact, Sex, VisitColumns, VisitFact,
    VisitKind, VisitState,
};
pub use fold::fold;
pub use partial::{Partial, PatientKey};
pub use query::{Axis, DiseaseLevel, Query, ReportName};
pub use run::{RunRequest, RunResponse, run};
pub use table::{Cell, Column, Holds, Level, Table, TableRow};

use crate::error::Result;

/// Finishes a partial into the table of a query.
pub fn finish(partial: &Partial, query: &Query) -> Result<Table> {
    query.check()?;
    match query.report {
        ReportName::Receipts => finance::receipts(partial, query),
        ReportName::Insurance => finance::insurance(partial, query),
        ReportName::Closing => finance::closing(partial, query),
        ReportName::Volume => volume::volume(partial, query),
        ReportName::Income => income::income(partial, query),
        ReportName::Refunds => refunds::refunds(partial, query),
        ReportName::Ages => age::ages(partial, query),
        ReportName::Diseases => disease::diseases(partial, query),
    }
}
