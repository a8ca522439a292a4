//! Callbacks of payment channels and pushes of HIS: raw bytes to the engine, its verdict back (I15, I16).

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use menjie::error::{Code, Error};
use menjie::ident::ChannelCode;
use menjie::payment::RawNotice;
use menjie::service::CallbackAnswer;
use serde::Serialize;

use crate::app::App;
use crate::detached::detached;
use crate::failure::{Failure, json};
use crate::input::raw;

const WECHAT: &str = "wechat";
const HIS: &str = "his";
const INSURER: &str = "insurer";

/// What WeChat Pay reads.
#[derive(Serialize)]
struct Answer {
    code: &'static str,
    message: &'static str,
}

/// `POST /notify/wechat`.
pub async fn wechat(State(app): State<App>, request: Request) -> Result<Response, Failure> {
    let headers = named(request.headers());
    let body = raw(request, &app).await?;
    let counting = app.clone();
    let taken = detached(async move {
        let channel = ChannelCode::new(WECHAT)?;
        app.engine().callback(app.hospital(), &channel, "POST /notify/wechat", &RawNotice { headers: &headers, body: &body }).await
    })
    .await;
    let (result, status, answer) = match taken {
        Ok(CallbackAnswer::Taken) => ("taken", StatusCode::OK, Answer { code: "SUCCESS", message: "成功" }),
        Ok(CallbackAnswer::Rejected) => {
            tracing::warn!(target: "menjie::security", channel = WECHAT, "a callback without a genuine, fresh signature was rejected");
            ("rejected", StatusCode::UNAUTHORIZED, Answer { code: "FAIL", message: "验签失败" })
        }
        Ok(CallbackAnswer::TryAgain) => ("try_again", StatusCode::INTERNAL_SERVER_ERROR, Answer { code: "FAIL", message: "请重试" }),
        Err(error) if error.code() == Code::NotFound => return Err(Error::new(Code::NotFound).into()),
        Err(error) => {
            tracing::warn!(target: "menjie::notify", code = error.code().number(), "a callback could not be taken");
            ("try_again", StatusCode::INTERNAL_SERVER_ERROR, Answer { code: "FAIL", message: "请重试" })
        }
    };
    counting.metrics().callback(WECHAT, result);
    Ok(json(status, &answer))
}

/// What the insurer's centre reads of a message that was not taken; of one that was: [`crate::settings::Settings::insurer_taken`].
#[derive(Serialize)]
struct CentreAnswer {
    code: i32,
    success: bool,
    message: &'static str,
}

/// `POST /notify/insurer`: the result of an insured order (6302).
pub async fn insurer(State(app): State<App>, request: Request) -> Result<Response, Failure> {
    let headers = named(request.headers());
    let body = raw(request, &app).await?;
    let counting = app.clone();
    let taken = detached(async move { app.engine().insurer_callback(app.hospital(), "POST /notify/insurer", &RawNotice { headers: &headers, body: &body }).await }).await;
    let (result, status, answer) = match taken {
        Ok(CallbackAnswer::Taken) => {
            counting.metrics().callback(INSURER, "taken");
            return Ok(json(StatusCode::OK, &counting.settings().insurer_taken));
        }
        Ok(CallbackAnswer::Rejected) => {
            tracing::warn!(target: "menjie::security", peer = INSURER, "a message without a genuine signature was rejected");
            ("rejected", StatusCode::UNAUTHORIZED, CentreAnswer { code: -1, success: false, message: "验签失败" })
        }
        Ok(CallbackAnswer::TryAgain) => ("try_again", StatusCode::INTERNAL_SERVER_ERROR, CentreAnswer { code: -1, success: false, message: "请重试" }),
        Err(error) if error.code() == Code::NotFound => return Err(Error::new(Code::NotFound).into()),
        Err(error) => {
            tracing::warn!(target: "menjie::notify", code = error.code().number(), "a message of the insurer could not be taken");
            ("try_again", StatusCode::INTERNAL_SERVER_ERROR, CentreAnswer { code: -1, success: false, message: "请重试" })
        }
    };
    counting.metrics().callback(INSURER, result);
    Ok(json(status, &answer))
}

/// `POST /notify/his`: what HIS pushes (docs/his-front.yaml §5).
pub async fn his(State(app): State<App>, request: Request) -> Result<Response, Failure> {
    let headers = named(request.headers());
    let path = request.uri().path().to_owned();
    let body = raw(request, &app).await?;
    let counting = app.clone();
    let taken = detached(async move { app.engine().his_push(app.hospital(), &path, &RawNotice { headers: &headers, body: &body }).await }).await;
    let (result, status) = match taken {
        Ok(CallbackAnswer::Taken) => ("taken", StatusCode::NO_CONTENT),
        Ok(CallbackAnswer::Rejected) => {
            tracing::warn!(target: "menjie::security", peer = HIS, "a push without a genuine, fresh signature was rejected");
            ("rejected", StatusCode::UNAUTHORIZED)
        }
        Ok(CallbackAnswer::TryAgain) => ("try_again", StatusCode::INTERNAL_SERVER_ERROR),
        Err(error) => {
            tracing::warn!(target: "menjie::notify", code = error.code().number(), "a push could not be taken");
            ("try_again", StatusCode::INTERNAL_SERVER_ERROR)
        }
    };
    counting.metrics().callback(HIS, result);
    Ok(status.into_response())
}

/// Header names are in lower case already. A value that is no text can be no signature: it becomes empty.
fn named(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())).collect()
}
