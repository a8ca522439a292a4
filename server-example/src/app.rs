//! What every request shares.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use menjie::error::{Code, Error, Result};
use menjie::ident::HospitalId;
use menjie::port::{Entropy, IdentifyWay, Store};
use menjie::service::Engine;

use crate::guard::{Allowance, Tries};
use crate::metrics::Metrics;
use crate::pages::Pages;
use crate::settings::Settings;
use crate::staff::hashing::Hashing;
use crate::transfers::Transfers;
use crate::viewed_log::ViewedLog;

/// So many failed logins of staff lock an address for a minute, then longer: many share one behind a proxy, and each name has a
/// lock of its own.
const DESK_TRIES: (u32, u32) = (30, 60);

/// The server's state; cloning is cheap.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    hospital: HospitalId,
    entropy: Arc<dyn Entropy>,
    settings: Settings,
    tries: Tries,
    desk_tries: Tries,
    hashing: Hashing,
    pages: Arc<Pages>,
    messages: Allowance,
    metrics: Metrics,
    transfers: Arc<Transfers>,
    log: Option<ViewedLog>,
    running: AtomicBool,
}

impl App {
    /// Puts the state together; the settings are checked. Without a `log` there is no page to look at it.
    pub fn new(engine: Engine, entropy: Arc<dyn Entropy>, transfers: Arc<Transfers>, log: Option<ViewedLog>, settings: Settings) -> Result<App> {
        settings.check()?;
        let hospital = served(&engine, settings.hospital.as_ref())?;
        let sends = engine.hospital(&hospital)?.notifier.as_ref().is_some_and(|n| n.traits().sms);
        if settings.identify_ways.contains(&IdentifyWay::Phone) && !sends {
            return Err(Error::new(Code::BadPolicy).with("field", "server.identify_ways").with("problem", "phone needs hospitals.notify.sms"));
        }
        let tries = Tries::new(settings.lock_after, settings.lock_s);
        let desk_tries = Tries::new(DESK_TRIES.0, DESK_TRIES.1);
        let messages = Allowance::an_hour(settings.sms_per_hour);
        let pages = Pages::new(settings.pages.clone())?;
        let inner = Inner {
            engine,
            hospital,
            entropy,
            settings,
            tries,
            desk_tries,
            hashing: Hashing::default(),
            pages,
            messages,
            metrics: Metrics::default(),
            transfers,
            log,
            running: AtomicBool::new(false),
        };
        Ok(App { inner: Arc::new(inner) })
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The hospital whose patients are served.
    pub fn hospital(&self) -> &HospitalId {
        &self.inner.hospital
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        self.inner.engine.store()
    }

    /// Randomness.
    pub fn entropy(&self) -> &dyn Entropy {
        self.inner.entropy.as_ref()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Failed tries to identify.
    pub fn tries(&self) -> &Tries {
        &self.inner.tries
    }

    /// Failed logins of staff.
    pub fn desk_tries(&self) -> &Tries {
        &self.inner.desk_tries
    }

    /// Where passwords are checked.
    pub fn hashing(&self) -> &Hashing {
        &self.inner.hashing
    }

    /// What the pages share.
    pub fn pages(&self) -> &Arc<Pages> {
        &self.inner.pages
    }

    /// Messages an address may cause.
    pub fn messages(&self) -> &Allowance {
        &self.inner.messages
    }

    /// Counters.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// The transfer log, as the server sees it.
    pub fn transfers(&self) -> &Transfers {
        &self.inner.transfers
    }

    /// The transfer log as auditors see it, where they may.
    pub fn log(&self) -> Option<&ViewedLog> {
        self.inner.log.as_ref()
    }

    /// Does the runner run?
    pub fn running(&self) -> bool {
        self.inner.running.load(Ordering::Acquire)
    }

    /// Notes whether the runner runs.
    pub fn set_running(&self, running: bool) {
        self.inner.running.store(running, Ordering::Release);
    }

    /// Whose request it is: the peer, or what a trusted proxy says about it.
    pub fn client(&self, peer: IpAddr, forwarded: Option<&str>) -> IpAddr {
        if !self.inner.settings.trusted_proxies.contains(&peer) {
            return peer;
        }
        // The last entry is the one our own proxy added; earlier ones are the client's words.
        forwarded.and_then(|list| list.rsplit(',').next()).and_then(|last| last.trim().parse().ok()).unwrap_or(peer)
    }
}

fn served(engine: &Engine, named: Option<&HospitalId>) -> Result<HospitalId> {
    let mut all = engine.hospitals().map(|h| h.id.clone());
    match (named, all.next(), all.next()) {
        (Some(id), ..) => {
            engine.hospital(id).map(|h| h.id.clone()).map_err(|_| Error::new(Code::BadPolicy).with("field", "server.hospital").with("problem", "is not among the hospitals"))
        }
        (None, Some(only), None) => Ok(only),
        (None, ..) => Err(Error::new(Code::BadPolicy).with("field", "server.hospital").with("problem", "must name one when there are several hospitals")),
    }
}
