//! A server of its own process with its own configuration, store and keys, before a hospital in a box.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use menjie::access::Private;
use menjie_host::OsEntropy;
use menjie_keys::KeyRing;
use menjie_server::demo::{His, config};
use menjie_server::token;
use menjie_sim::SimCredentials;
use menjie_sim::day::{self, Day, DayPatient, DayPlan};
use menjie_sim::faults::Faults;
use menjie_sim::his::WindowAction;
use menjie_sim::hospital::HospitalOptions;
use menjie_sim::shell::{SimAddresses, SimConfig, SimServer, plain_client};
use menjie_sim::wechat::WechatOptions;
use serde_json::json;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::accounts::{self, Account};
use crate::arguments::Arguments;
use crate::desk::Desk;

/// A start may take this long; a debug build on a busy machine is slow.
const START: Duration = Duration::from_secs(60);
/// An orderly stop may take this long.
const STOP: Duration = Duration::from_secs(45);

/// A doctor and somebody of the executing departments, of all of them: with finance there are four eyes and more.
pub(crate) struct Approvers {
    pub(crate) doctor: Private,
    pub(crate) exec_dept: Private,
}

impl Approvers {
    fn fresh() -> Approvers {
        Approvers { doctor: token::fresh(&OsEntropy), exec_dept: token::fresh(&OsEntropy) }
    }

    fn join(&self, config: &mut serde_json::Value, day: &Day) {
        let departments: BTreeSet<&str> = day.departments.iter().map(|d| d.code.as_str()).chain(day.visits.iter().map(|v| v.visit.dept_code.as_str())).collect();
        let Some(staff) = config.pointer_mut("/server/staff").and_then(serde_json::Value::as_array_mut) else { return };
        for (id, role, token) in [("doctor", "doctor", &self.doctor), ("exec", "exec_dept", &self.exec_dept)] {
            staff.push(json!({ "staff": id, "roles": [role], "departments": departments, "token_sm3": token::hash(token.reveal()) }));
        }
    }
}

/// Everything that runs.
pub(crate) struct Deployed {
    pub(crate) sim: SimServer,
    pub(crate) day: Day,
    /// The server's address.
    pub(crate) base: String,
    /// The staff token; its hash is in the configuration.
    pub(crate) staff: Private,
    /// Who approves refunds beside `staff`.
    pub(crate) approvers: Approvers,
    /// Accounts of invented staff; none when nobody will look at a page.
    pub(crate) accounts: Vec<Account>,
    pub(crate) folder: PathBuf,
    /// Is HIS the simulated one?
    pub(crate) own_his: bool,
    /// Are insured bills paid with insurance?
    pub(crate) insured: bool,
    server: Mutex<Option<Child>>,
}

impl Deployed {
    /// Starts simulators, then the server, and waits until it is ready.
    pub(crate) async fn start(arguments: &Arguments) -> Result<Deployed, String> {
        let day = read_day(arguments)?;
        let addresses = SimAddresses::loopback(if arguments.by_hand() { 9400 } else { 0 });
        // A day of minutes is reconciled before it has ended.
        let wechat = WechatOptions { bill_after_s: if arguments.by_hand() { WechatOptions::default().bill_after_s } else { -86_400 }, ..WechatOptions::default() };
        let options = HospitalOptions { seed: arguments.seed, wechat, ..HospitalOptions::default() };
        let faults = arguments.faults.map_or_else(Faults::none, Faults::bad_day);
        let sim = SimConfig { addresses, options, faults, ..SimConfig::local(day.clone()) };
        let sim = SimServer::start(sim).await.map_err(|e| format!("the simulators do not start: {e}"))?;
        if !arguments.by_hand() && !arguments.control {
            // Compared with the sealed log in the end.
            sim.record();
        }
        let folder = folder(arguments)?;
        let keys = folder.join("keys.json");
        if !keys.exists() {
            menjie_keys::write(&keys, &KeyRing::generate(&OsEntropy)).map_err(|e| format!("the key file: {e}"))?;
            menjie_bridge::build::make_log_keys(&folder).map_err(|e| format!("the keys of the log: {e}"))?;
        }
        let port = port(if arguments.by_hand() { 8080 } else { 0 })?;
        let base = format!("http://127.0.0.1:{port}");
        sim.with(|hospital, _| hospital.insurer.set_notify_url(Some(format!("{base}/notify/insurer"))));
        let staff = token::fresh(&OsEntropy);
        let his = his(&sim, arguments.his.as_deref());
        // People at a keyboard need the usual five minutes; a day of minutes closes forgotten orders sooner.
        let terms = if arguments.by_hand() || arguments.control { json!({}) } else { json!({ "order_life_s": 60, "his_blind_s": 60 }) };
        let mut config = config(sim.urls(), &his, &terms, port, &staff);
        if arguments.by_hand()
            && let Some(device) = config.pointer_mut("/server/pages/kiosk/device")
        {
            // Invented people whose cards can be laid on the kiosk with a button.
            *device = json!({ "kind": "demo", "samples": samples(&day) });
            // The generated day is any day; they are registered for the real one, too.
            for (patient, _) in shown(&day) {
                let action = WindowAction::Today { patient_id: patient.patient_id.clone() };
                sim.with(|hospital, now| hospital.his.act(&action, now)).map_err(|refused| format!("the registrations of today: {}", refused.message))?;
            }
        }
        let approvers = Approvers::fresh();
        if arguments.insured {
            approvers.join(&mut config, &day);
            // An order whose pricing was lost waits until its authorisation is over: sooner, too.
            if let Some(centre) = config.pointer_mut("/hospitals/0/insurer/centre").and_then(serde_json::Value::as_object_mut) {
                centre.insert("pay_auth_life_s".to_owned(), json!(60));
            }
        }
        if arguments.by_hand()
            && let Some(days) = config.pointer_mut("/server/reconcile_days")
        {
            *days = json!(7);
        }
        fs::write(folder.join("menjie.json"), config.to_string()).map_err(|e| format!("the configuration: {}", e.kind()))?;
        let people_come = arguments.by_hand() || arguments.control;
        let accounts = if people_come { accounts::make(&folder.join("menjie.json"), &day).await? } else { Vec::new() };
        let deployed = Deployed { sim, day, base, staff, approvers, accounts, folder, own_his: arguments.his.is_none(), insured: arguments.insured, server: Mutex::new(None) };
        deployed.spawn().await?;
        Ok(deployed)
    }

    /// A device; on a day of payers the patient's own phone.
    pub(crate) fn desk(&self, client: &reqwest::Client) -> Desk {
        let desk = Desk::new(client.clone(), &self.base, &self.sim.urls().admin);
        if self.insured { desk.with_insurance() } else { desk }
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

/// The first people of the day with a card.
fn shown(day: &Day) -> impl Iterator<Item = (&DayPatient, &Private)> {
    day.patients.iter().filter_map(|p| Some((p, p.id_no.as_ref()?))).take(4)
}

/// Their cards, for the demonstration's reader.
fn samples(day: &Day) -> Vec<serde_json::Value> {
    shown(day).map(|(p, id_no)| json!({ "way": "card", "label": p.name.reveal(), "token": id_no.reveal() })).collect()
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

/// The simulated HIS, or somebody's own.
fn his(sim: &SimServer, url: Option<&str>) -> His {
    let keys = SimCredentials::fixed();
    let var = |name: &str, otherwise: String| if url.is_some() { std::env::var(name).unwrap_or(otherwise) } else { otherwise };
    His { url: url.unwrap_or(&sim.urls().his).to_owned(), app: var("MENJIE_DEMO_HIS_APP", keys.his_app), secret: Private::new(var("MENJIE_DEMO_HIS_SECRET", keys.his_secret)) }
}
