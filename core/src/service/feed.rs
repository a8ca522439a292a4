//! What HIS tells unasked: fetched by cursor, applied as facts, each message once.

use serde::{Deserialize, Serialize};

use super::apply::{Applied, Event};
use super::engine::{Engine, Hospital};
use crate::access::Actor;
use crate::error::{Code, Error, Result};
use crate::gm;
use crate::ident::{HospitalId, SettlementId, StopId};
use crate::port::{Find, HisAnswer, HisCall, HisNotice, HisNoticeKind, Record, RecordKind, RecordWrite, Source};
use crate::visit::{StopKind, StopNotice};
use crate::workflow::fold::Root;
use crate::workflow::{Event as MachineEvent, Key, New, Row, settlement, stop, suspension};

const CURSOR: &str = "his.notices";
/// So often another replica may be faster.
const RACES: usize = 8;

/// What a round of the feed did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FeedResult {
    /// Notices read.
    pub read: usize,
    /// Machines that were told.
    pub told: usize,
}

#[derive(Serialize, Deserialize)]
struct Position {
    after: String,
}

/// What HIS has said about one session.
#[derive(Clone, Default, Serialize, Deserialize)]
struct SessionStops {
    /// Stops by version.
    told: Vec<(u32, StopId)>,
    /// Everything up to this version is taken back.
    withdrawn: Option<u32>,
}

/// The same as it is stored.
struct KnownStops {
    key: String,
    ver: Option<u32>,
    stops: SessionStops,
}

impl KnownStops {
    fn with(&self, edit: impl FnOnce(&mut SessionStops)) -> Result<RecordWrite> {
        let mut stops = self.stops.clone();
        edit(&mut stops);
        let body = serde_json::to_vec(&stops).map_err(|_| Error::internal("stops serialise"))?;
        let record = Record { kind: RecordKind::Stop, key: self.key.clone(), ver: self.ver.unwrap_or(0).saturating_add(1), expires: None, body };
        Ok(RecordWrite { record, expected: self.ver })
    }
}

impl Engine {
    /// Reads HIS's notices since the last round and applies them. Safe to repeat at any point: each message is consumed
    /// once, and the cursor moves only after all of them are.
    pub async fn read_notices(&self, hospital: &HospitalId) -> Result<FeedResult> {
        let hospital = self.hospital(hospital)?;
        if !hospital.his.traits().notices {
            return Ok(FeedResult::default());
        }
        let cursor = self.inner.store.record(&hospital.id, RecordKind::Cursor, CURSOR).await?;
        let after = match &cursor {
            Some(record) => Some(crate::json::read_bytes::<Position>(&record.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "cursor"))?.after),
            None => None,
        };
        let HisAnswer::Notices(notices) = self.read_his(hospital, HisCall::Notices { after }).await? else {
            return Err(Error::new(Code::HisAnswer).with("call", "his.notices"));
        };
        let mut result = FeedResult { read: notices.len(), told: 0 };
        for notice in &notices {
            result.told += self.take_notice(hospital, notice).await?;
        }
        if let Some(last) = notices.last() {
            let body = serde_json::to_vec(&Position { after: last.id.clone() }).map_err(|_| Error::internal("cursors serialise"))?;
            let expected = cursor.map(|c| c.ver);
            let record = Record { kind: RecordKind::Cursor, key: CURSOR.to_owned(), ver: expected.unwrap_or(0).saturating_add(1), expires: None, body };
            match self.housekeep(&hospital.id, vec![RecordWrite { record, expected }]).await {
                // Another replica moved it: its round covers ours or repeats it harmlessly.
                Err(error) if error.code() == Code::Conflict => {}
                done => done?,
            }
        }
        Ok(result)
    }

    /// Takes one notice that HIS pushed. It counts once, whether it is pushed, polled or both.
    pub async fn push_notice(&self, hospital: &HospitalId, notice: &HisNotice) -> Result<FeedResult> {
        let told = self.take_notice(self.hospital(hospital)?, notice).await?;
        Ok(FeedResult { read: 1, told })
    }

    /// A stop is born once per schedule, date, session and version, whatever the message that brings it is called.
    async fn take_stop(&self, hospital: &Hospital, notice: &HisNotice, stop: &StopNotice) -> Result<usize> {
        let message = serde_json::to_vec(notice).map_err(|_| Error::internal("notices serialise"))?;
        let source = Source::Message { peer: "his".to_owned(), id: format!("{}#stop", notice.id) };
        let key = gm::hex(&gm::sm3(format!("stop:{}", stop.name()).as_bytes()));
        for _ in 0..RACES {
            let known = self.session_stops(hospital, stop).await?;
            let born = self.inner.store.record(&hospital.id, RecordKind::Stop, &key).await?.is_some();
            // A stop may arrive after its withdrawal: HIS has taken it back already.
            if born || known.stops.withdrawn >= Some(stop.version) {
                break;
            }
            let id = StopId::new(self.fresh())?;
            let new = stop::New { id, terms: self.terms_hash(&hospital.id)?.clone(), notice: stop.clone() };
            let body = serde_json::to_vec(&id).map_err(|_| Error::internal("ids serialise"))?;
            let record = Record { kind: RecordKind::Stop, key: key.clone(), ver: 1, expires: None, body };
            let births = Root::Births(vec![New::Stop(Box::new(new))]);
            let records = vec![RecordWrite { record, expected: None }, known.with(|stops| stops.told.push((stop.version, id)))?];
            let event = Event { message: Some(message.clone()), records, ..Event::new(&Actor::Engine, births, source.clone()) };
            match self.apply(hospital, event).await {
                Ok(applied) => return Ok(usize::from(matches!(applied, Applied::Changed(_)))),
                // The same notice came another way in the same moment, or another one about this session.
                Err(error) if error.code() == Code::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        self.apply(hospital, Event { message: Some(message), ..Event::consume(&Actor::Engine, source) }).await?;
        Ok(0)
    }

    /// HIS takes back what it said about a session under lower versions. First nothing is born of that any more, then every stop
    /// hears of it, then every suspension; each consumes its own part of the message, so that a crash between two is harmless.
    async fn take_withdrawal(&self, hospital: &Hospital, notice: &HisNotice, withdrawal: &StopNotice) -> Result<usize> {
        let message = serde_json::to_vec(notice).map_err(|_| Error::internal("notices serialise"))?;
        let part = |of: &str| Source::Message { peer: "his".to_owned(), id: format!("{}#{of}", notice.id) };
        let stops = self.close_session(hospital, withdrawal).await?;
        let mut told = 0;
        for (_, id) in stops.told.iter().filter(|(version, _)| *version < withdrawal.version) {
            let root = Root::Fact(Key::Stop(*id), MachineEvent::Stop(stop::Event::Withdrawn));
            let event = Event { message: Some(message.clone()), ..Event::new(&Actor::Engine, root, part(id.business_no().as_str())) };
            told += usize::from(matches!(self.apply(hospital, event).await?, Applied::Changed(_)));
            let Some(Row::Stop(stop)) = self.inner.store.load(&hospital.id, &[Key::Stop(*id)]).await?.pop() else {
                return Err(Error::new(Code::StoreCorrupt).with("record", "stop"));
            };
            for id in &stop.suspensions {
                let root = Root::Fact(Key::Suspension(*id), MachineEvent::Suspension(suspension::Event::Withdrawn));
                let event = Event { message: Some(message.clone()), ..Event::new(&Actor::Engine, root, part(id.business_no().as_str())) };
                told += usize::from(matches!(self.apply(hospital, event).await?, Applied::Changed(_)));
            }
        }
        self.apply(hospital, Event { message: Some(message), ..Event::consume(&Actor::Engine, part("withdrawn")) }).await?;
        Ok(told)
    }

    /// From now on nothing is born of stops up to this version.
    async fn close_session(&self, hospital: &Hospital, withdrawal: &StopNotice) -> Result<SessionStops> {
        for _ in 0..RACES {
            let known = self.session_stops(hospital, withdrawal).await?;
            if known.stops.withdrawn >= Some(withdrawal.version) {
                return Ok(known.stops);
            }
            let write = known.with(|stops| stops.withdrawn = Some(withdrawal.version))?;
            match self.housekeep(&hospital.id, vec![write]).await {
                Err(error) if error.code() == Code::Conflict => {}
                done => return done.map(|()| known.stops),
            }
        }
        Err(Error::new(Code::Conflict).with("record", "stop"))
    }

    async fn session_stops(&self, hospital: &Hospital, stop: &StopNotice) -> Result<KnownStops> {
        let key = gm::hex(&gm::sm3(format!("session:{}", stop.session_name()).as_bytes()));
        let record = self.inner.store.record(&hospital.id, RecordKind::Stop, &key).await?;
        let stops = match &record {
            Some(record) => crate::json::read_bytes(&record.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "stop"))?,
            None => SessionStops::default(),
        };
        Ok(KnownStops { key, ver: record.map(|r| r.ver), stops })
    }

    async fn take_notice(&self, hospital: &Hospital, notice: &HisNotice) -> Result<usize> {
        let (ids, event) = match &notice.what {
            HisNoticeKind::Stopped { stop } if stop.kind == StopKind::Withdrawn => return self.take_withdrawal(hospital, notice, stop).await,
            HisNoticeKind::Stopped { stop } => return self.take_stop(hospital, notice, stop).await,
            HisNoticeKind::Reversed { settlement_no, amount_fen, suspended } => {
                let ids = SettlementId::from_business_no(settlement_no.as_str()).into_iter().collect();
                let event = if *suspended {
                    settlement::Event::Suspended { amount_fen: *amount_fen, suspension: None }
                } else {
                    settlement::Event::WindowReversed { amount_fen: *amount_fen }
                };
                (ids, event)
            }
            HisNoticeKind::LinesChanged { lines } => {
                let mut ids: Vec<SettlementId> = Vec::new();
                for line in lines {
                    for key in self.inner.store.find(&hospital.id, &Find::Line(line.clone())).await? {
                        if let Key::Settlement(id) = key
                            && !ids.contains(&id)
                        {
                            ids.push(id);
                        }
                    }
                }
                (ids, settlement::Event::ChangedElsewhere)
            }
        };
        let message = serde_json::to_vec(notice).map_err(|_| Error::internal("notices serialise"))?;
        let mut told = 0;
        for id in ids {
            let key = Key::Settlement(id);
            // One message may concern several settlements; each consumes its own part of it.
            let source = Source::Message { peer: "his".to_owned(), id: format!("{}#{}", notice.id, id) };
            if self.inner.store.load(&hospital.id, &[key]).await?.is_empty() {
                let event = Event { message: Some(message.clone()), quarantine: true, ..Event::consume(&Actor::Engine, source) };
                self.apply(hospital, event).await?;
                continue;
            }
            let root = Root::Fact(key, MachineEvent::Settlement(event.clone()));
            let event = Event { message: Some(message.clone()), ..Event::new(&Actor::Engine, root, source) };
            told += usize::from(matches!(self.apply(hospital, event).await?, Applied::Changed(_)));
        }
        Ok(told)
    }
}
