//! Page 14: exactly what will be paid, sealed for some minutes, and by which channel.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use menjie::ident::{BillId, QuoteId};
use menjie::service::{QuoteRequest, QuoteResponse};

use super::answer::{self, Away, Page};
use super::fields::Fields;
use super::frame::{Frame, Idle};
use super::pay::id_of;
use super::shown::{Bill, yuan};
use super::unpaid;
use super::visit::Signed;
use crate::app::App;
use crate::detached::detached;
use crate::token;

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm {
    f: Frame,
    quote: String,
    /// The command's key: this page pays once, however often its button is pressed.
    key: String,
    bills: Vec<Bill>,
    total: String,
    /// Until when it may be paid.
    until: String,
}

/// `POST /unpaid`: the ticked bills become a quote. What changed meanwhile is said on the list, with fresh figures.
pub async fn quote(State(app): State<App>, signed: Signed, fields: Fields) -> Page<Response> {
    let mut bill_ids = Vec::new();
    for id in fields.all("bill") {
        bill_ids.push(BillId::new(id)?);
    }
    let t = &app.pages().texts;
    if bill_ids.is_empty() {
        return unpaid::show(&app, signed, Some((t.unpaid_none_ticked.to_string(), t.unpaid_none_ticked_next.to_string()))).await;
    }
    let request = QuoteRequest { patient_id: signed.session.patient.clone(), bill_ids, insurance: None };
    let (caller, asked) = (signed.session.caller.clone(), app.clone());
    match detached(async move { asked.engine().quote(&caller, &request).await }).await? {
        QuoteResponse::Quoted { quote_id, .. } => Ok(answer::see(&signed.visit.at(&format!("/confirm/{quote_id}")))),
        QuoteResponse::Refused { refusal } => unpaid::show(&app, signed, Some((refusal.text, refusal.next))).await,
    }
}

/// `GET /confirm/{id}`.
pub async fn page(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>) -> Page<Response> {
    let quote_id: QuoteId = id_of(&id)?;
    let (bills, total_fen, expires_at) = match app.engine().quoted(&session.caller, quote_id).await? {
        QuoteResponse::Quoted { bills, total_fen, expires_at, .. } => (bills, total_fen, expires_at),
        QuoteResponse::Refused { .. } => return Err(Away::to(visit.at("/unpaid"))),
    };
    let f = Frame::of(&app, &visit, &session, Idle::Work);
    let until = expires_at.clock();
    let key = token::fresh(app.entropy()).reveal().chars().take(32).collect();
    answer::page(&Confirm { quote: quote_id.to_string(), key, bills: bills.into_iter().map(|bill| Bill::of(&f, bill)).collect(), total: yuan(total_fen), until, f })
}
