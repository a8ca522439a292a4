//! The signed envelope of the invoice platform (docs/invoice-platform.md), on the `md5` crate.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::wire::Response;

/// Upper-case hex MD5 with the key before the version. MD5 is what the platform asks for; it protects nothing here.
pub(super) fn sign(appid: &str, data: &str, noise: &str, key: &str, version: &str) -> String {
    format!("{:X}", md5::compute(format!("appid={appid}&data={data}&noise={noise}&key={key}&version={version}")))
}

/// Opens a request: the business body, or the platform's error.
pub(super) fn open(body: &[u8], appid: &str, key: &str) -> Result<Value, Failure> {
    let envelope: Value = serde_json::from_slice(body).map_err(|_| Failure::new("E1000", "报文不是合法的JSON"))?;
    let field = |name: &str| envelope.get(name).and_then(Value::as_str).ok_or_else(|| Failure::new("E1000", "报文缺少公共参数"));
    let (data, noise, version) = (field("data")?, field("noise")?, field("version")?);
    if field("appid")? != appid || version != "1.0" {
        return Err(Failure::new("E1001", "应用帐号或版本不正确"));
    }
    if sign(appid, data, noise, key, version) != field("sign")? {
        return Err(Failure::new("E1002", "签名错误"));
    }
    let plain = STANDARD.decode(data).map_err(|_| Failure::new("E1003", "data不是Base64"))?;
    serde_json::from_slice(&plain).map_err(|_| Failure::new("E1003", "data不是合法的JSON"))
}

/// Wraps `{result, message}`; the message is Base64 once more.
pub(super) fn wrap(result: &str, message: &str) -> Response {
    let data = json!({"result": result, "message": STANDARD.encode(message)}).to_string();
    Response::json(200, &json!({"data": STANDARD.encode(data)}))
}

/// Signs a wrapped answer.
pub(super) fn seal(response: &mut Response, appid: &str, key: &str, noise: &str) {
    let Ok(Value::Object(mut envelope)) = serde_json::from_slice::<Value>(&response.body) else { return };
    let data = envelope.get("data").and_then(Value::as_str).unwrap_or("").to_owned();
    for (name, value) in [("appid", appid), ("noise", noise), ("version", "1.0"), ("sign", &sign(appid, &data, noise, key, "1.0"))] {
        envelope.insert(name.to_owned(), Value::from(value));
    }
    response.body = Value::Object(envelope).to_string().into_bytes();
}

/// An error of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) result: &'static str,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(result: &'static str, message: &str) -> Failure {
        Failure { result, message: message.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_domain_vector() {
        // domain/hospital.md §3.1
        let data = "eyJiaWxsQmF0Y2hDb2RlIjoiNDQwNjAxMjUiLCJiaWxsTm8iOiIwMDAwMDAwMDAxIn0=";
        let signature = sign("TESTAPP0001", data, "00000000-0000-4000-8000-000000000001", "0123456789abcdef0123456789", "1.0");
        assert_eq!(signature, "99BEA118FC62DA75635F49195FE9F99B");
    }
}
