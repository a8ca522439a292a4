//! The pages over real HTTP: headers, sessions, masking, strangers, content, errors.

use reqwest::Method;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, ETAG, IF_NONE_MATCH, LOCATION, SET_COOKIE};
use serde_json::json;

use crate::stage::{Reply, Stage, day, send};

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

/// Identifies by the visit card and returns the cookie.
async fn enter(stage: &Stage, root: &str, at: usize) -> String {
    let card = stage.patient(at).card_no.reveal();
    let reply = post(stage, &format!("{root}/identify"), "", &[("way", "number"), ("token", card), ("next", "unpaid")]).await;
    assert_eq!((reply.status, header(&reply, LOCATION.as_str())), (303, format!("{root}/unpaid").as_str()), "{}", reply.text());
    header(&reply, SET_COOKIE.as_str()).split(';').next().unwrap().to_owned()
}

/// The values of a form's hidden field.
fn field(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    page.split(&mark).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_wear_a_strict_policy_and_are_kept_nowhere() {
    let stage = Stage::open().await;
    for path in ["/k", "/h5", "/k/identify", "/k/intro", "/h5/guide", "/k/nothing"] {
        let page = get(&stage, path, "").await;
        let policy = header(&page, "content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("content-type", "text/html; charset=utf-8"),
        ] {
            assert_eq!(header(&page, name), value, "{path}");
        }
        assert!(header(&page, "permissions-policy").contains("camera=()"));
        let text = page.text();
        assert!(!text.contains("<script>") && !text.contains(" style=") && !text.contains("onclick") && !text.contains("javascript:"), "{path} has something inline");
    }
    // What is no page keeps its own policy.
    assert!(header(&get(&stage, "/healthz", "").await, "content-security-policy").contains("form-action 'none'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_may_frame_the_pages_when_the_hospital_says_so_and_an_agent_may_be_asked() {
    let change = |config: &mut serde_json::Value| {
        config["server"]["pages"] =
            json!({ "frame_ancestors": ["https://shell.example"], "kiosk": { "device": { "kind": "agent", "url": "http://127.0.0.1:18080", "token": "t" } } });
    };
    let stage = Stage::with(day(), change).await;
    let policy = header(&get(&stage, "/k", "").await, "content-security-policy").to_owned();
    assert!(policy.contains("frame-ancestors https://shell.example") && policy.contains("connect-src 'self' http://127.0.0.1:18080;"), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_may_be_asked_where_it_is_only_where_the_hospital_says_where_it_is() {
    let allowed = async |change: fn(&mut serde_json::Value), path: &str| {
        let stage = Stage::with(day(), change).await;
        header(&get(&stage, path, "").await, "permissions-policy").to_owned()
    };
    let set: fn(&mut serde_json::Value) =
        |config| config["hospitals"][0]["terms"] = json!({ "visit": { "check_in": { "position": { "lat_e6": 23_354_000, "lon_e6": 116_682_000 } } } });
    assert_eq!(allowed(set, "/h5").await, "camera=(), microphone=(), geolocation=(self)");
    assert!(allowed(set, "/k").await.contains("geolocation=()"), "a kiosk stands in the hospital");
    assert!(allowed(|_| (), "/h5").await.contains("geolocation=()"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_his_without_check_ins_has_no_page_and_no_tile_for_them() {
    let change = |config: &mut serde_json::Value| config["hospitals"][0]["his"]["traits"] = json!({ "lock": true, "query_post": true, "cancel_post": true, "notices": true });
    let stage = Stage::with(day(), change).await;
    let cookie = enter(&stage, "/k", 0).await;
    assert_eq!(get(&stage, "/k/check-in", &cookie).await.status, 404);
    assert_eq!(post(&stage, "/k/check-in", &cookie, &[("act", "check_in"), ("visit", "V1"), ("key", "k1")]).await.status, 404);
    assert_eq!(get(&stage, "/k/suspensions", &cookie).await.status, 200, "notices may come all the same");
    assert!(!get(&stage, "/k", "").await.text().contains("就诊签到"));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_for_ever_under_an_address_of_their_content() {
    let stage = Stage::open().await;
    let page = get(&stage, "/k", "").await.text();
    let address = page.split("href=\"").find_map(|rest| rest.split('"').next().filter(|a| a.ends_with("kiosk.css"))).unwrap();
    let file = get(&stage, address, "").await;
    assert_eq!((file.status, header(&file, CACHE_CONTROL.as_str()), header(&file, "content-type")), (200, "public, max-age=31536000, immutable", "text/css; charset=utf-8"));
    assert!(file.text().contains("--brand:#0b6b72"));
    let known = send(stage.request(Method::GET, address).header(IF_NONE_MATCH, header(&file, ETAG.as_str()))).await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    let old = get(&stage, "/assets/000000000000/kiosk.css", "").await;
    assert_eq!((old.status, header(&old, CACHE_CONTROL.as_str())), (200, "no-cache"));
    assert_eq!(get(&stage, "/assets/x/../../Cargo.toml", "").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_personal_is_masked_before_it_leaves() {
    let stage = Stage::open().await;
    let patient = stage.patient(0);
    for root in ["/k", "/h5"] {
        let cookie = enter(&stage, root, 0).await;
        let list = get(&stage, &format!("{root}/unpaid"), &cookie).await.text();
        assert!(list.contains(&menjie::access::mask_name(patient.name.reveal())));
        for clear in [patient.name.reveal(), patient.card_no.reveal(), patient.patient_id.as_str(), patient.id_no.as_ref().unwrap().reveal()] {
            assert!(!list.contains(clear), "{root}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_shown_again_until_it_expires_and_only_to_its_patient() {
    let stage = Stage::open().await;
    let (mine, other) = (enter(&stage, "/k", 0).await, enter(&stage, "/k", 1).await);
    let list = get(&stage, "/k/unpaid", &mine).await.text();
    let quoted = post(&stage, "/k/unpaid", &mine, &[("bill", &field(&list, "bill"))]).await;
    let confirm = header(&quoted, LOCATION.as_str()).to_owned();
    assert!(confirm.starts_with("/k/confirm/"), "{}", quoted.text());
    let page = get(&stage, &confirm, &mine).await;
    assert_eq!(page.status, 200);
    assert_ne!(field(&page.text(), "key"), field(&get(&stage, &confirm, &mine).await.text(), "key"), "each page pays once by itself");
    let strange = get(&stage, &confirm, &other).await;
    assert_eq!(strange.status, 404);
    assert!(!strange.text().contains('¥'));
    let none = post(&stage, "/k/unpaid", &mine, &[]).await;
    assert!(none.status == 200 && none.text().contains("还没有选择单据"));
    let stale = post(&stage, "/k/unpaid", &mine, &[("bill", "0000")]).await;
    assert!(stale.status == 200 && stale.text().contains("费用已有变化"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_leads_home_and_parts_of_pages_are_told_so() {
    let stage = Stage::open().await;
    for (path, home) in [("/k/unpaid", "/k"), ("/k/pay/1", "/k"), ("/k/paid", "/k"), ("/h5/unpaid", "/h5")] {
        let page = get(&stage, path, "").await;
        assert_eq!((page.status, header(&page, LOCATION.as_str())), (303, home), "{path}");
        let part = send(stage.request(Method::GET, path).header("hx-request", "true")).await;
        assert_eq!((part.status, header(&part, "hx-redirect")), (401, home), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_form_proves_itself_and_a_foreign_page_may_send_none() {
    let stage = Stage::open().await;
    let cookie = enter(&stage, "/h5", 0).await;
    let list = get(&stage, "/h5/unpaid", &cookie).await.text();
    let (bill, form) = (field(&list, "bill"), field(&list, "form"));
    assert_eq!(post(&stage, "/h5/unpaid", &cookie, &[("bill", &bill)]).await.status, 403);
    assert_eq!(post(&stage, "/h5/unpaid", &cookie, &[("bill", &bill), ("form", "x")]).await.status, 403);
    assert_eq!(post(&stage, "/h5/unpaid", &cookie, &[("bill", &bill), ("form", &form)]).await.status, 303);
    for root in ["/k", "/h5"] {
        let foreign = send(stage.request(Method::POST, &format!("{root}/exit")).header("origin", "https://evil.example")).await;
        assert_eq!(foreign.status, 403);
        assert!(foreign.text().contains("error-403") || foreign.text().contains("不能这样打开"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_pages_with_a_number_for_staff_and_a_way_back() {
    let stage = Stage::open().await;
    let missing = get(&stage, "/k/nothing", "").await;
    let number = header(&missing, "x-request-id").to_owned();
    let text = missing.text();
    assert_eq!(missing.status, 404);
    assert!(text.contains(&format!("404-{number}")) && text.contains("没有找到这个页面") && text.contains("href=\"/k\""), "{text}");
    let method = send(stage.request(Method::PUT, "/h5/unpaid")).await;
    assert_eq!((method.status, header(&method, "content-type")), (405, "text/html; charset=utf-8"));
    // The API's failures stay JSON.
    assert_eq!(header(&get(&stage, "/api/v1/nothing", "").await, "content-type"), "application/json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_changes_names_texts_colours_and_content_without_a_compiler() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("intro.md"), "## 你好\n\n<script>alert(1)</script>").unwrap();
    std::fs::write(folder.path().join("departments.json"), r#"[{"name":"<b>甲科</b>","place":"九楼"}]"#).unwrap();
    let content = folder.path().display().to_string();
    let change = move |config: &mut serde_json::Value| {
        config["server"]["pages"] = json!({
            "hospital_name": "甲医院", "window": "九号窗", "phone": "12345", "content": content, "hide_departments": true,
            "colours": { "brand": "#123456" }, "texts": { "tile_pay": "交钱" },
        });
    };
    let stage = Stage::with(day(), change).await;
    let home = get(&stage, "/k", "").await.text();
    assert!(home.contains("甲医院") && home.contains("九号窗") && home.contains("12345") && home.contains("交钱"));
    let intro = get(&stage, "/k/intro", "").await.text();
    assert!(intro.contains("<h2>你好</h2>") && intro.contains("&#60;script&#62;alert(1)") && !intro.contains("<script>alert"), "{intro}");
    let departments = get(&stage, "/h5/departments", "").await.text();
    assert!(departments.contains("&#60;b&#62;甲科") && departments.contains("九楼"));
    std::fs::write(folder.path().join("departments.json"), r#"[{"name":"乙科","place":"九楼"}]"#).unwrap();
    assert!(get(&stage, "/h5/departments", "").await.text().contains("乙科"));
    let map = get(&stage, "/k/pictures/map.svg", "").await;
    assert!(header(&map, "content-type") == "image/svg+xml" && header(&map, "content-security-policy").contains("sandbox"));
    let cookie = enter(&stage, "/k", 0).await;
    let clinic = &stage.day.visits.iter().find(|v| v.visit.patient_id == stage.patient(0).patient_id).unwrap().visit.dept_name;
    let list = get(&stage, "/k/unpaid", &cookie).await.text();
    let heads: Vec<&str> = list.split("<h2>").skip(1).filter_map(|rest| rest.split("</h2>").next()).collect();
    assert!(!heads.is_empty() && heads.iter().all(|head| head.contains("门诊") && !head.contains(clinic)), "{heads:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_home_ends_what_was_left_and_leaving_ends_everything() {
    let stage = Stage::open().await;
    let cookie = enter(&stage, "/k", 0).await;
    assert_eq!(get(&stage, "/k/unpaid", &cookie).await.status, 200);
    let home = get(&stage, "/k", &cookie).await;
    assert!(header(&home, SET_COOKIE.as_str()).contains("mj_session=; ") && header(&home, SET_COOKIE.as_str()).contains("Max-Age=0"));
    assert_eq!(get(&stage, "/k/unpaid", &cookie).await.status, 303);
    let cookie = enter(&stage, "/h5", 0).await;
    assert!(get(&stage, "/h5", &cookie).await.text().contains("*"), "a phone keeps its patient");
    let form = field(&get(&stage, "/h5/unpaid", &cookie).await.text(), "form");
    let left = post(&stage, "/h5/exit", &cookie, &[("form", &form)]).await;
    assert_eq!((left.status, header(&left, LOCATION.as_str())), (303, "/h5"));
    assert_eq!(get(&stage, "/h5/unpaid", &cookie).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_touch_keeps_a_session_and_a_session_that_is_over_leaves_the_page() {
    let stage = Stage::open().await;
    assert_eq!(post(&stage, "/k/alive", "", &[]).await.status, 204, "nobody is identified yet");
    let cookie = enter(&stage, "/k", 0).await;
    assert_eq!(post(&stage, "/k/alive", &cookie, &[]).await.status, 204);
    post(&stage, "/k/exit", &cookie, &[]).await;
    let gone = post(&stage, "/k/alive", &cookie, &[]).await;
    assert_eq!((gone.status, header(&gone, "hx-redirect")), (401, "/k"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_is_a_finished_payments_and_its_patients() {
    let stage = Stage::open().await;
    let (mine, other) = (enter(&stage, "/k", 0).await, enter(&stage, "/k", 1).await);
    let session = mine.split_once('=').unwrap().1;
    let (payment, code) = stage.order(session, "slip").await;
    let path = format!("/k/result/{payment}/slip");
    assert_eq!(get(&stage, &path, &mine).await.status, 404, "nothing is paid yet");
    stage.scan(&code).await;
    stage.done(session, &payment).await;
    let slip = get(&stage, &path, &mine).await;
    assert!(slip.status == 200 && slip.text().contains("<svg role=\"img\"") && slip.text().contains("扫码保存凭条"), "{}", slip.text());
    assert_eq!(get(&stage, &path, &other).await.status, 404);
    assert_eq!(get(&stage, &path, "").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_waits_for_news_is_told_at_once() {
    let stage = Stage::open().await;
    let mine = enter(&stage, "/k", 0).await;
    let (payment, code) = stage.order(mine.split_once('=').unwrap().1, "news").await;
    let page = get(&stage, &format!("/k/pay/{payment}"), &mine).await.text();
    let news = page.split("hx-get=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().replace("&amp;", "&").replace("&#38;", "&");
    assert!(news.contains("stage=awaiting&since="), "{news}");
    let mut told = std::pin::pin!(get(&stage, &news, &mine));
    let early = tokio::time::timeout(std::time::Duration::from_millis(500), &mut told).await;
    assert!(early.is_err(), "nothing happened, and it was answered");
    stage.scan(&code).await;
    // Told of the payment, or of a step before it, and not because the wait was over (eight seconds).
    let told = tokio::time::timeout(std::time::Duration::from_secs(6), told).await.unwrap();
    assert!([200, 204].contains(&told.status), "{}", told.status);
    assert_eq!(stage.done(mine.split_once('=').unwrap().1, &payment).await.progress, menjie::service::Progress::Done);
}
