use menjie::access::Private;
use menjie_server::session::{self, Life};
use reqwest::Method;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};

use crate::stage::{Reply, Stage, day, send};

async fn identify(stage: &Stage, token: &str, bearer: bool) -> Reply {
    send(stage.request(Method::POST, "/api/v1/identify").json(&json!({"way": "visit_no", "token": token, "bearer": bearer}))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_every_patient_route_is_401() {
    let stage = Stage::open().await;
    let token = "0".repeat(64);
    for (method, path) in [
        (Method::GET, "/api/v1/session"),
        (Method::GET, "/api/v1/bills/unpaid"),
        (Method::POST, "/api/v1/settlements/quote"),
        (Method::POST, "/api/v1/payments"),
        (Method::GET, "/api/v1/payments/1"),
        (Method::POST, "/api/v1/payments/1/cancel"),
        (Method::GET, "/api/v1/settlements"),
        (Method::GET, "/api/v1/settlements/1"),
        (Method::POST, "/api/v1/identify/choose"),
    ] {
        let body = if path.ends_with("choose") { json!({"choice": 0}) } else { json!({}) };
        for bearer in [None, Some(token.as_str()), Some("x")] {
            let mut request = stage.request(method.clone(), path);
            if method == Method::POST {
                request = request.json(&body);
            }
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer);
            }
            let reply = send(request).await;
            assert_eq!((reply.status, reply.code()), (401, 20), "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_session_is_masked_and_ends_with_exit() {
    let stage = Stage::open().await;
    let patient = stage.patient(0);
    let reply = identify(&stage, patient.card_no.reveal(), false).await;
    let cookie = reply.headers.get(SET_COOKIE).unwrap().to_str().unwrap().to_owned();
    assert!(cookie.starts_with("mj_session=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let body = reply.json();
    assert_eq!((&body["decision"], &body["token"]), (&json!("identified"), &Value::Null));
    for clear in [patient.name.reveal(), patient.patient_id.as_str(), patient.card_no.reveal()] {
        assert!(!reply.text().contains(clear));
    }
    let pair = cookie.split(';').next().unwrap().to_owned();
    let with_cookie = |method: Method, path: &str| stage.request(method, path).header(COOKIE, &pair);
    assert_eq!(send(with_cookie(Method::GET, "/api/v1/session")).await.status, 200);

    // Whoever identifies next on this device ends the first session.
    let next = send(with_cookie(Method::POST, "/api/v1/identify").json(&json!({"way": "visit_no", "token": stage.patient(1).card_no.reveal()}))).await;
    let second = next.headers.get(SET_COOKIE).unwrap().to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(send(with_cookie(Method::GET, "/api/v1/session")).await.status, 401);
    let exit = send(stage.request(Method::POST, "/api/v1/exit").header(COOKIE, &second)).await;
    assert!(exit.headers.get(SET_COOKIE).unwrap().to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(send(stage.request(Method::GET, "/api/v1/session").header(COOKIE, &second)).await.status, 401);
    assert_eq!(send(stage.request(Method::POST, "/api/v1/exit")).await.status, 204, "nothing to end is no error");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_files_are_chosen_from_without_showing_them() {
    let mut day = day();
    let shared = day.patients[0].id_no.clone().unwrap_or_else(|| Private::new("440599199003070058"));
    day.patients[0].id_no = Some(shared.clone());
    day.patients[1].id_no = Some(shared.clone());
    let stage = Stage::with(day, |_| ()).await;
    let reply = send(stage.request(Method::POST, "/api/v1/identify").json(&json!({"way": "id_card", "token": shared.reveal(), "bearer": true}))).await;
    let body = reply.json();
    assert_eq!((&body["decision"], body["choices"].as_array().unwrap().len()), (&json!("choose"), 2));
    for at in [0, 1] {
        assert!(!reply.text().contains(stage.patient(at).name.reveal()) && !reply.text().contains(stage.patient(at).patient_id.as_str()));
    }
    let choosing = body["token"].as_str().unwrap().to_owned();
    assert_eq!(stage.get("/api/v1/bills/unpaid", &choosing).await.status, 401, "nobody is identified yet");
    let wrong = stage.post("/api/v1/identify/choose", &choosing, &json!({"choice": 2})).await;
    assert_eq!((wrong.status, wrong.json()["context"]["field"].as_str()), (422, Some("choice")));
    let chosen = stage.post("/api/v1/identify/choose", &choosing, &json!({"choice": 1, "bearer": true})).await.json();
    let session = chosen["token"].as_str().unwrap();
    let files = [0, 1].map(|at| json!(stage.patient(at).patient_id));
    assert!(files.contains(&chosen["patient_id"]), "{chosen}");
    assert_eq!(stage.get("/api/v1/bills/unpaid", session).await.status, 200);
    assert_eq!(stage.get("/api/v1/session", &choosing).await.status, 401, "the token changed with what it allows");
    assert_eq!(stage.post("/api/v1/identify/choose", session, &json!({"choice": 0})).await.status, 401, "nothing left to choose");

    // The same by a program whose engine keeps the token.
    let server = menjie_bridge::remote::Server::at(&stage.base, None).unwrap();
    let ask = async |op: &str, request: Value| {
        let reply = server.call(op, &request.to_string()).await.unwrap().into_reply();
        (reply.code(), serde_json::from_str::<Value>(reply.json()).unwrap())
    };
    let found = ask("session.identify", json!({"way": "id_card", "token": shared.reveal()})).await.1;
    assert_eq!((&found["decision"], &found["token"]), (&json!("choose"), &Value::Null));
    assert_eq!(ask("visit.unpaid", json!({"patient_id": files[0]})).await.0, 20, "nobody is identified yet");
    let chosen = ask("session.choose", json!({"choice": 0})).await.1;
    assert!(files.contains(&chosen["patient_id"]) && chosen.get("token").is_none(), "{chosen}");
    assert_eq!(ask("visit.unpaid", json!({"patient_id": chosen["patient_id"]})).await.0, 0);
    let other = files.iter().find(|file| **file != chosen["patient_id"]).unwrap();
    assert_eq!(ask("visit.unpaid", json!({"patient_id": other})).await.0, 200);
    assert_eq!(ask("session.exit", json!({})).await, (0, json!({"ended": true})));
}

/// A page that is touched moves the session's end while its patient chooses.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_chosen_beside_touches_of_the_page() {
    let mut day = day();
    let shared = Private::new("440599199003070058");
    day.patients[0].id_no = Some(shared.clone());
    day.patients[1].id_no = Some(shared.clone());
    let stage = Stage::with(day, |_| ()).await;
    for _ in 0..8 {
        let found = send(stage.request(Method::POST, "/api/v1/identify").json(&json!({"way": "id_card", "token": shared.reveal(), "bearer": true}))).await;
        let choosing = found.json()["token"].as_str().unwrap().to_owned();
        let (app, token) = (stage.app().clone(), choosing.clone());
        let touching = tokio::spawn(async move {
            let mut touches = 0_u32;
            // Each of them writes: it says another life than the one before.
            while session::touch(&app, &token, Life::Kiosk { large: touches.is_multiple_of(2) }).await.unwrap() {
                touches += 1;
            }
            touches
        });
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let reply = stage.post("/api/v1/identify/choose", &choosing, &json!({"choice": 1, "bearer": true})).await;
        assert_eq!((reply.status, &reply.json()["decision"]), (200, &json!("identified")), "{}", reply.text());
        assert!(touching.await.unwrap() > 1, "nothing was beside it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_cards_are_refused_and_five_of_them_lock_the_address() {
    let stage = Stage::open().await;
    for _ in 0..5 {
        let reply = identify(&stage, "nobody", true).await;
        assert_eq!((reply.status, &reply.json()["reason"]), (200, &json!("no_file")));
    }
    let right = identify(&stage, stage.patient(0).card_no.reveal(), true).await;
    assert_eq!((right.status, right.code()), (429, 22), "the sixth, right try is refused");
    let wait: u64 = right.headers.get("retry-after").unwrap().to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_ways_of_this_hospital_are_offered() {
    let stage = Stage::with(day(), |config| config["server"]["identify_ways"] = json!(["id_card", "visit_no"])).await;
    for way in ["phone", "patient_no", "health_code"] {
        let reply = send(stage.request(Method::POST, "/api/v1/identify").json(&json!({"way": way, "token": stage.patient(0).patient_id.as_str()}))).await;
        assert_eq!((reply.status, reply.json()["context"]["field"].as_str()), (422, Some("way")), "{way}");
    }
    for token in ["", "a\u{7}b"] {
        assert_eq!(identify(&stage, token, true).await.status, 422);
    }
}
