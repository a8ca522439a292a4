//! A sealed log in a folder of its own, its auditors, and the staff pages before it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::Request;
use menjie::Timestamp;
use menjie::access::Role;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::ident::HospitalId;
use menjie::port::{Direction, LogSink, TransferBegin, TransferEnd, TransferId, TransferResult};
use menjie::testkit::host::{ManualClock, SeededEntropy};
use menjie_bridge::sealed_log::view::{Filter, Item, Viewer};
use menjie_bridge::sealed_log::{Access, Identity, LogDir, OsEntropy, Protection, SealedLog, Settings, TRANSFER_STREAM, Zstd, write_private};
use menjie_log_file::{Disk, OsDisk};
use menjie_server::staff::log::key;
use menjie_server::viewed_log::ViewedLog;
use tempfile::TempDir;

use crate::stage::{Person, Reply, Stage, proof, viewing};

pub(crate) const PASSWORD: &str = "canary password 77";
/// What no page shows before it is unmasked, and no file holds.
pub(crate) const NAME: &str = "张小三";
pub(crate) const ID_NO: &str = "440500199003070021";

pub(crate) struct Rig {
    pub(crate) folder: TempDir,
    pub(crate) log: Arc<SealedLog>,
    pub(crate) auditor: Arc<Sm2PrivateKey>,
    pub(crate) pem: String,
    pub(crate) stage: Stage,
    /// The disk is broken.
    pub(crate) broken: Arc<AtomicBool>,
}

pub(crate) fn pem_of(key: &Sm2PrivateKey, protection: Protection<'_>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    write_private(&file, key, protection, &OsEntropy).unwrap();
    std::fs::read_to_string(file).unwrap()
}

impl Rig {
    pub(crate) async fn open() -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_772_409_600_000)));
        let entropy = SeededEntropy::new(77);
        let (signer, auditor) = (Arc::new(Sm2PrivateKey::generate(&entropy).unwrap()), Arc::new(Sm2PrivateKey::generate(&entropy).unwrap()));
        let broken = Arc::new(AtomicBool::new(false));
        let disk = Breaking { disk: OsDisk::lock(folder.path()).unwrap(), broken: Arc::clone(&broken) };
        let settings = Settings { stream: TRANSFER_STREAM.to_owned(), step_bytes: 1 << 16, codec: Some(Arc::new(Zstd)), ..Settings::default() };
        let identity = Identity { signer: Arc::clone(&signer), recipients: [auditor.public().clone()].into() };
        let log = Arc::new(SealedLog::on(disk, settings, identity, Arc::new(OsEntropy), clock.clone()).unwrap());
        let viewed = ViewedLog::new(folder.path(), vec![signer.public().clone()], Arc::clone(&log));
        let stage = viewing(clock, Some(viewed)).await;
        let pem = pem_of(&auditor, Protection::Password(PASSWORD));
        Rig { folder, log, auditor, pem, stage, broken }
    }

    /// A transfer that began and, unless it is in doubt, ended.
    pub(crate) async fn transfer(&self, no: u32, peer: &str, direction: Direction, result: Option<TransferResult>) -> TransferId {
        let at = self.stage.app.engine().now();
        let body = format!(r#"{{"order_no":"MZ{no}","patient_id":"P{no}","patient_name":"{NAME}","id_no":"{ID_NO}"}}"#).into_bytes();
        let hospital = HospitalId::new("H1").unwrap();
        let interface = format!("{peer}.pay");
        let begin = TransferBegin { hospital, at, direction, peer: peer.to_owned(), interface, business_no: Some(format!("MZ{no}")), digest: "aa".to_owned(), body: body.clone() };
        let id = self.log.begin(begin).await.unwrap();
        if let Some(result) = result {
            self.log.end(id, TransferEnd { at: at.plus_millis(120), result, status: "200".to_owned(), digest: "bb".to_owned(), body }).await;
        }
        id
    }

    pub(crate) async fn auditor(&self) -> Person {
        self.stage.enter("S-aud", Role::Auditor).await
    }

    /// Brings a key.
    pub(crate) async fn bring(&self, person: &Person, pem: &str, password: &str) -> Reply {
        let form = proof(&self.stage.get("/a/log", &person.cookie).await.text);
        self.upload(person, &[("form", &form), ("password", password), ("key", pem)]).await
    }

    pub(crate) async fn upload(&self, person: &Person, parts: &[(&str, &str)]) -> Reply {
        let part = |(name, text): &(&str, &str)| {
            let file = if *name == "key" { "; filename=\"审计.pem\"\r\ncontent-type: application/octet-stream" } else { "" };
            format!("--mark\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n")
        };
        let body = parts.iter().map(part).collect::<String>() + "--mark--\r\n";
        let request = Request::builder().method("POST").uri("/a/log/key").header("cookie", format!("mj_staff={}", person.cookie));
        self.stage.send(request.header("content-type", "multipart/form-data; boundary=mark").body(Body::from(body)).unwrap()).await
    }

    /// Somebody who has brought his key.
    pub(crate) async fn reader(&self) -> Person {
        let person = self.auditor().await;
        let reply = self.bring(&person, &self.pem, PASSWORD).await;
        assert_eq!((reply.status, reply.to()), (303, "/a/log"), "{}", reply.text);
        person
    }

    pub(crate) async fn submit(&self, person: &Person, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.stage.submit(path, &person.cookie, fields).await
    }

    pub(crate) fn lent(&self) -> usize {
        self.stage.app.log().unwrap().lent().sessions(self.stage.app.engine().now()).len()
    }

    pub(crate) async fn sweep(&self) {
        key::sweep(&self.stage.app).await;
    }

    /// The access records, read back.
    pub(crate) fn accesses(&self) -> Vec<Access> {
        let viewer = Viewer::new(LogDir::new(self.folder.path(), TRANSFER_STREAM), Arc::clone(&self.auditor), Some(Arc::new(Zstd)));
        let (items, coverage) = viewer.last(usize::MAX, &Filter::default(), &mut |_| {}).unwrap();
        assert!(coverage.unreadable.is_empty());
        items.into_iter().filter_map(|item| if let Item::Access { access, .. } = item { Some(access) } else { None }).collect()
    }

    /// Every byte of the folder.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        all(self.folder.path())
    }
}

fn all(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|path| if path.is_dir() { all(&path) } else { std::fs::read(path).unwrap() }).collect()
}

/// A disk that can break.
struct Breaking {
    disk: OsDisk,
    broken: Arc<AtomicBool>,
}

impl Breaking {
    fn whole(&self) -> io::Result<&OsDisk> {
        if self.broken.load(Ordering::Acquire) { Err(io::ErrorKind::Other.into()) } else { Ok(&self.disk) }
    }
}

impl Disk for Breaking {
    type File = <OsDisk as Disk>::File;

    fn create(&self, name: &str) -> io::Result<Self::File> {
        self.whole()?.create(name)
    }

    fn write_at(&self, file: &Self::File, bytes: &[u8], at: u64) -> io::Result<()> {
        self.whole()?.write_at(file, bytes, at)
    }

    fn flush(&self, file: &Self::File) -> io::Result<()> {
        self.whole()?.flush(file)
    }

    fn flush_names(&self) -> io::Result<()> {
        self.whole()?.flush_names()
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.whole()?.append(name, bytes)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.whole()?.replace(name, bytes)
    }

    fn cut(&self, name: &str, len: u64) -> io::Result<()> {
        self.whole()?.cut(name, len)
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.disk.read(name)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.whole()?.remove(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.disk.names()
    }
}
