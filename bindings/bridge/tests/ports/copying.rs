//! An engine whose log the host keeps a second copy of, in another folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use menjie::port::Clock as _;
use menjie::testkit::conformance::his;
use menjie::testkit::world::World;
use menjie_bridge::build::{make_keys, make_log_keys};
use menjie_bridge::local::LocalEngine;
use menjie_bridge::ports::{PortHost, PortName, Question, QuestionId, ReplyTo};
use menjie_bridge::sealed_log::SystemClock;
use serde_json::{Value, json};

use crate::fake::{FakeHost, Hurried};
use crate::ledger::{CALLER, config, told};

/// A hospital whose copies of the log go to a folder, one at a time when they are let through.
struct Keeping {
    hospital: FakeHost,
    folder: PathBuf,
    full: AtomicBool,
    came: Mutex<Sender<()>>,
    /// Waits before the first copy.
    go: Mutex<Option<Receiver<()>>>,
}

impl Keeping {
    fn put(&self, request: &str) {
        use base64::Engine as _;
        use std::os::unix::fs::FileExt as _;
        let piece: Value = serde_json::from_str(request).unwrap();
        let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(self.folder.join(piece["file"].as_str().unwrap())).unwrap();
        let bytes = base64::engine::general_purpose::STANDARD.decode(piece["bytes"].as_str().unwrap()).unwrap();
        let offset = piece["offset"].as_u64().unwrap();
        file.write_all_at(&bytes, offset).unwrap();
        if piece["closed"] == true {
            file.set_len(offset + bytes.len() as u64).unwrap();
        }
    }
}

impl PortHost for Keeping {
    fn implements(&self, _: PortName) -> bool {
        true
    }

    fn ask(&self, question: &Question, reply: ReplyTo) {
        if question.port != PortName::Log {
            return self.hospital.ask(question, reply);
        }
        self.came.lock().unwrap().send(()).unwrap();
        if let Some(go) = self.go.lock().unwrap().take() {
            go.recv().unwrap();
        }
        let answer = if self.full.load(Ordering::SeqCst) {
            r#"{"outcome":"refused","value":{"code":"full","text":"备份磁盘已满"}}"#
        } else {
            self.put(&question.request);
            r#"{"outcome":"done"}"#
        };
        assert!(reply.answer(answer.to_owned()));
    }

    fn forget(&self, id: QuestionId) {
        self.hospital.forget(id);
    }
}

fn alone(op: &str, request: &Value) -> Value {
    let reply = menjie_bridge::call_alone(op, &request.to_string());
    assert!(reply.is_response(), "{op}: {}", reply.json());
    serde_json::from_str(reply.json()).unwrap()
}

fn verified(folder: &Path, log: &Path) -> Value {
    alone("seal.verify", &json!({ "dir": log, "writers": [folder.join("log-signer.pub.pem")], "key": folder.join("auditor.pem") }))
}

#[test]
fn a_keeper_that_blocks_or_refuses_stops_no_transfer_and_gets_all_of_the_log_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_keys(&folder.join("keys.json")).unwrap();
    make_log_keys(folder).unwrap();
    std::fs::create_dir(folder.join("copy")).unwrap();
    let clock = Arc::new(Hurried::at(SystemClock.now()));
    let world = World::new(Arc::clone(&clock) as _, 1);
    for (visit, lines) in his::day().unwrap() {
        world.his.add(visit, lines);
    }
    let mut config = config(folder);
    config["log"]["copy"] = json!({ "piece_kib": 1 });
    let open = |full: bool| {
        let ((came, comes), (go, wait)) = (channel(), channel());
        let hospital = FakeHost::new(world.clone(), Arc::clone(&clock));
        let host = Keeping { hospital, folder: folder.join("copy"), full: AtomicBool::new(full), came: Mutex::new(came), go: Mutex::new(Some(wait)) };
        // One thread for all that moves money: a keeper in it would stop everything.
        let engine = LocalEngine::open(&config.to_string(), Some((Arc::new(host), 1))).map_err(|problems| format!("{problems:?}")).unwrap();
        (engine, comes, go)
    };
    let log = folder.join("log");
    let copied = || alone("seal.copied", &json!({ "dir": log }));

    let (engine, comes, go) = open(false);
    comes.recv_timeout(Duration::from_secs(20)).unwrap();
    for _ in 0..3 {
        assert_eq!(told(&engine, CALLER, "visit.unpaid", &json!({ "patient_id": "P00001" }))["payable_fen"], 5_500);
    }
    assert!(copied()["behind_bytes"].as_u64().unwrap() > 1_000, "the keeper has not come back yet");
    go.send(()).unwrap();
    assert!(engine.close(Duration::from_secs(60)));
    let state = copied();
    assert_eq!((&state["behind_bytes"], &state["behind_segments"], &state["failing"]), (&json!(0), &json!(0), &Value::Null), "{state}");

    let (engine, comes, go) = open(true);
    go.send(()).unwrap();
    told(&engine, CALLER, "visit.unpaid", &json!({ "patient_id": "P00001" }));
    comes.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(engine.close(Duration::from_secs(60)));
    let state = copied();
    assert!(state["behind_bytes"].as_u64().unwrap() > 1_000 && state["behind_segments"] == 1, "{state}");
    assert_eq!((&state["failing"]["outcome"], &state["failing"]["code"], &state["failing"]["text"]), (&json!("refused"), &json!("full"), &json!("备份磁盘已满")), "{state}");

    let (engine, _comes, go) = open(false);
    go.send(()).unwrap();
    assert!(engine.close(Duration::from_secs(60)));
    assert_eq!(copied()["behind_bytes"], 0);
    let (here, there) = (verified(folder, &log), verified(folder, &folder.join("copy")));
    assert_eq!((&here["verdict"], &here["seal_checked"]), (&json!("sound"), &json!(true)));
    assert!(here["records"].as_u64().unwrap() >= 8, "{here}");
    assert_eq!(here, there);
    for entry in std::fs::read_dir(&log).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        let own = ["STATE", "LOCK", "COPIED"].iter().any(|own| name == *own);
        assert_eq!(std::fs::read(folder.join("copy").join(name)).ok(), (!own).then(|| std::fs::read(&path).unwrap()), "{}", name.display());
    }
}

#[test]
fn a_copy_needs_somebody_who_keeps_it() {
    let mut config = config(Path::new("/nowhere"));
    let paths = |config: &Value| {
        let refused = LocalEngine::open(&config.to_string(), None).err().unwrap();
        refused.into_iter().map(|problem| problem.path).filter(|path| path.starts_with("log")).collect::<Vec<_>>()
    };
    config["log"]["copy"] = json!({});
    assert_eq!(paths(&config), ["log.copy"]);
    config["log"]["copy"] = json!({ "piece_kib": 0, "timeout_s": 601 });
    assert_eq!(paths(&config), ["log.copy.piece_kib", "log.copy.timeout_s"]);
    config["log"]["copy"] = json!({ "folder": "x" });
    assert_eq!(paths(&config), ["log.copy.folder"]);
}
