//! Is the process alive, can it work, and what has it done.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use menjie::policy::Lane;
use menjie::port::{Scan, ScanRow, StoreError};
use menjie::workflow::MachineKind;
use serde::Serialize;
use std::collections::BTreeMap;

use crate::app::App;
use crate::failure::json;
use crate::metrics::Page;

/// So many pages of open work are counted; a backlog beyond is an alarm anyway.
const PAGES: usize = 20;
const PAGE: u32 = 500;

/// What `/readyz` says.
#[derive(Serialize)]
struct Ready {
    store: bool,
    log: bool,
    runner: bool,
}

/// `GET /healthz`: the process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: store, transfer log and runner work.
pub async fn readyz(State(app): State<App>) -> Response {
    let ready = Ready { store: app.store().next_due(&Lane::ALL).await.is_ok(), log: !app.transfers().failing(), runner: app.running() };
    let status = if ready.store && ready.log && ready.runner { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &ready)
}

/// `GET /metrics`: Prometheus text. What the store knows is counted here and now, within bounds.
pub async fn metrics(State(app): State<App>) -> Response {
    let mut page = Page::default();
    app.metrics().write(&mut page);
    let peers = app.transfers().counts();
    let by_peer = |pick: fn(&crate::transfers::PeerCounts) -> u64| peers.iter().map(move |(peer, counts)| (vec![("peer", peer.clone())], pick(counts)));
    page.family("menjie_transfers_total", "counter", "Exchanges begun.", by_peer(|c| c.begun));
    page.family("menjie_transfers_in_flight", "gauge", "Exchanges begun and not ended.", by_peer(|c| c.in_flight));
    page.family("menjie_transfers_unknown_total", "counter", "Exchanges whose effect is not known.", by_peer(|c| c.unknown));
    page.family("menjie_transfers_unsent_total", "counter", "Exchanges of which nothing left.", by_peer(|c| c.unsent));
    let log = app.transfers().health();
    for (name, what, value) in [
        ("menjie_log_records_total", "Records of the transfer log that are durable.", log.records),
        ("menjie_log_flushes_total", "Flushes they took.", log.flushes),
        ("menjie_log_failures_total", "Writes of the transfer log that failed.", log.failures),
        ("menjie_log_lost_ends_total", "Ends of exchanges that could not be recorded.", log.lost_ends),
    ] {
        page.family(name, "counter", what, [(Vec::new(), value)]);
    }
    page.family("menjie_log_failing", "gauge", "1 while transfers cannot be recorded, so none are made.", [(Vec::new(), u64::from(app.transfers().failing()))]);
    page.family("menjie_log_without_reserve", "gauge", "1 while the disk is so full that the log lives on its reserve.", [(Vec::new(), u64::from(log.without_reserve))]);
    page.family("menjie_log_spooling", "gauge", "1 while the log goes on in its spool because its own disk failed or is full.", [(Vec::new(), u64::from(log.spooling))]);
    page.family("menjie_log_damaged_segments", "gauge", "Segments of the transfer log that were found damaged and have not expired.", [(Vec::new(), log.damaged)]);
    page.family("menjie_runner_running", "gauge", "1 while the runner runs.", [(Vec::new(), u64::from(app.running()))]);
    match stored(&app).await {
        Ok(stored) => stored.write(&mut page),
        Err(_) => page.family("menjie_store_up", "gauge", "1 while the store answers.", [(Vec::new(), 0)]),
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.finish()).into_response()
}

#[derive(Default)]
struct Stored {
    due: u64,
    overdue: u64,
    waiting: BTreeMap<String, u64>,
    attention: BTreeMap<&'static str, u64>,
    oldest_ms: u64,
}

/// Counts open work and what needs a person.
async fn stored(app: &App) -> Result<Stored, StoreError> {
    let now = app.engine().now();
    let mut stored = Stored::default();
    let mut after = None;
    for _ in 0..PAGES {
        let found = app.store().scan(&Scan::Open(app.hospital().clone()), after.as_ref(), PAGE).await?;
        for row in found.rows {
            let ScanRow::Open { what, due, .. } = row else { continue };
            *stored.waiting.entry(what).or_default() += 1;
            let late = now.since(due);
            stored.due += u64::from(late >= 0);
            // What is due is taken within the runner's idle interval; a minute later something is in its way.
            stored.overdue += u64::from(late > 60_000);
            stored.oldest_ms = stored.oldest_ms.max(u64::try_from(late).unwrap_or(0));
        }
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    for kind in MachineKind::ALL {
        let found = app.store().scan(&Scan::Attention(app.hospital().clone(), kind), None, PAGE).await?;
        stored.attention.insert(kind.code(), u64::try_from(found.rows.len()).unwrap_or(u64::MAX));
    }
    Ok(stored)
}

impl Stored {
    fn write(self, page: &mut Page) {
        page.family("menjie_store_up", "gauge", "1 while the store answers.", [(Vec::new(), 1)]);
        page.family("menjie_jobs_open", "gauge", "Acts, polls and timers not done yet.", self.waiting.into_iter().map(|(what, n)| (vec![("what", what)], n)));
        page.family("menjie_jobs_due", "gauge", "Jobs whose time has come.", [(Vec::new(), self.due)]);
        page.family("menjie_jobs_overdue", "gauge", "Jobs whose time came more than a minute ago.", [(Vec::new(), self.overdue)]);
        page.family("menjie_jobs_oldest_ms", "gauge", "How long the oldest due job has waited.", [(Vec::new(), self.oldest_ms)]);
        page.family(
            "menjie_attention",
            "gauge",
            "Machines that need a person (at most 500 are counted).",
            self.attention.into_iter().map(|(kind, n)| (vec![("kind", kind.to_owned())], n)),
        );
    }
}
