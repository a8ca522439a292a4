//! Aliyun dysms, `SendSms` of 2017-05-25. Parameters travel in the query, as its documents say.

use std::collections::BTreeMap;

use menjie::Timestamp;
use menjie::access::Private;
use menjie::port::NoticeOrder;
use menjie_transport::ApiRequest;
use serde_json::{Value, json};

use menjie_transport::Shape;

use super::Sent;
use crate::acs3;
use crate::config::{AliyunConfig, AliyunNotice};
use crate::encode::host;
use crate::notice::value;

const ACTION: &str = "SendSms";
const VERSION: &str = "2017-05-25";

/// The signed request for a code. `nonce` is fresh.
pub fn send(config: &AliyunConfig, phone: &Private, code: &Private, now: Timestamp, nonce: &str) -> ApiRequest {
    let parameter = Private::new(json!({ &config.code_parameter: code.reveal() }).to_string());
    request(config, phone, &config.template_code, &[("TemplateParam", parameter.reveal())], now, nonce)
}

/// The signed request for a notice; our number travels as `OutId`. None when its template names a value there is not.
pub fn notice(config: &AliyunConfig, wanted: &AliyunNotice, order: &NoticeOrder, now: Timestamp, nonce: &str) -> Option<ApiRequest> {
    let values: Option<BTreeMap<&String, String>> = wanted.parameters.iter().map(|(key, name)| value(&order.message, name).map(|value| (key, value))).collect();
    let parameter = json!(values?).to_string();
    Some(request(config, &order.to, &wanted.template_code, &[("OutId", order.no.as_str()), ("TemplateParam", &parameter)], now, nonce).business_no(Some(order.no.as_str())))
}

fn request(config: &AliyunConfig, phone: &Private, template: &str, more: &[(&str, &str)], now: Timestamp, nonce: &str) -> ApiRequest {
    let parameters = [&[("PhoneNumbers", phone.reveal()), ("SignName", config.sign_name.as_str()), ("TemplateCode", template)], more].concat();
    let query = acs3::query(&parameters);
    let (hash, date, host) = (acs3::payload_hash(b""), now.utc(), host(&config.base_url));
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
