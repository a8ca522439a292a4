//! Aliyun's side of ACS3-HMAC-SHA256 and `SendSms`.

use menjie::Timestamp;
use serde_json::{Value, json};

use super::super::hash::{hex, hmac_sha256, same, sha256};
use super::{Refusal, Says, Sms, Wanted};
use crate::wire::{Request, Response};

/// How far the clocks may differ.
const WINDOW_MS: i64 = 900_000;
const SCHEME: &str = "ACS3-HMAC-SHA256";

pub(super) fn read(gateway: &mut Sms, request: &Request, now: Timestamp) -> Result<Wanted, Refusal> {
    check(gateway, request, now)?;
    let parameter = |name: &str| request.parameter(name).map(decode).ok_or(Refusal::Field);
    let values: Value = serde_json::from_str(&parameter("TemplateParam")?).map_err(|_| Refusal::Field)?;
    let values = values.as_object().ok_or(Refusal::Field)?;
    let says = match values.get("code").and_then(Value::as_str) {
        Some(code) => Says::Code(code.to_owned()),
        None => Says::Notice(values.values().map(|v| v.as_str().map(str::to_owned).ok_or(Refusal::Field)).collect::<Result<_, _>>()?),
    };
    if parameter("TemplateCode")?.is_empty() {
        return Err(Refusal::Field);
    }
    Ok(Wanted { phone: parameter("PhoneNumbers")?, sign_name: parameter("SignName")?, says })
}

fn check(gateway: &mut Sms, request: &Request, now: Timestamp) -> Result<(), Refusal> {
    let no = Refusal::Unauthorised;
    let header = |name: &str| request.header(name).ok_or(no);
    let authorization = header("authorization")?.strip_prefix(SCHEME).ok_or(no)?;
    let item = |name: &str| authorization.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).ok_or(no);
    let (key, names, signature) = (item("Credential")?, item("SignedHeaders")?, item("Signature")?);
    for required in ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"] {
        if !names.split(';').any(|name| name == required) {
            return Err(no);
        }
    }
    let mut lines = String::new();
    for name in names.split(';') {
        lines.push_str(&format!("{name}:{}\n", header(name)?.trim()));
    }
    let hash = hex(&sha256(&request.body));
    // The query is sent as it is signed: sorted and encoded.
    let mut pairs: Vec<&str> = request.query().split('&').collect();
    pairs.sort_unstable();
    let canonical = format!("{}\n{}\n{}\n{lines}\n{names}\n{hash}", request.method, request.path(), pairs.join("&"));
    let expected = hex(&hmac_sha256(gateway.secret.as_bytes(), format!("{SCHEME}\n{}", hex(&sha256(canonical.as_bytes()))).as_bytes()));
    let date = Timestamp::parse(&header("x-acs-date")?.replace('Z', "+00:00")).map_err(|_| no)?;
    let right = key == gateway.key_id && same(&expected, signature) && header("x-acs-content-sha256")? == hash && header("x-acs-version")? == "2017-05-25";
    if !right || now.since(date).abs() > WINDOW_MS || !gateway.seen.insert(header("x-acs-signature-nonce")?.to_owned()) {
        return Err(no);
    }
    Ok(())
}

pub(super) fn answer(done: Result<(), Refusal>) -> Response {
    let (status, code, message) = match done {
        Ok(()) => (200, "OK", "OK"),
        Err(Refusal::Unauthorised) => (400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation."),
        Err(Refusal::Field) => (200, "isv.INVALID_JSON_PARAM", "参数格式错误"),
        Err(Refusal::Number) => (200, "isv.MOBILE_NUMBER_ILLEGAL", "手机号码格式错误"),
        Err(Refusal::Limit) => (200, "isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1"),
        Err(Refusal::Blacklisted) => (200, "isv.BLACK_KEY_CONTROL_LIMIT", "黑名单管控"),
    };
    Response::json(status, &json!({"Code": code, "Message": message, "BizId": "900000000000000001^0", "RequestId": "00000000-0000-4000-8000-000000000001"}))
}

/// Percent-decoding; what is not encoded right stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let hex = rest.get(1..3).filter(|_| c == '%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let taken = match hex {
            Some(byte) => {
                bytes.push(byte);
                3
            }
            None => {
                bytes.extend_from_slice(c.to_string().as_bytes());
                c.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded_and_garbage_survives() {
        assert_eq!(decode("%E4%B8%93%7B%22code%22%3A1%7D"), "专{\"code\":1}");
        for odd in ["%", "%4", "%zz", "a%", "中%e", ""] {
            assert_eq!(decode(odd), odd);
        }
    }
}
