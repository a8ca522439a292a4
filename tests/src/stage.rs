//! The stage of a scenario: a hospital in a box that holds the scenario's day, a fresh store, and the engine before them, in
//! this process ([`InProcess`]) or behind the real server ([`Serving`]).

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use menjie::access::{Caller, Private, Role};
use menjie::ident::{HospitalId, PatientId, StaffId};
use menjie::service::{Engine, Runner};
use menjie_bridge::build::{build, make_keys, make_log_keys};
use menjie_bridge::config::{Config, Problem};
use menjie_host::OsEntropy;
use menjie_server::demo::{His, config};
use menjie_server::start;
use menjie_server::token;
use menjie_sim::day::Day;
use menjie_sim::shell::{SimConfig, SimServer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::http::Server;
use crate::play::Host;
use crate::scenario::{Person, Scenario};
use crate::vectors::Answer;

/// Somebody else may take a free port before we do.
const TRIES: usize = 5;

fn wrong(what: impl std::fmt::Display) -> io::Error {
    io::Error::other(what.to_string())
}

fn told(problems: Vec<Problem>) -> io::Error {
    wrong(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

fn set(document: &mut Value, place: &str, value: Value) -> io::Result<()> {
    document.pointer_mut(place).map(|old| *old = value).ok_or_else(|| wrong(format!("the configuration has no {place}")))
}

/// The box, and the configuration of an engine before it.
struct Stage {
    runtime: Runtime,
    sim: SimServer,
    folder: TempDir,
    document: Value,
    tokens: BTreeMap<Person, Private>,
}

impl Stage {
    fn open(scenario: &Scenario) -> io::Result<Stage> {
        let day: Day = serde_json::from_value(scenario.day.clone())?;
        day.check().map_err(wrong)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let sim = runtime.block_on(SimServer::start(SimConfig::local(day))).map_err(wrong)?;
        let folder = tempfile::tempdir()?;
        make_keys(&folder.path().join("keys.json")).map_err(wrong)?;
        make_log_keys(folder.path()).map_err(wrong)?;
        let (mut staff, mut tokens) = (Vec::new(), BTreeMap::new());
        for person in scenario.people.values() {
            if let Person::Staff { id, roles, departments } = person {
                let token = token::fresh(&OsEntropy);
                staff.push(json!({"staff": id, "roles": roles, "departments": departments, "token_sm3": token::hash(token.reveal())}));
                tokens.insert(person.clone(), token);
            }
        }
        let mut document = config(sim.urls(), &His::simulated(sim.urls()), &scenario.terms, 9, &Private::new(""));
        let server = document.get_mut("server").and_then(Value::as_object_mut).ok_or_else(|| wrong("no server section"))?;
        server.insert("staff".to_owned(), staff.into());
        server.insert("notices_every_s".to_owned(), json!(1));
        // A busy machine answers late: nothing here is about deadlines.
        for (place, ms) in [("his/deadline_ms", 20_000), ("channel/deadline_ms", 20_000), ("insurer/deadline_ms", 20_000), ("invoice/deadline_ms", 20_000), ("lease_ms", 40_000)] {
            set(&mut document, &format!("/hospitals/0/pace/{place}"), ms.into())?;
        }
        Ok(Stage { runtime, sim, folder, document, tokens })
    }

    /// Writes the configuration of a server on this port.
    fn write(&mut self, port: u16) -> io::Result<PathBuf> {
        set(&mut self.document, "/server/listen", format!("127.0.0.1:{port}").into())?;
        set(&mut self.document, "/hospitals/0/channels/wechat/notify_url", format!("http://127.0.0.1:{port}/notify/wechat").into())?;
        let path = self.config();
        std::fs::write(&path, self.document.to_string())?;
        Ok(path)
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("menjie.json")
    }

    fn admin(&self) -> Server {
        Server { address: self.sim.urls().admin.trim_start_matches("http://").to_owned(), token: None }
    }
}

/// The engine in this process, with its runner and the feed of HIS's notices. Callbacks reach nobody: what the channel did is
/// found by asking.
pub struct InProcess {
    engine: Engine,
    hospital: HospitalId,
    jobs: JoinSet<()>,
    stop: watch::Sender<bool>,
    stage: Stage,
}

impl InProcess {
    /// Opens the stage of a scenario.
    pub fn open(scenario: &Scenario) -> io::Result<InProcess> {
        let mut stage = Stage::open(scenario)?;
        let path = stage.write(9)?;
        let config = Config::load(&path, &BTreeMap::new()).map_err(told)?;
        let hospital = config.hospitals.first().map(|h| h.id.clone()).ok_or_else(|| wrong("no hospital"))?;
        let parts = build(&config, |log| log).map_err(told)?;
        let engine = stage.runtime.block_on(Engine::new(parts)).map_err(wrong)?;
        let (stop, stopped) = watch::channel(false);
        let mut jobs = JoinSet::new();
        let (runner, until) = (Runner::new(engine.clone()), ended(stopped.clone()));
        jobs.spawn_on(async move { runner.run(until).await }, stage.runtime.handle());
        jobs.spawn_on(feed(engine.clone(), hospital.clone(), ended(stopped)), stage.runtime.handle());
        Ok(InProcess { engine, hospital, jobs, stop, stage })
    }

    /// Stops in good order.
    pub fn close(self) {
        let InProcess { mut jobs, stop, stage, engine, .. } = self;
        stop.send_replace(true);
        stage.runtime.block_on(async { while jobs.join_next().await.is_some() {} });
        drop(engine);
        stage.runtime.block_on(stage.sim.stop());
    }
}

async fn ended(mut stopped: watch::Receiver<bool>) {
    // Nobody left to say so is an end, too.
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn feed(engine: Engine, hospital: HospitalId, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        // What could not be read now is read in the next round.
        let _ = engine.read_notices(&hospital).await;
        if tokio::time::timeout(Duration::from_millis(300), &mut stop).await.is_ok() {
            return;
        }
    }
}

impl Host for InProcess {
    fn call(&mut self, who: Option<&Person>, op: &str, request: &str) -> io::Result<Answer> {
        let caller = match who {
            Some(Person::Patient(id)) => Caller::patient(self.hospital.clone(), PatientId::new(id).map_err(wrong)?),
            Some(Person::Staff { id, roles, departments }) => {
                let roles: Vec<Role> = serde_json::from_value(json!(roles))?;
                Caller::staff(self.hospital.clone(), StaffId::new(id).map_err(wrong)?, roles).within(serde_json::from_value(json!(departments))?)
            }
            None => Caller::staff(self.hospital.clone(), StaffId::new("nobody").map_err(wrong)?, Vec::new()),
        };
        let reply = self.stage.runtime.block_on(menjie_bridge::call(&self.engine, &caller, op, request));
        Ok(Answer { is_response: reply.is_response(), json: reply.into_json() })
    }

    fn network(&mut self) -> Option<io::Result<Server>> {
        None
    }

    fn admin(&self) -> Server {
        self.stage.admin()
    }
}

/// The real server before the box, on a port of loopback.
pub struct Serving {
    address: String,
    cards: BTreeMap<String, String>,
    running: Option<(watch::Sender<bool>, JoinHandle<bool>)>,
    stage: Stage,
}

impl Serving {
    /// Opens the stage of a scenario.
    pub fn open(scenario: &Scenario) -> io::Result<Serving> {
        let stage = Stage::open(scenario)?;
        let patients = scenario.day.get("patients").and_then(Value::as_array).into_iter().flatten();
        let cards = patients.filter_map(|p| Some((p.get("patient_id")?.as_str()?.to_owned(), p.get("card_no")?.as_str()?.to_owned()))).collect();
        let mut serving = Serving { address: String::new(), cards, running: None, stage };
        let mut last = wrong("no port was tried");
        for _ in 0..TRIES {
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            serving.address = format!("127.0.0.1:{port}");
            serving.stage.write(port)?;
            match serving.resume() {
                Ok(()) => return Ok(serving),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The server goes away in good order and lets its store go; the box stays.
    pub fn park(&mut self) -> io::Result<()> {
        let Some((stop, task)) = self.running.take() else { return Ok(()) };
        stop.send_replace(true);
        if self.stage.runtime.block_on(task).map_err(wrong)? { Ok(()) } else { Err(wrong("the server did not end in good order")) }
    }

    /// The server comes back on the same store and port.
    pub fn resume(&mut self) -> io::Result<()> {
        let path = self.stage.config();
        let server = self.stage.runtime.block_on(start::Server::prepare(&path, &BTreeMap::new())).map_err(told)?;
        let (stop, stopped) = watch::channel(false);
        self.running = Some((stop, self.stage.runtime.spawn(server.run(ended(stopped)))));
        Ok(())
    }

    /// Stops in good order.
    pub fn close(mut self) -> io::Result<()> {
        self.park()?;
        self.stage.runtime.block_on(self.stage.sim.stop());
        Ok(())
    }

    /// `http://…`, as `menjie call --server` wants it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The configuration of the store, for a terminal while the server is away.
    pub fn config(&self) -> PathBuf {
        self.stage.config()
    }

    /// Where the simulator's switches are.
    pub fn admin(&self) -> Server {
        self.stage.admin()
    }

    /// What somebody shows to the server: a member of staff his token, a patient a session, which he opens with his card.
    pub fn token(&mut self, who: &Person) -> io::Result<String> {
        if let Some(token) = self.stage.tokens.get(who) {
            return Ok(token.reveal().to_owned());
        }
        let Person::Patient(id) = who else { return Err(wrong("staff without a token")) };
        let card = self.cards.get(id).ok_or_else(|| wrong(format!("{id} is no patient of the day")))?;
        let request = json!({"way": "visit_no", "token": card, "bearer": true});
        let (status, answer) = self.server(None)?.post("/api/v1/identify", &request.to_string())?;
        let answer: Value = serde_json::from_str(&answer)?;
        let token = answer.get("token").and_then(Value::as_str).ok_or_else(|| wrong(format!("no session: {status} {answer}")))?;
        self.stage.tokens.insert(who.clone(), Private::new(token));
        Ok(token.to_owned())
    }

    /// The server as somebody sees it.
    pub fn server(&mut self, who: Option<&Person>) -> io::Result<Server> {
        let token = who.map(|who| self.token(who)).transpose()?;
        Ok(Server { address: self.address.clone(), token })
    }
}

impl Host for Serving {
    fn call(&mut self, who: Option<&Person>, op: &str, request: &str) -> io::Result<Answer> {
        let (status, json) = self.server(who)?.post(&format!("/api/v1/ops/{op}"), request)?;
        Ok(Answer { is_response: status == 200, json })
    }

    fn network(&mut self) -> Option<io::Result<Server>> {
        Some(self.server(None))
    }

    fn admin(&self) -> Server {
        Serving::admin(self)
    }
}
