//! The payer's side of all servers: from the pay request to the moment the patient is told that it is done.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use menjie_sim::day::DayPatient;
use menjie_sim::shell::SimServer;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Fallible;

/// One answer of the server to a follower takes at most this long.
const WAIT_MS: u32 = 20_000;

/// A server as seen by payers.
#[derive(Clone)]
pub struct Desk {
    client: Client,
    base: String,
}

/// A patient of menjie's who has identified himself and seen a quote.
#[derive(Clone, Debug)]
pub struct Quoted {
    /// His session.
    pub token: String,
    /// His quote.
    pub quote_id: String,
    /// Bills in it: so many settlements will come.
    pub bills: usize,
}

/// Somebody who pays, at the server that knows him.
#[derive(Clone, Debug)]
pub enum Payer {
    /// At menjie's server.
    Quoted(Quoted),
    /// At the peer's whole flow: the pay request.
    Whole(Value),
    /// At the peer's minimal flow: the order's number.
    Minimal(String),
}

/// A payment as the payer saw it.
#[derive(Clone, Debug)]
pub struct Paid {
    /// The order he paid.
    pub out_trade_no: String,
    /// When he confirmed.
    pub scanned: Instant,
}

impl Desk {
    /// Payers of the server at `base`.
    pub fn new(client: &Client, base: &str) -> Desk {
        Desk { client: client.clone(), base: base.to_owned() }
    }

    /// Identify, list what is unpaid, quote at most `bills` bills: what happens before paying.
    pub async fn quote(&self, patient: &DayPatient, bills: usize) -> Fallible<Quoted> {
        let id = patient.id_no.as_ref();
        let (way, number) = id.map_or_else(|| ("visit_no", patient.card_no.reveal()), |id| ("id_card", id.reveal()));
        let session = self.call(Method::POST, "/api/v1/identify", None, Some(&json!({ "way": way, "token": number, "bearer": true }))).await?;
        let token = text(&session, "/token")?;
        let unpaid = self.call(Method::GET, "/api/v1/bills/unpaid", Some(&token), None).await?;
        let visits = unpaid.pointer("/visits").and_then(Value::as_array).into_iter().flatten();
        let all = visits.filter_map(|visit| visit.get("bills")?.as_array()).flatten();
        let payable = all.filter(|bill| bill.get("payable").and_then(Value::as_bool).unwrap_or_default());
        let chosen: Vec<Value> = payable.filter_map(|bill| bill.get("bill_id").cloned()).take(bills).collect();
        let quote = self.call(Method::POST, "/api/v1/settlements/quote", Some(&token), Some(&json!({ "bill_ids": chosen }))).await?;
        Ok(Quoted { token, quote_id: text(&quote, "/quote_id")?, bills: chosen.len() })
    }

    /// Pays, and follows until the server says that it is over.
    pub async fn pay(&self, sim: &SimServer, payer: &Payer) -> Fallible<Paid> {
        match payer {
            Payer::Quoted(quoted) => self.settle(sim, quoted, true).await,
            Payer::Whole(request) => self.whole(sim, request).await,
            Payer::Minimal(order_no) => self.minimal(sim, order_no).await,
        }
    }

    /// Pays at menjie's server: begin, follow until there is a code, scan it; then follow until it is over, if `to_the_end`.
    pub async fn settle(&self, sim: &SimServer, quoted: &Quoted, to_the_end: bool) -> Fallible<Paid> {
        let token = Some(quoted.token.as_str());
        let body = json!({ "key": quoted.quote_id, "quote_id": quoted.quote_id, "channel": "wechat", "method": { "way": "native" } });
        let paying = self.call(Method::POST, "/api/v1/payments", token, Some(&body)).await?;
        let payment = format!("/api/v1/payments/{}", text(&paying, "/payment_id")?);
        let (mut paid, mut since) = (None, 0);
        loop {
            let view = self.call(Method::GET, &format!("{payment}?wait_ms={WAIT_MS}&since={since}"), token, None).await?;
            since = view.get("version").and_then(Value::as_u64).unwrap_or_default();
            if let (Ok(code), None) = (text(&view, "/handover/code_url"), &paid) {
                let confirmed = scan(sim, &code)?;
                if !to_the_end {
                    return Ok(confirmed);
                }
                paid = Some(confirmed);
            }
            if view.get("over").and_then(Value::as_bool).unwrap_or_default() {
                let done = text(&view, "/progress")? == "done";
                return paid.filter(|_| done).ok_or_else(|| format!("a payment ended without success: {view}").into());
            }
        }
    }

    /// The answer to the request brings the code; one follower learns that HIS has booked it.
    async fn whole(&self, sim: &SimServer, request: &Value) -> Fallible<Paid> {
        let paying = self.call(Method::POST, "/payments", None, Some(request)).await?;
        let paid = scan(sim, &text(&paying, "/code_url")?)?;
        let view = self.call(Method::GET, &format!("/payments/{}?wait_ms={WAIT_MS}", text(&paying, "/payment_id")?), None, None).await?;
        let booked = text(&view, "/receipt_no").is_ok();
        if booked { Ok(paid) } else { Err(format!("a payment ended without success: {view}").into()) }
    }

    /// The answer to the request brings the code; one follower learns that it is paid.
    async fn minimal(&self, sim: &SimServer, order_no: &str) -> Fallible<Paid> {
        let paying = self.call(Method::POST, "/payments", None, Some(&json!({ "order_no": order_no, "total_fen": 4_500 }))).await?;
        let paid = scan(sim, &text(&paying, "/code_url")?)?;
        let view = self.call(Method::GET, &format!("/payments/{order_no}?wait_ms={WAIT_MS}"), None, None).await?;
        if text(&view, "/st")? == "paid" { Ok(paid) } else { Err(format!("a payment ended without success: {view}").into()) }
    }

    /// Asks for any page of the server as text.
    pub async fn page(&self, path: &str) -> Fallible<String> {
        Ok(self.client.get(format!("{}{path}", self.base)).send().await?.error_for_status()?.text().await?)
    }

    async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> Fallible<Value> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, bytes) = (answer.status(), answer.bytes().await?);
        if status.is_success() { Ok(serde_json::from_slice(&bytes)?) } else { Err(format!("{path}: {status} {}", String::from_utf8_lossy(&bytes)).into()) }
    }
}

/// The payer scans the code and confirms.
fn scan(sim: &SimServer, code_url: &str) -> Fallible<Paid> {
    let (scanned, code) = (Instant::now(), code_url.rsplit_once("pr=").map_or(code_url, |(_, code)| code));
    let paid = sim.with(|hospital, now| {
        let out_trade_no = hospital.wechat.by_code(code).map(str::to_owned)?;
        hospital.pay(&out_trade_no, now).ok().map(|()| out_trade_no)
    });
    let out_trade_no = paid.ok_or("the simulated WeChat does not know the code")?;
    Ok(Paid { out_trade_no, scanned })
}

fn text(value: &Value, pointer: &str) -> Fallible<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("{pointer} is missing in {value}").into())
}

/// Does `work` for every item, `at_once` at a time, and gives the results with the time each took.
pub async fn each<T, R, F>(items: Vec<T>, at_once: usize, work: impl Fn(T) -> F + Clone + Send + 'static) -> Fallible<Vec<(R, Duration)>>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Future<Output = Fallible<R>> + Send,
{
    let queue = Arc::new(Mutex::new(VecDeque::from(items)));
    let mut devices = JoinSet::new();
    for _ in 0..at_once {
        let (queue, work) = (Arc::clone(&queue), work.clone());
        devices.spawn(async move {
            let mut results = Vec::new();
            loop {
                let item = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(item) = item else { return Fallible::Ok(results) };
                let begun = Instant::now();
                results.push((work(item).await?, begun.elapsed()));
            }
        });
    }
    let mut all = Vec::new();
    while let Some(device) = devices.join_next().await {
        all.extend(device??);
    }
    Ok(all)
}
