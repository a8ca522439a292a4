//! The commands as a person meets them: help, keygen, audit, doctor, ops, exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "commands/records.rs"]
mod records;
#[path = "commands/refunds.rs"]
mod refunds;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn menjie(args: &[&str], folder: &Path, input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_menjie"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A configuration whose counterparts are ports of this machine where nobody listens.
fn config(folder: &Path) {
    let pem = include_str!("../../../adapters/sim/keys/wechat_merchant.key.pem");
    std::fs::write(folder.join("key.pem"), pem).unwrap();
    std::fs::write(folder.join("pub.pem"), include_str!("../../../adapters/sim/keys/wechat_platform.pub.pem")).unwrap();
    let document = r#"
[store]
path = "menjie.db"
keys = "keys.json"

[log]
folder = "log"
signer = "log-signer.pem"
auditors = ["auditor.pub.pem"]
reserve_mib = 1

[server]
listen = "127.0.0.1:0"

[[hospitals]]
id = "H1"
his = { http = { base_url = "http://127.0.0.1:9/menjie/v1" }, app = "menjie", secret = "0123456789abcdef0123456789abcdef" }

[hospitals.channels.wechat]
mchid = "1900007291"
appid = "wx2421b1c4370ec43b"
merchant_serial = "5157F09EFDC096DE15EBE81A47057A7200000000"
merchant_key_pem = { file = "key.pem" }
apiv3_key = "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"
notify_url = "https://hospital.example/notify/wechat"
base_url = "http://127.0.0.1:9"
verify_keys = [{ id = "PUB_KEY_ID_0119000072912024080100000000000001", pem = { file = "pub.pem" } }]

[hospitals.invoice]
http = { base_url = "http://127.0.0.1:9/api/medical" }
appid = "menjie"
key = "0123456789abcdef"
place_code = "K01"
payee = "自助"
author = "自助"
medical_institution = "综合医院"
card_type = "1101"
"#;
    std::fs::write(folder.join("menjie.toml"), document).unwrap();
    menjie_bridge::build::make_log_keys(folder).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(folder.join("menjie.toml"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn help_follows_the_locale_and_wrong_usage_is_2() {
    let folder = tempfile::tempdir().unwrap();
    let english = menjie(&["--help"], folder.path(), "");
    assert_eq!(english.status.code(), Some(0));
    assert!(text(&english.stdout).contains("Exit codes: 0 done"));
    let chinese = Command::new(env!("CARGO_BIN_EXE_menjie")).args(["audit", "--help"]).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
    assert!(text(&chinese.stdout).contains("用法：") && text(&chinese.stdout).contains("密钥文件"));
    for args in [&["no-such"][..], &[], &["call"], &["audit", "--db", "x"], &["call", "settlement.pay"], &["ops", "no.such"]] {
        let output = menjie(args, folder.path(), "{}");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn ops_lists_every_operation_with_schemas() {
    let folder = tempfile::tempdir().unwrap();
    let list = text(&menjie(&["ops"], folder.path(), "").stdout);
    assert_eq!(list.lines().count(), menjie_bridge::table().len());
    let all: Vec<Value> = serde_json::from_slice(&menjie(&["ops", "--json"], folder.path(), "").stdout).unwrap();
    assert!(all.iter().all(|op| op["request"]["$schema"].is_string() && op["response"].is_object() && op["errors"].is_array()));
    let one: Value = serde_json::from_slice(&menjie(&["ops", "bill.group"], folder.path(), "").stdout).unwrap();
    assert_eq!(one["name"], "bill.group");
}

/// The program that keeps it need not run.
fn the_doctor_tells_how_far_the_copy_of_the_log_is(here: &Path) {
    let document = std::fs::read_to_string(here.join("menjie.toml")).unwrap().replace("[log]\n", "[log]\ncopy = {}\n");
    std::fs::write(here.join("copied.toml"), document).unwrap();
    let told = || {
        let doctor = menjie(&["doctor", "--config", "copied.toml", "--offline", "--json"], here, "");
        let findings: Vec<Value> = serde_json::from_slice(&doctor.stdout).unwrap();
        let found = findings.into_iter().find(|finding| finding["about"] == "log.copy").unwrap();
        (doctor.status.code(), found["weight"].clone(), found["what"].as_str().unwrap().to_owned())
    };
    assert_eq!(told(), (Some(0), "good".into(), "0 bytes behind".to_owned()));
    let seal: Value = serde_json::from_slice(&std::fs::read(here.join("log/SEAL")).unwrap()).unwrap();
    let (since, at) = ("2026-03-02T08:00:00+08:00", "2026-03-02T08:05:00+08:00");
    let failing = serde_json::json!({ "since": since, "at": at, "attempts": 7, "outcome": "refused", "code": "full", "text": "备份磁盘已满" });
    let cursor =
        serde_json::json!({ "log_id": seal["log_id"], "seal": "", "segment": 0, "part": "over", "offset": 0, "manifest": 0, "last": null, "at": null, "failing": failing });
    let cursor = cursor.to_string();
    std::fs::write(here.join("log/COPIED"), format!("{cursor}\n{}\n", menjie::gm::hex(&menjie::gm::sm3(cursor.as_bytes())))).unwrap();
    let (code, weight, what) = told();
    assert_eq!((code, weight), (Some(1), "problem".into()), "{what}");
    assert!(what.contains("7 times in a row: refused full 备份磁盘已满"), "{what}");
}

#[test]
fn a_new_ledger_is_made_called_audited_and_examined() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    config(here);
    // Without keys nothing starts, and the doctor says what to do.
    let doctor = menjie(&["doctor", "--config", "menjie.toml", "--offline"], here, "");
    assert_eq!(doctor.status.code(), Some(1), "{}", text(&doctor.stdout));
    assert!(text(&doctor.stdout).contains("menjie keygen"), "{}", text(&doctor.stdout));
    assert_eq!(menjie(&["keygen", "keys.json"], here, "").status.code(), Some(0));
    assert_eq!(menjie(&["keygen", "keys.json"], here, "").status.code(), Some(3), "never overwritten");
    let doctor = menjie(&["doctor", "--config", "menjie.toml", "--offline", "--json"], here, "");
    assert_eq!(doctor.status.code(), Some(0), "{}", text(&doctor.stdout));
    let findings: Vec<Value> = serde_json::from_slice(&doctor.stdout).unwrap();
    assert!(findings.iter().any(|f| f["weight"] == "note" && f["what"].as_str().unwrap().contains("plain http")), "{findings:?}");
    assert!(!here.join("menjie.db").exists(), "the doctor makes nothing");
    let online = menjie(&["doctor", "--config", "menjie.toml"], here, "");
    assert_eq!(online.status.code(), Some(1), "nobody listens on the discard port: {}", text(&online.stdout));

    // An engine operation on the embedded store; HIS is not there, which is a failure.
    let call = |op: &str, input: &str, extra: &[&str]| menjie(&[&["call", op, "--config", "menjie.toml"][..], extra].concat(), here, input);
    let audit = call("audit.run", "{}", &["--staff", "A1", "--role", "auditor"]);
    assert_eq!(audit.status.code(), Some(0), "{}{}", text(&audit.stdout), text(&audit.stderr));
    the_doctor_tells_how_far_the_copy_of_the_log_is(here);
    assert_eq!(serde_json::from_slice::<Value>(&audit.stdout).unwrap()["violations"], serde_json::json!([]));
    assert_eq!(call("audit.run", "{}", &[]).status.code(), Some(1), "a caller without a role finds nothing");
    let unpaid = call("visit.unpaid", r#"{"patient_id":"P1"}"#, &["--patient", "P1"]);
    assert_eq!(unpaid.status.code(), Some(3), "{}", text(&unpaid.stdout));
    assert_eq!(serde_json::from_slice::<Value>(&unpaid.stdout).unwrap()["code"], 300);
    assert_eq!(call("echo", r#"{"value":1}"#, &[]).status.code(), Some(0));

    let audit = menjie(&["audit", "--db", "menjie.db", "--keys", "keys.json", "--hospital", "H1"], here, "");
    assert_eq!(audit.status.code(), Some(0), "{}", text(&audit.stderr));
    assert!(text(&audit.stdout).contains("0  violations"));
    let other = menjie(&["audit", "--db", "none.db", "--keys", "keys.json", "--hospital", "H1"], here, "");
    assert_eq!(other.status.code(), Some(2));
    assert!(!here.join("none.db").exists(), "an audit makes no store");
}

#[test]
fn the_doctor_says_that_phones_need_a_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    config(here);
    assert_eq!(menjie(&["keygen", "keys.json"], here, "").status.code(), Some(0));
    let path = here.join("menjie.toml");
    let text_of = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text_of.replace("[server]", "[server]\nidentify_ways = [\"phone\"]")).unwrap();
    let doctor = menjie(&["doctor", "--config", "menjie.toml", "--offline"], here, "");
    assert_eq!(doctor.status.code(), Some(1));
    assert!(text(&doctor.stdout).contains("server.identify_ways") && text(&doctor.stdout).contains("notify.sms"), "{}", text(&doctor.stdout));
}

#[test]
fn a_second_owner_of_the_ledger_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    config(here);
    assert_eq!(menjie(&["keygen", "keys.json"], here, "").status.code(), Some(0));
    let config = menjie_bridge::config::StoreConfig { path: here.join("menjie.db"), keys: here.join("keys.json"), readers: 1 };
    let owner = menjie_bridge::build::open_store(&config).unwrap();
    let doctor = menjie(&["doctor", "--config", "menjie.toml", "--offline"], here, "");
    assert_eq!(doctor.status.code(), Some(1));
    assert!(text(&doctor.stdout).contains("another process runs on this ledger"), "{}", text(&doctor.stdout));
    let audit = menjie(&["audit", "--db", "menjie.db", "--keys", "keys.json", "--hospital", "H1"], here, "");
    assert_eq!(audit.status.code(), Some(3));
    drop(owner);
    assert_eq!(menjie(&["audit", "--db", "menjie.db", "--keys", "keys.json", "--hospital", "H1"], here, "").status.code(), Some(0));
}

#[test]
fn a_server_that_is_not_there_is_a_failure_and_a_plain_address_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let gone = menjie(&["call", "echo", "--server", "http://127.0.0.1:9"], folder.path(), r#"{"value":1}"#);
    assert_eq!(gone.status.code(), Some(3));
    let failure: Value = serde_json::from_slice(&gone.stdout).unwrap();
    assert_eq!((failure["code"].as_u64(), failure["retry"].as_str()), (Some(710), Some("same_key")), "{failure}");
    let plain = menjie(&["call", "echo", "--server", "http://10.0.0.5"], folder.path(), r#"{"value":1}"#);
    assert_eq!(plain.status.code(), Some(2), "{}", text(&plain.stdout));
}

#[test]
fn a_machine_that_forwards_to_a_server_must_not_have_a_ledger_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let put = |name: &str, text: &str| {
        std::fs::write(here.join(name), text).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(here.join(name), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    };
    put("kiosk.json", r#"{"server": "https://menjie.example"}"#);
    put("kiosk.toml", "[server]\nurl = \"https://menjie.example\"\ntoken = { env = \"KIOSK_TOKEN\" }\n");
    put("plain.json", r#"{"server": {"url": "http://10.0.0.5", "token": "t"}}"#);
    put("both.toml", "[server]\nurl = \"https://menjie.example\"\n[store]\npath = \"menjie.db\"\nkeys = \"keys.json\"\n");
    let doctor = |config: &str| {
        let output = menjie(&["doctor", "--config", config, "--offline"], here, "");
        (output.status.code().unwrap(), text(&output.stdout))
    };
    let (exit, said) = doctor("kiosk.json");
    assert!(exit == 0 && said.contains("goes to menjie.example") && said.contains("this machine has none"), "{said}");
    let (exit, said) = doctor("plain.json");
    assert!(exit == 1 && said.contains("server.url"), "{said}");
    let (exit, said) = doctor("both.toml");
    assert!(exit == 1 && said.contains("there is a store beside server.url"), "{said}");
    // A secret that is not there is told like every other.
    let (exit, said) = doctor("kiosk.toml");
    assert!(exit == 1 && said.contains("server.token"), "{said}");

    config(here);
    assert_eq!(menjie(&["keygen", "keys.json"], here, "").status.code(), Some(0));
    drop(menjie_bridge::build::open_store(&menjie_bridge::config::StoreConfig { path: here.join("menjie.db"), keys: here.join("keys.json"), readers: 1 }).unwrap());
    let (exit, said) = doctor("kiosk.json");
    assert!(exit == 1 && said.contains("menjie.db lies beside this configuration"), "{said}");

    // Calls follow the same configuration: what is pure runs here, the rest is sent, and says for whom by its token only.
    put("away.json", r#"{"server": "http://127.0.0.1:9"}"#);
    let call = |op: &str, more: &[&str]| menjie(&[&["call", op, "--config", "away.json"][..], more].concat(), here, r#"{"value":1}"#);
    assert_eq!(call("echo", &[]).status.code(), Some(0));
    let gone = call("audit.run", &[]);
    assert!(gone.status.code() == Some(3) && text(&gone.stdout).contains(r#""code":710"#), "{}", text(&gone.stdout));
    assert_eq!(call("audit.run", &["--staff", "S1", "--role", "auditor"]).status.code(), Some(2));
    assert_eq!(menjie(&["call", "echo", "--config", "both.toml"], here, r#"{"value":1}"#).status.code(), Some(2));
}

#[test]
fn every_shell_gets_a_completion_script() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = text(&menjie(&["completion", shell], folder.path(), "").stdout);
        for word in ["reconcile", "refund-check", "acceptance", "ignore-unknown"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(menjie(&["completion", "cmd"], folder.path(), "").status.code(), Some(2));
    // What a shell that is here thinks of it.
    std::fs::write(folder.path().join("menjie.bash"), menjie(&["completion", "bash"], folder.path(), "").stdout).unwrap();
    let completed = Command::new("bash")
        .args(["--norc", "-c", "source ./menjie.bash; COMP_WORDS=(menjie rec); COMP_CWORD=1; _menjie menjie rec menjie; echo \"${COMPREPLY[@]}\""])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(text(&completed.stdout).trim(), "reconcile", "{}", text(&completed.stderr));
}

#[test]
fn lang_is_stronger_than_the_locale() {
    let folder = tempfile::tempdir().unwrap();
    assert!(text(&menjie(&["group", "--help", "--lang", "zh"], folder.path(), "").stdout).contains("用法："));
    assert!(text(&menjie(&["--lang=zh", "validate", "patients", "--help"], folder.path(), "").stdout).contains("首诊建档"));
    let chinese = Command::new(env!("CARGO_BIN_EXE_menjie")).args(["--lang", "en", "--help"]).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
    assert!(text(&chinese.stdout).contains("Usage:"));
    assert_eq!(menjie(&["--lang", "fr", "ops"], folder.path(), "").status.code(), Some(2));
}

#[test]
fn acceptance_tells_what_holds_what_fails_and_what_nobody_tried() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let output = menjie(&["acceptance", "--report", "report.md", "--hospital", "测试|医院"], here, "");
    // Not every clause of the tender is built, and this machine need not be openEuler: the command says so.
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let checks: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let verdict = |no: &str| checks.iter().filter(|check| check["no"] == no).map(|check| check["verdict"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(verdict("1.3.9"), ["holds"]);
    assert_eq!(verdict("1.3.8"), ["holds", "holds"]);
    assert_eq!(verdict("4.1"), ["holds", "holds", "not_tried"]);
    assert_eq!(verdict("4.2"), ["holds"]);
    assert_eq!(verdict("1.4"), ["not_tried"]);
    assert!(checks.iter().all(|check| check["seen"].as_str().is_some_and(|seen| !seen.is_empty())));
    let report = std::fs::read_to_string(here.join("report.md")).unwrap();
    assert!(report.contains("测试\\|医院") && report.contains("签字") && report.lines().filter(|line| line.starts_with("| 1.3.2 ")).count() == 6, "{report}");
    // What is not built is told, by what was seen of it; what no program can judge says why.
    assert_eq!(verdict("1.3.2"), ["holds", "holds", "fails", "fails", "holds", "by_hand"]);
    let seen = |no: &str| checks.iter().filter(|check| check["no"] == no).map(|check| check["seen"].as_str().unwrap()).collect::<Vec<_>>().join("；");
    assert!(seen("1.3.2").contains("本版本没有支付宝渠道") && seen("1.3.2").contains("本版本没有银联渠道"), "{}", seen("1.3.2"));
    assert_eq!((verdict("2.1"), verdict("2.2")), (vec!["holds", "not_tried", "by_hand"], vec!["holds", "holds", "holds", "holds", "not_tried"]));
    assert!(seen("2.1").contains("收款（分） 21119") && seen("2.1").contains("未随招标文件提供"), "{}", seen("2.1"));
    assert_eq!((verdict("3.3"), verdict("6.3"), verdict("7.2")), (vec!["by_hand"], vec!["by_hand"], vec!["by_hand"]));
    assert_eq!(menjie(&["acceptance", "--report", "report.md"], here, "").status.code(), Some(2), "never overwritten");
    assert_eq!(menjie(&["acceptance", "--report", "report.pdf"], here, "").status.code(), Some(2));
    let gone = menjie(&["acceptance", "--server", "http://127.0.0.1:9", "--report", "gone.html"], here, "");
    assert_eq!(gone.status.code(), Some(1));
    let report = std::fs::read_to_string(here.join("gone.html")).unwrap();
    assert!(report.starts_with("<!doctype html>") && report.contains("http://127.0.0.1:9") && !report.contains("未指定 --server"));
}
