//! Identify, choose, look at the session, exit (domain/pages.md §3.1 items 2 and 5).

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use menjie::Timestamp;
use menjie::access::{Private, mask_name, mask_phone};
use menjie::error::Error;
use menjie::identity::MobileNo;
use menjie::port::{IdentifyWay, PatientFile};
use menjie::workflow::Refusal;
use menjie_bridge::session::{FileChoice, Identified};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::caller::{Address, Patient};
use crate::entry::{self, Device, Entry};
use crate::failure::{Failure, Misuse, json};
use crate::input::Body;
use crate::session::{self, Life, Started};

/// Request of `POST /api/v1/identify`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identify {
    /// By what.
    pub way: IdentifyWay,
    /// The number or code.
    pub token: Private,
    /// For `phone` only: the code that was sent to it.
    #[serde(default)]
    pub code: Option<Private>,
    /// Give the session's token in the answer instead of a cookie, and the patient's number, which operations by name want (kiosk programs).
    #[serde(default)]
    pub bearer: bool,
}

/// Request of `POST /api/v1/identify/choose`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choose {
    /// Which of the choices.
    pub choice: u32,
    /// As in `identify`.
    #[serde(default)]
    pub bearer: bool,
}

/// Answer of `GET /api/v1/session`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SessionView {
    /// Masked name.
    pub name: String,
    /// It ends then unless it is used.
    pub expires_at: Timestamp,
    /// Now, by the server's clock.
    pub now: Timestamp,
}

/// `POST /api/v1/identify`.
pub async fn identify(State(app): State<App>, address: Address, headers: HeaderMap, Body(body): Body<Identify>) -> Result<Response, Failure> {
    if !app.settings().identify_ways.contains(&body.way) {
        return Err(Error::field("way", "is not offered here").into());
    }
    let earlier = session::token_of(&headers);
    let device = Device { client: address.client, earlier: earlier.as_deref(), life: Life::Own };
    let entry = match (body.way, body.code) {
        (IdentifyWay::Phone, Some(code)) => {
            let phone = MobileNo::parse(&body.token).map_err(|_| Error::field("token", "is not a mobile number of the mainland"))?.digits().clone();
            entry::enter_by_code(&app, &device, phone, code).await?
        }
        (IdentifyWay::Phone, None) => return Err(Error::field("code", "is missing").into()),
        (_, Some(_)) => return Err(Error::field("code", "belongs to way phone").into()),
        (way, None) => entry::enter(&app, &device, way, body.token).await?,
    };
    let told = |started: &Started| body.bearer.then(|| started.token.clone());
    let (answer, started) = match entry {
        Entry::Locked(seconds) => return Err(Failure::from(Misuse::Locked).wait(seconds)),
        Entry::Refused(refusal) => {
            let refusal = refusal.unwrap_or_else(|| Refusal::new("no_file", "未找到就诊档案", "请核对后重试，或到窗口建档"));
            return Ok(json(StatusCode::OK, &Identified::Refused { refusal }));
        }
        Entry::Open(started, one) => (
            Identified::Identified { name: mask_name(one.name.reveal()), expires_at: started.until, patient_id: body.bearer.then_some(one.patient_id), token: told(&started) },
            started,
        ),
        Entry::Choose(started, several) => (Identified::Choose { choices: choices(&several), expires_at: started.until, token: told(&started) }, started),
    };
    Ok(with_cookie(&app, &answer, &started, body.bearer))
}

/// `POST /api/v1/identify/choose`.
pub async fn choose(State(app): State<App>, headers: HeaderMap, Body(body): Body<Choose>) -> Result<Response, Failure> {
    let token = session::token_of(&headers).ok_or(Misuse::NoSession)?;
    let at = usize::try_from(body.choice).unwrap_or(usize::MAX);
    let session::Chosen { started, shown, patient, .. } = session::choose(&app, &token, at).await?.ok_or(Misuse::NoSession)?;
    let token = body.bearer.then(|| started.token.clone());
    let answer = Identified::Identified { name: shown, expires_at: started.until, patient_id: body.bearer.then_some(patient), token };
    Ok(with_cookie(&app, &answer, &started, body.bearer))
}

/// `GET /api/v1/session`.
pub async fn session(State(app): State<App>, Patient(session): Patient) -> Response {
    json(StatusCode::OK, &SessionView { name: session.shown, expires_at: session.until, now: app.engine().now() })
}

/// `POST /api/v1/exit`: the session ends, whether or not it was alive.
pub async fn exit(State(app): State<App>, headers: HeaderMap) -> Result<Response, Failure> {
    if let Some(token) = session::token_of(&headers) {
        session::end(&app, &token).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &session::cookie(None, app.settings().behind_tls_proxy));
    Ok(response)
}

fn choices(files: &[PatientFile]) -> Vec<FileChoice> {
    let shown = |(choice, file): (u32, &PatientFile)| FileChoice { choice, name: mask_name(file.name.reveal()), phone: file.phone.as_ref().map(|p| mask_phone(p.reveal())) };
    (0u32..).zip(files).map(shown).collect()
}

fn with_cookie(app: &App, answer: &Identified, started: &Started, bearer: bool) -> Response {
    let mut response = json(StatusCode::OK, answer);
    if !bearer {
        set_cookie(&mut response, &session::cookie(Some(&started.token), app.settings().behind_tls_proxy));
    }
    response
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(mut value) = HeaderValue::from_str(cookie) {
        value.set_sensitive(true);
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}
