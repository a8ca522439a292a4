//! Everybody who never logs in: counterparts with messages that are no messages, operators, whoever looks for the door.

use menjie_tests::canary::Canary;
use reqwest::Method;
use serde_json::json;

use crate::cast::{NEW_ADDRESS, NEW_ID, NEW_NAME};
use crate::house::House;

pub(crate) async fn strangers(house: &House) {
    let v = house.visitor("stranger");
    assert_eq!(v.get("/").await.status, 303);
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        assert_eq!(v.get(path).await.status, 200);
    }
    // The insurer's own messages come while its orders are paid; these are nobody's.
    let forged = json!({"medOrgOrd": "P0000000000000000001", "payOrdId": "ORD1", "ordStas": "6", "psn_name": NEW_NAME, "certno": NEW_ID[0], "addr": NEW_ADDRESS}).to_string();
    for path in ["/notify/wechat", "/notify/insurer", "/notify/his"] {
        for body in [forged.as_bytes(), b"{}", &[0xff; 100], NEW_NAME.as_bytes()] {
            let body = body.to_vec();
            let reply = v.ask(&Method::POST, path, |request| request.header("content-type", "application/json").body(body)).await;
            assert_eq!(reply.status, 401, "{path}");
        }
    }
}

/// The page of counters, which anybody in the network may read.
pub(crate) async fn counters(house: &House) -> String {
    house.visitor("operator").page("/metrics").await
}

/// A line of a counter of time may show any six digits.
pub(crate) fn without_times(metrics: &str) -> String {
    metrics.lines().filter(|line| !line.contains("_micros")).map(|line| format!("{line}\n")).collect()
}

/// Something secret, of its own for every place.
pub(crate) fn misplaced(house: &House, place: &str, readers: &[&'static str]) -> String {
    let text = format!("canary7F3A{place}");
    house.keep(Canary::of_a_person(format!("something secret in {place}"), &text), readers);
    text
}
