//! Page 10: one bill with its items.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use menjie::error::{Code, Error};
use menjie::service::UnpaidRequest;

use super::answer::{self, Page};
use super::frame::{Frame, Idle};
use super::shown::{Bill, clinic};
use super::visit::Signed;
use crate::app::App;

#[derive(Template)]
#[template(path = "bill.html")]
struct Detail {
    f: Frame,
    bill: Bill,
    date: String,
    dept: String,
    doctor: Option<String>,
    number: String,
}

/// `GET /unpaid/{id}`: read anew from HIS; a bill that is not (or no longer) this patient's is 404.
pub async fn bill(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>) -> Page<Response> {
    let listed = app.engine().unpaid(&session.caller, &UnpaidRequest { patient_id: session.patient.clone() }).await?;
    let found = listed.visits.into_iter().find_map(|mut v| {
        let at = v.bills.iter().position(|bill| bill.bill_id.as_str() == id)?;
        Some((v.bills.swap_remove(at), v.visit))
    });
    let (view, of) = found.ok_or_else(|| Error::new(Code::NotFound))?;
    let f = Frame::of(&app, &visit, &session, Idle::Work);
    let dept = clinic(&f, &of.dept_name);
    answer::page(&Detail { bill: Bill::of(&f, view), date: of.date.in_chinese(), dept, doctor: of.doctor_name, number: of.visit_id.to_string(), f })
}
