//! Page 31: after an insured refund the doctor prescribes again what is still wanted, and marks the new number beside the old.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use menjie::ident::RefundId;
use menjie::service::{RefundDecideResponse, RefundReprescribeRequest, RefundWork};

use super::list::{Row, row};
use super::shown::Shown;
use super::{Asked, key_of};
use crate::app::App;
use crate::detached::detached;
use crate::input::Id;
use crate::pages::answer::{self, Page};
use crate::pages::insurance::fresh_key;
use crate::staff::desk::Desk;
use crate::staff::form::Form;
use crate::staff::gate::StaffSession;

const PATH: &str = "/a/refunds/represcribe";

/// A refund with its prescriptions.
struct Written {
    row: Row,
    old: String,
    new: String,
}

#[derive(Template)]
#[template(path = "staff/represcriptions.html")]
struct List {
    d: Desk,
    rows: Vec<Written>,
    more: Option<String>,
    paged: bool,
}

#[derive(Template)]
#[template(path = "staff/represcription.html")]
struct One {
    d: Desk,
    key: String,
    c: Shown,
    /// It is done, red and all, and was settled with the insurer.
    open: bool,
    typed: String,
    wrong: Option<String>,
}

/// `GET /a/refunds/represcribe`.
pub async fn list(State(app): State<App>, session: StaffSession, Query(asked): Query<Asked>) -> Page<Response> {
    let found = app.engine().refunds_to_represcribe(&session.caller, asked.cursor().as_ref()).await?;
    let now = app.engine().now();
    let of = |written: &menjie::service::Represcription| Written {
        row: row(PATH, &written.item, now),
        old: written.old_orders.join("、"),
        new: written.new_orders.iter().map(|(no, _)| no.as_str()).collect::<Vec<_>>().join("、"),
    };
    let (rows, more) = (found.items.iter().map(of).collect(), found.next.map(|cursor| cursor.0));
    answer::page(&List { rows, more, paged: asked.after.is_some(), d: Desk::of(&app, &session, PATH) })
}

/// `GET /a/refunds/represcribe/{id}`.
pub async fn one(State(app): State<App>, session: StaffSession, Id(id): Id<RefundId>) -> Page<Response> {
    show(&app, &session, id, StatusCode::OK, String::new(), None).await
}

/// `POST /a/refunds/represcribe/{id}`.
pub async fn mark(State(app): State<App>, session: StaffSession, Id(id): Id<RefundId>, Form(fields): Form) -> Page<Response> {
    let order_no = fields.one("order_no").unwrap_or_default().trim().to_owned();
    if order_no.is_empty() || order_no.chars().count() > 64 || order_no.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let wrong = Some("请填写新处方号，不超过64位，中间没有空格。".to_owned());
        return show(&app, &session, id, StatusCode::UNPROCESSABLE_ENTITY, order_no, wrong).await;
    }
    let request = RefundReprescribeRequest { key: key_of(&fields)?, refund_id: id, order_no: order_no.clone() };
    let answer = {
        let (app, session) = (app.clone(), session.clone());
        detached(async move { app.engine().refund_represcribe(&session.caller, &request).await }).await?
    };
    match answer {
        RefundDecideResponse::Accepted { .. } => Ok(answer::see(&format!("{PATH}/{id}"))),
        RefundDecideResponse::Refused { refusal } => show(&app, &session, id, StatusCode::CONFLICT, order_no, Some(format!("{}。{}。", refusal.text, refusal.next))).await,
    }
}

async fn show(app: &App, session: &StaffSession, id: RefundId, status: StatusCode, typed: String, wrong: Option<String>) -> Page<Response> {
    let case = app.engine().refund_case(&session.caller, id, RefundWork::Doctor).await?;
    let page = One { key: fresh_key(app), open: case.view.represcribe, c: Shown::of(&case, app.engine().now()), typed, wrong, d: Desk::of(app, session, PATH) };
    answer::with_status(status, &page)
}
