//! Sessions of staff: a random token in a cookie of `/a`, its hash in the store, sealed. A session knows the account and what was
//! shown, never what somebody may: that is read from the account at every request, so a change counts at once.

use menjie::Timestamp;
use menjie::access::Private;
use menjie::error::{Code, Error, Result};
use menjie::ident::StaffId;
use menjie::port::{Record, RecordKind, RecordWrite};
use menjie::staff::{Account, Next, Secret, one_time};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::token;

/// The cookie's name.
pub const COOKIE: &str = "mj_staff";
/// Writing an expiry forward at every request would be a write per read; once in so long is enough.
const STEP_MS: i64 = 30_000;
/// So long a form that is sent again shows again what it gave out.
const ISSUING_MS: i64 = 60_000;

/// What is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Body {
    staff: StaffId,
    /// The account's, when this began: a later one ends it.
    epoch: u32,
    /// Was the second factor shown?
    proven: bool,
    /// The secret of an enrolment that is not confirmed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<Secret>,
    /// The one-time password it has just given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuing: Option<Issuing>,
    born: Timestamp,
    until: Timestamp,
    #[serde(default)]
    ended: bool,
}

/// A one-time password that somebody hands over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Issuing {
    /// The key of the form that asked for it, and what for.
    form: String,
    password: Private,
    until: Timestamp,
}

/// A live session.
#[derive(Clone, Debug)]
pub struct Live {
    /// Whose.
    pub account: Account,
    /// What he must do before he may work.
    pub next: Next,
    /// Was the second factor shown?
    pub proven: bool,
    /// The token; only its browser has it otherwise.
    pub token: Private,
}

/// Begins a session of an account whose password was right; an earlier one of this browser ends. Every step that allows more
/// begins another one, so a token somebody planted or saw before is worth nothing after.
pub async fn begin(app: &App, earlier: Option<&str>, account: &Account, proven: bool) -> Result<Private> {
    if let Some(earlier) = earlier {
        end(app, earlier).await?;
    }
    let token = token::fresh(app.entropy());
    let now = app.engine().now();
    let body = Body { staff: account.id.clone(), epoch: account.epoch, proven, secret: None, issuing: None, born: now, until: end_of(app, now, now), ended: false };
    write(app, &token::hash(token.reveal()), None, &body).await?;
    Ok(token)
}

/// The live session of a token; using it moves its end.
pub async fn find(app: &App, token: &str) -> Result<Option<Live>> {
    let Some((record, body)) = load(app, token).await? else { return Ok(None) };
    let now = app.engine().now();
    let rules = &app.settings().accounts;
    let account = app.engine().account(app.hospital(), &body.staff).await?;
    let Some(account) = account.filter(|account| account.epoch == body.epoch && account.is_usable(rules, now)) else { return Ok(None) };
    let until = end_of(app, body.born, now);
    if until.since(body.until) >= STEP_MS {
        match write(app, &record.key, Some(record.ver), &Body { until, issuing: body.issuing.clone().filter(|issuing| now < issuing.until), ..body.clone() }).await {
            // Another request of the same session moved it or ended it: this one came first.
            Err(error) if error.code() == Code::Conflict => {}
            done => done?,
        }
    }
    let next = account.next(rules, now, body.proven);
    Ok(Some(Live { account, next, proven: body.proven, token: Private::new(token) }))
}

/// Does a session of this hash still live? Asking does not move its end.
pub async fn lives(app: &App, hash: &str) -> Result<bool> {
    let Some((_, body)) = load_hashed(app, hash).await? else { return Ok(false) };
    let account = app.engine().account(app.hospital(), &body.staff).await?;
    Ok(account.is_some_and(|account| account.epoch == body.epoch && account.is_usable(&app.settings().accounts, app.engine().now())))
}

/// The secret this session may enrol: the one it was shown before, or a new one.
pub async fn enrolling(app: &App, token: &str) -> Result<Option<Secret>> {
    loop {
        let Some((record, body)) = load(app, token).await? else { return Ok(None) };
        if let Some(secret) = body.secret {
            return Ok(Some(secret));
        }
        let secret = Secret::draw(app.entropy());
        match write(app, &record.key, Some(record.ver), &Body { secret: Some(secret.clone()), ..body }).await {
            Err(error) if error.code() == Code::Conflict => {}
            done => return done.map(|()| Some(secret)),
        }
    }
}

/// The one-time password that this session gives out for a form. For a minute it is the same: whoever presses twice hands over
/// the one that counts, whichever answer his browser shows. Then it goes with the next write of the session.
pub async fn issuing(app: &App, token: &str, form: &str) -> Result<Option<Private>> {
    loop {
        let Some((record, body)) = load(app, token).await? else { return Ok(None) };
        let now = app.engine().now();
        if let Some(issuing) = body.issuing.filter(|issuing| issuing.form == form && now < issuing.until) {
            return Ok(Some(issuing.password));
        }
        let password = one_time(app.entropy());
        let issuing = Some(Issuing { form: form.to_owned(), password: password.clone(), until: now.plus_millis(ISSUING_MS) });
        match write(app, &record.key, Some(record.ver), &Body { issuing, ..body }).await {
            Err(error) if error.code() == Code::Conflict => {}
            done => return done.map(|()| Some(password)),
        }
    }
}

/// Ends a session for good; an unknown token is nothing to end.
pub async fn end(app: &App, token: &str) -> Result<()> {
    if let Some(log) = app.log() {
        log.lent().drop_of(&token::hash(token));
    }
    loop {
        let Some((record, body)) = load(app, token).await? else { return Ok(()) };
        let until = app.engine().now();
        match write(app, &record.key, Some(record.ver), &Body { ended: true, secret: None, issuing: None, until, ..body }).await {
            // Another request moved its end just now: end it again.
            Err(error) if error.code() == Code::Conflict => {}
            done => return done,
        }
    }
}

/// It lives on while it is used, but never longer than its longest life.
fn end_of(app: &App, born: Timestamp, now: Timestamp) -> Timestamp {
    let ms = |seconds: u32| i64::from(seconds) * 1000;
    now.plus_millis(ms(app.settings().staff_idle_s)).min(born.plus_millis(ms(app.settings().staff_max_s)))
}

async fn load(app: &App, token: &str) -> Result<Option<(Record, Body)>> {
    if !token::is_token(token) {
        return Ok(None);
    }
    load_hashed(app, &token::hash(token)).await
}

async fn load_hashed(app: &App, hash: &str) -> Result<Option<(Record, Body)>> {
    let Some(record) = app.store().record(app.hospital(), RecordKind::StaffSession, hash).await? else { return Ok(None) };
    let body: Body = serde_json::from_slice(&record.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "staff_session"))?;
    let live = !body.ended && body.until > app.engine().now();
    Ok(live.then_some((record, body)))
}

async fn write(app: &App, key: &str, expected: Option<u32>, body: &Body) -> Result<()> {
    let bytes = serde_json::to_vec(body).map_err(|_| Error::internal("sessions serialise"))?;
    let record = Record { kind: RecordKind::StaffSession, key: key.to_owned(), ver: expected.unwrap_or(0).saturating_add(1), expires: Some(body.until), body: bytes };
    app.engine().housekeep(app.hospital(), vec![RecordWrite { record, expected }]).await
}

/// The cookie that carries a token, or takes it away: to these pages only, from these pages only, out of reach of scripts.
pub fn cookie(token: Option<&Private>, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    match token {
        Some(token) => format!("{COOKIE}={}; Path=/a; HttpOnly; SameSite=Strict{secure}", token.reveal()),
        None => format!("{COOKIE}=; Path=/a; HttpOnly; SameSite=Strict; Max-Age=0{secure}"),
    }
}
