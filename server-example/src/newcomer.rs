//! Somebody without a file (首诊建档): the half-filled form, the record that is sent, and the session that comes of it. For the
//! API and for the pages.
//!
//! What was typed lives in the session's sealed record until it is sent (ADR 0016); from then on the session knows the filing
//! only. The engine says to nobody but whoever made a filing which file it made, so no session is opened by typing what others
//! have filed before.

use std::net::IpAddr;

use menjie::access::{Private, mask_id_no, mask_name, mask_phone};
use menjie::error::Result;
use menjie::ident::{FilingId, RequestKey};
use menjie::patient::Record;
use menjie::service::{FilingRequest, FilingResponse, RegisterRequest, RegisterResponse};
use serde::{Deserialize, Serialize};

use crate::account;
use crate::app::App;
use crate::detached::detached;
use crate::session::{self, Chosen, Filed, Life};
use crate::token;

/// A form that is being filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Key of the command that will send it: sent twice, it is one file.
    pub key: RequestKey,
    /// What was typed so far, as it was typed.
    pub record: Record,
    /// Which words were consented to before anything was asked: the beginning of the text's SM3.
    pub consent: String,
    /// The guardian agreed, too.
    pub guardian_agrees: bool,
    /// The job to go on with.
    pub next: String,
}

impl Draft {
    /// Nothing is typed yet.
    pub fn new(app: &App, consent: String, next: String) -> Result<Draft> {
        Ok(Draft { key: fresh_key(app)?, record: Record::default(), consent, guardian_agrees: false, next })
    }
}

/// A key nobody guesses: whoever sends the same record under the same key gets the same filing.
pub fn fresh_key(app: &App) -> Result<RequestKey> {
    RequestKey::new(token::fresh(app.entropy()).reveal())
}

/// Does this hospital open files for people who come by themselves?
pub fn offered(app: &App) -> Result<bool> {
    Ok(app.engine().hospital(app.hospital())?.his.traits().open_file)
}

/// What became of sending a record.
pub enum Sent {
    /// Too many failed tries; wait so many seconds.
    Locked(u64),
    /// Taken on, invalid, or refused.
    Answered(RegisterResponse),
}

/// Sends a record. An answer that tells something about a document that is filed counts as a failed try: documents must not
/// be tried out here.
pub async fn send(app: &App, client: IpAddr, key: RequestKey, record: Record) -> Result<Sent> {
    if let Some(seconds) = app.tries().locked(client, app.engine().now()) {
        return Ok(Sent::Locked(seconds));
    }
    let (asked, request) = (app.clone(), RegisterRequest { key, record });
    let answer = detached(async move { asked.engine().register(asked.hospital(), &request).await }).await?;
    if matches!(answer, RegisterResponse::Refused { .. }) {
        app.tries().failed(client, app.engine().now());
        app.metrics().failed_try();
    }
    Ok(Sent::Answered(answer))
}

/// What a session keeps of a record that was sent.
pub fn kept(filing: FilingId, record: &Record, next: String) -> Filed {
    let hint = format!("{}  {}", mask_id_no(record.id_no.reveal()), mask_phone(record.phone.reveal()));
    Filed { filing, shown: mask_name(record.name.reveal()), hint, next }
}

/// How a filing of a session stands.
pub enum Standing {
    /// The file was made: the session is about its patient now, and so is the account it belongs to.
    Opened(Box<Chosen>, FilingResponse),
    /// Not yet, not by this session, or not at all.
    Told(FilingResponse),
}

/// How it stands with what the session of this token has sent; may wait.
pub async fn look(app: &App, filed: &Filed, wait_ms: u32) -> Result<FilingResponse> {
    app.engine().filing(app.hospital(), &FilingRequest { filing_id: filed.filing, wait_ms }).await
}

/// The same; a file that was made opens the session. `None` when another request of this session did so first.
pub async fn settle(app: &App, token: &str, filed: &Filed, wait_ms: u32) -> Result<Option<Standing>> {
    let told = look(app, filed, wait_ms).await?;
    let Some(patient) = told.patient_id.clone() else { return Ok(Some(Standing::Told(told))) };
    let Some(chosen) = session::open_filed(app, token, patient).await? else { return Ok(None) };
    if let Some(payer) = &chosen.payer {
        account::bind(app, payer, &chosen.patient, &chosen.shown, &chosen.hint).await?;
    }
    Ok(Some(Standing::Opened(Box::new(chosen), told)))
}

/// Ends a session that came to nothing; what is left of it is its account, if it belonged to one.
pub async fn abandon(app: &App, token: &str) -> Result<Option<session::Started>> {
    let payer = session::payer(app, token).await?;
    session::end(app, token).await?;
    let Some(payer) = payer else { return Ok(None) };
    let default = account::list(app, &payer).await?.into_iter().next().map(|file| (file.patient, file.shown));
    Ok(Some(session::login(app, payer, default).await?))
}

/// Ends the device's last session and begins the form's; an account goes over, and so does a phone somebody has just typed to
/// be found by it.
pub async fn begin(app: &App, earlier: Option<&str>, life: Life, mut draft: Draft) -> Result<session::Started> {
    let mut payer: Option<Private> = None;
    if let Some(earlier) = earlier {
        payer = session::payer(app, earlier).await?;
        if let Some(phone) = session::phone(app, earlier).await? {
            draft.record.phone = phone;
        }
        session::end(app, earlier).await?;
    }
    session::filling(app, draft, payer, life).await
}
