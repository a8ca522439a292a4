//! What a patient has authorised on the national page: kept in his sealed session and nowhere else, for minutes, and used once.

use menjie::Timestamp;
use menjie::error::{Code, Result};
use menjie::ident::PatientId;
use menjie::insurance::Authorisation;
use serde::{Deserialize, Serialize};

use super::{Body, State, load, write};
use crate::app::App;

/// An authorisation and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The patient.
    pub patient: PatientId,
    /// What opens his payment.
    pub authorisation: Authorisation,
    /// It is good until then.
    pub until: Timestamp,
}

impl Grant {
    /// Is it this patient's, and still good?
    pub(super) fn holds(&self, patient: &PatientId, now: Timestamp) -> bool {
        &self.patient == patient && now < self.until
    }
}

/// Keeps it. `false` when the session is not (or no longer) about its patient.
pub async fn keep(app: &App, token: &str, grant: &Grant) -> Result<bool> {
    Ok(swap(app, token, Some(grant)).await?.0)
}

/// What the session's patient has authorised; it stays.
pub async fn look(app: &App, token: &str) -> Result<Option<Authorisation>> {
    let Some((_, body)) = load(app, token).await? else { return Ok(None) };
    let State::Open { patient, .. } = &body.state else { return Ok(None) };
    Ok(body.grant.filter(|grant| grant.holds(patient, app.engine().now())).map(|grant| grant.authorisation))
}

/// The same, and it is spent: of two requests at once one gets it.
pub async fn spend(app: &App, token: &str) -> Result<Option<Authorisation>> {
    Ok(swap(app, token, None).await?.1.map(|grant| grant.authorisation))
}

/// Puts another grant, or none, into a session. Could it be put there, and which one still held before?
async fn swap(app: &App, token: &str, grant: Option<&Grant>) -> Result<(bool, Option<Grant>)> {
    loop {
        let Some((record, body)) = load(app, token).await? else { return Ok((false, None)) };
        let State::Open { patient, .. } = &body.state else { return Ok((false, None)) };
        if grant.is_some_and(|grant| &grant.patient != patient) {
            return Ok((false, None));
        }
        let before = body.grant.clone().filter(|grant| grant.holds(patient, app.engine().now()));
        if grant == body.grant.as_ref() {
            return Ok((true, before));
        }
        match write(app.engine(), app.hospital(), &record.key, Some(record.ver), &Body { grant: grant.cloned(), ..body }).await {
            Ok(()) => return Ok((true, before)),
            // A touch moved its end just now, or another request spent it.
            Err(error) if error.code() == Code::Conflict => {}
            Err(error) => return Err(error),
        }
    }
}
