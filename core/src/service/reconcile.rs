//! A day of a channel reconciled (日对账): the four sides are fetched, what bills prove is told to the machines, the comparison is
//! [`crate::reconcile`]'s, and the result is kept with whatever people did about it.

mod books;
mod carry;
mod feed;
mod list;
mod morning;
mod record;
mod resolve;
mod rows;
mod sides;

use serde::{Deserialize, Serialize};

use super::apply::Event;
use super::engine::{Engine, Hospital};
use super::request::request_source;
use crate::access::{Actor, Caller, Object, Private, Right, check, mask_name};
use crate::calendar::BizDate;
use crate::error::{Code, Error, Result};
use crate::ident::{ChannelCode, HospitalId, RequestKey};
use crate::money::Net;
use crate::port::{RecordWrite, Source};
use crate::reconcile::{Carried, Difference, Direction, Kind, Row, RowRef, RowStatus, RunRequest, RunResponse, Side};
use crate::workflow::Refusal;

pub use list::{DayHead, ReconcileGetRequest, ReconcileListRequest, ReconcileListResponse};
pub use morning::Morning;
pub use record::{Day, DayConclusion, Effect, Item, ItemState, Step};
pub use resolve::{ReconcileResolveRequest, ReconcileResolveResponse};

use books::Books;

/// So often another replica, or somebody who works on the day, may be faster.
const RACES: usize = 8;

/// Request of `reconcile.day`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReconcileDayRequest {
    /// Client-made key.
    pub key: RequestKey,
    /// The day, in UTC+8; not after today.
    pub date: BizDate,
    /// The channel.
    pub channel: ChannelCode,
}

/// A side that did not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DaySide {
    /// Which.
    pub side: Side,
    /// Short stable word, e.g. `deadline`, `connect`, `invalid_request`.
    pub fault: String,
    /// What happened, for staff.
    pub text: String,
}

/// Response of `reconcile.day`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum ReconcileDayResponse {
    /// Compared.
    Made {
        /// The day.
        day: Box<Day>,
    },
    /// Not compared, and nothing kept: a side did not answer. It is tried again.
    NotMade {
        /// Which, and why.
        #[serde(flatten)]
        missing: DaySide,
    },
    /// Forbidden by a rule.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

impl Engine {
    /// Reconciles a day as somebody asked for it.
    pub async fn reconcile_day_asked(&self, caller: &Caller, request: &ReconcileDayRequest) -> Result<ReconcileDayResponse> {
        check(caller, Right::Reconcile, Object::Hospital)?;
        let source = request_source(caller, &request.key, "reconcile.day", request)?;
        self.once(caller, &source, self.reconcile(&caller.hospital, &caller.actor, request.date, &request.channel, Some(&source))).await
    }

    /// Reconciles a day of a channel, e.g. each morning the day before. Again is the same, or finds what has changed since.
    pub async fn reconcile_day(&self, hospital: &HospitalId, date: BizDate, channel: &ChannelCode) -> Result<ReconcileDayResponse> {
        self.reconcile(hospital, &Actor::Engine, date, channel, None).await
    }

    async fn reconcile(&self, hospital: &HospitalId, actor: &Actor, date: BizDate, channel: &ChannelCode, source: Option<&Source>) -> Result<ReconcileDayResponse> {
        let hospital = self.hospital(hospital)?;
        if !hospital.channels.contains_key(channel) {
            return Err(Error::new(Code::NotFound).with("field", "channel"));
        }
        if date > self.now().biz_date() {
            let refusal = Refusal::new("day_not_begun", "该日期尚未到来，无法对账", "请选择今天或之前的日期");
            return Ok(ReconcileDayResponse::Refused { refusal });
        }
        let outside = match self.outside(hospital, channel, date).await {
            Ok(outside) => outside,
            Err(missing) => return Ok(ReconcileDayResponse::NotMade { missing }),
        };
        self.feed(hospital, channel, &outside).await?;
        for _ in 0..RACES {
            let before = self.reconciled(&hospital.id, yesterday(date), channel).await?;
            let earlier = self.reconciled(&hospital.id, date, channel).await?;
            let pool = before.as_ref().map(|(day, _)| day.pool.clone()).unwrap_or_default();
            let mut day = self.compare(hospital, channel, date, &outside, pool).await?;
            let expected = earlier.as_ref().map(|(_, ver)| *ver);
            if let Some((earlier, _)) = earlier {
                day = day.after(earlier);
            }
            let mut records = vec![day.write(expected)?];
            if let Some((mut before, ver)) = before
                && before.seen_by(&day)
            {
                records.push(before.write(Some(ver))?);
            }
            let response = ReconcileDayResponse::Made { day: Box::new(day) };
            match self.keep(hospital, actor, source, records, &response).await {
                Err(error) if error.code() == Code::Conflict => {}
                kept => return kept,
            }
        }
        Err(Error::new(Code::Conflict).with("record", "reconciliation"))
    }

    /// Writes records under a request's key, or as the engine's own work.
    async fn keep<T>(&self, hospital: &Hospital, actor: &Actor, source: Option<&Source>, records: Vec<RecordWrite>, response: &T) -> Result<T>
    where
        T: Clone + Sync + Serialize + for<'de> Deserialize<'de>,
    {
        let Some(source) = source else { return self.housekeep(&hospital.id, records).await.map(|()| response.clone()) };
        let event = Event { records, ..Event::consume(actor, source.clone()) };
        let answer = self.command(hospital, event, &|_| Ok(response.clone())).await?;
        answer.map_err(|_| Error::internal("a request that writes records is answered"))
    }

    async fn compare(&self, hospital: &Hospital, channel: &ChannelCode, date: BizDate, outside: &sides::Outside, pool: Vec<Carried>) -> Result<Day> {
        let mut books = Books::default();
        // What belongs to nobody we know stands under the first channel, once.
        let first = hospital.channels.keys().next() == Some(channel);
        let ledger = books.ledger(self, hospital, channel, date).await?;
        let his = match &outside.his {
            Some(file) => Some(books.his(self, hospital, channel, first, file).await?),
            None => None,
        };
        let insurer = match &outside.insurer {
            Some(bill) => Some(books.insurer(self, hospital, channel, first, bill).await?),
            None => None,
        };
        let request = RunRequest { date, channel: Some(outside.channel.clone()), insurer, his, ledger: Some(ledger), pool, rules: Default::default() };
        let RunResponse { summary, differences, mut pool, .. } = request.run()?;
        books.forget();
        let now = self.now();
        let mut items = Vec::with_capacity(differences.len());
        for difference in &differences {
            books.behind(self, hospital, difference).await?;
            let waits = difference.suspended || difference.kind != Kind::Matched && books.moves_on(difference, date);
            if waits && !difference.suspended {
                pool.extend(difference.rows.iter().filter_map(|at| Some(Carried { side: at.side, row: row_at(&request, at)?.clone() })));
            }
            let state = match difference.kind {
                Kind::Matched => ItemState::Even,
                _ if waits => ItemState::Waiting,
                _ => ItemState::Open,
            };
            items.push(item(&request, &books, difference, state, now, &differences));
        }
        let merchant_no = hospital.channels.get(channel).and_then(|port| port.merchant_no()).map(str::to_owned);
        Ok(Day { date, channel: channel.clone(), merchant_no, made_at: now, runs: 1, so_far: date >= now.biz_date(), summary, items, pool })
    }
}

fn yesterday(date: BizDate) -> BizDate {
    date.start().plus_millis(-1).biz_date()
}

fn row_at<'r>(request: &'r RunRequest, at: &RowRef) -> Option<&'r Row> {
    let place = at.at as usize;
    if at.pooled {
        return request.pool.get(place).map(|carried| &carried.row);
    }
    let rows = match at.side {
        Side::Channel => &request.channel,
        Side::Insurer => &request.insurer,
        Side::His => &request.his,
        Side::Ledger => &request.ledger,
    };
    rows.as_ref()?.get(place)
}

fn item(request: &RunRequest, books: &Books, difference: &Difference, state: ItemState, now: crate::Timestamp, all: &[Difference]) -> Item {
    let rows: Vec<(Side, &Row)> = difference.rows.iter().filter_map(|at| Some((at.side, row_at(request, at)?))).collect();
    let of = |wanted: &[Side]| rows.iter().filter(|(side, _)| wanted.contains(side)).map(|(_, row)| *row).collect::<Vec<&Row>>();
    let (outside, his, ledger) = (of(&[Side::Channel, Side::Insurer]), of(&[Side::His]), of(&[Side::Ledger]));
    let first = |rows: &[&Row]| rows.first().map(|row| row.trade_no.clone()).unwrap_or_default();
    let payment = books.payment_of(difference);
    let settlement = payment.and_then(|p| p.shares.keys().next()).and_then(|id| books.settlements.get(id));
    let key = |d: &Difference| Item::key_of(&d.order_no, &d.refund_no, d.direction, d.part);
    Item {
        key: key(difference),
        state,
        kind: difference.kind,
        reason: difference.reason,
        label: difference.label,
        direction: difference.direction,
        part: difference.part,
        order_no: difference.order_no.clone(),
        refund_no: difference.refund_no.clone(),
        outside_no: first(&outside),
        his_no: first(&his),
        outside_at: outside.first().map(|row| row.at),
        his_at: his.first().map(|row| row.at),
        outside_fen: moved(&outside),
        his_fen: moved(&his),
        ledger_fen: moved(&ledger),
        diff_fen: difference.diff_fen,
        patient: settlement.map(|s| mask_name(Private::reveal(&s.payer.name))).unwrap_or_default(),
        settlement_id: settlement.map(|s| s.id),
        refund_id: books.refund_of(difference).map(|r| r.id),
        since: now,
        actions: difference.actions.clone(),
        suggestion: difference.suggestion.and_then(|at| all.get(at as usize)).map(key),
        steps: Vec::new(),
    }
}

/// What the rows of a side have moved, refunds negative; none without a row.
fn moved(rows: &[&Row]) -> Option<i64> {
    let done = rows.iter().filter(|row| row.status == RowStatus::Done).map(|row| row.amount_fen.signed(row.direction == Direction::Refund));
    (!rows.is_empty()).then(|| done.sum::<Net>().fen())
}
