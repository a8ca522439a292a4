//! Errors as pages, and the headers all pages wear.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer;
use super::checkin;
use super::frame::{Frame, Idle};
use super::texts::fill;
use super::visit::{Layout, Visit};
use crate::app::App;
use crate::trace::RequestId;

/// An error page: what happened in plain words, what to do, a number for staff, and the way back.
#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble {
    f: Frame,
    icon: &'static str,
    title: String,
    text: String,
    number: String,
    status: u16,
    again: bool,
}

/// The layer around all routes: for the paths of pages, failures become pages and the headers of pages are set.
pub async fn dress(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let bare = path.split('?').next().unwrap_or_default().to_owned();
    if Layout::of(&bare).is_none() {
        return next.run(request).await;
    }
    let visit = Visit::read(&path, request.headers());
    let number = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let mut response = next.run(request).await;
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if failed && !is_html(&response) && !response.headers().contains_key("hx-redirect") {
        response = shown(&app, &visit, &response, number);
    }
    let policy = policy(&app);
    if !response.headers().contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&policy)
    {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if visit.layout == Layout::Phone && app.engine().hospital(app.hospital()).is_ok_and(|h| checkin::asks_position(&h.terms.visit.check_in, visit.layout)) {
        // Pages follow each other in one document, so the first one must allow it already.
        response.headers_mut().insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static("camera=(), microphone=(), geolocation=(self)"));
    }
    if !app.pages().settings.frame_ancestors.is_empty() {
        // The older header knows no list; the policy decides.
        response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    response
}

fn is_html(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// What a page may do: its own files, its own server; a kiosk also its device on loopback.
fn policy(app: &App) -> String {
    let settings = &app.pages().settings;
    let agent = match &settings.kiosk.device {
        super::settings::Device::Agent { url, .. } => format!(" {url}"),
        _ => String::new(),
    };
    let framed = if settings.frame_ancestors.is_empty() { "'none'".to_owned() } else { settings.frame_ancestors.join(" ") };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{agent}; form-action 'self'; base-uri 'none'; frame-ancestors {framed}"
    )
}

fn shown(app: &App, visit: &Visit, failed: &Response, number: String) -> Response {
    let status = failed.status();
    if visit.part {
        // The page that asked stays; it asks again by itself.
        let mut response = status.into_response();
        answer::add(&mut response, HeaderName::from_static("hx-reswap"), "none");
        return response;
    }
    let f = Frame::new(app, visit, Idle::Work);
    let wait = failed.headers().get(header::RETRY_AFTER).cloned();
    let t = f.t();
    let (icon, title, text, again) = match status {
        StatusCode::FORBIDDEN => ("lock", &t.error_403_title, &t.error_403_text, false),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => ("search", &t.error_404_title, &t.error_404_text, false),
        StatusCode::TOO_MANY_REQUESTS => ("lock", &t.locked_title, &t.locked_text, false),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => ("info", &t.error_422_title, &t.error_422_text, false),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY => ("wait", &t.error_503_title, &t.error_503_text, true),
        _ => ("alert", &t.error_500_title, &t.error_500_text, true),
    };
    let minutes = wait.as_ref().and_then(|w| w.to_str().ok()?.parse::<u64>().ok()).map_or(1, |s| s.div_ceil(60)).to_string();
    let text = fill(&f.say(text), &[("minutes", &minutes)]);
    let page = Trouble { icon, title: title.to_string(), text, number, status: status.as_u16(), again, f };
    let mut response = match answer::with_status(status, &page) {
        Ok(response) => response,
        Err(_) => status.into_response(),
    };
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}
