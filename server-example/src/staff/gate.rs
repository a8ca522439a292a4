//! Who asks for a staff page, and whether he may. The gate stands before every handler; what it found goes with the request.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next as After;
use axum::response::{IntoResponse, Response};
use menjie::access::{Caller, Right};
use menjie::service::By;
use menjie::staff::{Next, Note, What};

use super::pages::Gate;
use super::session::{self, Live};
use super::trouble;
use crate::app::App;
use crate::caller::Address;
use crate::pages::answer::{self, Away};
use crate::pages::visit::cookie;
use crate::token;

/// Somebody of the staff who may ask for this page: the extractor of every handler behind a gate.
#[derive(Clone)]
pub struct StaffSession {
    /// Who calls operations: roles and departments are those of this moment.
    pub caller: Caller,
    /// The session with its account.
    pub live: Live,
    /// His address, for the trail.
    pub from: String,
}

impl StaffSession {
    /// Him, for operations that are written down.
    pub fn by(&self) -> By<'_> {
        By { caller: &self.caller, from: &self.from }
    }

    /// What the session is known by without its token.
    pub fn hash(&self) -> String {
        token::hash(self.live.token.reveal())
    }

    /// May he do more on this page than read it?
    pub fn has(&self, right: Right) -> bool {
        self.caller.has(right)
    }
}

/// Where somebody goes who has something else to do first.
pub fn way(next: Next) -> &'static str {
    match next {
        Next::Factor => "/a/factor",
        Next::Enrol => "/a/enrol",
        Next::Password => "/a/password",
        Next::Work => "/a",
    }
}

/// Lets a request through, leads it to what must come first, or refuses it and writes that down.
pub async fn guard(State((app, gate)): State<(App, Gate)>, request: Request, next: After) -> Response {
    match admit(&app, gate, request).await {
        Ok(request) => next.run(request).await,
        Err(away) => away.into_response(),
    }
}

async fn admit(app: &App, gate: Gate, request: Request) -> Result<Request, Away> {
    let (mut parts, body) = request.into_parts();
    if gate == Gate::Open {
        return Ok(Request::from_parts(parts, body));
    }
    let token = cookie(&parts.headers, session::COOKIE).filter(|token| !token.is_empty()).map(str::to_owned);
    let live = match &token {
        Some(token) => session::find(app, token).await?,
        None => None,
    };
    // A cookie without a session was one once: he is told that it ended.
    let Some(live) = live else { return Err(Away::to(if token.is_some() { "/a/login?ended=1" } else { "/a/login" })) };
    if gate != Gate::Entering && live.next != Next::Work {
        return Err(Away::to(way(live.next)));
    }
    let address = Address::from_request_parts(&mut parts, app).await?;
    let caller = live.account.caller(app.hospital().clone());
    let session = StaffSession { caller, live, from: address.client.to_string() };
    if let Gate::Right(right) = gate
        && !session.has(right)
    {
        let note = Note::by(&session.caller, &session.from, What::Denied).about(format!("{} {}", parts.method, parts.uri.path()));
        app.engine().note(app.hospital(), note).await?;
        return Err(Away::Response(Box::new(trouble::page(app, Some(&session), StatusCode::FORBIDDEN, None)?)));
    }
    parts.extensions.insert(session);
    Ok(Request::from_parts(parts, body))
}

impl<S: Send + Sync> FromRequestParts<S> for StaffSession {
    type Rejection = Away;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<StaffSession, Away> {
        // Only a route that is no row of the table could be without.
        parts.extensions.get::<StaffSession>().cloned().ok_or_else(|| Away::Response(Box::new(answer::see("/a/login"))))
    }
}
