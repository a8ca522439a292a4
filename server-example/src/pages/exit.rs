//! Page 5: the session ends here, on the server; what a browser still has opens nothing. And its opposite: a kiosk page that
//! is touched says so, because the server keeps the session not much longer than the page waits.

use axum::extract::State;
use axum::http::StatusCode;
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

/// `POST /alive`: somebody touched the page. A session that is over is over: the page leaves.
pub async fn alive(State(app): State<App>, visit: Visit) -> Page<Response> {
    match &visit.token {
        Some(token) if !session::touch(&app, token, visit.life()).await? => Ok(answer::leave(StatusCode::UNAUTHORIZED, &visit.at(""))),
        Some(_) | None => Ok(answer::unchanged()),
    }
}
