use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use crate::stage::{Stage, send};

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_get_clear_answers() {
    let stage = Stage::open().await;
    let session = stage.enter(0).await;
    let post = |path: &str, kind: &str, body: &str| send(stage.request(Method::POST, path).bearer_auth(&session).header(CONTENT_TYPE, kind).body(body.to_owned()));
    let (quote, json) = ("/api/v1/settlements/quote", "application/json");
    for (path, kind, body, status, code) in [
        (quote, json, "{", 400, 2),
        (quote, json, r#"{"bill_ids":[]} x"#, 400, 2),
        (quote, json, r#"{"bill_ids":[],"patient_id":"P1"}"#, 400, 2),
        (quote, json, r#"{"bill_ids":[],"bill_ids":[]}"#, 400, 2),
        (quote, json, r#"{"bill_ids":"all"}"#, 400, 2),
        (quote, json, r#"{}"#, 400, 2),
        (quote, json, r#"{"bill_ids":[]}"#, 422, 100),
        (quote, "text/plain", r#"{"bill_ids":["x"]}"#, 415, 24),
        ("/api/v1/payments", json, r#"{"key":"k","quote_id":"77","channel":"wechat","method":{"way":"native"}}"#, 404, 200),
        ("/api/v1/payments", json, r#"{"key":"k","quote_id":"77","channel":"alipay","method":{"way":"native"}}"#, 422, 100),
        ("/api/v1/payments", json, r#"{"key":"k","quote_id":77,"channel":"wechat","method":{"way":"native"}}"#, 400, 2),
        ("/api/v1/nothing", json, "{}", 404, 26),
        ("/api/v1/bills/unpaid", json, "{}", 405, 25),
    ] {
        let reply = post(path, kind, body).await;
        assert_eq!((reply.status, reply.code()), (status, code), "{path} {body}: {}", reply.text());
    }
    let missing = post(quote, json, "{}").await;
    assert_eq!(missing.json()["context"]["field"], json!("bill_ids"));
    let huge = format!(r#"{{"bill_ids":["{}"]}}"#, "x".repeat(70_000));
    let huge = post(quote, json, &huge).await;
    assert_eq!((huge.status, huge.code()), (413, 23));
    for query in ["wait_ms=x", "wait_ms=-1", "wait_ms=30001", "wait=1"] {
        assert_eq!(stage.get(&format!("/api/v1/payments/1?{query}"), &session).await.status, 422, "{query}");
    }
    for query in ["limit=0", "limit=101", "patient_id=P1"] {
        assert_eq!(stage.get(&format!("/api/v1/settlements?{query}"), &session).await.status, 422, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_too_many_or_too_long_are_refused() {
    let stage = Stage::open().await;
    let many = (0..100).fold(stage.request(Method::GET, "/healthz"), |request, n| request.header(format!("x-{n}"), "1"));
    assert_eq!(send(many).await.status, 431);
    let long = stage.request(Method::GET, "/healthz").header("x-long", "y".repeat(200_000));
    assert_eq!(send(long).await.status, 431);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_cannot_act() {
    let stage = Stage::open().await;
    let session = stage.enter(0).await;
    let exit = |name: &'static str, value: &'static str| send(stage.request(Method::POST, "/api/v1/exit").bearer_auth(&session).header(name, value));
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let reply = exit(name, value).await;
        assert_eq!((reply.status, reply.code()), (403, 27));
    }
    assert_eq!(stage.get("/api/v1/session", &session).await.status, 200, "the session lives on");
    assert_eq!(exit("sec-fetch-site", "same-origin").await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_shielded() {
    let stage = Stage::open().await;
    for path in ["/healthz", "/api/v1/session", "/nowhere", "/openapi.json"] {
        let reply = stage.get(path, "").await;
        let header = |name: &str| reply.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(header("x-request-id").len(), 16);
    }
}
