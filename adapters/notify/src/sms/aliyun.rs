//! Aliyun dysms, `SendSms` of 2017-05-25. Parameters travel in the query, as its documents say.

use menjie::Timestamp;
use menjie::access::Private;
use menjie_transport::ApiRequest;
use serde_json::{Value, json};

use super::Sent;
use crate::acs3;
use crate::config::AliyunConfig;
use crate::encode::{host, utc};
use menjie_transport::Shape;

const ACTION: &str = "SendSms";
const VERSION: &str = "2017-05-25";

/// The signed request. `nonce` is fresh.
pub fn send(config: &AliyunConfig, phone: &Private, code: &Private, now: Timestamp, nonce: &str) -> ApiRequest {
    let parameter = Private::new(json!({ &config.code_parameter: code.reveal() }).to_string());
    let query = acs3::query(&[("PhoneNumbers", phone.reveal()), ("SignName", &config.sign_name), ("TemplateCode", &config.template_code), ("TemplateParam", parameter.reveal())]);
    let (hash, date, host) = (acs3::payload_hash(b""), utc(now), host(&config.base_url));
    let headers =
        [("host", host.as_str()), ("x-acs-action", ACTION), ("x-acs-content-sha256", &hash), ("x-acs-date", &date), ("x-acs-signature-nonce", nonce), ("x-acs-version", VERSION)];
    let signature = acs3::signature(&config.access_key_secret, &acs3::canonical("POST", "/", &query, &headers, &hash));
    let request = ApiRequest::post(format!("/?{query}"), Vec::new()).interface("aliyun SendSms");
    let request = headers.iter().filter(|(name, _)| *name != "host").fold(request, |request, (name, value)| request.header(*name, *value));
    request.header("Accept", "application/json").header("Authorization", acs3::authorization(&config.access_key_id, &headers, &signature))
}

/// Reads an answer. Business errors come with status 200, errors of the call itself with 4xx.
pub fn read(status: u16, body: &[u8]) -> Result<Sent, Shape> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| Shape::new("body", "is not JSON"))?;
    let code = answer.get("Code").and_then(Value::as_str).filter(|code| !code.is_empty()).ok_or(Shape::new("Code", "is missing"))?;
    Ok(match status {
        200 if code == "OK" => Sent::Taken,
        // Their own failure may have happened after the message left; a missing permission cannot.
        200 if code.starts_with("isp.") && code != "isp.RAM_PERMISSION_DENY" => Sent::Unknown(code.to_owned()),
        200 | 400..=499 => Sent::No(code.to_owned()),
        _ => Sent::Unknown(code.to_owned()),
    })
}
