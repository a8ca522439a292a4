//! Aliyun's signature ACS3-HMAC-SHA256 (domain/payments.md §4.3).

use menjie::access::Private;
use menjie::gm;
use menjie_transport::percent;

use crate::encode::{hmac_sha256, sha256};

/// The scheme of `Authorization`.
pub const SCHEME: &str = "ACS3-HMAC-SHA256";

/// The query of parameters: encoded, sorted by name. It is sent exactly as it is signed.
pub fn query(parameters: &[(&str, &str)]) -> String {
    let mut pairs: Vec<(String, String)> = parameters.iter().map(|(name, value)| (percent(name), percent(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The canonical request. `headers` have lower-case names; they are sorted here.
pub fn canonical(method: &str, uri: &str, query: &str, headers: &[(&str, &str)], payload_hash: &str) -> String {
    let mut sorted = headers.to_vec();
    sorted.sort_unstable();
    let lines: String = sorted.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    format!("{method}\n{uri}\n{query}\n{lines}\n{}\n{payload_hash}", names(headers))
}

fn names(headers: &[(&str, &str)]) -> String {
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.join(";")
}

/// The signature of a canonical request, lower-case hex.
pub fn signature(secret: &Private, canonical: &str) -> String {
    let text = format!("{SCHEME}\n{}", sha256(canonical.as_bytes()));
    gm::hex(&hmac_sha256(secret.reveal().as_bytes(), text.as_bytes()))
}

/// The value of `Authorization`.
pub fn authorization(key_id: &str, headers: &[(&str, &str)], signature: &str) -> String {
    format!("{SCHEME} Credential={key_id},SignedHeaders={},Signature={signature}", names(headers))
}

/// SHA-256 of a body, lower-case hex: `x-acs-content-sha256`.
pub fn payload_hash(body: &[u8]) -> String {
    sha256(body)
}
