//! Page 43: users and roles. The system administrator makes, disables and revives accounts and gives out one-time passwords; the
//! security administrator says what they may and takes second factors away; each sees only his own buttons.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use menjie::access::{Private, Right, Role};
use menjie::error::{Code, Error};
use menjie::ident::{DeptCode, StaffId};
use menjie::service::{Decided, NewAccount};
use menjie::staff::{Account, LoginName, What};

use super::desk::Desk;
use super::form::Form;
use super::gate::StaffSession;
use super::issued;
use super::recon::fresh_key;
use crate::app::App;
use crate::pages::answer::{self, Page};
use crate::pages::fields::Fields;

/// An account, for people.
struct Shown {
    id: String,
    login: String,
    name: String,
    roles: String,
    departments: String,
    state: &'static str,
    usable: bool,
    factor: &'static str,
    last_login: String,
}

#[derive(Template)]
#[template(path = "staff/users.html")]
struct Users {
    d: Desk,
    accounts: Vec<Shown>,
    makes: bool,
}

#[derive(Template)]
#[template(path = "staff/user_new.html")]
struct UserNew {
    d: Desk,
    key: String,
    wrong: Option<String>,
    id: String,
    login: String,
    name: String,
}

#[derive(Template)]
#[template(path = "staff/user.html")]
struct User {
    d: Desk,
    key: String,
    shown: Shown,
    enabled: bool,
    has_factor: bool,
    own: bool,
    manages: bool,
    assigns: bool,
    roles: Vec<(&'static str, &'static str, bool)>,
    administrators: Vec<(&'static str, &'static str, bool)>,
    departments: String,
    wrong: Option<String>,
}

/// `GET /a/users`.
pub async fn list(State(app): State<App>, session: StaffSession) -> Page<Response> {
    let accounts = app.engine().accounts(&session.caller).await?.iter().map(|account| shown(&app, account)).collect();
    answer::page(&Users { accounts, makes: session.has(Right::ManageAccounts), d: Desk::of(&app, &session, "/a/users") })
}

/// `GET /a/users/new`.
pub async fn form(State(app): State<App>, session: StaffSession) -> Page<Response> {
    answer::page(&UserNew { d: Desk::of(&app, &session, "/a/users"), key: fresh_key(&app), wrong: None, id: String::new(), login: String::new(), name: String::new() })
}

/// `POST /a/users/new`.
pub async fn make(State(app): State<App>, session: StaffSession, Form(fields): Form) -> Page<Response> {
    let text = |name: &str| fields.one(name).unwrap_or_default().trim().to_owned();
    let (id, login, name) = (text("id"), text("login"), text("name"));
    let again = |wrong: String| {
        let page = UserNew { d: Desk::of(&app, &session, "/a/users"), key: fresh_key(&app), wrong: Some(wrong), id: id.clone(), login: login.clone(), name: name.clone() };
        answer::with_status(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    let Some(number) = StaffId::new(&id).ok().filter(Account::is_number) else {
        return again("工号须为字母、数字、“-”或“_”，不超过64位。".to_owned());
    };
    let Ok(login_name) = LoginName::parse(&login) else { return again("登录名须为3至32位小写字母、数字、“.”、“_”或“-”。".to_owned()) };
    if name.is_empty() || name.chars().count() > 20 {
        return again("姓名须为1至20个字。".to_owned());
    }
    let new = NewAccount { id: number.clone(), login: login_name, name: Private::new(name.clone()) };
    let password = issued::password(&app, &session, fields.one("key"), What::AccountMade, &number).await?;
    let made = {
        let (app, session, password) = (app.clone(), session.clone(), password.clone());
        app.clone().hashing().run(async move { app.engine().make_account(session.by(), &new, &password).await }).await?
    };
    match made {
        Decided::Done(()) => issued::page(&app, &session, &number, &password),
        Decided::Refused(no) => again(format!("{}。", no.text())),
    }
}

/// `GET /a/users/{id}`.
pub async fn one(State(app): State<App>, session: StaffSession, Path(id): Path<String>) -> Page<Response> {
    let account = account(&app, &id).await?;
    show(&app, &session, &account, StatusCode::OK, None)
}

/// `POST /a/users/{id}/state`.
pub async fn enable(State(app): State<App>, session: StaffSession, Path(id): Path<String>, Form(fields): Form) -> Page<Response> {
    let account = account(&app, &id).await?;
    let enabled = match fields.one("set") {
        Some("enabled") => true,
        Some("disabled") => false,
        _ => return Err(Error::field("set", "is neither enabled nor disabled").into()),
    };
    let done = app.engine().enable_account(session.by(), &account.id, enabled).await?;
    after(&app, &session, &account, done)
}

/// `POST /a/users/{id}/password`.
pub async fn reset_password(State(app): State<App>, session: StaffSession, Path(id): Path<String>, Form(fields): Form) -> Page<Response> {
    let account = account(&app, &id).await?;
    let password = issued::password(&app, &session, fields.one("key"), What::PasswordReset, &account.id).await?;
    let reset = {
        let (app, session, id, password) = (app.clone(), session.clone(), account.id.clone(), password.clone());
        app.clone().hashing().run(async move { app.engine().reset_password(session.by(), &id, &password).await }).await?
    };
    match reset {
        Decided::Done(()) => issued::page(&app, &session, &account.id, &password),
        Decided::Refused(no) => after(&app, &session, &account, Decided::Refused(no)),
    }
}

/// `POST /a/users/{id}/factor`.
pub async fn reset_factor(State(app): State<App>, session: StaffSession, Path(id): Path<String>, Form(_): Form) -> Page<Response> {
    let account = account(&app, &id).await?;
    let done = app.engine().reset_factor(session.by(), &account.id).await?;
    after(&app, &session, &account, done)
}

/// `POST /a/users/{id}/roles`.
pub async fn assign(State(app): State<App>, session: StaffSession, Path(id): Path<String>, Form(fields): Form) -> Page<Response> {
    let account = account(&app, &id).await?;
    let wanted = wanted(&fields);
    let Some((roles, departments)) = wanted else {
        return show(&app, &session, &account, StatusCode::UNPROCESSABLE_ENTITY, Some("科室代码有误，每个不超过32位。".to_owned()));
    };
    match app.engine().assign_roles(session.by(), &account.id, &roles, &departments).await {
        Ok(done) => after(&app, &session, &account, done),
        Err(error) if error.code() == Code::BadField => {
            let why = if Role::may_be_held_together(&roles).is_err() {
                "管理员角色不能与其他角色同时授予。"
            } else {
                "医生和执行科室须填写所属科室（最多50个）；其他角色不填。"
            };
            show(&app, &session, &account, StatusCode::UNPROCESSABLE_ENTITY, Some(why.to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Roles and departments of a form.
fn wanted(fields: &Fields) -> Option<(Vec<Role>, Vec<DeptCode>)> {
    let roles = fields.all("role").map(Role::of).collect::<Option<Vec<_>>>()?;
    let codes = fields.one("departments").unwrap_or_default().split(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、')).filter(|code| !code.is_empty());
    Some((roles, codes.map(|code| DeptCode::new(code).ok()).collect::<Option<Vec<_>>>()?))
}

async fn account(app: &App, id: &str) -> Page<Account> {
    let id = StaffId::new(id).map_err(|_| Error::new(Code::NotFound))?;
    Ok(app.engine().account(app.hospital(), &id).await?.ok_or_else(|| Error::new(Code::NotFound))?)
}

/// Back to the account, or why not.
fn after(app: &App, session: &StaffSession, account: &Account, done: Decided<()>) -> Page<Response> {
    match done {
        Decided::Done(()) => Ok(answer::see(&format!("/a/users/{}", account.id))),
        Decided::Refused(no) => show(app, session, account, StatusCode::CONFLICT, Some(format!("{}。", no.text()))),
    }
}

fn show(app: &App, session: &StaffSession, account: &Account, status: StatusCode, wrong: Option<String>) -> Page<Response> {
    let choice = |role: Role| (role.code(), role.name(), account.roles.contains(&role));
    let (administrators, business): (Vec<Role>, Vec<Role>) = Role::STAFF.into_iter().partition(|role| role.administers());
    let page = User {
        key: fresh_key(app),
        shown: shown(app, account),
        enabled: account.is_usable(&app.settings().accounts, app.engine().now()),
        has_factor: account.has_factor(),
        own: session.caller.actor.is_staff(&account.id),
        manages: session.has(Right::ManageAccounts),
        assigns: session.has(Right::AssignRoles),
        roles: business.into_iter().map(choice).collect(),
        administrators: administrators.into_iter().map(choice).collect(),
        departments: account.departments.iter().map(DeptCode::as_str).collect::<Vec<_>>().join(" "),
        wrong,
        d: Desk::of(app, session, "/a/users"),
    };
    answer::with_status(status, &page)
}

fn shown(app: &App, account: &Account) -> Shown {
    let usable = account.is_usable(&app.settings().accounts, app.engine().now());
    let roles = account.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join("、");
    Shown {
        id: account.id.to_string(),
        login: account.login.to_string(),
        name: account.name.reveal().to_owned(),
        roles: if roles.is_empty() { "未授予".to_owned() } else { roles },
        departments: account.departments.iter().map(DeptCode::as_str).collect::<Vec<_>>().join("、"),
        state: match (usable, account.enabled) {
            (true, _) => "可用",
            (false, true) => "长期未用，已停",
            (false, false) => "已停用",
        },
        usable,
        factor: match (account.has_factor(), account.needs_factor()) {
            (true, _) => "已登记",
            (false, true) => "待登记",
            (false, false) => "未登记",
        },
        last_login: account.last_login.map_or_else(|| "从未".to_owned(), menjie::Timestamp::plain),
    }
}
