//! The reference server: `/api/v1` for patients, the pages at `/k`, `/h5` and `/a`, `/notify` for channels, `/healthz /readyz /metrics` for operators.
//!
//! Reading order: [`settings`] → [`app`] (what every request shares) → [`mod@router`] → [`mod@routes`] → [`jobs`] → [`mod@serve`].
//! All rules live in `menjie`; this crate authenticates, translates HTTP and keeps the engine running.
#![forbid(unsafe_code)]

pub mod account;
pub mod app;
pub mod caller;
#[cfg(feature = "demo")]
pub mod demo;
pub mod detached;
pub mod entry;
pub mod failure;
pub mod guard;
pub mod input;
pub mod jobs;
pub mod lent_keys;
pub mod logging;
pub mod metrics;
pub mod newcomer;
pub mod openapi;
pub mod origin;
pub mod pages;
pub mod router;
pub mod routes;
pub mod serve;
pub mod session;
pub mod settings;
pub mod staff;
pub mod start;
pub mod token;
pub mod trace;
pub mod transfers;
pub mod viewed_log;

pub use app::App;
pub use router::router;
pub use settings::Settings;
