use reqwest::Method;
use serde_json::json;

use crate::stage::{Stage, send};

#[tokio::test(flavor = "multi_thread")]
async fn the_staff_api_needs_a_staff_token() {
    let stage = Stage::open().await;
    let session = stage.enter(0).await;
    let wrong = "f".repeat(64);
    for token in ["", "x", session.as_str(), wrong.as_str()] {
        for (method, path) in [(Method::GET, "/api/v1/staff/attention?kind=payment"), (Method::POST, "/api/v1/staff/attention/resolve"), (Method::POST, "/api/v1/staff/audit")] {
            let reply = send(stage.request(method, path).bearer_auth(token).json(&json!({}))).await;
            assert_eq!((reply.status, reply.code()), (401, 21), "{path}");
        }
    }
    let staff = stage.staff.reveal();
    assert_eq!(stage.audit().await["violations"], json!([]));
    let list = stage.get("/api/v1/staff/attention?kind=payment", staff).await;
    assert_eq!((list.status, list.json()["items"].clone()), (200, json!([])));
    assert_eq!(stage.get("/api/v1/staff/attention?kind=nothing", staff).await.status, 422);
    assert_eq!(stage.get("/api/v1/bills/unpaid", staff).await.status, 401, "staff are no patients");
    let resolve =
        json!({"key": "k", "machine": {"machine": "payment", "id": "5"}, "resolution": {"of": "payment", "decision": {"decide": "no_money"}}, "evidence": "渠道后台查无此单"});
    assert_eq!(stage.post("/api/v1/staff/attention/resolve", staff, &resolve).await.status, 404);
    let mut other = resolve;
    other["resolution"]["decision"]["amount"] = json!(1);
    assert_eq!(stage.post("/api/v1/staff/attention/resolve", staff, &other).await.status, 400, "what is not understood is refused, also inside a decision");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_bound_what_staff_may_do() {
    let stage = Stage::with(crate::stage::day(), |config| config["server"]["staff"][0]["roles"] = json!(["auditor"])).await;
    assert_eq!(stage.audit().await["violations"], json!([]));
    let resolve = json!({"key": "k", "machine": {"machine": "payment", "id": "5"}, "resolution": {"of": "payment", "decision": {"decide": "no_money"}}, "evidence": "x"});
    assert_eq!(stage.post("/api/v1/staff/attention/resolve", stage.staff.reveal(), &resolve).await.status, 404, "an auditor only reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_by_name_are_for_staff_and_this_machine_and_hold_no_secrets() {
    let stage = Stage::open().await;
    let op = |name: &str, body: serde_json::Value| send(stage.request(Method::POST, &format!("/api/v1/ops/{name}")).json(&body));
    let echo = op("echo", json!({"value": [1, "二"]})).await;
    assert_eq!((echo.status, echo.json()), (200, json!({"value": [1, "二"]})));
    let unknown = op("echo", json!({"value": 1, "more": 2})).await;
    assert_eq!((unknown.status, unknown.code()), (400, 2));
    for hidden in [
        "crypto.sm2_sign",
        "crypto.sm3",
        "crypto.sm4_gcm_open",
        "seal.append",
        "seal.read",
        "seal.search",
        "seal.verify",
        "channel.wechat.verify",
        "patient.identify",
        "no.such",
        "Echo",
    ] {
        assert_eq!((op(hidden, json!({})).await.status, hidden), (404, hidden));
    }
    // Loopback may read, not decide.
    assert_eq!(op("audit.run", json!({})).await.status, 200);
    let resolve = json!({"key": "k", "machine": {"machine": "payment", "id": "5"}, "resolution": {"of": "payment", "decision": {"decide": "no_money"}}, "evidence": "x"});
    assert_eq!(op("attention.resolve", resolve).await.status, 404);
    let forwarded = send(stage.request(Method::POST, "/api/v1/ops/echo").header("x-forwarded-for", "10.0.0.9").json(&json!({"value": 1}))).await;
    assert_eq!((forwarded.status, forwarded.code()), (401, 21), "what a proxy on this machine passes on is not local");
    let with_token = send(stage.request(Method::POST, "/api/v1/ops/echo").header("x-forwarded-for", "10.0.0.9").bearer_auth(stage.staff.reveal()).json(&json!({"value": 1}))).await;
    assert_eq!(with_token.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_calls_operations_by_name_for_its_own_patient_and_an_unknown_token_for_nobody() {
    let stage = Stage::open().await;
    let session = stage.enter(0).await;
    let own = json!({"patient_id": stage.patient(0).patient_id});
    let unpaid = stage.post("/api/v1/ops/visit.unpaid", &session, &own).await;
    assert_eq!(unpaid.status, 200, "{}", unpaid.text());
    let mut by_route = stage.get("/api/v1/bills/unpaid", &session).await.json();
    by_route["as_of"] = unpaid.json()["as_of"].clone();
    assert_eq!(unpaid.json(), by_route, "the same answer as the patient's own route");
    let other = json!({"patient_id": stage.patient(1).patient_id});
    for (op, request) in [("visit.unpaid", &other), ("visit.paid", &other), ("audit.run", &json!({})), ("attention.list", &json!({"kind": "payment"}))] {
        let refused = stage.post(&format!("/api/v1/ops/{op}"), &session, request).await;
        assert_eq!((refused.status, refused.code()), (404, 200), "{op}");
    }
    assert_eq!(stage.post("/api/v1/ops/patient.identify", &session, &json!({})).await.status, 404);
    assert_eq!(stage.post("/api/v1/exit", &session, &json!({})).await.status, 204);
    for token in [session.as_str(), "x", &"f".repeat(64)] {
        let gone = stage.post("/api/v1/ops/audit.run", token, &json!({})).await;
        assert_eq!((gone.status, gone.code()), (401, 20), "an ended session is not taken for this machine");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_by_name_are_off_unless_turned_on() {
    let stage = Stage::with(crate::stage::day(), |config| drop(config["server"].as_object_mut().unwrap().remove("ops"))).await;
    let reply = stage.post("/api/v1/ops/echo", stage.staff.reveal(), &json!({"value": 1})).await;
    assert_eq!((reply.status, reply.code()), (404, 26));
}
