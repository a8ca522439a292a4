//! A one-time password, shown once: on the answer to the form that asked for it, which nothing keeps.

use askama::Template;
use axum::response::Response;
use menjie::access::Private;
use menjie::ident::StaffId;

use super::desk::Desk;
use super::gate::StaffSession;
use crate::app::App;
use crate::pages::answer::{self, Page};

#[derive(Template)]
#[template(path = "staff/issued.html")]
struct Issued {
    d: Desk,
    id: String,
    password: String,
}

/// The page.
pub fn page(app: &App, session: &StaffSession, id: &StaffId, password: &Private) -> Page<Response> {
    answer::page(&Issued { d: Desk::of(app, session, "/a/users"), id: id.to_string(), password: password.reveal().to_owned() })
}
