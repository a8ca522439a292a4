//! The health-code platform (电子健康码), national shape: token, signed envelope, `verifyQRCode`.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use menjie::Timestamp;
use serde_json::{Map, Value, json};

use super::hash::{same, sha256};
use super::{Minted, People};
use crate::credentials::SimCredentials;
use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::peer::{self, Agenda, Counts, Machine};
use crate::rng::Rng;
use crate::wire::{Reply, Request, Response};

const TOKEN_PATH: &str = "/rest/auth/HealthCard/HealthOpenAuth/AuthObj/getAppToken";
const VERIFY_PATH: &str = "/rest/auth/HealthCard/HealthOpenPlatform/ISVOpenObj/verifyQRCode";

/// Result codes that say a token is over; the client's configuration lists them.
pub const TOKEN_EXPIRED_CODES: [&str; 1] = ["-10011"];

const BAD_SIGN: &str = "-10001";
const BAD_REQUEST: &str = "-10002";
const NO_SUCH_CODE: &str = "-20001";
const CODE_OVER: &str = "-20002";

/// How far the clocks may differ.
const WINDOW_MS: i64 = 300_000;
const TOKEN_LIFE_S: i64 = 7_200;
const HEX: &[u8] = b"0123456789ABCDEF";

/// The simulated platform.
#[derive(Clone, Debug)]
pub struct HealthCode {
    app_id: String,
    secret: String,
    hospital_id: String,
    people: People,
    rng: Rng,
    tokens: BTreeMap<String, Timestamp>,
    codes: BTreeMap<String, (String, Timestamp)>,
    seen: BTreeSet<String>,
    agenda: Agenda<Request>,
    counts: Counts,
}

/// An envelope whose signature holds.
struct Asked {
    token: String,
    request: Map<String, Value>,
}

impl HealthCode {
    /// A platform that knows these people.
    pub fn new(credentials: &SimCredentials, seed: u64, people: People) -> HealthCode {
        HealthCode {
            app_id: credentials.health_app_id.clone(),
            secret: credentials.health_app_secret.clone(),
            hospital_id: credentials.health_hospital_id.clone(),
            people,
            rng: Rng::new(seed).fork("health_code"),
            tokens: BTreeMap::new(),
            codes: BTreeMap::new(),
            seen: BTreeSet::new(),
            agenda: Agenda::new(),
            counts: Counts::new(),
        }
    }

    /// Answers one request.
    pub fn handle(&mut self, request: &Request, now: Timestamp, faults: &mut Faults) -> Reply {
        peer::handle(self, request, now, faults)
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.next()
    }

    /// Does what was postponed and is due.
    pub fn advance(&mut self, now: Timestamp) {
        peer::advance(self, now, |machine, now| machine.agenda.due(now));
    }

    /// Somebody opens his health code: 64 upper hex digits and a flag, good for `life_s`. None for who has no document.
    pub fn mint(&mut self, patient_id: &str, life_s: u32, now: Timestamp) -> Option<Minted> {
        self.people.get(patient_id)?;
        self.codes.retain(|_, (_, until)| now.since(*until) < WINDOW_MS);
        let code = format!("{}:0", self.rng.text(HEX, 64));
        let expires_at = now.plus_millis(i64::from(life_s) * 1000);
        self.codes.insert(code.clone(), (patient_id.to_owned(), expires_at));
        Some(Minted { code, expires_at })
    }

    pub(super) const fn requests(&self) -> &Counts {
        &self.counts
    }

    /// Who asks: signature over all fields that have a value, time, an id that was not seen before.
    fn read(&mut self, body: &[u8], now: Timestamp) -> Result<Asked, &'static str> {
        let envelope: Value = serde_json::from_slice(body).map_err(|_| BAD_REQUEST)?;
        let half = |name: &str| envelope.get(name).and_then(Value::as_object).cloned().ok_or(BAD_REQUEST);
        let (common, request) = (half("commonIn")?, half("req")?);
        let text = |name: &str| common.get(name).and_then(Value::as_str).unwrap_or_default();
        let sign = STANDARD.encode(sha256(format!("{}{}", signed_text(&common, &request), self.secret).as_bytes()));
        if !same(&sign, text("sign")) || text("hospitalId") != self.hospital_id {
            return Err(BAD_SIGN);
        }
        let fresh = text("timestamp").parse::<i64>().is_ok_and(|s| (now.millis() - s.saturating_mul(1000)).abs() <= WINDOW_MS);
        if !fresh || text("requestId").len() != 32 || !self.seen.insert(text("requestId").to_owned()) {
            return Err(BAD_SIGN);
        }
        Ok(Asked { token: text("appToken").to_owned(), request })
    }

    fn answer(&mut self, interface: &str, asked: &Asked, now: Timestamp, drawn: &Drawn) -> Result<Value, &'static str> {
        let text = |name: &str| asked.request.get(name).and_then(Value::as_str).unwrap_or_default();
        match interface {
            "token" if text("appId") == self.app_id => {
                let token = self.rng.text(HEX, 32);
                self.tokens.insert(token.clone(), now.plus_millis(TOKEN_LIFE_S * 1000));
                Ok(json!({"appToken": token, "expiresIn": TOKEN_LIFE_S}))
            }
            "token" => Err(BAD_SIGN),
            _ => {
                if drawn.has(Fault::TokenOver) {
                    self.tokens.clear();
                }
                if self.tokens.get(&asked.token).is_none_or(|until| *until <= now) {
                    return Err(TOKEN_EXPIRED_CODES[0]);
                }
                let (patient_id, until) = self.codes.get(text("qrCodeText")).ok_or(NO_SUCH_CODE)?;
                if *until <= now || drawn.has(Fault::SaysNo) {
                    return Err(CODE_OVER);
                }
                let person = self.people.get(patient_id).ok_or(NO_SUCH_CODE)?;
                Ok(json!({
                    "name": person.name.reveal(), "gender": if person.sex_code == "1" { "男" } else { "女" }, "nation": "汉族",
                    "birthday": person.birth_date.to_string(), "idType": "01", "idNumber": person.id_no.as_ref().map(|no| no.reveal()),
                    "phone": person.phone.as_ref().map(|no| no.reveal()), "address": "",
                    "healthCardId": format!("{:0>64}", person.card_no.reveal()), "phid": format!("{:0>64}", patient_id),
                }))
            }
        }
    }
}

/// Every field of both halves that has a value, sorted by name; `channelNum` 0 has none.
fn signed_text(common: &Map<String, Value>, request: &Map<String, Value>) -> String {
    let mut sorted = BTreeMap::new();
    for (name, value) in common.iter().chain(request) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if name != "sign" && !text.is_empty() && !value.is_null() && (name != "channelNum" || text != "0") {
            sorted.insert(name.clone(), text);
        }
    }
    sorted.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn envelope(request: &Request, code: &str, rsp: &Value) -> Response {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let id = asked.pointer("/commonIn/requestId").cloned().unwrap_or_default();
    let text = if code == "0" { "成功" } else { "失败" };
    Response::json(200, &json!({"commonOut": {"requestId": id, "resultCode": code, "errMsg": text}, "rsp": rsp}))
}

impl Machine for HealthCode {
    const PEER: Peer = Peer::HealthCode;

    fn interface(&self, request: &Request) -> &'static str {
        match (request.method.as_str(), request.path()) {
            ("POST", TOKEN_PATH) => "token",
            ("POST", VERIFY_PATH) => "verify",
            _ => "unknown",
        }
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    fn admit(&mut self, request: &Request, _now: Timestamp) -> Result<(), Response> {
        if self.interface(request) == "unknown" { Err(Response::json(404, &json!({}))) } else { Ok(()) }
    }

    fn perform(&mut self, interface: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> Response {
        let answered = self.read(&request.body, now).and_then(|asked| self.answer(interface, &asked, now, drawn));
        match answered {
            Ok(rsp) => envelope(request, "0", &rsp),
            Err(code) => envelope(request, code, &Value::Null),
        }
    }

    fn postpone(&mut self, at: Timestamp, request: Request) {
        self.agenda.plan(at, request);
    }

    fn broken(&self) -> Response {
        Response::json(500, &json!({"error": "internal"}))
    }

    fn seal(&mut self, _request: &Request, response: Response, _now: Timestamp, drawn: &Drawn) -> Response {
        if !drawn.has(Fault::ForgedReply) {
            return response;
        }
        let mut forged: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if let Some(id) = forged.pointer_mut("/commonOut/requestId") {
            *id = "0".repeat(32).into();
        }
        Response::json(response.status, &forged)
    }
}
