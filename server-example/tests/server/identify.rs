//! Every way to identify, through the real adapters, before simulated platforms that go wrong.

use menjie::access::Private;
use menjie::service::{LoginRequest, LoginResponse};
use menjie_server::start::Server;
use menjie_sim::{Fault, Peer, SimCredentials};
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{Reply, Stage, day, send};

async fn ask(stage: &Stage, body: &Value) -> Reply {
    send(stage.request(Method::POST, "/api/v1/identify").json(body)).await
}

async fn by(stage: &Stage, way: &str, token: &str) -> Reply {
    ask(stage, &json!({"way": way, "token": token})).await
}

async fn message(stage: &Stage, phone: &str) -> Reply {
    send(stage.request(Method::POST, "/api/v1/identify/sms").json(&json!({"phone": phone}))).await
}

/// What the patient's phone shows.
fn health_code(stage: &Stage, life_s: u32) -> String {
    let id = stage.patient(0).patient_id.clone();
    stage.sim.with(|hospital, now| hospital.health_code.mint(id.as_str(), life_s, now)).unwrap().code
}

fn voucher(stage: &Stage) -> String {
    let id = stage.patient(0).patient_id.clone();
    stage.sim.with(|hospital, now| hospital.decoder.mint(id.as_str(), 60, now)).unwrap().code
}

fn last_code(stage: &Stage) -> String {
    stage.sim.with(|hospital, _| hospital.sms.inbox().last().unwrap().code.clone())
}

fn phone_of(stage: &Stage) -> String {
    stage.patient(0).phone.as_ref().unwrap().reveal().to_owned()
}

fn with_phone() -> menjie_sim::day::Day {
    let mut day = day();
    day.patients[0].phone = Some(Private::new("13900000001"));
    day
}

fn fault(stage: &Stage, peer: Peer, interface: &str, fault: Fault) {
    stage.sim.with(|hospital, _| hospital.faults.next(peer, interface, fault));
}

fn decision(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    let said = body.get("reason").or_else(|| body.get("decision")).and_then(Value::as_str).unwrap_or_default();
    (reply.status, said.to_owned())
}

fn is(reply: &Reply, status: u16, said: &str) {
    assert_eq!(decision(reply), (status, said.to_owned()), "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_found_by_card_document_health_code_voucher_and_phone() {
    let stage = Stage::with(with_phone(), |_| ()).await;
    let patient = stage.patient(0).clone();
    is(&by(&stage, "visit_no", patient.card_no.reveal()).await, 200, "identified");
    is(&by(&stage, "id_card", patient.id_no.as_ref().unwrap().reveal()).await, 200, "identified");
    is(&by(&stage, "health_code", &health_code(&stage, 60)).await, 200, "identified");
    is(&by(&stage, "e_voucher", &voucher(&stage)).await, 200, "identified");
    is(&message(&stage, "139 0000 0001").await, 200, "sent");
    let reply = ask(&stage, &json!({"way": "phone", "token": phone_of(&stage), "code": last_code(&stage), "bearer": true})).await;
    is(&reply, 200, "identified");
    let session = reply.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(stage.get("/api/v1/bills/unpaid", &session).await.status, 200);
    let requests = stage.sim.with(|hospital, now| hospital.truth(now)).identity.requests;
    assert_eq!((requests["health_code"]["token"], requests["health_code"]["verify"], requests["decoder"]["ec_query"], requests["sms"]["aliyun"]), (1, 1, 1, 1));
}

/// A program whose engine forwards to the server has a code sent and comes with it; the token stays in its engine.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_comes_with_a_phone_and_the_code_that_was_sent_to_it() {
    let stage = Stage::with(with_phone(), |_| ()).await;
    let server = menjie_bridge::remote::Server::at(&stage.base, None).unwrap();
    let ask = async |op: &str, request: Value| {
        let reply = server.call(op, &request.to_string()).await.unwrap().into_reply();
        (reply.code(), serde_json::from_str::<Value>(reply.json()).unwrap())
    };
    let phone = phone_of(&stage);
    let by = |code: &str| json!({"way": "phone", "token": phone, "code": code});
    assert_eq!(ask("session.identify", json!({"way": "phone", "token": phone})).await.1["context"]["field"], "code");
    assert_eq!(ask("session.send_code", json!({"phone": phone})).await.1["decision"], "sent");
    let code = last_code(&stage);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(ask("session.identify", by(wrong)).await.1["decision"], "refused");
    let (status, identified) = ask("session.identify", by(&code)).await;
    assert_eq!((status, &identified["patient_id"], identified.get("token")), (0, &json!(stage.patient(0).patient_id), None), "{identified}");
    assert_eq!(ask("visit.unpaid", json!({"patient_id": identified["patient_id"]})).await.0, 0);
    assert_eq!(ask("session.send_code", json!({"phone": phone})).await.1["decision"], "refused", "the next one only after a minute");
    assert_eq!(ask("session.exit", json!({})).await, (0, json!({"ended": true})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_code_that_is_over_foreign_or_late_identifies_nobody() {
    let stage = Stage::open().await;
    is(&by(&stage, "health_code", &health_code(&stage, 0)).await, 200, "code_invalid");
    is(&by(&stage, "health_code", "no-such-code").await, 200, "code_invalid");
    let code = health_code(&stage, 60);
    fault(&stage, Peer::HealthCode, "verify", Fault::ForgedReply);
    let forged = by(&stage, "health_code", &code).await;
    assert_eq!((forged.status, forged.code()), (502, 551), "{}", forged.text());
    for fault_ in [Fault::TimeoutBefore { ms: 1 }, Fault::TimeoutAfter { ms: 1 }, Fault::ServerError] {
        fault(&stage, Peer::HealthCode, "verify", fault_);
        let reply = by(&stage, "health_code", &code).await;
        assert_eq!((reply.status, reply.code()), (503, 550), "{}", reply.text());
        assert!(!reply.text().contains(&code));
    }
    fault(&stage, Peer::HealthCode, "verify", Fault::TokenOver);
    is(&by(&stage, "health_code", &code).await, 200, "identified");
    // Eleven tries, none of them guessed: the kiosk is not locked.
    for _ in 0..6 {
        is(&by(&stage, "health_code", "no-such-code").await, 200, "code_invalid");
    }
    is(&by(&stage, "health_code", &code).await, 200, "identified");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_is_read_once_in_whatever_shape() {
    let stage = Stage::open().await;
    let code = voucher(&stage);
    is(&by(&stage, "e_voucher", &code).await, 200, "identified");
    is(&by(&stage, "e_voucher", &code).await, 200, "code_invalid");
    fault(&stage, Peer::Decoder, "ec_query", Fault::TextData);
    is(&by(&stage, "e_voucher", &voucher(&stage)).await, 200, "identified");
    fault(&stage, Peer::Decoder, "ec_query", Fault::ForgedReply);
    assert_eq!(by(&stage, "e_voucher", &voucher(&stage)).await.code(), 501);
    fault(&stage, Peer::Decoder, "ec_query", Fault::TimeoutAfter { ms: 1 });
    assert_eq!(by(&stage, "e_voucher", &voucher(&stage)).await.code(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_under_another_name_is_not_shown() {
    let stage = Stage::with(day(), |_| ()).await;
    let stranger = {
        // HIS has this document in somebody else's file; the platform knows better.
        let mut day = day();
        day.patients[0].name = Private::new("佘测他");
        day
    };
    let other = Stage::with(stranger, |config| config["hospitals"][0]["health_code"]["http"]["base_url"] = json!(stage.sim.urls().identity)).await;
    is(&by(&other, "health_code", &health_code(&stage, 60)).await, 200, "file_differs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_proven_by_the_code_that_arrived_and_nothing_tells_who_has_a_file() {
    let stage = Stage::with(with_phone(), |_| ()).await;
    let known = message(&stage, "13900000001").await;
    let unknown = message(&stage, "13911111111").await;
    let shape = |reply: &Reply| reply.json().as_object().unwrap().iter().filter(|(k, _)| !k.ends_with("_at")).map(|(k, v)| (k.clone(), v.clone())).collect::<Vec<_>>();
    assert_eq!((known.status, shape(&known)), (unknown.status, shape(&unknown)));
    is(&message(&stage, "13900000001").await, 200, "code_too_soon");
    let stranger = ask(&stage, &json!({"way": "phone", "token": "13911111111", "code": last_code(&stage)})).await;
    is(&stranger, 200, "no_file");
    let code = stage.sim.with(|hospital, _| hospital.sms.inbox()[0].code.clone());
    let wrong = if code == "000000" { "000001" } else { "000000" };
    is(&ask(&stage, &json!({"way": "phone", "token": "13900000001", "code": wrong})).await, 200, "code_wrong");
    is(&ask(&stage, &json!({"way": "phone", "token": "13900000001", "code": code})).await, 200, "identified");
    is(&ask(&stage, &json!({"way": "phone", "token": "13900000001", "code": code})).await, 200, "code_none");
    for body in [json!({"way": "phone", "token": "13900000001"}), json!({"way": "visit_no", "token": "K1", "code": "1"}), json!({"way": "phone", "token": "123", "code": "1"})] {
        assert_eq!(ask(&stage, &body).await.status, 422, "{body}");
    }
    assert_eq!(message(&stage, "123").await.json()["context"]["field"], json!("phone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_used_up_by_whoever_is_found_with_it_and_not_by_a_his_that_is_away() {
    let stage = Stage::with(with_phone(), |_| ()).await;
    is(&message(&stage, "13900000001").await, 200, "sent");
    let right = json!({"way": "phone", "token": "13900000001", "code": last_code(&stage), "bearer": true});
    for _ in 0..4 {
        fault(&stage, Peer::His, "find_patient", Fault::ServerError);
    }
    let away = ask(&stage, &right).await;
    assert!(away.status >= 500, "{} {}", away.status, away.text());
    stage.sim.with(|hospital, _| hospital.faults.clear());
    // Sent again by two at once, it lets one in, and then nobody any more.
    let (one, two) = tokio::join!(ask(&stage, &right), ask(&stage, &right));
    let mut said = [decision(&one), decision(&two)];
    said.sort();
    assert_eq!(said, [(200, "code_none".to_owned()), (200, "identified".to_owned())]);
    is(&ask(&stage, &right).await, 200, "code_none");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_codes_locks_the_address_and_messages_are_rationed() {
    let stage = Stage::with(with_phone(), |config| config["server"]["sms_per_hour"] = json!(2)).await;
    is(&message(&stage, "13900000001").await, 200, "sent");
    for at in 0..5 {
        let reply = ask(&stage, &json!({"way": "phone", "token": "13900000001", "code": "abc"})).await;
        is(&reply, 200, if at < 4 { "code_wrong" } else { "code_given_up" });
    }
    let right = ask(&stage, &json!({"way": "phone", "token": "13900000001", "code": last_code(&stage)})).await;
    assert_eq!((right.status, right.code()), (429, 22));
    assert_eq!(message(&stage, "13900000002").await.code(), 22, "a locked address sends nothing");
    let stage = Stage::with(with_phone(), |config| config["server"]["sms_per_hour"] = json!(2)).await;
    is(&message(&stage, "13900000001").await, 200, "sent");
    is(&message(&stage, "13900000002").await, 200, "sent");
    let third = message(&stage, "13900000003").await;
    assert_eq!((third.status, third.headers.contains_key("retry-after")), (429, true));
    assert_eq!(stage.sim.with(|hospital, _| hospital.sms.inbox().len()), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_says_no_or_nothing() {
    let keys = SimCredentials::fixed();
    let stage = Stage::with(with_phone(), |config| {
        let base = config["hospitals"][0]["notify"]["sms"]["aliyun"]["base_url"].clone();
        config["hospitals"][0]["notify"]["sms"] =
            json!({"tencent": {"base_url": base, "secret_id": keys.sms_key_id, "secret_key": keys.sms_secret, "sdk_app_id": "1400000001", "sign_name": "门结演示医院", "template_id": "100"}});
    })
    .await;
    fault(&stage, Peer::Sms, "tencent", Fault::SaysNo);
    is(&message(&stage, "13900000002").await, 200, "sms_refused");
    fault(&stage, Peer::Sms, "tencent", Fault::TimeoutAfter { ms: 1 });
    let lost = message(&stage, "13900000001").await;
    assert_eq!((lost.status, &lost.json()["decision"], &lost.json()["delivery"]), (200, &json!("sent"), &json!("unknown")));
    let inbox = stage.sim.with(|hospital, _| hospital.sms.inbox().to_vec());
    assert_eq!(inbox.iter().map(|m| m.gateway).collect::<Vec<_>>(), ["tencent"], "one message, not two");
    is(&ask(&stage, &json!({"way": "phone", "token": "13900000001", "code": last_code(&stage)})).await, 200, "identified");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wechat_user_logs_in_through_the_authorise_page() {
    let stage = Stage::open().await;
    let (engine, hospital) = (stage.app().engine().clone(), stage.app().hospital().clone());
    let url = engine.login_url(&hospital, "http://127.0.0.1:9/h5/login", "state-1").unwrap().unwrap();
    assert!(url.starts_with(&format!("{}/connect/oauth2/authorize?appid=", stage.sim.urls().identity)) && url.ends_with("#wechat_redirect"));
    let page = send(stage.client.get(url.trim_end_matches("#wechat_redirect"))).await.text();
    let link = page.split("href='").find(|part| part.starts_with("/connect/oauth2/choose")).unwrap().split('\'').next().unwrap().replace("&amp;", "&");
    let back = send(stage.client.get(format!("{}{link}", stage.sim.urls().identity))).await;
    let location = back.headers["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with("http://127.0.0.1:9/h5/login?code=") && location.ends_with("&state=state-1"), "{location}");
    let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let request = LoginRequest { code: Private::new(code) };
    let LoginResponse::LoggedIn { openid } = engine.login(&hospital, &request).await.unwrap() else { panic!("refused") };
    assert_eq!(openid.reveal(), "oSimulatedUser0000000000001");
    // The browser comes back twice.
    assert_eq!(engine.login(&hospital, &request).await.unwrap(), LoginResponse::LoggedIn { openid });
    assert_eq!(stage.sim.with(|hospital, now| hospital.truth(now)).identity.requests["account"]["exchange"], 1);
    let forged = engine.login(&hospital, &LoginRequest { code: Private::new("forged") }).await.unwrap();
    assert!(matches!(forged, LoginResponse::Refused { refusal } if refusal.reason == "login_again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_without_its_platform_is_told_at_the_start() {
    let mut stage = Stage::open().await;
    assert!(stage.stop().await);
    let path = stage.folder().join("menjie.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    config["hospitals"][0]["notify"].as_object_mut().unwrap().remove("sms");
    std::fs::write(&path, config.to_string()).unwrap();
    let Err(problems) = Server::prepare(&path, &std::collections::BTreeMap::new()).await else { panic!("it starts") };
    assert_eq!(problems[0].path, "server.identify_ways");
}
