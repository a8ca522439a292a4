//! The platform's envelope: Base64 body, random noise, signature with the key *before* the version.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Digest as _;
use menjie::access::Private;
use menjie::gm;
use serde_json::{Map, Value};

use crate::config::Digest;
use menjie_transport::Shape;

/// The envelope's version; not the platform's.
pub const VERSION: &str = "1.0";

/// Who signs, and how.
#[derive(Clone, Debug)]
pub struct Signer {
    /// Our application.
    pub appid: String,
    /// The key.
    pub key: Private,
    /// The digest.
    pub digest: Digest,
}

impl Signer {
    /// The signature over the raw texts of an envelope; upper-case hex.
    pub fn sign(&self, appid: &str, data: &str, noise: &str, version: &str) -> String {
        let text = Private::new(format!("appid={appid}&data={data}&noise={noise}&key={}&version={version}", self.key.reveal()));
        let bytes = text.reveal().as_bytes();
        let hex = match self.digest {
            Digest::Md5 => gm::hex(&md5::Md5::digest(bytes)),
            Digest::Sm3 => gm::hex(&gm::sm3(bytes)),
        };
        hex.to_ascii_uppercase()
    }

    /// The bytes of a request.
    pub fn seal(&self, business: &Value, noise: &str) -> Vec<u8> {
        let data = STANDARD.encode(business.to_string());
        let sign = self.sign(&self.appid, &data, noise, VERSION);
        serde_json::json!({ "appid": self.appid, "data": data, "noise": noise, "sign": sign, "version": VERSION }).to_string().into_bytes()
    }

    /// `result` and `message` of an answer. `verify` demands a valid signature over the answer's own fields.
    pub fn open(&self, body: &[u8], verify: bool) -> Result<Reply, Refused> {
        let shape = |field, problem| Refused::Shape(Shape::new(field, problem));
        let outer: Value = serde_json::from_slice(body).map_err(|_| shape("body", "is not JSON"))?;
        let text = |field: &'static str| outer.get(field).and_then(Value::as_str);
        let data = text("data").ok_or_else(|| shape("data", "is missing"))?;
        if verify {
            let (Some(appid), Some(noise), Some(sign), Some(version)) = (text("appid"), text("noise"), text("sign"), text("version")) else {
                return Err(Refused::Signature);
            };
            if appid != self.appid || !same(self.sign(appid, data, noise, version).as_bytes(), sign.as_bytes()) {
                return Err(Refused::Signature);
            }
        }
        let inner = STANDARD.decode(data).map_err(|_| shape("data", "is not Base64"))?;
        let inner: Value = serde_json::from_slice(&inner).map_err(|_| shape("data", "does not hold JSON"))?;
        let result = inner.get("result").and_then(Value::as_str).ok_or_else(|| shape("result", "is missing"))?;
        let message = match inner.get("message") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(message)) => STANDARD.decode(message).map_err(|_| shape("message", "is not Base64"))?,
            Some(_) => return Err(shape("message", "is not a text")),
        };
        let message = String::from_utf8(message).map_err(|_| shape("message", "is not UTF-8"))?;
        Ok(Reply { result: result.to_owned(), message })
    }
}

/// The inside of an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The result code.
    pub result: String,
    /// JSON on success, a text for staff on failure. May be personal.
    pub message: String,
}

impl Reply {
    /// The message of a success as an object; none when it is empty.
    pub fn fields(&self) -> Result<Option<Map<String, Value>>, Shape> {
        let text = self.message.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match serde_json::from_str(text).map_err(|_| Shape::new("message", "does not hold JSON"))? {
            Value::Object(fields) if !fields.is_empty() => Ok(Some(fields)),
            Value::Object(_) | Value::Null => Ok(None),
            Value::Array(items) if items.is_empty() => Ok(None),
            _ => Err(Shape::new("message", "does not hold one object")),
        }
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.result, self.message.len())
    }
}

/// Why an answer is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its signature is missing or wrong.
    Signature,
    /// It is not understood.
    Shape(Shape),
}

fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DATA: &str = "eyJiaWxsQmF0Y2hDb2RlIjoiNDQwNjAxMjUiLCJiaWxsTm8iOiIwMDAwMDAwMDAxIn0=";
    const NOISE: &str = "00000000-0000-4000-8000-000000000001";

    fn signer(digest: Digest) -> Signer {
        Signer { appid: "TESTAPP0001".into(), key: Private::new("0123456789abcdef0123456789"), digest }
    }

    /// hospital.md §9 trap 1: the key stands before the version, not at the end.
    #[test]
    fn trap_1_the_key_stands_before_the_version() {
        assert_eq!(signer(Digest::Md5).sign("TESTAPP0001", DATA, NOISE, VERSION), "99BEA118FC62DA75635F49195FE9F99B");
    }

    #[test]
    fn a_sealed_request_is_the_vector_again() {
        let body: Value = serde_json::from_slice(&signer(Digest::Md5).seal(&serde_json::json!({"billBatchCode": "44060125", "billNo": "0000000001"}), NOISE)).unwrap();
        assert_eq!(body["data"], DATA);
        assert_eq!(body["sign"], "99BEA118FC62DA75635F49195FE9F99B");
        assert_eq!(signer(Digest::Sm3).sign("TESTAPP0001", DATA, NOISE, VERSION).len(), 64);
    }

    fn sealed(signer: &Signer, inner: &Value) -> Value {
        let data = STANDARD.encode(inner.to_string());
        serde_json::json!({"appid": signer.appid, "data": data, "noise": "n", "sign": signer.sign(&signer.appid, &data, "n", VERSION), "version": VERSION})
    }

    /// quality.md §1.5 (JEE) and §4.2: no signature, another case, or another field is never accepted.
    #[test]
    fn an_answer_without_its_exact_signature_is_refused() {
        let signer = signer(Digest::Md5);
        let good = sealed(&signer, &serde_json::json!({"result": "S0000", "message": STANDARD.encode("{}")}));
        assert_eq!(signer.open(good.to_string().as_bytes(), true).unwrap().result, "S0000");
        let lower = good["sign"].as_str().unwrap().to_lowercase();
        for (field, value) in [
            ("sign", Value::Null),
            ("sign", "".into()),
            ("sign", lower.into()),
            ("noise", "m".into()),
            ("version", "2.0".into()),
            ("appid", "OTHER".into()),
            ("data", STANDARD.encode("{}").into()),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert_eq!(signer.open(bad.to_string().as_bytes(), true).unwrap_err(), Refused::Signature, "{field}");
        }
    }

    #[test]
    fn answers_of_another_shape_are_named() {
        let signer = signer(Digest::Md5);
        let field = |body: &str| match signer.open(body.as_bytes(), false).unwrap_err() {
            Refused::Shape(shape) => shape.field,
            Refused::Signature => "signature".into(),
        };
        assert_eq!(field("<html>"), "body");
        assert_eq!(field("{}"), "data");
        assert_eq!(field(r#"{"data":"*"}"#), "data");
        let of = |inner: Value| sealed(&signer, &inner).to_string();
        assert_eq!(field(&of(serde_json::json!({"message": ""}))), "result");
        assert_eq!(field(&of(serde_json::json!({"result": "S0000", "message": "*"}))), "message");
        assert_eq!(field(&of(serde_json::json!({"result": "S0000", "message": {}}))), "message");
    }

    #[test]
    fn the_key_shows_nowhere() {
        assert!(!format!("{:?}", signer(Digest::Md5)).contains("0123456789abcdef"));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(result in "[A-Z]{1,4}[0-9]{4}", message in ".*") {
            let signer = signer(Digest::Md5);
            let body = sealed(&signer, &serde_json::json!({"result": result, "message": STANDARD.encode(&message)}));
            let reply = signer.open(body.to_string().as_bytes(), true).unwrap();
            prop_assert_eq!((reply.result, reply.message), (result, message));
        }

        #[test]
        fn any_bytes_are_opened_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = signer(Digest::Md5).open(&bytes, false);
        }
    }
}
