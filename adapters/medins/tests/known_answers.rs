//! Every vector of domain/medins.md §1.5 and §3.2, and what must not verify or load. SM4 and its key: `src/cipher.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{APP_ID, D, PUBLIC, SECRET, authorisation, centre, known_answers};
use menjie::access::Private;
use menjie::{Timestamp, gm};
use menjie_medins::authorisation::headers;
use menjie_medins::canonical::{EmptyRule, Numbers, canonical, signed_text};
use menjie_medins::config::TifConfig;
use menjie_medins::envelope::{Codec, NotOpened};
use menjie_medins::gateway::tif_headers;
use menjie_medins::json::Json;
use menjie_medins::keys::{private_key, public_key};
use menjie_medins::sign::{NotVerified, Signer, UserId, Verifier};
use serde_json::{Value, json};

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap()
}

fn object(text: &str) -> BTreeMap<String, Json> {
    match Json::read(text.as_bytes()).unwrap() {
        Json::Object(fields) => fields,
        other => panic!("{other:?}"),
    }
}

/// Z_A and e, computed here from the curve's published parameters.
fn digests(user_id: &str, public: &str, message: &str) -> (String, String) {
    const CURVE: &str = "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e9332c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0";
    let bits = u16::try_from(user_id.len() * 8).unwrap().to_be_bytes();
    let za = gm::sm3(&[&bits, user_id.as_bytes(), &gm::unhex(CURVE).unwrap(), &gm::unhex(&public[2..]).unwrap()].concat());
    (gm::hex(&za), gm::hex(&gm::sm3(&[&za, message.as_bytes()].concat())))
}

fn signature(record: &Value) {
    let (user_id, message, sig) = (text(record, "user_id"), text(record, "text"), text(record, "sig"));
    assert_eq!(digests(user_id, text(record, "public"), message), (text(record, "za").to_owned(), text(record, "e").to_owned()));
    let key = public_key(text(record, "public"), "k").unwrap();
    let under = |id: &str| Verifier::new(&key, &UserId::Fixed(id.to_owned()), "neither-of-both").unwrap();
    under(user_id).verify(message, sig).unwrap();
    assert!(under(text(record, "other_user_id")).verify(message, sig).is_err(), "a signature fails under the other identity");
    for at in [0, message.len() / 2, message.len() - 1] {
        let mut changed = message.to_owned().into_bytes();
        changed[at] ^= 1;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        assert_eq!(under(user_id).verify(&changed, sig), Err(NotVerified::Mismatch));
    }
    // Ours is another signature of the same text, which the same key accepts.
    let ours = Signer::new(&private_key(&Private::new(text(record, "d")), "d").unwrap(), user_id).unwrap().sign(message).unwrap();
    under(user_id).verify(message, &ours).unwrap();
    assert_eq!(STANDARD.decode(ours).unwrap().len(), 64);
}

fn keys(record: &Value) {
    let (hex, b64, public) = (text(record, "d_hex"), text(record, "d_base64"), text(record, "public"));
    let with_zero = gm::unhex(&format!("00{hex}")).unwrap();
    let wanted = private_key(&Private::new(hex), "d").unwrap();
    for form in [b64.to_owned(), format!("00{hex}"), STANDARD.encode(&with_zero), hex.to_ascii_uppercase()] {
        assert_eq!(private_key(&Private::new(form.as_str()), "d").unwrap(), wanted, "{form}");
    }
    let point = gm::unhex(public).unwrap();
    let wanted = public_key(public, "p").unwrap();
    assert_eq!(wanted, private_key(&Private::new(hex), "d").unwrap().public_key());
    for form in [STANDARD.encode(&point), STANDARD.encode(&point[1..]), public[2..].to_owned()] {
        assert_eq!(public_key(&form, "p").unwrap(), wanted, "{form}");
    }
}

#[test]
fn every_published_record_is_replayed() {
    let mut seen = BTreeMap::new();
    for record in known_answers() {
        let kind = text(&record, "kind").to_owned();
        match kind.as_str() {
            "canonical" => assert_eq!(canonical(&object(text(&record, "built")), EmptyRule::Everywhere), text(&record, "canonical")),
            "text" => {
                let mut envelope = object(&json!({"appId": record["app_id"], "encType": "SM4", "signType": "SM2", "timestamp": record["timestamp"], "version": record["version"], "signData": "x", "encData": "y", "extra": {"a": 1}}).to_string());
                envelope.insert("data".to_owned(), Json::Object(object(text(&record, "data"))));
                let signed = signed_text(&envelope, text(&record, "secret"), EmptyRule::Everywhere, Numbers::AsTheyStand);
                assert_eq!(signed.as_str(), text(&record, "text"));
                assert_eq!(gm::hex(&gm::sm3(signed.as_bytes())), text(&record, "sm3"));
            }
            "key" => keys(&record),
            "sign" => signature(&record),
            "sm3" => assert_eq!(gm::hex(&gm::sm3(text(&record, "text").as_bytes())), text(&record, "digest")),
            "tif" => {
                let config = TifConfig { paas_id: "p".to_owned(), secret: Private::new(text(&record, "secret")) };
                let seconds: i64 = text(&record, "timestamp").parse().unwrap();
                let headers: BTreeMap<_, _> = tif_headers(&config, Timestamp::from_millis(seconds * 1000 + 999), text(&record, "nonce")).into();
                assert_eq!((headers["x-tif-signature"].as_str(), headers["x-tif-timestamp"].as_str(), headers.len()), (text(&record, "signature"), text(&record, "timestamp"), 4));
            }
            "portal" => {
                let config = authorisation(&json!({"partner_id": record["partner_id"], "partner_secret": record["secret"]}));
                let headers: BTreeMap<_, _> = headers(&config, Timestamp::from_millis(text(&record, "timestamp").parse().unwrap()), "id").into();
                let wanted = [("god-portal-request-id", "id"), ("god-portal-signature", text(&record, "signature")), ("god-portal-timestamp", text(&record, "timestamp"))];
                assert_eq!(headers.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), wanted);
            }
            // src/cipher.rs, where the keys are.
            "wrap" | "seal" | "sm4" => {}
            other => panic!("{other} is not replayed"),
        }
        *seen.entry(kind).or_insert(0) += 1;
    }
    assert_eq!((seen.len(), seen.values().sum::<i32>(), seen["sign"]), (10, 12, 2));
}

#[test]
fn what_is_no_key_is_refused_by_its_field() {
    const N: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
    for d in ["", "0", &"0".repeat(64), N, "ff", &format!("01{D}"), &PUBLIC[2..], "中"] {
        let error = private_key(&Private::new(d), "private_key").unwrap_err();
        assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v), Some("private_key"), "{d}");
        assert!(!format!("{error} {error:?}").contains(D), "a key never stands in an error");
    }
    let off_curve = format!("{}14", &PUBLIC[..128]);
    for point in ["", &off_curve, &PUBLIC[..128], &format!("05{}", &PUBLIC[2..]), &"0".repeat(130)] {
        assert!(public_key(point, "centre_public_key").is_err(), "{point}");
    }
}

#[test]
fn der_and_other_forms_of_signatures_are_refused() {
    let verifier = Verifier::new(&public_key(PUBLIC, "p").unwrap(), &UserId::AppSecret, SECRET).unwrap();
    let record = known_answers().into_iter().find(|record| record["id"] == "ME-7").unwrap();
    let (message, raw) = (text(&record, "text"), STANDARD.decode(text(&record, "sig")).unwrap());
    let der = [&[0x30, 0x45, 0x02, 0x20][..], &raw[..32], &[0x02, 0x21, 0x00], &raw[32..]].concat();
    for bad in [der, raw[..63].to_vec(), [raw.as_slice(), &[0]].concat(), vec![0; 64], vec![0xff; 64], Vec::new()] {
        assert_eq!(verifier.verify(message, &STANDARD.encode(&bad)), Err(NotVerified::Form), "{} bytes", bad.len());
    }
    assert_eq!(verifier.verify(message, "not base64!"), Err(NotVerified::Form));
    let other = known_answers().into_iter().find(|record| record["id"] == "ME-8").unwrap();
    assert_eq!(verifier.verify(message, text(&other, "sig")), Err(NotVerified::OtherUserId), "people are told which setting is wrong");
}

#[test]
fn an_envelope_of_ours_holds_the_vector_and_opens_only_whole() {
    let codec = Codec::new(&centre(&json!({}))).unwrap();
    let record = known_answers().into_iter().find(|record| record["id"] == "ME-2").unwrap();
    let data: Value = serde_json::from_str(text(&record, "built")).unwrap();
    let bytes = codec.seal(data.as_object().unwrap(), Timestamp::from_millis(1_746_000_000_000)).unwrap();
    let sent: Value = serde_json::from_slice(&bytes).unwrap();
    let enc = known_answers().into_iter().find(|record| record["id"] == "ME-4").unwrap();
    assert_eq!((sent["encData"].as_str(), sent["timestamp"].as_str(), sent["appId"].as_str()), (enc["enc"].as_str(), Some("1746000000000"), Some(APP_ID)));
    assert!(sent.get("data").is_none());
    let opened = codec.open(&bytes).unwrap_or_else(|why| panic!("{why:?}"));
    assert_eq!(Value::Object(opened.data), serde_json::from_str::<Value>(text(&record, "canonical")).unwrap());
    // Not one member may be changed, dropped or added; `extra` may.
    let open = |sent: &Value| codec.open(sent.to_string().as_bytes());
    for name in ["encType", "signType", "timestamp", "version", "appId", "encData", "signData"] {
        let mut changed = sent.clone();
        changed.as_object_mut().unwrap().remove(name);
        assert!(open(&changed).is_err(), "without {name}");
        changed[name] = "MADEUPAPPID00000000000000000A002".into();
        assert!(open(&changed).is_err(), "another {name}");
    }
    let mut more = sent.clone();
    more["code"] = "0".into();
    assert_eq!(open(&more).err(), Some(NotOpened::Signature(NotVerified::Mismatch)));
    let mut more = sent.clone();
    more["extra"] = json!({"anything": 1});
    assert!(open(&more).is_ok());
    let mut both = sent.clone();
    both["data"] = data;
    assert!(matches!(open(&both), Err(NotOpened::Shape(_))));
    let mut lower = sent;
    lower["encData"] = lower["encData"].as_str().unwrap().to_ascii_lowercase().into();
    assert!(open(&lower).is_ok());
}

#[test]
fn a_centre_that_signs_its_numbers_as_they_stand_or_as_texts_is_verified() {
    let config = centre(&json!({}));
    let codec = Codec::new(&config).unwrap();
    let signer = Signer::new(&private_key(&config.private_key, "d").unwrap(), SECRET).unwrap();
    for numbers in [Numbers::AsTheyStand, Numbers::AsTexts] {
        let envelope = object(r#"{"appId":"MADEUPAPPID00000000000000000A001","code":0,"data":{"feeSumamt":88.50,"n":[1,{"x":0.10}]}}"#);
        let signature = signer.sign(&signed_text(&envelope, SECRET, EmptyRule::Everywhere, numbers)).unwrap();
        let body = format!(r#"{{"appId":"{APP_ID}","code":0,"data":{{"feeSumamt":88.50,"n":[1,{{"x":0.10}}]}},"signData":"{signature}"}}"#);
        let opened = codec.open(body.as_bytes()).unwrap_or_else(|why| panic!("{numbers:?} {why:?}"));
        assert_eq!((opened.code.as_str(), opened.data["feeSumamt"].as_str()), ("0", Some("88.50")), "exact");
    }
}
