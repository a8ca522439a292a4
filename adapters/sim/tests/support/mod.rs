//! Clients of the simulated peers, on the libraries real clients use (`ring`, RustCrypto), never on the simulator's own.
#![allow(dead_code, unreachable_pub, reason = "each test file is a crate that uses its part")]

pub mod shop;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use md5_client::{Digest, Md5};
use menjie::Timestamp;
use menjie_sim::day::{self, Day, DayPlan};
use menjie_sim::wire::{Reply, Request, Response};
use menjie_sim::{Faults, Hospital, HospitalOptions, Peer, SimCredentials};
use serde_json::{Value, json};
use sm3::Sm3;

/// 2026-03-02T09:00:00+08:00.
pub const NINE: Timestamp = Timestamp::from_millis(1_772_413_200_000);

pub fn small_day() -> Day {
    day::generate(1, &DayPlan { visits: 12, ..DayPlan::default() }).unwrap()
}

pub fn hospital() -> Hospital {
    Hospital::new(&HospitalOptions { seed: 1, ..HospitalOptions::default() }, &small_day(), Faults::none()).unwrap()
}

pub fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

pub fn answer(reply: Reply) -> Response {
    match reply {
        Reply::Answer { response, .. } => response,
        Reply::Silence { .. } => panic!("no answer"),
    }
}

fn pem(text: &str) -> Vec<u8> {
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

/// The PKCS#1 key inside an SPKI of RSA 2048: ring wants it bare.
fn public_key(spki_pem: &str) -> Vec<u8> {
    pem(spki_pem)[24..].to_vec()
}

/// A WeChat Pay merchant.
pub struct Merchant {
    pub credentials: SimCredentials,
    key: RsaKeyPair,
    nonces: std::cell::Cell<u64>,
}

impl Merchant {
    pub fn new() -> Merchant {
        let credentials = SimCredentials::fixed();
        let key = RsaKeyPair::from_pkcs8(&pem(&credentials.merchant_key_pem)).unwrap();
        Merchant { credentials, key, nonces: std::cell::Cell::new(0) }
    }

    pub fn request(&self, method: &str, target: &str, body: &str, now: Timestamp) -> Request {
        self.nonces.set(self.nonces.get() + 1);
        let nonce = format!("{:032}", self.nonces.get());
        let seconds = now.millis() / 1000;
        let message = format!("{method}\n{target}\n{seconds}\n{nonce}\n{body}\n");
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        let authorization = format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",signature=\"{}\",timestamp=\"{seconds}\",serial_no=\"{}\"",
            self.credentials.mchid,
            STANDARD.encode(signature),
            self.credentials.merchant_serial,
        );
        Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers(&[
                ("authorization", &authorization),
                ("accept", "application/json"),
                ("content-type", "application/json"),
                ("user-agent", "menjie-test/1"),
                ("wechatpay-serial", &self.credentials.platform_public_key_id),
            ]),
            body: body.as_bytes().to_vec(),
        }
    }

    /// Is this what WeChat signed?
    pub fn verifies(&self, headers: &[(String, String)], body: &[u8]) -> bool {
        let header = |name: &str| headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
        let mut message = format!("{}\n{}\n", header("wechatpay-timestamp"), header("wechatpay-nonce")).into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        let Ok(signature) = STANDARD.decode(header("wechatpay-signature")) else { return false };
        let key = public_key(&self.credentials.platform_public_key_pem);
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(&message, &signature).is_ok()
    }

    /// Opens `{nonce, associated_data, ciphertext}`.
    pub fn decrypt(&self, resource: &Value) -> Option<Vec<u8>> {
        let text = |name: &str| resource[name].as_str().unwrap();
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.credentials.api_v3_key.as_bytes()).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(text("nonce").as_bytes()).ok()?;
        let mut sealed = STANDARD.decode(text("ciphertext")).unwrap();
        let plain = key.open_in_place(nonce, Aad::from(text("associated_data").as_bytes()), &mut sealed).ok()?;
        Some(plain.to_vec())
    }

    pub fn order(&self, out_trade_no: &str, total: i64) -> Value {
        json!({
            "appid": self.credentials.appid,
            "mchid": self.credentials.mchid,
            "description": "门诊缴费",
            "out_trade_no": out_trade_no,
            "notify_url": "http://127.0.0.1:9/notify/wechat",
            "amount": {"total": total, "currency": "CNY"},
        })
    }
}

/// A client of the HIS profile.
pub struct HisClient {
    credentials: SimCredentials,
    nonces: u64,
}

impl HisClient {
    pub fn new() -> HisClient {
        HisClient { credentials: SimCredentials::fixed(), nonces: 0 }
    }

    fn mac(&self, message: &str) -> String {
        let mut mac = Hmac::<Sm3>::new_from_slice(self.credentials.his_secret.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    pub fn request(&mut self, operation: &str, body: &Value, now: Timestamp) -> Request {
        self.nonces += 1;
        let (path, time, nonce, body) = (format!("/menjie/v1/{operation}"), now.to_string(), format!("{:032x}", self.nonces), body.to_string());
        let signature = self.mac(&format!("POST\n{path}\n{time}\n{nonce}\n{}", hex(&Sm3::digest(body.as_bytes()))));
        Request {
            method: "POST".to_owned(),
            target: path,
            headers: headers(&[
                ("x-menjie-app", &self.credentials.his_app),
                ("x-menjie-time", &time),
                ("x-menjie-nonce", &nonce),
                ("x-menjie-sign", &signature),
                ("content-type", "application/json; charset=utf-8"),
            ]),
            body: body.into_bytes(),
        }
    }

    pub fn verifies(&self, request: &Request, response: &Response) -> bool {
        let time = response.header("x-menjie-time").unwrap();
        let nonce = request.header("x-menjie-nonce").unwrap();
        let expected = self.mac(&format!("{time}\n{nonce}\n{}", hex(&Sm3::digest(&response.body))));
        response.header("x-menjie-sign") == Some(expected.as_str())
    }

    /// Calls, checks the answer's signature, gives code and data.
    pub fn call(&mut self, hospital: &mut Hospital, operation: &str, body: &Value, now: Timestamp) -> (String, Value) {
        let request = self.request(operation, body, now);
        let response = answer(hospital.handle(Peer::His, &request, now));
        assert!(self.verifies(&request, &response));
        let mut envelope: Value = serde_json::from_slice(&response.body).unwrap();
        (envelope["code"].as_str().unwrap().to_owned(), envelope["data"].take())
    }
}

/// A client of the invoice platform.
pub struct InvoiceClient {
    credentials: SimCredentials,
}

impl InvoiceClient {
    pub fn new() -> InvoiceClient {
        InvoiceClient { credentials: SimCredentials::fixed() }
    }

    fn sign(&self, appid: &str, data: &str, noise: &str) -> String {
        let text = format!("appid={appid}&data={data}&noise={noise}&key={}&version=1.0", self.credentials.invoice_key);
        hex(&Md5::digest(text.as_bytes())).to_uppercase()
    }

    pub fn request(&self, method: &str, body: &Value) -> Request {
        let (appid, data, noise) = (&self.credentials.invoice_appid, STANDARD.encode(body.to_string()), "0".repeat(32));
        let sign = self.sign(appid, &data, &noise);
        Request {
            method: "POST".to_owned(),
            target: format!("/medical-web/api/medical/{method}"),
            headers: headers(&[("content-type", "application/json; charset=utf-8")]),
            body: json!({"appid": appid, "data": data, "noise": noise, "sign": sign, "version": "1.0"}).to_string().into_bytes(),
        }
    }

    /// Calls, checks the answer's signature, gives result and message.
    pub fn call(&self, hospital: &mut Hospital, method: &str, body: &Value, now: Timestamp) -> (String, String) {
        self.read(&answer(hospital.handle(Peer::Invoice, &self.request(method, body), now)))
    }

    pub fn read(&self, response: &Response) -> (String, String) {
        let envelope: Value = serde_json::from_slice(&response.body).unwrap();
        let text = |name: &str| envelope[name].as_str().unwrap().to_owned();
        assert_eq!(text("sign"), self.sign(&text("appid"), &text("data"), &text("noise")));
        let inner: Value = serde_json::from_slice(&STANDARD.decode(text("data")).unwrap()).unwrap();
        let message = STANDARD.decode(inner["message"].as_str().unwrap()).unwrap();
        (inner["result"].as_str().unwrap().to_owned(), String::from_utf8(message).unwrap())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HIS, its client and the time.
pub struct Desk {
    pub client: HisClient,
    pub hospital: Hospital,
    pub now: Timestamp,
}

impl Desk {
    pub fn open() -> Desk {
        Desk { client: HisClient::new(), hospital: hospital(), now: NINE }
    }

    pub fn call(&mut self, operation: &str, body: &Value) -> (String, Value) {
        self.client.call(&mut self.hospital, operation, body, self.now)
    }

    pub fn code(&mut self, operation: &str, body: &Value) -> String {
        self.call(operation, body).0
    }
}
