//! The thin HTTP shell around the machines: real clock, real sockets, nothing else.

mod admin;
mod connection;
mod consent;
mod html;
mod identity;
mod insurer;
mod login;
mod page;
mod peers;
mod phone;
mod pump;
mod record;

pub use pump::plain_client;
pub use record::Exchange;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use menjie::{Error, Result, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::day::Day;
use crate::faults::{Faults, Peer};
use crate::hospital::{Hospital, HospitalOptions};
use crate::identity::peer_of;
use crate::{his, invoice};
use record::Record;

/// Where the parts listen; port 0 takes any free port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimAddresses {
    /// HIS.
    pub his: SocketAddr,
    /// WeChat Pay, the simulated WeChat page and the simulated phone.
    pub wechat: SocketAddr,
    /// The invoice platform.
    pub invoice: SocketAddr,
    /// The switches and the truth.
    pub admin: SocketAddr,
    /// Health codes, e-vouchers, SMS gateways, official account.
    pub identity: SocketAddr,
    /// The insurer: mobile centre, gateway, national authorisation.
    pub insurer: SocketAddr,
}

impl SimAddresses {
    /// Six ports of loopback from `base` on; 0 takes any free ones.
    pub fn loopback(base: u16) -> SimAddresses {
        let at = |offset: u16| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), if base == 0 { 0 } else { base.saturating_add(offset) });
        SimAddresses { his: at(0), wechat: at(1), invoice: at(2), admin: at(3), identity: at(4), insurer: at(5) }
    }
}

/// What to start.
#[derive(Clone, Debug)]
pub struct SimConfig {
    /// Where.
    pub addresses: SimAddresses,
    /// Listen beyond loopback. The simulator has no access control: only in an isolated test network.
    pub allow_remote: bool,
    /// Seed and behaviour.
    pub options: HospitalOptions,
    /// The day HIS holds.
    pub day: Day,
    /// What goes wrong from the beginning.
    pub faults: Faults,
}

impl SimConfig {
    /// This day on any free loopback ports, everything working.
    pub fn local(day: Day) -> SimConfig {
        SimConfig { addresses: SimAddresses::loopback(0), allow_remote: false, options: HospitalOptions::default(), day, faults: Faults::none() }
    }
}

/// Base addresses as a client's configuration needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimUrls {
    /// HIS profile, `…/menjie/v1`.
    pub his: String,
    /// WeChat Pay, without `/v3`.
    pub wechat: String,
    /// Invoice platform, `…/api/medical`.
    pub invoice: String,
    /// Admin, without `/admin`.
    pub admin: String,
    /// Health-code platform, e-voucher decoder, both SMS gateways and the official account, which differ by their paths;
    /// its authorise page is `…/connect/oauth2/authorize`.
    pub identity: String,
    /// The insurer: mobile centre `/org/local/api/hos/…`, gateway `/ebus/gdyb_inf/poc/hsa/hgs/…`, and the national authorisation:
    /// its page is `…/oauth/authorize`, its exchange `/api/mipuserquery/userQuery/…`.
    pub insurer: String,
}

/// A running hospital in a box. Dropping it stops everything.
pub struct SimServer {
    urls: SimUrls,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

pub(crate) struct Shared {
    hospital: Mutex<Hospital>,
    day: Day,
    /// Something may have become due.
    bell: Notify,
    /// Callbacks that were taken from the machines and have not ended; told after every round of the pump.
    under_way: watch::Sender<usize>,
    record: Record,
}

impl Shared {
    /// The hospital; a panic elsewhere leaves it usable, because each step of a machine is complete or not begun.
    fn hospital(&self) -> MutexGuard<'_, Hospital> {
        self.hospital.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The real clock, read only in this shell.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl SimServer {
    /// Starts everything and returns when all ports listen.
    pub async fn start(config: SimConfig) -> Result<SimServer> {
        let SimConfig { addresses, allow_remote, options, day, faults } = config;
        let shared = Arc::new(Shared {
            hospital: Mutex::new(Hospital::new(&options, &day, faults)?),
            day,
            bell: Notify::new(),
            under_way: watch::Sender::new(0),
            record: Record::default(),
        });
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut listen = async |field: &'static str, address: SocketAddr, router: Router| {
            if !address.ip().is_loopback() && !allow_remote {
                return Err(Error::field(field, "is not loopback and allow_remote is off"));
            }
            let listener = TcpListener::bind(address).await.map_err(|_| Error::field(field, "cannot be bound"))?;
            let bound = listener.local_addr().map_err(|_| Error::field(field, "cannot be bound"))?;
            tasks.spawn(connection::serve(listener, router, stopped.clone()));
            Ok(format!("http://{bound}"))
        };
        let wechat = peers::router(|_| Peer::Wechat, &shared).merge(page::router(&shared)).merge(phone::router(&shared)).merge(html::router());
        let asked = peers::router(peer_of, &shared).merge(login::router(&shared)).merge(html::router());
        let insurer = peers::router(|_| Peer::Insurer, &shared).merge(consent::router(&shared)).merge(html::router());
        let urls = SimUrls {
            his: listen("addresses.his", addresses.his, peers::router(|_| Peer::His, &shared)).await? + his::BASE_PATH,
            wechat: listen("addresses.wechat", addresses.wechat, wechat).await?,
            invoice: listen("addresses.invoice", addresses.invoice, peers::router(|_| Peer::Invoice, &shared)).await? + invoice::BASE_PATH,
            admin: listen("addresses.admin", addresses.admin, admin::router(&shared).merge(identity::router(&shared)).merge(insurer::router(&shared))).await?,
            identity: listen("addresses.identity", addresses.identity, asked).await?,
            insurer: listen("addresses.insurer", addresses.insurer, insurer).await?,
        };
        tasks.spawn(pump::run(Arc::clone(&shared), stopped.clone())?);
        Ok(SimServer { urls, shared, stop, tasks })
    }

    /// Base addresses.
    pub const fn urls(&self) -> &SimUrls {
        &self.urls
    }

    /// Looks into, or reaches into, the box: for tests in the same process.
    pub fn with<T>(&self, reach: impl FnOnce(&mut Hospital, Timestamp) -> T) -> T {
        let result = reach(&mut self.shared.hospital(), now());
        self.shared.bell.notify_one();
        result
    }

    /// Begins to record what goes over the wire; what was recorded before is forgotten.
    pub fn record(&self) {
        self.shared.record.begin();
    }

    /// Waits until every callback that was sent has been answered, or will not be, and nothing is due within `soon`.
    pub async fn delivered(&self, soon: Duration) {
        let mut rounds = self.shared.under_way.subscribe();
        loop {
            let over = {
                let hospital = self.shared.hospital();
                let is_soon = |due: Timestamp| due.since(now()) <= i64::try_from(soon.as_millis()).unwrap_or(i64::MAX);
                *rounds.borrow_and_update() == 0 && !hospital.next_due().is_some_and(is_soon)
            };
            if over || rounds.changed().await.is_err() {
                return;
            }
        }
    }

    /// What was recorded: requests in the order of their ends, callbacks where they were sent; recording stops.
    pub fn recorded(&self) -> Vec<Exchange> {
        self.shared.record.take()
    }

    /// Stops listening and waits until every part has ended.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}
