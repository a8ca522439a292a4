//! One exchange: its head for who has the key, its bodies masked for a reason, and as they were sent for another one. Both are answers
//! to forms that nothing keeps, so cleartext has no address.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use menjie::error::{Code, Error};
use menjie::gm::hex;
use menjie::staff::What;
use menjie_bridge::sealed_log::Act;
use menjie_bridge::sealed_log::view::{Item, Sight, shown_body};
use serde::Deserialize;

use super::look::{Look, reason};
use super::shown::Shown;
use super::{lent, viewed};
use crate::app::App;
use crate::pages::answer::{self, Page};
use crate::pages::fields::Fields;
use crate::staff::desk::Desk;
use crate::staff::form::Form;
use crate::staff::gate::StaffSession;

#[derive(Template)]
#[template(path = "staff/log_record.html")]
struct Record {
    d: Desk,
    r: Shown,
    /// Name and text of each body; none before it was opened.
    bodies: Vec<(&'static str, String)>,
    /// `closed`, `masked` or `clear`.
    sight: &'static str,
    wrong: Option<&'static str>,
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    seq: u64,
}

/// `GET /a/log/record`: without any body.
pub async fn page(State(app): State<App>, session: StaffSession, Query(asked): Query<Asked>) -> Page<Response> {
    let item = found(&app, &session, asked.seq).await?;
    show(&app, &session, &item, None, None)
}

/// `POST /a/log/record`: masked, for a reason.
pub async fn open(State(app): State<App>, session: StaffSession, Form(fields): Form) -> Page<Response> {
    look(&app, &session, &fields, What::LogOpened, Act::Search, Sight::Masked).await
}

/// `POST /a/log/record/clear`: as it was sent, for a reason of its own.
pub async fn unmask(State(app): State<App>, session: StaffSession, Form(fields): Form) -> Page<Response> {
    look(&app, &session, &fields, What::LogUnmasked, Act::Unmask, Sight::Clear).await
}

async fn look(app: &App, session: &StaffSession, fields: &Fields, what: What, act: Act, sight: Sight) -> Page<Response> {
    let key = hex(&lent(app, session)?.public().id());
    let seq = fields.one("seq").and_then(|seq| seq.parse().ok()).ok_or_else(|| Error::field("seq", "is no record"))?;
    let item = found(app, session, seq).await?;
    let reason = match reason(fields.one("reason")) {
        Ok(reason) => reason,
        Err(wrong) => return show(app, session, &item, None, Some(wrong)),
    };
    Look { what, act, reason, about: format!("seq={seq}"), key: Some(key) }.write_down(app, session).await?;
    show(app, session, &item, Some(sight), None)
}

async fn found(app: &App, session: &StaffSession, seq: u64) -> Page<Item> {
    let key = lent(app, session)?;
    let item = viewed(app)?.read(key, move |viewer| viewer.show(seq)).await?;
    Ok(item.ok_or_else(|| Error::new(Code::NotFound))?)
}

fn show(app: &App, session: &StaffSession, item: &Item, sight: Option<Sight>, wrong: Option<&'static str>) -> Page<Response> {
    let mut bodies = Vec::new();
    if let (Some(sight), Item::Exchange(exchange)) = (sight, item) {
        bodies.extend(exchange.began.as_ref().map(|began| ("请求报文", shown_body(&began.body, sight, true))));
        bodies.extend(exchange.ended.as_ref().map(|ended| ("应答报文", shown_body(&ended.body, sight, true))));
    }
    let sight = match sight {
        None => "closed",
        Some(Sight::Masked) => "masked",
        Some(Sight::Clear) => "clear",
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    answer::with_status(status, &Record { d: Desk::of(app, session, "/a/log"), r: Shown::of(item), bodies, sight, wrong })
}
