//! Tencent Cloud SMS, `SendSms` of 2021-01-11.

use menjie::Timestamp;
use menjie::access::Private;
use menjie::port::NoticeOrder;
use menjie_transport::ApiRequest;
use serde_json::{Value, json};

use super::Sent;
use crate::config::{TencentConfig, TencentNotice};
use crate::encode::host;
use crate::notice::value;
use crate::tc3;
use menjie_transport::Shape;

const ACTION: &str = "SendSms";
const VERSION: &str = "2021-01-11";
const SERVICE: &str = "sms";
const CONTENT_TYPE: &str = "application/json; charset=utf-8";
const SIGNED: &str = "content-type;host;x-tc-action";

/// The signed request for a code.
pub fn send(config: &TencentConfig, phone: &Private, code: &Private, now: Timestamp) -> ApiRequest {
    request(config, phone, &config.template_id, &[code.reveal()], None, now)
}

/// The signed request for a notice; our number travels as `SessionContext`. None when its template names a value there is not.
pub fn notice(config: &TencentConfig, wanted: &TencentNotice, order: &NoticeOrder, now: Timestamp) -> Option<ApiRequest> {
    let values: Option<Vec<String>> = wanted.parameters.iter().map(|name| value(&order.message, name)).collect();
    let values = values?;
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    Some(request(config, &order.to, &wanted.template_id, &values, Some(order.no.as_str()), now).business_no(Some(order.no.as_str())))
}

fn request(config: &TencentConfig, phone: &Private, template: &str, values: &[&str], context: Option<&str>, now: Timestamp) -> ApiRequest {
    let number = format!("+86{}", phone.reveal());
    let mut body = json!({
        "SmsSdkAppId": config.sdk_app_id, "SignName": config.sign_name, "TemplateId": template,
        "TemplateParamSet": values, "PhoneNumberSet": [number],
    });
    if let (Some(context), Some(fields)) = (context, body.as_object_mut()) {
        fields.insert("SessionContext".to_owned(), Value::from(context));
    }
    let body = body.to_string();
    let headers = format!("content-type:{CONTENT_TYPE}\nhost:{}\nx-tc-action:{}\n", host(&config.base_url), ACTION.to_ascii_lowercase());
    let signature = tc3::signature(&config.secret_key, SERVICE, now, &tc3::canonical(&headers, SIGNED, body.as_bytes()));
    ApiRequest::post("/", body)
        .interface("tencent SendSms")
        .header("Content-Type", CONTENT_TYPE)
        .header("X-TC-Action", ACTION)
        .header("X-TC-Version", VERSION)
        .header("X-TC-Timestamp", (now.millis() / 1000).to_string())
        .header("X-TC-Region", config.region.as_str())
        .header("Authorization", tc3::authorization(&config.secret_id, SERVICE, now, SIGNED, &signature))
}

/// Reads an answer. The state of our one phone counts, whatever else is in the set.
pub fn read(status: u16, body: &[u8], phone: &Private) -> Result<Sent, Shape> {
    if status != 200 {
        return Ok(Sent::Unknown(format!("http_{status}")));
    }
    let outer: Value = serde_json::from_slice(body).map_err(|_| Shape::new("body", "is not JSON"))?;
    let answer = outer.get("Response").ok_or(Shape::new("Response", "is missing"))?;
    if let Some(error) = answer.get("Error") {
        return error.get("Code").and_then(Value::as_str).map(said).ok_or(Shape::new("Response.Error.Code", "is missing"));
    }
    let states = answer.get("SendStatusSet").and_then(Value::as_array).ok_or(Shape::new("Response.SendStatusSet", "is missing"))?;
    let number = format!("+86{}", phone.reveal());
    let ours =
        states.iter().find(|state| state.get("PhoneNumber").and_then(Value::as_str) == Some(&number)).ok_or(Shape::new("Response.SendStatusSet", "does not name the phone"))?;
    match ours.get("Code").and_then(Value::as_str) {
        Some("Ok") => Ok(Sent::Taken),
        Some(code) => Ok(said(code)),
        None => Err(Shape::new("Response.SendStatusSet.Code", "is missing")),
    }
}

fn said(code: &str) -> Sent {
    // Their own failure may have happened after the message left.
    if code.starts_with("InternalError") { Sent::Unknown(code.to_owned()) } else { Sent::No(code.to_owned()) }
}
