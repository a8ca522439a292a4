//! Operations by name, `POST /api/v1/ops/{op}`: off by default, for staff, for a patient's session (a kiosk program, which
//! shares the hospital's one ledger) or from this machine, and never those whose requests or responses hold keys or unmasked
//! personal data.

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use menjie::access::{Caller, Role};
use menjie::error::{Code, Error};
use menjie::ident::StaffId;
use menjie_bridge::Reach;

use crate::app::App;
use crate::caller::{Address, staff};
use crate::detached::detached;
use crate::failure::{Failure, Misuse, status_of};
use crate::input::raw;
use crate::session;

/// `POST /api/v1/ops/{op}`.
pub async fn run(State(app): State<App>, Path(name): Path<String>, request: Request) -> Result<Response, Failure> {
    let (mut parts, body) = request.into_parts();
    let caller = match (staff(&parts, &app), session::token_of(&parts.headers)) {
        (Some(caller), _) => caller,
        // Who shows a token means to be somebody: one that is not known (any more) is refused, not taken for this machine.
        (None, Some(token)) => session::find(&app, &token).await?.ok_or(Misuse::NoSession)?.caller,
        (None, None) => {
            let address = Address::from_request_parts(&mut parts, &app).await?;
            // A proxy on this machine is no local caller.
            let forwarded = parts.headers.contains_key("x-forwarded-for") || parts.headers.contains_key(header::FORWARDED);
            if !address.peer.is_loopback() || forwarded || app.settings().behind_tls_proxy {
                return Err(Misuse::NoStaff.into());
            }
            Caller::staff(app.hospital().clone(), StaffId::new("loopback")?, vec![Role::Auditor])
        }
    };
    let op = menjie_bridge::find(&name)?;
    if op.reach != Reach::Network {
        return Err(Error::new(Code::UnknownOperation).into());
    }
    let bytes = raw(Request::from_parts(parts, Body::new(body)), &app).await?;
    let text = String::from_utf8(bytes.into()).map_err(|_| Error::new(Code::BadRequest).with("problem", "is not UTF-8"))?;
    let reply = detached(async move { Ok(menjie_bridge::call(app.engine(), &caller, op.name, &text).await) }).await?;
    let status = match Code::ALL.iter().find(|code| code.number() == reply.code()) {
        None if reply.is_response() => StatusCode::OK,
        Some(code) => status_of(*code),
        None => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Ok((status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], reply.into_json()).into_response())
}
