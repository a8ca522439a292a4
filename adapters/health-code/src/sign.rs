//! The envelope's signature: every field that has a value as `name=value`, sorted by name, joined by `&`, the secret glued
//! to the end. Empty fields and a `channelNum` of 0 are left out: only so the published vector comes out
//! (domain/hospital.md §4.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menjie::access::Private;
use menjie::{Result, gm};
use serde_json::{Map, Value};

use crate::config::SignMethod;

/// Signs the text of an envelope; the place for SM2 where a platform wants it.
pub trait EnvelopeSigner: Send + Sync {
    /// The value of `sign` over the sorted fields, which do not contain the secret yet.
    fn sign(&self, fields: &str) -> Result<String>;
}

/// SHA-256 or SM3 over fields and secret.
pub struct DigestSigner {
    method: SignMethod,
    secret: Private,
}

impl DigestSigner {
    /// With the application's secret.
    pub fn new(method: SignMethod, secret: Private) -> DigestSigner {
        DigestSigner { method, secret }
    }
}

impl EnvelopeSigner for DigestSigner {
    fn sign(&self, fields: &str) -> Result<String> {
        let text = Private::new(format!("{fields}{}", self.secret.reveal()));
        let bytes = text.reveal().as_bytes();
        Ok(match self.method {
            SignMethod::Sha256 => STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, bytes)),
            SignMethod::Sm3 => STANDARD.encode(gm::sm3(bytes)),
        })
    }
}

/// The fields of both halves of an envelope as they are signed.
pub fn text_of(common: &Map<String, Value>, request: &Map<String, Value>) -> String {
    let mut fields: Vec<(&str, String)> = common.iter().chain(request).filter_map(|(name, value)| Some((name.as_str(), shown(name, value)?))).collect();
    fields.sort();
    fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn shown(name: &str, value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null => return None,
        Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    let left_out = text.is_empty() || name == "sign" || (name == "channelNum" && text == "0");
    (!left_out).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    /// Published with the platform's documents (domain/hospital.md §4.1); also in tests/vectors/payments/health_code.jsonl.
    #[test]
    fn the_published_vector() {
        let vector: Value = serde_json::from_str(include_str!("../../../tests/vectors/payments/health_code.jsonl")).unwrap();
        let text = text_of(&fields(vector["commonIn"].clone()), &fields(vector["req"].clone()));
        assert_eq!(text, vector["text"].as_str().unwrap());
        let secret = || Private::new(vector["appSecret"].as_str().unwrap());
        assert_eq!(DigestSigner::new(SignMethod::Sha256, secret()).sign(&text).unwrap(), vector["sign"].as_str().unwrap());
        assert_ne!(DigestSigner::new(SignMethod::Sm3, secret()).sign(&text).unwrap(), vector["sign"].as_str().unwrap());
    }

    #[test]
    fn fields_without_a_value_are_left_out_and_sorted_over_both_halves() {
        let common = fields(json!({"appToken": "", "requestId": "R", "channelNum": 4, "sign": "old", "timestamp": "1"}));
        assert_eq!(text_of(&common, &fields(json!({"b": null, "a": "1", "z": {"k": 1}}))), r#"a=1&channelNum=4&requestId=R&timestamp=1&z={"k":1}"#);
    }
}
