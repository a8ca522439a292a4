//! msgid: institution (12) + time (14) + serial (4). It names a transaction for good: 2601 and the statement use it.

use std::sync::{Mutex, PoisonError};

use menjie::Timestamp;

use crate::field::local_digits;

/// The number of a transaction, kept before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MsgId(String);

impl MsgId {
    /// One that was kept.
    pub fn kept(text: &str) -> Option<MsgId> {
        (text.len() == 30 && text.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| MsgId(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Gives numbers out of a block of serials that belongs to this process alone.
#[derive(Debug)]
pub struct MsgIds {
    institution: String,
    first: u16,
    last: u16,
    at: Mutex<(String, u16)>,
}

impl MsgIds {
    /// For an institution of twelve characters, with the serials from `first` to `last`.
    pub fn new(institution: &str, first: u16, last: u16) -> MsgIds {
        MsgIds { institution: institution.to_owned(), first, last, at: Mutex::new((String::new(), first)) }
    }

    /// The next number; none when the block is used up within this second. A clock that goes back repeats nothing: the last
    /// second goes on until it is over.
    pub fn next(&self, now: Timestamp) -> Option<MsgId> {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let second = local_digits(now);
        if second > at.0 {
            *at = (second, self.first);
        }
        let serial = at.1;
        if serial > self.last {
            return None;
        }
        at.1 = serial + 1;
        Some(MsgId(format!("{}{}{serial:04}", self.institution, at.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_thirty_long_and_never_repeat() {
        let ids = MsgIds::new("H44050000001", 7, 9);
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let first = at("2025-05-06T09:10:01.900+08:00");
        let given: Vec<_> = (0..4).map(|_| ids.next(first).map(|id| id.as_str().to_owned())).collect();
        assert_eq!(given[0].as_deref(), Some("H44050000001202505060910010007"));
        assert_eq!(given[2].as_deref(), Some("H44050000001202505060910010009"));
        assert_eq!(given[3], None, "a block does not wrap inside one second");
        assert_eq!(ids.next(at("2025-05-06T09:10:00+08:00")), None, "a clock that goes back repeats nothing");
        let next = ids.next(at("2025-05-06T09:10:02+08:00")).unwrap();
        assert_eq!((next.as_str(), next.as_str().len()), ("H44050000001202505060910020007", 30));
        assert_eq!(MsgId::kept(next.as_str()), Some(next));
        assert_eq!(MsgId::kept("x"), None);
    }
}
