//! The transfer logs of a history, one for each replica. They are full at times (F12), and no call may leave without them (I17). In
//! histories with F13 they are sealed logs on disks of their own: the power goes while they are written, writers change their keys,
//! and in the end they are read with the auditor's key ([`crate::checks::log`]).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;

use menjie::error::{Code, Error};
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::port::{Clock, Direction, LogSink, TransferBegin, TransferEnd, TransferId};
use menjie::testkit::host::SeededEntropy;
use menjie_log_file::testkit::{MemDisk, Trouble};
use menjie_log_file::{Identity, Settings, SteppedLog};

use crate::book::{Shared, open};
use crate::dice::Dice;
use crate::fault::Fault;

/// Every key of every history: drawn once, because that takes time.
struct Keys {
    writers: [Arc<Sm2PrivateKey>; 2],
    auditor: Sm2PrivateKey,
    stranger: Sm2PrivateKey,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    let key = |seed: u64| Sm2PrivateKey::generate(&SeededEntropy::new(seed)).unwrap();
    KEYS.get_or_init(|| Keys { writers: [Arc::new(key(1)), Arc::new(key(2))], auditor: key(3), stranger: key(4) })
}

/// The auditor, for whom the logs are written.
pub fn auditor() -> &'static Sm2PrivateKey {
    &keys().auditor
}

/// Somebody whose key opens nothing.
pub fn stranger() -> &'static Sm2PrivateKey {
    &keys().stranger
}

/// Whoever signs, one after the other.
pub fn writers() -> Vec<Sm2PublicKey> {
    keys().writers.iter().map(|key| key.public().clone()).collect()
}

/// The stream of the files.
pub const STREAM: &str = "transfers";

fn settings(former_signers: Vec<Sm2PublicKey>) -> Settings {
    // Short segments and seldom a checkpoint: months pass.
    Settings { segment_bytes: 1 << 16, ratchet_frames: 32, checkpoint_frames: 200, checkpoint_ms: 3_600_000, former_signers, ..Settings::default() }
}

/// An exchange that began, as its caller was told.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// The number of its record.
    pub seq: u64,
    /// The interface.
    pub interface: String,
    /// The business number.
    pub business_no: Option<String>,
}

/// The log of one replica.
#[derive(Default)]
pub struct Kept {
    /// Where it is.
    pub disk: MemDisk,
    /// BEGINs that were acknowledged.
    pub begun: Vec<Acknowledged>,
    /// BEGINs that were refused: they may be on the disk all the same.
    pub refused: u64,
    writer: Option<Arc<SteppedLog<MemDisk>>>,
    starts: usize,
}

/// All of them.
pub struct Logs {
    book: Shared,
    begun: AtomicU64,
    full: AtomicBool,
    /// None where nothing is sealed.
    kept: Option<Mutex<Vec<Kept>>>,
    rotates: bool,
}

impl Logs {
    /// None yet. They are `sealed`, or only counted; their writers change keys if it `rotates`.
    pub fn new(book: Shared, sealed: bool, rotates: bool) -> Logs {
        Logs { book, begun: AtomicU64::new(0), full: AtomicBool::new(false), kept: sealed.then(Mutex::default), rotates }
    }

    /// From now on their disks are full, or fail as `dice` says; or they work again.
    pub fn fill(&self, full: Option<&Dice>) {
        self.full.store(full.is_some(), Ordering::SeqCst);
        let trouble = full.map_or(Trouble::None, |dice| [Trouble::Full, Trouble::WriteFails, Trouble::FlushFails][dice.at(3)]);
        self.kept().into_iter().for_each(|kept| kept.iter().for_each(|kept| kept.disk.trouble(trouble)));
    }

    /// A place for the log of a new replica.
    pub fn place(&self) -> usize {
        let Some(mut kept) = self.kept() else { return 0 };
        kept.push(Kept::default());
        kept.len() - 1
    }

    /// The process at this place starts, on the disk that the one before has left.
    pub fn start(&self, at: usize, clock: Arc<dyn Clock>, entropy: u64) {
        let Some(mut kept) = self.kept() else { return };
        let kept = &mut kept[at];
        let (now, before) = if self.rotates { (kept.starts % 2, kept.starts > 0) } else { (0, false) };
        let [first, second] = &keys().writers;
        let (signer, former) = if now == 0 { (first, second) } else { (second, first) };
        let former = if before { vec![former.public().clone()] } else { Vec::new() };
        let identity = Identity { signer: Arc::clone(signer), recipients: Arc::from([auditor().public().clone()]) };
        kept.starts += 1;
        kept.writer = None;
        let opened = SteppedLog::on(kept.disk.clone(), settings(former), identity, Arc::new(SeededEntropy::new(entropy)), clock);
        let mut book = open(&self.book);
        book.holds("I17", "a log opens again whatever it was left as", at, opened.is_ok());
        if before {
            book.met(Fault::LogKey);
        }
        kept.writer = opened.ok().map(Arc::new);
    }

    /// From an operation soon to come on the disk at this place has no power.
    pub fn cut_power(&self, at: usize, dice: &Dice) {
        if let Some(kept) = self.kept() {
            let disk = &kept[at].disk;
            disk.trouble(Trouble::PowerLostAt { operation: disk.operations() + 1 + dice.of(6), seed: dice.of(4) });
        }
    }

    /// The process at this place is dead; what is on its disk is what a power cut leaves, if there was one.
    pub fn died(&self, at: usize, power: bool) {
        let Some(mut kept) = self.kept() else { return };
        let kept = &mut kept[at];
        kept.writer = None;
        if power {
            kept.disk = kept.disk.after_power_loss();
            open(&self.book).met(Fault::LogPower);
        }
    }

    /// What is on the disks, for the judgement.
    pub fn take(&self) -> Option<Vec<Kept>> {
        self.kept().map(|mut kept| std::mem::take(&mut *kept))
    }

    fn kept(&self) -> Option<MutexGuard<'_, Vec<Kept>>> {
        self.kept.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn writer(&self, at: usize) -> Option<Arc<SteppedLog<MemDisk>>> {
        self.kept().and_then(|kept| kept.get(at)?.writer.clone())
    }
}

/// The log of a replica as its engine sees it.
pub struct Log {
    /// All of them.
    pub logs: Arc<Logs>,
    /// Which.
    pub at: usize,
}

#[async_trait]
impl LogSink for Log {
    async fn begin(&self, begin: TransferBegin) -> menjie::Result<TransferId> {
        let logs = &self.logs;
        let full = logs.full.load(Ordering::SeqCst);
        let (direction, interface, business_no) = (begin.direction, begin.interface.clone(), begin.business_no.clone());
        let id = match logs.writer(self.at) {
            Some(writer) => {
                let begun = writer.begin(begin).await;
                let _unused = writer.tick();
                begun
            }
            None if full || logs.kept.is_some() => Err(Error::new(Code::LogFailed).with("cause", "there is no writer, or no space")),
            None => Ok(TransferId(logs.begun.fetch_add(1, Ordering::SeqCst) + 1)),
        };
        if let Some(mut kept) = logs.kept() {
            match &id {
                Ok(id) => kept[self.at].begun.push(Acknowledged { seq: id.0, interface: interface.clone(), business_no: business_no.clone() }),
                Err(_) => kept[self.at].refused += 1,
            }
        }
        let mut book = open(&logs.book);
        match &id {
            Ok(_) if direction == Direction::Out => book.begun(&interface, business_no.as_deref()),
            Ok(_) => {}
            Err(_) => {
                if full {
                    book.met(Fault::LogFull);
                }
                business_no.iter().for_each(|no| book.touch_no(no));
            }
        }
        id
    }

    async fn end(&self, id: TransferId, end: TransferEnd) {
        if let Some(writer) = self.logs.writer(self.at) {
            writer.end(id, end).await;
        }
    }
}
