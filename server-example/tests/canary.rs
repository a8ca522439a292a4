//! I18 on the server's own log: a whole payment, failures included, and not one word of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "server/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use menjie::service::Decided;
use menjie_server::logging;
use menjie_server::staff::console::{Founding, found};
use menjie_sim::SimCredentials;
use serde_json::json;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use stage::{Stage, send};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Captured;

    fn make_writer(&'a self) -> Captured {
        self.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_hold_no_word_of_a_patient_and_no_secret() {
    let log = Captured::default();
    // Everything of every crate, so that a chatty dependency would show, too.
    tracing::subscriber::set_global_default(logging::subscriber(log.clone(), LevelFilter::TRACE)).unwrap();
    let stage = Stage::open().await;
    let session = stage.enter(0).await;
    let (payment, code) = stage.order(&session, "canary-key").await;
    let no = stage.sim.with(|hospital, now| hospital.wechat.payable(now)[0].out_trade_no.clone());
    stage.sim.with(|hospital, now| hospital.wechat.forge(&no, menjie_sim::wechat::Forgery::BadSignature, now)).unwrap();
    stage.scan(&code).await;
    stage.done(&session, &payment).await;
    stage.get("/api/v1/settlements", &session).await;
    let patient = stage.patient(0).clone();
    for body in [json!({"way": "visit_no", "token": "canary-token"}), json!({"way": "visit_no", "canary-field": patient.name}), json!({"way": patient.name})] {
        send(stage.request(reqwest::Method::POST, "/api/v1/identify").json(&body)).await;
    }
    let (health_code, voucher) = stage.sim.with(|hospital, now| {
        let id = patient.patient_id.as_str();
        (hospital.health_code.mint(id, 60, now).unwrap().code, hospital.decoder.mint(id, 60, now).unwrap().code)
    });
    stage.sim.with(|hospital, _| hospital.faults.next(menjie_sim::Peer::HealthCode, "verify", menjie_sim::Fault::ForgedReply));
    for (way, token) in [("health_code", &health_code), ("health_code", &health_code), ("e_voucher", &voucher), ("e_voucher", &voucher)] {
        send(stage.request(reqwest::Method::POST, "/api/v1/identify").json(&json!({"way": way, "token": token}))).await;
    }
    send(stage.request(reqwest::Method::POST, "/api/v1/identify/sms").json(&json!({"phone": "13900004242"}))).await;
    let sms_code = stage.sim.with(|hospital, _| hospital.sms.inbox()[0].code.clone());
    for code in ["canary-guess", sms_code.as_str()] {
        send(stage.request(reqwest::Method::POST, "/api/v1/identify").json(&json!({"way": "phone", "token": "13900004242", "code": code}))).await;
    }
    stage.get(&format!("/api/v1/payments/{}", patient.card_no.reveal()), &session).await;
    stage.get(&format!("/nowhere/{}", patient.card_no.reveal()), &session).await;

    // A member of staff comes in, and somebody types a password into the field of the name.
    let founding = Founding { id: "C1".to_owned(), login: "canary.staff".to_owned(), name: "测试职工".to_owned(), roles: vec!["finance".to_owned()], departments: Vec::new() };
    let Decided::Done(founded) = found(stage.app(), &founding).await.unwrap() else { panic!("not founded") };
    let mut cookies = Vec::new();
    for (login, password) in [("canary.staff", founded.password.reveal()), ("canary.staff", "canary-wrong"), ("canary-typed", "x")] {
        let form = stage.request(reqwest::Method::POST, "/a/login").header("content-type", "application/x-www-form-urlencoded");
        let reply = send(form.body(format!("login={login}&password={password}"))).await;
        cookies.extend(reply.headers.get("set-cookie").map(|c| c.to_str().unwrap().split(['=', ';']).nth(1).unwrap().to_owned()));
    }
    assert_eq!(cookies.len(), 1);

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("one JSON object a line: {line}"))).collect();
    assert!(ours.iter().any(|line| line["target"] == json!("menjie::http") && line["route"] == json!("/api/v1/payments/{id}")));
    assert!(ours.iter().any(|line| line["target"] == json!("menjie::security")), "the forged callback is on record");
    let keys = SimCredentials::fixed();
    let mut canaries = vec![
        patient.name.reveal().to_owned(),
        patient.patient_id.as_str().to_owned(),
        patient.card_no.reveal().to_owned(),
        session,
        stage.staff.reveal().to_owned(),
        code,
        "canary-token".to_owned(),
        "canary-field".to_owned(),
        "canary-key".to_owned(),
        "canary-guess".to_owned(),
        "13900004242".to_owned(),
        health_code,
        voucher,
        keys.health_app_secret,
        keys.sms_secret,
        keys.account_secret,
        keys.api_v3_key,
        keys.his_secret,
        keys.invoice_key,
    ];
    canaries.extend(cookies);
    canaries.extend([founded.password.reveal(), founded.factor.as_ref().unwrap().base32(), "canary.staff", "canary-wrong", "canary-typed", "测试职工"].map(str::to_owned));
    canaries.extend(patient.id_no.iter().chain(&patient.phone).map(|p| p.reveal().to_owned()));
    // The HTTP client's own trace lines name the paths it was asked for; what the server and its adapters say is judged.
    let judged: Vec<&serde_json::Value> = ours.iter().filter(|line| line["target"].as_str().is_some_and(|t| t.starts_with("menjie"))).collect();
    for line in &judged {
        let line = line.to_string();
        for canary in &canaries {
            assert!(!line.contains(canary.as_str()), "{canary} in {line}");
        }
    }
    // At the level of production nobody says it, whichever crate.
    for line in ours.iter().filter(|line| ["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap_or_default())) {
        let line = line.to_string();
        for canary in &canaries {
            assert!(!line.contains(canary.as_str()), "{canary} in {line}");
        }
    }
}
