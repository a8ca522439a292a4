use serde_json::json;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn health_readiness_and_metrics_tell_what_is_and_nothing_personal() {
    let stage = Stage::open().await;
    assert_eq!(stage.get("/healthz", "").await.text(), "ok\n");
    let ready = stage.get("/readyz", "").await;
    assert_eq!((ready.status, ready.json()), (200, json!({"store": true, "log": true, "runner": true})));
    let session = stage.enter(0).await;
    let (payment, code) = stage.order(&session, "k").await;
    stage.scan(&code).await;
    stage.done(&session, &payment).await;
    let text = stage.get("/metrics", "").await.text();
    for wanted in [
        "menjie_http_requests_total{method=\"GET\",route=\"/api/v1/payments/{id}\",status=\"200\"} ",
        "menjie_callbacks_total{channel=\"wechat\",result=\"taken\"} 1\n",
        "menjie_transfers_total{peer=\"his\"} ",
        "menjie_transfers_in_flight{peer=\"wechat\"} ",
        "menjie_runner_running 1\n",
        "menjie_store_up 1\n",
        "menjie_jobs_overdue 0\n",
        "menjie_attention{kind=\"payment\"} 0\n",
    ] {
        assert!(text.contains(wanted), "{wanted} in\n{text}");
    }
    let patient = stage.patient(0);
    for personal in [patient.name.reveal(), patient.patient_id.as_str(), patient.card_no.reveal(), payment.as_str()] {
        assert!(!text.contains(personal));
    }
    stage.app().set_running(false);
    assert_eq!(stage.get("/readyz", "").await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_operation_is_served_and_the_document_is_the_committed_one() {
    let stage = Stage::open().await;
    for (method, path) in menjie_server::openapi::operations() {
        let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let reply = crate::stage::send(stage.request(method.clone(), &path.replace("{id}", "1")).json(&json!({}))).await;
        let misuse = if reply.bytes.is_empty() { 0 } else { reply.code() };
        assert!(![25, 26].contains(&misuse), "{method} {path}: {}", reply.text());
    }
    let served = stage.get("/openapi.json", "").await.text();
    let committed = include_str!("../../../docs/openapi.json");
    assert!(served == committed, "docs/openapi.json is stale: run `cargo run -p menjie-server -- openapi > docs/openapi.json`");
}
