//! Configurations: every problem at once, by its path, and never a secret.
#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::Path;

use menjie_bridge::config::{Config, Format, Problem};

const GOOD: &str = r#"
node = 7
[store]
path = "menjie.db"
keys = "/secret/keys.json"
[log]
folder = "log"
signer = "/secret/log-signer.pem"
auditors = ["auditor.pub.pem"]
[server]
listen = "127.0.0.1:8080"
[[hospitals]]
id = "H1"
terms.quote_life_s = 300
his = { http = { base_url = "https://his.example/menjie/v1" }, app = "menjie", secret = { env = "HIS_SECRET" } }
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

/// Who is asked about a person; appended to [`GOOD`].
const ASKED: &str = r#"
[hospitals.health_code]
http.base_url = "http://127.0.0.1:9/health"
app_id = "app1"
app_secret = { env = "HEALTH_SECRET" }
hospital_id = "90001"
[hospitals.insurer]
http.base_url = "http://127.0.0.1:9"
org_id = "H44050000001"
operator_id = "z1"
operator_name = "自助机"
office_id = "A1"
office_name = "收费处"
[hospitals.notify.sms.aliyun]
base_url = "http://127.0.0.1:9"
access_key_id = "AK"
access_key_secret = "hunter2hunter2"
sign_name = "医院"
template_code = "SMS_1"
[hospitals.notify.account]
appid = "wx01"
secret = "hunter2hunter2"
"#;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    [("HIS_SECRET", "hunter2hunter2hunter2")].iter().chain(pairs).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn parse(text: &str, pairs: &[(&str, &str)]) -> Result<Config, Vec<Problem>> {
    Config::parse(text, Format::Toml, Path::new("/etc/menjie"), &env(pairs))
}

fn paths(text: &str, pairs: &[(&str, &str)]) -> Vec<String> {
    parse(text, pairs).unwrap_err().into_iter().map(|p| p.path).collect()
}

#[test]
fn a_good_one_is_read_with_defaults_references_and_environment() {
    let config = parse(GOOD, &[("MENJIE__NODE", "9"), ("MENJIE__HOSPITALS__0__ID", "H2"), ("MENJIE__STORE__READERS", "4"), ("OTHER", "x")]).unwrap();
    assert_eq!((config.node, config.worker.as_str(), config.store.readers), (9, "node-9", 4));
    assert_eq!((config.store.path.to_str(), config.store.keys.to_str()), (Some("/etc/menjie/menjie.db"), Some("/secret/keys.json")));
    assert_eq!((config.log.folder.to_str(), config.log.signer.to_str()), (Some("/etc/menjie/log"), Some("/secret/log-signer.pem")));
    assert_eq!(config.log.auditors, [Path::new("/etc/menjie/auditor.pub.pem")]);
    let hospital = &config.hospitals[0];
    assert_eq!((hospital.id.as_str(), hospital.terms.quote_life_s, hospital.his.as_ref().unwrap().http.peer.as_str()), ("H2", 300, "his"));
    assert_eq!(hospital.his.as_ref().unwrap().secret.reveal(), "hunter2hunter2hunter2");
    assert_eq!(config.plain_http(), [("hospitals[0].invoice.http.base_url".to_owned(), "http://127.0.0.1:9/api/medical".to_owned())]);
    let server: BTreeMap<String, String> = config.section("server").unwrap();
    assert_eq!(server["listen"], "127.0.0.1:8080");
    assert_eq!(config.section::<Vec<u8>>("elsewhere").unwrap(), Vec::<u8>::new());
}

#[test]
fn who_is_asked_about_a_person_is_read_checked_and_shown() {
    let text = format!("{GOOD}{ASKED}");
    let given = [("HEALTH_SECRET", "hunter2")];
    let config = parse(&text, &given).unwrap();
    let hospital = &config.hospitals[0];
    let health_code = hospital.health_code.as_ref().unwrap();
    assert_eq!((health_code.http.peer.as_str(), health_code.app_secret.reveal()), ("health_code", "hunter2"));
    assert_eq!(hospital.insurer.as_ref().map(|i| i.http.peer.as_str()), Some("insurer"));
    let plain: Vec<String> = config.plain_http().into_iter().map(|(field, _)| field).collect();
    for field in ["health_code.http.base_url", "insurer.http.base_url", "notify.sms.aliyun.base_url"] {
        assert!(plain.contains(&format!("hospitals[0].{field}")), "{field} is not among {plain:?}");
    }
    assert!(!format!("{config:?}").contains("hunter2"));
    for (from, to, field) in [
        ("hospital_id = \"90001\"", "hospital_id = \"\"", "health_code.hospital_id"),
        ("office_id = \"A1\"", "office_id = \"\"", "insurer.office_id"),
        ("sign_name = \"医院\"", "sign_name = \"\"", "notify.sms.aliyun.sign_name"),
        ("appid = \"wx01\"", "appid = \"\"", "notify.account.appid"),
        ("org_id = \"H44050000001\"", "org_di = \"x\"", "insurer.org_di"),
    ] {
        assert!(paths(&text.replace(from, to), &given).contains(&format!("hospitals[0].{field}")), "{field}");
    }
}

#[test]
fn json_says_the_same_as_toml() {
    let json = serde_json::to_string(&toml::from_str::<serde_json::Value>(GOOD).unwrap()).unwrap();
    let config = Config::parse(&json, Format::Json, Path::new("/etc/menjie"), &env(&[])).unwrap();
    assert_eq!(format!("{config:?}"), format!("{:?}", parse(GOOD, &[]).unwrap()));
    let twice = r#"{"node":1,"node":2}"#;
    assert_eq!(Config::parse(twice, Format::Json, Path::new("."), &env(&[])).unwrap_err()[0].path, "node");
}

#[test]
fn every_mistake_of_the_shape_is_told_at_once() {
    let text = GOOD
        .replace("node = 7", "node = \"seven\"\nnoed = 1")
        .replace("path = \"menjie.db\"", "")
        .replace("quote_life_s = 300", "quote_live_s = 300")
        .replace("appid = \"menjie\"", "")
        .replace("card_type = \"1101\"", "card_type = 1101");
    let found = paths(&text, &[("MENJIE__HOSPITALS__0__PACE__LEASE_MS", "[]")]);
    for path in ["node", "noed", "store.path", "hospitals[0].terms.quote_live_s", "hospitals[0].invoice.appid", "hospitals[0].invoice.card_type", "hospitals[0].pace.lease_ms"] {
        assert!(found.iter().any(|f| f == path), "{path} is not among {found:?}");
    }
}

#[test]
fn every_part_says_what_is_wrong_with_its_values() {
    let text = GOOD
        .replace("node = 7", "node = 4096")
        .replace("quote_life_s = 300", "quote_life_s = 1")
        .replace("https://his.example", "http://his.example")
        .replace("place_code = \"K01\"", "place_code = \"\"");
    let found = paths(&text, &[("MENJIE__STORE__READERS", "0"), ("MENJIE__LOG__AUDITORS", "[]"), ("MENJIE__LOG__SEGMENT_MIB", "0"), ("MENJIE__LOG__RETENTION_DAYS", "365")]);
    assert_eq!(
        found,
        [
            "hospitals[0].terms.quote_life_s",
            "hospitals[0].his.http.base_url",
            "hospitals[0].invoice.place_code",
            "node",
            "store.readers",
            "log.auditors",
            "log.segment_mib",
            "log.retention_days"
        ]
    );
    let empty = "node = 1\nhospitals = []\n[store]\npath = \"a\"\nkeys = \"b\"\n";
    assert_eq!(paths(&format!("{empty}[log]\nfolder = \"l\"\nsigner = \"s\"\nauditors = [\"a\"]"), &[]), ["hospitals"]);
    assert_eq!(paths(empty, &[])[0], "log", "what is sent without being recorded is not sent");
}

#[test]
fn references_and_variables_that_lead_nowhere_are_told() {
    let text = GOOD.replace("key = \"0123456789abcdef\"", "key = { file = \"no-such\" }").replace("HIS_SECRET", "NO_SUCH");
    let found = paths(&text, &[("MENJIE__NODE__X", "1"), ("MENJIE__HOSPITALS__5__ID", "H")]);
    for path in ["hospitals[0].invoice.key", "hospitals[0].his.secret", "MENJIE__NODE__X", "MENJIE__HOSPITALS__5__ID"] {
        assert!(found.iter().any(|f| f == path), "{path} is not among {found:?}");
    }
}

#[test]
fn no_problem_ever_shows_a_value() {
    let secret = "hunter2";
    for text in [
        GOOD.replace("0123456789abcdef", &format!("{secret}\nx")),
        GOOD.replace("key = \"0123456789abcdef\"", &format!("key = [\"{secret}\"]")),
        GOOD.replace("quote_life_s = 300", &format!("quote_life_s = \"{secret}\"")),
        GOOD.replace("node = 7", &format!("node = {secret}")),
        GOOD.replace("id = \"H1\"", &format!("id = \"{}\"", secret.repeat(10))),
    ] {
        let problems = parse(&text, &[("HIS_SECRET", secret)]).unwrap_err();
        assert!(!problems.is_empty());
        let shown: String = problems.iter().map(ToString::to_string).collect();
        assert!(!shown.contains(secret), "{shown}");
        assert!(problems.iter().all(|p| !p.fix.is_empty()));
    }
    assert!(!format!("{:?}", parse(GOOD, &[]).unwrap()).contains("hunter2"));
}

#[test]
fn a_file_is_told_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("a.toml", GOOD), ("a.yaml", GOOD), ("none.toml", "")] {
        if !text.is_empty() {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let loaded = Config::load(&folder.path().join(name), &env(&[]));
        assert_eq!(loaded.is_ok(), name == "a.toml", "{name}");
    }
}
