//! Each morning's work: the days that are over and not reconciled yet, oldest first, each by one replica.

use serde::{Deserialize, Serialize};

use super::ReconcileDayResponse;
use crate::calendar::{BizDate, Timestamp};
use crate::error::{Code, Error, Result};
use crate::ident::{HospitalId, WorkerName};
use crate::port::{Record, RecordKind, RecordWrite};
use crate::service::engine::Engine;

/// Under what the claim is kept among the cursors.
const CLAIM: &str = "reconcile";
/// A claim whose replica died is over after so long.
const CLAIM_MS: i64 = 15 * 60_000;

/// Who reconciles, until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    worker: WorkerName,
    until: Timestamp,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Morning {
    /// Days and channels that were reconciled.
    pub made: u64,
    /// Those that could not be: a side did not answer.
    pub failed: u64,
    /// Differences of the days looked at that nobody has dealt with.
    pub open: u64,
}

impl Engine {
    /// Reconciles what the last `days` days before today still lack. Nothing before `after_s` seconds of today; nothing while another
    /// replica is at it. A channel whose day cannot be made keeps its later days waiting, because each takes the pool of the one before.
    pub async fn reconcile_morning(&self, hospital: &HospitalId, after_s: u32, days: u32) -> Result<Morning> {
        let now = self.now();
        let today = now.biz_date();
        let mut first = today;
        for _ in 0..days {
            first = first.start().plus_millis(-1).biz_date();
        }
        let last = today.start().plus_millis(-1).biz_date();
        if now >= today.start().plus_millis(i64::from(after_s) * 1000) && self.missing(hospital, first, last).await? && self.claim_morning(hospital).await? {
            let done = self.catch_up(hospital, first, last).await;
            self.give_up_morning(hospital).await?;
            let (made, failed) = done?;
            return Ok(Morning { made, failed, open: self.open_differences(hospital, first, last).await? });
        }
        Ok(Morning { open: self.open_differences(hospital, first, last).await?, ..Morning::default() })
    }

    async fn missing(&self, hospital: &HospitalId, first: BizDate, last: BizDate) -> Result<bool> {
        Ok(self.reconciled_days(hospital, first, last).await?.iter().any(|day| day.made_at.is_none()))
    }

    async fn catch_up(&self, hospital: &HospitalId, first: BizDate, last: BizDate) -> Result<(u64, u64)> {
        let (mut made, mut failed, mut stuck) = (0, 0, Vec::new());
        for day in self.reconciled_days(hospital, first, last).await?.iter().rev().filter(|day| day.made_at.is_none()) {
            if stuck.contains(&day.channel) {
                continue;
            }
            match self.reconcile_day(hospital, day.date, &day.channel).await {
                Ok(ReconcileDayResponse::Made { .. }) => made += 1,
                Ok(ReconcileDayResponse::NotMade { .. } | ReconcileDayResponse::Refused { .. }) | Err(_) => {
                    failed += 1;
                    stuck.push(day.channel.clone());
                }
            }
        }
        Ok((made, failed))
    }

    async fn open_differences(&self, hospital: &HospitalId, first: BizDate, last: BizDate) -> Result<u64> {
        Ok(self.reconciled_days(hospital, first, last).await?.iter().map(|day| day.open).sum())
    }

    async fn claim_morning(&self, hospital: &HospitalId) -> Result<bool> {
        let record = self.inner.store.record(hospital, RecordKind::Cursor, CLAIM).await?;
        let now = self.now();
        if let Some(record) = &record {
            let held: Claim = crate::json::read_bytes(&record.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "cursor"))?;
            if held.until > now && held.worker != self.inner.worker {
                return Ok(false);
            }
        }
        self.write_claim(hospital, record.map(|r| r.ver), now.plus_millis(CLAIM_MS)).await
    }

    async fn give_up_morning(&self, hospital: &HospitalId) -> Result<()> {
        let ver = self.inner.store.record(hospital, RecordKind::Cursor, CLAIM).await?.map(|r| r.ver);
        self.write_claim(hospital, ver, self.now()).await.map(drop)
    }

    /// `false` when another replica was faster.
    async fn write_claim(&self, hospital: &HospitalId, expected: Option<u32>, until: Timestamp) -> Result<bool> {
        let body = serde_json::to_vec(&Claim { worker: self.inner.worker.clone(), until }).map_err(|_| Error::internal("claims serialise"))?;
        let record = Record { kind: RecordKind::Cursor, key: CLAIM.to_owned(), ver: expected.unwrap_or(0).saturating_add(1), expires: None, body };
        match self.housekeep(hospital, vec![RecordWrite { record, expected }]).await {
            Err(error) if error.code() == Code::Conflict => Ok(false),
            done => done.map(|()| true),
        }
    }
}
