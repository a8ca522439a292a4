//! Tencent Cloud's signature TC3-HMAC-SHA256 (domain/payments.md §4.3). The date is UTC's.

use menjie::access::Private;
use menjie::{Timestamp, gm};

use crate::encode::{hmac_sha256, sha256};

/// The scheme of `Authorization`.
pub const SCHEME: &str = "TC3-HMAC-SHA256";

/// The canonical request of a POST to `/`. `headers` are the signed lines, each ended by LF, sorted by name; `signed` names them.
pub fn canonical(headers: &str, signed: &str, payload: &[u8]) -> String {
    format!("POST\n/\n\n{headers}\n{signed}\n{}", sha256(payload))
}

/// The day of a signature.
pub fn date(now: Timestamp) -> String {
    now.utc().chars().take(10).collect()
}

/// The signature of a canonical request, lower-case hex.
pub fn signature(secret: &Private, service: &str, now: Timestamp, canonical: &str) -> String {
    let day = date(now);
    let text = format!("{SCHEME}\n{}\n{day}/{service}/tc3_request\n{}", now.millis() / 1000, sha256(canonical.as_bytes()));
    let first = Private::new(format!("TC3{}", secret.reveal()));
    let key = [day.as_str(), service, "tc3_request"].iter().fold(first.reveal().as_bytes().to_vec(), |key, part| hmac_sha256(&key, part.as_bytes()));
    gm::hex(&hmac_sha256(&key, text.as_bytes()))
}

/// The value of `Authorization`.
pub fn authorization(secret_id: &str, service: &str, now: Timestamp, signed: &str, signature: &str) -> String {
    format!("{SCHEME} Credential={secret_id}/{}/{service}/tc3_request, SignedHeaders={signed}, Signature={signature}", date(now))
}
