//! From a configuration to the parts of an engine: adapters, store, clock, ids.

mod asked;
mod host;
mod log;

use std::collections::BTreeMap;
#[cfg(feature = "engine")]
use std::path::Path;
use std::sync::Arc;

use menjie::ident::ChannelCode;
use menjie::port::{Clock, Entropy, His, InvoicePlatform, LogSink, PaymentChannel, Store};
use menjie::service::{Hospital, Parts};
#[cfg(feature = "engine")]
use menjie_his_front::HisFront;
use menjie_host::{NodeIds, OsEntropy, SystemClock};
#[cfg(feature = "engine")]
use menjie_invoice::InvoiceFront;
#[cfg(feature = "engine")]
use menjie_keys::KeyRing;
use menjie_log_file::SealedLog;
#[cfg(feature = "pay-wechat")]
use menjie_pay_wechat::WechatPay;
#[cfg(feature = "engine")]
use menjie_store_sqlite::{Options, SqliteStore};

#[cfg(feature = "engine")]
use crate::config::StoreConfig;
use crate::config::{Config, HospitalConfig, Problem};
#[cfg(not(feature = "engine"))]
use crate::ports::NoLedger;
use crate::ports::{Desk, HostChannel, HostHis, HostInvoices};

pub use log::{check_log, log_writers, make_log_keys, open_log};

/// Builds everything, opens store and transfer log (made when they are not there) and takes their locks. Blocks; nothing is sent.
/// `tap` may put itself before the log. What cannot be built is told with its field, all of it at once.
pub fn build(config: &Config, tap: impl FnOnce(Arc<SealedLog>) -> Arc<dyn LogSink>) -> Result<Parts, Vec<Problem>> {
    build_with(config, None, tap)
}

/// The same with ports of the host, which is asked at `desk`.
pub fn build_with(config: &Config, desk: Option<&Arc<Desk>>, tap: impl FnOnce(Arc<SealedLog>) -> Arc<dyn LogSink>) -> Result<Parts, Vec<Problem>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let mut problems = Vec::new();
    let mut hospitals = Vec::with_capacity(config.hospitals.len());
    let missing = host::missing(config, desk);
    if !missing.is_empty() {
        return Err(missing);
    }
    match open_log(&config.log).map(tap) {
        Ok(log) => {
            for (at, hospital) in config.hospitals.iter().enumerate() {
                match hospital_of(hospital, &format!("hospitals[{at}]"), Arc::clone(&log), &entropy, desk) {
                    Ok(hospital) => hospitals.push(hospital),
                    Err(found) => problems.extend(found),
                }
            }
        }
        Err(found) => problems.extend(found),
    }
    let ids = NodeIds::new(Arc::clone(&clock), config.node).map_err(|e| problems.push(Problem::of(&e, "")));
    let store = store_of(config).map_err(|problem| problems.push(problem));
    match (ids, store) {
        (Ok(ids), Ok(store)) if problems.is_empty() => Ok(Parts { store, clock, ids: Arc::new(ids), entropy, worker: config.worker.clone(), hospitals }),
        _ => Err(problems),
    }
}

#[cfg(feature = "engine")]
fn store_of(config: &Config) -> Result<Arc<dyn Store>, Problem> {
    open_store(&config.store).map(|store| store as Arc<dyn Store>)
}

#[cfg(not(feature = "engine"))]
fn store_of(_: &Config) -> Result<Arc<dyn Store>, Problem> {
    Ok(Arc::new(NoLedger::default()))
}

#[cfg(feature = "engine")]
/// Makes a key file with one new key. An existing file is never overwritten.
pub fn make_keys(path: &Path) -> menjie::Result<()> {
    menjie_keys::write(path, &KeyRing::generate(&OsEntropy))
}

#[cfg(feature = "engine")]
/// Can the key file be read, and by its owner only?
pub fn check_keys(path: &Path) -> Result<(), Problem> {
    read_keys(path).map(drop)
}

#[cfg(feature = "engine")]
fn read_keys(path: &Path) -> Result<KeyRing, Problem> {
    menjie_keys::read(path).map_err(|e| Problem::new("store.keys", Problem::of(&e, "").what, "make one with `menjie keygen FILE` once, keep a copy in a safe place, mode 600"))
}

#[cfg(feature = "engine")]
/// Opens the store alone, e.g. for an audit; takes its lock.
pub fn open_store(config: &StoreConfig) -> Result<Arc<SqliteStore>, Problem> {
    let keys = read_keys(&config.keys)?;
    let options = Options::new(&config.path, Arc::new(keys), Arc::new(OsEntropy), SystemClock.now()).readers(config.readers);
    let store = SqliteStore::open(options)
        .map_err(|e| Problem::new("store.path", Problem::of(&e, "").what, "check the folder, its permissions and whether another process runs on this store"))?;
    Ok(Arc::new(store))
}

fn hospital_of(config: &HospitalConfig, place: &str, log: Arc<dyn LogSink>, entropy: &Arc<dyn Entropy>, desk: Option<&Arc<Desk>>) -> Result<Hospital, Vec<Problem>> {
    let mut problems = Vec::new();
    let his = his_of(config, place, entropy, desk).map_err(|problem| problems.push(problem));
    let invoice = invoice_of(config, place, entropy, desk).map_err(|problem| problems.push(problem));
    let channels = channels_of(config, place, entropy, desk).map_err(|problem| problems.push(problem));
    let asked = asked::asked(config, place, entropy, desk).map_err(|found| problems.extend(found));
    match (his, invoice, channels, asked) {
        (Ok(his), Ok(invoice), Ok(channels), Ok(asked)) => Ok(Hospital {
            id: config.id.clone(),
            terms: config.terms.clone(),
            pace: config.pace.clone(),
            his,
            channels,
            invoice,
            health_code: asked.health_code,
            insurer: asked.insurer,
            notifier: asked.notifier,
            log,
        }),
        _ => Err(problems),
    }
}

/// The desk of a port that the host implements; [`host::missing`] has seen that it is there.
fn at_desk(desk: Option<&Arc<Desk>>, place: &str) -> Result<Arc<Desk>, Problem> {
    desk.cloned().ok_or_else(|| host::nobody(place))
}

#[cfg_attr(not(feature = "engine"), expect(unused_variables, reason = "only adapters need it"))]
fn his_of(config: &HospitalConfig, place: &str, entropy: &Arc<dyn Entropy>, desk: Option<&Arc<Desk>>) -> Result<Arc<dyn His>, Problem> {
    #[cfg(feature = "engine")]
    if let Some(his) = &config.his {
        return match HisFront::connect(his.clone(), Arc::clone(entropy)) {
            Ok(his) => Ok(Arc::new(his)),
            Err(error) => Err(Problem::of(&error, &format!("{place}.his"))),
        };
    }
    let place = format!("{place}.host.his");
    let traits = config.host.his.ok_or_else(|| host::nobody(&place))?;
    Ok(Arc::new(HostHis::new(at_desk(desk, &place)?, traits)))
}

#[cfg_attr(not(feature = "engine"), expect(unused_variables, reason = "only adapters need it"))]
fn invoice_of(config: &HospitalConfig, place: &str, entropy: &Arc<dyn Entropy>, desk: Option<&Arc<Desk>>) -> Result<Arc<dyn InvoicePlatform>, Problem> {
    #[cfg(feature = "engine")]
    if let Some(invoice) = &config.invoice {
        return match InvoiceFront::connect(invoice.clone(), Arc::clone(entropy)) {
            Ok(invoice) => Ok(Arc::new(invoice)),
            Err(error) => Err(Problem::of(&error, &format!("{place}.invoice"))),
        };
    }
    Ok(Arc::new(HostInvoices::new(at_desk(desk, &format!("{place}.host.invoice"))?)))
}

type ChannelMap = BTreeMap<ChannelCode, Arc<dyn PaymentChannel>>;

#[cfg_attr(not(feature = "pay-wechat"), expect(unused_variables, reason = "only adapters need it"))]
fn channels_of(config: &HospitalConfig, place: &str, entropy: &Arc<dyn Entropy>, desk: Option<&Arc<Desk>>) -> Result<ChannelMap, Problem> {
    let mut channels = ChannelMap::new();
    for (code, traits) in &config.host.channels {
        let port = HostChannel::new(at_desk(desk, &format!("{place}.host.channels"))?, code.clone(), traits.clone());
        channels.insert(code.clone(), Arc::new(port));
    }
    #[cfg(feature = "pay-wechat")]
    if let Some(wechat) = &config.channels.wechat {
        let place = format!("{place}.channels.wechat");
        let code = ChannelCode::new("wechat").map_err(|e| Problem::of(&e, &place))?;
        let port = WechatPay::connect(wechat, Arc::clone(entropy)).map_err(|e| Problem::of(&e, &place))?;
        channels.insert(code, Arc::new(port));
    }
    Ok(channels)
}
