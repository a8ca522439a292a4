//! The configuration of an engine, for the server, the terminal and hosts that bring their own ports: one TOML or JSON document,
//! environment over it, secrets by reference, and every problem told at once with the path of the field and what to do.
//!
//! ```toml
//! [store]
//! path = "menjie.db"            # beside this file unless absolute
//! keys = "keys.json"            # made by `menjie keygen`
//!
//! [log]
//! folder = "log"
//! signer = "log-signer.pem"     # made by `menjie log keygen`
//! auditors = ["auditor.pub.pem"]
//!
//! [[hospitals]]
//! id = "H1"
//! his.http.base_url = "https://10.1.2.3/menjie/v1"
//! his.app = "menjie"
//! his.secret = { env = "HIS_SECRET" }
//! channels.wechat.merchant_key_pem = { file = "apiclient_key.pem" }
//! ```
//! A counterpart that the host implements itself stands in `host` with what it can do: `host.invoice = {}`
//! instead of `invoice`.
//! `MENJIE__STORE__PATH=/data/menjie.db` stands for `store.path`, `MENJIE__HOSPITALS__0__ID` for `hospitals[0].id`.

mod forward;
mod host;
mod log;
mod problem;
mod shape;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
#[cfg(feature = "engine")]
use std::path::PathBuf;

use menjie::ident::{HospitalId, WorkerName};
use menjie::policy::{Pace, Terms};
#[cfg(feature = "health-code")]
use menjie_health_code::HealthCodeConfig;
#[cfg(feature = "engine")]
use menjie_his_front::HisFrontConfig;
#[cfg(feature = "engine")]
use menjie_invoice::InvoiceConfig;
#[cfg(feature = "medins")]
use menjie_medins::MedinsConfig;
#[cfg(feature = "notify")]
use menjie_notify::NotifyConfig;
#[cfg(feature = "pay-wechat")]
use menjie_pay_wechat::WechatConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use forward::Forward;
pub use host::HostPorts;
pub use log::{CopyConfig, LogConfig};
pub use problem::Problem;
pub use source::Format;

/// Sections that belong to the host and are only passed on ([`Config::section`]).
pub const HOST_SECTIONS: [&str; 1] = ["server"];

/// The embedded store.
#[cfg(feature = "engine")]
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// The database file; made when it is not there.
    pub path: PathBuf,
    /// The key file of its sealed columns.
    pub keys: PathBuf,
    /// Read connections, from 1 to 16.
    #[serde(default = "readers")]
    pub readers: usize,
}

#[cfg(feature = "engine")]
const fn readers() -> usize {
    2
}

/// The channels of a hospital.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Channels {
    /// WeChat Pay.
    #[cfg(feature = "pay-wechat")]
    pub wechat: Option<WechatConfig>,
}

/// One hospital.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HospitalConfig {
    /// Its id, first in every key of the store; never changed.
    pub id: HospitalId,
    /// Rules shown to people.
    #[serde(default)]
    pub terms: Terms,
    /// How patiently counterparts are asked.
    #[serde(default)]
    pub pace: Pace,
    /// Counterparts that the host implements itself.
    #[serde(default)]
    pub host: HostPorts,
    /// HIS, unless the host implements it.
    #[cfg(feature = "engine")]
    #[serde(default)]
    pub his: Option<HisFrontConfig>,
    /// Payment channels.
    #[serde(default)]
    pub channels: Channels,
    /// The e-invoice platform, unless the host implements it.
    #[cfg(feature = "engine")]
    #[serde(default)]
    pub invoice: Option<InvoiceConfig>,
    /// The health-code platform; without it HIS gets health codes as they are read.
    #[cfg(feature = "health-code")]
    #[serde(default)]
    pub health_code: Option<HealthCodeConfig>,
    /// Health insurance; without it HIS gets e-vouchers as they are read.
    #[cfg(feature = "medins")]
    #[serde(default)]
    pub insurer: Option<MedinsConfig>,
    /// Short messages and the official account.
    #[cfg(feature = "notify")]
    #[serde(default)]
    pub notify: Option<NotifyConfig>,
}

impl HospitalConfig {
    /// Every counterpart that is reached over the transport: the path of its address, and the address.
    #[cfg(feature = "engine")]
    pub fn addresses(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut http = |section: &str, http: &menjie_transport::ClientConfig| {
            found.push((format!("{section}.http.base_url"), http.base_url.clone()));
            found.extend(http.backup_base_url.iter().map(|url| (format!("{section}.http.backup_base_url"), url.clone())));
        };
        self.his.iter().for_each(|his| http("his", &his.http));
        self.invoice.iter().for_each(|invoice| http("invoice", &invoice.http));
        #[cfg(feature = "health-code")]
        if let Some(health_code) = &self.health_code {
            http("health_code", &health_code.http);
        }
        #[cfg(feature = "medins")]
        if let Some(insurer) = &self.insurer {
            http("insurer", &insurer.http);
            insurer.centre.iter().for_each(|centre| http("insurer.centre", &centre.http));
            insurer.gateway.iter().for_each(|gateway| http("insurer.gateway", &gateway.http));
            insurer.authorisation.iter().for_each(|authorisation| http("insurer.authorisation", &authorisation.http));
        }
        #[cfg(feature = "notify")]
        if let Some(notify) = &self.notify {
            found.extend(notify.addresses().into_iter().map(|(field, url)| (format!("notify.{field}"), url.to_owned())));
        }
        found
    }
}

/// The document without the host's sections.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    node: u16,
    #[serde(default)]
    worker: Option<WorkerName>,
    #[cfg(feature = "engine")]
    store: StoreConfig,
    log: LogConfig,
    hospitals: Vec<HospitalConfig>,
}

/// A configuration without a problem that can be seen in the document itself. What only the machine can tell (files,
/// permissions, ports, another owner of the store) is told by [`crate::build`] and by `menjie doctor`.
#[derive(Clone, Debug)]
pub struct Config {
    /// The node number in ids, 0 to 4095; one running process each.
    pub node: u16,
    /// The name of this process in leases.
    pub worker: WorkerName,
    /// The store; its paths are absolute or beside the configuration file.
    #[cfg(feature = "engine")]
    pub store: StoreConfig,
    /// The transfer log; its paths like those of the store.
    pub log: LogConfig,
    /// The hospitals.
    pub hospitals: Vec<HospitalConfig>,
    sections: Map<String, Value>,
}

impl Config {
    /// Reads a file, TOML or JSON by its name. `env` is the process's environment.
    pub fn load(path: &Path, env: &BTreeMap<String, String>) -> Result<Config, Vec<Problem>> {
        let (document, problems) = Config::document(path, env)?;
        Config::read(document, problems, folder_of(path))
    }

    /// The whole document with its references resolved, and what was wrong with them.
    fn document(path: &Path, env: &BTreeMap<String, String>) -> Result<(Value, Vec<Problem>), Vec<Problem>> {
        let unreadable = |what: String, fix: &str| vec![Problem::new("", what, fix)];
        let format = Format::of(path).ok_or_else(|| unreadable("the configuration's name ends neither in .toml nor in .json".to_owned(), "rename the file"))?;
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(format!("the configuration cannot be read: {}", e.kind()), "check the path and its permissions"))?;
        match source::read(&text, format, folder_of(path), env) {
            (Some(document), problems) => Ok((document, problems)),
            (None, problems) => Err(problems),
        }
    }

    /// Reads a text; relative paths are beside `folder`.
    pub fn parse(text: &str, format: Format, folder: &Path, env: &BTreeMap<String, String>) -> Result<Config, Vec<Problem>> {
        match source::read(text, format, folder, env) {
            (Some(document), problems) => Config::read(document, problems, folder),
            (None, problems) => Err(problems),
        }
    }

    fn read(document: Value, mut problems: Vec<Problem>, folder: &Path) -> Result<Config, Vec<Problem>> {
        let Value::Object(mut root) = document else { return Err(problems) };
        if root.get("server").and_then(|server| server.get("url")).is_some() {
            problems.push(Problem::new(
                "server.url",
                "names the hospital's server beside a ledger of this process: a hospital has one",
                "leave server.url out; or forward to the server, and name nothing but server",
            ));
        }
        let sections = HOST_SECTIONS.iter().filter_map(|name| root.remove(*name).map(|section| ((*name).to_owned(), section))).collect();
        name_peers(&mut root);
        match shape::read_all::<Document>(Value::Object(root), "") {
            Ok(document) => {
                problems.extend(check(&document));
                if !problems.is_empty() {
                    return Err(problems);
                }
                let worker = document.worker.map_or_else(|| WorkerName::new(&format!("node-{}", document.node)), Ok).map_err(|e| vec![Problem::of(&e, "worker")])?;
                #[cfg(feature = "engine")]
                let store = StoreConfig { path: folder.join(&document.store.path), keys: folder.join(&document.store.keys), ..document.store };
                let log = document.log.beside(folder);
                Ok(Config {
                    node: document.node,
                    worker,
                    #[cfg(feature = "engine")]
                    store,
                    log,
                    hospitals: document.hospitals,
                    sections,
                })
            }
            Err(found) => {
                problems.extend(found);
                Err(problems)
            }
        }
    }

    /// A section of the host, e.g. `server`; its default when the document has none.
    pub fn section<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, Vec<Problem>> {
        self.sections.get(name).map_or_else(|| Ok(T::default()), |section| shape::read_all(section.clone(), name))
    }

    /// Hosts that are spoken to in plain http, with the field that allows it; `doctor` shows them.
    #[cfg(feature = "engine")]
    pub fn plain_http(&self) -> Vec<(String, String)> {
        let of = |(at, hospital): (usize, &HospitalConfig)| {
            let plain = hospital.addresses().into_iter().filter(|(_, url)| url.starts_with("http://"));
            plain.map(|(field, url)| (format!("hospitals[{at}].{field}"), url)).collect::<Vec<_>>()
        };
        self.hospitals.iter().enumerate().flat_map(of).collect()
    }
}

/// Where a configuration lies; its relative paths begin there.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The names of counterparts in the transfer log are ours unless the document says otherwise.
fn name_peers(root: &mut Map<String, Value>) {
    let Some(Value::Array(hospitals)) = root.get_mut("hospitals") else { return };
    for hospital in hospitals {
        for (section, peer) in [
            ("/his/http", "his"),
            ("/invoice/http", "invoice"),
            ("/health_code/http", "health_code"),
            ("/insurer/http", "insurer"),
            ("/insurer/centre/http", "insurer_centre"),
            ("/insurer/gateway/http", "insurer_gateway"),
            ("/insurer/authorisation/http", "insurer_authorisation"),
        ] {
            if let Some(Value::Object(http)) = hospital.pointer_mut(section) {
                http.entry("peer").or_insert_with(|| peer.into());
            }
        }
    }
}

/// What every part says about its own values, and what only the whole can tell.
fn check(document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut say = |result: menjie::Result<()>, prefix: &str| {
        if let Err(error) = result {
            problems.push(Problem::of(&error, prefix));
        }
    };
    for (at, hospital) in document.hospitals.iter().enumerate() {
        let place = format!("hospitals[{at}]");
        say(hospital.terms.check(), &place);
        say(hospital.pace.check(), &place);
        #[cfg(feature = "engine")]
        if let Some(his) = &hospital.his {
            say(his.check(), &format!("{place}.his"));
        }
        #[cfg(feature = "engine")]
        if let Some(invoice) = &hospital.invoice {
            say(invoice.check(), &format!("{place}.invoice"));
        }
        #[cfg(feature = "health-code")]
        if let Some(health_code) = &hospital.health_code {
            say(health_code.check(), &format!("{place}.health_code"));
        }
        #[cfg(feature = "medins")]
        if let Some(insurer) = &hospital.insurer {
            say(insurer.check(), &format!("{place}.insurer"));
        }
        #[cfg(feature = "notify")]
        if let Some(notify) = &hospital.notify {
            say(notify.check(), &format!("{place}.notify"));
        }
        #[cfg(feature = "pay-wechat")]
        if let Some(wechat) = &hospital.channels.wechat {
            say(wechat.check(), &format!("{place}.channels.wechat"));
        }
    }
    if document.node > menjie_host::NODE_MAX {
        problems.push(Problem::new("node", "is beyond 4095", "give each running process its own number from 0 to 4095"));
    }
    for (at, hospital) in document.hospitals.iter().enumerate() {
        problems.extend(hospital.each_once(&format!("hospitals[{at}]")));
    }
    #[cfg(feature = "engine")]
    if !(1..=16).contains(&document.store.readers) {
        problems.push(Problem::new("store.readers", "must lie between 1 and 16", "leave it out: 2 serve a hospital"));
    }
    #[cfg(feature = "engine")]
    for (field, path) in [("store.path", &document.store.path), ("store.keys", &document.store.keys)] {
        if path.as_os_str().is_empty() {
            problems.push(Problem::new(field, "is empty", "name a file"));
        }
    }
    problems.extend(document.log.problems());
    if document.hospitals.is_empty() {
        problems.push(Problem::new("hospitals", "is empty", "add a [[hospitals]] table"));
    }
    let mut seen = BTreeSet::new();
    for (at, hospital) in document.hospitals.iter().enumerate() {
        if !seen.insert(&hospital.id) {
            problems.push(Problem::new(format!("hospitals[{at}].id"), "is there twice", "give each hospital its own id"));
        }
    }
    problems
}
