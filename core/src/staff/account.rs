//! An account: who somebody is, what he may, and with what he proves it. What happens to it is decided here.

use serde::{Deserialize, Serialize};

use super::login::LoginName;
use super::password::{Verifier, Weak, weakness};
use super::rules::Rules;
use super::totp::{Factor, Secret};
use crate::access::{Caller, Private, Role};
use crate::calendar::Timestamp;
use crate::error::{Error, Result};
use crate::ident::{DeptCode, HospitalId, StaffId};
use crate::port::Entropy;

/// A new password differs from the present one and from so many before it.
const EARLIER: usize = 4;
/// So long a change that is asked for again is the one that was made, in milliseconds.
const JUST_MS: i64 = 60_000;

/// In place of a session: only the one that drew the secret can enrol it.
const ENROLLING: &str = "enrolling";

/// An account of a member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// His number (工号).
    pub id: StaffId,
    /// What he logs in with.
    pub login: LoginName,
    /// His name, for colleagues.
    pub name: Private,
    /// What he may be; nothing at first.
    pub roles: Vec<Role>,
    /// For which departments he works.
    pub departments: Vec<DeptCode>,
    /// May he log in at all?
    pub enabled: bool,
    /// Since when there is this account.
    pub born: Timestamp,
    /// When it was last used, or revived.
    pub used_at: Timestamp,
    /// When he last logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login: Option<Timestamp>,
    /// Counts what ends all sessions: another password, other roles, being disabled.
    pub epoch: u32,
    /// With what he proves who he is.
    pub keys: Keys,
}

/// With what somebody proves who he is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    verifier: Verifier,
    set_at: Timestamp,
    /// It was given to him and must be changed.
    temporary: bool,
    earlier: Vec<Verifier>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    factor: Option<Factor>,
}

/// What somebody whose password was right must do before he may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Show the second factor.
    Factor,
    /// Enrol one: his roles demand it.
    Enrol,
    /// Choose another password.
    Password,
    /// Nothing.
    Work,
}

impl Account {
    /// Can it be an account's number: letters, digits, `-` and `_`, so that it stands in addresses as it is?
    pub fn is_number(id: &StaffId) -> bool {
        id.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    }

    /// A new one with a password to be changed at the first login.
    pub fn new(id: StaffId, login: LoginName, name: Private, password: &Private, now: Timestamp, entropy: &dyn Entropy) -> Result<Account> {
        if !Account::is_number(&id) {
            return Err(Error::field("id", "must be of letters, digits, '-' and '_'"));
        }
        let length = name.reveal().trim().chars().count();
        if !(1..=20).contains(&length) || name.reveal().chars().any(char::is_control) {
            return Err(Error::field("name", "must have 1 to 20 printable characters"));
        }
        let keys = Keys { verifier: Verifier::of(password, entropy)?, set_at: now, temporary: true, earlier: Vec::new(), factor: None };
        Ok(Account { id, login, name, roles: Vec::new(), departments: Vec::new(), enabled: true, born: now, used_at: now, last_login: None, epoch: 1, keys })
    }

    /// May he log in: enabled, and not forgotten for too long?
    pub fn is_usable(&self, rules: &Rules, now: Timestamp) -> bool {
        self.enabled && !rules.is_dormant(self.used_at, now)
    }

    /// What he must do next; `proven` when he has shown his second factor in this session.
    pub fn next(&self, rules: &Rules, now: Timestamp, proven: bool) -> Next {
        match &self.keys.factor {
            Some(_) if !proven => Next::Factor,
            None if self.needs_factor() => Next::Enrol,
            Some(_) | None if self.keys.temporary || rules.password_is_old(self.keys.set_at, now) => Next::Password,
            Some(_) | None => Next::Work,
        }
    }

    /// Do his roles demand a second factor?
    pub fn needs_factor(&self) -> bool {
        self.roles.iter().any(|role| role.needs_factor())
    }

    /// Has he a second factor?
    pub fn has_factor(&self) -> bool {
        self.keys.factor.is_some()
    }

    /// Was the password given to him?
    pub fn must_change_password(&self) -> bool {
        self.keys.temporary
    }

    /// Is it his password?
    pub fn admits(&self, password: &Private) -> Result<bool> {
        self.keys.verifier.admits(password)
    }

    /// Is it the password somebody gave him, which he has not changed yet?
    pub fn was_given(&self, password: &Private) -> Result<bool> {
        Ok(self.keys.temporary && self.admits(password)?)
    }

    /// Is it the code of his second factor? Then it is used up by this session. Without a factor nothing fits.
    pub fn accepts(&mut self, code: &Private, session: &str, now: Timestamp) -> Result<bool> {
        self.keys.factor.as_mut().map_or(Ok(false), |factor| factor.accept(code, session, now))
    }

    /// Has this session just shown it?
    pub fn has_just_accepted(&self, code: &Private, session: &str, now: Timestamp) -> Result<bool> {
        self.keys.factor.as_ref().map_or(Ok(false), |factor| factor.has_just_accepted(code, session, now))
    }

    /// Enrols a second factor, proven by its first code; an enrolled one is only replaced after a reset.
    pub fn enrol(&mut self, secret: Secret, code: &Private, now: Timestamp) -> Result<bool> {
        let mut factor = Factor::new(secret);
        let fits = self.keys.factor.is_none() && factor.accept(code, ENROLLING, now)?;
        if fits {
            self.keys.factor = Some(factor);
        }
        Ok(fits)
    }

    /// Has he just enrolled this secret with this code? Whoever presses twice has.
    pub fn has_just_enrolled(&self, secret: &Secret, code: &Private, now: Timestamp) -> Result<bool> {
        self.keys.factor.as_ref().filter(|factor| factor.is_over(secret)).map_or(Ok(false), |factor| factor.has_just_accepted(code, ENROLLING, now))
    }

    /// Gives him a second factor whose secret the console shows once.
    pub(crate) fn found_with(&mut self, secret: Secret) {
        self.keys.factor = Some(Factor::new(secret));
    }

    /// Takes the second factor away (a lost phone); sessions end.
    pub fn reset_factor(&mut self) {
        self.keys.factor = None;
        self.epoch += 1;
    }

    /// His own new password, or why not; sessions end.
    pub fn change_password(&mut self, password: &Private, now: Timestamp, entropy: &dyn Entropy) -> Result<Option<Weak>> {
        if let Some(weak) = weakness(&self.login, password) {
            return Ok(Some(weak));
        }
        for earlier in std::iter::once(&self.keys.verifier).chain(&self.keys.earlier) {
            if earlier.admits(password)? {
                return Ok(Some(Weak::Earlier));
            }
        }
        self.set(password, false, now, entropy)?;
        Ok(None)
    }

    /// Has he just changed `present` into `new`? Whoever presses twice asks for a change that his first press has made already.
    pub fn has_just_changed(&self, present: &Private, new: &Private, now: Timestamp) -> Result<bool> {
        let Some(before) = self.keys.earlier.first().filter(|_| !self.keys.temporary && now.since(self.keys.set_at) < JUST_MS) else { return Ok(false) };
        Ok(before.admits(present)? && self.keys.verifier.admits(new)?)
    }

    /// A password somebody gives him, to be changed; sessions end.
    pub fn reset_password(&mut self, password: &Private, now: Timestamp, entropy: &dyn Entropy) -> Result<()> {
        self.set(password, true, now, entropy)
    }

    fn set(&mut self, password: &Private, temporary: bool, now: Timestamp, entropy: &dyn Entropy) -> Result<()> {
        let before = std::mem::replace(&mut self.keys.verifier, Verifier::of(password, entropy)?);
        self.keys.earlier.insert(0, before);
        self.keys.earlier.truncate(EARLIER);
        self.keys.set_at = now;
        self.keys.temporary = temporary;
        self.epoch += 1;
        Ok(())
    }

    /// Other roles and departments; sessions end.
    pub fn assign(&mut self, mut roles: Vec<Role>, mut departments: Vec<DeptCode>) -> Result<()> {
        Role::may_be_held_together(&roles)?;
        let needs = roles.iter().any(|role| role.has_departments());
        if needs == departments.is_empty() {
            return Err(Error::field("departments", "belong to doctors and executing departments, which need at least one"));
        }
        if departments.len() > 50 {
            return Err(Error::field("departments", "are more than 50"));
        }
        roles.sort();
        departments.sort();
        departments.dedup();
        self.roles = roles;
        self.departments = departments;
        self.epoch += 1;
        Ok(())
    }

    /// Disables it, or revives it.
    pub fn enable(&mut self, enabled: bool, now: Timestamp) {
        self.enabled = enabled;
        self.used_at = now;
        self.epoch += 1;
    }

    /// He came in.
    pub fn came_in(&mut self, now: Timestamp) {
        self.used_at = now;
        self.last_login = Some(now);
    }

    /// Him as whoever calls operations.
    pub fn caller(&self, hospital: HospitalId) -> Caller {
        Caller::staff(hospital, self.id.clone(), self.roles.clone()).within(self.departments.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::host::SeededEntropy;

    const DAY: i64 = 86_400_000;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_772_409_600_000)
    }

    fn account() -> Account {
        let login = LoginName::parse("li.wei").unwrap();
        Account::new(StaffId::new("S1").unwrap(), login, "李*".into(), &"One-time-1".into(), now(), &SeededEntropy::new(1)).unwrap()
    }

    fn changed(account: &mut Account, password: &str) -> Option<Weak> {
        account.change_password(&password.into(), now(), &SeededEntropy::new(2)).unwrap()
    }

    #[test]
    fn a_new_account_may_do_nothing_and_must_change_its_password() {
        let account = account();
        assert!(account.roles.is_empty() && account.is_usable(&Rules::default(), now()));
        assert_eq!(account.next(&Rules::default(), now(), false), Next::Password);
        assert!(account.admits(&"One-time-1".into()).unwrap() && !account.admits(&"one-time-1".into()).unwrap());
        for (id, name) in [("S1", " "), ("S1", "a\nb"), ("S/1", "李*"), ("张三", "李*")] {
            let login = LoginName::parse("li.wei").unwrap();
            assert!(Account::new(StaffId::new(id).unwrap(), login, name.into(), &"x".into(), now(), &SeededEntropy::new(1)).is_err(), "{id} {name}");
        }
    }

    #[test]
    fn the_way_in_by_roles_factor_and_password() {
        let rules = Rules::default();
        let mut account = account();
        account.assign(vec![Role::Finance], Vec::new()).unwrap();
        assert_eq!(account.next(&rules, now(), false), Next::Enrol, "before the password: a stolen one-time password alone opens nothing later");
        let secret = Secret::draw(&SeededEntropy::new(3));
        assert!(!account.enrol(secret.clone(), &"000000".into(), now()).unwrap());
        let code = secret.code_at(now()).unwrap();
        assert!(account.enrol(secret.clone(), &code, now()).unwrap());
        assert!(!account.enrol(Secret::draw(&SeededEntropy::new(4)), &code, now()).unwrap(), "never replaced without a reset");
        assert!(!account.accepts(&code, "s", now()).unwrap(), "the code of the enrolment is used up");
        assert_eq!((account.next(&rules, now(), false), account.next(&rules, now(), true)), (Next::Factor, Next::Password));
        assert_eq!(changed(&mut account, "Another-2x"), None);
        assert_eq!(account.next(&rules, now(), true), Next::Work);
        assert_eq!(account.next(&rules, now().plus_millis(90 * DAY), true), Next::Password, "too old");
        account.reset_factor();
        assert_eq!(account.next(&rules, now(), false), Next::Enrol);
        account.assign(vec![Role::Reports], Vec::new()).unwrap();
        assert_eq!(account.next(&rules, now(), false), Next::Work, "reports demand none");
        assert!(!account.accepts(&code, "s", now()).unwrap(), "without a factor no code fits");
    }

    #[test]
    fn the_last_five_passwords_are_not_taken_again_and_the_sixth_is() {
        let mut account = account();
        let list = ["Alpha-1xx", "Bravo-2xx", "Charlie-3", "Delta-4xx", "Echo-5xxx"];
        for password in list {
            assert_eq!(changed(&mut account, password), None);
        }
        for password in list {
            assert_eq!(changed(&mut account, password), Some(Weak::Earlier), "{password}");
        }
        assert_eq!(changed(&mut account, "weak"), Some(Weak::Short));
        assert_eq!(changed(&mut account, "Foxtrot-6"), None);
        assert_eq!(changed(&mut account, "Alpha-1xx"), None);
    }

    #[test]
    fn whatever_changes_what_he_may_ends_sessions() {
        let mut account = account();
        let mut last = account.epoch;
        let mut rose = |account: &Account| {
            let more = account.epoch > last;
            last = account.epoch;
            more
        };
        account.assign(vec![Role::Doctor], vec![DeptCode::new("D1").unwrap()]).unwrap();
        assert!(rose(&account));
        account.reset_password(&"Given-77x".into(), now(), &SeededEntropy::new(5)).unwrap();
        assert!(rose(&account) && account.must_change_password());
        assert_eq!(changed(&mut account, "Own-88xxx"), None);
        assert!(rose(&account) && !account.must_change_password());
        account.enable(false, now());
        assert!(rose(&account) && !account.is_usable(&Rules::default(), now()));
        account.reset_factor();
        assert!(rose(&account));
        account.came_in(now());
        assert!(!rose(&account), "coming in ends nothing");
    }

    #[test]
    fn roles_and_departments_go_together() {
        let mut account = account();
        let department = || vec![DeptCode::new("D1").unwrap()];
        for (roles, departments, good) in [
            (vec![Role::Doctor], department(), true),
            (vec![Role::Doctor], Vec::new(), false),
            (vec![Role::Finance], department(), false),
            (vec![Role::ExecDept, Role::Reports], department(), true),
            (vec![Role::SystemAdmin, Role::Finance], Vec::new(), false),
            (Vec::new(), Vec::new(), true),
        ] {
            assert_eq!(account.assign(roles.clone(), departments).is_ok(), good, "{roles:?}");
        }
    }

    #[test]
    fn an_account_nobody_uses_falls_asleep_until_it_is_revived() {
        let rules = Rules::default();
        let mut account = account();
        assert!(account.is_usable(&rules, now().plus_millis(90 * DAY - 1)) && !account.is_usable(&rules, now().plus_millis(90 * DAY)));
        account.came_in(now().plus_millis(50 * DAY));
        assert!(account.is_usable(&rules, now().plus_millis(100 * DAY)));
        account.enable(true, now().plus_millis(200 * DAY));
        assert!(account.is_usable(&rules, now().plus_millis(201 * DAY)));
    }

    #[test]
    fn nothing_of_it_shows_in_debug() {
        let mut account = account();
        account.found_with(Secret::draw(&SeededEntropy::new(9)));
        let shown = format!("{account:?}");
        assert!(!shown.contains("李") && shown.contains("***"));
    }
}
