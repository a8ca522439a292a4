//! Reconciliation (domain/pages.md item 37): a day of a channel in numbers, its differences, a file of them. Dealing with one is
//! [`item`].

pub mod item;
mod sums;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use menjie::calendar::BizDate;
use menjie::error::{Code, Error};
use menjie::ident::{ChannelCode, RequestKey};
use menjie::reconcile::{Direction, Kind, Label, Part};
use menjie::service::{Day, Item, ItemState, ReconcileDayRequest, ReconcileDayResponse, ReconcileGetRequest, ReconcileListRequest};
use menjie::staff::{Note, What};
use serde::Deserialize;

use self::sums::{OfChannel, Sums};
use super::desk::Desk;
use super::form::Form;
use super::gate::StaffSession;
use super::trail::quoted;
use crate::app::App;
use crate::detached::detached;
use crate::pages::answer::{self, Page, see};
use crate::pages::fields::Fields;
use crate::routes::recon::channel;
use crate::token;

/// So many days are shown beside the chosen one.
const DAYS: u32 = 7;

/// What the address may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    date: String,
    channel: String,
    kind: String,
    told: String,
}

/// A line, for people.
pub(super) struct Shown {
    pub(super) key: String,
    /// Who the hospital is to the channel; nobody to an insurer.
    pub(super) merchant_no: String,
    pub(super) order_no: String,
    pub(super) refund_no: String,
    pub(super) outside_no: String,
    pub(super) his_no: String,
    pub(super) direction: &'static str,
    pub(super) part: &'static str,
    pub(super) outside: String,
    pub(super) his: String,
    pub(super) ledger: String,
    pub(super) diff: String,
    pub(super) label: &'static str,
    pub(super) kind: &'static str,
    pub(super) reason: &'static str,
    pub(super) reason_code: String,
    pub(super) state: &'static str,
    /// `open`, `wait` or nothing.
    pub(super) tone: &'static str,
    pub(super) patient: String,
    pub(super) outside_at: String,
    pub(super) his_at: String,
    pub(super) age: String,
    pub(super) action: String,
    pub(super) owner: String,
    pub(super) dealt_at: String,
    pub(super) note: String,
    pub(super) may_be_dealt_with: bool,
}

/// A day that stands beside the chosen one.
struct Beside {
    date: String,
    conclusion: &'static str,
    open: u64,
    waiting: u64,
}

#[derive(Template)]
#[template(path = "staff/recon.html")]
struct List {
    d: Desk,
    date: String,
    channel: String,
    channels: Vec<String>,
    kinds: Vec<(&'static str, &'static str, bool)>,
    made_at: String,
    so_far: bool,
    sums: Option<Sums>,
    of_channels: Vec<OfChannel>,
    items: Vec<Shown>,
    /// Lines that the filter leaves out.
    hidden: usize,
    beside: Vec<Beside>,
    told: String,
    key: String,
}

impl List {
    fn conclusion(&self) -> &'static str {
        self.sums.as_ref().map_or("未对账", |sums| sums.conclusion)
    }

    fn balanced(&self) -> bool {
        self.sums.as_ref().is_some_and(|sums| sums.balanced)
    }
}

/// The filters of the list: code, name, which lines.
type Filter = (&'static str, &'static str, fn(&Item) -> bool);
const FILTERS: [Filter; 11] = [
    ("", "全部", |_| true),
    ("open", "待处理", |i| i.state == ItemState::Open),
    ("waiting", "待次日账单", |i| i.state == ItemState::Waiting),
    ("resolved", "已处理", |i| i.state == ItemState::Resolved),
    ("long", "长款", |i| i.label == Label::Long && i.state != ItemState::Even),
    ("short", "短款", |i| i.label == Label::Short && i.state != ItemState::Even),
    ("outside", "仅渠道或医保有", |i| matches!(i.kind, Kind::OnlyChannel | Kind::OnlyInsurer)),
    ("his", "仅HIS有", |i| i.kind == Kind::OnlyHis),
    ("amount", "金额不符", |i| i.kind == Kind::Amount),
    ("status", "状态不符", |i| i.kind == Kind::Status),
    ("double", "重复支付", |i| i.reason == Some(menjie::reconcile::ReasonClass::R8)),
];

/// `GET /a/recon`.
pub async fn page(State(app): State<App>, session: StaffSession, Query(asked): Query<Asked>) -> Page<Response> {
    let (date, channel) = chosen(&app, &asked.date, &asked.channel)?;
    let day = stored(&app, &session, date, &channel).await?;
    let filter = FILTERS.iter().find(|(code, ..)| *code == asked.kind).unwrap_or(&FILTERS[0]);
    let now = app.engine().now();
    let items: Vec<Shown> = day.iter().flat_map(of).filter(|(_, item)| filter.2(item)).map(|(day, item)| shown(day, item, now)).collect();
    let request = ReconcileListRequest { from: before(app.engine().now().biz_date(), DAYS), to: app.engine().now().biz_date() };
    let days = app.engine().reconcile_list(&session.caller, &request).await?.days;
    let beside = days.iter().filter(|head| head.channel == channel).map(|head| Beside {
        date: head.date.to_string(),
        conclusion: head.conclusion.map_or("未对账", |c| c.text()),
        open: head.open,
        waiting: head.waiting,
    });
    let hospital = app.engine().hospital(app.hospital())?;
    answer::page(&List {
        date: date.to_string(),
        channels: hospital.channels.keys().map(ToString::to_string).collect(),
        channel: channel.to_string(),
        kinds: FILTERS.iter().map(|(code, name, _)| (*code, *name, *code == filter.0)).collect(),
        made_at: day.as_ref().map(|day| day.made_at.plain()).unwrap_or_default(),
        so_far: day.as_ref().is_some_and(|day| day.so_far),
        sums: day.as_ref().map(Sums::of),
        of_channels: sums::of_day(&app, &session, date).await?,
        hidden: day.as_ref().map_or(0, |day| day.items.len()) - items.len(),
        items,
        beside: beside.collect(),
        told: asked.told,
        key: fresh_key(&app),
        d: Desk::of(&app, &session, "/a/recon"),
    })
}

/// `POST /a/recon/make`.
pub async fn make(State(app): State<App>, session: StaffSession, Form(fields): Form) -> Page<Response> {
    let (date, channel) = named(&app, &fields)?;
    let request = ReconcileDayRequest { key: key(&fields)?, date, channel: channel.clone() };
    let (engine, caller) = (app.engine().clone(), session.caller.clone());
    let made = detached(async move { engine.reconcile_day_asked(&caller, &request).await }).await?;
    let told = match made {
        ReconcileDayResponse::Made { .. } => "made",
        ReconcileDayResponse::NotMade { missing } => side_code(missing.side),
        ReconcileDayResponse::Refused { .. } => "early",
    };
    Ok(see(&format!("/a/recon?date={date}&channel={channel}&told={told}")))
}

/// `POST /a/recon/export`: a CSV file for spreadsheets (domain/hospital.md §6.4).
pub async fn export(State(app): State<App>, session: StaffSession, Form(fields): Form) -> Page<Response> {
    let (date, channel) = named(&app, &fields)?;
    let day = stored(&app, &session, date, &channel).await?;
    let by = session.by();
    app.engine().note(&by.caller.hospital, Note::by(by.caller, by.from, What::Exported).about(format!("reconciliation {date}.{channel}"))).await?;
    let head = "对账日,渠道,商户号,平台订单号,平台退款号,HIS流水号,渠道流水号,资金,交易类型,交易时间(渠道),交易时间(HIS),HIS金额,平台金额,渠道金额,差额(渠道-HIS),长短款,种类,原因类别,状态,处理方式,处理人,处理时间,备注,患者\r\n";
    let now = app.engine().now();
    let rows = day.iter().flat_map(of).map(|(day, item)| {
        let s = shown(day, item, now);
        let cells = [
            date.to_string(),
            channel.to_string(),
            s.merchant_no,
            s.order_no,
            s.refund_no,
            s.his_no,
            s.outside_no,
            s.part.to_owned(),
            s.direction.to_owned(),
            s.outside_at,
            s.his_at,
            s.his,
            s.ledger,
            s.outside,
            s.diff,
            s.label.to_owned(),
            s.kind.to_owned(),
            s.reason_code,
            s.state.to_owned(),
            s.action,
            s.owner,
            s.dealt_at,
            s.note,
            s.patient,
        ];
        cells.map(|cell| quoted(&cell)).join(",") + "\r\n"
    });
    // Spreadsheets take a file for UTF-8 by its first three bytes.
    let text = format!("\u{feff}{head}{}{}", rows.collect::<String>(), sums::lines(date, &sums::of_day(&app, &session, date).await?));
    let name = format!("attachment; filename=\"reconciliation-{date}.csv\"");
    let name = HeaderValue::from_str(&name).map_err(|_| Error::internal("dates are printable"))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")), (header::CONTENT_DISPOSITION, name)], text).into_response())
}

/// The day that is asked for, yesterday when none is; and the channel.
pub(super) fn chosen(app: &App, date: &str, named: &str) -> Result<(BizDate, ChannelCode), Error> {
    let date = if date.is_empty() { before(app.engine().now().biz_date(), 1) } else { BizDate::parse(date).map_err(|_| Error::field("date", "is no day"))? };
    let named = if named.is_empty() { None } else { Some(ChannelCode::new(named)?) };
    Ok((date, channel(app, named)?))
}

fn named(app: &App, fields: &Fields) -> Result<(BizDate, ChannelCode), Error> {
    chosen(app, fields.one("date").unwrap_or_default(), fields.one("channel").unwrap_or_default())
}

pub(super) async fn stored(app: &App, session: &StaffSession, date: BizDate, channel: &ChannelCode) -> Result<Option<Day>, Error> {
    match app.engine().reconcile_get(&session.caller, &ReconcileGetRequest { date, channel: channel.clone() }).await {
        Ok(day) => Ok(Some(day)),
        Err(error) if error.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn fresh_key(app: &App) -> String {
    token::fresh(app.entropy()).reveal().chars().take(32).collect()
}

/// A form sent twice is one request.
pub(super) fn key(fields: &Fields) -> Result<RequestKey, Error> {
    fields.one("key").ok_or_else(|| Error::field("key", "is missing")).and_then(RequestKey::new)
}

fn before(date: BizDate, days: u32) -> BizDate {
    (0..days).fold(date, |date, _| date.start().plus_millis(-1).biz_date())
}

const fn side_code(side: menjie::reconcile::Side) -> &'static str {
    match side {
        menjie::reconcile::Side::Channel => "channel",
        menjie::reconcile::Side::Insurer => "insurer",
        menjie::reconcile::Side::His => "his",
        menjie::reconcile::Side::Ledger => "ledger",
    }
}

pub(super) fn yuan(fen: i64) -> String {
    format!("{}{}.{:02}", if fen < 0 { "-" } else { "" }, fen.abs() / 100, fen.abs() % 100)
}

/// Lines with their day.
fn of(day: &Day) -> impl Iterator<Item = (&Day, &Item)> {
    day.items.iter().map(move |item| (day, item))
}

pub(super) fn shown(day: &Day, item: &Item, now: menjie::Timestamp) -> Shown {
    let amount = |fen: Option<i64>| fen.map(yuan).unwrap_or_default();
    let last = item.steps.last();
    let days = now.biz_date().days_since(item.since.biz_date());
    Shown {
        key: item.key.clone(),
        merchant_no: if item.part == Part::Cash { day.merchant_no.clone().unwrap_or_default() } else { String::new() },
        order_no: item.order_no.clone(),
        refund_no: item.refund_no.clone(),
        outside_no: item.outside_no.clone(),
        his_no: item.his_no.clone(),
        direction: if item.direction == Direction::Pay { "支付" } else { "退款" },
        part: match item.part {
            Part::Cash => "个人现金",
            Part::Fund => "统筹",
            Part::Account => "个账",
            Part::Other => "其他基金",
        },
        outside: amount(item.outside_fen),
        his: amount(item.his_fen),
        ledger: amount(item.ledger_fen),
        diff: yuan(item.diff_fen),
        label: item.label.text(),
        kind: item.kind.text(),
        reason: item.reason.map_or("", menjie::reconcile::ReasonClass::text),
        reason_code: item.reason.map(|r| format!("{r:?}")).unwrap_or_default(),
        state: item.state.text(),
        tone: match item.state {
            ItemState::Open => "open",
            ItemState::Waiting | ItemState::Carried => "wait",
            ItemState::Even | ItemState::Settled | ItemState::Resolved => "",
        },
        patient: item.patient.clone(),
        outside_at: item.outside_at.map(menjie::Timestamp::plain).unwrap_or_default(),
        his_at: item.his_at.map(menjie::Timestamp::plain).unwrap_or_default(),
        age: if days <= 0 { "当日".to_owned() } else { format!("{days}天") },
        action: last.map(|step| step.action.text().to_owned()).unwrap_or_default(),
        owner: last.map(|step| step.by.strip_prefix("staff:").unwrap_or(&step.by).to_owned()).unwrap_or_default(),
        dealt_at: last.map(|step| step.at.plain()).unwrap_or_default(),
        note: last.map(|step| step.note.clone()).unwrap_or_default(),
        may_be_dealt_with: matches!(item.state, ItemState::Open | ItemState::Waiting),
    }
}
