use reqwest::Method;
use serde_json::json;

use crate::stage::{Stage, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_pays_everything_and_leaves() {
    let stage = Stage::open().await;
    let session = stage.enter(0).await;
    let unpaid = stage.get("/api/v1/bills/unpaid", &session).await.json();
    let payable = unpaid["payable_fen"].as_i64().unwrap();
    assert!(payable > 0);
    let (payment, code) = stage.order(&session, "k1").await;
    stage.scan(&code).await;
    let view = stage.done(&session, &payment).await;
    assert_eq!(view.amount_fen.fen(), payable);

    let paid = stage.get("/api/v1/settlements", &session).await.json();
    let settlements = paid["settlements"].as_array().unwrap();
    assert_eq!(settlements.len(), view.settlements.len());
    let one = settlements[0]["settlement_id"].as_str().unwrap();
    let detail = stage.get(&format!("/api/v1/settlements/{one}"), &session).await.json();
    assert!(!detail["lines"].as_array().unwrap().is_empty());
    assert_eq!(stage.bill_ids(&session).await, Vec::<String>::new(), "nothing is left to pay");

    let first = stage.get("/api/v1/settlements?limit=1", &session).await.json();
    assert_eq!(first["settlements"].as_array().unwrap().len(), 1);
    let truth = stage.sim.with(|hospital, now| hospital.truth(now));
    assert_eq!((truth.his.posted_fen, truth.wechat.captured_fen), (payable, payable));

    assert_eq!(stage.post("/api/v1/exit", &session, &json!({})).await.status, 204);
    assert_eq!(stage.get("/api/v1/settlements", &session).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_bytes_and_another_request_under_it_is_a_conflict() {
    let stage = Stage::open().await;
    let session = stage.enter(0).await;
    let quote = stage.quote(&session).await;
    let first = stage.pay(&session, &quote, "key-1").await;
    assert_eq!(first.status, 200, "{}", first.text());
    for _ in 0..3 {
        assert_eq!(stage.pay(&session, &quote, "key-1").await.bytes, first.bytes);
    }
    // The header is as good as the field; two different ones are a mistake.
    let body = json!({"quote_id": quote, "channel": "wechat", "method": {"way": "native"}});
    let by_header = |key: &str, body: serde_json::Value| send(stage.request(Method::POST, "/api/v1/payments").bearer_auth(&session).header("idempotency-key", key).json(&body));
    assert_eq!(by_header("key-1", body.clone()).await.bytes, first.bytes);
    let mut two = body.clone();
    two["key"] = json!("key-2");
    let differ = by_header("key-1", two).await;
    assert_eq!((differ.status, differ.json()["context"]["field"].as_str()), (422, Some("key")));
    assert_eq!(stage.post("/api/v1/payments", &session, &body).await.status, 422, "no key at all");

    let payment = first.json()["payment_id"].as_str().unwrap().to_owned();
    let cancelled = stage.post(&format!("/api/v1/payments/{payment}/cancel"), &session, &json!({"key": "key-1"})).await;
    assert_eq!((cancelled.status, cancelled.code()), (409, 201));
    let (one, other) = (
        stage.post(&format!("/api/v1/payments/{payment}/cancel"), &session, &json!({"key": "c"})).await,
        stage.post(&format!("/api/v1/payments/{payment}/cancel"), &session, &json!({"key": "c"})).await,
    );
    assert_eq!((one.status, &one.bytes), (200, &other.bytes));
    let orders = stage.sim.with(|hospital, now| hospital.truth(now)).wechat.trades.len();
    assert!(orders <= 1, "{orders} orders");

    // A stranger's key is his own.
    let stranger = stage.enter(1).await;
    let quote = stage.quote(&stranger).await;
    assert_eq!(stage.pay(&stranger, &quote, "key-1").await.json()["decision"], json!("accepted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_pay_one_bill_at_once_and_one_order_lives() {
    let stage = Stage::open().await;
    let (kiosk, phone) = (stage.enter(0).await, stage.enter(0).await);
    let (one, two) = (stage.quote(&kiosk).await, stage.quote(&phone).await);
    let (first, second) = tokio::join!(stage.pay(&kiosk, &one, "kiosk"), stage.pay(&phone, &two, "phone"));
    let (first, second) = (first.json(), second.json());
    let (won, lost) = if first["decision"] == json!("accepted") { (&first, &second) } else { (&second, &first) };
    assert_eq!((&won["decision"], &lost["decision"], &lost["reason"]), (&json!("accepted"), &json!("refused"), &json!("paying_elsewhere")));
    assert!(!lost["text"].as_str().unwrap().is_empty() && !lost["next"].as_str().unwrap().is_empty());

    // Whoever lost can go on with the other's payment.
    let payment = won["payment_id"].as_str().unwrap();
    let view = stage.until(&phone, payment, |view| view["handover"].is_object()).await;
    stage.scan(view["handover"]["code_url"].as_str().unwrap()).await;
    stage.done(&kiosk, payment).await;
    let truth = stage.sim.with(|hospital, now| hospital.truth(now));
    assert_eq!(truth.wechat.trades.len(), 1);
    assert_eq!(truth.wechat.captured_fen, truth.his.posted_fen);
    assert_eq!(stage.audit().await["violations"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_payment_closes_its_order_and_frees_the_bills() {
    let stage = Stage::open().await;
    let session = stage.enter(0).await;
    let bills = stage.bill_ids(&session).await;
    let (payment, code) = stage.order(&session, "k").await;
    assert_eq!(stage.bill_ids(&session).await, Vec::<String>::new(), "while it is being paid nothing else can pay it");
    let cancelled = stage.post(&format!("/api/v1/payments/{payment}/cancel"), &session, &json!({"key": "c"})).await;
    assert_eq!(cancelled.json()["decision"], json!("accepted"));
    let view = stage.until(&session, &payment, |view| view["over"] == json!(true)).await;
    assert_eq!(view["progress"], json!("closed"));
    let scan = send(stage.client.post(format!("{}/admin/pay", stage.sim.urls().admin)).json(&json!({"code": code}))).await;
    assert_eq!(scan.status, 409, "the order is closed at the channel");
    // HIS has unlocked them: they are payable again.
    stage.until(&session, &payment, |view| view["settlements"].as_array().is_some_and(|all| all.iter().all(|one| one["st"] == json!("void")))).await;
    assert_eq!(stage.bill_ids(&session).await, bills);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_unknown_objects_look_the_same() {
    let stage = Stage::open().await;
    let (owner, stranger) = (stage.enter(0).await, stage.enter(1).await);
    let (payment, code) = stage.order(&owner, "k").await;
    stage.scan(&code).await;
    let settlement = stage.done(&owner, &payment).await.settlements[0].settlement_id.to_string();
    for (path, unknown) in [(format!("/api/v1/payments/{payment}"), "/api/v1/payments/12345"), (format!("/api/v1/settlements/{settlement}"), "/api/v1/settlements/12345")] {
        assert_eq!(stage.get(&path, &owner).await.status, 200);
        let (theirs, nobodys) = (stage.get(&path, &stranger).await, stage.get(unknown, &stranger).await);
        assert_eq!((theirs.status, theirs.code()), (404, 200));
        assert_eq!(theirs.bytes, nobodys.bytes);
    }
    for no_id in ["abc", "-1", "0", "99999999999999999999", "%E5%BC%A0"] {
        assert_eq!(stage.get(&format!("/api/v1/payments/{no_id}"), &stranger).await.status, 404, "{no_id}");
    }
    let cancel = stage.post(&format!("/api/v1/payments/{payment}/cancel"), &stranger, &json!({"key": "x"})).await;
    assert_eq!(cancel.status, 404);
    let quote = stage.quote(&stranger).await;
    assert_eq!(stage.pay(&owner, &quote, "theirs").await.status, 404, "a stranger's quote");
    assert_eq!(stage.get("/api/v1/settlements", &stranger).await.json()["settlements"], json!([]));
}
