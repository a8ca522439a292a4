//! Durable append: `menjie-log-file` on a real disk, so many exchanges beginning at once. Every BEGIN is on the disk when it is acknowledged.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use menjie::gm::sm2::Sm2PrivateKey;
use menjie::ident::HospitalId;
use menjie::port::{Clock, Direction, LogSink, TransferBegin};
use menjie_benches::Fallible;
use menjie_benches::sealing::Repeated;
use menjie_host::SystemClock;
use menjie_log_file::{Disk, Identity, OsDisk, SealedLog, Settings};

/// Exchanges at once, and how many in all.
const WORK: [(usize, usize); 3] = [(1, 400), (8, 4000), (64, 16_000)];

/// A disk that counts how often it is asked to make records durable.
struct Counted(OsDisk, Arc<AtomicU64>);

impl Disk for Counted {
    type File = <OsDisk as Disk>::File;

    fn create(&self, name: &str) -> io::Result<Self::File> {
        self.0.create(name)
    }

    fn write_at(&self, file: &Self::File, bytes: &[u8], at: u64) -> io::Result<()> {
        self.0.write_at(file, bytes, at)
    }

    fn flush(&self, file: &Self::File) -> io::Result<()> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.flush(file)
    }

    fn flush_names(&self) -> io::Result<()> {
        self.0.flush_names()
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.append(name, bytes)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.replace(name, bytes)
    }

    fn cut(&self, name: &str, len: u64) -> io::Result<()> {
        self.0.cut(name, len)
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.0.read(name)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.0.names()
    }
}

pub(crate) async fn run(work: &Path) -> Fallible<()> {
    println!("Durable append, one run each: BEGIN records of an exchange with a body of 300 bytes, `fdatasync` calls counted at the disk.\n");
    println!("| exchanges at once | records | records/s (wall) | records a batch | syncs a batch |\n|---:|---:|---:|---:|---:|");
    for (at_once, count) in WORK {
        let dir = work.join(format!("durable-{at_once}"));
        let _ = std::fs::remove_dir_all(&dir); // what an aborted run has left
        let syncs = Arc::new(AtomicU64::new(0));
        let key = |n: u8| Sm2PrivateKey::from_scalar(&[n; 32]);
        let identity = Identity { signer: Arc::new(key(1)?), recipients: Arc::from([key(2)?.public().clone()]) };
        // Checkpoints by time would be syncs of their own.
        let settings = Settings { checkpoint_frames: u32::MAX, checkpoint_ms: i64::MAX / 2, ..Settings::default() };
        let disk = Counted(OsDisk::lock(&dir)?, syncs.clone());
        let log = Arc::new(SealedLog::on(disk, settings, identity, Arc::new(Repeated(3)), Arc::new(SystemClock))?);
        let (before, begun) = (syncs.load(Ordering::Relaxed), Instant::now());
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..at_once {
            let log = log.clone();
            tasks.spawn(async move {
                for i in 0..count / at_once {
                    log.begin(exchange(task * 1_000_000 + i)?).await?;
                }
                Fallible::Ok(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        let seconds = begun.elapsed().as_secs_f64();
        let (records, batches) = (log.health().records as f64, log.health().flushes as f64);
        let syncs = (syncs.load(Ordering::Relaxed) - before) as f64;
        println!("| {at_once} | {records} | {:.0} | {:.1} | {:.3} |", records / seconds, records / batches, syncs / batches);
        drop(log);
        std::fs::remove_dir_all(&dir)?;
    }
    println!();
    Ok(())
}

fn exchange(n: usize) -> Fallible<TransferBegin> {
    Ok(TransferBegin {
        hospital: HospitalId::new("H1")?,
        at: SystemClock.now(),
        direction: Direction::Out,
        peer: "his-front".to_owned(),
        interface: "bill.lock".to_owned(),
        business_no: Some(format!("MZ{n:014}")),
        digest: "00".repeat(32),
        body: vec![b'7'; 300],
    })
}
