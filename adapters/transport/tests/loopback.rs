//! The transport against real sockets on loopback: what is proven unsent, what is unknown, and what the log says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use menjie::error::Code;
use menjie::port::{LogSink, RecentTransfers, TransferBegin, TransferEnd, TransferId, TransferResult};
use menjie::{Error, Timestamp, gm};
use menjie_transport::testing::{ScriptedHttp, call_cx};
use menjie_transport::{ApiRequest, Client, ClientConfig, Exchange, Rate};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

/// A peer that answers every connection with fixed bytes and keeps what it was sent.
struct Peer {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
    accepted: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum Then {
    Close,
    Hold,
}

impl Peer {
    async fn start(scheme: &str, answer: impl Into<Vec<u8>>, then: Then) -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let (heard, accepted) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let peer = Peer { url, heard: heard.clone(), accepted: accepted.clone() };
        let answer = answer.into();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                let request = read_request(&mut stream).await;
                heard.lock().unwrap().push(request);
                stream.write_all(&answer).await.unwrap();
                if matches!(then, Then::Hold) {
                    std::future::pending::<()>().await;
                }
            }
        });
        peer
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// Reads a request head and the body its `content-length` announces; stops early when the bytes are no HTTP.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let n = stream.read(&mut buffer).await.unwrap_or(0);
        bytes.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let is_http = text.starts_with("GET ") || text.starts_with("POST ");
        if n == 0 || !is_http {
            return text;
        }
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(|n| n.parse::<usize>().unwrap()));
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
    }
}

fn config(url: &str) -> ClientConfig {
    ClientConfig::new("peer", url)
}

fn log() -> Arc<RecentTransfers> {
    Arc::new(RecentTransfers::new(16))
}

async fn exchange(config: &ClientConfig, log: &Arc<RecentTransfers>, timeout_ms: i64) -> Exchange {
    let cx = call_cx(log.clone(), NOW, timeout_ms).unwrap();
    Client::connect(config).unwrap().exchange(&cx, ApiRequest::post("/v3/pay?x=1", "{}").business_no(Some("P1"))).await
}

fn unsent(exchange: &Exchange) -> &str {
    match exchange {
        Exchange::Unsent(fault) => &fault.code,
        other => panic!("not unsent: {other:?}"),
    }
}

fn unknown(exchange: &Exchange) -> &str {
    match exchange {
        Exchange::Unknown(fault) => &fault.code,
        other => panic!("not unknown: {other:?}"),
    }
}

/// A port nobody listens on.
async fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn connection_refused_is_unsent_and_logged_so() {
    let log = log();
    let end = exchange(&config(&closed_port().await), &log, 2_000).await;
    assert_eq!(unsent(&end), "connect");
    assert_eq!(log.counts(), (1, 1));
    let (_, begin, end) = log.recent().remove(0);
    assert_eq!((begin.interface.as_str(), begin.business_no.as_deref(), begin.peer.as_str()), ("POST /v3/pay", Some("P1"), "peer"));
    let end = end.unwrap();
    assert_eq!((end.result, end.status.as_str(), end.digest.as_str()), (TransferResult::Unsent, "connect", ""));
}

#[tokio::test]
async fn accepted_then_silent_is_unknown_at_the_deadline() {
    let peer = Peer::start("http", "", Then::Hold).await;
    let log = log();
    let end = exchange(&config(&peer.url), &log, 300).await;
    assert_eq!(unknown(&end), "timeout");
    assert_eq!(peer.heard().len(), 1);
    assert_eq!(log.recent()[0].2.as_ref().unwrap().result, TransferResult::Unknown);
}

#[tokio::test]
async fn closed_without_an_answer_is_unknown_and_not_repeated() {
    let peer = Peer::start("http", "", Then::Close).await;
    let log = log();
    assert_eq!(unknown(&exchange(&config(&peer.url), &log, 2_000).await), "network");
    assert_eq!(peer.accepted.load(Ordering::SeqCst), 1);
    assert_eq!(log.counts(), (1, 1));
}

#[tokio::test]
async fn a_body_cut_in_the_middle_is_unknown() {
    for answer in ["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"ha"] {
        let peer = Peer::start("http", answer, Then::Close).await;
        assert_eq!(unknown(&exchange(&config(&peer.url), &log(), 2_000).await), "cut");
    }
}

#[tokio::test]
async fn oversize_is_unknown_with_and_without_a_length() {
    let body = "x".repeat(2000);
    let whole = format!("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n{body}");
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7d0\r\n{body}\r\n0\r\n\r\n");
    for answer in [whole, chunked] {
        let peer = Peer::start("http", answer, Then::Close).await;
        let small = ClientConfig { max_response_bytes: 1999, ..config(&peer.url) };
        assert_eq!(unknown(&exchange(&small, &log(), 2_000).await), "oversize");
        let enough = ClientConfig { max_response_bytes: 2000, ..config(&peer.url) };
        assert!(matches!(exchange(&enough, &log(), 2_000).await, Exchange::Answered(answer) if answer.body.len() == 2000));
    }
}

#[tokio::test]
async fn a_failed_tls_handshake_is_unsent() {
    let peer = Peer::start("https", "HTTP/1.1 400 Bad Request\r\n\r\n", Then::Close).await;
    let end = exchange(&config(&peer.url), &log(), 5_000).await;
    assert_eq!(unsent(&end), "tls");
    assert!(peer.heard().iter().all(|heard| !heard.contains("/v3/pay")), "the request must not have left");
}

#[tokio::test]
async fn a_redirect_is_an_answer_not_an_order() {
    let elsewhere = Peer::start("http", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Then::Close).await;
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {}/x\r\ncontent-length: 0\r\n\r\n", elsewhere.url);
    let peer = Peer::start("http", answer, Then::Close).await;
    let Exchange::Answered(answer) = exchange(&config(&peer.url), &log(), 2_000).await else { panic!("not answered") };
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some(format!("{}/x", elsewhere.url).as_str()));
    assert_eq!(elsewhere.accepted.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_bytes_leave_and_arrive_untouched() {
    let peer = Peer::start("http", "HTTP/1.1 500 Oops\r\nX-Twice: a\r\nx-twice: b\r\nREQUEST-ID: r1\r\ncontent-length: 3\r\n\r\n\u{0}\u{7f} ", Then::Close).await;
    let log = log();
    let cx = call_cx(log.clone(), NOW, 2_000).unwrap();
    let body = "{\"url\":\"http:\\/\\/a\" , \"名\":1}";
    let request = ApiRequest::post("/v3/a%2Fb?q=%2B+%E4%B8%AD", body).header("Authorization", "secret canary");
    let Exchange::Answered(answer) = Client::connect(&config(&peer.url)).unwrap().exchange(&cx, request).await else { panic!("not answered") };
    assert_eq!((answer.status, answer.body.as_slice()), (500, &b"\x00\x7f "[..]));
    assert_eq!((answer.header("request-id"), answer.header("x-twice")), (Some("r1"), None));
    let heard = peer.heard().remove(0);
    assert!(heard.starts_with("POST /v3/a%2Fb?q=%2B+%E4%B8%AD HTTP/1.1\r\n"), "{heard}");
    assert!(heard.ends_with(&format!("\r\n\r\n{body}")), "{heard}");
    assert!(!heard.to_ascii_lowercase().contains("accept-encoding"), "{heard}");
    let (_, begin, end) = log.recent().remove(0);
    assert_eq!((begin.digest, begin.body), (gm::hex(&gm::sm3(body.as_bytes())), body.as_bytes().to_vec()));
    let end = end.unwrap();
    assert_eq!((end.result, end.status, end.digest), (TransferResult::Answered, "500".to_owned(), gm::hex(&gm::sm3(b"\x00\x7f "))));
    assert!(!format!("{:?}", log.recent()).contains("canary"));
}

#[tokio::test]
async fn the_log_keeps_no_named_secret_but_the_digest_of_the_raw_bytes() {
    let scripted = Arc::new(ScriptedHttp::new());
    scripted.put_answer(200, r#"{"token":"canary","ok":true}"#);
    let masked = ClientConfig { redact: vec!["token".into()], ..config("https://a.example") };
    let log = log();
    let cx = call_cx(log.clone(), NOW, 2_000).unwrap();
    let raw = r#"{"a":{"token":"canary"}}"#;
    let end = Client::new(&masked, scripted.clone()).unwrap().exchange(&cx, ApiRequest::post("/x", raw)).await;
    assert!(matches!(end, Exchange::Answered(answer) if answer.body == br#"{"token":"canary","ok":true}"#));
    assert_eq!(scripted.requests()[0].body, raw.as_bytes());
    let (_, begin, end) = log.recent().remove(0);
    assert_eq!(begin.body, br#"{"a":{"token":"***"}}"#);
    assert_eq!(begin.digest, gm::hex(&gm::sm3(raw.as_bytes())));
    assert_eq!(end.unwrap().body, br#"{"ok":true,"token":"***"}"#);
}

/// A log whose disk is full.
struct BrokenLog;

#[async_trait]
impl LogSink for BrokenLog {
    async fn begin(&self, _: TransferBegin) -> menjie::Result<TransferId> {
        Err(Error::new(Code::LogFailed))
    }

    async fn end(&self, _: TransferId, _: TransferEnd) {
        panic!("an END without a BEGIN");
    }
}

#[tokio::test]
async fn no_log_no_call() {
    let scripted = Arc::new(ScriptedHttp::new());
    let cx = call_cx(Arc::new(BrokenLog), NOW, 2_000).unwrap();
    let end = Client::new(&config("https://a.example"), scripted.clone()).unwrap().exchange(&cx, ApiRequest::get("/x")).await;
    assert_eq!(unsent(&end), "log");
    assert!(scripted.requests().is_empty());
}

#[tokio::test]
async fn a_passed_deadline_and_an_empty_bucket_send_and_log_nothing() {
    let scripted = Arc::new(ScriptedHttp::new());
    scripted.put_answer(200, "");
    let slow = ClientConfig { rate: Some(Rate { per_second: 1, burst: 1 }), ..config("https://a.example") };
    let client = Client::new(&slow, scripted.clone()).unwrap();
    let log = log();
    let late = call_cx(log.clone(), NOW, 0).unwrap();
    assert_eq!(unsent(&client.exchange(&late, ApiRequest::get("/x")).await), "deadline");
    let cx = call_cx(log.clone(), NOW, 2_000).unwrap();
    assert!(matches!(client.exchange(&cx, ApiRequest::get("/x")).await, Exchange::Answered(_)));
    assert_eq!(unsent(&client.exchange(&cx, ApiRequest::get("/x")).await), "busy");
    assert_eq!((log.counts(), scripted.requests().len()), ((1, 1), 1));
}

#[tokio::test]
async fn the_backup_is_for_what_never_left() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let (silent, backup) = (Peer::start("http", "", Then::Close).await, Peer::start("http", ok, Then::Close).await);
    let with_backup = |main: &str| ClientConfig { backup_base_url: Some(backup.url.clone()), ..config(main) };
    let log = log();
    assert!(matches!(exchange(&with_backup(&closed_port().await), &log, 2_000).await, Exchange::Answered(_)));
    assert_eq!((log.counts(), backup.heard().len()), ((2, 2), 1));
    assert_eq!(unknown(&exchange(&with_backup(&silent.url), &log, 2_000).await), "network");
    assert_eq!((log.counts(), backup.heard().len()), ((3, 3), 1));
}

#[test]
fn plain_http_beyond_loopback_is_refused_at_configuration() {
    let error = Client::connect(&config("http://192.0.2.1")).unwrap_err();
    assert!(error.to_string().contains("base_url"), "{error}");
}

#[test]
fn a_bad_extra_authority_is_refused_at_configuration() {
    for pem in ["", "not pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let bad = ClientConfig { extra_ca_pem: Some(pem.into()), ..config("https://a.example") };
        assert!(Client::connect(&bad).unwrap_err().to_string().contains("extra_ca_pem"), "{pem:?}");
    }
}
