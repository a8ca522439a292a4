//! The insurer's switches over HTTP: people, authorisation, password, behaviour.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use menjie_sim::{SimConfig, SimServer};
use reqwest::Client;
use serde_json::{Value, json};
use support::small_day;

#[tokio::test]
async fn people_authorisations_and_behaviour_are_at_hand() {
    let server = SimServer::start(SimConfig::local(small_day())).await.unwrap();
    let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let base = format!("{}/admin/insurer", server.urls().admin);
    let json_of = async |request: reqwest::RequestBuilder| -> (u16, Value) {
        let response = request.header("content-type", "application/json").send().await.unwrap();
        (response.status().as_u16(), serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
    };
    let (_, people) = json_of(client.get(format!("{base}/insured"))).await;
    let (patient_id, before) = people.as_object().unwrap().iter().next().unwrap();
    let change = json!({"patient_id": patient_id, "balance_fen": before["balance_fen"].as_i64().unwrap() + 7, "active": false}).to_string();
    assert_eq!(json_of(client.put(format!("{base}/insured")).body(change)).await.0, 204);
    let (_, people) = json_of(client.get(format!("{base}/insured"))).await;
    assert_eq!((people[patient_id]["balance_fen"].as_i64(), people[patient_id]["active"].as_bool()), (before["balance_fen"].as_i64().map(|fen| fen + 7), Some(false)));
    assert_eq!(json_of(client.put(format!("{base}/insured")).body(json!({"patient_id": "nobody"}).to_string())).await.0, 404);

    let (status, minted) = json_of(client.post(format!("{base}/authorise")).body(json!({"patient_id": patient_id}).to_string())).await;
    assert_eq!((status, minted["pay_auth_no"].as_str().map(str::len)), (200, Some(40)));
    assert_eq!(json_of(client.post(format!("{base}/authorise")).body(json!({"patient_id": "nobody"}).to_string())).await.0, 404);
    let (status, why) = json_of(client.post(format!("{base}/confirm")).body(json!({"order": "OP1"}).to_string())).await;
    assert_eq!((status, why), (409, json!({"cannot_confirm": "unknown"})));

    let (_, mut options) = json_of(client.get(format!("{base}/options"))).await;
    options["settle_delay_ms"] = json!(5);
    assert_eq!(json_of(client.put(format!("{base}/options")).body(options.to_string())).await.0, 204);
    assert_eq!(json_of(client.get(format!("{base}/options"))).await.1, options);
    assert_eq!(json_of(client.put(format!("{base}/notify-url")).body(json!({"url": "http://127.0.0.1:9/x"}).to_string())).await.0, 204);

    // Strangers are sent away: no envelope, no headers, no such path.
    let centre = server.urls().insurer.clone();
    let (status, refused) = json_of(client.post(format!("{centre}/org/local/api/hos/uldFeeInfo")).body("{}")).await;
    assert!(status == 200 && refused["code"] == "-1" && refused["signData"].is_string(), "a signed no: {refused}");
    let (_, refused) = json_of(client.post(format!("{centre}/ebus/gdyb_inf/poc/hsa/hgs/1101")).body("{}")).await;
    assert_eq!(refused["infcode"], -1);
    assert_eq!(json_of(client.post(format!("{centre}/org/local/api/hos/other")).body("{}")).await.0, 404);
    server.stop().await;
}
