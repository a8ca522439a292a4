//! What waits at a step, of one's own departments; finance sees besides what was approved and is on its way.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use menjie::Timestamp;
use menjie::service::{QuestionState, RefundItem, RefundListRequest, RefundUnderWay, RefundWork};

use super::words::{hangs, why};
use super::{Asked, ago, page_of};
use crate::app::App;
use crate::pages::answer::{self, Page};
use crate::pages::shown::yuan;
use crate::staff::desk::Desk;
use crate::staff::gate::StaffSession;

/// So many item names fit a row.
const NAMES: usize = 3;

/// A refund as a row.
pub struct Row {
    /// Its address.
    pub href: String,
    /// Its number; the end of it is enough to tell rows apart.
    pub number: String,
    /// The patient, masked.
    pub patient: String,
    /// Day and department of the visit.
    pub visit: String,
    /// What goes back.
    pub items: String,
    /// Something of it was executed.
    pub executed: bool,
    /// How much.
    pub amount: String,
    /// Why.
    pub why: &'static str,
    /// How long ago it was asked for.
    pub age: String,
    /// Longer than expected.
    pub overdue: bool,
    /// The patient was asked: whether he has answered.
    pub question: Option<QuestionState>,
    /// Departments that must still take back.
    pub waits_for: String,
}

/// A refund on its way.
struct OnItsWay {
    row: Row,
    text: &'static str,
    hangs: Option<String>,
}

#[derive(Template)]
#[template(path = "staff/refunds.html")]
struct List {
    d: Desk,
    title: &'static str,
    /// Departments have something to take back.
    departments: bool,
    rows: Vec<Row>,
    under_way: Option<Vec<OnItsWay>>,
    /// Where the list goes on.
    more: Option<String>,
    paged: bool,
    path: &'static str,
}

/// `GET /a/refunds/…`.
pub fn list(step: RefundWork) -> MethodRouter<App> {
    get(move |State(app): State<App>, session: StaffSession, Query(asked): Query<Asked>| async move { show(&app, &session, step, &asked).await })
}

async fn show(app: &App, session: &StaffSession, step: RefundWork, asked: &Asked) -> Page<Response> {
    let (path, title) = page_of(step);
    let now = app.engine().now();
    let waiting = app.engine().refund_list(&session.caller, &RefundListRequest { step, after: asked.cursor() }).await?;
    let under_way = match step {
        RefundWork::Finance => {
            let of = |refund: RefundUnderWay| OnItsWay { row: row(path, &refund.item, now), text: refund.text, hangs: refund.hangs.as_deref().map(hangs) };
            Some(app.engine().refunds_under_way(&session.caller).await?.into_iter().map(of).collect())
        }
        RefundWork::Doctor | RefundWork::Unconfirm => None,
    };
    answer::page(&List {
        title,
        departments: step == RefundWork::Unconfirm,
        rows: waiting.items.iter().map(|item| row(path, item, now)).collect(),
        under_way,
        more: waiting.next.map(|cursor| cursor.0),
        paged: asked.after.is_some(),
        path,
        d: Desk::of(app, session, path),
    })
}

/// A refund as a row of the list at `path`.
pub fn row(path: &str, item: &RefundItem, now: Timestamp) -> Row {
    let id = item.refund_id.to_string();
    let date = item.visit_date.map(|date| date.to_string()).unwrap_or_default();
    let mut items = item.lines.iter().take(NAMES).map(|line| line.name.as_str()).collect::<Vec<_>>().join("、");
    if item.lines.len() > NAMES {
        items.push_str(&format!("等{}项", item.lines.len()));
    }
    Row {
        href: format!("{path}/{id}"),
        number: id,
        patient: item.patient.clone(),
        visit: format!("{date} {}", item.visit_dept),
        items: if items.is_empty() { item.dept_name.clone() } else { items },
        executed: item.executed,
        amount: yuan(item.refund_fen),
        why: why(item.cause, item.why),
        age: ago(item.asked_at, now),
        overdue: item.overdue,
        question: item.question,
        waits_for: item.waits_for.iter().map(|dept| dept.as_str()).collect::<Vec<_>>().join("、"),
    }
}
