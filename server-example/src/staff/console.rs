//! Accounts made at the console of the server: the first administrators, and whoever must come in when none of them can any more.
//! There is no account before somebody with access to the configuration, the keys and the store has made one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use menjie::access::{Private, Role};
use menjie::error::{Error, Result};
use menjie::ident::{DeptCode, StaffId};
use menjie::service::{Decided, Founded, NewAccount};
use menjie::staff::LoginName;

use crate::app::App;
use crate::start::open;

/// What the command line says about the account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Founding {
    /// The number.
    pub id: String,
    /// What he logs in with.
    pub login: String,
    /// His name.
    pub name: String,
    /// Roles by their codes.
    pub roles: Vec<String>,
    /// Departments by their codes.
    pub departments: Vec<String>,
}

/// Reads the arguments behind `staff add`; `None` when they make no sense.
pub fn arguments(given: &mut impl Iterator<Item = String>) -> Option<(PathBuf, Founding)> {
    let (mut config, mut founding) = (None, Founding::default());
    while let Some(name) = given.next() {
        let value = given.next()?;
        match name.as_str() {
            "--config" => config = Some(PathBuf::from(value)),
            "--id" => founding.id = value,
            "--login" => founding.login = value,
            "--name" => founding.name = value,
            "--role" => founding.roles.push(value),
            "--department" => founding.departments.push(value),
            _ => return None,
        }
    }
    Some((config?, founding))
}

/// Makes the account and says what is shown this once, or what is wrong.
pub async fn add(config: &Path, env: &BTreeMap<String, String>, founding: &Founding) -> Result<String, String> {
    let app = open(config, env).await.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let founded = match found(&app, founding).await {
        Ok(Decided::Done(founded)) => founded,
        Ok(Decided::Refused(no)) => return Err(no.text().to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    let mut text = format!(
        "account    {} ({})\nlogin      {}\npassword   {}   (once; to be changed at the first login)\n",
        founding.id,
        founding.roles.join(", "),
        founding.login,
        founded.password.reveal()
    );
    if let Some(uri) = uri(&app, founding, &founded) {
        text.push_str(&format!("scan       {}\n", uri.reveal()));
    }
    Ok(text)
}

/// Makes the account in an open store.
pub async fn found(app: &App, founding: &Founding) -> Result<Decided<Founded>> {
    let new = NewAccount { id: StaffId::new(&founding.id)?, login: LoginName::parse(&founding.login)?, name: Private::new(founding.name.clone()) };
    let role = |code: &String| {
        Role::of(code)
            .ok_or_else(|| Error::field("role", "is none of doctor, exec_dept, finance, operator, auditor, reports, operations, system_admin, security_admin, audit_admin"))
    };
    let roles = founding.roles.iter().map(role).collect::<Result<Vec<_>>>()?;
    if roles.is_empty() {
        return Err(Error::field("role", "is missing: an account made here has its role at once"));
    }
    let departments = founding.departments.iter().map(|code| DeptCode::new(code)).collect::<Result<Vec<_>>>()?;
    app.engine().found_account(app.hospital(), &new, &roles, &departments).await
}

/// What an authenticator scans.
pub fn uri(app: &App, founding: &Founding, founded: &Founded) -> Option<Private> {
    let login = LoginName::parse(&founding.login).ok()?;
    founded.factor.as_ref().map(|secret| secret.uri(&app.pages().settings.hospital_name, login.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(PathBuf, Founding)> {
        arguments(&mut line.split(' ').map(str::to_owned))
    }

    #[test]
    fn arguments_come_in_any_order_and_none_is_guessed() {
        let (config, founding) = read("--login li --role system_admin --config a.json --id S1 --name 李 --role x --department D1").unwrap();
        assert_eq!(config, Path::new("a.json"));
        assert_eq!((founding.id.as_str(), founding.roles, founding.departments), ("S1", vec!["system_admin".to_owned(), "x".to_owned()], vec!["D1".to_owned()]));
        for wrong in ["--id S1", "--config", "--config a --password x", "add --config a"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
