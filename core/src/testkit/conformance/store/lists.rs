//! Lists: keyset pages in a total order.

use super::ledger::journal;
use super::work::{claim_all, machine, with_acts};
use super::{Verdict, all, holds, same};
use crate::ident::{HospitalId, LineKey, SettlementId};
use crate::ledger::JournalKind;
use crate::payment::Part;
use crate::port::{Batch, Cursor, Find, Inbox, InboxState, Record, RecordKind, RecordWrite, Scan, ScanRow, Source, Store, StoreError, Write};
use crate::testkit::fixture::{NOON, act, batch, check_in, hospital, invoice, message, notice, patient, payment, poll, refund, settlement, step, stop, suspension, wake, writing};
use crate::workflow::{Attention, Held, Key, MachineKind, Refund, RefundSt, Row};

fn ids(rows: &[ScanRow]) -> Vec<i64> {
    rows.iter().filter_map(|row| if let ScanRow::Machine(row) = row { Some(row.key().id()) } else { None }).collect()
}

/// Each kind for itself, and bodies come back whole.
pub async fn machines_are_listed_by_id(store: &dyn Store) -> Verdict {
    let mut rows = vec![settlement(30, 1, 1)?, settlement(4, 1, 1)?, settlement(100, 1, 2)?, payment(5, 1, Part::default())?, refund(6, 1, 5)?, invoice(7, 1, 4)?];
    rows.extend([check_in(8, 1, 1)?, stop(9, 1)?, suspension(10, 1, 1)?, notice(11, 1, 10)?]);
    store.commit(&writing(1, rows.clone())?).await?;
    let h = hospital()?;
    same("settlements", ids(&all(store, &Scan::Machines(h.clone(), MachineKind::Settlement)).await?), vec![4, 30, 100])?;
    let mut listed = Vec::new();
    for kind in MachineKind::ALL {
        listed.extend(all(store, &Scan::Machines(h.clone(), kind)).await?);
    }
    rows.sort_by_key(Row::key);
    let wanted = rows.into_iter().map(|row| ScanRow::Machine(Box::new(row))).collect();
    same("all kinds", listed, wanted)
}

/// By look-up hash or whatever the store has; never another patient's.
pub async fn settlements_of_a_patient_newest_first(store: &dyn Store) -> Verdict {
    let of = [(1, 1), (2, 2), (3, 1), (4, 1), (5, 2), (6, 1), (7, 1)];
    store.commit(&writing(1, of.iter().map(|(id, patient)| settlement(*id, 1, *patient).map_err(Into::into)).collect::<Verdict<_>>()?)?).await?;
    let h = hospital()?;
    same("of the first patient", ids(&all(store, &Scan::Settlements(h.clone(), patient(1)?)).await?), vec![7, 6, 4, 3, 1])?;
    let found = store.find(&h, &Find::Patient(patient(2)?)).await?;
    same("of the second", found.iter().map(|key| key.id()).collect::<Vec<_>>(), vec![5, 2])?;
    store.commit(&writing(2, [(1, 1), (2, 2), (3, 1)].iter().map(|(id, patient)| suspension(*id, 1, *patient).map_err(Into::into)).collect::<Verdict<_>>()?)?).await?;
    same("suspensions of the first", ids(&all(store, &Scan::Suspensions(h.clone(), patient(1)?)).await?), vec![3, 1])?;
    same("suspensions of the second", ids(&all(store, &Scan::Suspensions(h.clone(), patient(2)?)).await?), vec![2])?;
    same("of nobody", store.find(&h, &Find::Patient(patient(3)?)).await?, Vec::new())
}

/// `attention` or held.
pub async fn attention_lists_what_a_person_should_see(store: &dyn Store) -> Verdict {
    let mut rows = vec![settlement(1, 1, 1)?, settlement(2, 1, 1)?, settlement(3, 1, 1)?, settlement(4, 1, 1)?];
    for row in &mut rows {
        match row.key().id() {
            2 => row.base_mut().attention = Some(Attention { since: NOON, reason: "overdue".to_owned() }),
            3 => row.base_mut().held = Some(Held { since: NOON, from: "posting".to_owned(), reason: "amount_differs".to_owned() }),
            4 => row.base_mut().attention = Some(Attention { since: NOON, reason: "overdue".to_owned() }),
            _ => {}
        }
    }
    store.commit(&writing(1, rows)?).await?;
    let scan = Scan::Attention(hospital()?, MachineKind::Settlement);
    same("three", ids(&all(store, &scan).await?), vec![2, 3, 4])?;
    store.commit(&writing(2, vec![settlement(2, 2, 1)?])?).await?;
    same("one was looked at", ids(&all(store, &scan).await?), vec![3, 4])
}

/// Oldest first; a refund that moved on is in the other list.
pub async fn refunds_are_listed_by_state(store: &dyn Store) -> Verdict {
    let in_state = |id: i64, ver: u32, st: RefundSt| -> Verdict<Row> {
        match refund(id, ver, 1)? {
            Row::Refund(refund) => Ok(Row::Refund(Refund { st, ..refund })),
            other => Ok(other),
        }
    };
    let rows = vec![in_state(20, 1, RefundSt::Doctor)?, in_state(3, 1, RefundSt::Doctor)?, in_state(4, 1, RefundSt::Finance)?];
    store.commit(&writing(1, rows)?).await?;
    let h = hospital()?;
    let waiting = |st| Scan::Refunds(h.clone(), st);
    same("doctor", ids(&all(store, &waiting(RefundSt::Doctor)).await?), vec![3, 20])?;
    store.commit(&writing(2, vec![in_state(3, 2, RefundSt::Finance)?])?).await?;
    same("doctor, after one moved on", ids(&all(store, &waiting(RefundSt::Doctor)).await?), vec![20])?;
    same("finance", ids(&all(store, &waiting(RefundSt::Finance)).await?), vec![3, 4])?;
    let latest = |st| Scan::LatestRefunds(h.clone(), st);
    same("finance, newest first", ids(&all(store, &latest(RefundSt::Finance)).await?), vec![4, 3])?;
    same("doctor, newest first", ids(&all(store, &latest(RefundSt::Doctor)).await?), vec![20])
}

/// Batch id, then position.
pub async fn journals_in_posting_order(store: &dyn Store) -> Verdict {
    let post = |id: i64, names: &[&str]| -> Verdict<Batch> {
        Ok(Batch { journals: names.iter().map(|name| journal(JournalKind::Owed, name, 5)).collect::<Verdict<_>>()?, ..batch(id, Source::Housekeeping)? })
    };
    store.commit(&post(1, &["c", "a"])?).await?;
    store.commit(&post(2, &["b", "e", "d"])?).await?;
    let listed = all(store, &Scan::Journals(hospital()?)).await?;
    let names = listed.iter().filter_map(|row| if let ScanRow::Journal(j) = row { Some(j.reference.as_str()) } else { None });
    same("in order", names.collect::<Vec<_>>(), vec!["c", "a", "b", "e", "d"])?;
    same("whole", listed.into_iter().next(), Some(ScanRow::Journal(journal(JournalKind::Owed, "c", 5)?)))
}

/// Of that day and no other, whenever the batch came.
pub async fn journals_of_a_day_in_posting_order(store: &dyn Store) -> Verdict {
    let day = NOON.biz_date();
    let on = |at, name: &str| -> Verdict<_> { Ok(crate::ledger::Journal { at, ..journal(JournalKind::Owed, name, 5)? }) };
    let (last, next) = (day.next().start().plus_millis(-1), day.next().start());
    store.commit(&Batch { journals: vec![on(last, "c")?, on(next, "a")?], ..batch(1, Source::Housekeeping)? }).await?;
    store.commit(&Batch { journals: vec![on(NOON, "b")?], ..batch(2, Source::Housekeeping)? }).await?;
    let h = hospital()?;
    same("of the day", all(store, &Scan::JournalsOf(h.clone(), day)).await?, vec![ScanRow::Journal(on(last, "c")?), ScanRow::Journal(on(NOON, "b")?)])?;
    same("of the next", all(store, &Scan::JournalsOf(h.clone(), day.next())).await?, vec![ScanRow::Journal(on(next, "a")?)])?;
    same("of another hospital", all(store, &Scan::JournalsOf(HospitalId::new("院区2")?, day)).await?, Vec::new())
}

/// Only quarantined ones, with their bodies.
pub async fn quarantine_oldest_first(store: &dyn Store) -> Verdict {
    let mut wanted = Vec::new();
    for (id, name, ms, state) in [
        (1, "a", 30, InboxState::Quarantined),
        (2, "b", 10, InboxState::Quarantined),
        (3, "c", 20, InboxState::Applied),
        (4, "d", 20, InboxState::Quarantined),
        (5, "e", 20, InboxState::Quarantined),
    ] {
        let at = NOON.plus_millis(ms);
        let body = name.as_bytes().to_vec();
        store.commit(&Batch { at, inbox: Some(Inbox { state, body: body.clone() }), ..batch(id, message(name))? }).await?;
        if state == InboxState::Quarantined {
            wanted.push((at, ScanRow::Message { peer: "wechat".to_owned(), id: name.to_owned(), at, body }));
        }
    }
    wanted.sort_by_key(|(at, _)| *at);
    same("oldest first", all(store, &Scan::Quarantine(hospital()?)).await?, wanted.into_iter().map(|(_, row)| row).collect())
}

/// Machine, then version.
pub async fn steps_by_machine_and_version(store: &dyn Store) -> Verdict {
    let (one, two) = (machine(1)?, machine(2)?);
    store.commit(&Batch { log: vec![step(two, 1), step(one, 1), step(one, 2)], ..batch(1, Source::Housekeeping)? }).await?;
    store.commit(&Batch { log: vec![step(one, 3), step(Key::Payment(crate::ident::PaymentId::new(1)?), 1)], ..batch(2, Source::Housekeeping)? }).await?;
    let row = |machine: Key, ver: u32| {
        let from = (ver > 1).then(|| "locking".to_owned());
        ScanRow::Step { machine, ver, from, to: "locked".to_owned(), actor: "engine".to_owned(), what: "lock_done".to_owned(), at: NOON }
    };
    same("in order", all(store, &Scan::StateLog(hospital()?, MachineKind::Settlement)).await?, vec![row(one, 1), row(one, 2), row(one, 3), row(two, 1)])
}

/// Bytes of the line key decide.
pub async fn claims_by_line(store: &dyn Store) -> Verdict {
    let by = SettlementId::new(1)?;
    let claims = ["b", "A", "线2", "a", "10", "9"].iter().map(|line| Ok((LineKey::new(line)?, by))).collect::<Verdict<_>>()?;
    store.commit(&Batch { claims, ..batch(1, Source::Housekeeping)? }).await?;
    let wanted = ["10", "9", "A", "a", "b", "线2"].iter().map(|line| Ok(ScanRow::Claim { line: LineKey::new(line)?, by })).collect::<Verdict<_>>()?;
    same("in order", all(store, &Scan::Claims(hospital()?)).await?, wanted)
}

/// Acts, poll, timer of each machine, with their attempts.
pub async fn open_work_by_machine(store: &dyn Store) -> Verdict {
    let (one, two) = (machine(1)?, machine(2)?);
    let mut work = with_acts(1, vec![act(two, 1, 0, NOON)?, act(one, 1, 1, NOON)?, act(one, 1, 0, NOON)?])?;
    work.polls.push(poll(one, NOON.plus_millis(5))?);
    work.wakes.push(wake(one, NOON.plus_millis(9)));
    store.commit(&work).await?;
    claim_all(store, 1, 0).await?;
    let row = |machine: Key, what: &str, ms: i64, attempt: u32| ScanRow::Open { machine, what: what.to_owned(), due: NOON.plus_millis(ms), attempt };
    let wanted =
        vec![row(one, "his.query_post", 0, 1), row(one, "his.query_post", 0, 0), row(one, "his.query_post", 5, 0), row(one, "overdue", 9, 0), row(two, "his.query_post", 0, 1)];
    same("in order", all(store, &Scan::Open(hospital()?)).await?, wanted)
}

/// Bytes of the key decide; each kind for itself, the last version only, bodies come back whole.
pub async fn records_by_key(store: &dyn Store) -> Verdict {
    let record = |kind, key: &str, ver: u32| Record { kind, key: key.to_owned(), ver, expires: None, body: format!("{key}{ver}").into_bytes() };
    let write = |record: Record| RecordWrite { expected: (record.ver > 1).then(|| record.ver - 1), record };
    let of = |records: Vec<Record>| records.into_iter().map(write).collect();
    let born = ["b", "A", "000002", "甲", "000010", "a"].iter().map(|key| record(RecordKind::Staff, key, 1)).chain([record(RecordKind::Trail, "c", 1)]);
    store.commit(&Batch { records: of(born.collect()), ..batch(1, Source::Housekeeping)? }).await?;
    store.commit(&Batch { records: of(vec![record(RecordKind::Staff, "A", 2)]), ..batch(2, Source::Housekeeping)? }).await?;
    let wanted = [("000002", 1), ("000010", 1), ("A", 2), ("a", 1), ("b", 1), ("甲", 1)];
    let wanted = wanted.map(|(key, ver)| ScanRow::Record(record(RecordKind::Staff, key, ver))).to_vec();
    same("in order", all(store, &Scan::Records(hospital()?, RecordKind::Staff)).await?, wanted)?;
    same("another kind", all(store, &Scan::Records(hospital()?, RecordKind::Trail)).await?, vec![ScanRow::Record(record(RecordKind::Trail, "c", 1))])?;
    same("another hospital", all(store, &Scan::Records(HospitalId::new("院区2")?, RecordKind::Staff)).await?, Vec::new())
}

/// A cursor belongs to its list; rubbish is an error, not a list from the start.
pub async fn a_foreign_cursor_is_refused(store: &dyn Store) -> Verdict {
    for rubbish in ["", "x", "{}", "[\"a\",1,2,3,4,5,6]"] {
        let page = store.scan(&Scan::Journals(hospital()?), Some(&Cursor(rubbish.to_owned())), 10).await;
        holds("refused", matches!(page, Err(StoreError::Failed(_))))?;
    }
    Ok(())
}

/// The same ids in two hospitals are two of everything.
pub async fn hospitals_do_not_see_each_other(store: &dyn Store) -> Verdict {
    let other = HospitalId::new("院区2")?;
    let mut born = writing(1, vec![settlement(1, 1, 1)?])?;
    let key = settlement(1, 1, 1)?.key();
    born.source = message("m");
    born.inbox = Some(Inbox { state: InboxState::Quarantined, body: b"1".to_vec() });
    born.claims.push((LineKey::new("L1")?, SettlementId::new(1)?));
    born.acts.push(act(key, 1, 0, NOON)?);
    born.log.push(step(key, 1));
    born.journals.push(journal(JournalKind::Owed, "S1", 5)?);
    let mut twin = born.clone();
    twin.hospital = other.clone();
    twin.writes = vec![Write { row: settlement(1, 1, 2)?, expected: None }];
    store.commit(&born).await?;
    store.commit(&twin).await?;
    let patient_of = |row: &Row| if let Row::Settlement(s) = row { Some(s.patient().clone()) } else { None };
    same("its own", store.load(&other, &[key]).await?.iter().filter_map(patient_of).collect::<Vec<_>>(), vec![patient(2)?])?;
    for h in [hospital()?, other] {
        let lists = [Scan::Claims(h.clone()), Scan::Journals(h.clone()), Scan::Open(h.clone()), Scan::Quarantine(h.clone()), Scan::StateLog(h, MachineKind::Settlement)];
        for scan in &lists {
            same("one each", all(store, scan).await?.len(), 1)?;
        }
    }
    let jobs = claim_all(store, 1, 0).await?;
    same("a claim serves both", jobs.iter().map(|job| job.hospital.as_str().to_owned()).collect::<Vec<_>>(), vec!["h1".to_owned(), "院区2".to_owned()])
}
