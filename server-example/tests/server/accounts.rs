//! Accounts of the official account: their patients, and nobody else's.

use menjie::access::Private;
use menjie::error::Code;
use menjie_server::account::{self, Binding};
use menjie_server::session;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use serde_json::json;

use crate::stage::{Reply, Stage, day, send};

async fn bind(stage: &Stage, payer: &Private, at: usize) -> Binding {
    let patient = stage.patient(at);
    account::bind(stage.app(), payer, &patient.patient_id, &format!("测*{at}"), "hint").await.unwrap()
}

async fn get(stage: &Stage, path: &str, cookie: &str) -> Reply {
    send(stage.request(Method::GET, path).header(COOKIE, cookie)).await
}

async fn change(stage: &Stage, cookie: &str, act: &str, id: &str) -> Reply {
    let page = get(stage, "/h5/patients", cookie).await.text();
    let form = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let body = format!("act={act}&id={id}&form={form}");
    send(stage.request(Method::POST, "/h5/patients").header(COOKIE, cookie).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)).await
}

async fn login(stage: &Stage, payer: &Private) -> String {
    let first = account::list(stage.app(), payer).await.unwrap().into_iter().next().map(|file| (file.patient, file.shown));
    let started = session::login(stage.app(), payer.clone(), first).await.unwrap();
    format!("mj_h5={}", started.token.reveal())
}

fn cookie(reply: &Reply) -> String {
    reply.headers.get(SET_COOKIE).unwrap().to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_bounded_ordered_and_its_own() {
    let stage = Stage::with(day(), |config| config["server"]["pages"]["h5"] = json!({ "patients_max": 2 })).await;
    let (one, other) = (Private::new("openid-one"), Private::new("openid-other"));
    assert_eq!((bind(&stage, &one, 0).await, bind(&stage, &one, 0).await, bind(&stage, &one, 1).await), (Binding::Bound, Binding::Bound, Binding::Bound));
    assert_eq!(bind(&stage, &one, 2).await, Binding::Full);
    bind(&stage, &other, 3).await;
    let files = account::list(stage.app(), &one).await.unwrap();
    assert_eq!(files.iter().map(|f| f.patient.clone()).collect::<Vec<_>>(), [stage.patient(0).patient_id.clone(), stage.patient(1).patient_id.clone()]);
    account::prefer(stage.app(), &one, &files[1].id).await.unwrap();
    assert_eq!(account::list(stage.app(), &one).await.unwrap()[0].id, files[1].id);
    let strange = &account::list(stage.app(), &other).await.unwrap()[0].id;
    assert_eq!(account::prefer(stage.app(), &one, strange).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(account::remove(stage.app(), &one, strange).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(account::remove(stage.app(), &one, &files[0].id).await.unwrap(), stage.patient(0).patient_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_bindings_at_once_lose_none() {
    let stage = Stage::open().await;
    let payer = Private::new("openid");
    let (_, _, _) = tokio::join!(bind(&stage, &payer, 0), bind(&stage, &payer, 1), bind(&stage, &payer, 2));
    assert_eq!(account::list(stage.app(), &payer).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_changes_every_list_and_the_session_and_a_strangers_file_is_missing() {
    let stage = Stage::open().await;
    let (one, other) = (Private::new("openid-one"), Private::new("openid-other"));
    bind(&stage, &one, 0).await;
    bind(&stage, &one, 1).await;
    bind(&stage, &other, 2).await;
    let first = login(&stage, &one).await;
    let before = get(&stage, "/h5/unpaid", &first).await.text();
    assert!(before.contains("测*0"));
    let strange = account::list(stage.app(), &other).await.unwrap()[0].id.clone();
    for act in ["switch", "default", "remove"] {
        let reply = change(&stage, &first, act, &strange).await;
        assert_eq!(reply.status, 404, "{act}");
        assert!(!reply.text().contains("测*2"));
    }
    let second = account::list(stage.app(), &one).await.unwrap()[1].id.clone();
    let switched = change(&stage, &first, "switch", &second).await;
    assert_eq!((switched.status, switched.headers.get(LOCATION).unwrap().to_str().unwrap()), (303, "/h5"));
    let now = cookie(&switched);
    assert_eq!(get(&stage, "/h5/unpaid", &first).await.status, 303, "the session about the first ended");
    let after = get(&stage, "/h5/unpaid", &now).await.text();
    assert!(after.contains("测*1") && !after.contains("测*0"));
    let bills = |text: &str| text.matches("name=\"bill\"").count();
    assert!(bills(&before) > 0 && bills(&after) > 0);
    // Removing whom the session is about goes over to the next, then to nobody.
    let removed = change(&stage, &now, "remove", &second).await;
    let third = cookie(&removed);
    assert!(get(&stage, "/h5/unpaid", &third).await.text().contains("测*0"));
    let last = account::list(stage.app(), &one).await.unwrap()[0].id.clone();
    let nobody = cookie(&change(&stage, &third, "remove", &last).await);
    assert_eq!(get(&stage, "/h5/unpaid", &nobody).await.status, 303);
    assert!(get(&stage, "/h5/patients", &nobody).await.text().contains("还没有就诊人"));
}

#[tokio::test(flavor = "multi_thread")]
async fn identifying_with_an_account_binds_and_no_page_tells_the_account() {
    let stage = Stage::open().await;
    let payer = Private::new("openid-secret");
    let account = login(&stage, &payer).await;
    let page = get(&stage, "/h5/identify/number", &account).await.text();
    let form = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let body = format!("way=number&next=unpaid&form={form}&token={}", stage.patient(4).card_no.reveal());
    let entered = send(stage.request(Method::POST, "/h5/identify").header(COOKIE, &account).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)).await;
    let session = cookie(&entered);
    assert!(entered.headers.get(SET_COOKIE).unwrap().to_str().unwrap().contains("SameSite=Lax"));
    assert_eq!(account::list(stage.app(), &payer).await.unwrap()[0].patient, stage.patient(4).patient_id);
    let patients = get(&stage, "/h5/patients", &session).await.text();
    assert!(patients.contains(&menjie::access::mask_name(stage.patient(4).name.reveal())));
    for clear in ["openid-secret", stage.patient(4).name.reveal(), stage.patient(4).patient_id.as_str(), stage.patient(4).id_no.as_ref().unwrap().reveal()] {
        assert!(!patients.contains(clear));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_in_the_address_is_no_login() {
    let stage = Stage::open().await;
    for query in ["?openid=oX", "?code=c&openid=oX", "?code=c&state=", "?state=s&code=c"] {
        let reply = get(&stage, &format!("/h5/login/back{query}"), "").await;
        assert!(reply.headers.get(SET_COOKIE).is_none() && reply.text().contains("没有完成微信登录"), "{query}");
    }
    let reply = get(&stage, "/h5/login", "").await;
    let to = reply.headers.get(LOCATION).unwrap().to_str().unwrap();
    assert!(reply.status == 303 && to.contains("/connect/oauth2/authorize") && to.contains("h5%2Flogin%2Fback"), "{to}");
    // Without an official account, people identify themselves.
    let without = |config: &mut serde_json::Value| drop(config["hospitals"][0]["notify"].as_object_mut().unwrap().remove("account"));
    let stage = Stage::with(day(), without).await;
    let reply = get(&stage, "/h5/login", "").await;
    assert_eq!((reply.status, reply.headers.get(LOCATION).unwrap().to_str().unwrap()), (303, "/h5/identify?next=unpaid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_pays_with_the_sheet_of_its_own_number() {
    let stage = Stage::open().await;
    let payer = Private::new("oSheetPayer00000000000000001");
    bind(&stage, &payer, 5).await;
    let session = login(&stage, &payer).await;
    let value = |page: &str, name: &str| page.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
    let post = async |path: &str, body: String| {
        let reply = send(stage.request(Method::POST, path).header(COOKIE, &session).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        reply.headers.get(LOCATION).unwrap().to_str().unwrap().to_owned()
    };
    let list = get(&stage, "/h5/unpaid", &session).await.text();
    let confirm = post("/h5/unpaid", format!("form={}&bill={}", value(&list, "form"), value(&list, "bill"))).await;
    let page = get(&stage, &confirm, &session).await.text();
    let paying = post("/h5/pay", format!("form={}&quote={}&key={}&channel=wechat", value(&page, "form"), value(&page, "quote"), value(&page, "key"))).await;
    let mut shown = String::new();
    for _ in 0..20 {
        shown = get(&stage, &paying, &session).await.text();
        if shown.contains("data-sheet=") {
            break;
        }
    }
    assert!(shown.contains("data-sheet=") && shown.contains("paySign") && !shown.contains("data-code"), "{shown}");
    assert!(!shown.contains("oSheetPayer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_is_not_offered_here_is_not_taken_here() {
    let stage = Stage::with(day(), |config| config["server"]["pages"] = json!({ "h5": { "identify_ways": ["phone"] } })).await;
    let id_no = stage.patient(0).id_no.as_ref().unwrap().reveal();
    // A phone cannot show that a card is in somebody's hand, nor can a kiosk without a reader.
    for (root, way, token) in [("/h5", "card", id_no), ("/h5", "number", stage.patient(0).card_no.reveal()), ("/k", "card", id_no), ("/k", "none", id_no)] {
        let body = format!("way={way}&token={token}&next=unpaid");
        let reply = send(stage.request(Method::POST, &format!("{root}/identify")).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)).await;
        assert_eq!(reply.status, 404, "{root} {way}");
        assert!(reply.headers.get(SET_COOKIE).is_none());
    }
}
