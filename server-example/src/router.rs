//! Every path of the server, in one place.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::app::App;
use crate::failure::{Failure, Misuse};
use crate::routes::{bills, health, identify, insurance, notify, ops, patients, payments, recon, refunds, settlements, sms, staff, visits};
use crate::staff as desk;
use crate::{openapi, origin, pages, trace};

/// No request of ours is larger.
const BODY_LIMIT: usize = 64 * 1024;
/// An operation may bring a day's charge lines.
const OPS_LIMIT: usize = 4 * 1024 * 1024;

/// The server as a service; tests call it without a socket.
pub fn router(app: App) -> Router {
    let patient = Router::new()
        .route("/identify", post(identify::identify))
        .route("/identify/sms", post(sms::send))
        .route("/identify/choose", post(identify::choose))
        .route("/session", get(identify::session))
        .route("/exit", post(identify::exit))
        .route("/patients", post(patients::register))
        .route("/filings/{id}", get(patients::filing))
        .route("/bills/unpaid", get(bills::unpaid))
        .route("/insurance/binding", get(insurance::binding))
        .route("/settlements/quote", post(bills::quote))
        .route("/payments", post(payments::pay))
        .route("/payments/{id}", get(payments::get))
        .route("/payments/{id}/accept", post(payments::accept))
        .route("/payments/{id}/cancel", post(payments::cancel))
        .route("/refunds", get(refunds::list).post(refunds::request))
        .route("/refunds/preview", post(refunds::preview))
        .route("/refunds/{id}", get(refunds::get))
        .route("/refunds/{id}/withdraw", post(refunds::withdraw))
        .route("/refunds/{id}/answer", post(refunds::answer))
        .route("/refunds/{id}/decision", post(refunds::decide))
        .route("/recon", get(recon::day))
        .route("/recon/days", get(recon::days))
        .route("/recon/{date}", post(recon::make))
        .route("/recon/{date}/{item}/resolve", post(recon::resolve))
        .route("/settlements", get(settlements::paid))
        .route("/settlements/{id}", get(settlements::detail))
        .route("/registrations", get(visits::registrations))
        .route("/registrations/{id}/check-in", post(visits::check_in))
        .route("/registrations/{id}/take-number", post(visits::take_number))
        .route("/check-ins/{id}", get(visits::progress))
        .route("/suspensions", get(visits::suspensions))
        .route("/suspensions/{id}", get(visits::suspension))
        .route("/suspensions/{id}/choose", post(visits::choose));
    let staff = Router::new().route("/attention", get(staff::attention)).route("/attention/resolve", post(staff::resolve)).route("/audit", post(staff::audit));
    let mut api = patient.nest("/staff", staff);
    if app.settings().ops {
        api = api.route("/ops/{op}", post(ops::run).layer(DefaultBodyLimit::max(OPS_LIMIT)));
    }
    let pages = if app.settings().pages.enabled { pages::router().merge(desk::router(&app)) } else { Router::new() };
    pages
        .nest("/api/v1", api.layer(from_fn(origin::same_site)))
        .route("/notify/wechat", post(notify::wechat))
        .route("/notify/insurer", post(notify::insurer))
        .route("/notify/his", post(notify::his))
        .route("/openapi.json", get(openapi::serve))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(app.clone(), pages::trouble::dress))
        .layer(from_fn_with_state(app.clone(), desk::trouble::dress))
        .layer(from_fn_with_state(app.clone(), trace::traced))
        .with_state(app)
}

async fn no_route() -> Response {
    Failure::from(Misuse::NoRoute).into_response()
}

async fn no_method() -> Response {
    Failure::from(Misuse::Method).into_response()
}
