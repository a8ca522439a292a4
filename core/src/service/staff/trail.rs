//! The access trail in the store: the head says which entry is the last, and everybody who writes moves it.

use serde::{Deserialize, Serialize};

use super::accounts::By;
use super::{RACES, parse, write};
use crate::access::{Caller, Object, Right, check};
use crate::error::{Code, Error, Result};
use crate::ident::HospitalId;
use crate::port::{RecordKind, RecordWrite, Scan, ScanRow};
use crate::service::engine::Engine;
use crate::staff::{ChainCheck, Entry, Note, What};

/// Under what the head is kept among the cursors.
const HEAD: &str = "trail";
/// The newest so many entries are exported.
const EXPORTED: u32 = 5_000;

/// The last entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    no: u32,
    link: String,
}

/// The right to write the next entries. It is taken before anything is read that a decision rests on: if anybody writes in
/// between, the commit is a conflict and the decision is made anew. So decisions about accounts happen one after the other.
pub(in crate::service) struct Pen {
    pub(super) hospital: HospitalId,
    ver: Option<u32>,
    head: Option<Head>,
}

impl Pen {
    /// Commits records with what the trail says about them.
    pub(super) async fn write(self, engine: &Engine, mut records: Vec<RecordWrite>, notes: Vec<Note>) -> Result<()> {
        records.extend(self.entries(engine, notes)?);
        engine.housekeep(&self.hospital, records).await
    }

    /// The records of what the trail says, for a batch of somebody else's.
    pub(in crate::service) fn entries(&self, engine: &Engine, notes: Vec<Note>) -> Result<Vec<RecordWrite>> {
        let mut records = Vec::new();
        let mut head = self.head.clone();
        for note in notes {
            let entry = Entry::after(head.as_ref().map(|h| (h.no, h.link.as_str())), engine.now(), note)?;
            records.push(write(RecordKind::Trail, &Entry::key(entry.no), None, None, &entry)?);
            head = Some(Head { no: entry.no, link: entry.link().to_owned() });
        }
        records.push(write(RecordKind::Cursor, HEAD, self.ver, None, &head)?);
        Ok(records)
    }
}

/// Whether the trail is as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrailCheck {
    /// How many entries there are.
    pub entries: u32,
    /// The first one that is not as it was written, or not there.
    pub broken: Option<u32>,
}

impl Engine {
    pub(in crate::service) async fn pen(&self, hospital: &HospitalId) -> Result<Pen> {
        let record = self.inner.store.record(hospital, RecordKind::Cursor, HEAD).await?;
        let head = record.as_ref().map(parse).transpose()?;
        Ok(Pen { hospital: hospital.clone(), ver: record.map(|r| r.ver), head })
    }

    /// Writes something down that changes nothing else: a refusal, a farewell.
    pub async fn note(&self, hospital: &HospitalId, note: Note) -> Result<()> {
        for _ in 0..RACES {
            match self.pen(hospital).await?.write(self, Vec::new(), vec![note.clone()]).await {
                Err(error) if error.code() == Code::Conflict => {}
                done => return done,
            }
        }
        Err(Error::new(Code::Conflict))
    }

    /// At most `limit` entries before the one of this number, newest first.
    pub async fn trail(&self, caller: &Caller, before: Option<u32>, limit: u32) -> Result<Vec<Entry>> {
        check(caller, Right::ReadTrail, Object::Hospital)?;
        self.entries(&caller.hospital, before, limit).await
    }

    /// The newest entries for a file, newest first; that they were exported is an entry itself.
    pub async fn export_trail(&self, by: By<'_>) -> Result<Vec<Entry>> {
        check(by.caller, Right::ReadTrail, Object::Hospital)?;
        let entries = self.entries(&by.caller.hospital, None, EXPORTED).await?;
        let note = Note::by(by.caller, by.from, What::Exported).about("trail").with(format!("{} entries", entries.len()));
        self.note(&by.caller.hospital, note).await?;
        Ok(entries)
    }

    async fn entries(&self, hospital: &HospitalId, before: Option<u32>, limit: u32) -> Result<Vec<Entry>> {
        let last = self.pen(hospital).await?.head.map_or(0, |head| head.no);
        let last = before.map_or(last, |before| last.min(before.saturating_sub(1)));
        let mut entries = Vec::new();
        for no in (last.saturating_sub(limit).saturating_add(1)..=last).rev() {
            // A missing one is for the check to name.
            if let Some(record) = self.inner.store.record(hospital, RecordKind::Trail, &Entry::key(no)).await? {
                entries.push(parse(&record)?);
            }
        }
        Ok(entries)
    }

    /// Reads the whole trail and checks its chain.
    pub async fn check_trail(&self, caller: &Caller) -> Result<TrailCheck> {
        check(caller, Right::ReadTrail, Object::Hospital)?;
        let hospital = &caller.hospital;
        // Entries written meanwhile come after this head and are left out.
        let head = self.pen(hospital).await?.head;
        let last = head.as_ref().map_or(0, |h| h.no);
        let (mut chain, mut after) = (ChainCheck::default(), None);
        loop {
            let page = self.inner.store.scan(&Scan::Records(hospital.clone(), RecordKind::Trail), after.as_ref(), 500).await?;
            for row in page.rows {
                if let ScanRow::Record(record) = row {
                    let entry: Entry = parse(&record)?;
                    if entry.no <= last {
                        chain.see(&entry)?;
                    }
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let (broken, entries) = chain.end(head.as_ref().map(|h| (h.no, h.link.as_str())));
        Ok(TrailCheck { entries, broken })
    }
}
