//! The rules of attending and of messages, as data: a part of [`crate::policy::Terms`].

use serde::{Deserialize, Serialize};

use super::message::is_neutral;
use super::place::Position;
use crate::error::{Code, Error, Result};

/// What happens to somebody who comes late (过号规则).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LateRule {
    /// He joins the end of the queue.
    QueueEnd,
    /// His registration is void for the day.
    Void,
    /// The counter decides.
    Counter,
}

/// When and where one may check in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CheckInTerms {
    /// Check-in opens so many minutes before the patient's time; it closes with the session.
    pub opens_min: u32,
    /// Taking a number opens so many minutes before.
    pub number_opens_min: u32,
    /// Late is who comes so many minutes after his time.
    pub late_after_min: u32,
    /// What happens then.
    pub late: LateRule,
    /// Where the hospital is, in GCJ-02.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// A phone must be so near, in metres; asked only where `position` is set. A kiosk stands in the hospital.
    pub radius_m: Option<u32>,
}

impl Default for CheckInTerms {
    fn default() -> CheckInTerms {
        CheckInTerms { opens_min: 60, number_opens_min: 60, late_after_min: 20, late: LateRule::QueueEnd, position: None, radius_m: Some(500) }
    }
}

/// Through how many channels a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NoticeDelivery"))]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// One message through every channel he has.
    Both,
    /// The official account first, a short message only when that is refused or he has no account there.
    Fallback,
}

/// How people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NoticeTerms {
    /// Through how many channels.
    pub delivery: Delivery,
    /// Nobody is disturbed from this hour (0–23) …
    pub quiet_from_h: u8,
    /// … until this one; equal hours mean never quiet.
    pub quiet_until_h: u8,
    /// A visit within so many hours is told at any time.
    pub urgent_h: u32,
    /// The hospital's short name, neutral (domain/hospital.md §1.11 e).
    pub hospital_name: String,
    /// Page of one suspension; its number is appended. None sends no link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Is a patient who is bound to the official account told of each e-invoice (电子票据推送)?
    pub invoices: bool,
    /// Page of one settlement; its number is appended. None sends no link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_link: Option<String>,
    /// Page of one refund; its number is appended. None sends no link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_link: Option<String>,
}

impl Default for NoticeTerms {
    fn default() -> NoticeTerms {
        NoticeTerms {
            delivery: Delivery::Both,
            quiet_from_h: 22,
            quiet_until_h: 7,
            urgent_h: 12,
            hospital_name: "医院".to_owned(),
            link: None,
            invoices: true,
            invoice_link: None,
            refund_link: None,
        }
    }
}

/// The rules around a visit.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct VisitTerms {
    /// Check-in.
    pub check_in: CheckInTerms,
    /// Messages.
    pub notice: NoticeTerms,
}

impl VisitTerms {
    /// Checks every value; the error names the field.
    pub fn check(&self) -> Result<()> {
        let bad = |field: &'static str, problem: &'static str| Err(Error::new(Code::BadPolicy).with("field", field).with("problem", problem));
        let CheckInTerms { opens_min, number_opens_min, late_after_min, position, radius_m, .. } = &self.check_in;
        if !(1..=1_440).contains(opens_min) {
            return bad("visit.check_in.opens_min", "must lie between 1 and 1440");
        }
        if !(1..=1_440).contains(number_opens_min) {
            return bad("visit.check_in.number_opens_min", "must lie between 1 and 1440");
        }
        if *late_after_min > 1_440 {
            return bad("visit.check_in.late_after_min", "must not be above 1440");
        }
        if position.is_some_and(|p| p.check().is_err()) {
            return bad("visit.check_in.position", "is no position on the globe");
        }
        if radius_m.is_some_and(|m| !(50..=100_000).contains(&m)) {
            return bad("visit.check_in.radius_m", "must lie between 50 and 100000");
        }
        let notice = &self.notice;
        if notice.quiet_from_h > 23 || notice.quiet_until_h > 23 {
            return bad("visit.notice", "quiet_from_h and quiet_until_h must lie between 0 and 23");
        }
        if notice.urgent_h > 168 {
            return bad("visit.notice.urgent_h", "must not be above 168");
        }
        let name = notice.hospital_name.as_str();
        if name.trim() != name || !(1..=20).contains(&name.chars().count()) || name.chars().any(char::is_control) || !is_neutral(name) {
            return bad("visit.notice.hospital_name", "must have 1 to 20 characters and say nothing about the kind of illness");
        }
        let no_address = |link: &String| !link.starts_with("https://") || link.len() > 200 || !link.bytes().all(|b| b.is_ascii_graphic());
        for (field, link) in [("visit.notice.link", &notice.link), ("visit.notice.invoice_link", &notice.invoice_link), ("visit.notice.refund_link", &notice.refund_link)] {
            if link.as_ref().is_some_and(no_address) {
                return bad(field, "must be an https address of at most 200 ASCII characters");
            }
        }
        Ok(())
    }
}
