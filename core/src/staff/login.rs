//! The name somebody logs in with.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::gm;

/// 3 to 32 of `a-z 0-9 . _ -`. Typed in any case, kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LoginName(String);

impl LoginName {
    /// As typed: case and blanks around it do not matter.
    pub fn parse(typed: &str) -> Result<LoginName> {
        let name = typed.trim().to_ascii_lowercase();
        let allowed = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
        if allowed && (3..=32).contains(&name.len()) { Ok(LoginName(name)) } else { Err(Error::field("login", "must have 3 to 32 of a-z, 0-9, '.', '_' and '-'")) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Under what it is kept. Whatever was typed has such a key, so names that do not exist are treated like those that do.
    pub fn key_of(typed: &str) -> String {
        gm::hex(&gm::sm3(format!("staff:{}", typed.trim().to_ascii_lowercase()).as_bytes()))
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_plain_and_of_one_case() {
        assert_eq!(LoginName::parse(" Li.Wei-2 ").unwrap().as_str(), "li.wei-2");
        for wrong in ["", "ab", "a b c", "张三李四", "a'--", &"a".repeat(33)] {
            assert!(LoginName::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(LoginName::key_of(" Li.Wei-2 "), LoginName::key_of("li.wei-2"));
        assert_ne!(LoginName::key_of("li.wei-2"), LoginName::key_of("li.wei-3"));
    }
}
