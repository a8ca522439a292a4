//! When a session ends, by a clock that is moved by hand, over the store in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "desk/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use menjie::Timestamp;
use menjie::ident::PatientId;
use menjie::port::IdentifyWay;
use menjie::testkit::host::ManualClock;
use menjie::testkit::world::{charge, visit};
use menjie_server::Settings;
use serde_json::{Value, json};
use tower::ServiceExt;

use stage::{Stage, before};

async fn stage() -> Stage {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_772_409_600_000)));
    let settings = Settings { session_idle_s: 600, session_max_s: 3_600, identify_ways: vec![IdentifyWay::VisitNo], ..Settings::default() };
    before(clock, None, settings, |world| {
        let visit = visit(&PatientId::new("P1").unwrap(), "V1").unwrap();
        world.his.add(visit.clone(), vec![charge(&visit, "L1", "JC", "12.30", "2").unwrap()]);
    })
    .await
}

async fn call(stage: &Stage, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
    let response = answered(stage, request.body(Body::from(body.to_string())).unwrap()).await;
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn answered(Stage { clock, router, .. }: &Stage, request: Request<Body>) -> axum::response::Response {
    let answer = router.clone().oneshot(request);
    // Counterparts answer after a while of this clock.
    let ticking = async {
        loop {
            tokio::task::yield_now().await;
            clock.advance(5);
        }
    };
    tokio::select! {
        response = answer => response.unwrap(),
        () = ticking => panic!("a clock ticks for ever"),
    }
}

async fn enter(stage: &Stage) -> String {
    let (status, body) = call(stage, "POST", "/api/v1/identify", "", &json!({"way": "visit_no", "token": "P1", "bearer": true})).await;
    assert_eq!((status, &body["name"]), (200, &json!("测*甲")));
    body["token"].as_str().unwrap().to_owned()
}

async fn alive(stage: &Stage, token: &str) -> bool {
    call(stage, "GET", "/api/v1/bills/unpaid", token, &json!({})).await.0 == 200
}

#[tokio::test]
async fn an_idle_session_ends() {
    let stage = stage().await;
    let token = enter(&stage).await;
    stage.clock.advance(560_000);
    assert!(alive(&stage, &token).await);
    stage.clock.advance(600_000);
    assert!(!alive(&stage, &token).await, "ten minutes without a request");
}

/// Identifies on a kiosk page; `look` is the cookie of its type size.
async fn enter_kiosk(stage: &Stage, look: &str) -> String {
    let request = Request::builder().method("POST").uri("/k/identify").header("cookie", look).header("content-type", "application/x-www-form-urlencoded");
    let response = answered(stage, request.body(Body::from("way=number&token=P1&next=unpaid")).unwrap()).await;
    let cookie = response.headers().get("set-cookie").unwrap().to_str().unwrap();
    cookie.strip_prefix("mj_session=").and_then(|rest| rest.split(';').next()).unwrap().to_owned()
}

async fn page(stage: &Stage, method: &str, path: &str, token: &str, look: &str) -> u16 {
    let request = Request::builder().method(method).uri(path).header("cookie", format!("mj_session={token}; {look}")).header("hx-request", "true");
    answered(stage, request.body(Body::empty()).unwrap()).await.status().as_u16()
}

#[tokio::test]
async fn a_kiosks_session_ends_soon_after_its_page_and_lives_by_touches() {
    // The page asks after 90 s and leaves 30 s later; twice 90 in large type. A minute more is for what is heard late.
    for (look, lives_s) in [("", 180), ("mj_look=large", 270)] {
        let stage = stage().await;
        let token = enter_kiosk(&stage, look).await;
        stage.clock.advance((lives_s - 5) * 1_000);
        assert_eq!(page(&stage, "POST", "/k/alive", &token, look).await, 204, "{look}: too early");
        stage.clock.advance((lives_s - 5) * 1_000);
        assert!(alive(&stage, &token).await, "{look}: the touch was not heard");
        stage.clock.advance((lives_s + 1) * 1_000);
        assert_eq!(page(&stage, "POST", "/k/alive", &token, look).await, 401, "{look}: lives on");
        assert!(!alive(&stage, &token).await);
    }
}

#[tokio::test]
async fn a_kiosk_with_money_on_its_way_waits_as_long_as_any_session() {
    let stage = stage().await;
    let token = enter_kiosk(&stage, "").await;
    // There is no such payment: what counts is that the page of one was asked for.
    assert_eq!(page(&stage, "GET", "/k/pay/1/state", &token, "").await, 404);
    stage.clock.advance(590_000);
    assert_eq!(page(&stage, "GET", "/k/unpaid", &token, "").await, 200, "ended while the order was open");
    stage.clock.advance(181_000);
    assert!(!alive(&stage, &token).await, "a list waits no longer than before");
}

#[tokio::test]
async fn a_used_session_lives_on_but_not_for_ever() {
    let stage = stage().await;
    let token = enter(&stage).await;
    for _ in 0..7 {
        stage.clock.advance(500_000);
        assert!(alive(&stage, &token).await);
    }
    stage.clock.advance(150_000);
    assert!(!alive(&stage, &token).await, "an hour is the end, used or not");
}

#[tokio::test]
async fn an_ended_session_stays_ended() {
    let stage = stage().await;
    let (token, other) = (enter(&stage).await, enter(&stage).await);
    assert_eq!(call(&stage, "POST", "/api/v1/exit", &token, &json!({})).await.0, 204);
    assert_eq!(call(&stage, "POST", "/api/v1/exit", &token, &json!({})).await.0, 204);
    assert!(!alive(&stage, &token).await && alive(&stage, &other).await);
}
