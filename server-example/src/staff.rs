//! The pages of staff at `/a` (domain/pages.md §3.6): logging in, accounts and roles, the access trail; the pages of the business
//! join them as rows of [`pages::PAGES`].
//!
//! Reading order: [`pages`] (every path and who may ask for it) → [`gate`] (who asks) → [`session`] (how long he may) → [`desk`]
//! (what surrounds each page) → the pages themselves, one idea a file. A handler takes [`gate::StaffSession`], whose `caller` has
//! roles and departments, and calls the engine, which checks the right once more.

pub mod console;
pub mod desk;
pub mod factor;
pub mod form;
pub mod gate;
pub mod hashing;
pub mod home;
pub mod issued;
pub mod log;
pub mod login;
pub mod pages;
pub mod password;
pub mod recon;
pub mod refunds;
pub mod session;
pub mod trail;
pub mod trouble;
pub mod users;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

use crate::app::App;
use crate::origin;

/// All pages of staff, each behind its gate: a page without a row does not exist.
pub fn router(app: &App) -> Router<App> {
    let pages = pages::PAGES.iter().filter(|page| page.is_served(app)).fold(Router::new(), |router, page| {
        let gate = from_fn_with_state((app.clone(), page.gate), gate::guard);
        router.route(page.path, (page.handler)().route_layer(gate))
    });
    pages.layer(from_fn(origin::same_site))
}
