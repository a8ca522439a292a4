//! The decoder of insurance e-vouchers (医保电子凭证) beside a scanner: `ec.query` over local HTTP.

use std::collections::BTreeMap;

use menjie::Timestamp;
use serde_json::{Value, json};

use super::{Minted, People};
use crate::credentials::SimCredentials;
use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::peer::{self, Agenda, Counts, Machine};
use crate::rng::Rng;
use crate::wire::{Reply, Request, Response};

const PATH: &str = "/api/hsecfc/localQrCodeQuery";
/// 汕头市.
const INSURED_IN: &str = "440500";
const TEXTS: [&str; 6] = ["businessType", "operatorId", "operatorName", "officeId", "officeName", "ecQrCode"];

/// The simulated decoder.
#[derive(Clone, Debug)]
pub struct Decoder {
    org_id: String,
    people: People,
    rng: Rng,
    codes: BTreeMap<String, (String, Timestamp)>,
    /// Tokens the insurer has not been told of yet, with whose they are.
    tokens: Vec<(String, String)>,
    agenda: Agenda<Request>,
    counts: Counts,
}

impl Decoder {
    /// A decoder for these people.
    pub fn new(credentials: &SimCredentials, seed: u64, people: People) -> Decoder {
        let org_id = credentials.insurance_org_id.clone();
        Decoder { org_id, people, rng: Rng::new(seed).fork("decoder"), codes: BTreeMap::new(), tokens: Vec::new(), agenda: Agenda::new(), counts: Counts::new() }
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

    /// Somebody opens his e-voucher: 28 digits, read once, good for `life_s`. None for who has no document.
    pub fn mint(&mut self, patient_id: &str, life_s: u32, now: Timestamp) -> Option<Minted> {
        self.people.get(patient_id)?;
        self.codes.retain(|_, (_, until)| *until > now);
        let code = format!("51{}", self.rng.text(b"0123456789", 26));
        let expires_at = now.plus_millis(i64::from(life_s) * 1000);
        self.codes.insert(code.clone(), (patient_id.to_owned(), expires_at));
        Some(Minted { code, expires_at })
    }

    /// The tokens given out since the last time, with whose they are.
    pub fn take_tokens(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.tokens)
    }

    pub(super) const fn requests(&self) -> &Counts {
        &self.counts
    }

    fn decode(&mut self, body: &[u8], now: Timestamp, drawn: &Drawn) -> Result<Value, &'static str> {
        let asked: Value = serde_json::from_slice(body).map_err(|_| "报文格式错误")?;
        let text = |pointer: &str| asked.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        if text("/transType") != "ec.query" || text("/orgId") != self.org_id || text("/data/orgId") != self.org_id {
            return Err("机构未授权");
        }
        if TEXTS.iter().any(|name| text(&format!("/data/{name}")).is_empty()) {
            return Err("缺少必填项");
        }
        let code = text("/data/ecQrCode");
        if drawn.has(Fault::SaysNo) {
            return Err("电子凭证已失效");
        }
        let (patient_id, _) = self.codes.remove(code).filter(|(_, until)| *until > now).ok_or("电子凭证已失效")?;
        let token = self.rng.text(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 32);
        let person = self.people.get(&patient_id).ok_or("无参保信息")?;
        self.tokens.push((token.clone(), patient_id.clone()));
        Ok(json!({
            "idNo": person.id_no.as_ref().map(|no| no.reveal()), "idType": "01", "userName": person.name.reveal(), "ecToken": token, "insuOrg": INSURED_IN,
            "ecIndexNo": format!("{:0>32}", patient_id), "gender": person.sex_code, "birthday": person.birth_date.to_string().replace('-', "."), "nationality": "CHN",
        }))
    }
}

impl Machine for Decoder {
    const PEER: Peer = Peer::Decoder;

    fn interface(&self, request: &Request) -> &'static str {
        if request.method == "POST" && request.path() == PATH { "ec_query" } else { "unknown" }
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    fn admit(&mut self, request: &Request, _now: Timestamp) -> Result<(), Response> {
        if self.interface(request) == "unknown" { Err(Response::json(404, &json!({}))) } else { Ok(()) }
    }

    fn perform(&mut self, _interface: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> Response {
        let answer = match self.decode(&request.body, now, drawn) {
            Ok(data) if drawn.has(Fault::TextData) => json!({"code": 0, "type": "success", "message": "成功", "orgId": self.org_id, "data": data.to_string()}),
            Ok(data) => json!({"code": 0, "type": "success", "message": "成功", "orgId": self.org_id, "data": data}),
            Err(message) => json!({"code": -1, "type": "error", "message": message, "orgId": self.org_id}),
        };
        Response::json(200, &answer)
    }

    fn postpone(&mut self, at: Timestamp, request: Request) {
        self.agenda.plan(at, request);
    }

    fn broken(&self) -> Response {
        Response::json(500, &json!({"code": -9, "message": "服务异常"}))
    }

    fn seal(&mut self, _request: &Request, response: Response, _now: Timestamp, drawn: &Drawn) -> Response {
        if !drawn.has(Fault::ForgedReply) {
            return response;
        }
        let mut forged: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if let Some(org) = forged.get_mut("orgId") {
            *org = "H00000000000".into();
        }
        Response::json(response.status, &forged)
    }
}
