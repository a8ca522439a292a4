//! The first visit: send a record, see what became of it (domain/pages.md §3.5 item 21).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use menjie::Timestamp;
use menjie::access::Private;
use menjie::error::Error;
use menjie::ident::{FilingId, RequestKey};
use menjie::patient::Record;
use menjie::service::RegisterResponse;
use menjie::validate::Issue;
use menjie::workflow::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::caller::Address;
use crate::failure::{Failure, Misuse, json};
use crate::input::{Asked, Body, Id, key_of};
use crate::newcomer::{self, Sent, Standing};
use crate::session::{self, Life, Started};

/// Whoever sends the same record under the same key gets the same filing, so a key must not be guessed.
const KEY_LEAST: usize = 16;

/// Body of `POST /api/v1/patients`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Newcomer {
    /// The idempotency key, unless the header gives it; at least 16 random characters.
    #[serde(default)]
    pub key: Option<RequestKey>,
    /// The record as it was typed.
    pub record: Record,
    /// Give the session's token in the answer instead of a cookie (kiosk programs).
    #[serde(default)]
    pub bearer: bool,
}

/// Answer of `POST /api/v1/patients`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum Registered {
    /// Taken on, and a session that sees what becomes of it; follow it with `GET /api/v1/filings/{id}`.
    Accepted {
        /// The filing.
        filing_id: FilingId,
        /// Its state then.
        st: String,
        /// The session ends then unless it is used.
        expires_at: Timestamp,
        /// Its token, when `bearer` was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<Private>,
    },
    /// The record is not complete or not right.
    Invalid {
        /// What must be changed.
        errors: Vec<Issue>,
        /// What may be looked at again.
        warnings: Vec<Issue>,
    },
    /// Forbidden by a rule; whoever has a file identifies himself.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

/// Query of `GET /api/v1/filings/{id}`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Follow {
    /// Wait up to this long for HIS's answer, in milliseconds (at most 30,000).
    pub wait_ms: u32,
    /// As in `POST /api/v1/patients`.
    pub bearer: bool,
}

/// Answer of `GET /api/v1/filings/{id}`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Filing {
    /// Which filing.
    pub filing_id: FilingId,
    /// Its state.
    pub st: String,
    /// Nothing changes any more without a person.
    pub over: bool,
    /// What the patient reads.
    pub text: String,
    /// What to do next.
    pub next: String,
    /// The file was made by this session, which is over: the one that follows is about its patient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<Opened>,
}

/// The session of somebody whose file was just made.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Opened {
    /// Masked name.
    pub name: String,
    /// It ends then unless it is used.
    pub expires_at: Timestamp,
    /// The token, when `bearer` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Private>,
}

/// `POST /api/v1/patients`.
pub async fn register(State(app): State<App>, address: Address, headers: HeaderMap, Body(body): Body<Newcomer>) -> Result<Response, Failure> {
    let key = key_of(&headers, body.key)?;
    if key.as_str().len() < KEY_LEAST {
        return Err(Error::field("key", "must have at least 16 characters here; use random ones").into());
    }
    let record = body.record;
    let (filing_id, st) = match newcomer::send(&app, address.client, key, record.clone()).await? {
        Sent::Locked(seconds) => return Err(Failure::from(Misuse::Locked).wait(seconds)),
        Sent::Answered(RegisterResponse::Invalid { errors, warnings }) => return Ok(json(StatusCode::OK, &Registered::Invalid { errors, warnings })),
        Sent::Answered(RegisterResponse::Refused { refusal }) => return Ok(json(StatusCode::OK, &Registered::Refused { refusal })),
        Sent::Answered(RegisterResponse::Accepted { filing_id, st }) => (filing_id, st),
    };
    let mut payer = None;
    if let Some(earlier) = session::token_of(&headers) {
        payer = session::payer(&app, &earlier).await?;
        session::end(&app, &earlier).await?;
    }
    let started = session::filing(&app, newcomer::kept(filing_id, &record, String::new()), payer, Life::Own).await?;
    let token = body.bearer.then(|| started.token.clone());
    let mut response = json(StatusCode::OK, &Registered::Accepted { filing_id, st, expires_at: started.until, token });
    set_cookie(&app, &mut response, &started, body.bearer);
    Ok(response)
}

/// `GET /api/v1/filings/{id}`: only for the session that sent it; another's is not there.
pub async fn filing(State(app): State<App>, Id(id): Id<FilingId>, headers: HeaderMap, Asked(follow): Asked<Follow>) -> Result<Response, Failure> {
    let token = session::token_of(&headers).ok_or(Misuse::NoSession)?;
    let filed = session::filed(&app, &token, None).await?.ok_or(Misuse::NoSession)?;
    if filed.filing != id {
        return Err(Error::new(menjie::error::Code::NotFound).into());
    }
    let (told, opened) = match newcomer::settle(&app, &token, &filed, follow.wait_ms).await?.ok_or(Misuse::NoSession)? {
        Standing::Opened(chosen, told) => (told, Some(chosen)),
        Standing::Told(told) => (told, None),
    };
    let shown = opened.as_ref().map(|chosen| Opened { name: chosen.shown.clone(), expires_at: chosen.started.until, token: follow.bearer.then(|| chosen.started.token.clone()) });
    let answer = Filing { filing_id: told.filing_id, st: told.st, over: told.over, text: told.text, next: told.next, opened: shown };
    let mut response = json(StatusCode::OK, &answer);
    if let Some(chosen) = &opened {
        set_cookie(&app, &mut response, &chosen.started, follow.bearer);
    }
    Ok(response)
}

fn set_cookie(app: &App, response: &mut Response, started: &Started, bearer: bool) {
    if !bearer {
        crate::pages::answer::add(response, header::SET_COOKIE, &session::cookie(Some(&started.token), app.settings().behind_tls_proxy));
    }
}
