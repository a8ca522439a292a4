//! The open loop: payers come at a fixed rate, far below what the server can do, and its own time of each settlement is what is
//! left of the whole when the counterparts' and the payer's time is taken away. The database is on a file system in memory, so
//! a commit waits for no disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use menjie::payment::NoticeWhat;
use menjie::port::Clock as _;
use menjie_benches::Fallible;
use menjie_benches::measure::percentile_ms;
use menjie_benches::pay::Paid;
use menjie_host::SystemClock;
use menjie_pay_wechat::Secret;
use menjie_pay_wechat::config::VerifyKeyConfig;
use menjie_pay_wechat::verify::{self, VerifyRequest};
use menjie_sim::shell::Exchange;
use menjie_sim::{Peer, SimCredentials};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::closed::WARM;
use crate::load::{Load, Side};
use crate::options::Options;

/// Lock, order, callback, post: no settlement is done with less, and without faults with no more.
const WAITS: usize = 4;

/// One settlement as its payer saw it.
struct Seen {
    paid: Paid,
    begun: Instant,
    ended: Instant,
}

/// One server.
pub(crate) struct Measured {
    side: Side,
    latency_ms: u32,
    whole: Vec<Duration>,
    own: Vec<Duration>,
}

/// Measures one.
pub(crate) async fn run(options: &Options, side: Side, latency_ms: u32) -> Fallible<Measured> {
    let count = usize::try_from(options.rate * options.seconds)?;
    let mut load = Load::start(options, side, WARM + count, latency_ms, &options.memory).await?;
    load.pay(WARM, 4).await?;
    load.finished().await?;
    load.rig.sim.record();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / options.rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut payers = JoinSet::new();
    for payer in load.next(count)? {
        ticks.tick().await;
        let (desk, rig) = (load.desk.clone(), Arc::clone(&load.rig));
        payers.spawn(async move {
            let begun = Instant::now();
            let paid = desk.pay(&rig.sim, &payer).await?;
            Fallible::Ok(Seen { paid, begun, ended: Instant::now() })
        });
    }
    let mut seen = Vec::with_capacity(count);
    while let Some(payer) = payers.join_next().await {
        seen.push(payer??);
    }
    load.finished().await?;
    let waits = waits(&load.rig.sim.recorded(), &seen)?;
    let mut measured = Measured { side, latency_ms, whole: Vec::with_capacity(count), own: Vec::with_capacity(count) };
    for Seen { paid, begun, ended } in &seen {
        let waits = waits.get(&paid.out_trade_no).map_or(&[][..], Vec::as_slice);
        if waits.len() != WAITS {
            return Err(format!("a settlement of {} waited {} times", side.name(), waits.len()).into());
        }
        let within = |(from, to): &(Instant, Instant)| (*to).min(*ended).saturating_duration_since((*from).max(*begun));
        let whole = ended.duration_since(*begun);
        measured.whole.push(whole);
        measured.own.push(whole.saturating_sub(waits.iter().map(within).sum()));
    }
    measured.whole.sort_unstable();
    measured.own.sort_unstable();
    Ok(measured)
}

type Waits = BTreeMap<String, Vec<(Instant, Instant)>>;

/// By order: when the server could only wait. They follow one another, so that nothing is taken away twice.
fn waits(exchanges: &[Exchange], seen: &[Seen]) -> Fallible<Waits> {
    let mut waits = Waits::new();
    let mut locks = BTreeMap::new();
    let scanned: BTreeMap<&str, Instant> = seen.iter().map(|s| (s.paid.out_trade_no.as_str(), s.paid.scanned)).collect();
    let mut wait = |order: String, from, to| waits.entry(order).or_default().push((from, to));
    for exchange in exchanges {
        let Exchange { peer, target, body, begun, ended, .. } = exchange;
        match (peer, target.rsplit('/').next().unwrap_or_default()) {
            (Peer::His, "lock") => drop(locks.insert(field(body, "no")?, (*begun, *ended))),
            (Peer::His, "post") => {
                let order = field(body, "out_trade_no")?;
                let lock = locks.get(&field(body, "no")?).ok_or("a bill was posted that was not locked")?;
                wait(order.clone(), lock.0, lock.1);
                wait(order, *begun, *ended);
            }
            (Peer::Wechat, "native") => wait(field(body, "out_trade_no")?, *begun, *ended),
            (Peer::Wechat, "wechat") => {
                let order = notified(exchange)?;
                let from = scanned.get(order.as_str()).ok_or("a callback is of nobody's order")?;
                wait(order, *from, *begun);
            }
            (Peer::His | Peer::Wechat | Peer::Insurer | Peer::Invoice | Peer::HealthCode | Peer::Decoder | Peer::Sms | Peer::Account, _) => {}
        }
    }
    Ok(waits)
}

fn field(body: &[u8], name: &str) -> Fallible<String> {
    let body: Value = serde_json::from_slice(body)?;
    body.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("{name} is missing in a request").into())
}

/// The order a callback is about.
fn notified(callback: &Exchange) -> Fallible<String> {
    let keys = SimCredentials::fixed();
    let request = VerifyRequest {
        headers: callback.headers.iter().cloned().collect(),
        body: Some(String::from_utf8(callback.body.clone())?),
        body_base64: None,
        keys: vec![VerifyKeyConfig { id: keys.platform_public_key_id, pem: keys.platform_public_key_pem }],
        apiv3_key: Secret::new(keys.api_v3_key),
        mchid: keys.mchid,
        appid: keys.appid,
        now: SystemClock.now(),
    };
    match verify::run(&request)?.what {
        NoticeWhat::Trade { out_trade_no, .. } => Ok(out_trade_no),
        NoticeWhat::Refund { .. } | NoticeWhat::Other { .. } => Err("a callback is of no order".into()),
    }
}

/// Head of the table of [`row`]s.
pub(crate) const HEAD: &str = "| counterparts | who | settlements | whole p50 ms | whole p99 ms | own p50 ms | own p99 ms | goal |\n|---|---|---:|---:|---:|---:|---:|---|";

/// One line of the table.
pub(crate) fn row(m: &Measured) -> String {
    format!(
        "| {} ms | {} | {} | {:.1} | {:.1} | {:.2} | {:.2} | {} |",
        m.latency_ms,
        m.side.name(),
        m.own.len(),
        percentile_ms(&m.whole, 50),
        percentile_ms(&m.whole, 99),
        percentile_ms(&m.own, 50),
        percentile_ms(&m.own, 99),
        if m.side == Side::Menjie { "p99 ≤ 5 ms" } else { "" },
    )
}
