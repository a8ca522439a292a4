//! The simulated phone, the authorise page and their admin calls over real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use menjie_sim::{SimConfig, SimCredentials, SimServer};
use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use support::small_day;

async fn start() -> (SimServer, Client) {
    let server = SimServer::start(SimConfig::local(small_day())).await.unwrap();
    (server, Client::builder().no_proxy().redirect(Policy::none()).timeout(Duration::from_secs(10)).build().unwrap())
}

async fn text(client: &Client, url: String) -> (StatusCode, String) {
    let response = client.get(url).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

async fn post(client: &Client, url: String, kind: &str, body: String) -> (StatusCode, String) {
    let response = client.post(url).header("content-type", kind).body(body).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_phone_shows_codes_and_messages_of_its_owner() {
    let (server, client) = start().await;
    let base = server.urls().wechat.clone();
    let person = small_day().patients.into_iter().find(|p| p.phone.is_some()).unwrap();
    let (id, name) = (person.patient_id.as_str(), person.name.reveal());
    let (_, list) = text(&client, format!("{base}/phone")).await;
    assert!(list.contains("模拟手机") && list.contains(&format!("/phone?who={id}")) && !list.contains("<script"));
    for who in [id, person.card_no.reveal(), person.phone.as_ref().unwrap().reveal(), person.id_no.as_ref().unwrap().reveal()] {
        let (status, page) = text(&client, format!("{base}/phone?who={who}")).await;
        assert!(status == StatusCode::OK && page.contains(name) && page.contains("出示电子健康码"), "{who}");
    }
    assert!(text(&client, format!("{base}/phone?who=nobody")).await.1.contains("查无此人"));
    for (path, pattern) in [("/phone/health-code", ":0</p>"), ("/phone/e-voucher", "<p>51")] {
        let (status, page) = post(&client, format!("{base}{path}"), "application/x-www-form-urlencoded", format!("patient_id={id}")).await;
        assert!(status == StatusCode::OK && page.contains(pattern), "{path}: {page}");
        let (status, _) = post(&client, format!("{base}{path}"), "application/x-www-form-urlencoded", "patient_id=nobody".to_owned()).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    assert_eq!(text(&client, format!("{base}/wechat/style.css")).await.0, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn the_authorise_page_sends_the_browser_back_with_a_code_for_the_chosen_user() {
    let (server, client) = start().await;
    let (base, appid) = (server.urls().identity.clone(), SimCredentials::fixed().appid);
    let ask = |appid: &str, back: &str| format!("{base}/connect/oauth2/authorize?appid={appid}&redirect_uri={back}&response_type=code&scope=snsapi_base&state=a%26b");
    let back = "http%3A%2F%2F127.0.0.1%3A8080%2Fh5%2Flogin%3Fnext%3D%2Fh5";
    let (status, page) = text(&client, ask(&appid, back)).await;
    assert!(status == StatusCode::OK && page.contains("模拟用户甲") && !page.contains("<script"), "{page}");
    assert_eq!(text(&client, ask("wx-other", back)).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(text(&client, ask(&appid, "javascript%3Aalert(1)")).await.0, StatusCode::BAD_REQUEST);
    let link = page.split("href='").find(|part| part.starts_with("/connect/oauth2/choose")).unwrap().split('\'').next().unwrap().replace("&amp;", "&");
    let chosen = client.get(format!("{base}{link}")).send().await.unwrap();
    assert_eq!(chosen.status(), StatusCode::FOUND);
    let location = chosen.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with("http://127.0.0.1:8080/h5/login?next=/h5&code=") && location.ends_with("&state=a%26b"), "{location}");
    let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let target = format!("{base}/sns/oauth2/access_token?appid={appid}&secret={}&code={code}&grant_type=authorization_code", SimCredentials::fixed().account_secret);
    let user: Value = serde_json::from_str(&text(&client, target).await.1).unwrap();
    assert_eq!(user["openid"], "oSimulatedUser0000000000001");
    assert_eq!(text(&client, format!("{base}/connect/oauth2/choose?openid=nobody&redirect_uri={back}")).await.0, StatusCode::BAD_REQUEST);
    server.stop().await;
}

#[tokio::test]
async fn a_tester_gets_the_same_over_the_admin_api() {
    let (server, client) = start().await;
    let admin = server.urls().admin.clone();
    let people: Value = serde_json::from_str(&text(&client, format!("{admin}/admin/people")).await.1).unwrap();
    let person = &people[0];
    assert!(person["visit_ids"][0].is_string() && person["id_no"].is_string() && person["card_no"].is_string());
    for path in ["health-code", "e-voucher"] {
        let (status, minted) = post(&client, format!("{admin}/admin/{path}"), "application/json", json!({"patient_id": person["patient_id"], "life_s": 30}).to_string()).await;
        let minted: Value = serde_json::from_str(&minted).unwrap();
        assert!(status == StatusCode::OK && minted["code"].is_string() && minted["expires_at"].is_string());
        assert_eq!(post(&client, format!("{admin}/admin/{path}"), "application/json", json!({"patient_id": "nobody"}).to_string()).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(text(&client, format!("{admin}/admin/sms")).await.1, "[]");
    let users: Value = serde_json::from_str(&text(&client, format!("{admin}/admin/wechat/users")).await.1).unwrap();
    let (status, code) = post(&client, format!("{admin}/admin/wechat/login-code"), "application/json", json!({"openid": users[2]["openid"]}).to_string()).await;
    assert!(status == StatusCode::OK && code.contains("\"code\""));
    assert_eq!(post(&client, format!("{admin}/admin/wechat/login-code"), "application/json", json!({"openid": "x"}).to_string()).await.0, StatusCode::NOT_FOUND);
    server.stop().await;
}
