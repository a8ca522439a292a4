//! The vendors' published signatures (tests/vectors/payments/messages.jsonl).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::Timestamp;
use menjie::access::Private;
use menjie_notify::{acs3, tc3};
use serde_json::Value;

fn record(id: &str) -> Value {
    let text = include_str!("../../../tests/vectors/payments/messages.jsonl");
    let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.into_iter().find(|record| record["id"] == id).unwrap()
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
