//! A server of its own process with its own configuration, store and keys, before a hospital in a box.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use menjie::access::Private;
use menjie_host::OsEntropy;
use menjie_keys::KeyRing;
use menjie_server::token;
use menjie_sim::SimCredentials;
use menjie_sim::day::{self, Day, DayPlan};
use menjie_sim::faults::Faults;
use menjie_sim::hospital::HospitalOptions;
use menjie_sim::shell::{SimAddresses, SimConfig, SimServer, plain_client};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::arguments::Arguments;

/// A start may take this long; a debug build on a busy machine is slow.
const START: Duration = Duration::from_secs(60);
/// An orderly stop may take this long.
const STOP: Duration = Duration::from_secs(45);

/// Everything that runs.
pub(crate) struct Deployed {
    pub(crate) sim: SimServer,
    pub(crate) day: Day,
    /// The server's address.
    pub(crate) base: String,
    /// The staff token; its hash is in the configuration.
    pub(crate) staff: Private,
    pub(crate) folder: PathBuf,
    /// Is HIS the simulated one?
    pub(crate) own_his: bool,
    server: Mutex<Option<Child>>,
}

impl Deployed {
    /// Starts simulators, then the server, and waits until it is ready.
    pub(crate) async fn start(arguments: &Arguments) -> Result<Deployed, String> {
        let day = read_day(arguments)?;
        let addresses = if arguments.headless || arguments.crashes.is_some() { SimAddresses::loopback(0) } else { SimAddresses::loopback(9400) };
        let options = HospitalOptions { seed: arguments.seed, ..HospitalOptions::default() };
        let faults = arguments.faults.map_or_else(Faults::none, Faults::bad_day);
        let sim = SimConfig { addresses, options, faults, ..SimConfig::local(day.clone()) };
        let sim = SimServer::start(sim).await.map_err(|e| format!("the simulators do not start: {e}"))?;
        let folder = folder(arguments)?;
        let keys = folder.join("keys.json");
        if !keys.exists() {
            menjie_keys::write(&keys, &KeyRing::generate(&OsEntropy)).map_err(|e| format!("the key file: {e}"))?;
        }
        let port = port(if arguments.headless || arguments.crashes.is_some() { 0 } else { 8080 })?;
        let base = format!("http://127.0.0.1:{port}");
        let staff = token::fresh(&OsEntropy);
        let config = config(&sim, arguments.his.as_deref(), port, &base, &staff);
        fs::write(folder.join("menjie.json"), config.to_string()).map_err(|e| format!("the configuration: {}", e.kind()))?;
        let deployed = Deployed { sim, day, base, staff, folder, own_his: arguments.his.is_none(), server: Mutex::new(None) };
        deployed.spawn().await?;
        Ok(deployed)
    }

    /// Starts the server's process and waits until it is ready.
    pub(crate) async fn spawn(&self) -> Result<(), String> {
        let program = std::env::current_exe().map_err(|e| e.kind().to_string())?;
        let program = program.with_file_name(format!("menjie-server{}", std::env::consts::EXE_SUFFIX));
        let log = self.folder.join("server.log");
        let writer = File::options().create(true).append(true).open(&log).map_err(|e| format!("{}: {}", log.display(), e.kind()))?;
        let mut child = Command::new(&program)
            .arg("--config")
            .arg(self.folder.join("menjie.json"))
            .env_remove("MENJIE_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(writer)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| format!("{} does not start: {} (build it with `cargo build -p menjie-server`)", program.display(), e.kind()))?;
        let until = Instant::now() + START;
        let client = client(Duration::from_secs(2))?;
        loop {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!("the server ended at once ({status}); see {}", log.display()));
            }
            let answer = client.get(format!("{}/readyz", self.base)).send().await;
            if answer.is_ok_and(|a| a.status().is_success()) {
                break;
            }
            if Instant::now() >= until {
                return Err(format!("the server is not ready after {} s; see {}", START.as_secs(), log.display()));
            }
            sleep(Duration::from_millis(20)).await;
        }
        *self.server.lock().await = Some(child);
        Ok(())
    }

    /// `kill -9`, then waits until the process is gone.
    pub(crate) async fn kill(&self) -> Result<(), String> {
        let Some(mut child) = self.server.lock().await.take() else { return Err("there is no server to kill".to_owned()) };
        child.kill().await.map_err(|e| format!("the server cannot be killed: {}", e.kind()))
    }

    /// Stops the server in good order, then the simulators.
    pub(crate) async fn stop(self) -> Result<(), String> {
        let child = self.server.lock().await.take();
        let ended = match child {
            Some(child) => end(child).await,
            None => Ok(()),
        };
        self.sim.stop().await;
        ended
    }
}

/// Asks with SIGTERM and expects success.
async fn end(mut child: Child) -> Result<(), String> {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw).ok_or("the server is gone")?;
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).map_err(|e| format!("the server cannot be stopped: {e}"))?;
    match tokio::time::timeout(STOP, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("the server stopped with {status}")),
        Ok(Err(error)) => Err(format!("the server cannot be waited for: {}", error.kind())),
        Err(_) => Err(format!("the server did not stop within {} s", STOP.as_secs())),
    }
}

/// A client for loopback.
pub(crate) fn client(timeout: Duration) -> Result<reqwest::Client, String> {
    plain_client(timeout).map_err(|e| e.to_string())
}

fn read_day(arguments: &Arguments) -> Result<Day, String> {
    match &arguments.day {
        Some(path) => {
            let file = File::open(path).map_err(|e| format!("{}: {}", path.display(), e.kind()))?;
            day::read_json(file).map_err(|e| format!("{}: {e}", path.display()))
        }
        None => day::generate(arguments.seed, &DayPlan { visits: arguments.visits, ..DayPlan::default() }).map_err(|e| e.to_string()),
    }
}

fn folder(arguments: &Arguments) -> Result<PathBuf, String> {
    let folder = arguments.folder.clone().unwrap_or_else(|| std::env::temp_dir().join(format!("menjie-demo-{}", std::process::id())));
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {}", folder.display(), e.kind()))?;
    fs::canonicalize(&folder).map_err(|e| format!("{}: {}", folder.display(), e.kind()))
}

/// This port, or any free one; it stays ours across restarts of the server.
fn port(wanted: u16) -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", wanted)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)));
    listener.and_then(|l| l.local_addr()).map(|a| a.port()).map_err(|e| format!("no free port: {}", e.kind()))
}

fn config(sim: &SimServer, his_url: Option<&str>, port: u16, base: &str, staff: &Private) -> Value {
    let keys = SimCredentials::fixed();
    let urls = sim.urls();
    let var = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let (app, secret) = match his_url {
        None => (keys.his_app.clone(), keys.his_secret.clone()),
        Some(_) => (var("MENJIE_DEMO_HIS_APP", &keys.his_app), var("MENJIE_DEMO_HIS_SECRET", &keys.his_secret)),
    };
    json!({
        "store": { "path": "menjie.db", "keys": "keys.json" },
        "hospitals": [{
            "id": "DEMO",
            "pace": pace(),
            "his": { "http": { "base_url": his_url.unwrap_or(&urls.his) }, "app": app, "secret": secret },
            "invoice": {
                "http": { "base_url": urls.invoice }, "appid": keys.invoice_appid, "key": keys.invoice_key,
                "place_code": "DEMO01", "payee": "自助机", "author": "门结演示", "medical_institution": "公立专科医院", "card_type": "3101",
            },
            "channels": { "wechat": {
                "mchid": keys.mchid, "appid": keys.appid, "merchant_serial": keys.merchant_serial,
                "merchant_key_pem": keys.merchant_key_pem, "apiv3_key": keys.api_v3_key,
                "verify_keys": [{ "id": keys.platform_public_key_id, "pem": keys.platform_public_key_pem }],
                "notify_url": format!("{base}/notify/wechat"), "base_url": urls.wechat,
            }},
        }],
        "server": {
            "listen": format!("127.0.0.1:{port}"),
            "identify_ways": ["id_card", "visit_no"],
            "ops": true,
            "notices_every_s": 2,
            "staff": [{ "staff": "demo", "roles": ["operator", "finance", "auditor"], "token_sm3": token::hash(staff.reveal()) }],
        },
    })
}

/// A day of minutes instead of hours: the same ladders with shorter steps.
fn pace() -> Value {
    let lane = |slots: u32| {
        json!({
            "act": { "steps_s": [1, 1, 2, 3, 5], "slow_s": 5 }, "poll": { "steps_s": [1, 1, 2, 2, 3, 5], "slow_s": 5 },
            "deadline_ms": 3_000, "slots": slots, "overdue_s": 120,
        })
    };
    json!({ "his": lane(16), "channel": lane(16), "invoice": lane(8), "lease_ms": 10_000, "idle_ms": 250, "not_found_s": 5, "recheck_s": 20 })
}
