//! The staff pages by a clock that is moved by hand, over the store in memory: every page against every role, how sessions begin
//! and end, what locks, what a form must bring.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "desk/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use menjie::access::Role;
use menjie::ident::StaffId;
use menjie::staff::Secret;

use menjie_server::staff::pages::{Gate, PAGES};

use stage::{OWN, Person, proof, stage};

/// Every page against every role. A page that is added joins by its row; what answers is compared with the permission table.
#[tokio::test]
async fn every_page_is_open_to_whom_the_table_says_and_closed_to_everybody_else() {
    let stage = stage().await;
    let mut people = BTreeMap::new();
    for role in Role::STAFF {
        people.insert(role, stage.enter(&format!("S-{}", role.code()), role).await);
    }
    stage.found("S-victim", Role::Reports).await;
    let mut refused = 0;
    for page in &PAGES {
        // What ends the session is tried elsewhere; so are the pages of the log (tests/log.rs).
        if page.path == "/a/logout" || !page.is_served(&stage.app) {
            continue;
        }
        let of_refund = page.path.starts_with("/a/refunds/") && page.path.contains("{id}");
        let path = page.path.replace("{id}", if of_refund { "913827376872292357" } else { "S-victim" });
        let nobody = if page.method == "GET" { stage.get(&path, "").await } else { stage.post(&path, "", &[]).await };
        match page.gate {
            Gate::Open => assert!([200, 401].contains(&nobody.status), "{} {path}: {}", page.method, nobody.status),
            Gate::Entering | Gate::Staff | Gate::Right(_) => assert_eq!((nobody.status, nobody.to()), (303, "/a/login"), "{} {path}", page.method),
        }
        for (role, person) in &people {
            let reply = if page.method == "GET" { stage.get(&path, &person.cookie).await } else { stage.submit(&path, &person.cookie, &[]).await };
            let case = format!("{} {path} as {role:?}: {} {}", page.method, reply.status, reply.to());
            let allowed = match page.gate {
                Gate::Open | Gate::Entering | Gate::Staff => true,
                Gate::Right(right) => menjie::access::GRANTS.iter().any(|grant| grant.right == right && grant.roles.contains(role)),
            };
            if allowed {
                // A form without its fields is refused as a form, or does what it does without any; never for want of a right.
                // A refund that does not exist is missing to whoever may ask for one.
                let usual = if of_refund { matches!(reply.status, 404 | 422) } else { matches!(reply.status, 200 | 303 | 401 | 422) };
                assert!(usual || (page.gate == Gate::Open && reply.status == 429), "{case}");
                assert_ne!(reply.to(), "/a/login", "{case}");
            } else {
                refused += 1;
                assert_eq!(reply.status, 403, "{case}");
                assert!(reply.text.contains("没有权限"), "{case}");
            }
        }
    }
    assert!(refused > 200, "only {refused} were refused");
    let trail = stage.trail(&people[&Role::AuditAdmin]).await;
    assert!(trail.contains("越权访问被拒") && trail.contains("POST /a/trail/export"), "refusals are written down");
}

#[tokio::test]
async fn the_menu_shows_what_one_may_open() {
    let stage = stage().await;
    for (number, role, there, missing) in
        [("S1", Role::SystemAdmin, "/a/users", "/a/trail"), ("S2", Role::AuditAdmin, "/a/trail", "/a/users"), ("S3", Role::Doctor, "/a/refunds/doctor", "/a/refunds/finance")]
    {
        let person = stage.enter(number, role).await;
        let home = stage.get("/a", &person.cookie).await.text;
        assert!(home.contains(&format!("href=\"{there}\"")) && !home.contains(&format!("href=\"{missing}\"")), "{role:?}");
        assert!(home.contains(role.name()) && home.contains("测试职工") && home.contains("退出登录"));
    }
}

#[tokio::test]
async fn the_way_in_is_taken_step_by_step_and_each_step_has_its_own_session() {
    let stage = stage().await;
    let finance = stage.found("S1", Role::Finance).await;
    let first = stage.sign_in(&finance).await;
    assert_eq!((first.status, first.to()), (303, "/a/factor"));
    let one = first.cookie().unwrap();
    let header = first.headers["set-cookie"].to_str().unwrap();
    assert!(header.ends_with("; Path=/a; HttpOnly; SameSite=Strict"), "{header}");
    for path in ["/a", "/a/password", "/a/enrol", "/a/users"] {
        assert_eq!(stage.get(path, &one).await.to(), "/a/factor", "{path} comes later");
    }
    let wrong = stage.submit("/a/factor", &one, &[("code", "000000")]).await;
    assert_eq!((wrong.status, wrong.cookie()), (401, None));
    let code = stage.code(&finance);
    let second = stage.submit("/a/factor", &one, &[("code", &code)]).await;
    assert_eq!(second.to(), "/a/password");
    let two = second.cookie().unwrap();
    assert_ne!(one, two, "what allows more is another session");
    assert_eq!(stage.get("/a/factor", &one).await.to(), "/a/login?ended=1", "the one before is over");
    assert_eq!(stage.get("/a", &two).await.to(), "/a/password");
    for (fields, told) in [
        ([("present", finance.password.as_str()), ("new", OWN), ("again", "x")], "不一致"),
        ([("present", "x"), ("new", OWN), ("again", OWN)], "当前密码不正确"),
        ([("present", finance.password.as_str()), ("new", "weak"), ("again", "weak")], "至少8位"),
        ([("present", finance.password.as_str()), ("new", finance.password.as_str()), ("again", finance.password.as_str())], "最近5次"),
    ] {
        let refused = stage.submit("/a/password", &two, &fields).await;
        assert!(refused.status >= 400 && refused.text.contains(told), "{told}: {}", refused.status);
    }
    let third = stage.submit("/a/password", &two, &[("present", &finance.password), ("new", OWN), ("again", OWN)]).await;
    assert_eq!(third.to(), "/a");
    assert_eq!(stage.get("/a", &third.cookie().unwrap()).await.status, 200);
    assert_eq!(stage.get("/a", &two).await.to(), "/a/login?ended=1");
    // Somebody who looked over a shoulder has password and code.
    let thief = stage.post("/a/login", "", &[("login", "u-s1"), ("password", OWN)]).await;
    assert_eq!(stage.submit("/a/factor", &thief.cookie().unwrap(), &[("code", &code)]).await.status, 401, "a code is good once");
}

#[tokio::test]
async fn a_planted_session_is_worth_nothing_after_the_login() {
    let stage = stage().await;
    let doctor = stage.found("S1", Role::Doctor).await;
    // The attacker has a session of his own at the same step and plants its cookie.
    let planted = stage.sign_in(&doctor).await.cookie().unwrap();
    let reply = stage.post("/a/login", &planted, &[("login", &doctor.login), ("password", &doctor.password)]).await;
    assert_ne!(reply.cookie().unwrap(), planted);
    assert_eq!(stage.get("/a/password", &planted).await.to(), "/a/login?ended=1");
    let made_up = "a".repeat(64);
    let reply = stage.post("/a/login", &made_up, &[("login", &doctor.login), ("password", &doctor.password)]).await;
    assert_ne!(reply.cookie().unwrap(), made_up, "a token is never taken from outside");
}

#[tokio::test]
async fn a_session_ends_after_a_quarter_of_an_hour_alone_and_after_twelve_hours_anyway() {
    let stage = stage().await;
    let person = stage.enter("S1", Role::Doctor).await;
    stage.clock.advance(840_000);
    assert!(stage.is_in(&person).await);
    stage.clock.advance(899_000);
    assert!(stage.is_in(&person).await, "it was used");
    stage.clock.advance(900_000);
    let gone = stage.get("/a", &person.cookie).await;
    assert_eq!(gone.to(), "/a/login?ended=1");
    assert!(stage.get(gone.to(), "").await.text.contains("已超时"));
    let again = stage.sign_in(&person).await;
    let person = Person { cookie: again.cookie().unwrap(), ..person };
    for _ in 0..71 {
        stage.clock.advance(600_000);
        assert!(stage.is_in(&person).await);
    }
    stage.clock.advance(600_000);
    assert!(!stage.is_in(&person).await, "twelve hours");
    assert_eq!(stage.get("/a", &person.cookie).await.headers.get("refresh"), None);
}

#[tokio::test]
async fn a_page_that_is_left_alone_leaves_the_screen() {
    let stage = stage().await;
    let person = stage.enter("S1", Role::Doctor).await;
    let home = stage.get("/a", &person.cookie).await;
    assert_eq!(home.headers["refresh"], "901; url=/a/login?ended=1");
    assert_eq!(home.headers["cache-control"], "no-store");
    let policy = home.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("script-src"), "no script runs here: {policy}");
    assert!(!home.text.contains("<script") && !home.text.contains(" style="), "none is there either");
}

#[tokio::test]
async fn leaving_ends_the_session_here_and_only_it() {
    let stage = stage().await;
    let person = stage.enter("S1", Role::Doctor).await;
    let other = Person { cookie: stage.sign_in(&person).await.cookie().unwrap(), ..person.clone() };
    let left = stage.submit("/a/logout", &person.cookie, &[]).await;
    assert_eq!(left.to(), "/a/login");
    assert!(left.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert!(!stage.is_in(&person).await && stage.is_in(&other).await);
}

#[tokio::test]
async fn five_failures_lock_a_name_and_a_name_nobody_has_looks_the_same() {
    let stage = stage().await;
    let doctor = stage.found("S1", Role::Doctor).await;
    let mut told = Vec::new();
    for login in ["u-s1", "nobody.here"] {
        let mut seen = Vec::new();
        for _ in 0..5 {
            let reply = stage.post("/a/login", "", &[("login", login), ("password", "Wrong-one-1")]).await;
            seen.push((reply.status, reply.text.contains("不正确")));
        }
        let sixth = stage.post("/a/login", "", &[("login", login), ("password", &doctor.password)]).await;
        seen.push((sixth.status, sixth.text.contains("请15分钟后再试")));
        assert_eq!(sixth.headers["retry-after"], "900");
        told.push((seen, sixth.text));
    }
    assert_eq!(told[0], told[1], "nobody learns which names there are");
    assert_eq!(told[0].0, [[(401, true)].repeat(5), vec![(429, true)]].concat());
    stage.clock.advance(900_000);
    assert_eq!(stage.sign_in(&doctor).await.status, 303);
}

#[tokio::test]
async fn an_address_that_fails_again_and_again_must_wait_whatever_names_it_tries() {
    let stage = stage().await;
    for n in 0..30 {
        assert_eq!(stage.post("/a/login", "", &[("login", &format!("name-{n}")), ("password", "x")]).await.status, 401);
    }
    let doctor = stage.found("S1", Role::Doctor).await;
    assert_eq!(stage.sign_in(&doctor).await.status, 429);
    stage.clock.advance(60_000);
    assert_eq!(stage.sign_in(&doctor).await.status, 303);
}

#[tokio::test]
async fn a_form_must_be_ours_and_of_this_session() {
    let stage = stage().await;
    let (person, other) = (stage.enter("S1", Role::Doctor).await, stage.enter("S2", Role::Doctor).await);
    let foreign = proof(&stage.get("/a/password", &other.cookie).await.text);
    assert_eq!(foreign.len(), 32);
    for fields in [&[][..], &[("form", "")], &[("form", foreign.as_str())]] {
        assert_eq!(stage.post("/a/logout", &person.cookie, fields).await.status, 403, "{fields:?}");
    }
    let own = proof(&stage.get("/a/password", &person.cookie).await.text);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")] {
        for path in ["/a/logout", "/a/login"] {
            let request = Request::builder().method("POST").uri(path).header("cookie", format!("mj_staff={}", person.cookie)).header(name, value).header("host", "menjie");
            let request = request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(format!("form={own}"))).unwrap();
            let reply = stage.send(request).await;
            assert_eq!(reply.status, 403, "{path} {name}: {value}");
            assert!(reply.text.contains("不能这样打开") && reply.text.contains("<h1>"), "as a page");
        }
    }
    assert!(stage.is_in(&person).await, "nothing happened");
}

#[tokio::test]
async fn administrators_make_an_account_together_and_what_they_change_counts_at_once() {
    let stage = stage().await;
    let system = stage.enter("SA", Role::SystemAdmin).await;
    let security = stage.enter("SEC", Role::SecurityAdmin).await;
    let auditor = stage.enter("AUD", Role::AuditAdmin).await;
    let made = stage.submit("/a/users/new", &system.cookie, &[("id", "S9"), ("login", "li.wei"), ("name", "测试新人")]).await;
    assert_eq!(made.status, 200);
    let password = made.text.split("data-once>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let again = stage.submit("/a/users/new", &system.cookie, &[("id", "S8"), ("login", "LI.wei"), ("name", "别人")]).await;
    assert!(again.status == 422 && again.text.contains("该登录名已被使用") && again.text.contains("value=\"S8\""), "what was typed stays");
    let mut person = Person { login: "li.wei".to_owned(), password, secret: None, cookie: String::new() };
    let reply = stage.sign_in(&person).await;
    assert_eq!(reply.to(), "/a/password");
    let reply = stage.submit("/a/password", &reply.cookie().unwrap(), &[("present", &person.password), ("new", OWN), ("again", OWN)]).await;
    person.cookie = reply.cookie().unwrap();
    person.password = OWN.to_owned();
    assert!(stage.get("/a", &person.cookie).await.text.contains("还没有角色"));

    for (fields, told) in [
        (vec![("role", "doctor")], "须填写所属科室"),
        (vec![("role", "finance"), ("departments", "D1")], "须填写所属科室"),
        (vec![("role", "finance"), ("role", "audit_admin")], "不能与其他角色同时授予"),
    ] {
        let refused = stage.submit("/a/users/S9/roles", &security.cookie, &fields).await;
        assert!(refused.status == 422 && refused.text.contains(told), "{fields:?}");
    }
    let done = stage.submit("/a/users/S9/roles", &security.cookie, &[("role", "doctor"), ("role", "finance"), ("departments", "D1，D2 D1")]).await;
    assert_eq!(done.to(), "/a/users/S9");
    let account = stage.app.engine().account(stage.app.hospital(), &StaffId::new("S9").unwrap()).await.unwrap().unwrap();
    assert_eq!((account.roles, account.departments.len()), (vec![Role::Finance, Role::Doctor], 2));
    assert!(!stage.is_in(&person).await, "with other roles one logs in anew");

    // Finance needs a second factor now, and enrols it at the next login.
    let reply = stage.sign_in(&person).await;
    assert_eq!(reply.to(), "/a/enrol");
    let cookie = reply.cookie().unwrap();
    let page = stage.get("/a/enrol", &cookie).await.text;
    assert_eq!(page, stage.get("/a/enrol", &cookie).await.text, "the secret stays the same when the page is loaded again");
    let secret: String = page.split("class=\"once mono\">").nth(1).unwrap().split('<').next().unwrap().split(' ').collect();
    let secret: Secret = serde_json::from_str(&format!("\"{secret}\"")).unwrap();
    person.secret = Some(secret);
    assert_eq!(stage.submit("/a/enrol", &cookie, &[("code", "000000")]).await.status, 422);
    let reply = stage.submit("/a/enrol", &cookie, &[("code", &stage.code(&person))]).await;
    assert_eq!(reply.to(), "/a");
    person.cookie = reply.cookie().unwrap();
    assert!(stage.is_in(&person).await);
    assert_eq!(stage.get("/a/enrol", &person.cookie).await.to(), "/a", "there is one already");

    assert_eq!(stage.submit("/a/users/S9/factor", &security.cookie, &[]).await.to(), "/a/users/S9");
    assert!(!stage.is_in(&person).await);
    assert_eq!(stage.sign_in(&person).await.to(), "/a/enrol", "a lost phone is replaced by another");
    let reset = stage.submit("/a/users/S9/password", &system.cookie, &[]).await;
    assert!(reset.status == 200 && reset.text.contains("data-once"));
    assert_eq!(stage.sign_in(&person).await.status, 401);
    assert_eq!(stage.submit("/a/users/S9/state", &system.cookie, &[("set", "disabled")]).await.to(), "/a/users/S9");
    assert!(stage.get("/a/users", &system.cookie).await.text.contains("已停用"));
    let own = stage.submit("/a/users/SA/state", &system.cookie, &[("set", "disabled")]).await;
    assert!(own.status == 409 && own.text.contains("不能对自己的账号"), "{}", own.status);
    let last = stage.submit("/a/users/AUD/state", &system.cookie, &[("set", "disabled")]).await;
    assert!(last.status == 409 && last.text.contains("唯一可用"));
    for path in ["/a/users/none", "/a/users/%2e%2e", "/a/nothing"] {
        assert_eq!(stage.get(path, &system.cookie).await.status, 404, "{path}");
    }
    assert_eq!(stage.submit("/a/users/S9/state", &system.cookie, &[("set", "root")]).await.status, 422);

    let trail = stage.trail(&auditor).await;
    for told in ["新建账号", "变更角色", "[] -&gt; [finance+doctor @ D1+D2]", "登记第二因素", "重置第二因素", "重置密码", "停用账号", "登录失败"] {
        assert!(trail.contains(told) || trail.contains(&told.replace("-&gt;", "-&#62;")), "{told} is not in the trail");
    }
    assert!(stage.get("/a/trail/check", &auditor.cookie).await.text.contains("审计链完整"));
    let file = stage.submit("/a/trail/export", &auditor.cookie, &[]).await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert!(file.text.starts_with("\u{feff}编号,时间,") && file.text.lines().count() > 20);
    assert!(!file.text.contains(OWN) && !file.text.contains("测试新人") && !file.text.contains("li.wei"), "numbers only");
    assert!(stage.trail(&auditor).await.contains("导出"));
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_pages_too() {
    let stage = stage().await;
    assert_eq!(stage.get("/a/login", "").await.status, 200);
    assert_eq!(stage.get("/a", "").await.status, StatusCode::SEE_OTHER.as_u16());
    assert_eq!(stage.get("/abc", "").await.status, 404);
    let wrong = stage.get("/a/logout", "").await;
    assert!(wrong.status == 405 && wrong.text.contains("没有找到"), "{}", wrong.text);
    let cookie = menjie_server::staff::session::cookie(None, true);
    assert!(cookie.ends_with("; Secure"), "behind TLS: {cookie}");
}
