//! Tencent Cloud's side of TC3-HMAC-SHA256 and `SendSms`.

use menjie::Timestamp;
use serde_json::{Value, json};

use super::super::hash::{hex, hmac_sha256, same, sha256};
use super::{Refusal, Says, Sms, Wanted};
use crate::wire::{Request, Response};

/// How far the clocks may differ.
const WINDOW_MS: i64 = 300_000;
const SCHEME: &str = "TC3-HMAC-SHA256";
/// Beijing is ahead of UTC by this.
const EAST_MS: i64 = 8 * 3_600_000;

pub(super) fn read(gateway: &mut Sms, request: &Request, now: Timestamp) -> Result<Wanted, Refusal> {
    check(gateway, request, now)?;
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| Refusal::Field)?;
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned).ok_or(Refusal::Field);
    for required in ["/SmsSdkAppId", "/TemplateId"] {
        text(required)?;
    }
    let phone = text("/PhoneNumberSet/0")?.strip_prefix("+86").ok_or(Refusal::Number)?.to_owned();
    let first = text("/TemplateParamSet/0")?;
    let values: Vec<String> = body.pointer("/TemplateParamSet").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let is_code = values.len() == 1 && first.len() == 6 && first.bytes().all(|b| b.is_ascii_digit());
    let says = if is_code { Says::Code(first) } else { Says::Notice(values) };
    Ok(Wanted { phone, sign_name: text("/SignName")?, says })
}

fn check(gateway: &mut Sms, request: &Request, now: Timestamp) -> Result<(), Refusal> {
    let no = Refusal::Unauthorised;
    let header = |name: &str| request.header(name).ok_or(no);
    let authorization = header("authorization")?.strip_prefix(SCHEME).ok_or(no)?;
    let item = |name: &str| authorization.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).ok_or(no);
    let (credential, names, signature) = (item("Credential")?, item("SignedHeaders")?, item("Signature")?);
    let mut lines = String::new();
    for name in names.split(';') {
        // The action is signed in lower case, whatever is sent.
        let value = header(name)?.trim();
        lines.push_str(&format!("{name}:{}\n", if name == "x-tc-action" { value.to_ascii_lowercase() } else { value.to_owned() }));
    }
    if !["content-type", "host"].iter().all(|required| names.split(';').any(|name| name == *required)) {
        return Err(no);
    }
    let seconds: i64 = header("x-tc-timestamp")?.parse().map_err(|_| no)?;
    let at = Timestamp::from_millis(seconds.saturating_mul(1000));
    let day = at.plus_millis(-EAST_MS).biz_date().to_string();
    let scope = format!("{day}/sms/tc3_request");
    let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", hex(&sha256(&request.body)));
    let text = format!("{SCHEME}\n{seconds}\n{scope}\n{}", hex(&sha256(canonical.as_bytes())));
    let first = hmac_sha256(format!("TC3{}", gateway.secret).as_bytes(), day.as_bytes());
    let key = hmac_sha256(&hmac_sha256(&first, b"sms"), b"tc3_request");
    let expected = hex(&hmac_sha256(&key, text.as_bytes()));
    let right = credential == format!("{}/{scope}", gateway.key_id) && same(&expected, signature) && header("x-tc-version")? == "2021-01-11";
    if right && now.since(at).abs() <= WINDOW_MS && request.header("x-tc-region").is_some() { Ok(()) } else { Err(no) }
}

pub(super) fn answer(done: Result<(), Refusal>, phone: &str) -> Response {
    let id = "00000000-0000-4000-8000-000000000002";
    let error = |code: &str| Response::json(200, &json!({"Response": {"Error": {"Code": code, "Message": "失败"}, "RequestId": id}}));
    let state = |code: &str, message: &str| {
        let state = json!({"SerialNo": "1", "PhoneNumber": format!("+86{phone}"), "Fee": 1, "SessionContext": "", "Code": code, "Message": message, "IsoCode": "CN"});
        Response::json(200, &json!({"Response": {"SendStatusSet": [state], "RequestId": id}}))
    };
    match done {
        Ok(()) => state("Ok", "send success"),
        Err(Refusal::Unauthorised) => error("AuthFailure.SignatureFailure"),
        Err(Refusal::Field) => error("InvalidParameterValue"),
        Err(Refusal::Number) => state("InvalidParameterValue.IncorrectPhoneNumber", "incorrect number"),
        Err(Refusal::Limit) => state("LimitExceeded.PhoneNumberThirtySecondLimit", "limit"),
        Err(Refusal::Blacklisted) => state("FailedOperation.PhoneNumberInBlacklist", "blacklist"),
    }
}
