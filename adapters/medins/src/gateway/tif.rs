//! Headers of the Guangdong gateway (x-tif, domain/medins.md §3.2).

use aws_lc_rs::digest;
use menjie::{Timestamp, gm};

use crate::config::TifConfig;

/// The four headers: time in seconds, and lower-case hex SHA-256 of time, secret, nonce, time.
pub fn tif_headers(config: &TifConfig, now: Timestamp, nonce: &str) -> [(&'static str, String); 4] {
    let timestamp = (now.millis() / 1000).to_string();
    let text = zeroize::Zeroizing::new([timestamp.as_str(), config.secret.reveal(), nonce, &timestamp].concat());
    let signature = gm::hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    [("x-tif-paasid", config.paas_id.clone()), ("x-tif-timestamp", timestamp), ("x-tif-nonce", nonce.to_owned()), ("x-tif-signature", signature)]
}
