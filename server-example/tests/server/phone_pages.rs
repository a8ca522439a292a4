//! The pages on which a phone is proven by a code: what went wrong after the code was typed, or before its field was seen.

use menjie::access::Private;
use menjie_sim::{Fault, Peer};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};

use crate::stage::{Reply, Stage, day, send};

const PHONE: &str = "13900000001";

async fn open() -> Stage {
    let mut day = day();
    day.patients[0].phone = Some(Private::new(PHONE));
    Stage::with(day, |_| ()).await
}

async fn post(stage: &Stage, path: &str, cookie: &str, body: &str) -> Reply {
    send(stage.request(Method::POST, path).header(COOKIE, cookie).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.to_owned())).await
}

async fn type_code(stage: &Stage, cookie: &str, code: &str) -> Reply {
    post(stage, "/k/identify", cookie, &format!("way=phone&next=unpaid&token={code}")).await
}

async fn ask_for_code(stage: &Stage) -> Reply {
    post(stage, "/k/identify/code", "", &format!("phone={PHONE}&next=unpaid")).await
}

fn cookie(reply: &Reply) -> String {
    let set = reply.headers.get(SET_COOKIE).unwrap_or_else(|| panic!("no session: {}", reply.text()));
    set.to_str().unwrap().split(';').next().unwrap().to_owned()
}

fn to(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.headers.get(LOCATION).map_or("", |to| to.to_str().unwrap()))
}

fn code(stage: &Stage) -> String {
    stage.sim.with(|hospital, _| hospital.sms.inbox().last().unwrap().code.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_right_need_not_be_typed_again_when_his_was_away() {
    let stage = open().await;
    let session = cookie(&ask_for_code(&stage).await);
    for _ in 0..4 {
        stage.sim.with(|hospital, _| hospital.faults.next(Peer::His, "find_patient", Fault::ServerError));
    }
    let away = type_code(&stage, &session, &code(&stage)).await;
    assert!(away.status >= 500, "{} {}", away.status, away.text());
    stage.sim.with(|hospital, _| hospital.faults.clear());
    assert_eq!(to(&type_code(&stage, &session, &code(&stage)).await), (303, "/k/unpaid"));
    // It counted once: another session does not get in with it.
    let other = cookie(&ask_for_code(&stage).await);
    let text = type_code(&stage, &other, &code(&stage)).await.text();
    assert!(text.contains("验证码"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_the_page_finds_a_field_for_the_code_that_arrives() {
    let stage = open().await;
    ask_for_code(&stage).await;
    // Home, and again: the session of before is gone, the message is not.
    let again = ask_for_code(&stage).await;
    let (status, place) = to(&again);
    assert!(status == 303 && place.starts_with("/k/identify/phone?next=unpaid&wait="), "{status} {place} {}", again.text());
    assert_eq!(stage.sim.with(|hospital, _| hospital.sms.inbox().len()), 1);
    assert_eq!(to(&type_code(&stage, &cookie(&again), &code(&stage)).await), (303, "/k/unpaid"));
}
