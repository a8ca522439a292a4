//! From a configuration to the parts of an engine: adapters, store, clock, ids.

mod asked;
mod log;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use menjie::ident::ChannelCode;
use menjie::port::{Clock, Entropy, LogSink, PaymentChannel};
use menjie::service::{Hospital, Parts};
use menjie_his_front::HisFront;
use menjie_host::{NodeIds, OsEntropy, SystemClock};
use menjie_invoice::InvoiceFront;
use menjie_keys::KeyRing;
use menjie_log_file::SealedLog;
#[cfg(feature = "pay-wechat")]
use menjie_pay_wechat::WechatPay;
use menjie_store_sqlite::{Options, SqliteStore};

use crate::config::{Config, HospitalConfig, Problem, StoreConfig};

pub use log::{check_log, log_writers, make_log_keys, open_log};

/// Builds everything, opens store and transfer log (made when they are not there) and takes their locks. Blocks; nothing is sent.
/// `tap` may put itself before the log. What cannot be built is told with its field, all of it at once.
pub fn build(config: &Config, tap: impl FnOnce(Arc<SealedLog>) -> Arc<dyn LogSink>) -> Result<Parts, Vec<Problem>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let mut problems = Vec::new();
    let mut hospitals = Vec::with_capacity(config.hospitals.len());
    match open_log(&config.log).map(tap) {
        Ok(log) => {
            for (at, hospital) in config.hospitals.iter().enumerate() {
                match hospital_of(hospital, &format!("hospitals[{at}]"), Arc::clone(&log), &entropy) {
                    Ok(hospital) => hospitals.push(hospital),
                    Err(found) => problems.extend(found),
                }
            }
        }
        Err(found) => problems.extend(found),
    }
    let ids = NodeIds::new(Arc::clone(&clock), config.node).map_err(|e| problems.push(Problem::of(&e, "")));
    let store = open_store(&config.store).map_err(|problem| problems.push(problem));
    match (ids, store) {
        (Ok(ids), Ok(store)) if problems.is_empty() => Ok(Parts { store, clock, ids: Arc::new(ids), entropy, worker: config.worker.clone(), hospitals }),
        _ => Err(problems),
    }
}

/// Makes a key file with one new key. An existing file is never overwritten.
pub fn make_keys(path: &Path) -> menjie::Result<()> {
    menjie_keys::write(path, &KeyRing::generate(&OsEntropy))
}

/// Can the key file be read, and by its owner only?
pub fn check_keys(path: &Path) -> Result<(), Problem> {
    read_keys(path).map(drop)
}

fn read_keys(path: &Path) -> Result<KeyRing, Problem> {
    menjie_keys::read(path).map_err(|e| Problem::new("store.keys", Problem::of(&e, "").what, "make one with `menjie keygen FILE` once, keep a copy in a safe place, mode 600"))
}

/// Opens the store alone, e.g. for an audit; takes its lock.
pub fn open_store(config: &StoreConfig) -> Result<Arc<SqliteStore>, Problem> {
    let keys = read_keys(&config.keys)?;
    let options = Options::new(&config.path, Arc::new(keys), Arc::new(OsEntropy), SystemClock.now()).readers(config.readers);
    let store = SqliteStore::open(options)
        .map_err(|e| Problem::new("store.path", Problem::of(&e, "").what, "check the folder, its permissions and whether another process runs on this store"))?;
    Ok(Arc::new(store))
}

fn hospital_of(config: &HospitalConfig, place: &str, log: Arc<dyn LogSink>, entropy: &Arc<dyn Entropy>) -> Result<Hospital, Vec<Problem>> {
    let mut problems = Vec::new();
    let his = HisFront::connect(config.his.clone(), Arc::clone(entropy)).map_err(|e| problems.push(Problem::of(&e, &format!("{place}.his"))));
    let invoice = InvoiceFront::connect(config.invoice.clone(), Arc::clone(entropy)).map_err(|e| problems.push(Problem::of(&e, &format!("{place}.invoice"))));
    let channels = channels_of(config, place, entropy).map_err(|problem| problems.push(problem));
    let asked = asked::asked(config, place, entropy).map_err(|found| problems.extend(found));
    match (his, invoice, channels, asked) {
        (Ok(his), Ok(invoice), Ok(channels), Ok(asked)) => Ok(Hospital {
            id: config.id.clone(),
            terms: config.terms.clone(),
            pace: config.pace.clone(),
            his: Arc::new(his),
            channels,
            invoice: Arc::new(invoice),
            health_code: asked.health_code,
            insurer: asked.insurer,
            notifier: asked.notifier,
            log,
        }),
        _ => Err(problems),
    }
}

type ChannelMap = BTreeMap<ChannelCode, Arc<dyn PaymentChannel>>;

#[cfg(feature = "pay-wechat")]
fn channels_of(config: &HospitalConfig, place: &str, entropy: &Arc<dyn Entropy>) -> Result<ChannelMap, Problem> {
    let mut channels = ChannelMap::new();
    if let Some(wechat) = &config.channels.wechat {
        let place = format!("{place}.channels.wechat");
        let code = ChannelCode::new("wechat").map_err(|e| Problem::of(&e, &place))?;
        let port = WechatPay::connect(wechat, Arc::clone(entropy)).map_err(|e| Problem::of(&e, &place))?;
        channels.insert(code, Arc::new(port));
    }
    Ok(channels)
}

#[cfg(not(feature = "pay-wechat"))]
fn channels_of(_: &HospitalConfig, _: &str, _: &Arc<dyn Entropy>) -> Result<ChannelMap, Problem> {
    Ok(ChannelMap::new())
}
