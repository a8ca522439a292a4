//! Pages 9 and 11: what is unpaid, by visit and executing department; tick, then pay oneself or by insurance.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use menjie::service::UnpaidRequest;

use super::answer::{self, Page};
use super::frame::{Frame, Idle};
use super::insurance::{self, fresh_key};
use super::shown::{Bill, Visited, yuan};
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
    /// The bill that insurance may pay now.
    insured: Option<Insured>,
    /// Why there is none.
    insured_why: String,
    /// Why the last choice could not be paid.
    notice: Option<(String, String)>,
}

/// A bill that may be paid with insurance.
struct Insured {
    dept: String,
    amount: String,
    /// The command's key: this page begins one payment, however often its button is pressed.
    key: String,
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
    let offered = insurance::offered(app)?;
    let insured = visits.iter().flat_map(|v| &v.bills).find(|bill| bill.insured && offered);
    let insured = insured.map(|bill| Insured { dept: bill.dept.clone(), amount: bill.amount.clone(), key: fresh_key(app) });
    let insured_why = why(&f, offered, &visits);
    answer::page(&Unpaid { insured, insured_why, visits, payable, total: yuan(listed.payable_fen), as_of: listed.as_of.in_chinese(), notice, f })
}

/// Why insurance pays nothing now: in words, on the button.
fn why(f: &Frame, offered: bool, visits: &[Visited]) -> String {
    let t = f.t();
    if !offered {
        return t.pay_insured_why.to_string();
    }
    let bills: Vec<&Bill> = visits.iter().filter(|visit| visit.insured).flat_map(|visit| &visit.bills).collect();
    match bills.iter().find_map(|bill| bill.insured_why.clone()) {
        Some(why) => why,
        None if bills.is_empty() => t.pay_insured_self.to_string(),
        None => t.pay_insured_later.to_string(),
    }
}
