//! What runs beside the requests: the runner, the feed of HIS's notices, reconciliation each morning, and keys of auditors that are
//! dropped in time.
//!
//! Expired sessions and quotes need no job: a store forgets them with later writes.

use std::future::Future;
use std::time::Duration;

use menjie::service::Runner;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::staff::log::key;

/// Pause between two looks for days that are not reconciled.
const RECONCILE_EVERY: Duration = Duration::from_secs(300);

/// Pause between two looks for keys of sessions that are over.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// The jobs of a server.
pub struct Jobs {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    app: App,
}

impl Jobs {
    /// Starts them on the present runtime.
    pub fn start(app: &App) -> Jobs {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        app.set_running(true);
        tasks.spawn(run(app.clone(), until(stopped.clone())));
        if app.engine().hospitals().any(|h| h.his.traits().notices) {
            tasks.spawn(feed(app.clone(), stopped.clone()));
        }
        if app.settings().reconcile_days > 0 {
            tasks.spawn(reconcile(app.clone(), stopped.clone()));
        }
        if app.log().is_some() {
            tasks.spawn(sweep(app.clone(), stopped));
        }
        Jobs { tasks, stop, app: app.clone() }
    }

    /// Returns when a job ends although nobody asked it to: a defect, the process had better start anew.
    pub async fn failed(&mut self) {
        match self.tasks.join_next().await {
            Some(ended) => {
                self.app.set_running(false);
                tracing::error!(target: "menjie::jobs", panicked = ended.is_err(), "a job ended unasked");
            }
            None => std::future::pending().await,
        }
    }

    /// Stops them: no new work is taken, calls in flight finish; whoever is not done within `drain` is dropped, which
    /// the next start treats like any crash. `true` when all ended in time.
    pub async fn stop(mut self, drain: Duration) -> bool {
        // Nobody listens any more when all have ended.
        let _ = self.stop.send(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        let in_time = tokio::time::timeout(drain, ended).await.is_ok();
        self.app.set_running(false);
        in_time
    }
}

async fn run(app: App, stop: impl Future<Output = ()>) {
    Runner::new(app.engine().clone()).run(stop).await;
}

async fn feed(app: App, stopped: watch::Receiver<bool>) {
    let pause = Duration::from_secs(u64::from(app.settings().notices_every_s));
    let stop = until(stopped);
    tokio::pin!(stop);
    loop {
        for hospital in app.engine().hospitals() {
            if let Err(error) = app.engine().read_notices(&hospital.id).await {
                app.metrics().feed_failure();
                tracing::warn!(target: "menjie::feed", code = error.code().number(), "HIS's notices could not be read; the next round tries again");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut stop => return,
        }
    }
}

/// Looks every few minutes whether a day is missing: after a night, an outage, or a side that did not answer.
async fn reconcile(app: App, stopped: watch::Receiver<bool>) {
    let (after_s, days) = (app.settings().reconcile_after_s, app.settings().reconcile_days);
    let stop = until(stopped);
    tokio::pin!(stop);
    loop {
        // Unknown as soon as one hospital's is: what stands stays told, or a difference would end with the store's connection.
        let mut open = Some(0);
        for hospital in app.engine().hospitals() {
            match app.engine().reconcile_morning(&hospital.id, after_s, days).await {
                Ok(morning) => {
                    open = open.map(|open| open + morning.open);
                    if morning.made + morning.failed > 0 {
                        tracing::info!(target: "menjie::reconcile", made = morning.made, failed = morning.failed, open = morning.open, "days were reconciled");
                    }
                    app.metrics().reconciled(morning.made, morning.failed);
                }
                Err(error) => {
                    open = None;
                    app.metrics().reconciled(0, 1);
                    tracing::warn!(target: "menjie::reconcile", code = error.code().number(), "days could not be reconciled; the next round tries again");
                }
            }
        }
        if let Some(open) = open {
            app.metrics().open_differences(open);
        }
        tokio::select! {
            () = tokio::time::sleep(RECONCILE_EVERY) => {}
            () = &mut stop => return,
        }
    }
}

/// Drops the keys of auditors whose sessions are over.
async fn sweep(app: App, stopped: watch::Receiver<bool>) {
    let stop = until(stopped);
    tokio::pin!(stop);
    loop {
        key::sweep(&app).await;
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => {}
            () = &mut stop => return,
        }
    }
}

/// Resolves when `stopped` turns true, or nobody is left to say so.
async fn until(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}
