//! A one-time code to a phone, to identify with it afterwards.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use menjie::access::Private;
use menjie::error::Error;
use menjie::identity::CodePurpose;
use menjie::port::IdentifyWay;
use menjie::service::SendCodeRequest;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::caller::Address;
use crate::failure::{Failure, Misuse, json};
use crate::input::Body;

/// Request of `POST /api/v1/identify/sms`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendCode {
    /// To which mobile number.
    pub phone: Private,
}

/// `POST /api/v1/identify/sms`. The answer is the same whether or not anybody here has this phone.
pub async fn send(State(app): State<App>, address: Address, Body(body): Body<SendCode>) -> Result<Response, Failure> {
    let now = app.engine().now();
    if !app.settings().identify_ways.contains(&IdentifyWay::Phone) {
        return Err(Error::field("way", "is not offered here").into());
    }
    if let Some(seconds) = app.tries().locked(address.client, now).or_else(|| app.messages().take(address.client, now)) {
        return Err(Failure::from(Misuse::Locked).wait(seconds));
    }
    let request = SendCodeRequest { phone: body.phone, purpose: CodePurpose::Identify };
    Ok(json(StatusCode::OK, &app.engine().send_code(app.hospital(), &request).await?))
}
