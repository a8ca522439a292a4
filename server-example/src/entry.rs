//! From what a patient shows to a session, for the API and for the pages: tries are counted, whoever was identified on the
//! device before is not any more.

use std::net::IpAddr;

use menjie::access::Private;
use menjie::error::{Error, Result};
use menjie::identity::CodePurpose;
use menjie::port::{IdentifyWay, PatientFile};
use menjie::service::{CheckCodeRequest, CheckCodeResponse, IdentifyRequest};
use menjie::workflow::Refusal;

use crate::account;
use crate::app::App;
use crate::session::{self, Candidate, Life, Started};

/// How it ended.
pub enum Entry {
    /// Too many failed tries; wait so many seconds.
    Locked(u64),
    /// Nobody, and why.
    Refused(Option<Refusal>),
    /// One file: the session is open.
    Open(Started, PatientFile),
    /// Several files: one must be chosen.
    Choose(Started, Vec<PatientFile>),
}

/// Does the code belong to the phone?
pub enum Proof {
    /// Too many failed tries; wait so many seconds.
    Locked(u64),
    /// It does not, and why.
    Refused(Refusal),
    /// It does.
    Proven,
}

/// The device that asks.
pub struct Device<'d> {
    /// Its address: failed tries lock it.
    pub client: IpAddr,
    /// The token of its last session.
    pub earlier: Option<&'d str>,
    /// How long the new session lives on without a request.
    pub life: Life,
}

/// Checks the code that was sent to a phone; a wrong one is a failed try, a right one is used up.
pub async fn prove(app: &App, client: IpAddr, phone: Private, purpose: CodePurpose, code: Private) -> Result<Proof> {
    if let Some(seconds) = app.tries().locked(client, app.engine().now()) {
        return Ok(Proof::Locked(seconds));
    }
    Ok(judged(app, client, app.engine().check_code(app.hospital(), &CheckCodeRequest { phone, purpose, code }).await?))
}

/// Identifies by a phone whose code nobody has checked yet. Used up it is only with somebody who was found by it: when HIS is
/// away, the same code can be sent again.
pub async fn enter_by_code(app: &App, device: &Device<'_>, phone: Private, code: Private) -> Result<Entry> {
    if let Some(seconds) = app.tries().locked(device.client, app.engine().now()) {
        return Ok(Entry::Locked(seconds));
    }
    let request = CheckCodeRequest { phone: phone.clone(), purpose: CodePurpose::Identify, code };
    match judged(app, device.client, app.engine().compare_code(app.hospital(), &request).await?) {
        Proof::Proven => {}
        Proof::Refused(refusal) => return Ok(Entry::Refused(Some(refusal))),
        Proof::Locked(seconds) => return Ok(Entry::Locked(seconds)),
    }
    let found = match find(app, device, IdentifyWay::Phone, phone).await? {
        Ok(found) => found,
        Err(nobody) => return Ok(nobody),
    };
    match app.engine().check_code(app.hospital(), &request).await? {
        CheckCodeResponse::Proven => begin(app, device, found).await,
        // Another request came in with it meanwhile, or its time was over before HIS answered.
        CheckCodeResponse::Refused { refusal } => Ok(Entry::Refused(Some(refusal))),
    }
}

/// Identifies and begins a session. The device's last one ends; an account it belonged to goes over to the new one, and a
/// single file is bound to it.
pub async fn enter(app: &App, device: &Device<'_>, way: IdentifyWay, token: Private) -> Result<Entry> {
    if let Some(seconds) = app.tries().locked(device.client, app.engine().now()) {
        return Ok(Entry::Locked(seconds));
    }
    match find(app, device, way, token).await? {
        Ok(found) => begin(app, device, found).await,
        Err(nobody) => Ok(nobody),
    }
}

/// The files of whoever shows this, or how it ended without one.
async fn find(app: &App, device: &Device<'_>, way: IdentifyWay, token: Private) -> Result<std::result::Result<Vec<PatientFile>, Entry>> {
    if !app.settings().identify_ways.contains(&way) {
        return Err(Error::field("way", "is not offered here"));
    }
    let found = app.engine().identify(app.hospital(), &IdentifyRequest { way, token }).await?;
    if found.patients.is_empty() {
        if found.refusal.is_none() {
            // What a platform has verified or refused was not guessed.
            failed(app, device.client);
        }
        return Ok(Err(Entry::Refused(found.refusal)));
    }
    Ok(Ok(found.patients))
}

async fn begin(app: &App, device: &Device<'_>, found: Vec<PatientFile>) -> Result<Entry> {
    let mut payer = None;
    if let Some(earlier) = device.earlier {
        payer = session::payer(app, earlier).await?;
        session::end(app, earlier).await?;
    }
    if let (Some(payer), [one]) = (&payer, found.as_slice()) {
        let file = Candidate::of(one);
        account::bind(app, payer, &file.patient, &file.shown, &file.hint).await?;
    }
    let started = session::start(app, &found, payer, device.life).await?;
    Ok(match <[PatientFile; 1]>::try_from(found) {
        Ok([one]) => Entry::Open(started, one),
        Err(several) => Entry::Choose(started, several),
    })
}

/// A refused code is a failed try.
fn judged(app: &App, client: IpAddr, checked: CheckCodeResponse) -> Proof {
    match checked {
        CheckCodeResponse::Proven => Proof::Proven,
        CheckCodeResponse::Refused { refusal } => {
            failed(app, client);
            Proof::Refused(refusal)
        }
    }
}

fn failed(app: &App, client: IpAddr) {
    app.tries().failed(client, app.engine().now());
    app.metrics().failed_try();
}

/// What people and devices add around a number goes; letters of numbers become large.
pub fn tidy(way: IdentifyWay, text: &str) -> String {
    match way {
        IdentifyWay::IdCard | IdentifyWay::VisitNo | IdentifyWay::Phone => text.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_uppercase).collect(),
        IdentifyWay::HealthCode | IdentifyWay::EVoucher | IdentifyWay::PatientNo => text.trim().to_owned(),
    }
}

/// Eighteen characters whose last one is the check character of GB 11643.
pub fn is_id_no(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let Some((body, check)) = text.split_at_checked(17) else { return false };
    if !body.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = body.chars().filter_map(|c| c.to_digit(10)).zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let wanted = usize::try_from(sum % 11).ok().and_then(|at| "10X98765432".get(at..=at));
    wanted == Some(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_tidied_and_checked() {
        assert_eq!(tidy(IdentifyWay::IdCard, " 11010519491231002x\n"), "11010519491231002X");
        assert_eq!(tidy(IdentifyWay::VisitNo, "k2000 0001"), "K20000001");
        for (text, wanted) in
            [("11010519491231002X", true), ("440524188001010014", true), ("110105194912310021", false), ("1101051949123100", false), ("", false), ("1101051949123100２X", false)]
        {
            assert_eq!(is_id_no(text), wanted, "{text}");
        }
    }
}
