//! Pages 17 and 18: what was paid, newest first, by month and state; one settlement with its items, its invoice and its refund.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use menjie::access::Caller;
use menjie::calendar::BizMonth;
use menjie::ident::{PatientId, SettlementId};
use menjie::port::Cursor;
use menjie::service::{PaidListRequest, Progress, SettlementDetailRequest, SettlementView};
use serde::Deserialize;

use super::answer::{self, Page};
use super::frame::{Frame, Idle};
use super::pay::id_of;
use super::qr;
use super::refund::offer::Offer;
use super::shown::{Line, Settled};
use super::visit::Signed;
use crate::app::App;
use crate::input::Asked;

/// So many rows on a page; a page may hold a few more, because the store's pages are taken whole.
const ROWS: usize = 8;
/// The store is read so often for one page; whoever filters further back goes on by hand.
const READS: usize = 12;
/// Months to choose from.
const MONTHS: usize = 12;

/// What is asked of the list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    month: String,
    state: String,
    after: Option<String>,
}

/// A state to filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    All,
    Paid,
    Refunding,
    Part,
    Refunded,
}

impl Filter {
    const ALL: [Filter; 5] = [Filter::All, Filter::Paid, Filter::Refunding, Filter::Part, Filter::Refunded];

    const fn word(self) -> &'static str {
        match self {
            Filter::All => "",
            Filter::Paid => "paid",
            Filter::Refunding => "refunding",
            Filter::Part => "part",
            Filter::Refunded => "refunded",
        }
    }

    fn takes(self, view: &SettlementView) -> bool {
        match self {
            Filter::All => true,
            Filter::Paid => matches!(view.progress, Progress::Done | Progress::Booking | Progress::AtWindow),
            Filter::Refunding => view.progress == Progress::Refunding,
            Filter::Part => view.progress == Progress::Refunded && in_part(view),
            Filter::Refunded => view.progress == Progress::Refunded && !in_part(view),
        }
    }
}

/// What was kept was charged again.
const fn in_part(view: &SettlementView) -> bool {
    view.successor_id.is_some()
}

/// Something to choose in a filter.
pub struct Choice {
    /// Sent.
    pub value: String,
    /// Shown.
    pub text: String,
    /// Chosen now.
    pub chosen: bool,
}

/// A row.
pub struct Row {
    /// The settlement.
    pub s: Settled,
    /// When it was paid, or the day of the visit.
    pub when: String,
    /// How far it is.
    pub state: String,
    /// `ok`, `wait`, `back`, `window`.
    pub mood: &'static str,
}

#[derive(Template)]
#[template(path = "paid.html")]
struct List {
    f: Frame,
    rows: Vec<Row>,
    months: Vec<Choice>,
    states: Vec<Choice>,
    /// Address of the older ones.
    older: Option<String>,
    /// Are these not the newest?
    paged: bool,
    filtered: bool,
}

#[derive(Template)]
#[template(path = "paid_one.html")]
struct One {
    f: Frame,
    row: Row,
    /// The items, each with how far its work is.
    lines: Vec<(Line, Option<String>)>,
    refund: Offer,
    visit: String,
    number: String,
    channel: String,
    code: Option<String>,
}

/// `GET /paid`.
pub async fn list(State(app): State<App>, Signed { visit, session }: Signed, Asked(wanted): Asked<Wanted>) -> Page<Response> {
    let f = Frame::of(&app, &visit, &session, Idle::Work);
    let today = f.now.biz_date().month();
    let offered = months(today);
    let month = offered.iter().copied().find(|month| month.to_string() == wanted.month);
    let filter = Filter::ALL.into_iter().find(|filter| filter.word() == wanted.state).unwrap_or(Filter::All);
    let (found, next) = read(&app, &session.caller, &session.patient, wanted.after.clone().map(Cursor), month, filter).await?;
    let older = next.map(|cursor| f.at(&format!("/paid?month={}&state={}&after={}", month.map(|m| m.to_string()).unwrap_or_default(), filter.word(), escape(&cursor.0))));
    let t = f.t();
    let mut choices = vec![Choice { value: String::new(), text: t.all_months.to_string(), chosen: month.is_none() }];
    choices.extend(offered.iter().map(|m| Choice { value: m.to_string(), text: m.in_chinese(), chosen: month == Some(*m) }));
    let name = |filter: Filter| match filter {
        Filter::All => t.state_all.to_string(),
        Filter::Paid => t.state_paid.to_string(),
        Filter::Refunding => t.state_refunding.to_string(),
        Filter::Part => t.state_part.to_string(),
        Filter::Refunded => t.state_refunded.to_string(),
    };
    let states = Filter::ALL.into_iter().map(|s| Choice { value: s.word().to_owned(), text: name(s), chosen: s == filter }).collect();
    let rows = found.iter().map(|view| row(&f, view)).collect();
    answer::page(&List { rows, months: choices, states, older, paged: wanted.after.is_some(), filtered: month.is_some() || filter != Filter::All, f })
}

/// `GET /paid/{id}`: a stranger's looks like a missing one.
pub async fn detail(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>) -> Page<Response> {
    let settlement_id: SettlementId = id_of(&id)?;
    let view = app.engine().detail(&session.caller, &SettlementDetailRequest { settlement_id }).await?;
    let f = Frame::of(&app, &visit, &session, Idle::Work);
    let row = row(&f, &view);
    let refund = Offer::of(&app, &f, &session, &view).await?;
    let code = match (&row.s.invoice, f.kiosk()) {
        (Some(url), true) => Some(qr::svg(url.reveal(), &f.t().invoice_code_label)?),
        _ => None,
    };
    let channel = if view.channel.as_str() == "wechat" { f.t().channel_wechat.to_string() } else { view.channel.to_string() };
    let lines = view.lines.into_iter().map(|line| (refund.flag(line.line_id.as_str()), line)).map(|(flag, line)| (Line::of(line), flag)).collect();
    answer::page(&One { lines, refund, visit: view.visit_date.in_chinese(), number: view.visit_id.to_string(), channel, code, row, f })
}

/// Reads until a page is full, the month is over or the patience is.
async fn read(app: &App, caller: &Caller, patient: &PatientId, mut after: Option<Cursor>, month: Option<BizMonth>, filter: Filter) -> Page<(Vec<SettlementView>, Option<Cursor>)> {
    let mut found: Vec<SettlementView> = Vec::new();
    for _ in 0..READS {
        let request = PaidListRequest { patient_id: patient.clone(), after: after.take(), limit: u32::try_from(ROWS).unwrap_or(8) };
        let page = app.engine().paid(caller, &request).await?;
        let of = |view: &SettlementView| view.paid_at.map_or(view.visit_date.month(), |at| at.biz_month());
        let past = month.is_some_and(|month| page.settlements.last().is_some_and(|view| of(view) < month));
        found.extend(page.settlements.into_iter().filter(|view| month.is_none_or(|month| of(view) == month) && filter.takes(view)));
        after = page.next.filter(|_| !past);
        if after.is_none() || found.len() >= ROWS {
            break;
        }
    }
    Ok((found, after))
}

fn row(f: &Frame, view: &SettlementView) -> Row {
    let t = f.t();
    let (mood, state) = match view.progress {
        Progress::Done => ("ok", &t.state_paid),
        Progress::Refunding => ("back", &t.state_refunding),
        Progress::Refunded if in_part(view) => ("back", &t.state_part),
        Progress::Refunded => ("back", &t.state_refunded),
        Progress::AtWindow => ("window", &t.state_window),
        Progress::Closed => ("window", &t.state_closed),
        Progress::Booking | Progress::Preparing | Progress::AwaitingConsent | Progress::AwaitingPayment | Progress::Confirming => ("wait", &t.result_booking),
    };
    Row { s: Settled::of(f, view), when: view.paid_at.map_or_else(|| view.visit_date.in_chinese(), menjie::Timestamp::in_chinese), state: state.to_string(), mood }
}

/// This month and those before it.
fn months(this: BizMonth) -> Vec<BizMonth> {
    std::iter::successors(Some(this), |month| Some(month.previous())).take(MONTHS).collect()
}

/// A cursor in an address: only what may stand there unescaped.
fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, b| {
        if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
            escaped.push(char::from(b));
        } else {
            escaped.push_str(&format!("%{b:02X}"));
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie::calendar::BizDate;

    #[test]
    fn twelve_months_end_with_this_one_across_a_new_year() {
        let shown: Vec<String> = months(BizDate::parse("2026-02-28").unwrap().month()).into_iter().map(|m| m.to_string()).collect();
        assert_eq!((shown.len(), shown[0].as_str(), shown[1].as_str(), shown[2].as_str(), shown[11].as_str()), (12, "2026-02", "2026-01", "2025-12", "2025-03"));
    }

    #[test]
    fn a_cursor_survives_an_address() {
        assert_eq!(escape("a1-_.~ +/=&中"), "a1-_.~%20%2B%2F%3D%26%E4%B8%AD");
    }
}
