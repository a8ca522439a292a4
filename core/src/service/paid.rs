//! `visit.paid` and `settlement.detail`: what a patient has paid.

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::view::SettlementView;
use crate::access::{Caller, Right};
use crate::error::{Code, Error, Result};
use crate::ident::{PatientId, SettlementId};
use crate::port::{Cursor, Scan, ScanRow};
use crate::workflow::{Key, Row, Settlement, SettlementSt};

/// Request of `visit.paid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PaidListRequest {
    /// Whose.
    pub patient_id: PatientId,
    /// Where to go on; from the newest when left out.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most so many (1 to 100).
    #[serde(default = "page")]
    pub limit: u32,
}

fn page() -> u32 {
    20
}

/// Response of `visit.paid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaidListResponse {
    /// Newest first.
    pub settlements: Vec<SettlementView>,
    /// Where it goes on; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// Request of `settlement.detail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SettlementDetailRequest {
    /// Which.
    pub settlement_id: SettlementId,
}

/// Response of `settlement.detail`.
pub type SettlementDetailResponse = SettlementView;

impl Engine {
    /// Settlements of a patient for which money came, newest first, page by page.
    pub async fn paid(&self, caller: &Caller, request: &PaidListRequest) -> Result<PaidListResponse> {
        caller.may_act_for(&request.patient_id)?;
        if !(1..=100).contains(&request.limit) {
            return Err(Error::field("limit", "must lie between 1 and 100"));
        }
        let hospital = self.hospital(&caller.hospital)?;
        let limit = usize::try_from(request.limit).unwrap_or(100);
        let scan = Scan::Settlements(caller.hospital.clone(), request.patient_id.clone());
        let mut after = request.after.clone();
        let mut found: Vec<Settlement> = Vec::new();
        loop {
            // Payments that came to nothing are skipped, so one page may take several reads; each asks for what is missing.
            let missing = u32::try_from(limit - found.len()).unwrap_or(1);
            let page = self.inner.store.scan(&scan, after.as_ref(), missing).await?;
            found.extend(page.rows.into_iter().filter_map(paid_settlement));
            after = page.next;
            if after.is_none() || found.len() >= limit {
                break;
            }
        }
        let invoices = self.invoices(hospital, &found).await?;
        Ok(PaidListResponse { settlements: found.iter().map(|s| SettlementView::of(s, &invoices, false)).collect(), next: after })
    }

    /// One settlement with its lines.
    pub async fn detail(&self, caller: &Caller, request: &SettlementDetailRequest) -> Result<SettlementDetailResponse> {
        let hospital = self.hospital(&caller.hospital)?;
        let rows = self.inner.store.load(&caller.hospital, &[Key::Settlement(request.settlement_id)]).await?;
        let Some(Row::Settlement(settlement)) = rows.into_iter().next() else { return Err(Error::new(Code::NotFound)) };
        if !caller.has(Right::SeeBusiness) {
            caller.may_act_for(settlement.patient())?;
        }
        let invoices = self.invoices(hospital, std::slice::from_ref(&settlement)).await?;
        Ok(SettlementView::of(&settlement, &invoices, true))
    }
}

/// Shown in the paid list: money came, wherever it is now.
fn paid_settlement(row: ScanRow) -> Option<Settlement> {
    let ScanRow::Machine(row) = row else { return None };
    let Row::Settlement(s) = *row else { return None };
    let shown = match s.st {
        SettlementSt::Posting | SettlementSt::Posted | SettlementSt::Refunding | SettlementSt::Reversed | SettlementSt::Replaced => true,
        SettlementSt::Held | SettlementSt::Releasing | SettlementSt::Void => s.paid.is_some(),
        SettlementSt::Locking | SettlementSt::Locked => false,
    };
    shown.then_some(s)
}
