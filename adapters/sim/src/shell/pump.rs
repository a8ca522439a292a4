//! Does what has become due and posts the callbacks the machines dictate.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use menjie::{Error, Result};
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::record::Exchange;
use super::{Shared, now};
use crate::wire::Callback;

/// WeChat waits this long for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Without anything planned, look again after this long.
const IDLE: Duration = Duration::from_secs(3600);

/// A client for plain HTTP that follows no redirect and asks no proxy.
///
/// When another crate of the same build turns on reqwest's TLS, no client can be built without a crypto provider, so one
/// is named here, although nothing in this crate speaks TLS.
pub fn plain_client(patience: Duration) -> Result<Client> {
    // An error says that the process has one already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = Client::builder().timeout(patience).redirect(Policy::none()).no_proxy().build();
    client.map_err(|_| Error::internal("a plain HTTP client can be built"))
}

/// Runs until told to stop.
pub(super) fn run(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) -> Result<impl Future<Output = ()>> {
    let client = plain_client(PATIENCE)?;
    Ok(async move {
        let mut deliveries = JoinSet::new();
        loop {
            let (callbacks, next) = {
                let mut hospital = shared.hospital();
                let callbacks = hospital.advance(now());
                // While the hospital is held: whoever looks sees a callback either due or under way. It also tells that this was a round.
                shared.under_way.send_modify(|count| *count += callbacks.len());
                (callbacks, hospital.next_due())
            };
            for callback in callbacks {
                deliveries.spawn(deliver(client.clone(), Arc::clone(&shared), callback));
            }
            let pause = next.map_or(IDLE, |next| Duration::from_millis(u64::try_from(next.since(now())).unwrap_or(0)));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shared.bell.notified() => {}
                Some(_) = deliveries.join_next() => {}
                _ = stopped.changed() => return,
            }
        }
    })
}

async fn deliver(client: Client, shared: Arc<Shared>, callback: Callback) {
    let sent = || {
        let now = Instant::now();
        Exchange { peer: callback.peer, target: callback.url.clone(), headers: callback.headers.clone(), body: callback.body.clone(), begun: now, ended: now, status: None }
    };
    // Before it leaves: who is told of it may look into the record before the answer is here.
    let kept = shared.record.keep(sent);
    let post = callback.headers.iter().fold(client.post(&callback.url), |post, (name, value)| post.header(name, value));
    let status = post.body(callback.body).send().await.ok().map(|answer| answer.status().as_u16());
    if let Some(kept) = kept {
        shared.record.ended(kept, status, Instant::now());
    }
    let mut hospital = shared.hospital();
    hospital.answered(callback.id, status);
    shared.under_way.send_modify(|count| *count = count.saturating_sub(1));
}
