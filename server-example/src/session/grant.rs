//! What a patient has authorised on the national page: kept in his sealed session and nowhere else, for minutes, and used once.

use menjie::Timestamp;
use menjie::error::{Code, Result};
use menjie::ident::{PatientId, QuoteId, RequestKey};
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

/// For what an authorisation was spent: whoever presses twice is led to the payment his first press has begun with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The key of the form that was sent.
    pub key: RequestKey,
    /// What is paid.
    pub quote: QuoteId,
}

/// Keeps it. `false` when the session is not (or no longer) about its patient.
pub async fn keep(app: &App, token: &str, grant: &Grant) -> Result<bool> {
    let kept = change(app, token, |patient, body| (&grant.patient == patient).then(|| Body { grant: Some(grant.clone()), ..body.clone() })).await?;
    Ok(kept.is_some())
}

/// What the session's patient has authorised; it stays.
pub async fn look(app: &App, token: &str) -> Result<Option<Authorisation>> {
    let Some((_, body)) = load(app, token).await? else { return Ok(None) };
    let State::Open { patient, .. } = &body.state else { return Ok(None) };
    Ok(body.grant.filter(|grant| grant.holds(patient, app.engine().now())).map(|grant| grant.authorisation))
}

/// The quote a form with this key has spent the authorisation for.
pub async fn spent(app: &App, token: &str, key: &RequestKey) -> Result<Option<QuoteId>> {
    let Some((_, body)) = load(app, token).await? else { return Ok(None) };
    Ok(body.spent.filter(|spent| &spent.key == key).map(|spent| spent.quote))
}

/// Spends it: of two requests at once one gets it. The quote to be paid: this one, or the one that the same form was sent for
/// before; `None` when there is nothing to spend.
pub async fn spend(app: &App, token: &str, spent: &Spent) -> Result<Option<QuoteId>> {
    let changed = change(app, token, |patient, body| {
        if body.spent.as_ref().is_some_and(|before| before.key == spent.key) {
            return Some(body.clone());
        }
        body.grant.as_ref().filter(|grant| grant.holds(patient, app.engine().now()))?;
        Some(Body { grant: None, spent: Some(spent.clone()), ..body.clone() })
    });
    Ok(changed.await?.and_then(|body| body.spent).map(|spent| spent.quote))
}

/// Changes what the session of a patient knows; what it is then. `None` without such a session, or when the change is not to be.
async fn change(app: &App, token: &str, to: impl Fn(&PatientId, &Body) -> Option<Body>) -> Result<Option<Body>> {
    loop {
        let Some((record, body)) = load(app, token).await? else { return Ok(None) };
        let State::Open { patient, .. } = &body.state else { return Ok(None) };
        let Some(changed) = to(patient, &body) else { return Ok(None) };
        if (&changed.grant, &changed.spent) == (&body.grant, &body.spent) {
            return Ok(Some(body));
        }
        match write(app.engine(), app.hospital(), &record.key, Some(record.ver), &changed).await {
            Ok(()) => return Ok(Some(changed)),
            // A touch moved its end just now, or another request spent it.
            Err(error) if error.code() == Code::Conflict => {}
            Err(error) => return Err(error),
        }
    }
}
