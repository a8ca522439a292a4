//! The patients of an account of the official account: a few files somebody may act for, kept sealed under a hash of the
//! account's number. A file is bound by identifying it; only the account itself sees or changes its list.

use menjie::access::Private;
use menjie::error::{Code, Error, Result};
use menjie::gm;
use menjie::ident::PatientId;
use menjie::port::{Record, RecordKind, RecordWrite};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::token;

/// A change is tried again so often when the account changed something elsewhere in the same moment.
const TRIES: u32 = 4;

/// A bound file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Stands for it in forms; says nothing.
    pub id: String,
    /// The patient.
    pub patient: PatientId,
    /// Masked name.
    pub shown: String,
    /// Masked document and phone.
    pub hint: String,
}

/// What is kept. The first file is the one a login begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    files: Vec<Bound>,
}

/// What became of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// It is on the list.
    Bound,
    /// The list is full; the session is about him all the same, this once.
    Full,
}

/// The files of an account; the first is its default.
pub async fn list(app: &App, payer: &Private) -> Result<Vec<Bound>> {
    Ok(load(app, payer).await?.1.files)
}

/// Puts a file on the list.
pub async fn bind(app: &App, payer: &Private, patient: &PatientId, shown: &str, hint: &str) -> Result<Binding> {
    let id: String = token::fresh(app.entropy()).reveal().chars().take(24).collect();
    let most = usize::try_from(app.settings().pages.h5.patients_max).unwrap_or(1);
    let binding = change(app, payer, |kept| {
        if kept.files.iter().any(|f| &f.patient == patient) {
            return Some(Binding::Bound);
        }
        if kept.files.len() >= most {
            return Some(Binding::Full);
        }
        kept.files.push(Bound { id: id.clone(), patient: patient.clone(), shown: shown.to_owned(), hint: hint.to_owned() });
        Some(Binding::Bound)
    })
    .await?;
    if binding == Binding::Bound {
        // Stopped clinics are told to the account (停诊通知).
        app.engine().bind_contact(app.hospital(), patient, payer).await?;
    }
    Ok(binding)
}

/// Makes a file the default. A file that is not on this account's list looks like a missing one.
pub async fn prefer(app: &App, payer: &Private, id: &str) -> Result<()> {
    change(app, payer, |kept| {
        let at = kept.files.iter().position(|f| f.id == id)?;
        let file = kept.files.remove(at);
        kept.files.insert(0, file);
        Some(())
    })
    .await
}

/// Takes a file off the list and returns whose it was.
pub async fn remove(app: &App, payer: &Private, id: &str) -> Result<PatientId> {
    let patient = change(app, payer, |kept| {
        let at = kept.files.iter().position(|f| f.id == id)?;
        Some(kept.files.remove(at).patient)
    })
    .await?;
    app.engine().unbind_contact(app.hospital(), &patient, payer).await?;
    Ok(patient)
}

/// A file of this account.
pub async fn find(app: &App, payer: &Private, id: &str) -> Result<Bound> {
    list(app, payer).await?.into_iter().find(|f| f.id == id).ok_or_else(|| Error::new(Code::NotFound))
}

async fn change<T>(app: &App, payer: &Private, edit: impl Fn(&mut Kept) -> Option<T>) -> Result<T> {
    for _ in 0..TRIES {
        let (expected, before) = load(app, payer).await?;
        let mut kept = before.clone();
        let done = edit(&mut kept).ok_or_else(|| Error::new(Code::NotFound))?;
        if kept == before {
            return Ok(done);
        }
        let body = serde_json::to_vec(&kept).map_err(|_| Error::internal("accounts serialise"))?;
        let record = Record { kind: RecordKind::Account, key: key(payer), ver: expected.unwrap_or(0).saturating_add(1), expires: None, body };
        match app.engine().housekeep(app.hospital(), vec![RecordWrite { record, expected }]).await {
            Err(error) if error.code() == Code::Conflict => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(done),
        }
    }
    Err(Error::new(Code::Conflict).with("record", "account"))
}

async fn load(app: &App, payer: &Private) -> Result<(Option<u32>, Kept)> {
    let Some(record) = app.store().record(app.hospital(), RecordKind::Account, &key(payer)).await? else { return Ok((None, Kept::default())) };
    let kept = serde_json::from_slice(&record.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "account"))?;
    Ok((Some(record.ver), kept))
}

fn key(payer: &Private) -> String {
    gm::hex(&gm::sm3(format!("account:{}", payer.reveal()).as_bytes()))
}
