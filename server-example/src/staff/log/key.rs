//! An auditor lends his session a key, and takes it back. What does not open is told in words and written down.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use menjie::error::Result;
use menjie::gm::hex;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::staff::What;
use menjie_bridge::sealed_log::{Act, is_encrypted, private_from_pem};

use super::look::Look;
use super::upload::Upload;
use super::{list, viewed};
use crate::app::App;
use crate::pages::answer::{Page, see};
use crate::staff::form::Form;
use crate::staff::gate::StaffSession;
use crate::staff::session;

/// What is written into the access record instead of a reason that nobody gave.
const BROUGHT: &str = "载入审计方密钥";

/// `POST /a/log/key`.
pub async fn bring(State(app): State<App>, session: StaffSession, upload: Upload) -> Page<Response> {
    let log = viewed(&app)?;
    let key = match app.hashing().run(async move { Ok(opened(&upload)) }).await? {
        Ok(key) => key,
        Err(told) => return refuse(&app, &session, None, told).await,
    };
    let id = hex(&key.public().id());
    if !log.read(Arc::clone(&key), menjie_bridge::sealed_log::view::Viewer::fits).await? {
        return refuse(&app, &session, Some(id), "这把密钥不能打开本系统的日志，请确认所选文件是本院配置的审计方密钥。").await;
    }
    let look = Look { what: What::LogUnlocked, act: Act::Login, reason: BROUGHT, about: "key".to_owned(), key: Some(id) };
    look.write_down(&app, &session).await?;
    log.lent().lend(session.hash(), key, app.engine().now());
    Ok(see("/a/log"))
}

/// `POST /a/log/key/drop`.
pub async fn take_back(State(app): State<App>, session: StaffSession, Form(_): Form) -> Page<Response> {
    viewed(&app)?.lent().drop_of(&session.hash());
    Ok(see("/a/log"))
}

/// Drops keys of sessions that are over, and keys that nobody used for long. In doubt a key is dropped.
pub async fn sweep(app: &App) {
    let Some(log) = app.log() else { return };
    for held in log.lent().sessions(app.engine().now()) {
        if !session::lives(app, &held).await.unwrap_or(false) {
            log.lent().drop_of(&held);
        }
    }
}

/// The key of an upload, or what is wrong with it.
fn opened(upload: &Upload) -> std::result::Result<Arc<Sm2PrivateKey>, &'static str> {
    match is_encrypted(&upload.pem) {
        Ok(true) => private_from_pem(&upload.pem, Some(&upload.password)).map(Arc::new).map_err(|_| "密钥文件没有打开：口令不正确，或文件已损坏。"),
        Ok(false) | Err(_) => Err("请选择设有口令的私钥文件（PEM格式，内含“ENCRYPTED PRIVATE KEY”）。没有口令的私钥不能在此使用。"),
    }
}

async fn refuse(app: &App, session: &StaffSession, key: Option<String>, told: &'static str) -> Page<Response> {
    let denied: Result<()> = Look { what: What::Denied, act: Act::Denied, reason: BROUGHT, about: "key".to_owned(), key }.write_down(app, session).await;
    denied?;
    list::locked(app, session, Some(told), StatusCode::UNPROCESSABLE_ENTITY)
}
