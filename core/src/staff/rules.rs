//! What a hospital may choose about accounts.

use serde::Deserialize;

use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};

const DAY_MS: i64 = 86_400_000;

/// What a hospital may choose about accounts (`server.accounts`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// A password is good for so many days.
    pub password_days: u32,
    /// An account nobody used for so many days is not usable any more until it is revived.
    pub dormant_days: u32,
    /// So many failures in a row lock a login name.
    pub lock_after: u32,
    /// For so long, in seconds; failures longer ago than that are forgotten.
    pub lock_s: u32,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { password_days: 90, dormant_days: 90, lock_after: 5, lock_s: 900 }
    }
}

impl Rules {
    /// Checks every value; the error names the field.
    pub fn check(&self) -> Result<()> {
        for (field, value, least, most) in [
            ("server.accounts.password_days", self.password_days, 1, 366),
            ("server.accounts.dormant_days", self.dormant_days, 1, 366),
            ("server.accounts.lock_after", self.lock_after, 1, 10),
            ("server.accounts.lock_s", self.lock_s, 60, 86_400),
        ] {
            if !(least..=most).contains(&value) {
                return Err(Error::new(Code::BadPolicy).with("field", field).with("problem", format!("must lie between {least} and {most}")));
            }
        }
        Ok(())
    }

    /// How long a lock holds, and failures are remembered.
    pub(super) fn lock_ms(&self) -> i64 {
        i64::from(self.lock_s) * 1000
    }

    /// Is a password of that instant too old?
    pub(super) fn password_is_old(&self, set_at: Timestamp, now: Timestamp) -> bool {
        now.since(set_at) >= i64::from(self.password_days) * DAY_MS
    }

    /// Has nobody used it for too long?
    pub(super) fn is_dormant(&self, used_at: Timestamp, now: Timestamp) -> bool {
        now.since(used_at) >= i64::from(self.dormant_days) * DAY_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_hold_and_wrong_values_are_named() {
        Rules::default().check().unwrap();
        for (json, field) in [
            (r#"{"password_days":0}"#, "server.accounts.password_days"),
            (r#"{"dormant_days":1000}"#, "server.accounts.dormant_days"),
            (r#"{"lock_after":11}"#, "server.accounts.lock_after"),
            (r#"{"lock_s":1}"#, "server.accounts.lock_s"),
        ] {
            let error = serde_json::from_str::<Rules>(json).unwrap().check().unwrap_err();
            assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v), Some(field));
        }
        assert!(serde_json::from_str::<Rules>(r#"{"lockafter":3}"#).is_err(), "unknown fields are refused");
    }
}
