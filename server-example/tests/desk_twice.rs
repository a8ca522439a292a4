//! Forms of the staff that are pressed twice: the second press shows what the first one came to, and takes nothing away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "desk/stage.rs"]
#[allow(dead_code)]
mod stage;

use menjie::access::Role;
use menjie::staff::Secret;

use stage::{Person, Reply, proof, stage};

/// The password on a page that shows one.
fn issued(reply: &Reply) -> &str {
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text.split("data-once>").nth(1).and_then(|rest| rest.split('<').next()).unwrap()
}

fn newcomer(password: &str) -> Person {
    Person { login: "li.wei".to_owned(), password: password.to_owned(), secret: None, cookie: String::new() }
}

#[tokio::test]
async fn an_account_is_made_once_and_both_presses_show_its_password() {
    let stage = stage().await;
    let system = stage.enter("SA", Role::SystemAdmin).await;
    let auditor = stage.enter("AUD", Role::AuditAdmin).await;
    let form = [("id", "S9"), ("login", "li.wei"), ("name", "测试新人"), ("key", "k1")];
    let press = || stage.submit("/a/users/new", &system.cookie, &form);
    let (one, two) = tokio::join!(press(), press());
    assert_eq!(issued(&one), issued(&two));
    stage.clock.advance(30_000);
    assert_eq!(issued(&press().await), issued(&one), "sent again a moment later");
    assert_eq!(stage.trail(&auditor).await.matches(">S9<").count(), 1, "made once");
    for other in [
        [("id", "S9"), ("login", "li.wei"), ("name", "别人"), ("key", "k1")],
        [("id", "S9"), ("login", "other"), ("name", "测试新人"), ("key", "k1")],
        [("id", "S9"), ("login", "li.wei"), ("name", "测试新人"), ("key", "k2")],
        [("id", "S9"), ("login", "li.wei"), ("name", "测试新人"), ("key", "")],
    ] {
        let refused = stage.submit("/a/users/new", &system.cookie, &other).await;
        assert!(refused.status == 422 && refused.text.contains("该工号已有账号"), "another account");
    }
    assert_eq!(stage.sign_in(&newcomer(issued(&one))).await.to(), "/a/password");
    stage.clock.advance(60_000);
    let late = press().await;
    assert!(late.status == 422 && late.text.contains("该工号已有账号"), "{}", late.status);
}

#[tokio::test]
async fn a_password_is_reset_once_and_both_presses_show_it() {
    let stage = stage().await;
    let system = stage.enter("SA", Role::SystemAdmin).await;
    let auditor = stage.enter("AUD", Role::AuditAdmin).await;
    stage.submit("/a/users/new", &system.cookie, &[("id", "S9"), ("login", "li.wei"), ("name", "测试新人")]).await;
    stage.clock.advance(60_000);
    let form = |key: &'static str| {
        let fields = [("key", key)];
        let (stage, system) = (&stage, &system);
        async move { stage.submit("/a/users/S9/password", &system.cookie, &fields).await }
    };
    let press = || form("k1");
    let (one, two) = tokio::join!(press(), press());
    assert_eq!(issued(&one), issued(&two));
    assert_eq!(stage.sign_in(&newcomer(issued(&one))).await.to(), "/a/password");
    assert_eq!(stage.trail(&auditor).await.matches(">重置密码<").count(), 1);
    // Somebody stands there with the password of before: another form is another wish, at once.
    let again = form("k2").await;
    assert_ne!(issued(&again), issued(&one));
    assert_eq!(stage.trail(&auditor).await.matches(">重置密码<").count(), 2);
    assert_eq!(stage.sign_in(&newcomer(issued(&one))).await.status, 401, "it opens no more");
    assert_eq!(stage.sign_in(&newcomer(issued(&again))).await.to(), "/a/password");
    stage.clock.advance(60_000);
    assert_ne!(issued(&form("k2").await), issued(&again), "a minute later it is another wish, too");
}

#[tokio::test]
async fn whoever_is_through_a_step_already_is_led_on() {
    let stage = stage().await;
    let finance = stage.found("S1", Role::Finance).await;
    let first = stage.sign_in(&finance).await.cookie().unwrap();
    let (form, code) = (proof(&stage.get("/a/factor", &first).await.text), stage.code(&finance));
    let fields = [("code", code.as_str()), ("form", form.as_str())];
    let shown = stage.post("/a/factor", &first, &fields).await;
    // The browser has the next session's cookie when the button is pressed again, on the page of before.
    let again = stage.post("/a/factor", &shown.cookie().unwrap(), &fields).await;
    assert_eq!((again.status, again.to()), (303, shown.to()));
}

#[tokio::test]
async fn whoever_has_enrolled_already_is_led_on() {
    let stage = stage().await;
    let person = stage.enter("S1", Role::Reports).await;
    let page = stage.get("/a/enrol", &person.cookie).await.text;
    let secret: String = page.split("class=\"once mono\">").nth(1).unwrap().split('<').next().unwrap().split(' ').collect();
    let secret: Secret = serde_json::from_str(&format!("\"{secret}\"")).unwrap();
    let code = secret.code_at(stage.app.engine().now()).unwrap();
    let (form, code) = (proof(&page), code.reveal());
    let fields = [("code", code), ("form", form.as_str())];
    let enrolled = stage.post("/a/enrol", &person.cookie, &fields).await;
    assert_eq!(enrolled.to(), "/a");
    let again = stage.post("/a/enrol", &enrolled.cookie().unwrap(), &fields).await;
    assert_eq!((again.status, again.to()), (303, "/a"));
}
