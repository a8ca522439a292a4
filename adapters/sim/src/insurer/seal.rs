//! The envelope of mobile payment (domain/medins.md §1) on `libsm`, written apart from the client's: what the client signs with
//! one library is verified here with another.

use base64::{Engine, engine::general_purpose::STANDARD};
use libsm::sm2::ecc::{EccCtx, Point};
use libsm::sm2::signature::SigCtx;
use libsm::sm3::hash::Sm3Hash;
use libsm::sm4::cipher::Sm4Cipher;
use menjie::{Error, Result, gm};
use num_bigint::BigUint;
use serde_json::Value;

use super::{Fields, text};
use crate::credentials::{CENTRE_PRIVATE_KEY, INSURED_PUBLIC_KEY, SimCredentials};

/// What libraries sign under when nobody names an identity.
const OTHER_USER_ID: &str = "1234567812345678";

/// The centre's keys.
#[derive(Clone)]
pub(super) struct Keys {
    app_id: String,
    secret: String,
    data_key: [u8; 16],
    ours: BigUint,
    our_point: Point,
    theirs: Point,
}

/// How an answer is spoiled.
#[derive(Clone, Copy, Default)]
pub(super) struct Spoiled {
    pub(super) signature: bool,
    pub(super) user_id: bool,
    pub(super) lower_hex: bool,
}

impl Keys {
    pub(super) fn load(credentials: &SimCredentials) -> Result<Keys> {
        let broken = || Error::internal("the simulator's insurance keys are keys");
        let (app_id, secret) = (credentials.insurance_app_id.clone(), credentials.insurance_app_secret.clone());
        let wrap = app_id.as_bytes().first_chunk::<16>().ok_or_else(broken)?;
        let wrapped = gm::hex(&ecb(wrap, secret.as_bytes(), true).ok_or_else(broken)?).to_ascii_uppercase();
        let data_key = *wrapped.as_bytes().first_chunk::<16>().ok_or_else(broken)?;
        let ours = BigUint::parse_bytes(CENTRE_PRIVATE_KEY.as_bytes(), 16).ok_or_else(broken)?;
        let context = SigCtx::new();
        let point = |hex: &str| gm::unhex(hex).and_then(|bytes| context.load_pubkey(&bytes).ok()).ok_or_else(broken);
        let (our_point, theirs) = (point(&credentials.insurance_centre_public_key)?, point(INSURED_PUBLIC_KEY)?);
        Ok(Keys { app_id, secret, data_key, ours, our_point, theirs })
    }

    /// Verifies and opens a request; the error is the centre's message.
    pub(super) fn open(&self, body: &[u8]) -> std::result::Result<Fields, &'static str> {
        let (mut envelope, data) = self.parts(body)?;
        if envelope.insert("data".to_owned(), Value::Object(data.clone())).is_some() {
            return Err("报文格式错误");
        }
        let context = SigCtx::new();
        let signature = STANDARD.decode(text(&envelope, "signData")).map_err(|_| "验签失败")?;
        let (r, s) = signature.split_at_checked(32).filter(|(_, s)| s.len() == 32).ok_or("验签失败")?;
        let digest = context.hash(&self.secret, &self.theirs, self.text(&envelope).as_bytes()).map_err(|_| "验签失败")?;
        if signed(&digest, &self.theirs, &BigUint::from_bytes_be(r), &BigUint::from_bytes_be(s)) { Ok(data) } else { Err("验签失败") }
    }

    /// What a request holds that was verified before: verifying is the slow part.
    pub(super) fn admitted(&self, body: &[u8]) -> std::result::Result<Fields, &'static str> {
        self.parts(body).map(|(_, data)| data)
    }

    fn parts(&self, body: &[u8]) -> std::result::Result<(Fields, Fields), &'static str> {
        let envelope: Fields = serde_json::from_slice(body).map_err(|_| "报文格式错误")?;
        if text(&envelope, "appId") != self.app_id || text(&envelope, "encType") != "SM4" || text(&envelope, "signType") != "SM2" {
            return Err("应用未授权");
        }
        let cipher = gm::unhex(text(&envelope, "encData")).ok_or("encData格式错误")?;
        let plain = ecb(&self.data_key, &cipher, false).ok_or("解密失败")?;
        let data = serde_json::from_slice(&plain).map_err(|_| "解密失败")?;
        Ok((envelope, data))
    }

    /// Signs and encrypts an answer or a notice.
    pub(super) fn seal(&self, message: &Fields, timestamp: &str, spoiled: Spoiled) -> Option<Vec<u8>> {
        let mut envelope = message.clone();
        for (name, text) in [("appId", self.app_id.as_str()), ("encType", "SM4"), ("signType", "SM2"), ("version", "2.0.1"), ("timestamp", timestamp)] {
            envelope.insert(name.to_owned(), text.into());
        }
        let user_id = if spoiled.user_id { OTHER_USER_ID } else { &self.secret };
        let mut text = self.text(&envelope);
        if spoiled.signature {
            text.push('x');
        }
        let signature = self.sign(user_id, text.as_bytes())?;
        if let Some(data) = envelope.remove("data") {
            let hex = gm::hex(&ecb(&self.data_key, data.to_string().as_bytes(), true)?);
            let hex = if spoiled.lower_hex { hex } else { hex.to_ascii_uppercase() };
            envelope.insert("encData".to_owned(), hex.into());
        }
        envelope.insert("signData".to_owned(), signature.into());
        Some(Value::Object(envelope).to_string().into_bytes())
    }

    /// Sorted members without empties, then the secret. `serde_json` keeps objects sorted and writes them compactly.
    fn text(&self, envelope: &Fields) -> String {
        let inside = envelope.iter().filter(|(name, _)| !matches!(name.as_str(), "signData" | "encData" | "extra"));
        let mut pairs: Vec<String> = inside
            .filter_map(|(name, value)| {
                Some(match full(value)? {
                    Value::String(text) => format!("{name}={text}"),
                    other => format!("{name}={other}"),
                })
            })
            .collect();
        pairs.sort();
        format!("{}&key={}", pairs.join("&"), self.secret)
    }

    /// The nonce comes from key and digest: a simulator has no chance of its own, and its key protects nothing.
    fn sign(&self, user_id: &str, message: &[u8]) -> Option<String> {
        let (context, curve) = (SigCtx::new(), EccCtx::new());
        let n = curve.get_n();
        let digest = context.hash(user_id, &self.our_point, message).ok()?;
        let seed = [self.ours.to_bytes_be().as_slice(), &digest].concat();
        let k = BigUint::from_bytes_be(&Sm3Hash::new(&seed).get_hash()) % (n - 1u32) + 1u32;
        let (x, _) = curve.to_affine(&of_generator(&curve, &k)?).ok()?;
        let r = (BigUint::from_bytes_be(&digest) + x.to_biguint()) % n;
        let s = curve.inv_n(&(&self.ours + 1u32)).ok()? * (&k + n - (&r * &self.ours) % n) % n;
        let half = |number: &BigUint| {
            let bytes = number.to_bytes_be();
            [vec![0; 32usize.saturating_sub(bytes.len())], bytes].concat()
        };
        Some(STANDARD.encode([half(&r), half(&s)].concat()))
    }
}

/// A multiple of the generator. Not `g_mul`: its table takes seconds to compute, longer than a call may last, and every thread
/// that wants it spins meanwhile.
fn of_generator(curve: &EccCtx, times: &BigUint) -> Option<Point> {
    curve.mul(times, &curve.generator().ok()?).ok()
}

/// Is this the holder's signature (GB/T 32918.2 §7)?
fn signed(digest: &[u8; 32], holder: &Point, r: &BigUint, s: &BigUint) -> bool {
    let curve = EccCtx::new();
    let n = curve.get_n();
    let within = |number: &BigUint| *number > BigUint::ZERO && number < n;
    let t = (r + s) % n;
    if !within(r) || !within(s) || t == BigUint::ZERO {
        return false;
    }
    let point = || curve.add(&of_generator(&curve, s)?, &curve.mul(&t, holder).ok()?).ok();
    let x = point().and_then(|point| curve.to_affine(&point).ok()).map(|(x, _)| x.to_biguint());
    x.is_some_and(|x| (BigUint::from_bytes_be(digest) + x) % n == *r)
}

/// A value without its empty parts; none when nothing is left.
fn full(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(items) => Some(items.iter().filter_map(full).collect::<Vec<_>>()).filter(|items| !items.is_empty()).map(Value::from),
        Value::Object(fields) => {
            let kept: Fields = fields.iter().filter_map(|(name, value)| Some((name.clone(), full(value)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        other => Some(other.clone()),
    }
}

/// SM4-ECB with PKCS#7 padding.
fn ecb(key: &[u8; 16], bytes: &[u8], encrypt: bool) -> Option<Vec<u8>> {
    let cipher = Sm4Cipher::new(key).ok()?;
    if encrypt {
        let padding = 16 - bytes.len() % 16;
        let padded = [bytes, &vec![u8::try_from(padding).ok()?; padding]].concat();
        return padded.chunks(16).map(|block| cipher.encrypt(block).ok()).collect::<Option<Vec<_>>>().map(|blocks| blocks.concat());
    }
    if bytes.is_empty() || !bytes.len().is_multiple_of(16) {
        return None;
    }
    let mut plain = bytes.chunks(16).map(|block| cipher.decrypt(block).ok()).collect::<Option<Vec<_>>>()?.concat();
    let padding = usize::from(*plain.last()?);
    let length = plain.len().checked_sub(padding).filter(|_| (1..=16).contains(&padding))?;
    plain.get(length..)?.iter().all(|byte| usize::from(*byte) == padding).then_some(())?;
    plain.truncate(length);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::load(&SimCredentials::fixed()).unwrap()
    }

    fn halves(signature: &[u8]) -> (BigUint, BigUint) {
        let (r, s) = signature.split_at(32);
        (BigUint::from_bytes_be(r), BigUint::from_bytes_be(s))
    }

    /// domain/medins.md §1.5.
    #[test]
    fn the_ciphers_are_those_of_the_vectors() {
        let key = ecb(b"MADEUPAPPID00000", b"MADEUPSECRET0000000000000000B002", true).unwrap();
        assert_eq!(gm::hex(&key).to_ascii_uppercase(), "E8420EA54F3BF74BED8365D326570F2BFABAB88F67BBFAA88CD6F098C96DD36D0760083F77179988146BB9E68B33DCF6");
        assert_eq!(ecb(b"MADEUPAPPID00000", &key, false).unwrap(), b"MADEUPSECRET0000000000000000B002");
        let context = SigCtx::new();
        let point = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
        let public = context.load_pubkey(&gm::unhex(point).unwrap()).unwrap();
        let text = "appId=MADEUPAPPID00000000000000000A001&data={\"extData\":{\"alpha\":\"1\",\"zeta\":\"2\"},\"idNo\":\"440500199001010012\",\"idType\":\"01\",\"orgCodg\":\"H44050000001\",\"payOrdId\":\"ORD2025000000000001\",\"payToken\":\"TKN-0001\",\"userName\":\"张三\"}&encType=SM4&signType=SM2&timestamp=1746000000000&version=2.0.1&key=MADEUPSECRET0000000000000000B002";
        let signature = STANDARD.decode("YkMB+By3LDRrmWF5hk1o5MfXjwhJvOk5vmsKLYo7yBc07TdBQZ49xOP8iC2l9g8Y/fADn5102dxnf6zRn6NRHw==").unwrap();
        let (r, s) = halves(&signature);
        let digest = context.hash("MADEUPSECRET0000000000000000B002", &public, text.as_bytes()).unwrap();
        assert!(signed(&digest, &public, &r, &s));
        assert!(!signed(&context.hash(OTHER_USER_ID, &public, text.as_bytes()).unwrap(), &public, &r, &s));
        let n = EccCtx::new().get_n().clone();
        // What equals it modulo n, what has no second point, and what a careless reader takes for a signature.
        for (r, s) in [(&r + &n, s.clone()), (r.clone(), &s + &n), (s.clone(), r.clone()), (r.clone(), &n - &r), (BigUint::ZERO, s.clone()), (r, BigUint::ZERO)] {
            assert!(!signed(&digest, &public, &r, &s), "{r} {s}");
        }
    }

    #[test]
    fn what_the_centre_signs_verifies_and_a_foreign_request_does_not_open() {
        let keys = keys();
        let context = SigCtx::new();
        let public = of_generator(&EccCtx::new(), &keys.ours).unwrap();
        let published = gm::unhex(&SimCredentials::fixed().insurance_centre_public_key).unwrap();
        assert_eq!(context.serialize_pubkey(&public, false).unwrap(), published);
        for message in ["a", "中", ""] {
            let signature = STANDARD.decode(keys.sign("id", message.as_bytes()).unwrap()).unwrap();
            let (r, s) = halves(&signature);
            assert!(signed(&context.hash("id", &public, message.as_bytes()).unwrap(), &public, &r, &s));
        }
        let message: Fields = serde_json::from_str(r#"{"code":"0","data":{"a":"1"}}"#).unwrap();
        let answer = keys.seal(&message, "1", Spoiled::default()).unwrap();
        assert_eq!(keys.open(&answer), Err("验签失败"), "signed by the centre, not by the hospital");
        assert_eq!(keys.open(b"{}"), Err("应用未授权"));
    }
}
