//! Coming in: name and password, second factor, one's own password. Whatever is decided is committed together with its entry in
//! the access trail, so nobody comes in, fails or changes anything without one.

mod accounts;
pub(super) mod trail;

use super::engine::Engine;
use crate::access::Private;
use crate::error::{Code, Error, Result};
use crate::ident::{HospitalId, StaffId};
use crate::port::{Record, RecordKind, RecordWrite};
use crate::staff::{Account, Door, LoginName, Note, Rules, Secret, Verifier, Weak, What};

pub use accounts::{By, Decided, Founded, NewAccount, NotSo};
pub use trail::TrailCheck;

use trail::Pen;

/// So often something is decided anew when somebody else was a moment faster.
const RACES: u32 = 16;

/// What came of a name and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Right; what he has to do next is [`Account::next`].
    Admitted(Box<Account>),
    /// Not, and nobody is told why.
    Refused,
    /// The name is locked, whether somebody has it or not.
    Locked {
        /// For so long.
        seconds: u64,
    },
}

/// What came of changing one's own password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// Changed; all sessions of before are over.
    Changed(Box<Account>),
    /// The new one is not taken.
    Weak(Weak),
    /// The present one was wrong.
    Refused,
    /// The name is locked.
    Locked {
        /// For so long.
        seconds: u64,
    },
}

/// A record of accounts with the version it was read at.
struct Read<T> {
    ver: Option<u32>,
    value: T,
}

impl Engine {
    /// Checks name and password. Without a second factor he is in; with one the door stays as it is until he has shown it.
    pub async fn sign_in(&self, hospital: &HospitalId, rules: &Rules, login: &Private, password: &Private, from: &str) -> Result<SignIn> {
        for _ in 0..RACES {
            let now = self.now();
            let pen = self.pen(hospital).await?;
            let key = LoginName::key_of(login.reveal());
            let mut door = self.door(hospital, &key).await?;
            if let Some(seconds) = door.value.shut(now) {
                return Ok(SignIn::Locked { seconds });
            }
            let account = match &door.value.staff {
                Some(id) => self.account_read(hospital, id).await?,
                None => None,
            };
            let right = match &account {
                Some(account) => account.value.admits(password)?,
                None => Verifier::nobodys().admits(password)?,
            };
            let Some(mut account) = account.filter(|account| right && account.value.is_usable(rules, now)) else {
                let notes = failed(&mut door.value, rules, now, from, What::LoginFailed);
                match pen.write(self, vec![door_write(&key, &door, rules)?], notes).await {
                    Err(error) if error.code() == Code::Conflict => continue,
                    done => return done.map(|()| SignIn::Refused),
                }
            };
            if account.value.has_factor() {
                return Ok(SignIn::Admitted(Box::new(account.value)));
            }
            match self.let_in(pen, rules, &mut account, door, from).await {
                Err(error) if error.code() == Code::Conflict => {}
                done => return done.map(|()| SignIn::Admitted(Box::new(account.value))),
            }
        }
        Err(Error::new(Code::Conflict))
    }

    /// Checks the second factor of somebody whose password was right; `session` is where he shows it, and may show it twice.
    pub async fn show_factor(&self, hospital: &HospitalId, rules: &Rules, staff: &StaffId, code: &Private, session: &str, from: &str) -> Result<SignIn> {
        for _ in 0..RACES {
            let now = self.now();
            let pen = self.pen(hospital).await?;
            let Some(mut account) = self.account_read(hospital, staff).await? else { return Ok(SignIn::Refused) };
            let key = LoginName::key_of(account.value.login.as_str());
            let mut door = self.door(hospital, &key).await?;
            if let Some(seconds) = door.value.shut(now) {
                return Ok(SignIn::Locked { seconds });
            }
            if account.value.is_usable(rules, now) && account.value.has_just_accepted(code, session, now)? {
                return Ok(SignIn::Admitted(Box::new(account.value)));
            }
            if account.value.is_usable(rules, now) && account.value.accepts(code, session, now)? {
                match self.let_in(pen, rules, &mut account, door, from).await {
                    Err(error) if error.code() == Code::Conflict => continue,
                    done => return done.map(|()| SignIn::Admitted(Box::new(account.value))),
                }
            }
            let notes = failed(&mut door.value, rules, now, from, What::FactorFailed);
            match pen.write(self, vec![door_write(&key, &door, rules)?], notes).await {
                Err(error) if error.code() == Code::Conflict => {}
                done => return done.map(|()| SignIn::Refused),
            }
        }
        Err(Error::new(Code::Conflict))
    }

    async fn let_in(&self, pen: Pen, rules: &Rules, account: &mut Read<Account>, mut door: Read<Door>, from: &str) -> Result<()> {
        account.value.came_in(self.now());
        let note = Note::by(&account.value.caller(pen.hospital.clone()), from, What::LoggedIn);
        let mut records = vec![account_write(account)?];
        if door.value.clear() {
            records.push(door_write(&LoginName::key_of(account.value.login.as_str()), &door, rules)?);
        }
        pen.write(self, records, vec![note]).await
    }

    /// Enrols a second factor by its first code; `false` when it does not fit, or there is one already.
    pub async fn enrol_factor(&self, hospital: &HospitalId, staff: &StaffId, secret: &Secret, code: &Private, from: &str) -> Result<bool> {
        for _ in 0..RACES {
            let now = self.now();
            let pen = self.pen(hospital).await?;
            let Some(mut account) = self.account_read(hospital, staff).await? else { return Ok(false) };
            if !account.value.enrol(secret.clone(), code, now)? {
                return account.value.has_just_enrolled(secret, code, now);
            }
            let note = Note::by(&account.value.caller(hospital.clone()), from, What::FactorEnrolled);
            match pen.write(self, vec![account_write(&account)?], vec![note]).await {
                Err(error) if error.code() == Code::Conflict => {}
                done => return done.map(|()| true),
            }
        }
        Err(Error::new(Code::Conflict))
    }

    /// Changes one's own password; the present one must be typed, too, and counts like a login when it is wrong.
    pub async fn change_password(&self, hospital: &HospitalId, rules: &Rules, staff: &StaffId, present: &Private, new: &Private, from: &str) -> Result<PasswordChange> {
        for _ in 0..RACES {
            let now = self.now();
            let pen = self.pen(hospital).await?;
            let Some(mut account) = self.account_read(hospital, staff).await? else { return Ok(PasswordChange::Refused) };
            let key = LoginName::key_of(account.value.login.as_str());
            let mut door = self.door(hospital, &key).await?;
            if let Some(seconds) = door.value.shut(now) {
                return Ok(PasswordChange::Locked { seconds });
            }
            let (records, notes, change) = if account.value.admits(present)? {
                if let Some(weak) = account.value.change_password(new, now, self.inner.entropy.as_ref())? {
                    return Ok(PasswordChange::Weak(weak));
                }
                let note = Note::by(&account.value.caller(hospital.clone()), from, What::PasswordChanged);
                (vec![account_write(&account)?], vec![note], PasswordChange::Changed(Box::new(account.value)))
            } else if account.value.has_just_changed(present, new, now)? {
                return Ok(PasswordChange::Changed(Box::new(account.value)));
            } else {
                let notes = failed(&mut door.value, rules, now, from, What::LoginFailed);
                (vec![door_write(&key, &door, rules)?], notes, PasswordChange::Refused)
            };
            match pen.write(self, records, notes).await {
                Err(error) if error.code() == Code::Conflict => {}
                done => return done.map(|()| change),
            }
        }
        Err(Error::new(Code::Conflict))
    }

    /// An account as it is now, for whoever holds a session of it.
    pub async fn account(&self, hospital: &HospitalId, staff: &StaffId) -> Result<Option<Account>> {
        Ok(self.account_read(hospital, staff).await?.map(|read| read.value))
    }

    async fn account_read(&self, hospital: &HospitalId, staff: &StaffId) -> Result<Option<Read<Account>>> {
        let Some(record) = self.inner.store.record(hospital, RecordKind::Staff, staff.as_str()).await? else { return Ok(None) };
        Ok(Some(Read { ver: Some(record.ver), value: parse(&record)? }))
    }

    /// The door of a name; one that was never tried is open.
    async fn door(&self, hospital: &HospitalId, key: &str) -> Result<Read<Door>> {
        let known = self.inner.store.record(hospital, RecordKind::StaffLogin, key).await?.filter(|record| record.lives(self.now()));
        known.map_or_else(|| Ok(Read { ver: None, value: Door::default() }), |record| Ok(Read { ver: Some(record.ver), value: parse(&record)? }))
    }
}

/// One more failure at a door, and what the trail says about it.
fn failed(door: &mut Door, rules: &Rules, now: crate::Timestamp, from: &str, what: What) -> Vec<Note> {
    let note = |what| {
        let note = Note::by_nobody(from, what);
        door.staff.as_ref().map_or(note.clone(), |staff| note.about(staff.as_str()))
    };
    let (failure, lock) = (note(what), note(What::Locked));
    if door.fail(rules, now) { vec![failure, lock] } else { vec![failure] }
}

fn parse<T: serde::de::DeserializeOwned>(record: &Record) -> Result<T> {
    crate::json::read_bytes(&record.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", record.kind.code()))
}

fn write<T: serde::Serialize>(kind: RecordKind, key: &str, expected: Option<u32>, expires: Option<crate::Timestamp>, value: &T) -> Result<RecordWrite> {
    let body = serde_json::to_vec(value).map_err(|_| Error::internal("records of staff serialise"))?;
    Ok(RecordWrite { record: Record { kind, key: key.to_owned(), ver: expected.unwrap_or(0).saturating_add(1), expires, body }, expected })
}

fn account_write(read: &Read<Account>) -> Result<RecordWrite> {
    write(RecordKind::Staff, read.value.id.as_str(), read.ver, None, &read.value)
}

fn door_write(key: &str, read: &Read<Door>, rules: &Rules) -> Result<RecordWrite> {
    write(RecordKind::StaffLogin, key, read.ver, read.value.expires(rules), &read.value)
}
