//! From what a patient shows to a session: tries are counted, whoever was identified on the device before is not any more.

use std::net::IpAddr;

use menjie::access::Private;
use menjie::error::Error;
use menjie::port::IdentifyWay;
use menjie::service::IdentifyRequest;
use menjie::workflow::Refusal;

use crate::account;
use crate::app::App;
use crate::failure::Failure;
use crate::session::{self, Candidate, Started};

/// How it ended.
pub enum Entry {
    /// Too many failed tries; wait so many seconds.
    Locked(u64),
    /// Nobody, and why.
    Refused(Option<Refusal>),
    /// One file: the session is open.
    Open(Started),
    /// Several files: one must be chosen.
    Choose(Started),
}

/// Identifies and begins a session. `earlier` is the token of the device's last one, which ends; an account it belonged to
/// goes over to the new one, and a single file is bound to it.
pub async fn enter(app: &App, client: IpAddr, earlier: Option<&str>, way: IdentifyWay, token: Private) -> Result<Entry, Failure> {
    let now = app.engine().now();
    if let Some(seconds) = app.tries().locked(client, now) {
        return Ok(Entry::Locked(seconds));
    }
    if !app.settings().identify_ways.contains(&way) {
        return Err(Error::field("way", "is not offered here").into());
    }
    let found = app.engine().identify(app.hospital(), &IdentifyRequest { way, token }).await?;
    if found.patients.is_empty() {
        if found.refusal.is_none() {
            // What a platform has verified or refused was not guessed.
            app.tries().failed(client, now);
            app.metrics().failed_try();
        }
        return Ok(Entry::Refused(found.refusal));
    }
    let mut payer = None;
    if let Some(earlier) = earlier {
        payer = session::payer(app, earlier).await?;
        session::end(app, earlier).await?;
    }
    if let (Some(payer), [one]) = (&payer, found.patients.as_slice()) {
        let file = Candidate::of(one);
        account::bind(app, payer, &file.patient, &file.shown, &file.hint).await?;
    }
    let started = session::start(app, &found.patients, payer).await?;
    Ok(if found.patients.len() == 1 { Entry::Open(started) } else { Entry::Choose(started) })
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
