//! A hospital's log in a folder of its own, and the terminal before it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use menjie::gm::sm2::Sm2PrivateKey;
use menjie::gm::{hex, sm3};
use menjie::ident::HospitalId;
use menjie::port::{Direction, LogSink, TransferBegin, TransferEnd, TransferResult};
use menjie::testkit::block_on;
use menjie_bridge::sealed_log::{Identity, OsEntropy, SealedLog, Settings, SystemClock, now, read_private, read_public, write_public};
use serde_json::Value;

pub(crate) const PASSWORD: &str = "twelve or more 个字";
pub(crate) const CANARY: &str = "440599199003070058";

/// A hospital's log, its writer and its auditor.
pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    signer: Arc<Sm2PrivateKey>,
}

impl Stage {
    pub(crate) fn new() -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage { folder, signer: Arc::new(Sm2PrivateKey::generate(&OsEntropy).unwrap()) };
        private(&stage.path("password"), PASSWORD);
        write_public(&stage.path("writer.pub"), stage.signer.public()).unwrap();
        stage.keygen("auditor.pem");
        stage
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn keygen(&self, name: &str) {
        let made = self.menjie(&["keygen", name, "--password-file", "password"]);
        assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    }

    pub(crate) fn log(&self) -> SealedLog {
        let recipients = read_public(&self.path("auditor.pem.pub")).unwrap();
        let identity = Identity { signer: self.signer.clone(), recipients: recipients.into() };
        let settings = Settings { step_bytes: 1 << 20, ..Settings::default() };
        SealedLog::open(&self.path("log"), settings, identity, Arc::new(OsEntropy), Arc::new(SystemClock)).unwrap()
    }

    /// Two segments; P0, P1, P2 … with the counterpart's answer, every fifth without one.
    pub(crate) fn written(self) -> Stage {
        for part in 0..2 {
            let log = self.log();
            (0..10).for_each(|n| exchange(&log, part * 10 + n));
        }
        self
    }

    pub(crate) fn menjie(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_menjie"));
        command.arg("log").args(args).current_dir(self.folder.path()).env_clear().env("LC_ALL", "C").env("USER", "auditor-1").stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A command that opens the log.
    pub(crate) fn look(&self, args: &[&str]) -> Output {
        self.menjie(&[args, &["--key", "auditor.pem", "--password-file", "password"]].concat())
    }

    pub(crate) fn rows(&self, args: &[&str]) -> Vec<Value> {
        text(&self.look(&[args, &["-o", "jsonl"]].concat()).stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What the auditor's access log says.
    pub(crate) fn accesses(&self) -> Vec<Value> {
        let key = read_private(&self.path("auditor.pem"), Some(PASSWORD)).unwrap();
        let dir = format!("log/access/{}", hex(&key.public().id()));
        if self.path(&dir).is_dir() { self.rows(&["search", &dir, "--stream", "access"]) } else { Vec::new() }
    }
}

pub(crate) fn private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

pub(crate) fn exchange(log: &SealedLog, n: u32) {
    let body = format!(r#"{{"out_trade_no":"P{n}","patient_id":"M{}","patient_name":"张小三","id_no":"{CANARY}","total_fen":{n},"remark":"\u001b[2J"}}"#, n % 3);
    let begin = TransferBegin {
        hospital: HospitalId::new("h1").unwrap(),
        at: now(),
        direction: Direction::Out,
        peer: if n.is_multiple_of(2) { "wechat" } else { "his" }.to_owned(),
        interface: "POST /v3/pay/transactions/native".to_owned(),
        business_no: Some(format!("P{n}")),
        digest: hex(&sm3(body.as_bytes())),
        body: body.into_bytes(),
    };
    let id = block_on(log.begin(begin)).unwrap();
    if n % 5 != 4 {
        block_on(log.end(id, TransferEnd { at: now(), result: TransferResult::Answered, status: "200".to_owned(), digest: "11".repeat(32), body: b"{\"code\":\"OK\"}".to_vec() }));
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
