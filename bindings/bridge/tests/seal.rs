//! `seal.*` on a real directory: written, read masked, read clear with its record, verified, tampered, and every mistake by its name.
#![cfg(feature = "log")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use menjie::calendar::Timestamp;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::gm::{hex, sm3};
use menjie::ident::HospitalId;
use menjie::port::{Clock as _, Direction, LogSink as _, TransferBegin, TransferEnd, TransferResult};
use menjie::testkit::block_on;
use menjie::testkit::host::{ManualClock, SeededEntropy};
use menjie_bridge::seal::{LogWriter, NewRecord, OpenLog};
use menjie_bridge::sealed_log::{Identity, OsEntropy, Protection, SealedLog, Settings, TRANSFER_STREAM, write_private, write_public};
use menjie_bridge::{Kind, Reach, call_alone, table};
use serde_json::{Value, json};

const CANARY: &str = "440599199003070058";

struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Stage {
        let stage = Stage { folder: tempfile::tempdir().unwrap() };
        for name in ["writer", "auditor", "stranger"] {
            let key = Sm2PrivateKey::generate(&OsEntropy).unwrap();
            write_private(&stage.path(&format!("{name}.pem")), &key, Protection::FileMode, &OsEntropy).unwrap();
            write_public(&stage.path(&format!("{name}.pub")), key.public()).unwrap();
        }
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn at(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn writer(&self) -> Value {
        json!({"dir": self.at("log"), "signer": self.at("writer.pem"), "auditors": [self.at("auditor.pub")]})
    }

    fn reader(&self) -> Value {
        json!({"dir": self.at("log"), "key": self.at("auditor.pem")})
    }

    fn append(&self, records: Value) -> Value {
        response("seal.append", &json!({"log": self.writer(), "records": records}))
    }

    fn search(&self, more: Value) -> Value {
        let mut request = json!({"log": self.reader()});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        response("seal.search", &request)
    }

    fn verify(&self) -> Value {
        response("seal.verify", &json!({"dir": self.at("log"), "writers": [self.at("writer.pub")], "key": self.at("auditor.pem")}))
    }
}

fn response(op: &str, request: &Value) -> Value {
    let reply = call_alone(op, &request.to_string());
    assert!(reply.is_response(), "{op}: {}", reply.json());
    serde_json::from_str(reply.json()).unwrap()
}

fn failure(op: &str, request: &Value) -> (u64, String) {
    let reply = call_alone(op, &request.to_string());
    assert!(!reply.is_response(), "{op} {request} was accepted: {}", reply.json());
    let failure: Value = serde_json::from_str(reply.json()).unwrap();
    (failure["code"].as_u64().unwrap(), failure["context"]["field"].as_str().unwrap_or_default().to_owned())
}

fn begin(no: &str) -> Value {
    let body = format!(r#"{{"out_trade_no":"{no}","patient_name":"张小三","id_no":"{CANARY}"}}"#);
    json!({"what": "begin", "hospital": "h1", "direction": "out", "peer": "cardreader", "interface": "READ", "business_no": no, "body": body})
}

fn end(of: u64) -> Value {
    json!({"what": "end", "of": of, "result": "answered", "status": "0", "body_hex": "ff00"})
}

#[test]
fn what_is_written_is_found_masked_and_the_log_is_sound() {
    let stage = Stage::new();
    let begun = stage.append(json!([begin("K1"), begin("K2")]));
    let first = begun["begun"][0].as_u64().unwrap();
    assert_eq!(stage.append(json!([end(first)])), json!({"begun": [], "lost_ends": 0}));

    let found = stage.search(json!({"filter": {"order": "K1"}}));
    assert_eq!((found["rows"].as_array().unwrap().len(), &found["more"], &found["unreadable"]), (1, &json!(false), &json!([])));
    let row = &found["rows"][0];
    assert_eq!((&row["result"], &row["status"], &row["business_no"]), (&json!("answered"), &json!("0"), &json!("K1")));
    assert!(row["request"].as_str().unwrap().contains("K1") && !found.to_string().contains(CANARY) && !found.to_string().contains("张小三"));
    assert_eq!(stage.search(json!({"filter": {"result": "in_doubt"}}))["rows"][0]["business_no"], "K2");
    let few = stage.search(json!({"limit": 1}));
    assert_eq!((few["rows"].as_array().unwrap().len(), &few["more"]), (1, &json!(true)));
    assert_eq!(response("seal.read", &json!({"log": stage.reader(), "seq": first}))["rows"][0], *row);

    let verified = stage.verify();
    assert_eq!((&verified["verdict"], &verified["seal_checked"], &verified["findings"]), (&json!("sound"), &json!(true), &json!([])));
    assert!(verified["records"].as_u64().unwrap() >= 3 && verified["signed_to"]["root"].is_string());
    let anchored = json!({"dir": stage.at("log"), "writers": [stage.at("writer.pub")], "anchors": [verified["signed_to"]]});
    assert_eq!(response("seal.verify", &anchored)["verdict"], "sound");
}

/// The BEGIN is durable, the segment could not be closed: that is told, and the number with it.
#[test]
fn how_closing_ended_is_told() {
    let stage = Stage::new();
    stage.append(json!([begin("K1")]));
    std::fs::create_dir(stage.path("log/transfers-0000000002.gmx.new")).unwrap();
    let reply = call_alone("seal.append", &json!({"log": stage.writer(), "records": [begin("K2")]}).to_string());
    let failure: Value = serde_json::from_str(reply.json()).unwrap();
    assert!(!reply.is_response() && failure["context"]["begun"] == "2", "{failure}");
    std::fs::remove_dir(stage.path("log/transfers-0000000002.gmx.new")).unwrap();
    assert_eq!(stage.append(json!([begin("K3")]))["begun"], json!([3]));
    assert_eq!(stage.verify()["verdict"], "sound");
}

#[test]
fn everything_is_shown_only_behind_a_record_of_who_looked_and_why() {
    let stage = Stage::new();
    let first = stage.append(json!([begin("K1")]))["begun"][0].clone();
    for (field, unmask) in [("unmask.reason", json!({"actor": "a1", "reason": " "})), ("unmask.actor", json!({"actor": "", "reason": "ticket 7"}))] {
        assert_eq!(failure("seal.read", &json!({"log": stage.reader(), "seq": first, "unmask": unmask})), (100, field.to_owned()));
    }
    let unmask = json!({"actor": "a1", "reason": "ticket 7", "supervisors": [stage.at("stranger.pub")]});
    let seen = response("seal.read", &json!({"log": stage.reader(), "seq": first, "unmask": unmask}));
    assert!(seen["rows"][0]["request"].as_str().unwrap().contains(CANARY));
    let folder = std::fs::read_dir(stage.path("log/access")).unwrap().next().unwrap().unwrap().path();
    for key in ["auditor.pem", "stranger.pem"] {
        let accesses = response("seal.search", &json!({"log": {"dir": folder, "stream": "access", "key": stage.at(key)}}));
        let row = &accesses["rows"][0];
        assert_eq!((&row["what"], &row["peer"], &row["interface"], &row["status"]), (&json!("access"), &json!("a1"), &json!("unmask"), &json!("ticket 7")), "{key}");
    }
}

#[test]
fn a_changed_byte_is_told_by_its_place() {
    let stage = Stage::new();
    stage.append(json!([begin("K1"), begin("K2")]));
    stage.append(json!([begin("K3")]));
    let mut segments: Vec<PathBuf> = std::fs::read_dir(stage.path("log")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "gml")).collect();
    segments.sort();
    let mut bytes = std::fs::read(&segments[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segments[0], bytes).unwrap();
    let verified = stage.verify();
    assert_eq!(verified["verdict"], "tampered", "{verified}");
    assert!(verified["findings"][0]["defect"].is_string() && verified["findings"][0]["offset"].is_u64(), "{verified}");
}

#[test]
fn every_mistake_is_told_by_its_field_and_writes_nothing() {
    let stage = Stage::new();
    let with = |path: &str, value: Value| {
        let mut request = json!({"log": stage.writer(), "records": [begin("K1")]});
        *request.pointer_mut(path).unwrap() = value;
        request
    };
    for (path, value, told) in [
        ("/log/signer", json!(stage.at("none.pem")), (800, "log.signer")),
        ("/log/signer", json!(stage.at("auditor.pub")), (800, "log.signer")),
        ("/log/auditors", json!([]), (100, "log.auditors")),
        ("/log/auditors", json!([stage.at("auditor.pub"), stage.at("none.pub")]), (800, "log.auditors[1]")),
        ("/log/dir", json!(7), (2, "log.dir")),
        ("/records", json!([begin("K1"), {"what": "end", "of": 1, "result": "answered", "status": "0", "body_hex": "0"}]), (100, "records[1].body_hex")),
        ("/records", json!([{"what": "end", "of": 1.5, "result": "answered", "status": "0"}]), (2, "records[0].of")),
        ("/records", json!([{"what": "end", "of": 1, "result": "perhaps", "status": "0"}]), (2, "records[0].result")),
    ] {
        let (code, field) = failure("seal.append", &with(path, value));
        assert_eq!((code, field.starts_with(told.1.split('[').next().unwrap())), (told.0, true), "{path}: {field}, expected {}", told.1);
        assert!(!stage.path("log").exists(), "{path}: something was founded");
    }
    let mut stream = with("/log/dir", json!(stage.at("log")));
    stream["log"]["stream"] = json!("../x");
    assert_eq!(failure("seal.append", &stream), (100, "log.stream".to_owned()));

    stage.append(json!([begin("K1")]));
    let read = |key: &str, seq: u64| json!({"log": {"dir": stage.at("log"), "key": stage.at(key)}, "seq": seq});
    assert_eq!(failure("seal.read", &read("auditor.pem", 999_999)), (200, "seq".to_owned()));
    assert_eq!(failure("seal.read", &read("stranger.pem", 1)).0, 800);
    let stranger = response("seal.search", &json!({"log": {"dir": stage.at("log"), "key": stage.at("stranger.pem")}}));
    assert!(stranger["rows"].as_array().unwrap().is_empty() && !stranger["unreadable"].as_array().unwrap().is_empty(), "{stranger}");
    assert_eq!(failure("seal.search", &json!({"log": stage.reader(), "limit": 0})), (100, "limit".to_owned()));
    assert_eq!(failure("seal.search", &json!({"log": {"dir": stage.at("nowhere"), "key": stage.at("auditor.pem")}})), (100, "log.dir".to_owned()));
    assert_eq!(failure("seal.verify", &json!({"dir": stage.at("nowhere"), "writers": []})), (100, "dir".to_owned()));
}

#[test]
fn a_log_that_is_kept_open_is_locked_and_closes_when_dropped() {
    let stage = Stage::new();
    let writer: LogWriter = serde_json::from_value(stage.writer()).unwrap();
    let record: NewRecord = serde_json::from_value(begin("K1")).unwrap();
    let log = OpenLog::open(&writer).unwrap();
    let begun = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|_| scope.spawn(|| log.append(&[record.clone(), record.clone()]).unwrap().begun)).collect();
        writers.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<std::collections::BTreeSet<_>>()
    });
    assert_eq!(begun.len(), 8);
    assert_eq!(failure("seal.append", &json!({"log": stage.writer(), "records": []})).0, 810);
    drop(log);
    assert_eq!(stage.verify()["verdict"], "sound");
}

/// The log of the shared vectors (tests/vectors/seal/files): made-up exchanges under fixed keys, a clock that stands where it is put, and
/// reproducible randomness. `MENJIE_WRITE_VECTORS=1` writes it anew; then the vectors' expectations change, too.
#[test]
fn the_log_of_the_vectors_is_what_fixed_keys_clock_and_randomness_write() {
    let committed = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/seal/files"));
    let fresh = tempfile::tempdir().unwrap();
    write_vectors_log(fresh.path());
    if std::env::var_os("MENJIE_WRITE_VECTORS").is_some() {
        let _absent = std::fs::remove_dir_all(&committed);
        for (name, bytes) in files_below(fresh.path()) {
            let to = committed.join(name);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::write(to, bytes).unwrap();
        }
    }
    let (fresh, committed) = (files_below(fresh.path()), files_below(&committed));
    assert_eq!(fresh.iter().map(|file| &file.0).collect::<Vec<_>>(), committed.iter().map(|file| &file.0).collect::<Vec<_>>());
    for ((name, fresh), (_, committed)) in fresh.iter().zip(&committed) {
        assert!(fresh == committed, "{} is not what it was", name.display());
    }
}

fn write_vectors_log(folder: &Path) {
    let key = |name: &str, scalar: u8| {
        let key = Sm2PrivateKey::from_scalar(&[scalar; 32]).unwrap();
        write_private(&folder.join(format!("{name}.pem")), &key, Protection::FileMode, &OsEntropy).unwrap();
        write_public(&folder.join(format!("{name}.pub")), key.public()).unwrap();
        key
    };
    let (writer, auditor, _) = (Arc::new(key("writer", 0x11)), key("auditor", 0x22), key("stranger", 0x33));
    let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-06-01T08:00:00+08:00").unwrap()));
    for (no, body) in [("K1", format!(r#"{{"patient_name":"张小三","id_no":"{CANARY}"}}"#)), ("K2", "{}".to_owned())] {
        let identity = Identity { signer: Arc::clone(&writer), recipients: vec![auditor.public().clone()].into() };
        let settings = Settings { stream: TRANSFER_STREAM.to_owned(), step_bytes: 1 << 20, ..Settings::default() };
        let seed = u64::from(no.as_bytes()[1]);
        let log = SealedLog::open(&folder.join("log"), settings, identity, Arc::new(SeededEntropy::new(seed)), clock.clone()).unwrap();
        let (at, body) = (clock.now(), body.into_bytes());
        let digest = hex(&sm3(&body));
        let begin = TransferBegin {
            hospital: HospitalId::new("h1").unwrap(),
            at,
            direction: Direction::Out,
            peer: "cardreader".to_owned(),
            interface: "READ".to_owned(),
            business_no: Some(no.to_owned()),
            digest,
            body,
        };
        let id = block_on(log.begin(begin)).unwrap();
        clock.advance(250);
        if no == "K1" {
            let end = TransferEnd { at: clock.now(), result: TransferResult::Answered, status: "0".to_owned(), digest: hex(&sm3(b"ok")), body: b"ok".to_vec() };
            block_on(log.end(id, end));
        }
        log.close().unwrap();
        clock.advance(60_000);
    }
}

/// Every file below a folder with its bytes, by its path there.
fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { walk(&path, root, found) } else { found.push((path.strip_prefix(root).unwrap().to_owned(), std::fs::read(&path).unwrap())) }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

#[test]
fn what_holds_keys_or_bodies_is_for_the_host_only() {
    let guarded = table().iter().filter(|op| op.name.starts_with("crypto.") || op.name.starts_with("seal."));
    assert_eq!(guarded.filter(|op| op.reach == Reach::HostOnly).count(), 10);
    assert!(table().iter().all(|op| op.kind != Kind::Local || op.reach == Reach::HostOnly));
}
