//! Page 16: what became of it, where to go next, the invoice, a slip of paper.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use menjie::ident::PaymentId;
use menjie::money::Money;
use menjie::refund::Cause;
use menjie::service::{PaymentView, Progress, RefundGetRequest, SettlementGetRequest};

use super::answer::{self, Page};
use super::frame::{Frame, Idle};
use super::pay::{self, Shows, Stage, id_of};
use super::qr;
use super::shown::{Settled, Split, yuan};
use super::visit::Signed;
use crate::app::App;
use crate::input::Asked;
use crate::session::Session;

/// How a finished or nearly finished payment is told.
pub struct Outcome {
    /// The payment.
    pub id: String,
    /// `ok`, `wait`, `back`, `closed`, `window`.
    pub mood: &'static str,
    /// Its picture.
    pub icon: &'static str,
    /// What happened.
    pub title: String,
    /// What that means and what to do.
    pub text: String,
    /// Amount.
    pub amount: String,
    /// Who paid what, when an insurer pays a part.
    pub split: Option<Split>,
    /// When it was paid.
    pub paid_at: Option<String>,
    /// Where a refund of it is followed, when somebody wanted it back.
    pub refund: Option<String>,
    /// Its parts, each with its invoice's code if it has one.
    pub parts: Vec<(Settled, Option<String>)>,
    /// May the patient be sent on (places, invoices, slip)?
    pub goes_on: bool,
    /// It may be tried again.
    pub again: bool,
    /// News may still come.
    pub follows: bool,
    /// What is shown, in a word, for whoever waits for something newer.
    pub stage: String,
    /// Its version.
    pub version: u64,
    /// The day it was made, for the slip.
    pub day: String,
}

#[derive(Template)]
#[template(path = "result.html")]
struct ResultPage {
    f: Frame,
    part: bool,
    o: Outcome,
}

#[derive(Template)]
#[template(path = "result_stage.html")]
struct ResultStage {
    f: Frame,
    part: bool,
    o: Outcome,
}

/// `GET /result/{id}`.
pub async fn page(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>) -> Page<Response> {
    let payment_id: PaymentId = id_of(&id)?;
    let view = app.engine().get(&session.caller, &SettlementGetRequest { payment_id, wait_ms: 0, since: None }).await?;
    if Stage::of(view.progress).is_some() {
        return Ok(answer::see(&visit.at(&format!("/pay/{id}"))));
    }
    let wanted_back = WantedBack::of(&app, &session, &view).await?;
    let f = Frame::of(&app, &visit, &session, idle(view.progress));
    answer::page(&ResultPage { part: false, o: outcome(&f, &view, wanted_back)?, f })
}

/// `GET /result/{id}/state`: as soon as there is something new.
pub async fn state(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>, Asked(shows): Asked<Shows>) -> Page<Response> {
    let Some(view) = pay::news(&app, &session, id_of(&id)?, &shows).await? else { return Ok(answer::unchanged()) };
    let wanted_back = WantedBack::of(&app, &session, &view).await?;
    let f = Frame::of(&app, &visit, &session, idle(view.progress));
    let o = outcome(&f, &view, wanted_back)?;
    if o.stage == shows.stage {
        return Ok(answer::unchanged());
    }
    answer::page(&ResultStage { part: true, o, f })
}

/// A finished job leaves by itself; money that is still being booked is waited for like any list.
fn idle(progress: Progress) -> Idle {
    match progress {
        Progress::Done | Progress::Closed | Progress::Refunded => Idle::Result,
        _ => Idle::Work,
    }
}

/// What goes back, or went back, because somebody wanted it back: it had been booked, and has its own page.
struct WantedBack {
    amount: Money,
    /// The refund, or the list when there are several.
    path: String,
}

impl WantedBack {
    /// None when nothing goes back, or because it could not be booked: then there is nothing to follow.
    async fn of(app: &App, session: &Session, view: &PaymentView) -> Page<Option<WantedBack>> {
        if !matches!(view.progress, Progress::Refunding | Progress::Refunded) {
            return Ok(None);
        }
        let (mut amounts, mut path) = (Vec::new(), None);
        for refund_id in view.settlements.iter().filter(|s| s.progress == view.progress).filter_map(|s| s.refund_id) {
            let refund = app.engine().refund_get(&session.caller, &RefundGetRequest { refund_id, wait_ms: 0, since: None }).await?;
            if matches!(refund.cause, Cause::HisRefused | Cause::Late | Cause::Incomplete) {
                return Ok(None);
            }
            amounts.push(refund.refund_fen);
            path = Some(if path.is_none() { format!("/refunds/{refund_id}") } else { "/paid".to_owned() });
        }
        let amount = Money::sum(amounts)?;
        Ok(path.map(|path| WantedBack { amount, path }))
    }
}

fn outcome(f: &Frame, view: &PaymentView, wanted_back: Option<WantedBack>) -> Page<Outcome> {
    let t = f.t();
    let (mood, icon, title, text) = match view.progress {
        Progress::Refunding if wanted_back.is_some() => ("back", "back", &t.result_asked, &t.result_asked_text),
        Progress::Refunded if wanted_back.is_some() => ("back", "back", &t.result_given_back, &t.result_given_back_text),
        Progress::Done => ("ok", "tick", &t.result_done, &t.result_done_text),
        Progress::Refunding => ("back", "back", &t.result_refunding, &t.result_refunding_text),
        Progress::Refunded => ("back", "back", &t.result_refunded, &t.result_refunded_text),
        Progress::Closed if view.insured => ("closed", "close", &t.result_closed_insured, &t.result_closed_insured_text),
        Progress::Closed => ("closed", "close", &t.result_closed, &t.result_closed_text),
        Progress::AtWindow => ("window", "person", &t.result_window, &t.result_window_text),
        Progress::Booking | Progress::Preparing | Progress::AwaitingConsent | Progress::AwaitingPayment | Progress::Confirming => {
            ("wait", "wait", &t.result_booking, &t.result_booking_text)
        }
    };
    let goes_on = view.progress == Progress::Done;
    let mut parts = Vec::with_capacity(view.settlements.len());
    let mut pending = false;
    let mut issued = 0;
    // Nobody is sent to what was given back.
    let stand = || view.settlements.iter().filter(|s| !goes_on || s.progress == Progress::Done);
    for settlement in stand() {
        let settled = Settled::of(f, settlement);
        pending |= goes_on && settled.invoice_pending;
        let code = match (&settled.invoice, goes_on) {
            (Some(url), true) => Some(qr::svg(url.reveal(), &t.invoice_code_label)?),
            _ => None,
        };
        issued += u32::from(code.is_some());
        parts.push((settled, code));
    }
    let stays = if goes_on { Money::sum(stand().map(|s| s.total_fen))? } else { view.amount_fen };
    let paid_at = view.settlements.iter().filter_map(|s| s.paid_at).min().map(menjie::Timestamp::in_chinese);
    Ok(Outcome {
        id: view.payment_id.to_string(),
        mood,
        icon,
        title: f.say(title),
        text: f.say(text),
        amount: yuan(wanted_back.as_ref().map_or(stays, |back| back.amount)),
        refund: wanted_back.map(|back| back.path),
        split: view.insurance.as_ref().filter(|_| view.progress != Progress::Closed).map(Split::of),
        paid_at,
        parts,
        goes_on,
        again: view.progress == Progress::Closed,
        follows: !view.over || pending,
        // On its way back and back look alike but for the words.
        stage: format!("{mood}{}{issued}", if view.over { "-over-" } else { "" }),
        version: view.version,
        day: view.now.biz_date().in_chinese(),
    })
}
