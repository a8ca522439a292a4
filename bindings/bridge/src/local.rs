//! An engine of this process, for hosts without a runtime: threads, log and ports behind calls that block.

mod copying;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use menjie::access::{Caller, Role};
use menjie::error::Code;
use menjie::ident::{DeptCode, HospitalId, PatientId, StaffId};
use menjie::service::Engine;
use menjie::{Error, Result};
use menjie_host::SystemClock;
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};
#[cfg(feature = "engine")]
use tokio::sync::watch;
#[cfg(feature = "engine")]
use tokio::task::JoinSet;

use copying::Copying;

use crate::build::build_with;
use crate::config::{Config, Format, Problem};
use crate::envelope::Reply;
use crate::ports::{Counts, Desk, PortHost};
use crate::strict;

/// Threads of the runtime; calls wait on the caller's own.
const WORKERS: usize = 2;
/// HIS is asked for its notices so often.
#[cfg(feature = "engine")]
const NOTICES_EVERY: Duration = Duration::from_secs(30);
/// After a fault inside the runner begins anew.
#[cfg(feature = "engine")]
const RUNNER_PAUSE: Duration = Duration::from_secs(1);

/// For whom a call is made; the host has found out who it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallerRequest {
    /// The hospital; the only one of the engine when it is not named.
    #[serde(default)]
    hospital: Option<HospitalId>,
    /// A patient.
    #[serde(default)]
    patient: Option<PatientId>,
    /// Or a member of staff.
    #[serde(default)]
    staff: Option<StaffId>,
    /// What he may be.
    #[serde(default)]
    roles: Vec<Role>,
    /// For which departments he works.
    #[serde(default)]
    departments: Vec<DeptCode>,
}

/// An engine and what it runs on.
pub struct LocalEngine {
    engine: Engine,
    desk: Option<Arc<Desk>>,
    copying: Option<Copying>,
    #[cfg(feature = "engine")]
    jobs: Jobs,
    runtime: Runtime,
}

/// What runs beside the calls.
#[cfg(feature = "engine")]
struct Jobs {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl LocalEngine {
    /// Opens it with a configuration as JSON, whose relative paths are beside the working directory, and with the ports of the host, which
    /// is asked on so many threads. Blocks; nothing is sent. The threads that are started here have the signal mask of this one.
    pub fn open(config: &str, host: Option<(Arc<dyn PortHost>, usize)>) -> std::result::Result<LocalEngine, Vec<Problem>> {
        let internal = || vec![Problem::of(&Error::internal("threads can be started"), "")];
        let config = Config::parse(config, Format::Json, Path::new("."), &std::collections::BTreeMap::new())?;
        let runtime = Builder::new_multi_thread().worker_threads(WORKERS).thread_name("menjie").enable_all().build().map_err(|_| internal())?;
        let (host, threads) = host.unzip();
        let desk = host.clone().zip(threads).map(|(host, threads)| Desk::open(host, Arc::new(SystemClock), threads)).transpose().map_err(|e| vec![Problem::of(&e, "ports")])?;
        // The log's writer may sleep on the runtime's timer.
        let mut copies = None;
        let parts = {
            let _inside = runtime.enter();
            build_with(&config, desk.as_ref(), |log| {
                copies = config.log.copy.map(|copy| (log.copies(usize::try_from(copy.piece_kib).unwrap_or(usize::MAX).saturating_mul(1 << 10)), copy));
                log
            })?
        };
        let engine = runtime.block_on(Engine::new(parts)).map_err(|e| vec![Problem::of(&e, "")])?;
        let copying = copies.zip(host).map(|((copies, config), host)| Copying::start(copies, host, config)).transpose().map_err(|e| vec![Problem::of(&e, "log.copy")])?;
        Ok(LocalEngine {
            #[cfg(feature = "engine")]
            jobs: Jobs::start(&runtime, &engine),
            engine,
            desk,
            copying,
            runtime,
        })
    }

    /// Runs an operation for a caller (`{"patient": …}` or `{"staff": …, "roles": […], "departments": […]}`, with a `hospital` where the engine
    /// has several), which only operations need that go through the engine. Blocks.
    pub fn call(&self, caller: Option<&str>, op: &str, request: &str) -> Reply {
        self.runtime.block_on(self.begin(caller, op, request))
    }

    /// The same for hosts that do not block: it runs from now on, whether or not anybody waits for its answer. What needs no engine has run
    /// when this returns.
    pub fn begin(&self, caller: Option<&str>, op: &str, request: &str) -> impl Future<Output = Reply> + Send + 'static {
        let begun = match crate::find(op) {
            Ok(found) if found.kind.needs_engine() => {
                let caller = caller.ok_or_else(|| Error::field("caller", "is missing: this operation is run for somebody")).and_then(|caller| self.caller(caller));
                caller.map_err(|error| Reply::from(&error)).map(|caller| {
                    let (engine, op, request) = (self.engine.clone(), op.to_owned(), request.to_owned());
                    self.runtime.spawn(async move { crate::call(&engine, &caller, &op, &request).await })
                })
            }
            Ok(_) | Err(_) => Err(crate::call_alone(op, request)),
        };
        async move {
            match begun {
                Ok(called) => called.await.unwrap_or_else(|ended| {
                    // Dropped when the engine was closed: what was begun may have been stored.
                    let code = if ended.is_cancelled() { Code::StoreUnknown } else { Code::Panicked };
                    Reply::from(&Error::new(code))
                }),
                Err(reply) => reply,
            }
        }
    }

    /// What the host was asked so far.
    pub fn counts(&self) -> Option<Counts> {
        self.desk.as_ref().map(|desk| desk.counts())
    }

    /// Closes it: no work is begun any more, what is under way may end, at most so long, and the host has come back from every question. False
    /// when it has not: then its threads end when it does. The copy of the log goes on for half of what is left of that time, with the log's own
    /// end; what is not copied then is at the next start (`seal.copied` tells how much).
    pub fn close(self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let LocalEngine { engine, desk, copying, runtime, .. } = self;
        #[cfg(feature = "engine")]
        runtime.block_on(self.jobs.stop(patience / 2));
        // Work that was not done in time is dropped, as by a crash: the outbox has it.
        runtime.shutdown_timeout(Duration::from_secs(1));
        drop(engine);
        let left = || until.saturating_duration_since(Instant::now());
        let keepers = copying.map(|copying| copying.end(left() / 2));
        // Both are closed, whatever becomes of the first.
        let close = |desk: Option<Arc<Desk>>| desk.is_none_or(|desk| desk.close(left()));
        let (others, keeper) = (close(desk), close(keepers));
        others && keeper
    }

    fn caller(&self, text: &str) -> Result<Caller> {
        let CallerRequest { hospital, patient, staff, roles, departments } = strict::request(text).map_err(|e| e.under("caller"))?;
        let hospital = match hospital {
            Some(hospital) => hospital,
            None => {
                let mut all = self.engine.hospitals();
                match (all.next(), all.next()) {
                    (Some(only), None) => only.id.clone(),
                    _ => return Err(Error::field("caller.hospital", "must be named, because the engine has several")),
                }
            }
        };
        match (patient, staff) {
            (Some(patient), None) if roles.is_empty() && departments.is_empty() => Ok(Caller::patient(hospital, patient)),
            (None, Some(staff)) => Ok(Caller::staff(hospital, staff, roles).within(departments)),
            _ => Err(Error::field("caller", "is a patient, or a member of staff with his roles")),
        }
    }
}

#[cfg(feature = "engine")]
impl Jobs {
    fn start(runtime: &Runtime, engine: &Engine) -> Jobs {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn_on(run(engine.clone(), stopped.clone()), runtime.handle());
        if engine.hospitals().any(|hospital| hospital.his.traits().notices) {
            tasks.spawn_on(read_notices(engine.clone(), stopped), runtime.handle());
        }
        Jobs { tasks, stop }
    }

    async fn stop(mut self, patience: Duration) {
        // Nobody listens any more when all have ended.
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(patience, async { while self.tasks.join_next().await.is_some() {} }).await;
    }
}

#[cfg(feature = "engine")]
async fn until(mut stopped: watch::Receiver<bool>) {
    // A sender that is gone is the end, too.
    let _ = stopped.wait_for(|stop| *stop).await;
}

#[cfg(feature = "engine")]
async fn run(engine: Engine, stopped: watch::Receiver<bool>) {
    use futures_util::FutureExt as _;
    use menjie::service::Runner;
    let runner = Runner::new(engine);
    while std::panic::AssertUnwindSafe(runner.run(until(stopped.clone()))).catch_unwind().await.is_err() {
        tokio::time::sleep(RUNNER_PAUSE).await;
    }
}

#[cfg(feature = "engine")]
async fn read_notices(engine: Engine, stopped: watch::Receiver<bool>) {
    let stop = until(stopped);
    tokio::pin!(stop);
    loop {
        for hospital in engine.hospitals() {
            // What could not be read now is read in the next round.
            let _ = engine.read_notices(&hospital.id).await;
        }
        tokio::select! {
            () = tokio::time::sleep(NOTICES_EVERY) => {}
            () = &mut stop => return,
        }
    }
}
