//! How pages answer: rendered templates, redirects, and failures that [`super::trouble::dress`] turns into pages.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use menjie::error::Error;

use crate::failure::{Failure, Misuse};

/// What a handler gives.
pub type Page<T> = Result<T, Away>;

/// Why a handler does not show its own page.
#[derive(Debug)]
pub enum Away {
    /// Something else is sent: a redirect, a refusal's page.
    Response(Box<Response>),
    /// It failed.
    Failed(Box<Failure>),
}

impl Away {
    /// Go elsewhere.
    pub fn to(path: impl AsRef<str>) -> Away {
        Away::Response(Box::new(see(path.as_ref())))
    }
}

impl From<Failure> for Away {
    fn from(failure: Failure) -> Away {
        Away::Failed(Box::new(failure))
    }
}

impl From<Error> for Away {
    fn from(error: Error) -> Away {
        Failure::from(error).into()
    }
}

impl From<Misuse> for Away {
    fn from(misuse: Misuse) -> Away {
        Failure::from(misuse).into()
    }
}

impl IntoResponse for Away {
    fn into_response(self) -> Response {
        match self {
            Away::Response(response) => *response,
            Away::Failed(failure) => failure.into_response(),
        }
    }
}

/// A rendered page.
pub fn page(template: &impl Template) -> Page<Response> {
    with_status(StatusCode::OK, template)
}

/// A rendered page with a status of its own.
pub fn with_status(status: StatusCode, template: &impl Template) -> Page<Response> {
    let html = template.render().map_err(|_| Error::internal("a template renders"))?;
    Ok((status, [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], html).into_response())
}

/// Go there with a fresh GET.
pub fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    add(&mut response, header::LOCATION, path);
    response
}

/// Tells the script behind a part of a page that the whole page must go elsewhere.
pub fn leave(status: StatusCode, path: &str) -> Response {
    let mut response = status.into_response();
    add(&mut response, HeaderName::from_static("hx-redirect"), path);
    response
}

/// Tells the script behind a part of a page to show another page instead. Unlike [`leave`] it fetches first: if the network is
/// gone by then, this page stays.
pub fn show_instead(path: &str) -> Response {
    let mut response = StatusCode::OK.into_response();
    add(&mut response, HeaderName::from_static("hx-location"), &format!(r#"{{"path":"{path}","target":"body","headers":{{"HX-Boosted":"true"}}}}"#));
    response
}

/// Nothing changed; a part of a page stays as it is.
pub fn unchanged() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Adds a header; cookies among them are never logged.
pub fn add(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(mut value) = HeaderValue::from_str(value) {
        value.set_sensitive(name == header::SET_COOKIE);
        response.headers_mut().append(name, value);
    }
}
