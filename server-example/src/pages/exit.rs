//! Page 5: the session ends here, on the server; what a browser still has opens nothing.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::answer::{self, Page};
use super::look::Look;
use super::visit::{Layout, Visit};
use crate::app::App;
use crate::session;

/// `POST /exit`. It needs no proof of its form: leaving harms nobody.
pub async fn exit(State(app): State<App>, visit: Visit) -> Page<Response> {
    if let Some(token) = &visit.token {
        session::end(&app, token).await?;
    }
    let mut response = answer::see(visit.layout.root());
    answer::add(&mut response, SET_COOKIE, &session::cookie_of(visit.layout, None, app.settings().behind_tls_proxy));
    if visit.layout == Layout::Kiosk {
        // The next patient chooses his own type size.
        answer::add(&mut response, SET_COOKIE, &Look::forget(visit.layout));
    }
    Ok(response)
}
