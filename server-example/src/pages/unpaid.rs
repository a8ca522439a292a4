//! Pages 9 and 11: what is unpaid, by visit and executing department; tick, then pay oneself or by insurance.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use menjie::service::UnpaidRequest;

use super::answer::{self, Page};
use super::frame::{Frame, Idle};
use super::shown::{Visited, moment, yuan};
use super::visit::Signed;
use crate::app::App;

#[derive(Template)]
#[template(path = "unpaid.html")]
struct Unpaid {
    f: Frame,
    visits: Vec<Visited>,
    payable: usize,
    total: String,
    as_of: String,
    /// Why the last choice could not be paid.
    notice: Option<(String, String)>,
}

/// `GET /unpaid`.
pub async fn list(State(app): State<App>, Signed { visit, session }: Signed) -> Page<Response> {
    show(&app, Signed { visit, session }, None).await
}

/// The list, with what stood in the way of the last choice.
pub async fn show(app: &App, Signed { visit, session }: Signed, notice: Option<(String, String)>) -> Page<Response> {
    let listed = app.engine().unpaid(&session.caller, &UnpaidRequest { patient_id: session.patient.clone() }).await?;
    let f = Frame::of(app, &visit, &session, Idle::Work);
    let visits: Vec<Visited> = listed.visits.into_iter().map(|visit| Visited::of(&f, visit)).collect();
    let payable = visits.iter().flat_map(|v| &v.bills).filter(|b| b.payable).count();
    answer::page(&Unpaid { visits, payable, total: yuan(listed.payable_fen), as_of: moment(listed.as_of), notice, f })
}
