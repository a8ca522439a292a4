//! Who looked, at what and why, twice: into the trail of staff by numbers alone, into the sealed log with the reason. Both come before
//! anything is shown; when either cannot be written nothing is.

use menjie::error::{Error, Result};
use menjie::staff::{Note, What};
use menjie_bridge::sealed_log::{Access, Act, TRANSFER_STREAM};

use crate::app::App;
use crate::staff::gate::StaffSession;

/// The longest reason.
const LONGEST: usize = 200;

/// A look into the log.
pub(super) struct Look<'l> {
    pub(super) what: What,
    pub(super) act: Act,
    pub(super) reason: &'l str,
    /// What is looked at: a record's number, conditions.
    pub(super) about: String,
    /// The id of the key.
    pub(super) key: Option<String>,
}

impl Look<'_> {
    pub(super) async fn write_down(self, app: &App, session: &StaffSession) -> Result<()> {
        let Look { what, act, reason, about, key } = self;
        let log = app.log().ok_or_else(|| Error::internal("a page of the log has a log"))?;
        // What was typed stands in the sealed record only (docs/adr/0019).
        let note = Note::by(&session.caller, &session.from, what).about(format!("log {}", about.split(' ').next().unwrap_or_default()));
        app.engine().note(app.hospital(), note).await?;
        let about = format!("{TRANSFER_STREAM} {about}");
        log.write_down(Access { at: app.engine().now(), actor: session.caller.actor.code(), key, act, reason: reason.to_owned(), about }).await
    }
}

/// The reason somebody gave, or what is wrong with it.
pub(super) fn reason(typed: Option<&str>) -> std::result::Result<&str, &'static str> {
    match typed.map(str::trim).unwrap_or_default() {
        "" => Err("请填写事由，如投诉或工单编号。"),
        long if long.chars().count() > LONGEST => Err("事由不超过200字。"),
        reason => Ok(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_never_blank_nor_endless() {
        assert_eq!(reason(Some(" 工单1 ")), Ok("工单1"));
        for wrong in [None, Some(""), Some(" \u{3000}\n")] {
            assert!(reason(wrong).unwrap_err().contains("请填写"));
        }
        let long = "由".repeat(201);
        assert!(reason(Some(&long)).is_err() && reason(Some(&long[3..])).is_ok());
    }
}
