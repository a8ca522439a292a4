//! What is stored, the guards, and the one loop that applies a batch.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Timestamp;
use crate::ident::{BatchId, HospitalId, LineKey, RequestKey, SettlementId};
use crate::ledger::{Journal, JournalKind};
use crate::port::{Batch, CommitError, Find, Inbox, Loaded, Record, RecordKind, RecordWrite, Reply, Source, StateLog};
use crate::workflow::{Key, Row};

use super::jobs::Jobs;

/// At most this many settlements of a patient are found.
const FOUND: usize = 200;

#[derive(Default)]
pub(super) struct State {
    pub(super) machines: BTreeMap<(HospitalId, Key), Row>,
    pub(super) records: BTreeMap<(HospitalId, RecordKind, String), Record>,
    replies: BTreeMap<(HospitalId, String, RequestKey), (String, Reply)>,
    pub(super) inbox: BTreeMap<(HospitalId, String, String), (Timestamp, Inbox)>,
    pub(super) lines: BTreeMap<(HospitalId, LineKey), SettlementId>,
    pub(super) journals: BTreeMap<(HospitalId, BatchId, usize), Journal>,
    posted: BTreeSet<(HospitalId, JournalKind, String)>,
    pub(super) log: BTreeMap<(HospitalId, Key, u32), (Timestamp, StateLog)>,
    batches: BTreeSet<(HospitalId, BatchId)>,
    pub(super) jobs: Jobs,
}

impl State {
    pub(super) fn load(&self, hospital: &HospitalId, keys: &[Key]) -> Vec<Loaded> {
        keys.iter().filter_map(|key| self.machines.get(&(hospital.clone(), *key))).cloned().collect()
    }

    pub(super) fn find(&self, hospital: &HospitalId, by: &Find) -> Vec<Key> {
        match by {
            Find::Line(line) => self.lines.get(&(hospital.clone(), line.clone())).map(|by| Key::Settlement(*by)).into_iter().collect(),
            Find::Patient(patient) => {
                let mut found: Vec<Key> = self.settlements(hospital).filter(|(_, s)| s.patient() == patient).map(|(key, _)| key).collect();
                found.reverse();
                found.truncate(FOUND);
                found
            }
        }
    }

    pub(super) fn settlements(&self, hospital: &HospitalId) -> impl Iterator<Item = (Key, &crate::workflow::Settlement)> {
        let hospital = hospital.clone();
        self.machines.iter().filter_map(move |((h, key), row)| match row {
            Row::Settlement(settlement) if *h == hospital => Some((*key, settlement)),
            _ => None,
        })
    }

    pub(super) fn record(&self, hospital: &HospitalId, kind: RecordKind, key: &str) -> Option<Record> {
        self.records.get(&(hospital.clone(), kind, key.to_owned())).cloned()
    }

    pub(super) fn replied(&self, hospital: &HospitalId, scope: &str, key: &RequestKey) -> Option<(String, Reply)> {
        self.replies.get(&(hospital.clone(), scope.to_owned(), key.clone())).cloned()
    }

    pub(super) fn committed(&self, hospital: &HospitalId, batch: BatchId) -> bool {
        self.batches.contains(&(hospital.clone(), batch))
    }

    pub(super) fn events(&self, hospital: &HospitalId) -> Vec<(Key, u32, Vec<u8>)> {
        self.log.iter().filter(|((h, ..), _)| h == hospital).map(|((_, key, ver), (_, step))| (*key, *ver, step.event.clone())).collect()
    }

    /// All of it or nothing: every guard is asked before the first change.
    pub(super) fn commit(&mut self, batch: &Batch) -> Result<(), CommitError> {
        batch.check().map_err(|broken| CommitError::Failed(broken.to_string()))?;
        self.guard_source(batch)?;
        self.guard_versions(batch)?;
        self.guard_claims(batch)?;
        self.guard_once(batch)?;
        self.apply(batch);
        Ok(())
    }

    fn guard_source(&self, batch: &Batch) -> Result<(), CommitError> {
        let hospital = &batch.hospital;
        match &batch.source {
            Source::Request { scope, key, fingerprint } => match self.replies.get(&(hospital.clone(), scope.clone(), key.clone())) {
                Some((first, reply)) if first == fingerprint => return Err(CommitError::Replayed(reply.clone())),
                Some(_) => return Err(CommitError::OtherFingerprint),
                None => {}
            },
            Source::Message { peer, id } => {
                if self.inbox.contains_key(&(hospital.clone(), peer.clone(), id.clone())) {
                    return Err(CommitError::Stale);
                }
            }
            Source::Effect { .. } | Source::Poll { .. } | Source::Wake { .. } | Source::Housekeeping => {}
        }
        if !self.jobs.holds(hospital, &batch.source) || self.committed(hospital, batch.id) {
            return Err(CommitError::Stale);
        }
        Ok(())
    }

    fn guard_versions(&self, batch: &Batch) -> Result<(), CommitError> {
        let hospital = &batch.hospital;
        let rows = batch.writes.iter().all(|w| self.machines.get(&(hospital.clone(), w.row.key())).map(Row::ver) == w.expected);
        let live = |w: &RecordWrite| self.records.get(&(hospital.clone(), w.record.kind, w.record.key.clone())).filter(|r| !expired(r, batch.at));
        let records = batch.records.iter().all(|w| live(w).map(|r| r.ver) == w.expected);
        if rows && records { Ok(()) } else { Err(CommitError::Conflict) }
    }

    fn guard_claims(&self, batch: &Batch) -> Result<(), CommitError> {
        let mut taken: BTreeMap<&LineKey, SettlementId> = BTreeMap::new();
        for (line, by) in &batch.claims {
            let holder = self.lines.get(&(batch.hospital.clone(), line.clone())).copied().filter(|holder| !batch.frees.contains(&(line.clone(), *holder)));
            if let Some(by) = holder.or_else(|| taken.get(line).copied()) {
                return Err(CommitError::Claimed { line: line.clone(), by });
            }
            taken.insert(line, *by);
        }
        Ok(())
    }

    /// Unique keys that a sound engine never meets: the batch fails as a whole.
    fn guard_once(&self, batch: &Batch) -> Result<(), CommitError> {
        let hospital = &batch.hospital;
        let failed = |what: &str| Err(CommitError::Failed(what.to_owned()));
        if batch.journals.iter().any(|j| self.posted.contains(&(hospital.clone(), j.kind, j.reference.clone()))) {
            return failed("a journal of this kind and reference exists");
        }
        if batch.log.iter().any(|s| self.log.contains_key(&(hospital.clone(), s.machine, s.ver))) {
            return failed("this step of the machine is logged already");
        }
        if batch.acts.iter().any(|a| self.jobs.has_act(hospital, a.id)) {
            return failed("this act is in the outbox already");
        }
        Ok(())
    }

    fn apply(&mut self, batch: &Batch) {
        let hospital = &batch.hospital;
        self.batches.insert((hospital.clone(), batch.id));
        match &batch.source {
            Source::Request { scope, key, fingerprint } => {
                let reply = batch.reply.clone().unwrap_or(Reply(Vec::new())); // present: Batch::check
                self.replies.insert((hospital.clone(), scope.clone(), key.clone()), (fingerprint.clone(), reply));
            }
            Source::Message { peer, id } => {
                self.inbox.extend(batch.inbox.iter().map(|inbox| ((hospital.clone(), peer.clone(), id.clone()), (batch.at, inbox.clone()))));
            }
            Source::Effect { .. } | Source::Poll { .. } | Source::Wake { .. } | Source::Housekeeping => {}
        }
        self.machines.extend(batch.writes.iter().map(|w| ((hospital.clone(), w.row.key()), w.row.clone())));
        if !batch.records.is_empty() {
            self.records.retain(|(h, ..), record| h != hospital || !expired(record, batch.at));
            self.records.extend(batch.records.iter().map(|w| ((hospital.clone(), w.record.kind, w.record.key.clone()), w.record.clone())));
        }
        for (line, by) in &batch.frees {
            if self.lines.get(&(hospital.clone(), line.clone())) == Some(by) {
                self.lines.remove(&(hospital.clone(), line.clone()));
            }
        }
        self.lines.extend(batch.claims.iter().map(|(line, by)| ((hospital.clone(), line.clone()), *by)));
        self.posted.extend(batch.journals.iter().map(|j| (hospital.clone(), j.kind, j.reference.clone())));
        self.journals.extend(batch.journals.iter().enumerate().map(|(i, j)| ((hospital.clone(), batch.id, i), j.clone())));
        self.log.extend(batch.log.iter().map(|s| ((hospital.clone(), s.machine, s.ver), (batch.at, s.clone()))));
        self.jobs.apply(batch);
    }
}

fn expired(record: &Record, at: Timestamp) -> bool {
    record.expires.is_some_and(|expires| expires <= at)
}
