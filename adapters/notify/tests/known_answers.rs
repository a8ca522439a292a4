//! The vendors' published signatures (tests/vectors/payments/messages.jsonl).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::Timestamp;
use menjie::access::Private;
use menjie_notify::page::{is_wechats, js_signature};
use menjie_notify::{acs3, tc3};
use serde_json::Value;

/// Encrypted pushes of the account: we take none yet.
const LATER: [&str; 2] = ["MP-1", "MP-2"];
const RUN: [&str; 4] = ["TC3-1", "ACS3-1", "MP-4", "MP-5"];

fn records() -> Vec<Value> {
    let text = include_str!("../../../tests/vectors/payments/messages.jsonl");
    text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect()
}

fn record(id: &str) -> Value {
    records().into_iter().find(|record| record["id"] == id).unwrap()
}

fn text(record: &Value, field: &str) -> String {
    record[field].as_str().unwrap().to_owned()
}

#[test]
fn acs3_as_aliyun_documents_it() {
    let v = record("ACS3-1");
    let headers: Vec<(&str, &str)> = v["headers"].as_object().unwrap().iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap())).collect();
    assert_eq!(acs3::payload_hash(b""), text(&v, "payloadHash"));
    let canonical = acs3::canonical(&text(&v, "method"), &text(&v, "uri"), &text(&v, "query"), &headers, &text(&v, "payloadHash"));
    assert_eq!(acs3::payload_hash(canonical.as_bytes()), text(&v, "crHash"));
    assert_eq!(acs3::signature(&Private::new(text(&v, "secretKey")), &canonical), text(&v, "sig"));
    let query = acs3::query(&[("RegionId", "cn-shanghai"), ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd")]);
    assert_eq!(query, text(&v, "query"), "sorted and encoded");
}

#[test]
fn tc3_as_tencent_documents_it() {
    let v = record("TC3-1");
    let canonical = tc3::canonical(&text(&v, "headers"), &text(&v, "signed"), text(&v, "payload").as_bytes());
    assert!(canonical.ends_with(&text(&v, "payloadHash")));
    assert_eq!(acs3::payload_hash(canonical.as_bytes()), text(&v, "crHash"));
    let now = Timestamp::from_millis(v["ts"].as_i64().unwrap() * 1000);
    assert_eq!(tc3::date(now), "2019-02-25");
    assert_eq!(tc3::signature(&Private::new(text(&v, "secretKey")), &text(&v, "service"), now, &canonical), text(&v, "sig"));
    let before_eight = Timestamp::parse("2026-03-02T07:00:00+08:00").unwrap();
    assert_eq!(tc3::date(before_eight), "2026-03-01", "UTC's day, not Beijing's");
}

#[test]
fn every_record_is_run_or_said_to_be_for_later() {
    let known: Vec<String> = records().iter().map(|record| text(record, "id")).collect();
    assert!(known.iter().all(|id| RUN.contains(&id.as_str()) || LATER.contains(&id.as_str())), "{known:?}");
    assert_eq!(known.len(), RUN.len() + LATER.len());
}

#[test]
fn a_page_is_signed_as_wechat_documents_it() {
    let v = record("MP-5");
    let input = text(&v, "input");
    let part = |name: &str| input.split_once(&format!("{name}=")).unwrap().1;
    let [ticket, nonce, seconds] = ["jsapi_ticket", "noncestr", "timestamp"].map(|name| part(name).split('&').next().unwrap());
    let (ticket, at) = (Private::new(ticket), Timestamp::from_millis(seconds.parse::<i64>().unwrap() * 1000 + 999));
    assert_eq!(js_signature(&ticket, nonce, at, part("url")), text(&v, "sha1"));
    assert_eq!(js_signature(&ticket, nonce, at, &format!("{}#top", part("url"))), text(&v, "sha1"), "what stands behind # does not count");
    assert_ne!(js_signature(&ticket, nonce, at, &format!("{}&more", part("url"))), text(&v, "sha1"));
}

#[test]
fn wechat_proves_itself_as_it_documents() {
    let v = record("MP-4");
    let [token, timestamp, nonce] = [0, 1, 2].map(|at| v["parts"][at].as_str().unwrap());
    let (token, signature) = (Private::new(token), text(&v, "sha1"));
    assert!(is_wechats(&token, timestamp, nonce, &signature));
    assert!(!is_wechats(&token, timestamp, "486452657", &signature) && !is_wechats(&Private::new("AAAAB"), timestamp, nonce, &signature));
    assert!(!is_wechats(&token, timestamp, nonce, "") && !is_wechats(&token, timestamp, nonce, &signature[..39]));
}
