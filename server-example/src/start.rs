//! From a configuration file to a running server, and its orderly end.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use menjie::port::LogSink;
use menjie::service::{Engine, Parts};
use menjie_bridge::build::{build, log_writers};
use menjie_bridge::config::{Config, Problem};
use menjie_host::OsEntropy;
use tokio::net::TcpListener;

use crate::app::App;
use crate::jobs::Jobs;
use crate::router::router;
use crate::serve::serve;
use crate::settings::Settings;
use crate::transfers::Transfers;
use crate::viewed_log::ViewedLog;

/// A server that is put together: store open, port bound, nothing running yet.
pub struct Server {
    app: App,
    listener: TcpListener,
}

/// Reads the configuration and opens the store. Every problem names its field.
pub async fn open(path: &Path, env: &BTreeMap<String, String>) -> Result<App, Vec<Problem>> {
    let config = Config::load(path, env)?;
    let mut settings: Settings = config.section("server")?;
    // A folder beside the document, like every path in it.
    settings.pages.content = settings.pages.content.map(|folder| path.parent().unwrap_or(Path::new("")).join(folder));
    settings.check().map_err(|e| vec![Problem::of(&e, "")])?;
    let viewer = settings.log_viewer;
    let (parts, transfers, log) =
        tokio::task::spawn_blocking(move || built(&config, viewer)).await.map_err(|_| vec![Problem::new("", "the engine could not be built", "report this")])??;
    let engine = Engine::new(parts).await.map_err(|e| vec![Problem::of(&e, "")])?;
    App::new(engine, Arc::new(OsEntropy), transfers, log, settings).map_err(|e| vec![Problem::of(&e, "")])
}

/// The engine's parts, the tap before its log, and the log for whoever may look at it.
fn built(config: &Config, viewer: bool) -> Result<(Parts, Arc<Transfers>, Option<ViewedLog>), Vec<Problem>> {
    let writers = if viewer { Some(log_writers(&config.log)?) } else { None };
    let (mut tap, mut viewed) = (None, None);
    let parts = build(config, |log| {
        let health = Arc::clone(&log);
        viewed = writers.map(|writers| ViewedLog::new(&config.log.folder, writers, Arc::clone(&log)));
        let transfers = Arc::new(Transfers::new(log, move || health.health()));
        tap = Some(Arc::clone(&transfers));
        transfers as Arc<dyn LogSink>
    })?;
    let transfers = tap.ok_or_else(|| vec![Problem::new("log", "was not opened", "report this")])?;
    Ok((parts, transfers, viewed))
}

impl Server {
    /// Opens everything and binds the port.
    pub async fn prepare(path: &Path, env: &BTreeMap<String, String>) -> Result<Server, Vec<Problem>> {
        let app = open(path, env).await?;
        let listen = app.settings().listen;
        let listener =
            TcpListener::bind(listen).await.map_err(|e| vec![Problem::new("server.listen", format!("cannot listen: {}", e.kind()), "choose a free port of this machine")])?;
        Ok(Server { app, listener })
    }

    /// The state, for those who run it in their own process.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Serves until `stop` resolves: then no new connections, then the runner stops, then what is in flight finishes
    /// within the drain time. `false` when something had to be cut off or a job failed.
    pub async fn run(self, stop: impl Future<Output = ()>) -> bool {
        let Server { app, listener } = self;
        let drain = Duration::from_secs(u64::from(app.settings().drain_s));
        let connections = app.settings().max_connections;
        let mut jobs = Jobs::start(&app);
        let mut failed = false;
        tracing::info!(target: "menjie::start", address = %app.settings().listen, "serving");
        let halt = async {
            tokio::select! {
                () = stop => {}
                () = jobs.failed() => failed = true,
            }
        };
        let served = serve(listener, router(app), connections, halt, drain).await;
        let stopped = jobs.stop(drain).await;
        tracing::info!(target: "menjie::start", requests_done = served, calls_done = stopped, failed, "stopped");
        served && stopped && !failed
    }
}
