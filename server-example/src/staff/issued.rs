//! A one-time password, shown once: on the answer to the form that asked for it. Only the sealed session keeps it, for a minute
//! and until it is used again, so that the same form, sent twice, shows the same one; another form is another wish.

use askama::Template;
use axum::response::Response;
use menjie::access::Private;
use menjie::ident::StaffId;
use menjie::staff::{What, one_time};

use super::desk::Desk;
use super::gate::StaffSession;
use super::session;
use crate::app::App;
use crate::pages::answer::{self, Away, Page};

#[derive(Template)]
#[template(path = "staff/issued.html")]
struct Issued {
    d: Desk,
    id: String,
    password: String,
}

/// The password that a form gives out to somebody; one without a key cannot be known again.
pub async fn password(app: &App, session: &StaffSession, key: Option<&str>, what: What, id: &StaffId) -> Page<Private> {
    let Some(key) = key.filter(|key| !key.is_empty()) else { return Ok(one_time(app.entropy())) };
    session::issuing(app, session.live.token.reveal(), &format!("{key} {what:?} {id}")).await?.ok_or_else(|| Away::to("/a/login?ended=1"))
}

/// The page.
pub fn page(app: &App, session: &StaffSession, id: &StaffId, password: &Private) -> Page<Response> {
    answer::page(&Issued { d: Desk::of(app, session, "/a/users"), id: id.to_string(), password: password.reveal().to_owned() })
}
