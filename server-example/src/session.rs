//! Patient sessions: a random token in a cookie or header, its hash and the patient in the store, sealed, with an expiry.

use menjie::Timestamp;
use menjie::access::{Caller, Private, mask_id_no, mask_name, mask_phone};
use menjie::error::{Code, Error, Result};
use menjie::ident::{HospitalId, PatientId};
use menjie::port::{PatientFile, Record, RecordKind, RecordWrite};
use menjie::service::Engine;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::pages::visit::Layout;
use crate::token;

/// Writing an expiry forward at every poll would be a write per read; once a minute is enough.
const STEP_MS: i64 = 60_000;

/// What a session knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "st")]
enum State {
    /// Several files were found; one must be chosen.
    Choosing { found: Vec<Candidate> },
    /// A code was sent to this phone; it must be typed.
    Phoning { phone: Private },
    /// One patient.
    Open { patient: PatientId, shown: String },
    /// Somebody came through the official account and has chosen no patient yet.
    Account,
    /// Ended.
    Ended,
}

/// A file to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Candidate {
    /// The patient.
    pub(crate) patient: PatientId,
    /// Masked name.
    pub(crate) shown: String,
    /// Masked document and phone, to tell files of one name apart.
    #[serde(default)]
    pub(crate) hint: String,
}

impl Candidate {
    pub(crate) fn of(file: &PatientFile) -> Candidate {
        let parts = [file.id_no.as_ref().map(|no| mask_id_no(no.reveal())), file.phone.as_ref().map(|no| mask_phone(no.reveal()))];
        let hint = parts.into_iter().flatten().collect::<Vec<_>>().join("  ");
        Candidate { patient: file.patient_id.clone(), shown: mask_name(file.name.reveal()), hint }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Body {
    #[serde(flatten)]
    state: State,
    /// The account of the official account, when the session began there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payer: Option<Private>,
    born: Timestamp,
    until: Timestamp,
}

/// A live session of one patient.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who calls.
    pub caller: Caller,
    /// The patient.
    pub patient: PatientId,
    /// His masked name.
    pub shown: String,
    /// It ends then unless it is used.
    pub until: Timestamp,
    /// The payer's id at the channel, when he came through its official account.
    pub payer: Option<Private>,
}

/// A session that was just made.
pub struct Started {
    /// The token; only the client has it.
    pub token: Private,
    /// When it ends unless it is used.
    pub until: Timestamp,
}

/// Starts a session: open for one file, choosing for several; `payer` is the account it belongs to.
pub async fn start(app: &App, files: &[PatientFile], payer: Option<Private>) -> Result<Started> {
    let found: Vec<Candidate> = files.iter().map(Candidate::of).collect();
    let state = match <[Candidate; 1]>::try_from(found) {
        Ok([one]) => State::Open { patient: one.patient, shown: one.shown },
        Err(found) => State::Choosing { found },
    };
    begin(app, state, payer).await
}

/// Starts a session in which a code sent to this phone must be typed.
pub async fn phoning(app: &App, phone: Private, payer: Option<Private>) -> Result<Started> {
    begin(app, State::Phoning { phone }, payer).await
}

/// The phone of a session that waits for its code.
pub async fn phone(app: &App, token: &str) -> Result<Option<Private>> {
    let found = load(app, token).await?;
    Ok(found.and_then(|(_, body)| if let State::Phoning { phone } = body.state { Some(phone) } else { None }))
}

/// Starts the session of an account, for one of its patients or none yet.
pub async fn login(app: &App, payer: Private, patient: Option<(PatientId, String)>) -> Result<Started> {
    let state = patient.map_or(State::Account, |(patient, shown)| State::Open { patient, shown });
    begin(app, state, Some(payer)).await
}

/// The account a live session belongs to, whatever else it is about.
pub async fn payer(app: &App, token: &str) -> Result<Option<Private>> {
    Ok(load(app, token).await?.and_then(|(_, body)| body.payer))
}

/// The file a session stands for, with what tells it apart: for whoever binds it to an account.
pub struct Chosen {
    /// The new session.
    pub started: Started,
    /// The patient.
    pub patient: PatientId,
    /// Masked name.
    pub shown: String,
    /// Masked document and phone.
    pub hint: String,
    /// The account it belongs to.
    pub payer: Option<Private>,
}

/// The files of a session that must still choose: masked name and hint, in the order [`choose`] counts them.
pub async fn choices(app: &App, token: &str) -> Result<Option<Vec<(String, String)>>> {
    let Some((_, body)) = load(app, token).await? else { return Ok(None) };
    let State::Choosing { found } = body.state else { return Ok(None) };
    Ok(Some(found.into_iter().map(|c| (c.shown, c.hint)).collect()))
}

/// Chooses a file of a session that found several; the token changes with what it allows. `None` without such a session.
pub async fn choose(app: &App, token: &str, choice: usize) -> Result<Option<Chosen>> {
    let Some((record, body)) = load(app, token).await? else { return Ok(None) };
    let State::Choosing { found } = body.state else { return Ok(None) };
    let Some(chosen) = found.into_iter().nth(choice) else { return Err(Error::field("choice", "is not among the choices")) };
    let Candidate { patient, shown, hint } = chosen;
    close(app.engine(), app.hospital(), &record, body.born, app.engine().now()).await?;
    let started = begin(app, State::Open { patient: patient.clone(), shown: shown.clone() }, body.payer.clone()).await?;
    Ok(Some(Chosen { started, patient, shown, hint, payer: body.payer }))
}

/// The live session of a token; using it moves its end.
pub async fn find(app: &App, token: &str) -> Result<Option<Session>> {
    let Some((record, body)) = load(app, token).await? else { return Ok(None) };
    let State::Open { patient, shown } = body.state.clone() else { return Ok(None) };
    let payer = body.payer.clone();
    let mut until = body.until;
    let wanted = end_of(app, body.born);
    if wanted.since(until) >= STEP_MS {
        let next = Body { until: wanted, ..body };
        match write(app.engine(), app.hospital(), &record.key, Some(record.ver), &next).await {
            Ok(()) => until = wanted,
            // Another request of the same session moved it, or ended it: this request came first.
            Err(error) if error.code() == Code::Conflict => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(Session { caller: Caller::patient(app.hospital().clone(), patient.clone()), patient, shown, until, payer }))
}

/// Ends a session for good; unknown tokens are nothing to end.
pub async fn end(app: &App, token: &str) -> Result<()> {
    loop {
        let Some((record, body)) = load(app, token).await? else { return Ok(()) };
        match close(app.engine(), app.hospital(), &record, body.born, app.engine().now()).await {
            // A poll moved its end just now: end it again.
            Err(error) if error.code() == Code::Conflict => {}
            done => return done,
        }
    }
}

async fn begin(app: &App, state: State, payer: Option<Private>) -> Result<Started> {
    let token = token::fresh(app.entropy());
    let born = app.engine().now();
    let until = end_of(app, born);
    write(app.engine(), app.hospital(), &token::hash(token.reveal()), None, &Body { state, payer, born, until }).await?;
    Ok(Started { token, until })
}

/// A session lives on while it is used, but never longer than its longest life.
fn end_of(app: &App, born: Timestamp) -> Timestamp {
    let settings = app.settings();
    let idle = app.engine().now().plus_millis(i64::from(settings.session_idle_s) * 1000);
    idle.min(born.plus_millis(i64::from(settings.session_max_s) * 1000))
}

async fn load(app: &App, token: &str) -> Result<Option<(Record, Body)>> {
    if !token::is_token(token) {
        return Ok(None);
    }
    let Some(record) = app.store().record(app.hospital(), RecordKind::Session, &token::hash(token)).await? else { return Ok(None) };
    let body: Body = serde_json::from_slice(&record.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "session"))?;
    let live = body.until > app.engine().now() && body.state != State::Ended;
    Ok(live.then_some((record, body)))
}

async fn close(engine: &Engine, hospital: &HospitalId, record: &Record, born: Timestamp, now: Timestamp) -> Result<()> {
    write(engine, hospital, &record.key, Some(record.ver), &Body { state: State::Ended, payer: None, born, until: now }).await
}

async fn write(engine: &Engine, hospital: &HospitalId, key: &str, expected: Option<u32>, body: &Body) -> Result<()> {
    let bytes = serde_json::to_vec(body).map_err(|_| Error::internal("sessions serialise"))?;
    let record = Record { kind: RecordKind::Session, key: key.to_owned(), ver: expected.unwrap_or(0).saturating_add(1), expires: Some(body.until), body: bytes };
    engine.housekeep(hospital, vec![RecordWrite { record, expected }]).await
}

/// Reads a cookie or bearer token from the headers; the header wins.
pub fn token_of(headers: &axum::http::HeaderMap) -> Option<String> {
    use axum::http::header::{AUTHORIZATION, COOKIE};
    if let Some(bearer) = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer ")) {
        return Some(bearer.trim().to_owned());
    }
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('=').map(str::to_owned))
}

/// The cookie's name.
pub const COOKIE_NAME: &str = "mj_session";

/// The cookie that carries a token, or takes it away: of a kiosk and of the API.
pub fn cookie(token: Option<&Private>, secure: bool) -> String {
    cookie_of(Layout::Kiosk, token, secure)
}

/// The cookie of a front end.
pub fn cookie_of(layout: Layout, token: Option<&Private>, secure: bool) -> String {
    let (name, site, secure) = (layout.cookie(), layout.same_site(), if secure { "; Secure" } else { "" });
    match token {
        Some(token) => format!("{name}={}; Path=/; HttpOnly; SameSite={site}{secure}", token.reveal()),
        None => format!("{name}=; Path=/; HttpOnly; SameSite={site}; Max-Age=0{secure}"),
    }
}
