//! The second factor: time-based one-time passwords (RFC 6238 over SHA-1, 30 seconds, six digits), which every authenticator
//! app speaks. A code is good for its step, the one before and the one after, and only once.

use hmac::Mac;
use serde::{Deserialize, Serialize};

use crate::access::Private;
use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};
use crate::port::Entropy;

/// A step of time.
const STEP_MS: i64 = 30_000;
/// 160 bits, as long as what SHA-1 gives (RFC 4226 §4).
const SECRET_LEN: usize = 20;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The secret an authenticator shares with us, in base 32 without padding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Private);

impl Secret {
    /// A new one.
    pub fn draw(entropy: &dyn Entropy) -> Secret {
        let mut bytes = [0u8; SECRET_LEN];
        entropy.fill(&mut bytes);
        let text = base32(&bytes);
        zeroize::Zeroize::zeroize(&mut bytes);
        Secret(Private::new(text))
    }

    /// For typing into an app.
    pub fn base32(&self) -> &str {
        self.0.reveal()
    }

    /// For the QR code an app reads: `otpauth://totp/…`.
    pub fn uri(&self, issuer: &str, account: &str) -> Private {
        let (issuer, account) = (percent(issuer), percent(account));
        Private::new(format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30", self.base32()))
    }

    /// The code of an instant, as an authenticator shows it.
    pub fn code_at(&self, now: Timestamp) -> Result<Private> {
        self.code(step_of(now))
    }

    fn code(&self, step: u64) -> Result<Private> {
        let key = unbase32(self.base32()).ok_or_else(|| Error::new(Code::StoreCorrupt).with("record", "staff"))?;
        Ok(Private::new(format!("{:06}", hotp(&key, step)? % 1_000_000)))
    }
}

/// An enrolled second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    secret: Secret,
    /// The step of the last accepted code: neither it nor an earlier one is accepted again.
    used: u64,
    /// In which session it was shown: there a second press is the first one's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    shown_in: String,
}

impl Factor {
    /// Over a secret whose codes were never shown.
    pub fn new(secret: Secret) -> Factor {
        Factor { secret, used: 0, shown_in: String::new() }
    }

    /// Is this its secret?
    pub fn is_over(&self, secret: &Secret) -> bool {
        &self.secret == secret
    }

    /// Is this the code of now, give or take a step? Then it is used up by this session.
    pub fn accept(&mut self, typed: &Private, session: &str, now: Timestamp) -> Result<bool> {
        let fits = self.step_of_code(typed, now, |step| step > self.used)?;
        if let Some(step) = fits {
            (self.used, self.shown_in) = (step, session.to_owned());
        }
        Ok(fits.is_some())
    }

    /// Is it the very code that this session has just used up? Whoever presses twice shows it twice.
    pub fn has_just_accepted(&self, typed: &Private, session: &str, now: Timestamp) -> Result<bool> {
        Ok(self.shown_in == session && self.step_of_code(typed, now, |step| step == self.used)?.is_some())
    }

    /// The first step of now that counts and has this code.
    fn step_of_code(&self, typed: &Private, now: Timestamp, counts: impl Fn(u64) -> bool) -> Result<Option<u64>> {
        let typed: String = typed.reveal().chars().filter(|c| !c.is_whitespace()).collect();
        let step = step_of(now);
        let mut fits = None;
        for step in [step.saturating_sub(1), step, step.saturating_add(1)] {
            // All three are made whatever is found, so the time taken says nothing.
            let same = self.secret.code(step)?.reveal() == typed;
            if same && counts(step) {
                fits = fits.or(Some(step));
            }
        }
        Ok(fits)
    }
}

fn step_of(now: Timestamp) -> u64 {
    u64::try_from(now.millis() / STEP_MS).unwrap_or(0)
}

/// RFC 4226 §5.3: 31 bits of an HMAC-SHA-1, chosen by its last nibble.
fn hotp(key: &[u8], counter: u64) -> Result<u32> {
    let mut mac = <hmac::Hmac<sha1::Sha1> as hmac::KeyInit>::new_from_slice(key).map_err(|_| Error::new(Code::BadKey))?;
    mac.update(&counter.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    let at = usize::from(digest.last().copied().unwrap_or_default() & 15);
    let bits = digest.iter().skip(at).take(4).fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
    Ok(bits & 0x7fff_ffff)
}

/// RFC 4648 §6, without padding.
fn base32(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0u32, 0u32);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            let five = usize::try_from(bits >> held & 31).unwrap_or_default();
            text.extend(BASE32.get(five).map(|b| char::from(*b)));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        let five = usize::try_from(bits << (5 - held) & 31).unwrap_or_default();
        text.extend(BASE32.get(five).map(|b| char::from(*b)));
    }
    text
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0u32, 0u32);
    for c in text.bytes() {
        let five = BASE32.iter().position(|b| *b == c)?;
        bits = bits << 5 | u32::try_from(five).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 255).ok()?);
        }
        bits &= (1 << held) - 1;
    }
    Some(bytes)
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::host::SeededEntropy;

    const RFC: &str = include_str!("../../../tests/vectors/staff/totp_rfc6238.jsonl");

    fn vectors() -> Vec<serde_json::Value> {
        RFC.lines().map(|line| serde_json::from_str(line).unwrap()).filter(|v: &serde_json::Value| v["totp"].is_string()).collect()
    }

    fn rfc_secret() -> Secret {
        Secret(Private::new(base32(b"12345678901234567890")))
    }

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 6);
        for v in vectors {
            let now = Timestamp::from_millis(v["time_s"].as_i64().unwrap() * 1000);
            let (step, wanted) = (v["step"].as_u64().unwrap(), v["totp"].as_str().unwrap());
            assert_eq!(step_of(now), step);
            assert_eq!(format!("{:08}", hotp(b"12345678901234567890", step).unwrap() % 100_000_000), wanted);
            assert_eq!(rfc_secret().code_at(now).unwrap().reveal(), &wanted[2..], "six digits are the last six of eight");
        }
    }

    #[test]
    fn base_32_as_in_rfc_4648() {
        for (plain, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(plain.as_bytes()), text);
            assert_eq!(unbase32(text).unwrap(), plain.as_bytes());
        }
        assert_eq!(unbase32("abc1"), None);
    }

    #[test]
    fn a_code_is_good_for_a_step_around_and_once() {
        let secret = Secret::draw(&SeededEntropy::new(1));
        let now = Timestamp::from_millis(1_772_409_600_000);
        let code = |shift: i64| secret.code_at(now.plus_millis(shift * STEP_MS)).unwrap();
        for (shift, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            assert_eq!(Factor::new(secret.clone()).accept(&code(shift), "s", now).unwrap(), good, "{shift}");
        }
        let mut factor = Factor::new(secret.clone());
        assert!(factor.accept(&code(0), "s", now).unwrap());
        assert!(!factor.accept(&code(0), "s", now).unwrap(), "the same code again");
        assert!(!factor.accept(&code(-1), "s", now).unwrap(), "an earlier one after a later one");
        assert!(factor.accept(&code(1), "s", now).unwrap());
        assert!(!factor.accept(&code(1), "s", now.plus_millis(STEP_MS)).unwrap(), "also in its own step");
        assert!(factor.has_just_accepted(&code(1), "s", now).unwrap(), "pressed twice");
        assert!(!factor.has_just_accepted(&code(1), "other", now).unwrap() && !factor.has_just_accepted(&code(0), "s", now).unwrap());
        assert!(!factor.has_just_accepted(&code(1), "s", now.plus_millis(3 * STEP_MS)).unwrap(), "long ago");
        assert!(!Factor::new(secret.clone()).has_just_accepted(&code(0), "", now).unwrap());
        for rubbish in ["", "12345", "1234567", "abcdef", "０００００００"] {
            assert!(!factor.accept(&Private::new(rubbish), "s", now).unwrap());
        }
    }

    #[test]
    fn apps_show_groups_and_people_type_them() {
        let secret = rfc_secret();
        let now = Timestamp::from_millis(59_000);
        assert!(Factor::new(secret).accept(&Private::new(" 287 082 "), "s", now).unwrap());
    }

    #[test]
    fn the_address_for_apps_is_escaped_and_debug_tells_nothing() {
        let secret = rfc_secret();
        let uri = secret.uri("示例 医院", "li.wei");
        assert_eq!(
            uri.reveal(),
            "otpauth://totp/%E7%A4%BA%E4%BE%8B%20%E5%8C%BB%E9%99%A2:li.wei?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E7%A4%BA%E4%BE%8B%20%E5%8C%BB%E9%99%A2&algorithm=SHA1&digits=6&period=30"
        );
        assert!(!format!("{:?} {:?}", secret, Factor::new(secret.clone())).contains("GEZD"));
    }
}
