//! The server in this process, every route of it, and what it has written and said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use menjie::port::Clock;
use menjie_host::{OsEntropy, SystemClock};
use menjie_server::{logging, router};
use menjie_store_sqlite::{Options, SqliteStore};
use menjie_tests::canary::{Canary, Searcher};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use crate::captured::Captured;
use crate::cast::{Cast, NEW_ID, NEW_OPENID, OPENID};
use crate::house::House;
use crate::misuse::Known;
use crate::stage::{Stage, day};
use crate::{desk, doors, files, misuse, pages, patients, phone, routes};

/// Routes that are never answered with success here, and why.
const REFUSED: [(&str, &str, &str); 1] = [("POST", "/a/refunds/finance/{id}/resolve", "decides about a refund that hangs; one that is done is answered with a conflict")];

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_through_every_route_is_nowhere_in_clear() {
    let log = Captured::default();
    // Everything of every crate, so that a chatty dependency would show, too.
    tracing::subscriber::set_global_default(logging::subscriber(log.clone(), LevelFilter::TRACE)).unwrap();
    let mut today = day();
    let cast = Cast::of(&mut today);
    let stage = Stage::with(today, |config| {
        config["server"]["log_viewer"] = json!(true);
        config["server"]["lock_after"] = json!(100);
        config["server"]["sms_per_hour"] = json!(1_000);
    })
    .await;
    let mut house = House::of(stage);
    cast.secrets(&house);
    own_keys(&house);

    patients::program(&house, cast).await;
    let kiosk = house.visitor("kiosk");
    pages::before(&kiosk, "/k").await;
    pages::ways_in(&house, &kiosk, "/k", cast).await;
    kiosk.page("/k").await;
    kiosk.submitted("/k/identify/number", "/k/identify", &[], &[("way", "number"), ("token", house.stage.patient(cast.kiosk).card_no.reveal()), ("next", "unpaid")]).await;
    kiosk.page("/k/insurance").await;
    let own = pages::own_money(&house, &kiosk, "/k").await;
    pages::visits(&house, &kiosk, "/k", cast.kiosk, [("V9101", "KB1"), ("V9102", "KB2")]).await;
    let handy = house.visitor("phone");
    pages::before(&handy, "/h5").await;
    pages::ways_in(&house, &house.visitor("a phone without an account"), "/h5", cast).await;
    phone::login(&house, &handy, OPENID).await;
    phone::patients(&house, &handy, cast).await;
    pages::visits(&house, &handy, "/h5", cast.phone, [("V9201", "HB1"), ("V9202", "HB2")]).await;
    let insured = phone::insured(&house, &handy, cast).await;
    let middle = files::all(house.stage.folder());
    let child = house.visitor("child");
    phone::login(&house, &child, OPENID).await;
    phone::patients(&house, &child, Cast { phone: cast.child, child: cast.phone, ..cast }).await;
    other_patient(&child).await;
    pages::own_money(&house, &child, "/h5").await;
    for (root, id_no, account) in [("/k", NEW_ID[1], ""), ("/h5", NEW_ID[2], NEW_OPENID)] {
        let newcomer = house.visitor("newcomer");
        if !account.is_empty() {
            phone::login(&house, &newcomer, account).await;
        }
        pages::first_visit(&newcomer, root, id_no).await;
        pages::leave(&newcomer, root).await;
    }
    let finance = desk::work(&house, cast, &kiosk, &own, &handy, &insured).await;
    doors::strangers(&house).await;

    let served = routes::served(&router(house.stage.app().clone()));
    assert!(served.len() > 150, "{}", served.len());
    let counters = doors::counters(&house).await;
    let driven = routes::answered(&counters, 400);
    let known: BTreeSet<routes::Route> = REFUSED.iter().map(|(method, route, _)| ((*method).to_owned(), (*route).to_owned())).collect();
    let missed: Vec<&routes::Route> = served.iter().filter(|route| !driven.contains(route) && !known.contains(route)).collect();
    assert!(missed.is_empty(), "no walk of tests/canary is answered with success at {missed:#?}");
    assert!(known.iter().all(|route| served.contains(route) && !driven.contains(route) && routes::answered(&counters, 500).contains(route)), "the exceptions are stale");

    let program = house.visitor("program");
    program.identify("visit_no", house.stage.patient(cast.program).card_no.reveal()).await;
    let people = [
        Known { root: "/k", v: &kiosk, page: "/k/unpaid" },
        Known { root: "/h5", v: &handy, page: "/h5/unpaid" },
        Known { root: "/a/", v: &finance, page: "/a" },
        Known { root: "/api", v: &program, page: "" },
    ];
    misuse::everywhere(&house, &served, &people).await;
    // What was written last is not in the database yet.
    let late = files::all(house.stage.folder());
    assert!(late.iter().any(|(path, bytes)| path.ends_with("menjie.db-wal") && bytes.len() > 100_000), "there is no log of the database to look at");
    let counters = doors::counters(&house).await;
    assert!(house.stage.stop().await);
    let backup = back_up(&house).await;
    let end = files::all(house.stage.folder());

    let canaries = house.canaries();
    assert!(canaries.len() > 100 && house.answers() > 1_000, "{} canaries, {} answers", canaries.len(), house.answers());
    let searcher = Searcher::new(&canaries).unwrap();
    let mut leaks = house.told_to_others(&searcher);
    for (when, files) in [("in the middle", middle), ("with the last writes", late), ("after the end", end), ("of the backup", backup)] {
        leaks.extend(in_files(when, &files, &canaries, &searcher));
    }
    leaks.extend(searcher.find(doors::without_times(&counters).as_bytes()).into_iter().map(|found| format!("{} ({}) in the counters", found.what, found.form)));
    leaks.extend(in_log(&log.bytes(), &searcher));
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// The second of the account's patients.
async fn other_patient(v: &crate::house::Visitor<'_>) {
    let ids = crate::house::all_hidden(&v.page("/h5/patients").await, "id");
    v.submitted("/h5/patients", "/h5/patients", &[], &[("act", "switch"), ("id", &ids[1])]).await;
}

/// The keys of the columns and of the log.
fn own_keys(house: &House) {
    let folder = house.stage.folder();
    let ring: Value = serde_json::from_slice(&std::fs::read(folder.join("keys.json")).unwrap()).unwrap();
    let mut values = Vec::new();
    texts(&ring, &mut values);
    assert!(values.len() >= 2, "the key file has another shape");
    for value in values {
        house.keep(Canary::random("a key of the columns", value.as_str()), &[]);
        house.keep(Canary::random("the bytes of a key of the columns", menjie::gm::unhex(&value).unwrap()), &[]);
    }
    for name in ["log-signer.pem", "auditor.pem"] {
        let key = menjie_bridge::sealed_log::read_private(&folder.join(name), None).unwrap();
        let pkcs8 = key.pkcs8().unwrap();
        let scalar = pkcs8.windows(34).find(|window| window[..2] == [4, 32]).map(|window| window[2..].to_vec()).unwrap();
        house.keep(Canary::random(format!("the key of {name}"), scalar), &[]);
    }
}

fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= 32 => into.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| texts(one, into)),
        Value::Object(all) => all.values().for_each(|one| texts(one, into)),
        _ => {}
    }
}

/// As `SqliteStore::backup` makes it.
async fn back_up(house: &House) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = house.stage.folder();
    let keys = Arc::new(menjie_keys::read(&folder.join("keys.json")).unwrap());
    let store = SqliteStore::open(Options::new(folder.join("menjie.db"), keys, Arc::new(OsEntropy), SystemClock.now())).unwrap();
    let to = tempfile::tempdir().unwrap();
    store.backup(&to.path().join("backup.db")).await.unwrap();
    let files = files::all(to.path());
    assert!(files.values().any(|bytes| bytes.len() > 100_000));
    files
}

fn in_files(when: &str, files: &BTreeMap<PathBuf, Vec<u8>>, canaries: &[Canary], searcher: &Searcher) -> BTreeSet<String> {
    let mut leaks = BTreeSet::new();
    for (path, bytes) in files {
        let found = searcher.find(bytes).into_iter().filter(|found| !files::holds_keys(path) || canaries[found.at].is_of_a_person());
        leaks.extend(found.map(|found| format!("{} ({}) in {} {when}", found.what, found.form, path.file_name().unwrap().display())));
    }
    leaks
}

/// What the server and its adapters say at any level, and everybody else at the level of production. The HTTP client of this test has
/// trace lines of its own; what the server's own process says at that level is judged in [`crate::process`].
fn in_log(log: &[u8], searcher: &Searcher) -> BTreeSet<String> {
    let text = std::str::from_utf8(log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("one JSON object a line: {line}"))).collect();
    assert!(lines.iter().any(|line| line["target"] == "menjie::http" && line["route"] == "/api/v1/payments/{id}"));
    assert!(lines.iter().any(|line| line["target"] == "menjie::security"), "the forged callback is on record");
    let mut leaks = BTreeSet::new();
    for mut line in lines {
        let ours = line["target"].as_str().is_some_and(|target| target.starts_with("menjie"));
        if ours || ["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap_or_default()) {
            // Any six digits may be a time.
            line.as_object_mut().unwrap().retain(|key, _| !["micros", "timestamp"].contains(&key.as_str()));
            leaks.extend(
                searcher.find(line.to_string().as_bytes()).into_iter().map(|found| format!("{} ({}) said by {} {}", found.what, found.form, line["target"], line["message"])),
            );
        }
    }
    leaks
}

#[test]
fn a_route_that_nobody_drives_is_missed() {
    let router =
        axum::Router::new().nest("/x", axum::Router::new().route("/{id}/y", axum::routing::get(|| async {}).post(|| async {}))).route("/z", axum::routing::delete(|| async {}));
    let named = |all: &[(&str, &str)]| all.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect::<BTreeSet<_>>();
    assert_eq!(routes::served(&router), named(&[("GET", "/x/{id}/y"), ("POST", "/x/{id}/y"), ("DELETE", "/z")]));
    let metrics = "menjie_http_requests_total{method=\"GET\",route=\"/x/{id}/y\",status=\"404\"} 2\nmenjie_http_requests_total{method=\"DELETE\",route=\"/z\",status=\"204\"} 1\n";
    assert_eq!(routes::answered(metrics, 400), named(&[("DELETE", "/z")]));
}
