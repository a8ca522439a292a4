//! A charge line belongs to one live settlement at most.

use super::{Verdict, refused, same};
use crate::ident::{LineKey, SettlementId};
use crate::port::{Batch, CommitError, Find, Source, Store};
use crate::testkit::fixture::{batch, hospital};
use crate::workflow::Key;

fn lines(id: i64, claims: &[(&str, i64)], frees: &[(&str, i64)]) -> Verdict<Batch> {
    let parse = |pairs: &[(&str, i64)]| -> Verdict<Vec<(LineKey, SettlementId)>> { pairs.iter().map(|(line, by)| Ok((LineKey::new(line)?, SettlementId::new(*by)?))).collect() };
    Ok(Batch { claims: parse(claims)?, frees: parse(frees)?, ..batch(id, Source::Housekeeping)? })
}

fn claimed(line: &str, by: i64) -> Verdict<CommitError> {
    Ok(CommitError::Claimed { line: LineKey::new(line)?, by: SettlementId::new(by)? })
}

async fn holder(store: &dyn Store, line: &str) -> Verdict<Vec<Key>> {
    Ok(store.find(&hospital()?, &Find::Line(LineKey::new(line)?)).await?)
}

/// Whoever comes second is told who holds the line.
pub async fn a_line_belongs_to_one_settlement(store: &dyn Store) -> Verdict {
    store.commit(&lines(1, &[("L1", 1), ("L2", 1)], &[])?).await?;
    refused("taken", store, &lines(2, &[("L3", 2), ("L2", 2)], &[])?, claimed("L2", 1)?).await?;
    refused("taken, even by itself", store, &lines(3, &[("L1", 1)], &[])?, claimed("L1", 1)?).await?;
    refused("one batch cannot give a line to two", store, &lines(4, &[("L4", 4), ("L4", 5)], &[])?, claimed("L4", 4)?).await?;
    same("the holder is found", holder(store, "L2").await?, vec![Key::Settlement(SettlementId::new(1)?)])?;
    same("free lines have none", holder(store, "L3").await?, Vec::new())
}

/// A stranger's free frees nothing.
pub async fn only_the_owner_frees_a_line(store: &dyn Store) -> Verdict {
    store.commit(&lines(1, &[("L1", 1)], &[])?).await?;
    store.commit(&lines(2, &[], &[("L1", 2)])?).await?;
    same("still held", holder(store, "L1").await?, vec![Key::Settlement(SettlementId::new(1)?)])?;
    store.commit(&lines(3, &[], &[("L1", 1)])?).await?;
    same("free", holder(store, "L1").await?, Vec::new())?;
    store.commit(&lines(4, &[("L1", 2)], &[])?).await?;
    Ok(())
}

/// Frees come before claims.
pub async fn a_successor_takes_over_lines_in_one_batch(store: &dyn Store) -> Verdict {
    store.commit(&lines(1, &[("L1", 1), ("L2", 1)], &[])?).await?;
    refused("a stranger's free does not help", store, &lines(2, &[("L1", 2)], &[("L1", 3)])?, claimed("L1", 1)?).await?;
    store.commit(&lines(3, &[("L1", 2), ("L2", 2)], &[("L1", 1), ("L2", 1)])?).await?;
    same("the successor holds it", holder(store, "L2").await?, vec![Key::Settlement(SettlementId::new(2)?)])
}
