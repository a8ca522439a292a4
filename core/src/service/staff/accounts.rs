//! What administrators do with accounts: the system administrator makes, disables and revives them and gives out one-time
//! passwords, the security administrator says what they may (三员分立). Nobody does it to himself.

use super::trail::Pen;
use super::{RACES, Read, account_write, parse, write};
use crate::access::{Caller, Object, Private, Right, Role, check};
use crate::error::{Code, Error, Result};
use crate::ident::{DeptCode, HospitalId, StaffId};
use crate::port::{RecordKind, RecordWrite, Scan, ScanRow};
use crate::service::engine::Engine;
use crate::staff::{Account, Door, LoginName, Note, Secret, What, one_time};

/// Who does it, and from where.
#[derive(Clone, Copy, Debug)]
pub struct By<'b> {
    /// Who.
    pub caller: &'b Caller,
    /// His address.
    pub from: &'b str,
}

/// What a new account needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// The number (工号).
    pub id: StaffId,
    /// What he logs in with.
    pub login: LoginName,
    /// His name.
    pub name: Private,
}

/// Done, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided<T> {
    /// Done.
    Done(T),
    /// A rule forbids it.
    Refused(NotSo),
}

/// What rules forbid about accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSo {
    /// There is an account of this number.
    NumberTaken,
    /// Somebody logs in with this name.
    LoginTaken,
    /// Nobody does this to his own account.
    OnesOwn,
    /// Without it the hospital would have no such administrator.
    LastAdministrator,
}

impl NotSo {
    /// For the administrator.
    pub const fn text(self) -> &'static str {
        match self {
            NotSo::NumberTaken => "该工号已有账号",
            NotSo::LoginTaken => "该登录名已被使用",
            NotSo::OnesOwn => "不能对自己的账号进行此操作",
            NotSo::LastAdministrator => "这是唯一可用的该类管理员账号，不能停用或变更",
        }
    }
}

/// An account made at the console: what is shown once, and never again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founded {
    /// The password of the first login.
    pub password: Private,
    /// The second factor's secret, when the roles demand one.
    pub factor: Option<Secret>,
}

impl Engine {
    /// Every account by number.
    pub async fn accounts(&self, caller: &Caller) -> Result<Vec<Account>> {
        check(caller, Right::ReadAccounts, Object::Hospital)?;
        self.all_accounts(&caller.hospital).await
    }

    async fn all_accounts(&self, hospital: &HospitalId) -> Result<Vec<Account>> {
        let (mut accounts, mut after) = (Vec::new(), None);
        loop {
            let page = self.inner.store.scan(&Scan::Records(hospital.clone(), RecordKind::Staff), after.as_ref(), 500).await?;
            for row in page.rows {
                if let ScanRow::Record(record) = row {
                    accounts.push(parse(&record)?);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(accounts);
            }
        }
    }

    /// Makes an account that may do nothing yet; this password is to be changed at the first login. One that has been made so
    /// already is made: whoever presses twice has one password to hand over.
    pub async fn make_account(&self, by: By<'_>, new: &NewAccount, password: &Private) -> Result<Decided<()>> {
        check(by.caller, Right::ManageAccounts, Object::Hospital)?;
        let note = Note::by(by.caller, by.from, What::AccountMade).about(new.id.as_str());
        let account = Account::new(new.id.clone(), new.login.clone(), new.name.clone(), password, self.now(), self.inner.entropy.as_ref())?;
        let born = self.born(&by.caller.hospital, account, &note).await?;
        if born == Decided::Refused(NotSo::NumberTaken)
            && let Some(there) = self.account(&by.caller.hospital, &new.id).await?
            && (&there.login, &there.name) == (&new.login, &new.name)
            && there.was_given(password)?
        {
            return Ok(Decided::Done(()));
        }
        Ok(born)
    }

    /// Makes an account at the console of the server, where whoever stands there could do anything anyway: the first
    /// administrators come into being here. It has its roles at once, and the second factor they demand.
    pub async fn found_account(&self, hospital: &HospitalId, new: &NewAccount, roles: &[Role], departments: &[DeptCode]) -> Result<Decided<Founded>> {
        let entropy = self.inner.entropy.as_ref();
        let password = one_time(entropy);
        let mut account = Account::new(new.id.clone(), new.login.clone(), new.name.clone(), &password, self.now(), entropy)?;
        account.assign(roles.to_vec(), departments.to_vec())?;
        let factor = account.needs_factor().then(|| Secret::draw(entropy));
        if let Some(secret) = &factor {
            account.found_with(secret.clone());
        }
        let note = Note::by_console(What::AccountMade).about(new.id.as_str()).with(particulars(&account));
        Ok(match self.born(hospital, account, &note).await? {
            Decided::Done(()) => Decided::Done(Founded { password, factor }),
            Decided::Refused(no) => Decided::Refused(no),
        })
    }

    async fn born(&self, hospital: &HospitalId, account: Account, note: &Note) -> Result<Decided<()>> {
        for _ in 0..RACES {
            let pen = self.pen(hospital).await?;
            if self.account_read(hospital, &account.id).await?.is_some() {
                return Ok(Decided::Refused(NotSo::NumberTaken));
            }
            let key = LoginName::key_of(account.login.as_str());
            let door = self.door(hospital, &key).await?;
            if door.value.staff.is_some() {
                return Ok(Decided::Refused(NotSo::LoginTaken));
            }
            let records: [RecordWrite; 2] =
                [account_write(&Read { ver: None, value: account.clone() })?, write(RecordKind::StaffLogin, &key, door.ver, None, &Door::of(account.id.clone()))?];
            match pen.write(self, records.into(), vec![note.clone()]).await {
                Err(error) if error.code() == Code::Conflict => {}
                done => return done.map(Decided::Done),
            }
        }
        Err(Error::new(Code::Conflict))
    }

    /// Disables an account, or revives it; its sessions end.
    pub async fn enable_account(&self, by: By<'_>, staff: &StaffId, enabled: bool) -> Result<Decided<()>> {
        let what = if enabled { What::AccountEnabled } else { What::AccountDisabled };
        let now = self.now();
        self.manage(by, Right::ManageAccounts, staff, what, |account| {
            account.enable(enabled, now);
            Ok(true)
        })
        .await
    }

    /// Gives out a one-time password; sessions end. One that he has been given already is given out.
    pub async fn reset_password(&self, by: By<'_>, staff: &StaffId, password: &Private) -> Result<Decided<()>> {
        let (entropy, now) = (self.inner.entropy.as_ref(), self.now());
        self.manage(by, Right::ManageAccounts, staff, What::PasswordReset, |account| {
            let new = !account.was_given(password)?;
            if new {
                account.reset_password(password, now, entropy)?;
            }
            Ok(new)
        })
        .await
    }

    /// Takes a second factor away; he enrols another one at his next login if his roles demand it.
    pub async fn reset_factor(&self, by: By<'_>, staff: &StaffId) -> Result<Decided<()>> {
        self.manage(by, Right::AssignRoles, staff, What::FactorReset, |account| {
            account.reset_factor();
            Ok(true)
        })
        .await
    }

    /// Says what somebody may be, and for which departments; sessions end.
    pub async fn assign_roles(&self, by: By<'_>, staff: &StaffId, roles: &[Role], departments: &[DeptCode]) -> Result<Decided<()>> {
        self.manage(by, Right::AssignRoles, staff, What::RolesChanged, |account| account.assign(roles.to_vec(), departments.to_vec()).map(|()| true)).await
    }

    /// `change` says whether there was anything to change.
    async fn manage(&self, by: By<'_>, right: Right, staff: &StaffId, what: What, change: impl Fn(&mut Account) -> Result<bool>) -> Result<Decided<()>> {
        check(by.caller, right, Object::Hospital)?;
        if by.caller.actor.is_staff(staff) {
            return Ok(Decided::Refused(NotSo::OnesOwn));
        }
        let hospital = &by.caller.hospital;
        for _ in 0..RACES {
            let pen: Pen = self.pen(hospital).await?;
            let mut account = self.account_read(hospital, staff).await?.ok_or_else(|| Error::new(Code::NotFound))?;
            let before = account.value.clone();
            if !change(&mut account.value)? {
                return Ok(Decided::Done(()));
            }
            if self.loses_the_last(hospital, &before, &account.value).await? {
                return Ok(Decided::Refused(NotSo::LastAdministrator));
            }
            let mut note = Note::by(by.caller, by.from, what).about(staff.as_str());
            if what == What::RolesChanged {
                note = note.with(format!("{} -> {}", particulars(&before), particulars(&account.value)));
            }
            match pen.write(self, vec![account_write(&account)?], vec![note]).await {
                Err(error) if error.code() == Code::Conflict => {}
                done => return done.map(Decided::Done),
            }
        }
        Err(Error::new(Code::Conflict))
    }

    /// Would the hospital have none of an administrator's kind any more?
    async fn loses_the_last(&self, hospital: &HospitalId, before: &Account, after: &Account) -> Result<bool> {
        let held = |account: &Account, role: Role| account.enabled && account.roles.contains(&role);
        let lost: Vec<Role> = Role::STAFF.into_iter().filter(|role| role.administers() && held(before, *role) && !held(after, *role)).collect();
        if lost.is_empty() {
            return Ok(false);
        }
        let others = self.all_accounts(hospital).await?;
        Ok(lost.iter().any(|role| !others.iter().any(|other| other.id != before.id && held(other, *role))))
    }
}

/// Roles and departments in codes, for the trail.
fn particulars(account: &Account) -> String {
    let roles = account.roles.iter().map(|role| role.code()).collect::<Vec<_>>().join("+");
    let departments = account.departments.iter().map(DeptCode::as_str).collect::<Vec<_>>().join("+");
    if departments.is_empty() { format!("[{roles}]") } else { format!("[{roles} @ {departments}]") }
}
