//! The simulated counterparts of `menjie-sim` in this process, and a folder with configurations of the servers before them:
//! menjie's own and the peer's. Both talk to the same simulated WeChat Pay with the same keys.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use menjie_host::OsEntropy;
use menjie_keys::KeyRing;
use menjie_sim::day::{self, Day, DayPlan};
use menjie_sim::hospital::HospitalOptions;
use menjie_sim::shell::{SimConfig, SimServer, plain_client};
use menjie_sim::wechat::WechatOptions;
use menjie_sim::{Fault, Faults, Peer, SimCredentials, Switch, When};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Fallible;
use crate::process::Process;

const SEED: u64 = 20_260_310;

/// Simulators and a folder. Everything goes when it is dropped.
pub struct Rig {
    /// The counterparts.
    pub sim: SimServer,
    /// Who pays.
    pub day: Day,
    /// For servers and drivers.
    pub client: Client,
    folder: TempDir,
    port: u16,
}

impl Rig {
    /// Counterparts that answer after `latency_ms`, for `visits` patients with self-paid bills. Databases are kept below `disk`.
    pub async fn start(visits: u32, latency_ms: u32, disk: &Path) -> Fallible<Rig> {
        let plan = DayPlan { visits, again_per_mille: 0, insured_per_mille: 0, cancelled_per_mille: 0, free_per_mille: 0, missing_dept_per_mille: 0, ..DayPlan::default() };
        let day = day::generate(SEED, &plan)?;
        let late = |peer| Switch { peer, interface: None, fault: Fault::Delay { ms: latency_ms }, when: When::PerMille(1000) };
        let faults = if latency_ms == 0 { Faults::none() } else { Faults::new(SEED, [Peer::His, Peer::Wechat, Peer::Invoice].map(late).to_vec()) };
        let options = HospitalOptions { seed: SEED, wechat: WechatOptions { notify_delay_ms: latency_ms, ..WechatOptions::default() }, ..HospitalOptions::default() };
        let sim = SimServer::start(SimConfig { options, faults, ..SimConfig::local(day.clone()) }).await?;
        fs::create_dir_all(disk)?;
        let folder = tempfile::tempdir_in(disk)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        Ok(Rig { sim, day, client: plain_client(Duration::from_secs(60))?, folder, port })
    }

    /// A file of the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts menjie's server on this folder's store; a second start is a restart. `his_poll_s` is the pause between two
    /// queries of one settlement; the manual's ladder when there is none.
    pub async fn menjie(&self, program: &str, his_poll_s: Option<u32>) -> Fallible<Process> {
        let (config, keys) = (self.file("menjie.json"), self.file("keys.json"));
        if !keys.exists() {
            menjie_keys::write(&keys, &KeyRing::generate(&OsEntropy))?;
            menjie_bridge::build::make_log_keys(keys.parent().ok_or("the folder of the rig")?)?;
        }
        fs::write(&config, self.menjie_config(his_poll_s).to_string())?;
        Process::start(program, &[Path::new("--config"), &config], self.port, &self.file("server.log"), &self.client).await
    }

    /// Starts one flow of the peer, `node server.mjs`.
    pub async fn fastify(&self, node: &str, script: &Path, flow: &str) -> Fallible<Process> {
        let (keys, urls) = (SimCredentials::fixed(), self.sim.urls());
        let mut config = merchant();
        if let Value::Object(fields) = &mut config {
            let more = json!({
                "flow": flow, "port": self.port, "database": self.file("fastify.db"), "channel_url": urls.wechat, "notify_url": self.notify_url(),
                "his_url": urls.his, "his_app": keys.his_app, "his_secret": keys.his_secret,
                "invoice_url": urls.invoice, "invoice_appid": keys.invoice_appid, "invoice_key": keys.invoice_key, "invoice_texts": invoice_texts(),
            });
            fields.extend(more.as_object().cloned().unwrap_or_default());
        }
        let path = self.file("fastify.json");
        fs::write(&path, config.to_string())?;
        Process::start(node, &[script, &path], self.port, &self.file("server.log"), &self.client).await
    }

    fn notify_url(&self) -> String {
        format!("http://127.0.0.1:{}/notify/wechat", self.port)
    }

    fn menjie_config(&self, his_poll_s: Option<u32>) -> Value {
        let keys = SimCredentials::fixed();
        let urls = self.sim.urls();
        // The manual's pace with 64 calls in flight per lane: the peer is not limited either.
        let lane = |act: &[u32], poll: &[u32], deadline_ms: u32| json!({ "act": { "steps_s": act, "slow_s": 3600 }, "poll": { "steps_s": poll, "slow_s": 3600 }, "deadline_ms": deadline_ms, "slots": 64, "overdue_s": 1800 });
        let his_poll = his_poll_s.map_or_else(|| vec![5, 15, 30, 60, 120, 300, 600], |s| vec![s; 8]);
        let mut invoice = invoice_texts();
        if let Value::Object(fields) = &mut invoice {
            fields.insert("http".to_owned(), json!({ "base_url": urls.invoice }));
            fields.insert("appid".to_owned(), json!(keys.invoice_appid));
            fields.insert("key".to_owned(), json!(keys.invoice_key));
        }
        json!({
            "store": { "path": "menjie.db", "keys": "keys.json" },
            "log": { "folder": "log", "signer": "log-signer.pem", "auditors": ["auditor.pub.pem"] },
            "hospitals": [{
                "id": "BENCH",
                "pace": {
                    "his": lane(&[2, 10, 30, 90, 180, 300, 600], &his_poll, 10_000),
                    "channel": lane(&[2, 5, 10, 30, 60, 120, 300], &[2, 3, 3, 3, 5, 5, 10, 10, 30, 30, 60, 120, 300, 600], 15_000),
                    "invoice": lane(&[2, 10, 30, 60, 300, 600], &[5, 30, 60, 300, 600], 15_000),
                    "lease_ms": 60_000, "idle_ms": 500, "not_found_s": 60, "recheck_s": 86_400,
                },
                "his": { "http": { "base_url": urls.his }, "app": keys.his_app, "secret": keys.his_secret },
                "invoice": invoice,
                "channels": { "wechat": {
                    "mchid": keys.mchid, "appid": keys.appid, "merchant_serial": keys.merchant_serial,
                    "merchant_key_pem": keys.merchant_key_pem, "apiv3_key": keys.api_v3_key,
                    "verify_keys": [{ "id": keys.platform_public_key_id, "pem": keys.platform_public_key_pem }],
                    "notify_url": self.notify_url(), "base_url": urls.wechat,
                }},
            }],
            "server": { "listen": format!("127.0.0.1:{}", self.port), "identify_ways": ["id_card", "visit_no"] },
        })
    }
}

/// What a peer needs to know of the merchant and of WeChat Pay.
pub fn merchant() -> Value {
    let keys = SimCredentials::fixed();
    json!({
        "mchid": keys.mchid, "appid": keys.appid, "merchant_serial": keys.merchant_serial, "merchant_key_pem": keys.merchant_key_pem,
        "apiv3_key": keys.api_v3_key, "platform_key_id": keys.platform_public_key_id, "platform_key_pem": keys.platform_public_key_pem,
    })
}

/// The hospital's texts on every invoice.
fn invoice_texts() -> Value {
    json!({ "place_code": "DEMO01", "payee": "自助机", "author": "门结", "medical_institution": "公立专科医院", "card_type": "3101" })
}
