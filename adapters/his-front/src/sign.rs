//! HMAC-SM3 over raw bytes, both directions (docs/his-front.yaml §2).

use menjie::access::Private;
use menjie::gm::{hex, hmac_sm3, is_mac, sm3};
use menjie::{Result, Timestamp};

/// The application's name, on requests.
pub const APP: &str = "X-Menjie-App";
/// The sender's time, on requests and answers.
pub const TIME: &str = "X-Menjie-Time";
/// 32 hex digits, new for every request.
pub const NONCE: &str = "X-Menjie-Nonce";
/// The signature, on requests and answers.
pub const SIGN: &str = "X-Menjie-Sign";

/// The signature of a request. `path` is the path of the address as sent.
pub fn request(secret: &Private, method: &str, path: &str, time: &str, nonce: &str, body: &[u8]) -> Result<String> {
    mac(secret, &[method, path, time, nonce, &hex(&sm3(body))])
}

/// The signature of an answer to the request with that nonce.
pub fn answer(secret: &Private, time: &str, nonce: &str, body: &[u8]) -> Result<String> {
    mac(secret, &[time, nonce, &hex(&sm3(body))])
}

/// Is `sign` the signature of this answer? The comparison takes the same time wherever the texts differ.
pub fn verify_answer(secret: &Private, time: &str, nonce: &str, body: &[u8], sign: &str) -> bool {
    answer(secret, time, nonce, body).is_ok_and(|expected| is_mac(expected.as_bytes(), sign.as_bytes()))
}

/// Is `sign` the signature of this request?
pub fn verify_request(secret: &Private, method: &str, path: &str, time: &str, nonce: &str, body: &[u8], sign: &str) -> bool {
    request(secret, method, path, time, nonce, body).is_ok_and(|expected| is_mac(expected.as_bytes(), sign.as_bytes()))
}

/// The `TIME` of a request at `now`.
pub fn time_text(now: Timestamp) -> String {
    now.to_string()
}

fn mac(secret: &Private, lines: &[&str]) -> Result<String> {
    hmac_sm3(secret.reveal().as_bytes(), &[lines.join("\n").as_bytes()]).map(|mac| hex(&mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "000102030405060708090a0b0c0d0e0f";

    fn secret() -> Private {
        Private::new("0123456789abcdef0123456789abcdef")
    }

    #[test]
    fn the_documented_vector() {
        let time = "2026-03-02T09:15:00.000+08:00";
        let sign = request(&secret(), "POST", "/menjie/v1/unlock", time, NONCE, br#"{"no":"S0000000000000000001"}"#).unwrap();
        assert_eq!(sign, "69cc44effad72ec6edfcfceeec249128e3583af6913252b2df70008da0d1a224");
        let time = "2026-03-02T09:15:00.120+08:00";
        let body = br#"{"code":"0","message":"ok","data":null}"#;
        assert!(verify_answer(&secret(), time, NONCE, body, "5cf6e8862eb10b7216d01a43803c057b17a9b6a03634ada702eecebcfbaad08d"));
    }

    #[test]
    fn every_part_is_bound() {
        let (time, body) = ("2026-03-02T09:15:00.120+08:00", b"{}".as_slice());
        let sign = answer(&secret(), time, NONCE, body).unwrap();
        assert!(verify_answer(&secret(), time, NONCE, body, &sign));
        assert!(!verify_answer(&secret(), "2026-03-02T09:15:00.121+08:00", NONCE, body, &sign));
        assert!(!verify_answer(&secret(), time, "100102030405060708090a0b0c0d0e0f", body, &sign));
        assert!(!verify_answer(&secret(), time, NONCE, b"{ }", &sign));
        assert!(!verify_answer(&Private::new("0123456789abcdef0123456789abcdeF"), time, NONCE, body, &sign));
        for sign in ["", "null", &sign[1..], &sign.to_uppercase(), &format!("{sign}0")] {
            assert!(!verify_answer(&secret(), time, NONCE, body, sign));
        }
    }
}
