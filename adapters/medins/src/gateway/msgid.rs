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
///
/// A process that is started again within a second does not know what the one before it has used of that second: each begins at
/// another place of the block, and goes round it once.
#[derive(Debug)]
pub struct MsgIds {
    institution: String,
    first: u16,
    size: u16,
    begin: u16,
    /// The second, and how many numbers of it are given out.
    at: Mutex<(String, u16)>,
}

impl MsgIds {
    /// For an institution of twelve characters, with the serials from `first` to `last`; `random` says where to begin.
    pub fn new(institution: &str, first: u16, last: u16, random: u16) -> MsgIds {
        let size = last.saturating_sub(first).saturating_add(1);
        MsgIds { institution: institution.to_owned(), first, size, begin: random % size, at: Mutex::new((String::new(), 0)) }
    }

    /// The next number; none when the block is used up within this second. A clock that goes back repeats nothing: the last
    /// second goes on until it is over.
    pub fn next(&self, now: Timestamp) -> Option<MsgId> {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let second = local_digits(now);
        if second > at.0 {
            *at = (second, 0);
        }
        if at.1 >= self.size {
            return None;
        }
        let serial = self.first + (self.begin + at.1) % self.size;
        at.1 += 1;
        Some(MsgId(format!("{}{}{serial:04}", self.institution, at.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_thirty_long_and_never_repeat() {
        let ids = MsgIds::new("H44050000001", 7, 9, 0);
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
    /// The gateway refuses a number that was used: a restarted process must not begin where the one before it began.
    #[test]
    fn a_process_that_starts_again_within_a_second_begins_elsewhere() {
        let now = Timestamp::parse("2025-05-06T09:10:01+08:00").unwrap();
        let given = |random: u16, count: usize| -> Vec<String> {
            let ids = MsgIds::new("H44050000001", 0, 9_999, random);
            (0..count).map(|_| ids.next(now).unwrap().as_str().to_owned()).collect()
        };
        let (before, after) = (given(9_998, 5), given(40_123, 5));
        assert!(before.iter().all(|id| !after.contains(id)), "{before:?} {after:?}");
        assert_eq!(before.iter().map(|id| &id[26..]).collect::<Vec<_>>(), ["9998", "9999", "0000", "0001", "0002"], "round the block");
        let mut all = given(65_535, 10_000);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 10_000, "once");
    }
}
