//! Staff: every page at `/a`, by whoever may open it.

use menjie::Timestamp;
use menjie::access::Role;
use menjie::port::Clock;
use menjie::service::Decided;
use menjie::staff::Secret;
use menjie_bridge::sealed_log::{OsEntropy, Protection, read_private, write_private};
use menjie_host::SystemClock;
use menjie_server::staff::console::{Founding, found};
use menjie_sim::his::WindowAction;
use menjie_sim::wechat::Astray;
use menjie_tests::canary::Canary;
use reqwest::Method;
use serde_json::json;

use crate::cast::{ANSWER, Cast, EVIDENCE, KEY_PASSWORD, LOG_REASON, OWN_PASSWORD, QUESTION, RECON_NOTE, REMARK, STAFF_NAME, line_of};
use crate::house::{House, Visitor, hidden};
use crate::pages::Waiting;
use crate::patients::act;
use crate::stage::until;

/// Whoever has an account.
pub(crate) const EVERYBODY: &[&str] = &["doctor", "exec_dept", "finance", "auditor", "reports", "system_admin", "security_admin", "audit_admin"];

/// In with a one-time password, a code, and a password of one's own.
async fn enter<'h>(house: &'h House, who: &'static str, role: Role) -> Visitor<'h> {
    let v = house.visitor(who);
    let all = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let departments = match role {
        Role::Doctor => all(house.stage.day.visits.iter().map(|v| v.visit.dept_code.as_str()).collect()),
        Role::ExecDept => all(house.stage.day.departments.iter().map(|d| d.code.as_str()).collect()),
        _ => Vec::new(),
    };
    let login = format!("canary.{}", role.code().replace('_', "."));
    let founding = Founding { id: format!("C-{}", role.code()), login: login.clone(), name: STAFF_NAME.to_owned(), roles: vec![role.code().to_owned()], departments };
    let Decided::Done(founded) = found(house.stage.app(), &founding).await.unwrap() else { panic!("not founded") };
    house.keep(Canary::random("a one-time password", founded.password.reveal()), &[]);
    v.page("/a/login").await;
    if role == Role::Doctor {
        // A password in the field of the name, and a wrong one.
        house.keep(Canary::random("a wrong password", "canary-wrong-password"), &[]);
        v.form("/a/login", &[("login", founded.password.reveal()), ("password", "x")]).await;
        v.form("/a/login", &[("login", &login), ("password", "canary-wrong-password")]).await;
    }
    let entered = v.form("/a/login", &[("login", &login), ("password", founded.password.reveal())]).await;
    if let Some(secret) = founded.factor {
        house.keep(Canary::random("the secret of an authenticator", secret.base32()), &[]);
        assert_eq!(crate::house::to(&entered), "/a/factor");
        let code = secret.code_at(SystemClock.now()).unwrap();
        house.keep(Canary::random("a code of an authenticator", code.reveal()), &[]);
        v.submitted("/a/factor", "/a/factor", &[], &[("code", code.reveal())]).await;
    }
    v.submitted("/a/password", "/a/password", &[], &[("present", founded.password.reveal()), ("new", OWN_PASSWORD), ("again", OWN_PASSWORD)]).await;
    v.page("/a").await;
    v
}

/// Everybody does his work: two refunds are approved, a difference is dealt with, accounts are kept, the trail and the log are read. Finance stays.
pub(crate) async fn work<'h>(house: &'h House, cast: Cast, kiosk: &Visitor<'_>, own: &Waiting, phone: &Visitor<'_>, insured: &Waiting) -> Visitor<'h> {
    let (doctor, exec, finance) = (enter(house, "doctor", Role::Doctor).await, enter(house, "exec_dept", Role::ExecDept).await, enter(house, "finance", Role::Finance).await);
    programs(house, own).await;
    for (v, desk) in [(&doctor, "doctor"), (&exec, "unconfirm"), (&finance, "finance"), (&doctor, "represcribe")] {
        v.page(&format!("/a/refunds/{desk}")).await;
    }
    // The doctor asks, the patient answers, the doctor agrees, finance opens the patient and agrees.
    asks(&doctor, kiosk, "/k", &own.refund).await;
    looks(&doctor, "doctor", &own.refund).await;
    decides(&doctor, "doctor", &own.refund).await;
    looks(&finance, "finance", &own.refund).await;
    decides(&finance, "finance", &own.refund).await;
    asks(&doctor, phone, "/h5", &insured.refund).await;
    decides(&doctor, "doctor", &insured.refund).await;
    unconfirms(house, &exec, phone, insured).await;
    decides(&finance, "finance", &insured.refund).await;
    for (v, refund) in [(kiosk, &own.refund), (phone, &insured.refund)] {
        let session = v.session();
        until("the refund is done", async || house.stage.get(&format!("/api/v1/refunds/{refund}"), &session).await.json()["st"] == "done").await;
    }
    let prescription = format!("/a/refunds/represcribe/{}", insured.refund);
    v_order(&doctor, &prescription).await;
    // Nothing hangs any more, and it is said so.
    let case = format!("/a/refunds/finance/{}", own.refund);
    finance.page(&case).await;
    let late = finance.submit(&case, &format!("{case}/resolve"), &[], &[("key", "canary-resolve"), ("decision", "give_up"), ("evidence", EVIDENCE)]).await;
    assert_eq!(late.status, 409);
    reconciles(&finance).await;
    administers(house).await;
    audits(house, cast).await;
    finance
}

async fn asks(doctor: &Visitor<'_>, patient: &Visitor<'_>, root: &str, refund: &str) {
    let case = format!("/a/refunds/doctor/{refund}");
    let key = format!("{}q", hidden(&doctor.page(&case).await, "key"));
    doctor.submitted(&case, &format!("{case}/decide"), &[], &[("key", &key), ("verdict", "ask"), ("note", QUESTION)]).await;
    let followed = format!("{root}/refunds/{refund}");
    patient.submitted(&format!("{followed}?choice=answer"), &format!("{followed}/answer"), &["key"], &[("text", ANSWER)]).await;
}

async fn decides(v: &Visitor<'_>, desk: &str, refund: &str) {
    let case = format!("/a/refunds/{desk}/{refund}");
    v.submitted(&case, &format!("{case}/decide"), &["key"], &[("verdict", "approve"), ("note", REMARK)]).await;
}

/// Opens the patient, with a reason.
async fn looks(v: &Visitor<'_>, desk: &str, refund: &str) {
    let case = format!("/a/refunds/{desk}/{refund}");
    assert_eq!(v.submit(&case, &format!("{case}/patient"), &[], &[("why", "contact")]).await.status, 200);
}

async fn unconfirms(house: &House, exec: &Visitor<'_>, phone: &Visitor<'_>, insured: &Waiting) {
    let case = format!("/a/refunds/unconfirm/{}", insured.refund);
    looks(exec, "unconfirm", &insured.refund).await;
    let view = house.stage.get(&format!("/api/v1/refunds/{}", insured.refund), &phone.session()).await.json();
    for line in view["lines"].as_array().unwrap() {
        let line_id = serde_json::from_value(line["line_id"].clone()).unwrap();
        act(house, &WindowAction::Execute { line_id, executed: false });
    }
    exec.submitted(&case, &format!("{case}/decide"), &["key"], &[("verdict", "approve"), ("note", REMARK)]).await;
}

async fn v_order(doctor: &Visitor<'_>, path: &str) {
    let mut page = String::new();
    until("it may be prescribed again", async || {
        page = doctor.page(path).await;
        page.contains("name=\"order_no\"")
    })
    .await;
    doctor.submitted(path, path, &["key"], &[("order_no", "RX-CANARY-1")]).await;
}

/// A program of staff: work lists, a decision out of turn, what waits for a person, the audit.
async fn programs(house: &House, own: &Waiting) {
    let v = house.visitor("staff program");
    v.bear(house.stage.staff.reveal());
    v.read("/api/v1/refunds?step=finance").await;
    let decision = json!({"key": "canary-decision", "stage": "finance", "verdict": "reject", "note": REMARK});
    v.call(&format!("/api/v1/refunds/{}/decision", own.refund), &decision).await;
    for kind in ["payment", "settlement", "refund", "invoice"] {
        v.read(&format!("/api/v1/staff/attention?kind={kind}")).await;
    }
    let resolve = json!({"key": "canary-resolve", "machine": {"machine": "refund", "id": own.refund}, "resolution": {"of": "refund", "decision": {"decide": "give_up"}}, "evidence": EVIDENCE});
    v.call("/api/v1/staff/attention/resolve", &resolve).await;
    v.call("/api/v1/staff/audit", &json!({})).await;
    let days_ago = |days: i64| SystemClock.now().plus_millis(-days * 86_400_000).biz_date();
    let (older, younger) = (days_ago(2), days_ago(1));
    for (date, order) in [(older, "STRANGE0000000000001"), (younger, "STRANGE0000000000002")] {
        let noon = Timestamp::from_millis(date.start().millis() + 43_200_000);
        house.stage.sim.with(|hospital, _| hospital.wechat.write_into_bill(Astray { out_trade_no: order.to_owned(), out_refund_no: None, amount_fen: 1_000, at: noon }));
    }
    v.call(&format!("/api/v1/recon/{younger}"), &json!({"key": "canary-recon"})).await;
    v.read(&format!("/api/v1/recon/days?from={older}&to={younger}")).await;
    let day = v.read(&format!("/api/v1/recon?date={younger}")).await;
    let item = day["items"][0]["key"].as_str().unwrap_or_else(|| panic!("{day}"));
    let noted = json!({"key": "canary-noted", "action": "note", "note": RECON_NOTE});
    v.call(&format!("/api/v1/recon/{younger}/{}/resolve", crate::house::percent(item)), &noted).await;
    for (op, body) in [
        ("echo", json!({"value": [RECON_NOTE]})),
        ("text.mask", json!({"kind": "name", "text": crate::cast::NEW_NAME})),
        ("patient.validate", json!({"record": {"name": crate::cast::NEW_NAME, "id_no": crate::cast::NEW_ID[0]}})),
        ("audit.run", json!({})),
        ("crypto.sm3", json!({"text": OWN_PASSWORD})),
    ] {
        v.post(&format!("/api/v1/ops/{op}"), &body).await;
    }
}

async fn reconciles(finance: &Visitor<'_>) {
    let date = SystemClock.now().plus_millis(-2 * 86_400_000).biz_date();
    let list = format!("/a/recon?date={date}&channel=wechat");
    finance.submitted(&list, "/a/recon/make", &["key", "date", "channel"], &[]).await;
    let page = finance.page(&list).await;
    let item = page.split("href=\"/a/recon/item?").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("{page}"));
    let item = format!("/a/recon/item?{}", item.replace("&amp;", "&").replace("&#38;", "&"));
    finance.submitted(&item, "/a/recon/item", &["key", "date", "channel", "item"], &[("action", "note"), ("note", RECON_NOTE)]).await;
    assert_eq!(finance.submit(&list, "/a/recon/export", &["date", "channel"], &[]).await.status, 200);
}

/// Accounts: somebody enrols an authenticator; an administrator makes, disables and revives, another gives roles and takes factors.
async fn administers(house: &House) {
    let reports = enter(house, "reports", Role::Reports).await;
    let page = reports.page("/a/enrol").await;
    let secret: String = page.split("once mono\">").nth(1).unwrap().split('<').next().unwrap().split_whitespace().collect();
    house.keep(Canary::random("the secret of an authenticator", secret.as_str()), &["reports"]);
    let shown: Secret = serde_json::from_value(json!(secret)).unwrap();
    let code = shown.code_at(SystemClock.now()).unwrap();
    reports.submitted("/a/enrol", "/a/enrol", &[], &[("code", code.reveal())]).await;
    let (system, security) = (enter(house, "system_admin", Role::SystemAdmin).await, enter(house, "security_admin", Role::SecurityAdmin).await);
    system.page("/a/users").await;
    let one_time = |page: &str| page.split("data-once>").nth(1).unwrap_or_else(|| panic!("{page}")).split('<').next().unwrap().to_owned();
    let made = system.submit("/a/users/new", "/a/users/new", &[], &[("id", "C-new"), ("login", "canary.new"), ("name", STAFF_NAME)]).await;
    house.keep(Canary::random("a password that was given out", one_time(&made.text())), &["system_admin"]);
    let account = "/a/users/C-new";
    system.page(account).await;
    let reset = system.submit(account, &format!("{account}/password"), &[], &[]).await;
    house.keep(Canary::random("a password that was given out", one_time(&reset.text())), &["system_admin"]);
    security.submitted(account, &format!("{account}/roles"), &[], &[("role", "reports")]).await;
    security.submitted("/a/users/C-reports", "/a/users/C-reports/factor", &[], &[]).await;
    system.submitted(account, &format!("{account}/state"), &[], &[("set", "disabled")]).await;
    system.submitted(account, "/a/logout", &[], &[]).await;
}

/// The trail of staff, and the sealed log with the auditor's key.
async fn audits(house: &House, cast: Cast) {
    let admin = enter(house, "audit_admin", Role::AuditAdmin).await;
    for path in ["/a/trail", "/a/trail/check"] {
        admin.page(path).await;
    }
    assert_eq!(admin.submit("/a/trail", "/a/trail/export", &[], &[]).await.status, 200);
    let auditor = enter(house, "auditor", Role::Auditor).await;
    let key = read_private(&house.stage.folder().join("auditor.pem"), None).unwrap();
    let kept = tempfile::tempdir().unwrap();
    let file = kept.path().join("key.pem");
    write_private(&file, &key, Protection::Password(KEY_PASSWORD), &OsEntropy).unwrap();
    let pem = std::fs::read_to_string(&file).unwrap();
    house.keep(Canary::random("the auditor's key, encrypted", line_of(&pem)), &[]);
    let form = hidden(&auditor.page("/a/log").await, "form");
    for password in ["canary wrong password", KEY_PASSWORD] {
        let part = |(name, text): (&str, &str)| {
            let file = if name == "key" { "; filename=\"key.pem\"\r\ncontent-type: application/octet-stream" } else { "" };
            format!("--mark\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n")
        };
        let body = [("form", form.as_str()), ("password", password), ("key", &pem)].map(part).concat() + "--mark--\r\n";
        let brought = auditor.ask(&Method::POST, "/a/log/key", |request| request.header("content-type", "multipart/form-data; boundary=mark").body(body)).await;
        assert_eq!(brought.status, if password == KEY_PASSWORD { 303 } else { 422 });
    }
    // What HIS said of the patient at the kiosk, the oldest first: whoever comes is looked up.
    let kiosk = house.stage.patient(cast.kiosk);
    let list = auditor.submit("/a/log", "/a/log", &[], &[("peer", "his"), ("patient", kiosk.patient_id.as_str())]).await.text();
    let seqs: Vec<&str> = list.split("data-seq=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    auditor.page("/a/log/check").await;
    let mut named = false;
    for seq in seqs.into_iter().rev() {
        let record = format!("/a/log/record?seq={seq}");
        let typed = [("seq", seq), ("reason", LOG_REASON)];
        let masked = auditor.submit(&record, "/a/log/record", &[], &typed).await;
        let clear = auditor.submit(&record, "/a/log/record/clear", &[], &typed).await;
        assert!(masked.status == 200 && clear.status == 200 && !masked.text().contains(kiosk.name.reveal()));
        named = clear.text().contains(kiosk.name.reveal());
        if named {
            break;
        }
    }
    assert!(named, "no record has the patient's name");
    assert_eq!(auditor.submit("/a/log", "/a/log/export", &[], &[("reason", LOG_REASON)]).await.status, 200);
    auditor.submitted("/a/log", "/a/log/key/drop", &[], &[]).await;
    assert!(house.stage.app().log().is_some());
}
