//! Every path of the staff pages with who may ask for it. The router is made from this table, and so is the menu; the test of
//! all roles against all pages walks it.

use axum::routing::{MethodRouter, get, post};
use menjie::access::Right;
use menjie::service::RefundWork::{Doctor, Finance, Unconfirm};

use super::refunds::{case, list, represcribe};
use super::{factor, home, log, login, password, recon, trail, users};
use crate::app::App;

/// Who may ask for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Anybody.
    Open,
    /// Whoever's password was right; what he has to do first may still be open.
    Entering,
    /// Whoever is in.
    Staff,
    /// Whoever is in and has this right.
    Right(Right),
}

/// One page, or one thing a page's form does.
pub struct StaffPage {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, as routes are written.
    pub path: &'static str,
    /// Who may.
    pub gate: Gate,
    /// Its name in the menu of those who may; none for what is reached from another page.
    pub menu: Option<&'static str>,
    /// What answers.
    pub handler: fn() -> MethodRouter<App>,
}

impl StaffPage {
    /// Does this server have it? The transfer log is shown only where its viewer is on.
    pub fn is_served(&self, app: &App) -> bool {
        self.gate != Gate::Right(Right::ReadLog) || app.log().is_some()
    }
}

const fn page(path: &'static str, gate: Gate, handler: fn() -> MethodRouter<App>) -> StaffPage {
    StaffPage { method: "GET", path, gate, menu: None, handler }
}

const fn act(path: &'static str, gate: Gate, handler: fn() -> MethodRouter<App>) -> StaffPage {
    StaffPage { method: "POST", path, gate, menu: None, handler }
}

const fn listed(path: &'static str, menu: &'static str, gate: Gate, handler: fn() -> MethodRouter<App>) -> StaffPage {
    StaffPage { method: "GET", path, gate, menu: Some(menu), handler }
}

/// The table.
pub static PAGES: [StaffPage; 51] = [
    page("/a/login", Gate::Open, || get(login::page)),
    act("/a/login", Gate::Open, || post(login::enter)),
    act("/a/logout", Gate::Entering, || post(login::leave)),
    page("/a/factor", Gate::Entering, || get(factor::page)),
    act("/a/factor", Gate::Entering, || post(factor::show)),
    page("/a/enrol", Gate::Entering, || get(factor::enrolment)),
    act("/a/enrol", Gate::Entering, || post(factor::enrol)),
    page("/a/password", Gate::Entering, || get(password::page)),
    act("/a/password", Gate::Entering, || post(password::change)),
    listed("/a", "首页", Gate::Staff, || get(home::page)),
    listed("/a/refunds/doctor", "退费审核", Gate::Right(Right::ApproveAsDoctor), || list::list(Doctor)),
    page("/a/refunds/doctor/{id}", Gate::Right(Right::ApproveAsDoctor), || case::one(Doctor)),
    act("/a/refunds/doctor/{id}/decide", Gate::Right(Right::ApproveAsDoctor), || case::decide(Doctor)),
    act("/a/refunds/doctor/{id}/patient", Gate::Right(Right::ApproveAsDoctor), || case::patient(Doctor)),
    listed("/a/refunds/represcribe", "重开处方登记", Gate::Right(Right::ApproveAsDoctor), || get(represcribe::list)),
    page("/a/refunds/represcribe/{id}", Gate::Right(Right::ApproveAsDoctor), || get(represcribe::one)),
    act("/a/refunds/represcribe/{id}", Gate::Right(Right::ApproveAsDoctor), || post(represcribe::mark)),
    listed("/a/refunds/unconfirm", "执行科室反确认", Gate::Right(Right::Unconfirm), || list::list(Unconfirm)),
    page("/a/refunds/unconfirm/{id}", Gate::Right(Right::Unconfirm), || case::one(Unconfirm)),
    act("/a/refunds/unconfirm/{id}/decide", Gate::Right(Right::Unconfirm), || case::decide(Unconfirm)),
    act("/a/refunds/unconfirm/{id}/patient", Gate::Right(Right::Unconfirm), || case::patient(Unconfirm)),
    listed("/a/refunds/finance", "计财审核退费", Gate::Right(Right::ApproveAsFinance), || list::list(Finance)),
    page("/a/refunds/finance/{id}", Gate::Right(Right::ApproveAsFinance), || case::one(Finance)),
    act("/a/refunds/finance/{id}/decide", Gate::Right(Right::ApproveAsFinance), || case::decide(Finance)),
    act("/a/refunds/finance/{id}/patient", Gate::Right(Right::ApproveAsFinance), || case::patient(Finance)),
    act("/a/refunds/finance/{id}/resolve", Gate::Right(Right::ApproveAsFinance), case::resolve),
    listed("/a/users", "用户与角色", Gate::Right(Right::ReadAccounts), || get(users::list)),
    page("/a/users/new", Gate::Right(Right::ManageAccounts), || get(users::form)),
    act("/a/users/new", Gate::Right(Right::ManageAccounts), || post(users::make)),
    page("/a/users/{id}", Gate::Right(Right::ReadAccounts), || get(users::one)),
    act("/a/users/{id}/state", Gate::Right(Right::ManageAccounts), || post(users::enable)),
    act("/a/users/{id}/password", Gate::Right(Right::ManageAccounts), || post(users::reset_password)),
    act("/a/users/{id}/roles", Gate::Right(Right::AssignRoles), || post(users::assign)),
    act("/a/users/{id}/factor", Gate::Right(Right::AssignRoles), || post(users::reset_factor)),
    listed("/a/recon", "对账差异", Gate::Right(Right::Reconcile), || get(recon::page)),
    act("/a/recon/make", Gate::Right(Right::Reconcile), || post(recon::make)),
    act("/a/recon/export", Gate::Right(Right::Reconcile), || post(recon::export)),
    page("/a/recon/item", Gate::Right(Right::Reconcile), || get(recon::item::page)),
    act("/a/recon/item", Gate::Right(Right::Reconcile), || post(recon::item::resolve)),
    listed("/a/trail", "操作审计", Gate::Right(Right::ReadTrail), || get(trail::page)),
    page("/a/trail/check", Gate::Right(Right::ReadTrail), || get(trail::check)),
    act("/a/trail/export", Gate::Right(Right::ReadTrail), || post(trail::export)),
    listed("/a/log", "加密日志", Gate::Right(Right::ReadLog), || get(log::list::page)),
    act("/a/log", Gate::Right(Right::ReadLog), || post(log::list::search)),
    page("/a/log/check", Gate::Right(Right::ReadLog), || get(log::check::page)),
    act("/a/log/key", Gate::Right(Right::ReadLog), || post(log::key::bring)),
    act("/a/log/key/drop", Gate::Right(Right::ReadLog), || post(log::key::take_back)),
    page("/a/log/record", Gate::Right(Right::ReadLog), || get(log::record::page)),
    act("/a/log/record", Gate::Right(Right::ReadLog), || post(log::record::open)),
    act("/a/log/record/clear", Gate::Right(Right::ReadLog), || post(log::record::unmask)),
    act("/a/log/export", Gate::Right(Right::ReadLog), || post(log::export::export)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_stands_twice_and_only_the_login_is_open() {
        let names: std::collections::BTreeSet<_> = PAGES.iter().map(|p| (p.method, p.path)).collect();
        assert_eq!(names.len(), PAGES.len());
        for page in &PAGES {
            assert!(page.path == "/a" || page.path.starts_with("/a/"), "{}", page.path);
            assert_eq!(page.gate == Gate::Open, page.path == "/a/login", "{}", page.path);
            assert!(page.menu.is_none() || (page.method == "GET" && !page.path.contains('{')), "{}", page.path);
        }
    }
}
