use std::collections::BTreeMap;

use menjie::service::Decided;
use menjie_server::staff::console::{self, Founding};
use reqwest::Method;
use tokio::task::JoinSet;

use crate::stage::{Reply, Stage, send};

async fn sign_in(stage: &Stage, login: &str, password: &str) -> Reply {
    let form = format!("login={login}&password={password}");
    send(stage.request(Method::POST, "/a/login").header("content-type", "application/x-www-form-urlencoded").body(form)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_account_until_the_console_makes_one_and_it_needs_the_store_for_itself() {
    let mut stage = Stage::open().await;
    for (login, password) in [("admin", "admin"), ("root", ""), ("system.admin", "system.admin"), ("demo", stage.staff.reveal())] {
        assert_eq!(sign_in(&stage, login, password).await.status, 401, "{login}");
    }
    let config = stage.folder().join("menjie.json");
    let add = async |founding: &Founding| console::add(&config, &BTreeMap::new(), founding).await;
    let founding = Founding { id: "G001".to_owned(), login: "zhang.san".to_owned(), name: "测试甲".to_owned(), roles: vec!["system_admin".to_owned()], departments: Vec::new() };
    let busy = add(&founding).await.unwrap_err();
    assert!(busy.contains("another process owns this store"), "{busy}");
    assert!(stage.stop().await);
    for (wrong, told) in [
        (Founding { roles: vec!["root".to_owned()], ..founding.clone() }, "role"),
        (Founding { roles: Vec::new(), ..founding.clone() }, "role"),
        (Founding { roles: vec!["system_admin".to_owned(), "finance".to_owned()], ..founding.clone() }, "roles"),
        (Founding { roles: vec!["doctor".to_owned()], ..founding.clone() }, "departments"),
        (Founding { login: "张三".to_owned(), ..founding.clone() }, "login"),
        (Founding { id: "G/1".to_owned(), ..founding.clone() }, "id"),
    ] {
        let problem = add(&wrong).await.unwrap_err();
        assert!(problem.contains(told), "{problem}");
    }
    let made = add(&founding).await.unwrap();
    let line = |head: &str| made.lines().find_map(|line| line.strip_prefix(head)).unwrap_or_else(|| panic!("{made}")).trim().to_owned();
    let password = line("password").split_whitespace().next().unwrap().to_owned();
    assert!(line("scan").starts_with("otpauth://totp/") && line("scan").contains(":zhang.san?secret="));
    assert_eq!(add(&founding).await.unwrap_err(), "该工号已有账号");
    stage.start().await;
    let reply = sign_in(&stage, "zhang.san", &password).await;
    assert_eq!((reply.status, reply.headers["location"].to_str().unwrap()), (303, "/a/factor"), "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_keep_their_tokens_and_a_token_opens_no_page() {
    let stage = Stage::open().await;
    assert_eq!(stage.get("/api/v1/staff/attention?kind=payment", stage.staff.reveal()).await.status, 200);
    let page = send(stage.request(Method::GET, "/a").bearer_auth(stage.staff.reveal())).await;
    assert_eq!((page.status, page.headers["location"].to_str().unwrap()), (303, "/a/login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_side_by_side_are_counted_one_by_one() {
    let stage = Stage::open().await;
    let founding = Founding { id: "G002".to_owned(), login: "li.si".to_owned(), name: "测试乙".to_owned(), roles: vec!["reports".to_owned()], departments: Vec::new() };
    let Decided::Done(founded) = console::found(stage.app(), &founding).await.unwrap() else { panic!("not founded") };
    let (client, url) = (stage.client.clone(), format!("{}/a/login", stage.base));
    let mut tries = JoinSet::new();
    for n in 0..12 {
        let request = client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(format!("login=li.si&password=guess-{n}"));
        tries.spawn(async move { send(request).await.status });
    }
    let mut answers = tries.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [[401].repeat(5), [429].repeat(7)].concat(), "five are tried, the others find the name locked");
    assert_eq!(sign_in(&stage, "li.si", founded.password.reveal()).await.status, 429, "also the right one");
}
