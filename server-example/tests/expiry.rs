//! When a session ends, by a clock that is moved by hand, over the store in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use menjie::Timestamp;
use menjie::ident::{HospitalId, PatientId, WorkerName};
use menjie::policy::{Pace, Terms};
use menjie::port::IdentifyWay;
use menjie::service::{Engine, Parts};
use menjie::testkit::host::{ManualClock, SeededEntropy, SeededIds};
use menjie::testkit::store::MemoryStore;
use menjie::testkit::world::{World, charge, visit};
use menjie_server::transfers::Transfers;
use menjie_server::{App, Settings, router};
use serde_json::{Value, json};
use tower::ServiceExt;

async fn stage() -> (Arc<ManualClock>, axum::Router) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_772_409_600_000)));
    let world = World::new(clock.clone(), 1);
    let patient = PatientId::new("P1").unwrap();
    let visit = visit(&patient, "V1").unwrap();
    world.his.add(visit.clone(), vec![charge(&visit, "L1", "JC", "12.30", "2").unwrap()]);
    let hospital = world.hospital(&HospitalId::new("H1").unwrap(), Terms::default(), Pace::default()).unwrap();
    let parts = Parts { store: Arc::new(MemoryStore::new()), clock: clock.clone(), ids: Arc::new(SeededIds::new(1)), worker: WorkerName::new("w").unwrap(), hospitals: vec![hospital] };
    let engine = Engine::new(parts).await.unwrap();
    let settings = Settings { session_idle_s: 600, session_max_s: 3_600, identify_ways: vec![IdentifyWay::VisitNo], ..Settings::default() };
    let app = App::new(engine, Arc::new(SeededEntropy::new(9)), Arc::new(Transfers::new(world.log.clone())), settings).unwrap();
    (clock, router(app))
}

async fn call(router: &axum::Router, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
    let response = router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn enter(router: &axum::Router) -> String {
    let (status, body) = call(router, "POST", "/api/v1/identify", "", &json!({"way": "visit_no", "token": "P1", "bearer": true})).await;
    assert_eq!((status, &body["name"]), (200, &json!("测*甲")));
    body["token"].as_str().unwrap().to_owned()
}

async fn alive(router: &axum::Router, token: &str) -> bool {
    call(router, "GET", "/api/v1/bills/unpaid", token, &json!({})).await.0 == 200
}

#[tokio::test]
async fn an_idle_session_ends() {
    let (clock, router) = stage().await;
    let token = enter(&router).await;
    clock.advance(599_000);
    assert!(alive(&router, &token).await);
    clock.advance(600_000);
    assert!(!alive(&router, &token).await, "ten minutes without a request");
}

#[tokio::test]
async fn a_used_session_lives_on_but_not_for_ever() {
    let (clock, router) = stage().await;
    let token = enter(&router).await;
    for _ in 0..7 {
        clock.advance(500_000);
        assert!(alive(&router, &token).await);
    }
    clock.advance(100_001);
    assert!(!alive(&router, &token).await, "an hour is the end, used or not");
}

#[tokio::test]
async fn an_ended_session_stays_ended() {
    let (_, router) = stage().await;
    let (token, other) = (enter(&router).await, enter(&router).await);
    assert_eq!(call(&router, "POST", "/api/v1/exit", &token, &json!({})).await.0, 204);
    assert_eq!(call(&router, "POST", "/api/v1/exit", &token, &json!({})).await.0, 204);
    assert!(!alive(&router, &token).await && alive(&router, &other).await);
}
