//! One router per counterpart: raw bytes in, raw bytes out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

use super::connection::Silent;
use super::record::Exchange;
use super::{Shared, now};
use crate::faults::Peer;
use crate::wire::{self, Reply};

/// The longest body a counterpart reads.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// Everything on this listener belongs to the peer `of` its path; the machine itself knows its paths.
pub(super) fn router(of: fn(&str) -> Peer, shared: &Arc<Shared>) -> Router {
    let shared = Arc::clone(shared);
    Router::new().fallback(move |request: Request| {
        let shared = Arc::clone(&shared);
        async move { exchange(of(request.uri().path()), &shared, request).await }
    })
}

async fn exchange(peer: Peer, shared: &Shared, request: Request) -> Response<Body> {
    let begun = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else { return plain(StatusCode::PAYLOAD_TOO_LARGE) };
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let headers = parts.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect();
    let request = wire::Request { method: parts.method.as_str().to_owned(), target, headers, body: body.to_vec() };
    let reply = shared.hospital().handle(peer, &request, now());
    shared.bell.notify_one();
    let (status, rendered) = match reply {
        Reply::Answer { response, after_ms } => {
            pause(after_ms).await;
            (Some(response.status), render(response))
        }
        Reply::Silence { after_ms } => {
            pause(after_ms).await;
            let mut silent = Response::new(Body::empty());
            silent.extensions_mut().insert(Silent);
            (None, silent)
        }
    };
    let wire::Request { target, headers, body, .. } = request;
    shared.record.keep(|| Exchange { peer, target, headers, body, begun, ended: Instant::now(), status });
    rendered
}

async fn pause(ms: u32) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(u64::from(ms))).await;
    }
}

fn render(response: wire::Response) -> Response<Body> {
    let mut rendered = Response::new(Body::from(response.body));
    *rendered.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            rendered.headers_mut().insert(name, value);
        }
    }
    rendered
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
