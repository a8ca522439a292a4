//! I15, I16 against the real adapter: what is not genuine is refused, what contradicts is kept for a person, what is
//! repeated changes nothing, and the money stays what it is.

use menjie::payment::Handover;
use menjie_sim::wechat::Forgery;
use reqwest::Method;
use serde_json::json;

use crate::stage::{Stage, send, until};

const ALL: [Forgery; 13] = [
    Forgery::BadSignature,
    Forgery::Probe,
    Forgery::Stale,
    Forgery::Truncated,
    Forgery::SwappedBody,
    Forgery::UnknownSerial,
    Forgery::BadCipher,
    Forgery::ShortNonce,
    Forgery::WrongAmount,
    Forgery::WrongMerchant,
    Forgery::WrongApp,
    Forgery::WrongCurrency,
    Forgery::UnknownOrder,
];

async fn answered(stage: &Stage, sent: u64) {
    until("every callback is answered", async || {
        let metrics = stage.app().metrics();
        ["taken", "rejected", "try_again"].iter().map(|result| metrics.callbacks("wechat", result)).sum::<u64>() >= sent
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forgeries_are_refused_contradictions_are_kept_and_no_money_moves() {
    let stage = Stage::open().await;
    let session = stage.enter(0).await;
    let (payment, code) = stage.order(&session, "k").await;
    let before = stage.get(&format!("/api/v1/payments/{payment}"), &session).await.json();
    let no = stage.sim.with(|hospital, now| hospital.wechat.payable(now)[0].out_trade_no.clone());
    for (n, forgery) in (1..).zip(ALL) {
        stage.sim.with(|hospital, now| hospital.wechat.forge(&no, forgery, now)).unwrap_or_else(|e| panic!("{forgery:?}: {e:?}"));
        answered(&stage, n).await;
    }
    let refused = ALL.iter().filter(|f| f.must_be_refused()).count();
    let metrics = stage.app().metrics();
    assert_eq!(metrics.callbacks("wechat", "rejected"), u64::try_from(refused).unwrap());
    assert_eq!(metrics.callbacks("wechat", "taken"), u64::try_from(ALL.len() - refused).unwrap());
    let after = stage.get(&format!("/api/v1/payments/{payment}"), &session).await.json();
    assert_eq!((&after["st"], &after["progress"]), (&before["st"], &before["progress"]), "money state unchanged");
    let truth = stage.sim.with(|hospital, now| hospital.truth(now));
    assert_eq!((truth.his.posted_fen, truth.wechat.captured_fen, truth.wechat.callbacks.wrongly_accepted), (0, 0, 0));

    // The true payment still goes through.
    stage.scan(&code).await;
    stage.done(&session, &payment).await;
    assert_eq!(stage.audit().await["violations"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_callback_is_acknowledged_and_changes_nothing() {
    let stage = Stage::open().await;
    stage.sim.with(|hospital, _| hospital.faults.next(menjie_sim::Peer::Wechat, "callback", menjie_sim::Fault::Duplicate { times: 4 }));
    let session = stage.enter(0).await;
    let (payment, code) = stage.order(&session, "k").await;
    stage.scan(&code).await;
    let view = stage.done(&session, &payment).await;
    answered(&stage, 5).await;
    assert_eq!(stage.app().metrics().callbacks("wechat", "taken"), 5);
    let truth = stage.sim.with(|hospital, now| hospital.truth(now));
    assert_eq!(truth.his.posted_fen, view.amount_fen.fen());
    assert!(truth.his.settlements.values().all(|s| s.bookings == 1));
    assert!(!matches!(view.handover, Some(Handover::Qr { .. })), "nothing is left to pay");
    assert_eq!(stage.audit().await["violations"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_callback_are_refused_and_large_ones_not_read() {
    let stage = Stage::open().await;
    let post = |body: Vec<u8>| send(stage.request(Method::POST, "/notify/wechat").body(body));
    for body in [Vec::new(), b"{}".to_vec(), vec![0xff; 100]] {
        let reply = post(body).await;
        assert_eq!((reply.status, &reply.json()["code"]), (401, &json!("FAIL")));
    }
    assert_eq!(post(vec![b'x'; 70_000]).await.status, 413);
    assert_eq!(send(stage.request(Method::GET, "/notify/wechat")).await.status, 405);
}
