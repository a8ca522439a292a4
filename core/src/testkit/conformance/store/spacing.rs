//! Channels want a pause between two refunds of one order: the queue's gate.

use super::work::{acts, claim_all, machine, with_acts};
use super::{Verdict, same};
use crate::policy::Lane;
use crate::port::{Batch, JobRef, Source, Store};
use crate::testkit::fixture::{NOON, act, batch, hospital};

fn spaced(id: i64, source: Source, queue: i64, after_ms: i64) -> Verdict<Batch> {
    Ok(Batch { spacing: Some((machine(queue)?, NOON.plus_millis(after_ms))), ..batch(id, source)? })
}

/// The acts that wait are moved behind the gate; other queues are not.
pub async fn a_queue_rests_after_spacing(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    store.commit(&with_acts(1, vec![act(key, 1, 0, NOON)?, act(key, 1, 1, NOON)?, act(machine(2)?, 1, 0, NOON.plus_millis(1))?])?).await?;
    let first = acts(&claim_all(store, 1, 0).await?);
    same("the first", first.len(), 1)?;
    store.commit(&spaced(2, Source::Effect { act: act(key, 1, 0, NOON)?.id, lease: 1 }, 1, 60_000)?).await?;
    let others = acts(&claim_all(store, 2, 59_999).await?);
    same("only the other queue goes on", others.iter().map(|(id, ..)| id.machine).collect::<Vec<_>>(), vec![machine(2)?])?;
    same("the gate is the next instant", store.next_due(&Lane::ALL).await?, Some(NOON.plus_millis(60_000)))?;
    same("then the second", acts(&claim_all(store, 3, 60_000).await?).len(), 1)
}

/// Also what is added or given back after it.
pub async fn spacing_holds_for_acts_added_later(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    store.commit(&spaced(1, Source::Housekeeping, 1, 1_000)?).await?;
    store.commit(&with_acts(2, vec![act(key, 1, 0, NOON)?])?).await?;
    same("behind the gate", claim_all(store, 1, 999).await?.len(), 0)?;
    same("at the gate", claim_all(store, 2, 1_000).await?.len(), 1)?;
    store.commit(&spaced(3, Source::Housekeeping, 1, 5_000)?).await?;
    let job = JobRef { hospital: hospital()?, lease: 2, act: Some(act(key, 1, 0, NOON)?.id), machine: key, wake: false, unsent: true };
    store.defer(&job, NOON.plus_millis(2_000)).await?;
    same("given back behind the gate", store.next_due(&Lane::ALL).await?, Some(NOON.plus_millis(5_000)))?;
    store.commit(&with_acts(4, vec![act(machine(2)?, 1, 0, NOON.plus_millis(6_000))?])?).await?;
    same("in one go with an act", store.next_due(&Lane::ALL).await?, Some(NOON.plus_millis(5_000)))
}

/// The later instant wins.
pub async fn a_gate_never_moves_back(store: &dyn Store) -> Verdict {
    store.commit(&spaced(1, Source::Housekeeping, 1, 5_000)?).await?;
    store.commit(&spaced(2, Source::Housekeeping, 1, 1_000)?).await?;
    store.commit(&with_acts(3, vec![act(machine(1)?, 1, 0, NOON)?])?).await?;
    same("the later one", store.next_due(&Lane::ALL).await?, Some(NOON.plus_millis(5_000)))?;
    let mut with_own_gate = with_acts(4, vec![act(machine(2)?, 1, 0, NOON)?])?;
    with_own_gate.spacing = Some((machine(2)?, NOON.plus_millis(3_000)));
    store.commit(&with_own_gate).await?;
    same("spacing of a batch counts for its own acts", store.next_due(&Lane::ALL).await?, Some(NOON.plus_millis(3_000)))
}
