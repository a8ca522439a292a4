//! Serves a router over HTTP/1.1, and can close a connection without an answer, which `axum::serve` cannot.

use std::fmt;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

/// Put into a response's extensions: the connection is to be closed instead of answering.
#[derive(Clone, Copy, Debug)]
pub(super) struct Silent;

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is closed without an answer")
    }
}

impl std::error::Error for Silent {}

/// Accepts connections until told to stop; then no connection outlives this future.
pub(super) async fn serve(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else { continue };
        let router = router.clone();
        connections.spawn(async move {
            let service = service_fn(move |request: hyper::Request<Incoming>| answer(router.clone(), request.map(Body::new)));
            // A client that goes away, or a connection closed on purpose: both are everyday life here.
            let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(router: Router, request: Request) -> Result<Response, Silent> {
    let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    if response.extensions().get::<Silent>().is_some() { Err(Silent) } else { Ok(response) }
}
