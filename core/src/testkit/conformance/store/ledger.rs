//! What is written once, for ever.

use super::{Verdict, all, failed, same};
use crate::ident::PaymentId;
use crate::ledger::{Account, Journal, JournalKind, Posting};
use crate::money::Money;
use crate::port::{Batch, Scan, ScanRow, Source, Store};
use crate::testkit::fixture::{NOON, act, batch, hospital, settlement, step};

pub(super) fn journal(kind: JournalKind, reference: &str, fen: i64) -> Verdict<Journal> {
    let sides = vec![(Account::Suspense, Money::from_fen(fen)?), (Account::RefundPayable, Money::from_fen(-fen)?)];
    Ok(Journal::balanced(kind, reference, PaymentId::new(1)?, NOON, sides)?)
}

fn posting(id: i64, journals: Vec<Journal>) -> Verdict<Batch> {
    Ok(Batch { journals, ..batch(id, Source::Housekeeping)? })
}

/// Kind and reference are unique: posting is idempotent.
pub async fn a_journal_is_posted_once(store: &dyn Store) -> Verdict {
    store.commit(&posting(1, vec![journal(JournalKind::Owed, "R1", 5)?])?).await?;
    failed("the same again", store, &posting(2, vec![journal(JournalKind::Owed, "R1", 5)?])?).await?;
    failed("twice in one batch", store, &posting(3, vec![journal(JournalKind::Owed, "R2", 5)?, journal(JournalKind::Owed, "R2", 6)?])?).await?;
    store.commit(&posting(4, vec![journal(JournalKind::Returned, "R1", 5)?, journal(JournalKind::Owed, "R2", 5)?])?).await?;
    same("three journals", all(store, &Scan::Journals(hospital()?)).await?.len(), 3)
}

/// I1.
pub async fn a_journal_must_balance(store: &dyn Store) -> Verdict {
    let sound = journal(JournalKind::Owed, "R1", 5)?;
    let with = |postings: Vec<Posting>| Journal { postings, ..sound.clone() };
    let side =
        |debit: i64, credit: i64| -> Verdict<Posting> { Ok(Posting { account: Account::Rounding, debit_fen: Money::from_fen(debit)?, credit_fen: Money::from_fen(credit)? }) };
    let unsound = [vec![side(5, 0)?], vec![side(5, 0)?, side(0, 4)?], vec![side(5, 5)?], vec![side(-5, 0)?, side(5, 0)?], vec![side(0, 0)?]];
    for (id, postings) in (1..).zip(unsound) {
        failed("an unsound journal", store, &posting(id, vec![with(postings)])?).await?;
    }
    same("nothing is posted", all(store, &Scan::Journals(hospital()?)).await?, Vec::new())?;
    store.commit(&posting(9, vec![with(Vec::new()), Journal { reference: "R2".to_owned(), ..sound.clone() }])?).await?;
    same("journals come back whole", all(store, &Scan::Journals(hospital()?)).await?.pop(), Some(ScanRow::Journal(Journal { reference: "R2".to_owned(), ..sound })))
}

/// A version of a machine has one step.
pub async fn a_step_is_logged_once(store: &dyn Store) -> Verdict {
    let key = settlement(1, 1, 1)?.key();
    let log = |id: i64, ver: u32| -> Verdict<Batch> { Ok(Batch { log: vec![step(key, ver)], ..batch(id, Source::Housekeeping)? }) };
    store.commit(&log(1, 1)?).await?;
    failed("the same version again", store, &log(2, 1)?).await?;
    store.commit(&log(3, 2)?).await?;
    Ok(())
}

/// An act's name is used once while it is open.
pub async fn an_act_is_added_once(store: &dyn Store) -> Verdict {
    let key = settlement(1, 1, 1)?.key();
    let add = |id: i64| -> Verdict<Batch> { Ok(Batch { acts: vec![act(key, 1, 0, NOON)?], ..batch(id, Source::Housekeeping)? }) };
    store.commit(&add(1)?).await?;
    failed("the same act again", store, &add(2)?).await
}
