//! A program at the hospital: every patient's route of `/api/v1`.

use menjie::ident::{ScheduleId, VisitId};
use menjie_sim::his::{NewStop, WindowAction};
use menjie_sim::wechat::Forgery;
use menjie_tests::canary::Canary;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cast::{ANSWER, CONTACT, Cast, NEW_ADDRESS, NEW_CONTACT, NEW_ID, NEW_NAME, NEW_PHONE, NOTE};
use crate::house::{House, Visitor};
use crate::stage::until;

pub(crate) async fn program(house: &House, cast: Cast) {
    let v = house.visitor("program");
    ways_in(house, &v, cast).await;
    v.identify("visit_no", house.stage.patient(cast.program).card_no.reveal()).await;
    for path in ["/api/v1/session", "/api/v1/bills/unpaid", "/api/v1/settlements", "/api/v1/registrations?date=today", "/api/v1/suspensions", "/api/v1/insurance/binding"] {
        v.read(path).await;
    }
    let settlement = pay(house, &v).await;
    refunds(&v, &settlement).await;
    visits(house, &v, cast).await;
    let token = v.session();
    assert_eq!(v.post("/api/v1/exit", &json!({})).await.status, 204);
    assert_eq!(house.stage.get("/api/v1/session", &token).await.status, 401);
    newcomer(house).await;
}

/// By every way, right and wrong.
async fn ways_in(house: &House, v: &Visitor<'_>, cast: Cast) {
    let patient = house.stage.patient(cast.program).clone();
    let id = patient.patient_id.as_str();
    let (health, voucher) = house.stage.sim.with(|hospital, now| (hospital.health_code.mint(id, 60, now).unwrap().code, hospital.decoder.mint(id, 60, now).unwrap().code));
    for (way, what, code) in [("health_code", "a health code", &health), ("e_voucher", "an e-voucher", &voucher)] {
        house.keep(Canary::random(what, code.as_str()), &[]);
        for body in [json!({"way": way, "token": code}), json!({"way": "visit_no", "token": code})] {
            assert_eq!(v.post("/api/v1/identify", &body).await.status, 200);
        }
    }
    house.stage.sim.with(|hospital, _| hospital.faults.next(menjie_sim::Peer::HealthCode, "verify", menjie_sim::Fault::ForgedReply));
    assert_eq!(v.post("/api/v1/identify", &json!({"way": "health_code", "token": health})).await.status, 502);
    v.call("/api/v1/identify", &json!({"way": "id_card", "token": patient.id_no.as_ref().unwrap().reveal()})).await;
    let phone = patient.phone.as_ref().unwrap().reveal();
    v.call("/api/v1/identify/sms", &json!({"phone": phone})).await;
    let code = sms_code(house);
    v.call("/api/v1/identify", &json!({"way": "phone", "token": phone, "code": code})).await;
    let shared = house.stage.patient(cast.twins[0]).id_no.clone().unwrap();
    v.identify("id_card", shared.reveal()).await;
    let chosen = v.call("/api/v1/identify/choose", &json!({"choice": 1, "bearer": true})).await;
    v.bear(chosen["token"].as_str().unwrap());
}

/// The code that arrived last; six digits are looked for where nothing else has six.
pub(crate) fn sms_code(house: &House) -> String {
    let code = house.stage.sim.with(|hospital, _| hospital.sms.inbox().last().unwrap().code.clone());
    house.keep(Canary::random("a code by SMS", code.as_str()), &[]);
    code
}

/// An order that is given up, one with every forged callback, and the settlement that comes of it.
async fn pay(house: &House, v: &Visitor<'_>) -> Value {
    let order = async |key: &str| {
        let session = v.session();
        until("a bill may be paid", async || !house.stage.bill_ids(&session).await.is_empty()).await;
        let quote = v.call("/api/v1/settlements/quote", &json!({"bill_ids": house.stage.bill_ids(&session).await})).await;
        let body = json!({"key": key, "quote_id": quote["quote_id"], "channel": "wechat", "method": {"way": "native"}});
        let payment = v.call("/api/v1/payments", &body).await["payment_id"].as_str().unwrap().to_owned();
        let view = house.stage.until(&session, &payment, |view| view["handover"].is_object()).await;
        let code = view["handover"]["code_url"].as_str().unwrap().to_owned();
        house.keep(Canary::random("a payment's code", code.as_str()), &["program"]);
        v.read(&format!("/api/v1/payments/{payment}")).await;
        (payment, code)
    };
    let (given_up, _) = order("canary-request-one").await;
    v.call(&format!("/api/v1/payments/{given_up}/cancel"), &json!({"key": "canary-cancel"})).await;
    let (payment, code) = order("canary-request-two").await;
    let no = house.stage.sim.with(|hospital, now| hospital.wechat.payable(now)[0].out_trade_no.clone());
    for forgery in
        [Forgery::BadSignature, Forgery::Probe, Forgery::Stale, Forgery::Truncated, Forgery::SwappedBody, Forgery::BadCipher, Forgery::WrongAmount, Forgery::UnknownOrder]
    {
        house.stage.sim.with(|hospital, now| hospital.wechat.forge(&no, forgery, now)).unwrap();
    }
    house.stage.scan(&code).await;
    let settlement = booked(house, &v.session(), &payment).await;
    v.read(&format!("/api/v1/settlements/{}", settlement["settlement_id"].as_str().unwrap())).await;
    // There is nothing to agree to, and it is said so.
    let late = v.post(&format!("/api/v1/payments/{payment}/accept"), &json!({"key": "canary-accept", "notice_seen": true})).await;
    assert_eq!(late.status, 200, "{}", late.text());
    settlement
}

/// A settlement of a payment that is over, with its invoice.
pub(crate) async fn booked(house: &House, session: &str, payment: &str) -> Value {
    house.stage.done(session, payment).await;
    let mut found = Value::Null;
    until("the invoice is there", async || {
        let list = house.stage.get("/api/v1/settlements", session).await.json();
        let all = list["settlements"].as_array().unwrap();
        let of_payment: Vec<&Value> = all.iter().filter(|one| one["payment_id"] == json!(payment)).collect();
        let whole = |one: &&Value| one["st"] == "posted" && (one["invoice"]["st"] == "issued" || one["invoice"].is_null());
        found = of_payment.first().copied().cloned().unwrap_or_default();
        !of_payment.is_empty() && of_payment.iter().all(whole)
    })
    .await;
    found
}

async fn refunds(v: &Visitor<'_>, settlement: &Value) {
    let id = &settlement["settlement_id"];
    v.call("/api/v1/refunds/preview", &json!({"settlement_id": id, "lines": []})).await;
    let asked = v.call("/api/v1/refunds", &json!({"key": "canary-refund", "settlement_id": id, "why": "other", "note": NOTE, "contact": CONTACT})).await;
    let refund = asked["refund_id"].as_str().unwrap_or_else(|| panic!("{asked}"));
    v.read(&format!("/api/v1/refunds/{refund}")).await;
    v.call(&format!("/api/v1/refunds/{refund}/answer"), &json!({"key": "canary-answer", "text": ANSWER})).await;
    v.call(&format!("/api/v1/refunds/{refund}/withdraw"), &json!({"key": "canary-withdraw"})).await;
}

pub(crate) fn act(house: &House, action: &WindowAction) {
    house.stage.sim.with(|hospital, now| hospital.his.act(action, now)).unwrap();
}

/// A registration of today.
pub(crate) fn book(house: &House, at: usize, visit: &str, schedule: &str) {
    let (visit_id, schedule_id) = (VisitId::new(visit).unwrap(), ScheduleId::new(schedule).unwrap());
    act(house, &WindowAction::BookNow { visit_id, patient_id: house.stage.patient(at).patient_id.clone(), schedule_id, minutes: 600, openid: None });
}

/// Its clinic is stopped.
pub(crate) fn stop(house: &House, schedule: &str) {
    let stop: NewStop = serde_json::from_value(json!({"schedule_id": schedule, "kind": "stopped", "reason": "arrangement"})).unwrap();
    act(house, &WindowAction::Stop(stop));
}

async fn visits(house: &House, v: &Visitor<'_>, cast: Cast) {
    for (visit, schedule) in [("V9001", "PB1"), ("V9002", "PB2"), ("V9003", "PB3")] {
        book(house, cast.program, visit, schedule);
    }
    let checked = v.call("/api/v1/registrations/V9001/check-in", &json!({"key": "canary-check-in"})).await;
    v.read(&format!("/api/v1/check-ins/{}?wait_ms=8000", checked["check_in_id"].as_str().unwrap_or_else(|| panic!("{checked}")))).await;
    v.call("/api/v1/registrations/V9003/take-number", &json!({"key": "canary-number"})).await;
    stop(house, "PB2");
    // HIS pushes what the feed would find: genuine, changed, and without a signature.
    let pushed = house.stage.sim.with(|hospital, now| (1..=40).rev().find_map(|id| hospital.his.push(&format!("{id:012}"), "/notify/his", now))).unwrap();
    let his = house.visitor("his");
    let push = async |headers: &[(String, String)], body: Vec<u8>| {
        let dressed = |request: reqwest::RequestBuilder| headers.iter().fold(request, |request, (name, value)| request.header(name, value)).body(body);
        his.ask(&Method::POST, "/notify/his", dressed).await.status
    };
    assert_eq!(push(&pushed.headers, pushed.body.clone()).await, 204);
    assert_eq!(push(&pushed.headers, [&pushed.body[..], b" "].concat()).await, 401);
    assert_eq!(push(&[], pushed.body.clone()).await, 401);
    let stopped = v.read("/api/v1/suspensions?wait_ms=20000").await;
    let id = stopped["suspensions"][0]["suspension_id"].as_str().unwrap_or_else(|| panic!("{stopped}")).to_owned();
    v.read(&format!("/api/v1/suspensions/{id}")).await;
    v.call(&format!("/api/v1/suspensions/{id}/choose"), &json!({"key": "canary-choice", "choice": "refund"})).await;
}

/// A first visit by a program, and the same document once more.
async fn newcomer(house: &House) {
    let v = house.visitor("newcomer's program");
    let record = json!({
        "name": NEW_NAME, "marital": "10", "ethnic": "01", "id_type": "01", "id_no": NEW_ID[0], "address": NEW_ADDRESS, "phone": NEW_PHONE,
        "contact_name": NEW_CONTACT, "contact_relation": "5", "pay_method": "7",
    });
    let sent = v.call("/api/v1/patients", &json!({"key": "canary-filing-000001", "record": record, "bearer": true})).await;
    v.bear(sent["token"].as_str().unwrap_or_else(|| panic!("{sent}")));
    let filed = v.read(&format!("/api/v1/filings/{}?wait_ms=8000&bearer=true", sent["filing_id"].as_str().unwrap())).await;
    assert_eq!(filed["st"], "filed", "{filed}");
    v.bear(filed["opened"]["token"].as_str().unwrap());
    let again = house.visitor("newcomer's program");
    again.call("/api/v1/patients", &json!({"key": "canary-filing-000002", "record": record})).await;
    let mut wrong = record;
    wrong["id_no"] = json!("440599199003070050");
    house.keep(Canary::of_a_person("a wrong document", "440599199003070050"), &[]);
    again.call("/api/v1/patients", &json!({"key": "canary-filing-000003", "record": wrong})).await;
}
