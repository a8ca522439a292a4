//! The pages a patient sees: the kiosk at `/k` and the official account at `/h5`, from the same templates
//! (domain/pages.md §3.1 to §3.5).
//!
//! Reading order: [`settings`] (what a hospital changes) → [`texts`] (every word) → [`frame`] (what surrounds each page) →
//! [`visit`] (who asks, from where) → the pages themselves, one idea a file. They call the engine's use cases in-process, as
//! `/api/v1` does; what is personal is masked here and never reaches a page in clear.

pub mod answer;
pub mod assets;
pub mod attended;
pub mod authorise;
pub mod bill;
pub mod checkin;
pub mod confirm;
pub mod content;
pub mod datum;
pub mod exit;
pub mod fields;
pub mod first_visit;
pub mod frame;
pub mod home;
pub mod icon;
pub mod identify;
pub mod info;
pub mod insurance;
pub mod login;
pub mod look;
pub mod markdown;
pub mod onward;
pub mod paid;
pub mod patients;
pub mod pay;
pub mod presettle;
pub mod qr;
pub mod refund;
pub mod result;
pub mod settings;
pub mod shown;
pub mod slip;
pub mod suspensions;
pub mod texts;
pub mod trouble;
pub mod unpaid;
pub mod visit;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use menjie::error::Result;

use crate::app::App;
use crate::origin;
use settings::PageSettings;
use texts::Texts;

/// What all pages share; made once, from the settings.
pub struct Pages {
    /// What the hospital chose.
    pub settings: PageSettings,
    /// Every word a patient reads.
    pub texts: Texts,
    /// What the hospital says about itself.
    pub content: content::Content,
    /// Style sheet, scripts and pictures, as they are served.
    pub assets: assets::Assets,
}

impl Pages {
    /// Checks the settings and prepares texts and files.
    pub fn new(settings: PageSettings) -> Result<Arc<Pages>> {
        settings.check()?;
        let texts = Texts::with(&settings.texts)?;
        let content = content::Content::open(settings.content.clone())?;
        let assets = assets::Assets::new(&settings);
        Ok(Arc::new(Pages { settings, texts, content, assets }))
    }
}

/// All pages with their files. Whatever the pages answer is dressed by [`trouble::dress`], which the whole router wears.
pub fn router() -> Router<App> {
    Router::new()
        .route("/", get(home::root))
        .nest("/k", shared().merge(kiosk()))
        .nest("/h5", shared().merge(phone()))
        .route("/assets/{version}/{*name}", get(assets::serve))
        .layer(from_fn(origin::same_site))
}

/// What only a phone has: an account with its patients, and insured payments, which their patient opens on it.
fn phone() -> Router<App> {
    Router::new()
        .route("/login", get(login::begin))
        .route("/login/back", get(login::back))
        .route("/patients", get(patients::list).post(patients::change))
        .route("/insurance", get(insurance::page))
        .route("/insurance/authorise", get(authorise::begin))
        .route("/insurance/back", get(authorise::back))
        .route("/insurance/pay", post(insurance::pay))
        .route("/pre/{id}", get(presettle::page).post(presettle::agree))
        .route("/pre/{id}/state", get(presettle::state))
        .route("/pre/{id}/cancel", post(presettle::cancel))
        .route("/pre/{id}/self", post(presettle::pay_oneself))
}

/// What only a kiosk has: where insured payments are made.
fn kiosk() -> Router<App> {
    Router::new().route("/insurance", get(insurance::guide))
}

/// What kiosk and phone have in common.
fn shared() -> Router<App> {
    Router::new()
        .route("/", get(home::home))
        .route("/look", post(look::change))
        .route("/exit", post(exit::exit))
        .route("/alive", post(exit::alive))
        .route("/identify", get(identify::ways).post(identify::enter))
        .route("/identify/{way}", get(identify::way))
        .route("/identify/code", post(identify::send))
        .route("/choose", get(identify::choices).post(identify::choose))
        .route("/first-visit", get(first_visit::start).post(first_visit::begin))
        .route("/first-visit/review", get(first_visit::review).post(first_visit::send))
        .route("/first-visit/result", get(first_visit::result))
        .route("/first-visit/result/state", get(first_visit::state))
        .route("/first-visit/{step}", get(first_visit::page).post(first_visit::take))
        .route("/unpaid", get(unpaid::list).post(confirm::quote))
        .route("/unpaid/{id}", get(bill::bill))
        .route("/confirm/{id}", get(confirm::page))
        .route("/pay", post(pay::begin))
        .route("/pay/{id}", get(pay::page))
        .route("/pay/{id}/state", get(pay::state))
        .route("/pay/{id}/cancel", post(pay::cancel))
        .route("/result/{id}", get(result::page))
        .route("/result/{id}/state", get(result::state))
        .route("/result/{id}/slip", get(slip::code))
        .route("/paid", get(paid::list))
        .route("/paid/{id}", get(paid::detail))
        .route("/paid/{id}/refund", get(refund::ask::page).post(refund::ask::send))
        .route("/paid/{id}/refund/plan", post(refund::ask::plan))
        .route("/refunds/{id}", get(refund::follow::page).post(refund::follow::withdraw))
        .route("/refunds/{id}/state", get(refund::follow::state))
        .route("/refunds/{id}/answer", post(refund::follow::answer))
        .route("/check-in", get(checkin::list).post(checkin::attend))
        .route("/check-in/{id}", get(attended::page))
        .route("/check-in/{id}/state", get(attended::state))
        .route("/check-in/{id}/slip", get(attended::slip))
        .route("/suspensions", get(suspensions::list))
        .route("/suspensions/{id}", get(suspensions::detail).post(suspensions::choose))
        .route("/suspensions/{id}/state", get(suspensions::state))
        .route("/intro", get(info::intro))
        .route("/departments", get(info::departments))
        .route("/departments/{at}", get(info::department))
        .route("/experts", get(info::experts))
        .route("/guide", get(info::guide))
        .route("/pictures/{name}", get(info::picture))
}
