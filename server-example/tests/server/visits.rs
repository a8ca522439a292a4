//! Registrations, check-in and stopped clinics over HTTP.

use menjie::access::Private;
use menjie::ident::{PatientId, ScheduleId, VisitId};
use menjie_server::{account, session};
use menjie_sim::his::{NewStop, WindowAction};
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{Stage, send, until};

const OPENID: &str = "oSimulatedUser0000000000002";

fn act(stage: &Stage, action: &WindowAction) {
    stage.sim.with(|hospital, now| hospital.his.act(action, now)).unwrap();
}

fn book(stage: &Stage, visit: &str, patient: &PatientId, schedule: &str) {
    let (visit_id, schedule_id) = (VisitId::new(visit).unwrap(), ScheduleId::new(schedule).unwrap());
    act(stage, &WindowAction::BookNow { visit_id, patient_id: patient.clone(), schedule_id, minutes: 600, openid: None });
}

fn stop(schedule: &str) -> WindowAction {
    let stop = json!({"schedule_id": schedule, "kind": "stopped", "reason": "arrangement"});
    WindowAction::Stop(serde_json::from_value::<NewStop>(stop).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_checks_in_once_and_strangers_find_nothing() {
    let stage = Stage::open().await;
    let (own, other) = (stage.enter(0).await, stage.enter(1).await);
    book(&stage, "V9001", &stage.patient(0).patient_id, "PB1");
    let list = stage.get("/api/v1/registrations?date=today", &own).await.json();
    let shown = list["registrations"].as_array().unwrap().iter().find(|r| r["registration"]["visit_id"] == "V9001").unwrap().clone();
    assert_eq!(shown["state"], "open");
    assert_eq!(stage.get("/api/v1/registrations?date=yesterday", &own).await.status, 422);
    let first = stage.post("/api/v1/registrations/V9001/check-in", &own, &json!({"key": "c1"})).await.json();
    let second = stage.post("/api/v1/registrations/V9001/check-in", &own, &json!({"key": "c2"})).await.json();
    assert_eq!((&first["decision"], &first["check_in_id"]), (&json!("accepted"), &second["check_in_id"]));
    let path = format!("/api/v1/check-ins/{}?wait_ms=20000", first["check_in_id"].as_str().unwrap());
    let done = stage.get(&path, &own).await.json();
    assert_eq!((&done["st"], &done["ticket"]["room"]), (&json!("done"), &json!("3诊室")));
    assert_eq!(stage.get(&path, &other).await.status, 404);
    assert_eq!(stage.post("/api/v1/registrations/V9001/check-in", &other, &json!({"key": "c1"})).await.status, 404);
    assert_eq!(stage.post("/api/v1/registrations/V9001/check-in", "", &json!({"key": "c9"})).await.status, 401);
    assert_eq!(stage.sim.with(|hospital, _| hospital.his.truth()).check_ins.get("V9001"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_says_where_it_is_and_a_kiosk_need_not() {
    let stage = Stage::with(crate::stage::day(), |config| {
        config["hospitals"][0]["terms"] = json!({"visit": {"check_in": {"position": {"lat_e6": 23_354_000, "lon_e6": 116_682_000}}}});
    })
    .await;
    let own = stage.enter(0).await;
    book(&stage, "V9001", &stage.patient(0).patient_id, "PB1");
    let press = async |token: &str, body: Value| stage.post("/api/v1/registrations/V9001/check-in", token, &body).await.json();
    assert_eq!(press(&own, json!({"key": "a", "position": {"lat_e6": 23_400_000, "lon_e6": 116_682_000}})).await["reason"], "visit_too_far");
    let patient = stage.patient(0);
    let started = session::login(stage.app(), Private::new(OPENID), Some((patient.patient_id.clone(), "测*".to_owned()))).await.unwrap();
    let phone = started.token.reveal();
    assert_eq!(press(phone, json!({"key": "b"})).await["reason"], "visit_no_position");
    assert_eq!(press(phone, json!({"key": "c", "position": {"lat_e6": 23_354_100, "lon_e6": 116_682_000}})).await["decision"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_is_pushed_and_polled_tells_each_once_through_each_channel() {
    let stage = Stage::open().await;
    let patient = stage.day.patients.iter().find(|p| p.phone.is_some()).unwrap().clone();
    let at = stage.day.patients.iter().position(|p| p.patient_id == patient.patient_id).unwrap();
    account::bind(stage.app(), &Private::new(OPENID), &patient.patient_id, "测*", "hint").await.unwrap();
    book(&stage, "V9002", &patient.patient_id, "PB2");
    act(&stage, &stop("PB2"));
    let pushed = stage.sim.with(|hospital, now| (1..=20).rev().find_map(|id| hospital.his.push(&format!("{id:012}"), "/notify/his", now))).unwrap();
    let push = async |headers: &[(String, String)], body: &[u8]| {
        let request = headers.iter().fold(stage.request(Method::POST, "/notify/his"), |request, (name, value)| request.header(name, value));
        send(request.body(body.to_vec())).await.status
    };
    assert_eq!(push(&pushed.headers, &pushed.body).await, 204);
    assert_eq!(push(&pushed.headers, &pushed.body).await, 204, "known already is taken, too");
    let mut changed = pushed.body.clone();
    changed.push(b' ');
    assert_eq!(push(&pushed.headers, &changed).await, 401);
    assert_eq!(push(&[], &pushed.body).await, 401);
    let (own, other) = (stage.enter(at).await, stage.enter(usize::from(at == 0)).await);
    let list = stage.get("/api/v1/suspensions?wait_ms=20000", &own).await.json();
    let id = list["suspensions"][0]["suspension_id"].as_str().unwrap().to_owned();
    assert_eq!((list["suspensions"].as_array().unwrap().len(), &list["suspensions"][0]["visit_id"]), (1, &json!("V9002")));
    assert_eq!(stage.get("/api/v1/suspensions", &other).await.json(), json!({"suspensions": []}));
    assert_eq!(stage.get(&format!("/api/v1/suspensions/{id}"), &other).await.status, 404);
    assert_eq!(stage.post(&format!("/api/v1/suspensions/{id}/choose"), &other, &json!({"key": "x", "choice": "refund"})).await.status, 404);
    assert_eq!(stage.post("/api/v1/registrations/V9002/check-in", &own, &json!({"key": "y"})).await.json()["suspension_id"], json!(id));
    assert_eq!(stage.post(&format!("/api/v1/suspensions/{id}/choose"), &own, &json!({"key": "z", "choice": "refund"})).await.json()["decision"], "accepted");
    assert_eq!(stage.get(&format!("/api/v1/suspensions/{id}?wait_ms=20000"), &own).await.json()["st"], "refunded");
    // The feed polls the same notice meanwhile, and once more: the first answer is worked off by then.
    let polled = || stage.sim.with(|hospital, now| hospital.truth(now)).his.requests.get("notices").copied().unwrap_or_default();
    let before = polled();
    until("the feed has polled twice", async || polled() >= before + 2).await;
    let (messages, texts) = stage.sim.with(|hospital, _| (hospital.account.messages().to_vec(), hospital.sms.inbox().to_vec()));
    assert_eq!((messages.len(), messages[0].openid.as_str(), texts.len()), (1, OPENID, 1));
    assert!(messages[0].data.values().all(|v| menjie::visit::is_neutral(v)) && menjie::visit::is_neutral(&texts[0].text));
}
