//! Invented accounts of staff, one for each role, made before the server runs, as `menjie-server staff add` makes them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use menjie::access::{Private, Role};
use menjie::service::Decided;
use menjie_server::staff::console::{Founding, found};
use menjie_server::start::open;
use menjie_sim::day::Day;
use serde_json::{Value, json};

/// An account as it is shown once.
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) role: Role,
    pub(crate) login: String,
    /// To be changed at the first login.
    pub(crate) password: Private,
    /// For an authenticator, in base 32.
    pub(crate) secret: Option<Private>,
}

impl Account {
    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({ "id": self.id, "role": self.role.code(), "login": self.login, "password": self.password.reveal(), "secret": self.secret.as_ref().map(Private::reveal) })
    }

    /// For people.
    pub(crate) fn line(&self) -> String {
        let secret = self.secret.as_ref().map_or_else(String::new, |secret| format!("   验证器密钥 {}", secret.reveal()));
        format!("    {:<16} {}   {}{secret}", self.login, self.password.reveal(), self.role.name())
    }
}

/// Makes them in the store of this configuration. Those that a kept folder has already stay as they are.
pub(crate) async fn make(config: &Path, day: &Day) -> Result<Vec<Account>, String> {
    let env: BTreeMap<String, String> = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
    let app = open(config, &env).await.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let doctors: BTreeSet<String> = day.visits.iter().map(|v| v.visit.dept_code.as_str().to_owned()).collect();
    let executing: BTreeSet<String> = day.departments.iter().map(|d| d.code.as_str().to_owned()).collect();
    let mut accounts = Vec::new();
    for (number, role) in (1..).zip(Role::STAFF) {
        let departments = match role {
            Role::Doctor => doctors.iter().cloned().collect(),
            Role::ExecDept => executing.iter().cloned().collect(),
            _ => Vec::new(),
        };
        let login = role.code().replace('_', ".");
        let id = format!("D{number:02}");
        let founding = Founding { id: id.clone(), login: login.clone(), name: format!("演示{}", role.name()), roles: vec![role.code().to_owned()], departments };
        match found(&app, &founding).await {
            Ok(Decided::Done(made)) => accounts.push(Account { id, role, login, password: made.password, secret: made.factor.map(|secret| Private::new(secret.base32())) }),
            Ok(Decided::Refused(_)) => {}
            Err(error) => return Err(format!("the account {login}: {error}")),
        }
    }
    Ok(accounts)
}
