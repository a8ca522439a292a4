//! One source per batch, consumed in it.

use super::{Verdict, holds, refused, same};
use crate::ident::BatchId;
use crate::port::{CommitError, Reply, Source, Store};
use crate::testkit::fixture::{NOON, act, batch, hospital, message, poll, request, settlement, wake, writing};

use super::work::{claim_all, leased};
use crate::ident::RequestKey;

/// Same key and fingerprint: the first reply. Other fingerprint: refused.
pub async fn a_request_is_answered_with_its_first_reply_for_ever(store: &dyn Store) -> Verdict {
    let first = batch(1, request("k", "f")?)?;
    store.commit(&first).await?;
    let reply = Reply(b"{\"batch\":1}".to_vec());
    refused("a repeat gets the first reply", store, &batch(2, request("k", "f")?)?, CommitError::Replayed(reply.clone())).await?;
    refused("the very same batch too", store, &first, CommitError::Replayed(reply.clone())).await?;
    refused("another request under the key is refused", store, &batch(3, request("k", "g")?)?, CommitError::OtherFingerprint).await?;
    let replied = store.replied(&hospital()?, "patient:1", &RequestKey::new("k")?).await?;
    same("the reply can be read", replied, Some(("f".to_owned(), reply)))?;
    same("no reply for an unknown key", store.replied(&hospital()?, "patient:1", &RequestKey::new("x")?).await?, None)
}

/// Strangers cannot collide on a key.
pub async fn a_request_key_belongs_to_its_scope(store: &dyn Store) -> Verdict {
    store.commit(&batch(1, request("k", "f")?)?).await?;
    let stranger = Source::Request { scope: "patient:2".to_owned(), key: RequestKey::new("k")?, fingerprint: "g".to_owned() };
    store.commit(&batch(2, stranger)?).await?;
    // Scope and key must not run into each other either.
    let split = |scope: &str, key: &str| -> Verdict<Source> { Ok(Source::Request { scope: scope.to_owned(), key: RequestKey::new(key)?, fingerprint: "f".to_owned() }) };
    store.commit(&batch(3, split("a", "bc")?)?).await?;
    store.commit(&batch(4, split("ab", "c")?)?).await?;
    same("replies stay apart", store.replied(&hospital()?, "patient:2", &RequestKey::new("k")?).await?, Some(("g".to_owned(), Reply(b"{\"batch\":2}".to_vec()))))
}

/// A message is de-duplicated by peer and id.
pub async fn a_message_counts_once(store: &dyn Store) -> Verdict {
    store.commit(&batch(1, message("m"))?).await?;
    refused("a repeat is stale", store, &batch(2, message("m"))?, CommitError::Stale).await?;
    store.commit(&batch(3, message("n"))?).await?;
    store.commit(&batch(4, Source::Message { peer: "his".to_owned(), id: "m".to_owned() })?).await?;
    Ok(())
}

/// Even a batch without a consumer is applied once.
pub async fn a_batch_id_counts_once(store: &dyn Store) -> Verdict {
    store.commit(&batch(1, Source::Housekeeping)?).await?;
    refused("the same batch id again is stale", store, &batch(1, Source::Housekeeping)?, CommitError::Stale).await
}

/// An act is consumed under the lease it was performed under, and only once.
pub async fn an_effect_needs_its_lease(store: &dyn Store) -> Verdict {
    let row = settlement(1, 1, 1)?;
    let key = row.key();
    let mut born = writing(1, vec![row])?;
    born.acts.push(act(key, 1, 0, NOON)?);
    store.commit(&born).await?;
    let id = act(key, 1, 0, NOON)?.id;
    refused("an act that nobody holds has no outcome", store, &batch(2, Source::Effect { act: id, lease: 7 })?, CommitError::Stale).await?;
    same("it can be claimed", claim_all(store, 7, 0).await?.len(), 1)?;
    refused("another lease does not count", store, &batch(3, Source::Effect { act: id, lease: 8 })?, CommitError::Stale).await?;
    store.commit(&batch(4, Source::Effect { act: id, lease: 7 })?).await?;
    refused("an outcome counts once", store, &batch(5, Source::Effect { act: id, lease: 7 })?, CommitError::Stale).await?;
    same("the act is gone", claim_all(store, 9, 3_600_000).await?.len(), 0)
}

/// A poll's answer deletes the poll unless the batch restates it; a timer likewise.
pub async fn polls_and_timers_are_consumed_unless_restated(store: &dyn Store) -> Verdict {
    let (one, two) = (settlement(1, 1, 1)?.key(), settlement(2, 1, 1)?.key());
    let mut born = writing(1, vec![settlement(1, 1, 1)?, settlement(2, 1, 1)?])?;
    born.polls = vec![poll(one, NOON)?, poll(two, NOON)?];
    born.wakes = vec![wake(one, NOON), wake(two, NOON)];
    store.commit(&born).await?;
    same("four jobs are due", claim_all(store, 7, 0).await?.len(), 4)?;
    refused("a poll needs its lease", store, &batch(2, Source::Poll { machine: one, lease: 8 })?, CommitError::Stale).await?;
    refused("a timer needs its lease", store, &batch(3, Source::Wake { machine: one, lease: 8 })?, CommitError::Stale).await?;
    store.commit(&batch(4, Source::Poll { machine: one, lease: 7 })?).await?;
    store.commit(&batch(5, Source::Wake { machine: one, lease: 7 })?).await?;
    let mut restated = batch(6, Source::Poll { machine: two, lease: 7 })?;
    restated.polls.push(poll(two, NOON)?);
    store.commit(&restated).await?;
    let mut restated = batch(7, Source::Wake { machine: two, lease: 7 })?;
    restated.wakes.push(wake(two, NOON));
    store.commit(&restated).await?;
    refused("the old lease is gone with the old poll", store, &batch(8, Source::Poll { machine: two, lease: 7 })?, CommitError::Stale).await?;
    let again = claim_all(store, 9, 0).await?;
    same("only what was restated is left", leased(&again), vec![(two, false), (two, true)])
}

/// A repeat is a repeat, whatever its rows say.
pub async fn the_source_is_asked_before_versions(store: &dyn Store) -> Verdict {
    let mut first = batch(1, request("k", "f")?)?;
    first.writes = writing(1, vec![settlement(1, 1, 1)?])?.writes;
    store.commit(&first).await?;
    let mut repeat = first.clone();
    repeat.id = BatchId::new(2)?;
    refused("the reply comes before the conflict", store, &repeat, CommitError::Replayed(Reply(b"{\"batch\":1}".to_vec()))).await?;
    let mut message_with_rows = batch(3, message("m"))?;
    message_with_rows.writes = first.writes.clone();
    refused("a new message meets the versions", store, &message_with_rows, CommitError::Conflict).await?;
    store.commit(&batch(4, message("m"))?).await?; // the refused one did not consume it
    message_with_rows.id = BatchId::new(5)?;
    refused("a known message is stale before it is in conflict", store, &message_with_rows, CommitError::Stale).await
}

/// After an unknown commit somebody asks.
pub async fn committed_answers_for_batches(store: &dyn Store) -> Verdict {
    let h = hospital()?;
    holds("not yet", !store.committed(&h, BatchId::new(1)?).await?)?;
    store.commit(&batch(1, message("m"))?).await?;
    holds("committed", store.committed(&h, BatchId::new(1)?).await?)?;
    refused("stale", store, &batch(2, message("m"))?, CommitError::Stale).await?;
    holds("a refused batch is not committed", !store.committed(&h, BatchId::new(2)?).await?)
}
