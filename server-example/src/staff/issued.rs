//! A one-time password, shown once: on the answer to the form that asked for it. Only the sealed session keeps it, for a minute,
//! so that the form shows the same one when it is sent twice.

use askama::Template;
use axum::response::Response;
use menjie::access::Private;
use menjie::ident::StaffId;
use menjie::staff::What;

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

/// The password that this form gives out to somebody.
pub async fn password(app: &App, session: &StaffSession, what: What, id: &StaffId) -> Page<Private> {
    session::issuing(app, session.live.token.reveal(), &format!("{what:?} {id}")).await?.ok_or_else(|| Away::to("/a/login?ended=1"))
}

/// The page.
pub fn page(app: &App, session: &StaffSession, id: &StaffId, password: &Private) -> Page<Response> {
    answer::page(&Issued { d: Desk::of(app, session, "/a/users"), id: id.to_string(), password: password.reveal().to_owned() })
}
