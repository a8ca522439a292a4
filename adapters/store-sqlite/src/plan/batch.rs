//! The plan of a batch: source first, then versions, then claims, then what nobody contends for.

use std::collections::BTreeSet;

use menjie::Result;
use menjie::ident::HospitalId;
use menjie::port::{Batch, Inbox, Reply, Source, StateLog, StoreError};

use super::codes::{inbox_code, machine_code};
use super::seal::{place, place_of};
use super::{Call, Refused, Sealer, Step, Val, rows, work};
use crate::sql;

/// Plans a batch that keeps [`Batch::check`].
pub fn plan(sealer: &Sealer, batch: &Batch) -> Result<Vec<Step>> {
    let hospital = &batch.hospital;
    let hosp = || Val::text(hospital.as_str());
    let mut steps = source(sealer, batch)?;
    let args = vec![hosp(), Val::Int(batch.id.get()), Val::Int(batch.at.millis())];
    steps.push(Step::Change { call: Call { sql: sql::BATCH_INSERT, args }, none: None, twice: Some(Refused::Stale) });
    for write in &batch.writes {
        steps.push(rows::write(sealer, hospital, write)?);
    }
    if !batch.records.is_empty() {
        steps.push(free(sql::RECORD_SWEEP, vec![hosp(), Val::Int(batch.at.millis())]));
    }
    for write in &batch.records {
        steps.push(rows::record_write(sealer, hospital, write)?);
    }
    for (line, by) in &batch.frees {
        steps.push(free(sql::CLAIM_FREE, vec![hosp(), Val::text(line.as_str()), Val::Int(by.get())]));
    }
    for (line, by) in &batch.claims {
        steps.push(Step::Vacant(Call { sql: sql::CLAIM_LOAD, args: vec![hosp(), Val::text(line.as_str())] }, line.clone()));
        steps.push(free(sql::CLAIM_INSERT, vec![hosp(), Val::text(line.as_str()), Val::Int(by.get())]));
    }
    for (idx, journal) in (0_i64..).zip(&batch.journals) {
        steps.extend(rows::journal_insert(hospital, batch.id.get(), idx, journal));
    }
    for step in &batch.log {
        steps.push(log(sealer, batch, step)?);
    }
    steps.extend(jobs(sealer, batch)?);
    Ok(steps)
}

fn free(sql: &'static sql::Statement, args: Vec<Val>) -> Step {
    Step::Change { call: Call { sql, args }, none: None, twice: None }
}

fn source(sealer: &Sealer, batch: &Batch) -> Result<Vec<Step>> {
    let hospital = &batch.hospital;
    let hosp = || Val::text(hospital.as_str());
    Ok(match (&batch.source, &batch.reply, &batch.inbox) {
        (Source::Request { scope, key, fingerprint }, Some(Reply(reply)), _) => {
            let hash = sealer.request(scope, key)?;
            let reply = sealer.seal("idem", "reply_enc", &place_of(hospital, &hash), reply)?;
            let load = Call { sql: sql::IDEM_LOAD, args: vec![hosp(), Val::Blob(hash.clone())] };
            let args = vec![hosp(), Val::Blob(hash), Val::text(fingerprint), Val::Int(batch.at.millis()), Val::Blob(reply)];
            vec![Step::Replay(load), free(sql::IDEM_INSERT, args)]
        }
        (Source::Message { peer, id }, _, Some(Inbox { state, body })) => {
            let body = sealer.seal("inbox", "body_enc", &message_place(hospital, peer, id), body)?;
            let args = vec![hosp(), Val::text(peer), Val::text(id), Val::text(inbox_code(*state)), Val::Int(batch.at.millis()), Val::Blob(body)];
            vec![Step::Change { call: Call { sql: sql::INBOX_INSERT, args }, none: None, twice: Some(Refused::Stale) }]
        }
        (source, _, _) => work::consume(hospital, source).into_iter().collect(),
    })
}

/// Where a message's body lies.
pub(crate) fn message_place(hospital: &HospitalId, peer: &str, id: &str) -> Vec<u8> {
    place_of(hospital, &[peer.as_bytes(), b"\0", id.as_bytes()].concat())
}

/// Opens a reply; `request_hash` is its key.
pub(crate) fn open_reply(sealer: &Sealer, hospital: &HospitalId, request_hash: &[u8], reply_enc: &[u8]) -> Result<Vec<u8>, StoreError> {
    sealer.open("idem", "reply_enc", &place_of(hospital, request_hash), reply_enc)
}

fn log(sealer: &Sealer, batch: &Batch, step: &StateLog) -> Result<Step> {
    let key = [machine_code(step.machine.kind()), step.machine.id(), i64::from(step.ver)];
    let event = sealer.seal("state_log", "event_enc", &place(&batch.hospital, &key), &step.event)?;
    let mut args = vec![Val::text(batch.hospital.as_str())];
    args.extend(key.map(Val::Int));
    args.extend([Val::text(step.from.unwrap_or_default()), Val::text(step.to), Val::text(&step.actor), Val::text(&step.what), Val::Int(batch.at.millis()), Val::Blob(event)]);
    Ok(Step::Change { call: Call { sql: sql::STEP_INSERT, args }, none: None, twice: Some(Refused::failed("this step of the machine is logged already")) })
}

fn jobs(sealer: &Sealer, batch: &Batch) -> Result<Vec<Step>> {
    let hospital = &batch.hospital;
    let mut steps = Vec::new();
    let mut queues: BTreeSet<_> = batch.acts.iter().map(|act| act.queue).collect();
    if let Some((queue, not_before)) = &batch.spacing {
        steps.extend(work::raise_gate(hospital, *queue, *not_before));
        queues.insert(*queue);
    }
    for act in &batch.acts {
        steps.push(work::act(sealer, hospital, &batch.worker, act)?);
    }
    for (machine, poll) in &batch.polls {
        steps.extend(work::poll(sealer, hospital, *machine, poll.as_ref())?);
    }
    for (machine, wake) in &batch.wakes {
        steps.extend(work::wake(sealer, hospital, *machine, wake.as_ref())?);
    }
    steps.extend(queues.into_iter().map(|queue| work::hold_back(hospital, queue)));
    Ok(steps)
}
