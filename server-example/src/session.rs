//! Patient sessions: a random token in a cookie or header, its hash and the patient in the store, sealed, with an expiry.

pub mod grant;

use menjie::Timestamp;
use menjie::access::{Caller, Private, mask_id_no, mask_name, mask_phone};
use menjie::error::{Code, Error, Result};
use menjie::ident::{FilingId, HospitalId, PatientId};
use menjie::identity::PhoneCodes;
use menjie::port::{PatientFile, Record, RecordKind, RecordWrite};
use menjie::service::Engine;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::newcomer::Draft;
use crate::pages::visit::Layout;
use crate::settings::Settings;
use crate::token;
use grant::{Grant, Spent};

/// Writing an expiry forward at every poll would be a write per read; once in so long is enough.
const STEP_MS: i64 = 30_000;

/// How long a session lives on without a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Life {
    /// `server.session_idle_s`: programs, phones, and a kiosk while money is on its way.
    #[default]
    Own,
    /// A kiosk's page: as long as the page itself waits (`server.pages.kiosk`), and what this side needs to hear of a touch.
    Kiosk {
        /// Large type waits twice as long.
        large: bool,
    },
}

impl Life {
    /// Seconds.
    pub fn idle_s(self, settings: &Settings) -> u32 {
        match self {
            Life::Own => settings.session_idle_s,
            Life::Kiosk { large } => {
                let step = u32::try_from(STEP_MS / 1000).unwrap_or_default();
                settings.pages.kiosk.longest_s(large).saturating_add(TOUCH_S).saturating_add(step)
            }
        }
    }
}

/// A kiosk page that is touched says so this often, in seconds (`idle.js`).
pub const TOUCH_S: u32 = 30;

/// What a session knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "st")]
enum State {
    /// Several files were found; one must be chosen.
    Choosing { found: Vec<Candidate> },
    /// A code was sent to this phone; it must be typed.
    Phoning {
        phone: Private,
        /// It was typed, and until then it need not be typed again: a code counts once, and what comes after it may fail.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proven: Option<Timestamp>,
    },
    /// One patient.
    Open { patient: PatientId, shown: String },
    /// Somebody came through the official account and has chosen no patient yet.
    Account,
    /// Somebody without a file fills in the form of a first visit (首诊建档); what he has typed stays on this side.
    Filling { draft: Box<Draft> },
    /// His record was sent: from here on only the filing is known, and only to him.
    Filing { filed: Filed },
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

/// What was sent to be filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// The filing.
    pub filing: FilingId,
    /// Masked name.
    pub shown: String,
    /// Masked document and phone.
    pub hint: String,
    /// The job to go on with; empty for programs.
    #[serde(default)]
    pub next: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Body {
    #[serde(flatten)]
    state: State,
    /// The account of the official account, when the session began there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payer: Option<Private>,
    /// What its patient has authorised at his insurer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<Grant>,
    /// For what the last one was spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spent: Option<Spent>,
    #[serde(default)]
    life: Life,
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
    /// He has authorised an insured payment until then.
    pub granted_until: Option<Timestamp>,
}

/// A session that was just made.
pub struct Started {
    /// The token; only the client has it.
    pub token: Private,
    /// When it ends unless it is used.
    pub until: Timestamp,
}

/// Starts a session: open for one file, choosing for several; `payer` is the account it belongs to.
pub async fn start(app: &App, files: &[PatientFile], payer: Option<Private>, life: Life) -> Result<Started> {
    let found: Vec<Candidate> = files.iter().map(Candidate::of).collect();
    let state = match <[Candidate; 1]>::try_from(found) {
        Ok([one]) => State::Open { patient: one.patient, shown: one.shown },
        Err(found) => State::Choosing { found },
    };
    begin(app, state, payer, life).await
}

/// Starts a session in which a code sent to this phone must be typed.
pub async fn phoning(app: &App, phone: Private, payer: Option<Private>, life: Life) -> Result<Started> {
    begin(app, State::Phoning { phone, proven: None }, payer, life).await
}

/// The phone of a session that waits for its code.
pub async fn phone(app: &App, token: &str) -> Result<Option<Private>> {
    let found = load(app, token).await?;
    Ok(found.and_then(|(_, body)| if let State::Phoning { phone, .. } = body.state { Some(phone) } else { None }))
}

/// The phone of a session that waits for its code has been proven: for as long as a code lives.
pub async fn prove(app: &App, token: &str) -> Result<()> {
    loop {
        let Some((record, body)) = load(app, token).await? else { return Ok(()) };
        let State::Phoning { phone, .. } = body.state else { return Ok(()) };
        let proven = Some(PhoneCodes::until(app.engine().now()));
        match write(app.engine(), app.hospital(), &record.key, Some(record.ver), &Body { state: State::Phoning { phone, proven }, ..body }).await {
            Err(error) if error.code() == Code::Conflict => {}
            done => return done,
        }
    }
}

/// Has the phone of this session been proven?
pub async fn is_proven(app: &App, token: &str) -> Result<bool> {
    let found = load(app, token).await?;
    Ok(found.is_some_and(|(_, body)| matches!(body.state, State::Phoning { proven: Some(until), .. } if app.engine().now() < until)))
}

/// Starts the session of an account, for one of its patients or none yet.
pub async fn login(app: &App, payer: Private, patient: Option<(PatientId, String)>) -> Result<Started> {
    let state = patient.map_or(State::Account, |(patient, shown)| State::Open { patient, shown });
    begin(app, state, Some(payer), Life::Own).await
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
    open_with(app, token, |state| {
        let State::Choosing { found } = state else { return Ok(None) };
        found.into_iter().nth(choice).map(Some).ok_or_else(|| Error::field("choice", "is not among the choices"))
    })
    .await
}

/// Makes a session one of the file that its state leads to; the token changes with what it allows. `None` when it leads to none.
async fn open_with(app: &App, token: &str, file: impl Fn(State) -> Result<Option<Candidate>>) -> Result<Option<Chosen>> {
    loop {
        let Some((record, body)) = load(app, token).await? else { return Ok(None) };
        let Some(Candidate { patient, shown, hint }) = file(body.state)? else { return Ok(None) };
        match close(app.engine(), app.hospital(), &record, body.born, app.engine().now()).await {
            Ok(()) => {}
            // A touch moved its end just now, or another request was faster: its state says which.
            Err(error) if error.code() == Code::Conflict => continue,
            Err(error) => return Err(error),
        }
        let started = begin(app, State::Open { patient: patient.clone(), shown: shown.clone() }, body.payer.clone(), body.life).await?;
        return Ok(Some(Chosen { started, patient, shown, hint, payer: body.payer }));
    }
}

/// Starts the session of somebody who fills in the form of a first visit.
pub async fn filling(app: &App, draft: Draft, payer: Option<Private>, life: Life) -> Result<Started> {
    begin(app, State::Filling { draft: Box::new(draft) }, payer, life).await
}

/// Starts the session of a program that has sent a whole record.
pub async fn filing(app: &App, filed: Filed, payer: Option<Private>, life: Life) -> Result<Started> {
    begin(app, State::Filing { filed }, payer, life).await
}

/// The half-filled form of a session; looking at it moves the session's end.
pub async fn draft(app: &App, token: &str, life: Life) -> Result<Option<Draft>> {
    let Some((record, body)) = load(app, token).await? else { return Ok(None) };
    let State::Filling { draft } = body.state.clone() else { return Ok(None) };
    moved(app, &record, &body, life).await?;
    Ok(Some(*draft))
}

/// Writes into the half-filled form of a session; what it is then. `None` when the session fills in none.
pub async fn fill(app: &App, token: &str, edit: impl Fn(&mut Draft)) -> Result<Option<Draft>> {
    loop {
        let Some((record, body)) = load(app, token).await? else { return Ok(None) };
        let State::Filling { mut draft } = body.state else { return Ok(None) };
        edit(&mut draft);
        let body = Body { until: end_of(app, body.born, body.life), state: State::Filling { draft: draft.clone() }, ..body };
        match write(app.engine(), app.hospital(), &record.key, Some(record.ver), &body).await {
            Ok(()) => return Ok(Some(*draft)),
            // A touch moved its end just now.
            Err(error) if error.code() == Code::Conflict => {}
            Err(error) => return Err(error),
        }
    }
}

/// The form was sent: the session forgets what was typed and keeps the filing. A second press finds that done.
pub async fn sent(app: &App, token: &str, filed: &Filed) -> Result<()> {
    loop {
        let Some((record, body)) = load(app, token).await? else { return Ok(()) };
        let State::Filling { .. } = body.state else { return Ok(()) };
        let body = Body { until: end_of(app, body.born, body.life), state: State::Filing { filed: filed.clone() }, ..body };
        match write(app.engine(), app.hospital(), &record.key, Some(record.ver), &body).await {
            Err(error) if error.code() == Code::Conflict => {}
            done => return done,
        }
    }
}

/// What a session has sent to be filed.
pub async fn filed(app: &App, token: &str, life: Option<Life>) -> Result<Option<Filed>> {
    let Some((record, body)) = load(app, token).await? else { return Ok(None) };
    let State::Filing { filed } = body.state.clone() else { return Ok(None) };
    moved(app, &record, &body, life.unwrap_or(body.life)).await?;
    Ok(Some(filed))
}

/// The file was made by this session: it is about its patient now. The token changes with what it allows.
pub async fn open_filed(app: &App, token: &str, patient: PatientId) -> Result<Option<Chosen>> {
    open_with(app, token, |state| {
        let State::Filing { filed: Filed { shown, hint, .. } } = state else { return Ok(None) };
        Ok(Some(Candidate { patient: patient.clone(), shown, hint }))
    })
    .await
}

/// The live session of a token; using it moves its end.
pub async fn find(app: &App, token: &str) -> Result<Option<Session>> {
    used(app, token, None).await
}

/// The same for a page, which says how long it lets the session live from here on.
pub async fn find_for(app: &App, token: &str, life: Life) -> Result<Option<Session>> {
    used(app, token, Some(life)).await
}

/// Somebody is still there: moves the end of whatever session the token has. `false` when it has none.
pub async fn touch(app: &App, token: &str, life: Life) -> Result<bool> {
    let Some((record, body)) = load(app, token).await? else { return Ok(false) };
    moved(app, &record, &body, life).await?;
    Ok(true)
}

async fn used(app: &App, token: &str, life: Option<Life>) -> Result<Option<Session>> {
    let Some((record, body)) = load(app, token).await? else { return Ok(None) };
    let State::Open { patient, shown } = body.state.clone() else { return Ok(None) };
    let until = moved(app, &record, &body, life.unwrap_or(body.life)).await?;
    let granted_until = body.grant.filter(|grant| grant.holds(&patient, app.engine().now())).map(|grant| grant.until);
    Ok(Some(Session { caller: Caller::patient(app.hospital().clone(), patient.clone()), patient, shown, until, payer: body.payer, granted_until }))
}

/// Moves the end of a session if it is worth a write; where it ends now.
async fn moved(app: &App, record: &Record, body: &Body, life: Life) -> Result<Timestamp> {
    let wanted = end_of(app, body.born, life);
    if wanted.since(body.until) < STEP_MS && life == body.life {
        return Ok(body.until);
    }
    match write(app.engine(), app.hospital(), &record.key, Some(record.ver), &Body { until: wanted, life, ..body.clone() }).await {
        Ok(()) => Ok(wanted),
        // Another request of the same session moved it, or ended it: this request came first.
        Err(error) if error.code() == Code::Conflict => Ok(body.until),
        Err(error) => Err(error),
    }
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

async fn begin(app: &App, state: State, payer: Option<Private>, life: Life) -> Result<Started> {
    let token = token::fresh(app.entropy());
    let born = app.engine().now();
    let until = end_of(app, born, life);
    write(app.engine(), app.hospital(), &token::hash(token.reveal()), None, &Body { state, payer, grant: None, spent: None, life, born, until }).await?;
    Ok(Started { token, until })
}

/// A session lives on while it is used, but never longer than its longest life.
fn end_of(app: &App, born: Timestamp, life: Life) -> Timestamp {
    let settings = app.settings();
    let idle = app.engine().now().plus_millis(i64::from(life.idle_s(settings)) * 1000);
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
    write(engine, hospital, &record.key, Some(record.ver), &Body { state: State::Ended, payer: None, grant: None, spent: None, life: Life::Own, born, until: now }).await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kiosks_session_outlives_its_page_and_not_by_much() {
        let settings = Settings::default();
        for large in [false, true] {
            let page = settings.pages.kiosk.longest_s(large);
            let session = Life::Kiosk { large }.idle_s(&settings);
            // A touch is heard of up to TOUCH_S late and written up to STEP_MS late; the page must end first all the same.
            assert!(session >= page + TOUCH_S + 30 && session <= page + 90, "{large}: page {page}, session {session}");
        }
        assert_eq!((settings.pages.kiosk.longest_s(false), settings.pages.kiosk.longest_s(true)), (120, 210));
        assert_eq!(Life::Own.idle_s(&settings), 600);
    }
}
