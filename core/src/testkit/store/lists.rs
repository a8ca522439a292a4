//! Lists: sorted rows behind a key, handed out page by page.

use crate::ident::HospitalId;
use crate::port::{Cursor, InboxState, Page, Scan, ScanRow, StoreError};
use crate::workflow::{Base, Key, MachineKind, Row};

use super::state::State;

impl State {
    pub(super) fn scan(&self, scan: &Scan, after: Option<&Cursor>, limit: u32) -> Result<Page, StoreError> {
        match scan {
            Scan::Machines(hospital, kind) => page(self.machines_of(hospital, *kind, |_| true), after, limit),
            Scan::Attention(hospital, kind) => page(self.machines_of(hospital, *kind, |base| base.attention.is_some() || base.held.is_some()), after, limit),
            Scan::Refunds(hospital, st) => {
                let waiting =
                    self.machines_of(hospital, MachineKind::Refund, |_| true).into_iter().filter(|(_, row)| matches!(row, ScanRow::Machine(row) if row.st() == st.code()));
                page(waiting.collect(), after, limit)
            }
            Scan::LatestRefunds(hospital, st) => {
                let in_state = self.machines.iter().rev().filter_map(|((h, key), row)| match row {
                    Row::Refund(r) if h == hospital && r.st == *st => Some((i64::MAX - key.id(), ScanRow::Machine(Box::new(row.clone())))),
                    _ => None,
                });
                page(in_state.collect(), after, limit)
            }
            Scan::Settlements(hospital, patient) => {
                let found = self
                    .settlements(hospital)
                    .filter(|(_, s)| s.patient() == patient)
                    .map(|(key, s)| (i64::MAX - key.id(), ScanRow::Machine(Box::new(Row::Settlement(s.clone())))));
                let mut newest_first: Vec<_> = found.collect();
                newest_first.reverse();
                page(newest_first, after, limit)
            }
            Scan::Suspensions(hospital, patient) => {
                let of_patient = self.machines.iter().rev().filter_map(|((h, key), row)| match row {
                    Row::Suspension(s) if h == hospital && s.registration.patient_id == *patient => Some((i64::MAX - key.id(), ScanRow::Machine(Box::new(row.clone())))),
                    _ => None,
                });
                page(of_patient.collect(), after, limit)
            }
            Scan::Journals(hospital) => {
                let all = self.journals.iter().filter(|((h, ..), _)| h == hospital);
                page(all.map(|((_, batch, i), journal)| ((batch.get(), *i), ScanRow::Journal(journal.clone()))).collect(), after, limit)
            }
            Scan::JournalsOf(hospital, date) => {
                let of_day = self.journals.iter().filter(|((h, ..), journal)| h == hospital && journal.at.biz_date() == *date);
                page(of_day.map(|((_, batch, i), journal)| ((batch.get(), *i), ScanRow::Journal(journal.clone()))).collect(), after, limit)
            }
            Scan::Quarantine(hospital) => {
                let mut all: Vec<_> = self
                    .inbox
                    .iter()
                    .filter(|((h, ..), (_, inbox))| h == hospital && inbox.state == InboxState::Quarantined)
                    .map(|((_, peer, id), (at, inbox))| {
                        ((at.millis(), peer.clone(), id.clone()), ScanRow::Message { peer: peer.clone(), id: id.clone(), at: *at, body: inbox.body.clone() })
                    })
                    .collect();
                all.sort_by(|a, b| a.0.cmp(&b.0));
                page(all, after, limit)
            }
            Scan::StateLog(hospital, kind) => {
                let all = self.log.iter().filter(|((h, key, _), _)| h == hospital && key.kind() == *kind).map(|((_, machine, ver), (at, step))| {
                    let row = ScanRow::Step {
                        machine: *machine,
                        ver: *ver,
                        from: step.from.map(str::to_owned),
                        to: step.to.to_owned(),
                        actor: step.actor.clone(),
                        what: step.what.clone(),
                        at: *at,
                    };
                    ((machine.id(), *ver), row)
                });
                page(all.collect(), after, limit)
            }
            Scan::Claims(hospital) => {
                let all = self.lines.iter().filter(|((h, _), _)| h == hospital);
                page(all.map(|((_, line), by)| (line.as_str().to_owned(), ScanRow::Claim { line: line.clone(), by: *by })).collect(), after, limit)
            }
            Scan::Open(hospital) => page(self.jobs.open(hospital), after, limit),
            Scan::Records(hospital, kind) => {
                let all = self.records.iter().filter(|((h, of, _), _)| h == hospital && of == kind);
                page(all.map(|((.., key), record)| (key.clone(), ScanRow::Record(record.clone()))).collect(), after, limit)
            }
        }
    }

    fn machines_of(&self, hospital: &HospitalId, kind: MachineKind, wanted: impl Fn(&Base) -> bool) -> Vec<(i64, ScanRow)> {
        let all = self.machines.iter().filter(|((h, key), row)| h == hospital && key.kind() == kind && wanted(row.base()));
        all.map(|((_, key), row): (&(HospitalId, Key), &Row)| (key.id(), ScanRow::Machine(Box::new(row.clone())))).collect()
    }
}

/// One page of rows that are sorted by their keys; the cursor is the last key as JSON.
fn page<K>(rows: Vec<(K, ScanRow)>, after: Option<&Cursor>, limit: u32) -> Result<Page, StoreError>
where
    K: Ord + serde::Serialize + serde::de::DeserializeOwned,
{
    let after: Option<K> = after.map(|cursor| serde_json::from_str(&cursor.0)).transpose().map_err(|_| StoreError::Failed("this is no cursor of the list".to_owned()))?;
    let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
    let mut rest = rows.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).peekable();
    let (mut page, mut last) = (Vec::new(), None);
    while page.len() < limit {
        let Some((key, row)) = rest.next() else { break };
        page.push(row);
        last = Some(key);
    }
    let next = match (rest.peek(), last) {
        (Some(_), Some(last)) => Some(Cursor(serde_json::to_string(&last).map_err(|_| StoreError::Failed("cursor".to_owned()))?)),
        _ => None,
    };
    Ok(Page { rows: page, next })
}
