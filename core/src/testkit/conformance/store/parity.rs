//! Two stores, one history (I25): random operations from a seed get the same answers from both, and leave the same rows.

use super::{Verdict, all, same};
use crate::calendar::Timestamp;
use crate::ident::{BatchId, LineKey, SettlementId};
use crate::ledger::JournalKind;
use crate::money::Money;
use crate::payment::Part;
use crate::policy::Lane;
use crate::port::{Batch, Claim, ClaimLimits, CommitError, Inbox, InboxState, Job, JobKind, JobRef, Record, RecordKind, RecordWrite, Scan, ScanRow, Source, Store, Write};
use crate::testkit::fixture::{NOON, act, batch, call, hospital, invoice, message, patient, payment, refund, request, settlement, step, worker};
use crate::testkit::host::SeededEntropy;
use crate::workflow::{Key, MachineKind, Row};

use super::ledger::journal;

/// Draws small numbers, so that keys meet often.
struct Dice(SeededEntropy);

impl Dice {
    fn below(&self, n: u64) -> u64 {
        self.0.next_u64() % n.max(1)
    }

    fn small(&self, n: u32) -> u32 {
        u32::try_from(self.below(u64::from(n))).unwrap_or(0)
    }

    fn id(&self, n: u32) -> i64 {
        i64::from(self.small(n)) + 1
    }

    fn one_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Everything that may be asked of a store.
enum Ask {
    Commit(Box<Batch>),
    Claim(Claim),
    Defer(JobRef, Timestamp),
    Reclaim,
    NextDue,
}

/// Runs `operations` of this seed against both stores. `false`: they were the same, but too little succeeded to compare much.
pub async fn same_history(one: &dyn Store, two: &dyn Store, seed: u64, operations: u32) -> Verdict<bool> {
    let dice = Dice(SeededEntropy::new(seed));
    let mut held: Vec<Job> = Vec::new();
    let mut committed = 0;
    for n in 1..=operations {
        let law = format!("seed {seed}, operation {n}");
        let now = NOON.plus_millis(i64::from(n) * 10);
        match ask(&dice, &held, n, now)? {
            Ask::Commit(batch) => {
                let answer = plain(one.commit(&batch).await);
                committed += u32::from(answer.is_ok());
                same(&law, plain(two.commit(&batch).await), answer)?;
            }
            Ask::Claim(claim) => {
                let jobs = one.claim(&claim).await?;
                same(&law, two.claim(&claim).await?, jobs.clone())?;
                held.extend(jobs);
            }
            Ask::Defer(job, due) => {
                one.defer(&job, due).await?;
                two.defer(&job, due).await?;
            }
            Ask::Reclaim => {
                one.reclaim(&worker()?).await?;
                two.reclaim(&worker()?).await?;
            }
            Ask::NextDue => same(&law, one.next_due(&Lane::ALL).await?, two.next_due(&Lane::ALL).await?)?,
        }
        if n % 50 == 0 || n == operations {
            same_rows(&law, one, two).await?;
        }
    }
    Ok(operations < 100 || (committed * 20 >= operations && held.len() > 10))
}

/// The words of a failure are the store's own.
fn plain(answer: Result<(), CommitError>) -> Result<(), CommitError> {
    answer.map_err(|error| match error {
        CommitError::Failed(_) => CommitError::Failed(String::new()),
        CommitError::Unknown(_) => CommitError::Unknown(String::new()),
        other => other,
    })
}

async fn same_rows(law: &str, one: &dyn Store, two: &dyn Store) -> Verdict {
    let h = hospital()?;
    let mut scans = vec![
        Scan::Journals(h.clone()),
        Scan::JournalsOf(h.clone(), NOON.biz_date()),
        Scan::Quarantine(h.clone()),
        Scan::Claims(h.clone()),
        Scan::Open(h.clone()),
        Scan::Settlements(h.clone(), patient(1)?),
    ];
    scans.extend([Scan::Suspensions(h.clone(), patient(1)?), Scan::Records(h.clone(), RecordKind::Quote)]);
    for kind in MachineKind::ALL {
        scans.extend([Scan::Machines(h.clone(), kind), Scan::Attention(h.clone(), kind), Scan::StateLog(h.clone(), kind)]);
    }
    for scan in &scans {
        let rows: Vec<ScanRow> = all(one, scan).await?;
        same(&format!("{law}, {scan:?}"), all(two, scan).await?, rows)?;
    }
    for key in 0..4 {
        let key = format!("r{key}");
        same(law, one.record(&h, RecordKind::Quote, &key).await?, two.record(&h, RecordKind::Quote, &key).await?)?;
    }
    Ok(())
}

fn ask(dice: &Dice, held: &[Job], n: u32, now: Timestamp) -> Verdict<Ask> {
    Ok(match dice.below(20) {
        0..=12 => Ask::Commit(Box::new(random_batch(dice, held, n, now)?)),
        13..=15 => {
            let free = Lane::ALL.map(|lane| (lane, dice.small(3))).to_vec();
            Ask::Claim(Claim { worker: worker()?, lease: i64::from(n), now, until: now.plus_millis(i64::from(dice.small(300)) + 1), limits: ClaimLimits { free } })
        }
        16 | 17 => match pick(dice, held) {
            Some(job) => Ask::Defer(reference(job, dice.one_in(2)), now.plus_millis(i64::from(dice.small(200)))),
            None => Ask::NextDue,
        },
        18 => Ask::NextDue,
        _ => Ask::Reclaim,
    })
}

fn pick<'a>(dice: &Dice, held: &'a [Job]) -> Option<&'a Job> {
    // Mostly the newest leases, sometimes long lost ones.
    let reach = if dice.one_in(4) { held.len() } else { held.len().min(6) };
    let back = usize::try_from(dice.below(u64::try_from(reach).unwrap_or(1))).unwrap_or(0);
    held.iter().rev().nth(back)
}

fn reference(job: &Job, unsent: bool) -> JobRef {
    let (act, machine, wake) = match &job.kind {
        JobKind::Act { id, .. } => (Some(*id), id.machine, false),
        JobKind::Poll { machine, .. } => (None, *machine, false),
        JobKind::Wake { machine, .. } => (None, *machine, true),
    };
    JobRef { hospital: job.hospital.clone(), lease: job.lease, act, machine, wake, unsent }
}

fn source(dice: &Dice, held: &[Job]) -> Verdict<Source> {
    Ok(match (dice.below(6), pick(dice, held)) {
        (0, _) => request(&format!("k{}", dice.small(8)), &format!("f{}", dice.small(2)))?,
        (1, _) => message(&format!("m{}", dice.small(12))),
        (2..=4, Some(job)) => match &job.kind {
            JobKind::Act { id, .. } => Source::Effect { act: *id, lease: job.lease },
            JobKind::Poll { machine, .. } => Source::Poll { machine: *machine, lease: job.lease },
            JobKind::Wake { machine, .. } => Source::Wake { machine: *machine, lease: job.lease },
        },
        _ => Source::Housekeeping,
    })
}

fn random_row(dice: &Dice, ver: u32) -> Verdict<Row> {
    let fen = |n: u32| Money::from_fen(i64::from(dice.small(n)));
    Ok(match dice.below(4) {
        0 => payment(dice.id(3), ver, Part { paid_fen: fen(100)?, reserved_fen: fen(40)?, refunded_fen: fen(30)? })?,
        1 => settlement(dice.id(3), ver, dice.small(2) + 1)?,
        2 => refund(dice.id(3), ver, dice.id(3))?,
        _ => invoice(dice.id(3), ver, dice.id(3))?,
    })
}

fn random_batch(dice: &Dice, held: &[Job], n: u32, now: Timestamp) -> Verdict<Batch> {
    let mut batch = batch(i64::from(n), source(dice, held)?)?;
    batch.at = now;
    if dice.one_in(20) {
        batch.id = BatchId::new(dice.id(n))?;
    }
    if let Some(inbox) = &mut batch.inbox {
        *inbox = Inbox { state: if dice.one_in(2) { InboxState::Quarantined } else { InboxState::Applied }, body: format!("{n}").into_bytes() };
    }
    let mut keys: Vec<Key> = Vec::new();
    for _ in 0..dice.below(3) {
        // The version is guessed: often right early on, in conflict later.
        let expected = dice.small(4);
        let row = random_row(dice, expected + 1 + u32::from(dice.one_in(5)))?;
        keys.push(row.key());
        batch.writes.push(Write { expected: Some(expected).filter(|ver| *ver > 0), row });
    }
    let machine = Key::new(MachineKind::Settlement, dice.id(3))?;
    keys.push(machine);
    for key in keys {
        add_work(dice, &mut batch, key, n, now)?;
    }
    add_rest(dice, &mut batch, n, now)?;
    Ok(batch)
}

fn add_work(dice: &Dice, batch: &mut Batch, key: Key, n: u32, now: Timestamp) -> Verdict {
    let lane = [Lane::His, Lane::Channel, Lane::Invoice].into_iter().nth(usize::try_from(dice.below(3)).unwrap_or(0)).unwrap_or(Lane::His);
    let due = now.plus_millis(i64::from(dice.small(100)) - 50);
    if dice.one_in(2) {
        let mut row = act(key, n, dice.small(2).try_into().unwrap_or(0), due)?;
        row.call = call(lane)?;
        row.queue = if dice.one_in(2) { Key::new(MachineKind::Payment, dice.id(2))? } else { key };
        row.prior = dice.small(3);
        row.lease = dice.one_in(3).then(|| (i64::from(n), now.plus_millis(100)));
        batch.acts.push(row);
    }
    if dice.one_in(3) && batch.polls.iter().all(|(k, _)| *k != key) {
        let row = crate::port::PollRow { machine: key, call: call(lane)?, due, slow: dice.one_in(2) };
        batch.polls.push((key, (!dice.one_in(4)).then_some(row)));
    }
    if dice.one_in(3) && batch.wakes.iter().all(|(k, _)| *k != key) {
        let (key, row) = crate::testkit::fixture::wake(key, due);
        batch.wakes.push((key, row.filter(|_| !dice.one_in(4))));
    }
    if dice.one_in(10) {
        batch.spacing = Some((Key::new(MachineKind::Payment, dice.id(2))?, now.plus_millis(i64::from(dice.small(300)))));
    }
    Ok(())
}

fn add_rest(dice: &Dice, batch: &mut Batch, n: u32, now: Timestamp) -> Verdict {
    let line = |dice: &Dice| -> Verdict<(LineKey, SettlementId)> { Ok((LineKey::new(&format!("L{}", dice.small(6)))?, SettlementId::new(dice.id(3))?)) };
    for _ in 0..dice.below(3) {
        batch.frees.push(line(dice)?);
    }
    for _ in 0..dice.below(2) {
        batch.claims.push(line(dice)?);
    }
    if dice.one_in(2) {
        let kind = if dice.one_in(2) { JournalKind::Owed } else { JournalKind::Returned };
        batch.journals.push(journal(kind, &format!("R{}", dice.small(2 * n)), dice.id(50))?);
    }
    if dice.one_in(2) {
        batch.log.push(step(Key::new(MachineKind::Refund, dice.id(3))?, dice.small(n) + 1));
    }
    if dice.one_in(3) {
        let expected = dice.small(3);
        let expires = dice.one_in(2).then(|| now.plus_millis(i64::from(dice.small(200))));
        let record = Record { kind: RecordKind::Quote, key: format!("r{}", dice.small(4)), ver: expected + 1, expires, body: format!("{n}").into_bytes() };
        batch.records.push(RecordWrite { record, expected: Some(expected).filter(|ver| *ver > 0) });
    }
    Ok(())
}
