//! The HTTP shell on loopback: real sockets, real callbacks, the page and the switches.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::mpsc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::routing::post;
use menjie::Timestamp;
use menjie_sim::{Peer, SimAddresses, SimConfig, SimServer};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use support::{HisClient, InvoiceClient, Merchant, small_day};

async fn start() -> (SimServer, Client) {
    let server = SimServer::start(SimConfig::local(small_day())).await.unwrap();
    (server, Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap())
}

fn clock(server: &SimServer) -> Timestamp {
    server.with(|_, now| now)
}

async fn send(client: &Client, base: &str, request: &menjie_sim::wire::Request) -> reqwest::Result<(u16, Vec<(String, String)>, Vec<u8>)> {
    let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap();
    let call = client.request(method, format!("{base}{}", request.target)).body(request.body.clone());
    let call = request.headers.iter().fold(call, |call, (name, value)| call.header(name, value));
    let response = call.send().await?;
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(k, v)| (k.to_string(), v.to_str().unwrap().to_owned())).collect();
    Ok((status, headers, response.bytes().await?.to_vec()))
}

async fn order(server: &SimServer, client: &Client, out_trade_no: &str, notify_url: &str) -> String {
    let merchant = Merchant::new();
    let mut body = merchant.order(out_trade_no, 12_132);
    body["notify_url"] = json!(notify_url);
    let request = merchant.request("POST", "/v3/pay/transactions/native", &body.to_string(), clock(server));
    let (status, headers, body) = send(client, &server.urls().wechat, &request).await.unwrap();
    assert_eq!(status, 200);
    assert!(merchant.verifies(&headers, &body));
    let handover: Value = serde_json::from_slice(&body).unwrap();
    handover["code_url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_order_is_paid_on_the_page_and_the_callback_arrives() {
    let (server, client) = start().await;
    let (tell, told) = mpsc::channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let notify_url = format!("http://{}/notify/wechat", listener.local_addr().unwrap());
    let receiver = axum::Router::new().route(
        "/notify/wechat",
        post(async move |headers: HeaderMap, body: axum::body::Bytes| {
            let headers: Vec<(String, String)> = headers.iter().map(|(k, v)| (k.to_string(), v.to_str().unwrap().to_owned())).collect();
            tell.send((headers, body.to_vec())).unwrap();
            StatusCode::NO_CONTENT
        }),
    );
    let receiving = tokio::spawn(async move { axum::serve(listener, receiver).await });

    let code_url = order(&server, &client, "P0000000000000000001", &notify_url).await;
    let base = &server.urls().wechat;
    let list = client.get(format!("{base}/wechat")).send().await.unwrap();
    let policy = list.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'"));
    let list = list.text().await.unwrap();
    assert!(list.contains("门诊缴费") && list.contains("¥121.32") && !list.contains("<script") && !list.contains("://cdn"));
    let code = code_url.rsplit_once("pr=").unwrap().1;
    let sheet = client.get(format!("{base}/wechat/pay?code={code}")).send().await.unwrap().text().await.unwrap();
    assert!(sheet.contains("确认支付") && sheet.contains("P0000000000000000001"));
    let confirm = || client.post(format!("{base}/wechat/pay")).header("content-type", "application/x-www-form-urlencoded").body(format!("code={code}"));
    let done = confirm().send().await.unwrap();
    assert_eq!(done.status(), StatusCode::OK);
    assert!(done.text().await.unwrap().contains("支付成功"));
    assert_eq!(confirm().send().await.unwrap().status(), StatusCode::CONFLICT);
    assert_eq!(client.get(format!("{base}/wechat/pay?code=none")).send().await.unwrap().status(), StatusCode::NOT_FOUND);

    let (headers, body) = tokio::task::spawn_blocking(move || told.recv_timeout(Duration::from_secs(20)).unwrap()).await.unwrap();
    assert!(Merchant::new().verifies(&headers, &body));
    // The order runs out much later; a repeat would come in 15 s.
    server.delivered(Duration::from_secs(10)).await;
    let truth: Value = client.get(format!("{}/admin/truth", server.urls().admin)).send().await.unwrap().json_value().await;
    assert_eq!(truth["wechat"]["captured_fen"], 12_132);
    assert_eq!(truth["wechat"]["callbacks"]["acknowledged"], 1);
    receiving.abort();
    server.stop().await;
}

trait JsonValue {
    async fn json_value(self) -> Value;
}

impl JsonValue for reqwest::Response {
    async fn json_value(self) -> Value {
        serde_json::from_slice(&self.bytes().await.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn his_and_invoice_answer_over_http() {
    let (server, client) = start().await;
    let urls = server.urls().clone();
    let mut his = HisClient::new();
    let patient = json!({"patient_id": small_day().patients[0].patient_id});
    let request = his.request("unpaid", &patient, clock(&server));
    let (status, headers, body) = send(&client, urls.his.strip_suffix("/menjie/v1").unwrap(), &request).await.unwrap();
    let response = menjie_sim::wire::Response { status, headers, body };
    assert_eq!(response.status, 200);
    assert!(his.verifies(&request, &response));
    assert!(String::from_utf8(response.body).unwrap().contains("\"code\":\"0\""));

    let invoice = InvoiceClient::new();
    let request = invoice.request("getEBillByBusNo", &json!({"busNo": "B1"}));
    let (status, headers, body) = send(&client, urls.invoice.strip_suffix("/medical-web/api/medical").unwrap(), &request).await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(invoice.read(&menjie_sim::wire::Response { status, headers, body }), ("S0000".to_owned(), "null".to_owned()));
    server.stop().await;
}

#[tokio::test]
async fn faults_are_switched_over_http_and_a_timeout_closes_the_connection() {
    let (server, client) = start().await;
    let admin = server.urls().admin.clone();
    let switch = json!({"peer": "his", "interface": "unlock", "fault": {"kind": "timeout_after", "ms": 1}, "when": {"next": 1}});
    let json_body = |method: reqwest::Method, path: &str, body: &Value| {
        client.request(method, format!("{admin}{path}")).header("content-type", "application/json").body(body.to_string()).send()
    };
    assert_eq!(json_body(reqwest::Method::POST, "/admin/faults", &switch).await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(client.get(format!("{admin}/admin/faults")).send().await.unwrap().json_value().await, json!([switch]));

    let mut his = HisClient::new();
    let base = server.urls().his.strip_suffix("/menjie/v1").unwrap().to_owned();
    let request = his.request("unlock", &json!({"no": "S1"}), clock(&server));
    let error = send(&client, &base, &request).await.unwrap_err();
    assert!(!error.is_timeout() && !error.is_connect(), "closed after it was sent: {error:?}");
    assert!(server.with(|hospital, now| hospital.truth(now)).his.settlements.contains_key("S1"), "it happened all the same");
    let request = his.request("unlock", &json!({"no": "S1"}), clock(&server));
    assert_eq!(send(&client, &base, &request).await.unwrap().0, 200);

    let unknown = json!({"peer": "his", "fault": {"kind": "earthquake"}, "when": {"next": 1}});
    assert_eq!(json_body(reqwest::Method::POST, "/admin/faults", &unknown).await.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(json_body(reqwest::Method::PUT, "/admin/his/options", &json!({"refuse_repeats": true})).await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(client.get(format!("{admin}/admin/his/options")).send().await.unwrap().json_value().await, json!({"refuse_repeats": true, "requires_lock": true}));
    let reverse = json!({"do": "reverse", "settlement_no": "S404"});
    let refused = json_body(reqwest::Method::POST, "/admin/his/act", &reverse).await.unwrap();
    assert_eq!((refused.status(), refused.json_value().await["code"].clone()), (StatusCode::CONFLICT, json!(1004)));

    order(&server, &client, "P0000000000000000009", "http://127.0.0.1:9/notify").await;
    let forge = json!({"out_trade_no": "P0000000000000000009", "forgery": "probe"});
    assert_eq!(json_body(reqwest::Method::POST, "/admin/wechat/forge", &forge).await.unwrap().status(), StatusCode::NO_CONTENT);
    let pay = json!({"out_trade_no": "P0000000000000000009"});
    assert_eq!(json_body(reqwest::Method::POST, "/admin/pay", &pay).await.unwrap().status(), StatusCode::NO_CONTENT);
    let again = json_body(reqwest::Method::POST, "/admin/pay", &pay).await.unwrap();
    assert_eq!((again.status(), again.json_value().await), (StatusCode::CONFLICT, json!({"cannot_pay": "paid"})));
    server.stop().await;
}

#[tokio::test]
async fn nothing_listens_beyond_loopback_unless_told() {
    let mut config = SimConfig::local(small_day());
    config.addresses.his = "0.0.0.0:0".parse().unwrap();
    let Err(error) = SimServer::start(config).await else { panic!("it listens") };
    assert!(error.to_string().contains("addresses.his"));
    assert_eq!(SimAddresses::loopback(9400).admin.to_string(), "127.0.0.1:9403");
}

#[tokio::test]
async fn what_went_over_the_wire_is_recorded_when_asked_for() {
    let (server, client) = start().await;
    order(&server, &client, "P0000000000000000031", "http://127.0.0.1:9/notify").await;
    assert!(server.recorded().is_empty(), "nobody asked");
    server.record();
    order(&server, &client, "P0000000000000000032", "http://127.0.0.1:9/notify").await;
    let recorded = server.recorded();
    let [exchange] = recorded.as_slice() else { panic!("{recorded:?}") };
    assert_eq!((exchange.peer, exchange.target.as_str()), (Peer::Wechat, "/v3/pay/transactions/native"));
    assert!(exchange.begun <= exchange.ended && exchange.body.windows(20).any(|text| text == b"P0000000000000000032"));
    assert!(server.recorded().is_empty(), "it has stopped");
}

#[tokio::test]
async fn a_callback_is_recorded_with_its_answer_or_without_one() {
    let (server, client) = start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let notify_url = format!("http://{}/notify/wechat", listener.local_addr().unwrap());
    let receiver = axum::Router::new().route("/notify/wechat", post(async || StatusCode::NO_CONTENT));
    tokio::spawn(axum::serve(listener, receiver).into_future());
    server.record();
    for (no, url) in [("P0000000000000000041", notify_url.as_str()), ("P0000000000000000042", "http://127.0.0.1:9/notify/wechat")] {
        order(&server, &client, no, url).await;
        server.with(|hospital, now| hospital.pay(no, now)).unwrap();
    }
    // Repeats come 15 s after a callback that nobody takes.
    server.delivered(Duration::from_secs(10)).await;
    let recorded = server.recorded();
    let status = |base: &str| {
        let callbacks: Vec<_> = recorded.iter().filter(|exchange| exchange.target.starts_with(base)).collect();
        let [callback] = callbacks.as_slice() else { panic!("{callbacks:?}") };
        assert!(callback.begun <= callback.ended);
        callback.status
    };
    assert_eq!((status(&notify_url), status("http://127.0.0.1:9/")), (Some(204), None));
    let requests: Vec<_> = recorded.iter().filter(|exchange| exchange.target.starts_with('/')).map(|exchange| exchange.status).collect();
    assert_eq!(requests, [Some(200); 2]);
    assert_eq!(server.with(|hospital, now| hospital.truth(now).wechat.callbacks.acknowledged), 1);
}

#[tokio::test]
async fn a_stopped_server_has_gone() {
    let (server, client) = start().await;
    let base = server.urls().wechat.clone();
    assert!(client.get(format!("{base}/wechat")).send().await.is_ok());
    server.stop().await;
    assert!(client.get(format!("{base}/wechat")).send().await.unwrap_err().is_connect());
}
