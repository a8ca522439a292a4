use serde_json::json;

use crate::stage::{Stage, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_made_while_the_server_was_away_is_found_and_finished() {
    let mut stage = Stage::open().await;
    let session = stage.enter(0).await;
    let (payment, code) = stage.order(&session, "k").await;
    assert!(stage.stop().await, "an orderly stop cuts nothing off");
    stage.scan(&code).await;
    // The channel tells it while nobody is there.
    until("the channel has called back", async || stage.sim.with(|hospital, now| hospital.truth(now)).wechat.callbacks.sent > 0).await;
    stage.start().await;
    // The session is in the store, too.
    let view = stage.done(&session, &payment).await;
    let truth = stage.sim.with(|hospital, now| hospital.truth(now));
    assert_eq!((truth.his.posted_fen, truth.wechat.captured_fen), (view.amount_fen.fen(), view.amount_fen.fen()));
    assert_eq!(stage.audit().await["violations"], json!([]));
    // The command is remembered, too.
    assert!(stage.stop().await);
    stage.start().await;
    assert_eq!(stage.get("/api/v1/settlements", &session).await.json()["settlements"].as_array().unwrap().len(), view.settlements.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_has_one_server_at_a_time() {
    let stage = Stage::open().await;
    let path = stage.folder().join("menjie.json");
    let env = [("MENJIE__SERVER__LISTEN".to_owned(), "127.0.0.1:0".to_owned())].into();
    let problems = menjie_server::start::Server::prepare(&path, &env).await.err().unwrap();
    assert_eq!(problems.iter().map(|p| p.path.as_str()).collect::<Vec<_>>(), ["log.folder", "store.path"], "{problems:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_configuration_is_told_with_its_field() {
    let mut stage = Stage::open().await;
    stage.stop().await;
    let path = stage.folder().join("menjie.json");
    for (variable, value, field) in [
        ("MENJIE__SERVER__LISTEN", "0.0.0.0:8080", "server.listen"),
        ("MENJIE__SERVER__LISTEN", "nowhere", "server.listen"),
        ("MENJIE__SERVER__SESSION_IDLE_S", "0", "server.session_idle_s"),
        ("MENJIE__SERVER__LISENT", "x", "server.lisent"),
        ("MENJIE__SERVER__HOSPITAL", "OTHER", "server.hospital"),
        ("MENJIE__HOSPITALS__0__PACE__HIS__SLOTS", "0", "hospitals[0].pace.his.slots"),
    ] {
        let env = [(variable.to_owned(), value.to_owned())].into();
        let problems = menjie_server::start::Server::prepare(&path, &env).await.err().unwrap();
        assert_eq!(problems[0].path, field, "{problems:?}");
        assert!(!problems[0].what.is_empty() && !problems[0].fix.is_empty());
    }
}
