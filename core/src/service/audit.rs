//! `audit.run`: the invariants that are visible at rest, checked over any store (domain/quality.md §3.2).

mod check;
mod refund;
mod visit;

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use crate::access::{Caller, Object, Right, check};
use crate::error::Result;
use crate::ident::HospitalId;
use crate::port::{Scan, ScanRow, Store, StoreError};
use crate::workflow::MachineKind;

use check::Book;

/// Request of `audit.run`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditRunRequest {}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Violation {
    /// Which invariant, e.g. `I2`.
    pub invariant: String,
    /// Where: a business number or line key.
    pub at: String,
    /// What is wrong.
    pub what: String,
}

/// Figures that must agree with each other and with the counterparts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Figures {
    /// Settlements booked in HIS and not reversed.
    pub settlements: u64,
    /// Their amount.
    pub his_fen: i64,
    /// Channel money kept: paid − refunded.
    pub channel_fen: i64,
    /// What the insurer pays of it: settled − given back.
    #[serde(default)]
    pub insurer_fen: i64,
    /// Valid blue invoices.
    pub invoices_fen: i64,
    /// Revenue and rounding in the ledger.
    pub ledger_fen: i64,
}

/// Response of `audit.run`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditReport {
    /// Machines looked at.
    pub machines: u64,
    /// Journals looked at.
    pub journals: u64,
    /// Payments that are still under way; their money is checked for conservation, not for rest.
    pub under_way: u64,
    /// Machines that need a person.
    pub attention: u64,
    /// Machines by kind and state.
    pub states: std::collections::BTreeMap<String, u64>,
    /// The figures.
    pub figures: Figures,
    /// The broken promises; empty in a sound store.
    pub violations: Vec<Violation>,
}

impl Engine {
    /// Audits a hospital's store. Reads everything once; memory grows with the number of machines.
    pub async fn audit(&self, caller: &Caller, _request: &AuditRunRequest) -> Result<AuditReport> {
        check(caller, Right::SeeBusiness, Object::Hospital)?;
        Ok(audit_store(self.store(), &caller.hospital).await?)
    }
}

/// Audits a hospital in any store, without an engine (the `menjie audit` command).
///
/// Lists are read one after the other, so on a store at work a machine may move in between and look broken. A promise
/// that is really broken stays so: what a first reading finds is reported only when a second one finds it, too.
pub async fn audit_store(store: &dyn Store, hospital: &HospitalId) -> Result<AuditReport, StoreError> {
    let first = read_once(store, hospital).await?;
    if first.violations.is_empty() {
        return Ok(first);
    }
    let mut second = read_once(store, hospital).await?;
    second.violations.retain(|found| first.violations.contains(found));
    Ok(second)
}

async fn read_once(store: &dyn Store, hospital: &HospitalId) -> Result<AuditReport, StoreError> {
    let mut book = Book::default();
    let scans = MachineKind::ALL
        .into_iter()
        .map(|kind| Scan::Machines(hospital.clone(), kind))
        .chain([Scan::Journals(hospital.clone()), Scan::Claims(hospital.clone()), Scan::Open(hospital.clone())])
        .chain(MachineKind::ALL.into_iter().map(|kind| Scan::StateLog(hospital.clone(), kind)));
    for scan in scans {
        let mut after = None;
        loop {
            let page = store.scan(&scan, after.as_ref(), 500).await?;
            for row in page.rows {
                match row {
                    ScanRow::Machine(row) => book.machine(*row),
                    ScanRow::Journal(journal) => book.journal(journal),
                    ScanRow::Claim { line, by } => book.claim(line, by),
                    ScanRow::Step { machine, ver, from, to, what, .. } => book.step(machine, ver, from, to, &what),
                    ScanRow::Open { machine, .. } => book.open(machine),
                    ScanRow::Message { .. } | ScanRow::Record(_) => {}
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(book.close())
}
