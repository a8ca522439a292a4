//! Callbacks of the simulated WeChat Pay: true, repeated, late, lost and forged (domain/payments.md §1.12, quality.md F6, F7).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use menjie_sim::wechat::Forgery;
use menjie_sim::{Fault, Peer};
use serde_json::{Value, json};
use support::shop::Shop;

#[test]
fn callbacks_are_signed_encrypted_and_repeated_on_the_ladder_until_2xx() {
    let mut shop = Shop::open();
    shop.paid("P0000000000000000001", 100);
    let mut pauses = Vec::new();
    let mut ids = Vec::new();
    let mut last = shop.now;
    while let Some(due) = shop.hospital.next_due() {
        let callbacks = shop.wait(due.since(shop.now));
        for callback in callbacks {
            assert!(shop.merchant.verifies(&callback.headers, &callback.body));
            let envelope: Value = serde_json::from_slice(&callback.body).unwrap();
            assert_eq!(envelope["event_type"], "TRANSACTION.SUCCESS");
            let resource: Value = serde_json::from_slice(&shop.merchant.decrypt(&envelope["resource"]).unwrap()).unwrap();
            assert_eq!((&resource["out_trade_no"], &resource["amount"]["total"]), (&json!("P0000000000000000001"), &json!(100)));
            ids.push(envelope["id"].clone());
            pauses.push(shop.now.since(last) / 1000);
            last = shop.now;
            shop.hospital.answered(callback.id, if ids.len() == 8 { None } else { Some(500) });
        }
    }
    assert_eq!(pauses, [0, 15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600]);
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "a repeat carries the same id");

    shop.paid("P0000000000000000002", 100);
    let callback = shop.wait(1000).remove(0);
    shop.hospital.answered(callback.id, Some(204));
    assert_eq!(shop.hospital.next_due(), None, "2xx ends the ladder");
    let truth = shop.hospital.truth(shop.now).wechat.callbacks;
    assert_eq!((truth.sent, truth.acknowledged, truth.waiting), (17, 1, 1));
}

#[test]
fn refund_callbacks_say_refund_status() {
    let mut shop = Shop::open();
    shop.paid("P0000000000000000001", 100);
    let paid = shop.wait(1000).remove(0);
    shop.hospital.answered(paid.id, Some(200));
    shop.refund("P0000000000000000001", "R1", 100, 100);
    let callback = shop.wait(2_000).into_iter().chain(shop.wait(1000)).next().unwrap();
    let envelope: Value = serde_json::from_slice(&callback.body).unwrap();
    let resource: Value = serde_json::from_slice(&shop.merchant.decrypt(&envelope["resource"]).unwrap()).unwrap();
    assert_eq!(envelope["event_type"], "REFUND.SUCCESS");
    assert_eq!((&resource["refund_status"], &resource["mchid"]), (&json!("SUCCESS"), &json!("1900000109")));
    assert!(resource.get("status").is_none());
}

#[test]
fn callbacks_are_duplicated_delayed_dropped_and_overtaken() {
    let mut shop = Shop::open();
    shop.hospital.faults.next(Peer::Wechat, "callback", Fault::Duplicate { times: 2 });
    shop.paid("P0000000000000000001", 100);
    let copies = shop.wait(1000);
    assert_eq!(copies.len(), 3);
    assert!(copies.iter().all(|copy| copy.id == copies[0].id && copy.body == copies[0].body));
    shop.hospital.answered(copies[0].id, Some(200));

    shop.hospital.faults.next(Peer::Wechat, "callback", Fault::LateCallback { ms: 10_000 });
    shop.paid("P0000000000000000002", 100);
    shop.paid("P0000000000000000003", 100);
    let first = shop.wait(1000);
    let second = shop.wait(10_000);
    assert_eq!((first.len(), second.len()), (1, 1));
    assert!(first[0].id > second[0].id, "the later one has overtaken");
    shop.hospital.answered(first[0].id, Some(200));
    shop.hospital.answered(second[0].id, Some(200));

    shop.hospital.faults.next(Peer::Wechat, "callback", Fault::DropCallback);
    shop.paid("P0000000000000000004", 100);
    assert_eq!(shop.hospital.next_due(), None, "it never comes");
    assert_eq!(shop.query("P0000000000000000004").1["trade_state"], "SUCCESS");
}

#[test]
fn forged_callbacks_are_wrong_in_exactly_the_way_they_say() {
    let mut shop = Shop::open();
    shop.order("P0000000000000000001", 100);
    let all = [
        (Forgery::BadSignature, false),
        (Forgery::Probe, false),
        (Forgery::Stale, true),
        (Forgery::Truncated, false),
        (Forgery::SwappedBody, false),
        (Forgery::UnknownSerial, true),
        (Forgery::BadCipher, true),
        (Forgery::ShortNonce, true),
        (Forgery::WrongAmount, true),
        (Forgery::WrongMerchant, true),
        (Forgery::WrongApp, true),
        (Forgery::WrongCurrency, true),
        (Forgery::UnknownOrder, true),
    ];
    for (forgery, verifies) in all {
        shop.hospital.wechat.forge("P0000000000000000001", forgery, shop.now).unwrap();
        let callback = shop.wait(0).remove(0);
        assert_eq!(shop.merchant.verifies(&callback.headers, &callback.body), verifies, "{forgery:?}");
        let header = |name: &str| callback.headers.iter().find(|(key, _)| key == name).unwrap().1.clone();
        let age = shop.now.millis() / 1000 - header("wechatpay-timestamp").parse::<i64>().unwrap();
        assert_eq!(age >= 300, forgery == Forgery::Stale);
        assert_eq!(header("wechatpay-serial") != shop.merchant.credentials.platform_public_key_id, forgery == Forgery::UnknownSerial);
        if let Ok(envelope) = serde_json::from_slice::<Value>(&callback.body) {
            let plain = shop.merchant.decrypt(&envelope["resource"]);
            assert_eq!(plain.is_none(), matches!(forgery, Forgery::BadCipher | Forgery::ShortNonce), "{forgery:?}");
            if let Some(plain) = plain {
                let resource: Value = serde_json::from_slice(&plain).unwrap();
                assert_eq!(resource["amount"]["total"] != json!(100), forgery == Forgery::WrongAmount);
                assert_eq!(resource["mchid"] != json!("1900000109"), forgery == Forgery::WrongMerchant);
                assert_eq!(resource["appid"] != json!(shop.merchant.credentials.appid), forgery == Forgery::WrongApp);
                assert_eq!(resource["amount"]["currency"] != json!("CNY"), forgery == Forgery::WrongCurrency);
                assert_eq!(resource["out_trade_no"] != json!("P0000000000000000001"), forgery == Forgery::UnknownOrder);
            }
        } else {
            assert_eq!(forgery, Forgery::Truncated);
        }
        shop.hospital.answered(callback.id, Some(200));
    }
    let truth = shop.hospital.truth(shop.now).wechat;
    assert_eq!((truth.captured_fen, truth.callbacks.wrongly_accepted), (0, 8));
    assert_eq!(shop.query("P0000000000000000001").1["trade_state"], "NOTPAY");
    assert_eq!(shop.hospital.next_due(), None, "a forgery is not repeated");
}

#[test]
fn wrong_amounts_and_merchants_come_in_queries_and_ahead_of_the_true_callback() {
    let mut shop = Shop::open();
    shop.hospital.faults.next(Peer::Wechat, "callback", Fault::WrongAmount);
    shop.hospital.faults.next(Peer::Wechat, "callback", Fault::ForgedCallback);
    shop.paid("P0000000000000000001", 100);
    let callbacks = shop.wait(1000);
    let totals: Vec<i64> = callbacks
        .iter()
        .map(|callback| {
            let envelope: Value = serde_json::from_slice(&callback.body).unwrap();
            let plain: Value = serde_json::from_slice(&shop.merchant.decrypt(&envelope["resource"]).unwrap()).unwrap();
            plain["amount"]["total"].as_i64().unwrap()
        })
        .collect();
    let verified: Vec<bool> = callbacks.iter().map(|c| shop.merchant.verifies(&c.headers, &c.body)).collect();
    assert_eq!((totals, verified), (vec![100, 101, 100], vec![false, true, true]));
    shop.hospital.faults.next(Peer::Wechat, "query", Fault::WrongAmount);
    assert_eq!(shop.query("P0000000000000000001").1["amount"]["total"], 101);
    shop.hospital.faults.next(Peer::Wechat, "query", Fault::WrongMerchant);
    assert_eq!(shop.query("P0000000000000000001").1["mchid"], "1900000999");
}
