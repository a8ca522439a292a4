//! Versions guard every write; a batch is all or nothing.

use futures_util::future::join_all;

use super::{Broken, Verdict, all, failed, refused, same};
use crate::calendar::Timestamp;
use crate::ident::{BatchId, LineKey, PaymentId, SettlementId};
use crate::ledger::{Account, Journal, JournalKind};
use crate::money::Money;
use crate::payment::{Amounts, Part};
use crate::policy::Lane;
use crate::port::{CommitError, Inbox, InboxState, Record, RecordKind, RecordWrite, Scan, Source, Store, Write};
use crate::testkit::fixture::{NOON, act, batch, hospital, message, payment, poll, request, settlement, step, wake, writing};
use crate::workflow::{Key, Row};

/// The version read is the guard; the version written may be several steps above it.
pub async fn a_row_moves_from_the_version_read(store: &dyn Store) -> Verdict {
    let key = settlement(1, 1, 1)?.key();
    store.commit(&writing(1, vec![settlement(1, 1, 1)?])?).await?;
    store.commit(&writing(2, vec![settlement(1, 2, 1)?])?).await?;
    refused("an old version is in conflict", store, &writing(3, vec![settlement(1, 2, 1)?])?, CommitError::Conflict).await?;
    refused("a future version too", store, &writing(4, vec![settlement(1, 4, 1)?])?, CommitError::Conflict).await?;
    let mut two_steps = writing(5, vec![settlement(1, 4, 1)?])?;
    two_steps.writes.iter_mut().for_each(|w| w.expected = Some(2));
    store.commit(&two_steps).await?;
    same("the last version is loaded", store.load(&hospital()?, &[key]).await?, vec![settlement(1, 4, 1)?])?;
    let missing = settlement(2, 1, 1)?.key();
    same("missing machines are left out", store.load(&hospital()?, &[missing, key]).await?.len(), 1)?;
    refused("what is not there cannot move", store, &writing(6, vec![settlement(2, 2, 1)?])?, CommitError::Conflict).await
}

/// What is to be born must not exist.
pub async fn a_birth_happens_once(store: &dyn Store) -> Verdict {
    store.commit(&writing(1, vec![settlement(1, 1, 1)?])?).await?;
    refused("born already", store, &writing(2, vec![settlement(1, 1, 1)?])?, CommitError::Conflict).await?;
    // Kinds have their own numbers.
    store.commit(&writing(3, vec![payment(1, 1, Part::default())?])?).await?;
    Ok(())
}

/// A conflict is told before a claim: the caller reloads and sees the claim then.
pub async fn versions_are_asked_before_claims(store: &dyn Store) -> Verdict {
    let line = LineKey::new("L1")?;
    let mut first = writing(1, vec![settlement(1, 1, 1)?])?;
    first.claims.push((line.clone(), SettlementId::new(1)?));
    store.commit(&first).await?;
    let mut both = writing(2, vec![settlement(1, 1, 1)?])?;
    both.claims.push((line, SettlementId::new(2)?));
    refused("the conflict comes first", store, &both, CommitError::Conflict).await
}

/// Nothing of a refused batch is there, whichever guard refused it last.
pub async fn a_refused_batch_leaves_nothing(store: &dyn Store) -> Verdict {
    let h = hospital()?;
    let taken = LineKey::new("L1")?;
    let mut first = writing(1, vec![settlement(1, 1, 1)?])?;
    first.claims.push((taken.clone(), SettlementId::new(1)?));
    store.commit(&first).await?;
    let key = settlement(2, 1, 1)?.key();
    let mut refused_batch = batch(2, message("m"))?;
    refused_batch.inbox = Some(Inbox { state: InboxState::Quarantined, body: Vec::new() });
    refused_batch.writes = writing(2, vec![settlement(2, 1, 1)?])?.writes;
    refused_batch.records.push(record("r", 1, None, None));
    refused_batch.claims = vec![(LineKey::new("L0")?, SettlementId::new(2)?), (taken.clone(), SettlementId::new(2)?)];
    refused_batch.acts.push(act(key, 1, 0, NOON)?);
    refused_batch.polls.push(poll(key, NOON)?);
    refused_batch.wakes.push(wake(key, NOON));
    refused_batch.log.push(step(key, 1));
    let sides = vec![(Account::Suspense, Money::from_fen(1)?), (Account::RefundPayable, Money::from_fen(-1)?)];
    refused_batch.journals.push(Journal::balanced(JournalKind::Owed, "S1", PaymentId::new(1)?, NOON, sides)?);
    refused("the second line is taken", store, &refused_batch, CommitError::Claimed { line: taken, by: SettlementId::new(1)? }).await?;
    let scans = [Scan::Journals(h.clone()), Scan::Quarantine(h.clone()), Scan::StateLog(h.clone(), key.kind()), Scan::Open(h.clone())];
    for scan in &scans {
        same("nothing is listed", all(store, scan).await?, Vec::new())?;
    }
    same("one claim is left", all(store, &Scan::Claims(h.clone())).await?.len(), 1)?;
    same("no machine was born", store.load(&h, &[key]).await?, Vec::new())?;
    same("no record was written", store.record(&h, RecordKind::Quote, "r").await?, None)?;
    same("nothing is due", store.next_due(&Lane::ALL).await?, None)?;
    refused_batch.claims.truncate(1);
    store.commit(&refused_batch).await?; // the refused one consumed neither its message nor its batch id
    Ok(())
}

/// [`crate::port::Batch::check`] is asked first.
pub async fn a_batch_that_contradicts_itself_fails(store: &dyn Store) -> Verdict {
    let mut stands_still = writing(1, vec![settlement(1, 1, 1)?])?;
    stands_still.writes.iter_mut().for_each(|w| w.expected = Some(1));
    failed("a version that does not rise", store, &stands_still).await?;
    failed("a machine twice", store, &writing(2, vec![settlement(1, 1, 1)?, settlement(1, 1, 1)?])?).await?;
    let mut without_reply = batch(3, request("k", "f")?)?;
    without_reply.reply = None;
    failed("a request without a reply", store, &without_reply).await?;
    let mut without_inbox = batch(4, message("m"))?;
    without_inbox.inbox = None;
    failed("a message without an inbox row", store, &without_inbox).await?;
    let (key, other) = (settlement(1, 1, 1)?.key(), settlement(2, 1, 1)?.key());
    let mut foreign_poll = batch(5, Source::Housekeeping)?;
    foreign_poll.polls.push((other, poll(key, NOON)?.1));
    failed("a poll of another machine", store, &foreign_poll).await?;
    same("nothing of it is there", store.load(&hospital()?, &[key]).await?, Vec::new())
}

fn part(paid: i64, reserved: i64, refunded: i64) -> Verdict<Part> {
    Ok(Part { paid_fen: Money::from_fen(paid)?, reserved_fen: Money::from_fen(reserved)?, refunded_fen: Money::from_fen(refunded)? })
}

/// I5, as the last guard.
pub async fn reserved_money_stays_within_what_was_paid(store: &dyn Store) -> Verdict {
    store.commit(&writing(1, vec![payment(1, 1, part(100, 60, 40)?)?])?).await?;
    for (id, (paid, reserved, refunded)) in (2..).zip([(100, 61, 40), (100, 101, 0), (100, 0, 101), (100, -1, 0), (100, 0, -1), (-1, 0, 0)]) {
        failed("more than was paid", store, &writing(id, vec![payment(1, 2, part(paid, reserved, refunded)?)?])?).await?;
    }
    same("the row is as it was", store.load(&hospital()?, &[Key::Payment(PaymentId::new(1)?)]).await?, vec![payment(1, 1, part(100, 60, 40)?)?])
}

fn record(key: &str, ver: u32, expected: Option<u32>, expires: Option<Timestamp>) -> RecordWrite {
    RecordWrite { record: Record { kind: RecordKind::Quote, key: key.to_owned(), ver, expires, body: format!("{ver}").into_bytes() }, expected }
}

/// Plain records: versions like machines; expired ones make room.
pub async fn records_are_versioned_and_expire(store: &dyn Store) -> Verdict {
    let h = hospital()?;
    let write = |id: i64, at: Timestamp, record: RecordWrite| -> Verdict<crate::port::Batch> {
        let mut batch = batch(id, Source::Housekeeping)?;
        batch.at = at;
        batch.records.push(record);
        Ok(batch)
    };
    let soon = NOON.plus_millis(1_000);
    store.commit(&write(1, NOON, record("r", 1, None, Some(soon)))?).await?;
    refused("born already", store, &write(2, NOON, record("r", 1, None, Some(soon)))?, CommitError::Conflict).await?;
    store.commit(&write(3, NOON, record("r", 2, Some(1), Some(soon)))?).await?;
    refused("an old version", store, &write(4, NOON, record("r", 2, Some(1), None))?, CommitError::Conflict).await?;
    same("the last version is read", store.record(&h, RecordKind::Quote, "r").await?, Some(record("r", 2, None, Some(soon)).record))?;
    same("kinds do not mix", store.record(&h, RecordKind::Session, "r").await?, None)?;
    refused("an expired record cannot move", store, &write(5, soon, record("r", 3, Some(2), None))?, CommitError::Conflict).await?;
    store.commit(&write(6, soon, record("other", 1, None, None))?).await?;
    same("writing records sweeps the expired ones", store.record(&h, RecordKind::Quote, "r").await?, None)?;
    store.commit(&write(7, soon.plus_millis(1), record("r", 1, None, None))?).await?;
    same("and its key is free", store.record(&h, RecordKind::Quote, "r").await?.map(|r| r.ver), Some(1))
}

/// N callers at once want to reserve the same amount: exactly floor(paid / amount) get it.
pub async fn parallel_reservations_never_exceed_what_was_paid(store: &dyn Store) -> Verdict {
    const CALLERS: i64 = 32;
    let (paid, amount) = (Money::from_fen(100)?, Money::from_fen(7)?);
    store.commit(&writing(1, vec![payment(1, 1, part(100, 0, 0)?)?])?).await?;
    let won = join_all((0..CALLERS).map(|caller| reserve(store, caller, amount))).await.into_iter().collect::<Verdict<Vec<bool>>>()?;
    let winners = won.into_iter().filter(|won| *won).count();
    same("floor(paid / amount) reservations", i64::try_from(winners).unwrap_or(-1), paid.fen() / amount.fen())?;
    let row = store.load(&hospital()?, &[Key::Payment(PaymentId::new(1)?)]).await?;
    same("and their sum is reserved", row.first().and_then(payment_part), Some(part(100, 98, 0)?))
}

fn payment_part(row: &Row) -> Option<Part> {
    match row {
        Row::Payment(payment) => payment.parts.total().ok(),
        Row::Settlement(_) | Row::Refund(_) | Row::Invoice(_) | Row::CheckIn(_) | Row::Stop(_) | Row::Suspension(_) | Row::Notice(_) | Row::Filing(_) => None,
    }
}

/// Reads, decides, writes; reads again after a conflict, which is somebody else's progress.
async fn reserve(store: &dyn Store, caller: i64, amount: Money) -> Verdict<bool> {
    for attempt in 0..1_000 {
        let Some(Row::Payment(mut payment)) = store.load(&hospital()?, &[Key::Payment(PaymentId::new(1)?)]).await?.pop() else { break };
        let Some(reserved) = payment.parts.reserve(&Amounts::cash(amount))? else { return Ok(false) };
        let expected = Some(payment.base.ver);
        payment.parts = reserved;
        payment.base.ver += 1;
        let mut batch = batch(1_000 * (caller + 1) + attempt, Source::Housekeeping)?;
        batch.id = BatchId::new(1_000 * (caller + 1) + attempt)?;
        batch.writes.push(Write { row: Row::Payment(payment), expected });
        match store.commit(&batch).await {
            Ok(()) => return Ok(true),
            Err(CommitError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(Broken("every conflict is somebody's progress, so a caller gets through".to_owned()))
}
