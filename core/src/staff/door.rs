//! The door of a login name: how often it was tried in vain, and whether it is shut. Names nobody has get a door, too, when
//! they are tried, so that a lock tells nobody whether there is such an account.

use serde::{Deserialize, Serialize};

use super::rules::Rules;
use crate::calendar::Timestamp;
use crate::ident::StaffId;

/// The door of a login name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// Whose name it is; nobody's for a name that was only tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffId>,
    /// Failures in a row.
    failed: u32,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Timestamp>,
    /// Shut until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

impl Door {
    /// Of a new account.
    pub fn of(staff: StaffId) -> Door {
        Door { staff: Some(staff), ..Door::default() }
    }

    /// For how many seconds it stays shut; `None` when it is open.
    pub fn shut(&self, now: Timestamp) -> Option<u64> {
        let left = self.until?.since(now);
        (left > 0).then(|| u64::try_from(left).unwrap_or(0).div_ceil(1000))
    }

    /// Another failure; `true` when it shuts the door.
    pub fn fail(&mut self, rules: &Rules, now: Timestamp) -> bool {
        if self.last.is_none_or(|last| now.since(last) >= rules.lock_ms()) {
            self.failed = 0;
        }
        self.failed += 1;
        self.last = Some(now);
        if self.failed < rules.lock_after {
            return false;
        }
        self.failed = 0;
        self.until = Some(now.plus_millis(rules.lock_ms()));
        true
    }

    /// Somebody came in: what was before is forgotten. `false` when there was nothing.
    pub fn clear(&mut self) -> bool {
        let before = std::mem::replace(self, Door { staff: self.staff.clone(), ..Door::default() });
        *self != before
    }

    /// When nothing about a name nobody has is worth keeping any more.
    pub fn expires(&self, rules: &Rules) -> Option<Timestamp> {
        if self.staff.is_some() {
            return None;
        }
        self.last.map(|last| last.plus_millis(rules.lock_ms()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + s * 1000)
    }

    #[test]
    fn the_fifth_failure_shuts_it_for_a_quarter_of_an_hour() {
        let rules = Rules::default();
        let mut door = Door::default();
        for second in 0..4 {
            assert!(!door.fail(&rules, at(second)));
        }
        assert_eq!(door.shut(at(4)), None);
        assert!(door.fail(&rules, at(4)));
        assert_eq!((door.shut(at(4)), door.shut(at(903)), door.shut(at(904))), (Some(900), Some(1), None));
        assert!(!door.fail(&rules, at(905)), "after the lock it counts from the beginning");
    }

    #[test]
    fn failures_of_long_ago_and_those_before_a_success_do_not_count() {
        let rules = Rules::default();
        let mut door = Door::of(StaffId::new("S1").unwrap());
        for hour in 0..10 {
            assert!(!door.fail(&rules, at(hour * 900)), "one in a quarter of an hour");
        }
        for _ in 0..3 {
            for second in 0..4 {
                assert!(!door.fail(&rules, at(20_000 + second)));
            }
            assert!(door.clear());
        }
        assert!(!door.clear());
        assert_eq!((door.staff.clone(), door.expires(&rules)), (Some(StaffId::new("S1").unwrap()), None), "an account's door stays");
    }

    #[test]
    fn a_name_nobody_has_is_forgotten_with_its_failures() {
        let rules = Rules::default();
        let mut door = Door::default();
        door.fail(&rules, at(0));
        assert_eq!(door.expires(&rules), Some(at(900)));
    }
}
