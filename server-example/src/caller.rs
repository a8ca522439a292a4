//! Who calls: patients by their session, staff by their token.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use menjie::access::Caller;

use crate::app::App;
use crate::failure::{Failure, Misuse};
use crate::session::{self, Session};
use crate::token;

/// A patient with a live session; without one the request is refused with 401.
pub struct Patient(pub Session);

impl FromRequestParts<App> for Patient {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Patient, Failure> {
        let token = session::token_of(&parts.headers).ok_or(Misuse::NoSession)?;
        session::find(app, &token).await?.map(Patient).ok_or_else(|| Misuse::NoSession.into())
    }
}

/// A member of staff with a valid token.
pub struct Staff(pub Caller);

impl FromRequestParts<App> for Staff {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Staff, Failure> {
        staff(parts, app).map(Staff).ok_or_else(|| Misuse::NoStaff.into())
    }
}

/// A member of staff with a valid token, or a patient with a live session.
pub struct Anybody(pub Caller);

impl FromRequestParts<App> for Anybody {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Anybody, Failure> {
        match staff(parts, app) {
            Some(caller) => Ok(Anybody(caller)),
            None => Patient::from_request_parts(parts, app).await.map(|Patient(session)| Anybody(session.caller)),
        }
    }
}

/// The member of staff whose token the request bears. What is compared are hashes, so their order tells nobody anything.
pub fn staff(parts: &Parts, app: &App) -> Option<Caller> {
    let token = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?.trim();
    if !token::is_token(token) {
        return None;
    }
    let hash = token::hash(token);
    let found = app.settings().staff.iter().find(|s| s.token_sm3 == hash)?;
    Some(Caller::staff(app.hospital().clone(), found.staff.clone(), found.roles.clone()).within(found.departments.clone()))
}

/// The address of the peer, and of the client behind a trusted proxy.
pub struct Address {
    /// Who is connected.
    pub peer: IpAddr,
    /// Whose request it is.
    pub client: IpAddr,
}

impl FromRequestParts<App> for Address {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Address, Failure> {
        // Without a socket (a router called in-process) nobody but ourselves asks.
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back().and_then(|v| v.to_str().ok());
        Ok(Address { peer, client: app.client(peer, forwarded) })
    }
}
