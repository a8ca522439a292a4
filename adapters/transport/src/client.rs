//! One counterpart's client: addresses, rate, transfer log, and the sorting of faults.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use menjie::gm;
use menjie::port::{CallCx, Direction, Fault, TransferBegin, TransferEnd, TransferResult};
use menjie::{Result, Timestamp};
use url::Url;

use crate::bucket::Bucket;
use crate::config::ClientConfig;
use crate::http::{Exchange, Http, HttpRequest, Method};
use crate::redact::redact;
use crate::wire::Wire;

/// A request to a counterpart, relative to its base address.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiRequest {
    /// The method.
    pub method: Method,
    /// Path and query behind the base address, starting with `/`, already percent-encoded. It leaves exactly as it
    /// stands here, so a signature over it holds.
    pub target: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body; empty means none.
    pub body: Vec<u8>,
    /// The interface for the transfer log; nothing personal.
    pub interface: String,
    /// The business number, when there is one.
    pub business_no: Option<String>,
    /// The largest answer that is read, when it is another than the client's: a file.
    pub max_response_bytes: Option<usize>,
}

impl ApiRequest {
    /// A GET. The log's interface is the method and the path without its query; a path that carries something personal
    /// needs [`ApiRequest::interface`].
    pub fn get(target: impl Into<String>) -> ApiRequest {
        ApiRequest::new(Method::Get, target.into(), Vec::new())
    }

    /// A POST of a body.
    pub fn post(target: impl Into<String>, body: impl Into<Vec<u8>>) -> ApiRequest {
        ApiRequest::new(Method::Post, target.into(), body.into())
    }

    fn new(method: Method, target: String, body: Vec<u8>) -> ApiRequest {
        let path = target.split('?').next().unwrap_or_default();
        let interface = format!("{} {path}", method.as_str());
        ApiRequest { method, target, headers: Vec::new(), body, interface, business_no: None, max_response_bytes: None }
    }

    /// Sets the log's interface, e.g. `GET /patients/{id}`.
    #[must_use]
    pub fn interface(mut self, interface: impl Into<String>) -> ApiRequest {
        self.interface = interface.into();
        self
    }

    /// Sets the business number.
    #[must_use]
    pub fn business_no(mut self, no: Option<&str>) -> ApiRequest {
        self.business_no = no.map(str::to_owned);
        self
    }

    /// Reads an answer of this size at most.
    #[must_use]
    pub const fn up_to(mut self, bytes: usize) -> ApiRequest {
        self.max_response_bytes = Some(bytes);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> ApiRequest {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl std::fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiRequest({}, {} headers, {} bytes)", self.interface, self.headers.len(), self.body.len())
    }
}

/// The client of one counterpart. It reaches the hosts of its configuration and no others.
pub struct Client {
    peer: String,
    bases: Vec<Url>,
    max_response_bytes: usize,
    bucket: Option<Bucket>,
    redact: BTreeSet<String>,
    http: Arc<dyn Http>,
}

impl Client {
    /// A client over our own sockets.
    pub fn connect(config: &ClientConfig) -> Result<Client> {
        Client::new(config, Arc::new(Wire::new(config)?))
    }

    /// A client over the host's own HTTP.
    pub fn new(config: &ClientConfig, http: Arc<dyn Http>) -> Result<Client> {
        Ok(Client {
            peer: config.peer.clone(),
            bases: config.bases()?,
            max_response_bytes: config.max_response_bytes,
            bucket: config.rate.map(Bucket::new),
            redact: config.redact.iter().cloned().collect(),
            http,
        })
    }

    /// Performs one request: deadline, rate, BEGIN, send, END. The backup address is tried only when nothing of the
    /// request left for the main one; it is an exchange of its own in the log.
    pub async fn exchange(&self, cx: &CallCx, request: ApiRequest) -> Exchange {
        let started = Instant::now();
        let mut last = Exchange::Unsent(Fault::new("host", "no address is configured"));
        for base in &self.bases {
            last = self.exchange_at(base, cx, &request, started).await;
            match &last {
                Exchange::Unsent(fault) if matches!(fault.code.as_str(), "connect" | "dns" | "tls") => {}
                _ => break,
            }
        }
        last
    }

    async fn exchange_at(&self, base: &Url, cx: &CallCx, request: &ApiRequest, started: Instant) -> Exchange {
        let url = match address(base, &request.target) {
            Ok(url) => url,
            Err(fault) => return Exchange::Unsent(fault),
        };
        if now(cx, started) >= cx.deadline {
            return Exchange::Unsent(Fault::new("deadline", "the deadline had passed before anything was sent"));
        }
        if self.bucket.as_ref().is_some_and(|bucket| !bucket.take(cx.now)) {
            return Exchange::Unsent(Fault::new("busy", "our own limit of requests a second is reached"));
        }
        let begin = TransferBegin {
            hospital: cx.log.hospital().clone(),
            at: now(cx, started),
            direction: Direction::Out,
            peer: self.peer.clone(),
            interface: request.interface.clone(),
            business_no: request.business_no.clone(),
            digest: gm::hex(&gm::sm3(&request.body)),
            body: redact(&request.body, &self.redact),
        };
        let Ok(id) = cx.log.sink().begin(begin).await else {
            return Exchange::Unsent(Fault::new("log", "the transfer log cannot be written, so nothing was sent"));
        };
        let exchange = self.send(cx, url, request, started).await;
        cx.log.sink().end(id, self.end_of(&exchange, now(cx, started))).await;
        exchange
    }

    /// Sends with what is left of the deadline after the log has been written.
    async fn send(&self, cx: &CallCx, url: Url, request: &ApiRequest, started: Instant) -> Exchange {
        let cx = later(cx, started);
        if cx.now >= cx.deadline {
            return Exchange::Unsent(Fault::new("deadline", "the deadline passed while the transfer log was written"));
        }
        let request = HttpRequest {
            method: request.method,
            url: url.into(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            max_response_bytes: request.max_response_bytes.unwrap_or(self.max_response_bytes),
        };
        self.http.exchange(&cx, request).await
    }

    fn end_of(&self, exchange: &Exchange, at: Timestamp) -> TransferEnd {
        let fault = |result, fault: &Fault| TransferEnd { at, result, status: fault.code.clone(), digest: String::new(), body: Vec::new() };
        match exchange {
            Exchange::Answered(answer) => TransferEnd {
                at,
                result: TransferResult::Answered,
                status: answer.status.to_string(),
                digest: gm::hex(&gm::sm3(&answer.body)),
                body: redact(&answer.body, &self.redact),
            },
            Exchange::Unsent(reason) => fault(TransferResult::Unsent, reason),
            Exchange::Unknown(reason) => fault(TransferResult::Unknown, reason),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.peer)
    }
}

/// The same call a while after it started: a second exchange has what is left of the deadline.
#[must_use]
pub fn later(cx: &CallCx, started: Instant) -> CallCx {
    CallCx { now: now(cx, started), ..cx.clone() }
}

/// The injected now plus what has really passed since.
fn now(cx: &CallCx, started: Instant) -> Timestamp {
    cx.now.plus_millis(i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX))
}

/// Base and target as one address. A target that the URL rules would rewrite, or that would lead to another host, is
/// refused: what is signed must be what is sent.
fn address(base: &Url, target: &str) -> std::result::Result<Url, Fault> {
    let wrong = || Fault::new("target", "the request target is not a clean path and query");
    if !target.starts_with('/') {
        return Err(wrong());
    }
    let prefix = base.path().trim_end_matches('/');
    let url = Url::parse(&format!("{}{prefix}{target}", base.origin().ascii_serialization())).map_err(|_| wrong())?;
    let sent = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    if url.origin() == base.origin() && url.fragment().is_none() && sent == format!("{prefix}{target}") { Ok(url) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_leaves_as_it_stands_or_not_at_all() {
        let base = Url::parse("https://api.example:8443").unwrap();
        for good in ["/v3/x", "/v3/x?mchid=1", "/a%2Fb?c=%2B+d&e=%E4%B8%AD", "//other.example/x", "/a|b*c"] {
            assert_eq!(address(&base, good).unwrap().as_str(), format!("https://api.example:8443{good}"));
        }
        for bad in ["", "v3/x", "@other.example/x", ".other.example", "/a/../b", "/a b", "/中", "/a#f", "/a\nb", "/%2e%2e/b"] {
            assert_eq!(address(&base, bad).unwrap_err().code, "target", "{bad:?}");
        }
        let prefixed = Url::parse("https://his.example/api/").unwrap();
        assert_eq!(address(&prefixed, "/patients?id=1").unwrap().as_str(), "https://his.example/api/patients?id=1");
    }
}
