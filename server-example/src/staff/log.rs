//! Page 38: the sealed transfer log, read with the key that an auditor lends his session (docs/guide/log.md). Nothing of it is served
//! unless `server.log_viewer` says so.
//!
//! Reading order: [`key`] (brought and taken back) → [`list`] (what there is, without any body) → [`record`] (one of it, opened for a
//! reason) → [`export`]; [`check`] needs no key. `look` writes down who looked, before anything is shown.

pub mod check;
pub mod export;
mod filter;
pub mod key;
pub mod list;
mod look;
pub mod record;
mod shown;
pub mod upload;

use std::sync::Arc;

use menjie::error::{Code, Error, Result};
use menjie::gm::sm2::Sm2PrivateKey;

use super::gate::StaffSession;
use crate::app::App;
use crate::pages::answer::Away;
use crate::viewed_log::ViewedLog;

/// The log. Its pages are not served when there is none to look at.
fn viewed(app: &App) -> Result<&ViewedLog> {
    app.log().ok_or_else(|| Error::new(Code::NotFound))
}

/// The key of the session; whoever has none, or no longer, is led to where he brings it.
fn lent(app: &App, session: &StaffSession) -> std::result::Result<Arc<Sm2PrivateKey>, Away> {
    let lent = viewed(app)?.lent().of(&session.hash(), app.engine().now());
    lent.ok_or_else(|| Away::to("/a/log"))
}
