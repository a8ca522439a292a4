//! How the official account and its pages prove themselves to each other: two SHA-1 signatures, which WeChat prescribes.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use menjie::Timestamp;
use menjie::access::Private;
use menjie::gm::hex;

/// The signature with which a page may use WeChat's JS interfaces (`wx.config`), as lower-case hex. `url` is the page as the
/// browser sees it; what stands behind `#` does not count. `ticket` is a JS ticket of the account.
pub fn js_signature(ticket: &Private, nonce: &str, at: Timestamp, url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    sha1(&format!("jsapi_ticket={}&noncestr={nonce}&timestamp={}&url={url}", ticket.reveal(), at.millis() / 1000))
}

/// Does a request to our address come from WeChat, which knows our `token`? Compared in constant time.
pub fn is_wechats(token: &Private, timestamp: &str, nonce: &str, signature: &str) -> bool {
    let mut parts = [token.reveal(), timestamp, nonce];
    parts.sort_unstable();
    verify_slices_are_equal(sha1(&parts.concat()).as_bytes(), signature.as_bytes()).is_ok()
}

fn sha1(text: &str) -> String {
    hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref())
}
