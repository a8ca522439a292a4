//! The engine: hospitals, store and clock behind one cheap handle.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bell::{Bell, PaymentBells};
use super::handoff::Handoff;
use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};
use crate::ident::{ChannelCode, HospitalId, TermsHash, WorkerName};
use crate::payment::ChannelTraits;
use crate::policy::{Pace, Terms};
use crate::port::{
    Batch, CallLog, Clock, CommitError, Entropy, HealthCode, His, IdSource, Insurer, InvoicePlatform, LogSink, Notifier, NotifierTraits, PaymentChannel, Record, RecordKind,
    RecordWrite, Source, Store,
};

/// One hospital as the engine knows it: policies and ports.
#[derive(Clone)]
pub struct Hospital {
    /// Its id.
    pub id: HospitalId,
    /// The rules for machines born from now on.
    pub terms: Terms,
    /// How patiently counterparts are asked.
    pub pace: Pace,
    /// HIS.
    pub his: Arc<dyn His>,
    /// Payment channels by code.
    pub channels: BTreeMap<ChannelCode, Arc<dyn PaymentChannel>>,
    /// The invoice platform.
    pub invoice: Arc<dyn InvoicePlatform>,
    /// The health-code platform; without one HIS gets health codes as they are read.
    pub health_code: Option<Arc<dyn HealthCode>>,
    /// The insurer; without one HIS gets e-vouchers as they are read.
    pub insurer: Option<Arc<dyn Insurer>>,
    /// Message gateways and the official account.
    pub notifier: Option<Arc<dyn Notifier>>,
    /// Where transfers are recorded.
    pub log: Arc<dyn LogSink>,
}

impl Hospital {
    pub(crate) fn call_log(&self) -> CallLog {
        CallLog::new(Arc::clone(&self.log), self.id.clone())
    }

    pub(crate) fn notifier_traits(&self) -> NotifierTraits {
        self.notifier.as_ref().map(|n| n.traits()).unwrap_or_default()
    }

    pub(crate) fn channel_traits(&self, code: &ChannelCode) -> Option<ChannelTraits> {
        self.channels.get(code).map(|c| c.traits())
    }
}

/// What an engine is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdSource>,
    /// Randomness, for one-time codes.
    pub entropy: Arc<dyn Entropy>,
    /// The name of this process; exclusive.
    pub worker: WorkerName,
    /// The hospitals.
    pub hospitals: Vec<Hospital>,
}

/// The engine. Cloning is cheap; all clones are one.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) worker: WorkerName,
    pub(crate) hospitals: BTreeMap<HospitalId, (Hospital, TermsHash)>,
    /// Rung when the runner has something to do.
    pub(crate) bell: Bell,
    /// Rung when a watched payment moved.
    pub(crate) payments: PaymentBells,
    pub(crate) handoff: Handoff,
    running: AtomicBool,
    terms: Mutex<BTreeMap<TermsHash, Arc<Terms>>>,
}

impl Engine {
    /// Checks the policies, stores each hospital's terms under their hash, and returns the engine.
    pub async fn new(parts: Parts) -> Result<Engine> {
        let mut hospitals = BTreeMap::new();
        let mut terms = BTreeMap::new();
        for hospital in parts.hospitals {
            hospital.terms.check()?;
            hospital.pace.check()?;
            let hash = hospital.terms.hash()?;
            terms.insert(hash.clone(), Arc::new(hospital.terms.clone()));
            if hospitals.insert(hospital.id.clone(), (hospital, hash)).is_some() {
                return Err(Error::new(Code::BadPolicy).with("field", "hospitals").with("problem", "a hospital is named twice"));
            }
        }
        let inner = Inner {
            store: parts.store,
            clock: parts.clock,
            ids: parts.ids,
            entropy: parts.entropy,
            worker: parts.worker,
            hospitals,
            bell: Bell::default(),
            payments: PaymentBells::default(),
            handoff: Handoff::default(),
            running: AtomicBool::new(false),
            terms: Mutex::new(terms),
        };
        let engine = Engine { inner: Arc::new(inner) };
        for (hospital, hash) in engine.inner.hospitals.values() {
            engine.keep_terms(hospital, hash).await?;
        }
        Ok(engine)
    }

    /// A machine pins the hash of its terms, so every version that was ever used must stay readable.
    async fn keep_terms(&self, hospital: &Hospital, hash: &TermsHash) -> Result<()> {
        if self.inner.store.record(&hospital.id, RecordKind::Policy, hash.as_str()).await?.is_some() {
            return Ok(());
        }
        let body = serde_json::to_vec(&hospital.terms).map_err(|_| Error::internal("terms serialise"))?;
        let record = Record { kind: RecordKind::Policy, key: hash.as_str().to_owned(), ver: 1, expires: None, body };
        match self.housekeep(&hospital.id, vec![RecordWrite { record, expected: None }]).await {
            // Another replica stored the same content first.
            Err(error) if error.code() == Code::Conflict => Ok(()),
            done => done,
        }
    }

    /// Writes plain records (sessions, cursors) under their versions.
    pub async fn housekeep(&self, hospital: &HospitalId, records: Vec<RecordWrite>) -> Result<()> {
        let batch = Batch {
            id: crate::ident::BatchId::new(self.inner.ids.next())?,
            hospital: hospital.clone(),
            at: self.now(),
            worker: self.inner.worker.clone(),
            source: Source::Housekeeping,
            reply: None,
            inbox: None,
            writes: Vec::new(),
            records,
            claims: Vec::new(),
            frees: Vec::new(),
            acts: Vec::new(),
            polls: Vec::new(),
            wakes: Vec::new(),
            spacing: None,
            journals: Vec::new(),
            log: Vec::new(),
        };
        match self.inner.store.commit(&batch).await {
            Ok(()) => Ok(()),
            Err(CommitError::Busy) => Err(Error::new(Code::StoreBusy)),
            Err(CommitError::Failed(cause)) => Err(Error::new(Code::StoreFailed).with("cause", cause)),
            Err(CommitError::Unknown(_)) if self.inner.store.committed(hospital, batch.id).await? => Ok(()),
            Err(CommitError::Unknown(cause)) => Err(Error::new(Code::StoreUnknown).with("cause", cause)),
            Err(_) => Err(Error::new(Code::Conflict)),
        }
    }

    /// A hospital by id.
    pub fn hospital(&self, id: &HospitalId) -> Result<&Hospital> {
        self.inner.hospitals.get(id).map(|(h, _)| h).ok_or_else(|| Error::new(Code::NotFound).with("field", "hospital"))
    }

    /// The hospitals of this engine.
    pub fn hospitals(&self) -> impl Iterator<Item = &Hospital> {
        self.inner.hospitals.values().map(|(h, _)| h)
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        self.inner.store.as_ref()
    }

    /// Now, by the injected clock.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// A fresh id.
    pub(crate) fn fresh(&self) -> i64 {
        self.inner.ids.next()
    }

    pub(crate) fn terms_hash(&self, id: &HospitalId) -> Result<&TermsHash> {
        self.inner.hospitals.get(id).map(|(_, hash)| hash).ok_or_else(|| Error::new(Code::NotFound).with("field", "hospital"))
    }

    /// Terms at hand.
    pub(crate) fn terms(&self, hash: &TermsHash) -> Option<Arc<Terms>> {
        lock(&self.inner.terms).get(hash).cloned()
    }

    /// Reads terms of an older policy from the store.
    pub(crate) async fn load_terms(&self, hospital: &HospitalId, hash: &TermsHash) -> Result<()> {
        let missing = || Error::internal("pinned terms stay readable");
        let record = self.inner.store.record(hospital, RecordKind::Policy, hash.as_str()).await?.ok_or_else(missing)?;
        let terms: Terms = crate::json::read_bytes(&record.body).map_err(|_| missing())?;
        lock(&self.inner.terms).insert(hash.clone(), Arc::new(terms));
        Ok(())
    }

    /// A runner of this process takes acts by hand-off.
    pub(crate) fn start_running(&self) {
        self.inner.running.store(true, Ordering::Release);
    }

    pub(crate) fn stop_running(&self) {
        self.inner.running.store(false, Ordering::Release);
    }

    pub(crate) fn running(&self) -> bool {
        self.inner.running.load(Ordering::Acquire)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
