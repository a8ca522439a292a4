//! First visits: who makes a file sees it, whoever has one is sent to identify himself, and one record is one file.

use menjie::access::Private;
use menjie_server::{account, session};
use menjie_sim::{Fault, Peer};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use crate::stage::{Reply, Stage, day, send};

const NUMBER: &str = "440599199003070058";
const MINOR: &str = "440599201806150078";

fn record() -> Value {
    json!({
        "name": "测试新", "marital": "10", "ethnic": "01", "id_type": "01", "id_no": NUMBER, "address": "广东省汕头市龙湖区一号", "phone": "13900000001",
        "contact_name": "测试亲", "contact_relation": "5", "pay_method": "7",
    })
}

fn with(field: &str, value: &str) -> Value {
    let mut record = record();
    record[field] = json!(value);
    record
}

async fn register(stage: &Stage, key: &str, record: &Value) -> Reply {
    send(stage.request(Method::POST, "/api/v1/patients").json(&json!({"key": key, "record": record, "bearer": true}))).await
}

async fn follow(stage: &Stage, token: &str, id: &str) -> Reply {
    stage.get(&format!("/api/v1/filings/{id}?wait_ms=8000&bearer=true"), token).await
}

fn of<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn made(stage: &Stage) -> u64 {
    stage.sim.with(|hospital, now| hospital.truth(now)).his.files_made
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_a_file_sees_it_and_nobody_else_does() {
    let stage = Stage::open().await;
    let sent = register(&stage, "key-0000000000001", &record()).await.json();
    assert_eq!(of(&sent, "decision"), "accepted", "{sent}");
    let (id, token) = (of(&sent, "filing_id"), of(&sent, "token"));
    assert_eq!(stage.get("/api/v1/session", token).await.status, 401, "a filing is no patient yet");
    let stranger = register(&stage, "key-0000000000002", &with("id_no", "440599199003070066")).await.json();
    assert_eq!(follow(&stage, of(&stranger, "token"), id).await.status, 404);
    assert_eq!(follow(&stage, "", id).await.status, 401);
    let told = follow(&stage, token, id).await.json();
    assert_eq!((of(&told, "st"), of(&told["opened"], "name")), ("filed", "测*新"), "{told}");
    let open = of(&told["opened"], "token");
    assert_ne!(open, token, "the token changes with what it allows");
    assert_eq!(stage.get("/api/v1/bills/unpaid", open).await.status, 200);
    assert_eq!(follow(&stage, token, id).await.status, 401, "the filing's session is over");
    // A lost answer: the same record under the same key is the same filing, and leads into the same file.
    let again = register(&stage, "key-0000000000001", &record()).await.json();
    assert_eq!((of(&again, "filing_id"), made(&stage)), (id, 2), "{again}");
    assert_eq!(follow(&stage, of(&again, "token"), id).await.json()["opened"]["name"], json!("测*新"));
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_a_document_that_is_filed_opens_nothing_and_tries_are_counted() {
    let stage = Stage::with(day(), |config| config["server"]["lock_after"] = json!(3)).await;
    let patient = stage.patient(0).clone();
    let mut taken = record();
    taken["name"] = json!(patient.name.reveal());
    taken["id_no"] = json!(patient.id_no.as_ref().unwrap().reveal());
    let same = register(&stage, "key-0000000000001", &taken).await.json();
    assert_eq!((of(&same, "decision"), of(&same, "reason")), ("refused", "file_exists"), "{same}");
    taken["name"] = json!("别的人");
    let other = register(&stage, "key-0000000000002", &taken).await.json();
    assert_eq!(of(&other, "reason"), "file_differs");
    assert!(same["token"].is_null() && other["token"].is_null() && !other.to_string().contains(patient.id_no.as_ref().unwrap().reveal()));
    assert_eq!(made(&stage), 0);
    register(&stage, "key-0000000000003", &taken).await;
    let locked = register(&stage, "key-0000000000004", &record()).await;
    assert_eq!((locked.status, locked.code(), locked.headers.contains_key("retry-after")), (429, 22, true), "{}", locked.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_and_a_key_that_can_be_guessed_is_refused() {
    let stage = Stage::open().await;
    let wrong = register(&stage, "key-0000000000001", &with("id_no", "440599199003070050")).await.json();
    let issue = wrong["errors"].as_array().unwrap().iter().find(|issue| of(issue, "path") == "id_no").unwrap();
    assert_eq!((of(&wrong, "decision"), of(issue, "rule"), of(issue, "text")), ("invalid", "REG-010", "证件号码“440***********0050”校验码不正确"), "{wrong}");
    let blank = register(&stage, "key-0000000000002", &with("ethnic", " ")).await.json();
    assert_eq!(of(&blank["errors"][0], "path"), "ethnic");
    let child = register(&stage, "key-0000000000003", &with("id_no", MINOR)).await.json();
    let rules: Vec<&str> = child["errors"].as_array().unwrap().iter().map(|issue| of(issue, "rule")).collect();
    assert!(rules.contains(&"REG-030"), "{child}");
    let short = register(&stage, "1", &record()).await;
    assert_eq!((short.status, short.json()["context"]["field"].as_str()), (422, Some("key")));
    assert_eq!(made(&stage), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_his_that_opens_no_files_has_no_form_and_no_tile() {
    let stage = Stage::with(day(), |config| config["hospitals"][0]["his"]["traits"] = json!({ "lock": true, "query_post": true, "cancel_post": true, "notices": true })).await;
    assert_eq!(register(&stage, "key-0000000000001", &record()).await.status, 404);
    for root in ["/k", "/h5"] {
        assert!(!get(&stage, root, "").await.text().contains("first-visit"));
        assert_eq!(get(&stage, &format!("{root}/first-visit"), "").await.status, 404);
        assert_eq!(post(&stage, &format!("{root}/first-visit"), "", &[]).await.status, 404);
    }
    let nobody = post(&stage, "/k/identify", "", &[("way", "number"), ("token", "99999")]).await.text();
    assert!(nobody.contains("没有找到就诊档案") && !nobody.contains("first-visit"));
}

async fn get(stage: &Stage, path: &str, cookie: &str) -> Reply {
    send(stage.request(Method::GET, path).header(COOKIE, cookie)).await
}

async fn post(stage: &Stage, path: &str, cookie: &str, form: &[(&str, &str)]) -> Reply {
    let body: String = form.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("&");
    send(stage.request(Method::POST, path).header(COOKIE, cookie).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)).await
}

fn header<'r>(reply: &'r Reply, name: &str) -> &'r str {
    reply.headers.get(name).map_or("", |v| v.to_str().unwrap())
}

fn cookie(reply: &Reply) -> String {
    header(reply, SET_COOKIE.as_str()).split(';').next().unwrap().to_owned()
}

fn to(reply: &Reply) -> &str {
    header(reply, LOCATION.as_str())
}

fn proof(page: &Reply) -> String {
    page.text().split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// Begins the form and fills in its steps; the cookie, and where the last step leads to.
async fn fill(stage: &Stage, root: &str, earlier: &str, steps: &[(&str, &[(&str, &str)])]) -> (String, String) {
    let start = get(stage, &format!("{root}/first-visit"), earlier).await;
    let begun = post(stage, &format!("{root}/first-visit"), earlier, &[("next", "paid"), ("form", &proof(&start))]).await;
    let cookie = cookie(&begun);
    let mut next = to(&begun).to_owned();
    for (step, values) in steps {
        let path = format!("{root}/first-visit/{step}");
        let form = proof(&get(stage, &path, &cookie).await);
        let mut values = values.to_vec();
        values.push(("form", &form));
        let taken = post(stage, &path, &cookie, &values).await;
        assert_eq!(taken.status, 303, "{step}: {}", taken.text());
        next = to(&taken).to_owned();
    }
    (cookie, next)
}

const STEPS: [(&str, &[(&str, &str)]); 4] = [
    ("document", &[("id_type", "resident_id"), ("id_no", NUMBER), ("name", "测试新")]),
    ("person", &[("ethnic", "01"), ("marital", "10")]),
    ("home", &[("address", "广东省汕头市龙湖区一号"), ("phone", "13900000001"), ("pay_method", "7")]),
    ("contact", &[("contact_name", "测试亲"), ("contact_relation", "5")]),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_form_makes_one_file_opens_its_session_and_shows_nothing_in_clear() {
    let stage = Stage::open().await;
    let (mine, next) = fill(&stage, "/k", "", &STEPS).await;
    assert_eq!(next, "/k/first-visit/review");
    for word in ["document", "person", "home", "contact", "review"] {
        let page = get(&stage, &format!("/k/first-visit/{word}"), &mine).await;
        assert_eq!(page.status, 200, "{word}");
        for clear in ["测试新", "测试亲", NUMBER, "13900000001", "龙湖区", "03-07"] {
            assert!(!page.text().contains(clear), "{word} shows {clear}");
        }
    }
    let guardian = get(&stage, "/k/first-visit/guardian", &mine).await;
    assert_eq!((guardian.status, to(&guardian)), (303, "/k/first-visit/review"), "nobody asks an adult for a guardian");
    let (one, other) = tokio::join!(post(&stage, "/k/first-visit/review", &mine, &[]), post(&stage, "/k/first-visit/review", &mine, &[]));
    assert_eq!([to(&one), to(&other)], ["/k/first-visit/result"; 2], "{} {}", one.text(), other.text());
    assert_eq!(get(&stage, "/k/first-visit/review", &mine).await.status, 303, "what was typed is gone");
    let result = get(&stage, "/k/first-visit/result", &mine).await;
    assert!(result.text().contains("建档成功") && result.text().contains("href=\"/k/paid\""), "{}", result.text());
    let open = cookie(&result);
    assert!(get(&stage, "/k/unpaid", &open).await.text().contains("测*新"));
    assert_eq!(get(&stage, "/k/unpaid", &mine).await.status, 303);
    assert_eq!(to(&get(&stage, "/k/first-visit/result", &open).await), "/k/unpaid", "the result's page once more");
    assert_eq!(made(&stage), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_reached_in_order_and_a_stranger_reaches_none() {
    let stage = Stage::open().await;
    let (mine, _) = fill(&stage, "/k", "", &STEPS[..1]).await;
    for word in ["contact", "home", "review"] {
        assert_eq!(to(&get(&stage, &format!("/k/first-visit/{word}"), &mine).await), "/k/first-visit/person", "{word}");
    }
    assert_eq!(get(&stage, "/k/first-visit/nothing", &mine).await.status, 404);
    for word in ["document", "review", "result"] {
        assert_eq!(to(&get(&stage, &format!("/k/first-visit/{word}"), "").await), "/k", "{word}");
    }
    let part = send(stage.request(Method::GET, "/k/first-visit/result/state").header("hx-request", "true")).await;
    assert_eq!((part.status, header(&part, "hx-redirect")), (401, "/k"));
    // The home page of a kiosk forgets it all.
    get(&stage, "/k", &mine).await;
    assert_eq!(to(&get(&stage, "/k/first-visit/document", &mine).await), "/k");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_document_forgets_what_the_last_one_told() {
    let stage = Stage::open().await;
    let passport: &[(&str, &str)] = &[("id_type", "passport"), ("id_no", "E12345678"), ("name", "测试新")];
    let person: &[(&str, &str)] = &[("sex", "2"), ("birth_date", "19850101"), ("nationality", "SGP"), ("ethnic", "97"), ("marital", "10")];
    let (mine, next) = fill(&stage, "/k", "", &[("document", passport), ("person", person)]).await;
    assert_eq!(next, "/k/first-visit/home");
    let card =
        post(&stage, "/k/first-visit/document", &mine, &[("card_id_no", NUMBER), ("card_name", "测试卡"), ("card_ethnic", "回族"), ("card_address", "广东省汕头市金平区某路二号")])
            .await;
    assert_eq!(to(&card), "/k/first-visit/home", "the card tells the rest");
    let page = get(&stage, "/k/first-visit/person", &mine).await.text();
    assert!(page.contains("男") && page.contains("中国") && page.contains("1990年**月**日") && !page.contains("新加坡\" selected"), "{page}");
    assert!(page.contains("value=\"03\" selected"), "the card's ethnic group");
    assert!(get(&stage, "/k/first-visit/home", &mine).await.text().contains("广东省汕头市***"), "the card's address");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minor_needs_a_guardian_who_agrees_and_types_nothing_twice() {
    let stage = Stage::open().await;
    let child: &[(&str, &str)] = &[("id_type", "resident_id"), ("id_no", MINOR), ("name", "测试小")];
    let (mine, next) = fill(&stage, "/k", "", &[("document", child), STEPS[1]]).await;
    assert_eq!(next, "/k/first-visit/guardian");
    let guardian = [("guardian.name", "测试大"), ("guardian.relation", "5"), ("guardian.id_type", "resident_id"), ("guardian.id_no", NUMBER), ("guardian.phone", "13900000002")];
    let silent = post(&stage, "/k/first-visit/guardian", &mine, &guardian).await;
    assert!(silent.status == 200 && silent.text().contains("请监护人同意后继续") && !silent.text().contains("测试大"), "{}", silent.text());
    assert_eq!(to(&post(&stage, "/k/first-visit/guardian", &mine, &[("agree", "1")]).await), "/k/first-visit/home", "what was right is kept");
    let home = post(&stage, "/k/first-visit/home", &mine, &[("address", "广东省汕头市"), ("same_phone", "1"), ("pay_method", "7")]).await;
    assert_eq!(to(&home), "/k/first-visit/contact", "{}", home.text());
    assert_eq!(to(&post(&stage, "/k/first-visit/contact", &mine, &[("same_contact", "1")]).await), "/k/first-visit/review");
    post(&stage, "/k/first-visit/review", &mine, &[]).await;
    let result = get(&stage, "/k/first-visit/result", &mine).await;
    assert!(result.text().contains("建档成功"), "{}", result.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_an_account_is_bound_to_it_and_a_known_document_leaves_it_logged_in() {
    let stage = Stage::open().await;
    let payer = Private::new("openid-one");
    let login = session::login(stage.app(), payer.clone(), None).await.unwrap();
    let (mine, _) = fill(&stage, "/h5", &format!("mj_h5={}", login.token.reveal()), &STEPS).await;
    let form = proof(&get(&stage, "/h5/first-visit/review", &mine).await);
    assert_eq!(post(&stage, "/h5/first-visit/review", &mine, &[]).await.status, 403, "a phone's form proves itself");
    post(&stage, "/h5/first-visit/review", &mine, &[("form", &form)]).await;
    let result = get(&stage, "/h5/first-visit/result", &mine).await;
    assert!(result.text().contains("建档成功"), "{}", result.text());
    let bound = account::list(stage.app(), &payer).await.unwrap();
    assert_eq!(bound.iter().map(|file| file.shown.as_str()).collect::<Vec<_>>(), ["测*新"]);
    // The same document again: no second file, and the account is still there.
    let (mine, _) = fill(&stage, "/h5", &cookie(&result), &STEPS).await;
    let form = proof(&get(&stage, "/h5/first-visit/review", &mine).await);
    let known = post(&stage, "/h5/first-visit/review", &mine, &[("form", &form)]).await;
    assert!(known.text().contains("您已有就诊档案") && known.text().contains("/h5/identify?next=paid"), "{}", known.text());
    assert!(get(&stage, "/h5/patients", &cookie(&known)).await.text().contains("测*新"));
    assert_eq!(made(&stage), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_waited_for_and_found() {
    let stage = Stage::open().await;
    stage.sim.with(|hospital, _| hospital.faults.next(Peer::His, "open_file", Fault::TimeoutAfter { ms: 1 }));
    let (mine, _) = fill(&stage, "/k", "", &STEPS).await;
    post(&stage, "/k/first-visit/review", &mine, &[]).await;
    for _ in 0..20 {
        let page = get(&stage, "/k/first-visit/result", &mine).await.text();
        if page.contains("建档成功") {
            assert_eq!(made(&stage), 1);
            return;
        }
        assert!(page.contains("正在建档"), "{page}");
    }
    panic!("never found");
}
