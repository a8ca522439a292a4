//! The way to the national authorisation page and back (domain/medins.md §2.7). What comes back is asked about by the server; what
//! it gives is kept in the sealed session, and the address the browser ends at tells nothing of it.

use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use menjie::access::Private;
use menjie::error::Code;
use menjie::service::{AuthoriseRequest, AuthoriseResponse};
use serde::Deserialize;

use super::answer::{self, Page};
use super::insurance::{self, Told};
use super::login::{public_url, secure};
use super::visit::{Signed, cookie};
use crate::app::App;
use crate::detached::detached;
use crate::session::grant::{self, Grant};
use crate::token;

/// The cookie that ties the way there to the way back.
const STATE: &str = "mj_insured";

/// What the page brings back; whatever else stands in the address is not read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Back {
    /// Missing when the person did not agree.
    #[serde(rename = "authCode", alias = "auth_code", alias = "qrcode")]
    code: Option<Private>,
    state: String,
    /// Nobody of ours sends one: another patient's is a sign of a mixed-up or forged return.
    patient_id: Option<Private>,
}

/// `GET /h5/insurance/authorise`: to the page, if this hospital has one.
pub async fn begin(State(app): State<App>, Signed { visit, session }: Signed, headers: HeaderMap) -> Page<Response> {
    if session.payer.is_none() {
        return Ok(answer::see(&visit.at("/login")));
    }
    let noise: String = token::fresh(app.entropy()).reveal().chars().take(16).collect();
    let state = state_of(&noise, visit.token.as_deref().unwrap_or_default());
    let back = format!("{}/h5/insurance/back", public_url(&app, &headers));
    let Some(url) = app.engine().authorise_url(app.hospital(), &back, &state)? else { return Ok(answer::see(&visit.at("/insurance"))) };
    // A script that fetches pages may not follow to another site: it is told to go there.
    let mut response = if headers.contains_key("hx-request") { answer::leave(StatusCode::OK, &url) } else { answer::see(&url) };
    answer::add(&mut response, SET_COOKIE, &format!("{STATE}={state}; Path=/h5/insurance; HttpOnly; SameSite=Lax; Max-Age=900{}", secure(&app)));
    Ok(response)
}

/// `GET /h5/insurance/back`.
pub async fn back(State(app): State<App>, Signed { visit, session }: Signed, headers: HeaderMap, Query(back): Query<Back>) -> Page<Response> {
    let session_token = visit.token.clone().unwrap_or_default();
    let ours = cookie(&headers, STATE).is_some_and(|state| state == back.state) && back.state.get(..16).is_some_and(|noise| state_of(noise, &session_token) == back.state);
    let foreign = back.patient_id.as_ref().is_some_and(|id| id.reveal() != session.patient.as_str());
    let code = back.code.filter(|code| !code.reveal().is_empty());
    let told = match (code, session.payer) {
        (Some(_), _) if foreign || !ours => Told::Other,
        (Some(code), Some(openid)) if ours => {
            let request = AuthoriseRequest { patient_id: session.patient.clone(), code, openid };
            let (caller, patient, kept, asked) = (session.caller.clone(), session.patient.clone(), session_token.clone(), app.clone());
            // The code is used up by then: whoever has closed the page meanwhile has authorised all the same.
            let authorised = detached(async move {
                Ok(match asked.engine().authorise(&caller, &request).await? {
                    AuthoriseResponse::Authorised { authorisation, until } => Ok(grant::keep(&asked, &kept, &Grant { patient, authorisation, until }).await?),
                    AuthoriseResponse::Refused { refusal } => Err(refusal),
                })
            });
            match authorised.await {
                Ok(Ok(true)) => Told::Nothing,
                Ok(Ok(false)) => Told::Other,
                Ok(Err(refusal)) if refusal.reason == "other_person" => Told::Other,
                // Browsers open the page they come back to twice: it was authorised the first time.
                Ok(Err(_)) if grant::look(&app, &session_token).await?.is_some() => Told::Nothing,
                Ok(Err(_)) => Told::Cancelled,
                Err(error) if insurance::is_away(&error) => Told::Down,
                // What is no code at all was never the page's.
                Err(error) if error.code() == Code::BadField => Told::Cancelled,
                Err(error) => return Err(error.into()),
            }
        }
        _ => Told::Cancelled,
    };
    let mut response = answer::see(&visit.at(&told.address()));
    answer::add(&mut response, SET_COOKIE, &format!("{STATE}=; Path=/h5/insurance; HttpOnly; SameSite=Lax; Max-Age=0{}", secure(&app)));
    Ok(response)
}

/// Noise, and what only the session that set out can make of it: a session about another patient has another token.
fn state_of(noise: &str, session_token: &str) -> String {
    let mark: String = token::hash(&format!("insured:{session_token}:{noise}")).chars().take(16).collect();
    format!("{noise}{mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_belongs_to_the_session_that_set_out() {
        let (one, other) = ("a".repeat(64), "b".repeat(64));
        let state = state_of("0123456789abcdef", &one);
        assert_eq!((state.len(), &state[..16]), (32, "0123456789abcdef"));
        assert_ne!(state, state_of("0123456789abcdef", &other));
        assert!(!state.contains(&one[..16]));
    }
}
