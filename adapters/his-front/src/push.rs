//! What HIS pushes: a notice signed like a request (docs/his-front.yaml §2, §5). Pure.

use menjie::Timestamp;
use menjie::access::Private;
use menjie::error::{Code, Error, Result};
use menjie::payment::RawNotice;
use menjie::port::HisNotice;

use crate::json::read_json;
use crate::{sign, wire};

/// How far the clocks may differ.
const WINDOW_MS: i64 = 300_000;
/// A notice is small.
const MAX_BODY: usize = 64 * 1024;

/// Verifies the raw bytes, then reads them. A repeated notice is no harm: its id counts once.
pub(crate) fn accept(app: &str, secret: &Private, path: &str, raw: &RawNotice<'_>, now: Timestamp) -> Result<HisNotice> {
    let header = |name: &str| {
        let name = name.to_ascii_lowercase();
        raw.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let (time, nonce, signature) = (header(sign::TIME), header(sign::NONCE), header(sign::SIGN));
    let hex = nonce.len() == 32 && nonce.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if raw.body.len() > MAX_BODY || !hex || header(sign::APP) != app || !sign::verify_request(secret, "POST", path, time, nonce, raw.body, signature) {
        return Err(Error::new(Code::BadSignature));
    }
    if !Timestamp::parse(time).is_ok_and(|at| now.since(at).abs() <= WINDOW_MS) {
        return Err(Error::new(Code::StaleMessage));
    }
    let text = std::str::from_utf8(raw.body).map_err(|_| Error::new(Code::HisAnswer).with("problem", "is not UTF-8"))?;
    let node = read_json(text).map_err(|shape| Error::new(Code::HisAnswer).with("problem", shape.to_string()))?;
    wire::pushed(&node).map_err(|shape| Error::new(Code::HisAnswer).with("problem", shape.to_string()))
}
