//! A server with its real adapters and store, in this process, on a real port, before a hospital in a box.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use menjie::access::Private;
use menjie::service::PaymentView;
use menjie_host::OsEntropy;
use menjie_keys::KeyRing;
use menjie_server::demo::{His, config};
use menjie_server::start::Server;
use menjie_server::{App, token};
use menjie_sim::HospitalOptions;
use menjie_sim::day::{Day, DayPatient, DayPlan, generate};
use menjie_sim::shell::{SimConfig, SimServer, plain_client};
use menjie_sim::wechat::WechatOptions;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) struct Stage {
    pub(crate) sim: SimServer,
    pub(crate) day: Day,
    pub(crate) base: String,
    pub(crate) staff: Private,
    pub(crate) client: Client,
    folder: TempDir,
    running: Option<Running>,
}

struct Running {
    app: App,
    stop: oneshot::Sender<()>,
    task: JoinHandle<bool>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{}: {}", self.status, String::from_utf8_lossy(&self.bytes)))
    }

    pub(crate) fn code(&self) -> u64 {
        self.json()["code"].as_u64().unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

pub(crate) fn day() -> Day {
    generate(7, &DayPlan { visits: 12, free_per_mille: 0, cancelled_per_mille: 0, missing_dept_per_mille: 0, ..DayPlan::default() }).unwrap()
}

impl Stage {
    pub(crate) async fn open() -> Stage {
        Stage::with(day(), |_| ()).await
    }

    pub(crate) async fn with(day: Day, change: impl FnOnce(&mut Value)) -> Stage {
        // The bill of a day is there when the day is over, at whatever hour a test runs.
        let wechat = WechatOptions { bill_after_s: 0, ..WechatOptions::default() };
        let sim = SimServer::start(SimConfig { options: HospitalOptions { wechat, ..HospitalOptions::default() }, ..SimConfig::local(day.clone()) }).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        menjie_keys::write(&folder.path().join("keys.json"), &KeyRing::generate(&OsEntropy)).unwrap();
        menjie_bridge::build::make_log_keys(folder.path()).unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        sim.with(|hospital, _| hospital.insurer.set_notify_url(Some(format!("http://127.0.0.1:{port}/notify/insurer"))));
        let staff = token::fresh(&OsEntropy);
        let mut config = config(sim.urls(), &His::simulated(sim.urls()), &json!({}), port, &staff);
        change(&mut config);
        std::fs::write(folder.path().join("menjie.json"), config.to_string()).unwrap();
        let client = plain_client(Duration::from_secs(40)).unwrap();
        let mut stage = Stage { sim, day, base: format!("http://127.0.0.1:{port}"), staff, client, folder, running: None };
        stage.start().await;
        stage
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn start(&mut self) {
        let server = Server::prepare(&self.folder.path().join("menjie.json"), &BTreeMap::new()).await.unwrap_or_else(|p| panic!("{p:?}"));
        let app = server.app().clone();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async { drop(stopped.await) }));
        self.running = Some(Running { app, stop, task });
    }

    /// In good order; `true` when nothing was cut off. The store is closed when this returns.
    pub(crate) async fn stop(&mut self) -> bool {
        let Running { app, stop, task } = self.running.take().unwrap();
        stop.send(()).unwrap();
        drop(app);
        task.await.unwrap()
    }

    pub(crate) fn app(&self) -> &App {
        &self.running.as_ref().unwrap().app
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        send(self.request(Method::GET, path).bearer_auth(token)).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Reply {
        send(self.request(Method::POST, path).bearer_auth(token).json(body)).await
    }

    pub(crate) fn patient(&self, at: usize) -> &DayPatient {
        &self.day.patients[at]
    }

    /// Opens a session.
    pub(crate) async fn enter(&self, at: usize) -> String {
        let card = self.patient(at).card_no.reveal();
        let reply = send(self.request(Method::POST, "/api/v1/identify").json(&json!({"way": "visit_no", "token": card, "bearer": true}))).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn bill_ids(&self, session: &str) -> Vec<String> {
        let unpaid = self.get("/api/v1/bills/unpaid", session).await.json();
        let visits = unpaid["visits"].as_array().unwrap().iter();
        visits.flat_map(|v| v["bills"].as_array().unwrap()).filter(|b| b["payable"] == json!(true)).map(|b| b["bill_id"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn quote(&self, session: &str) -> String {
        let bill_ids = self.bill_ids(session).await;
        let quote = self.post("/api/v1/settlements/quote", session, &json!({"bill_ids": bill_ids})).await;
        quote.json()["quote_id"].as_str().unwrap_or_else(|| panic!("{}", quote.text())).to_owned()
    }

    pub(crate) async fn pay(&self, session: &str, quote_id: &str, key: &str) -> Reply {
        self.post("/api/v1/payments", session, &json!({"key": key, "quote_id": quote_id, "channel": "wechat", "method": {"way": "native"}})).await
    }

    /// Begins to pay everything and waits until the payer may scan; payment id and code.
    pub(crate) async fn order(&self, session: &str, key: &str) -> (String, String) {
        let quote = self.quote(session).await;
        let paying = self.pay(session, &quote, key).await.json();
        let payment = paying["payment_id"].as_str().unwrap_or_else(|| panic!("{paying}")).to_owned();
        let view = self.until(session, &payment, |view| view["handover"].is_object()).await;
        (payment, view["handover"]["code_url"].as_str().unwrap().to_owned())
    }

    /// Follows a payment until the view is as wanted.
    pub(crate) async fn until(&self, session: &str, payment: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = json!({ "version": 0 });
        for _ in 0..60 {
            last = self.get(&format!("/api/v1/payments/{payment}?wait_ms=1500&since={}", last["version"]), session).await.json();
            if wanted(&last) {
                return last;
            }
        }
        panic!("never came: {last}")
    }

    /// The payer confirms.
    pub(crate) async fn scan(&self, code: &str) {
        let reply = send(self.client.post(format!("{}/admin/pay", self.sim.urls().admin)).json(&json!({"code": code}))).await;
        assert_eq!(reply.status, 204, "{}", reply.text());
    }

    pub(crate) async fn done(&self, session: &str, payment: &str) -> PaymentView {
        let view = self.until(session, payment, |view| view["over"] == json!(true)).await;
        assert_eq!(view["progress"], json!("done"), "{view}");
        serde_json::from_value(view).unwrap()
    }

    /// Audits at rest: the audit reads table after table, and what moves meanwhile looks torn.
    pub(crate) async fn audit(&self) -> Value {
        until("everything is at rest", async || {
            let metrics = self.get("/metrics", "").await.text();
            // A settlement that came to nothing keeps the timer of its second unlock (docs/adr/0005): nothing moves until then.
            let open = metrics.lines().filter(|line| line.starts_with("menjie_jobs_open{"));
            metrics.contains("menjie_store_up 1") && open.into_iter().all(|line| line.contains("what=\"overdue\""))
        })
        .await;
        self.post("/api/v1/staff/audit", self.staff.reveal(), &json!({})).await.json()
    }
}

/// Waits for what sockets and other tasks bring about by themselves; what never comes is named.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within 20 s: {what}");
}

pub(crate) async fn send(request: RequestBuilder) -> Reply {
    let reply = request.send().await.unwrap();
    Reply { status: reply.status().as_u16(), headers: reply.headers().clone(), bytes: reply.bytes().await.unwrap().to_vec() }
}
