//! Around every request: an id, a deadline, one log line, one count, the security headers.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use menjie::gm;

use crate::app::App;
use crate::failure::{Failure, Misuse};

/// Longer than the longest `wait_ms` and the deadline of a HIS read together.
const DEADLINE: Duration = Duration::from_secs(60);

/// The request's number, as the log and the `X-Request-Id` header have it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The layer. Of the request only its method, route template, status and duration are written: no path, no query, no
/// address, no header, no body.
pub async fn traced(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let mut id = [0u8; 8];
    app.entropy().fill(&mut id);
    let id = gm::hex(&id);
    let method = named(request.method()).to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));
    let begun = Instant::now();
    let mut response = match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::from(Misuse::TooSlow).into_response(),
    };
    let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    app.metrics().served(&method, &route, status, micros);
    tracing::info!(target: "menjie::http", request = %id, %method, %route, status, micros, "answered");
    shield(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// Any word may stand where the method does: only those of HTTP are repeated, in the log as in the counters.
fn named(method: &Method) -> &str {
    const KNOWN: [Method; 9] = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS, Method::CONNECT, Method::PATCH, Method::TRACE];
    if KNOWN.contains(method) { method.as_str() } else { "other" }
}

/// Headers of every answer that do not say otherwise themselves: nothing is kept, nothing may be embedded or run. Pages and
/// their files say what they need ([`crate::pages`]).
fn shield(headers: &mut HeaderMap) {
    const ALWAYS: [(HeaderName, &str); 7] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
