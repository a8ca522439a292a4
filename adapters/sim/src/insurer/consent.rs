//! The national authorisation: people consent on a page and get a code for their browser, and the hospital exchanges it once for
//! who they are and a payAuthNo (userQuery, domain/medins.md §2.7).

use std::collections::BTreeMap;

use menjie::Timestamp;
use serde_json::{Value, json};

use super::{Fields, Insurer, text};
use crate::credentials::SimCredentials;
use crate::faults::{Drawn, Fault};
use crate::identity::hash;
use crate::rng::{ALPHANUMERIC, Rng};
use crate::wire::Request;

/// Where the exchange lives; the partner follows.
pub(super) const PATH: &str = "/api/mipuserquery/userQuery/";
/// A code is good for five minutes.
const CODE_LIFE_MS: i64 = 300_000;
/// How far a clock may be off.
const WINDOW_MS: i64 = 300_000;

/// The codes that were given out, and to which partner they are good.
#[derive(Clone, Debug)]
pub(super) struct Consents {
    partner: (String, String),
    rng: Rng,
    codes: BTreeMap<String, (String, Timestamp)>,
}

impl Consents {
    pub(super) fn new(credentials: &SimCredentials, seed: u64) -> Consents {
        let partner = (credentials.insurance_partner_id.clone(), credentials.insurance_partner_secret.clone());
        Consents { partner, rng: Rng::new(seed).fork("consents"), codes: BTreeMap::new() }
    }

    /// The partner's path and headers.
    pub(super) fn admit(&self, request: &Request, now: Timestamp) -> Result<(), &'static str> {
        let header = |name: &str| request.header(name).unwrap_or_default();
        let (partner, secret) = &self.partner;
        let timestamp = header("god-portal-timestamp");
        let fresh = timestamp.parse::<i64>().is_ok_and(|at| (now.millis() - at).abs() <= WINDOW_MS);
        let request_id = header("god-portal-request-id");
        let named = request_id.len() == 32 && request_id.bytes().all(|b| b.is_ascii_hexdigit());
        let signature = hash::hex(&hash::hmac_sha256(secret.as_bytes(), format!("{partner}{timestamp}").as_bytes()));
        let right = request.path().strip_prefix(PATH) == Some(partner) && fresh && named && hash::same(&signature, header("god-portal-signature"));
        if right { Ok(()) } else { Err("signature invalid") }
    }

    fn give(&mut self, patient_id: &str, now: Timestamp) -> String {
        let code = self.rng.text(ALPHANUMERIC, 32);
        self.codes.insert(code.clone(), (patient_id.to_owned(), now.plus_millis(CODE_LIFE_MS)));
        code
    }
}

impl Insurer {
    /// Somebody consents on the national page: the code for his browser. None for whom the insurer does not know.
    pub fn consent(&mut self, patient_id: &str, now: Timestamp) -> Option<String> {
        self.members.get(patient_id)?;
        Some(self.consents.give(patient_id, now))
    }

    pub(super) fn user_query(&mut self, body: &[u8], now: Timestamp, drawn: &Drawn) -> Value {
        let asked: Fields = serde_json::from_slice(body).unwrap_or_default();
        if text(&asked, "openid").is_empty() {
            return no("openid is empty");
        }
        let known = self.consents.codes.remove(text(&asked, "qrcode")).filter(|(_, until)| now < *until && !drawn.has(Fault::SaysNo));
        let Some((patient_id, _)) = known else { return no("qrcode invalid") };
        let authorised = self.authorise(&patient_id, now);
        let (Some(authorised), Some((name, id_no, _))) = (authorised, self.members.get(&patient_id)) else { return no("user unknown") };
        json!({
            "code": 0, "message": "success", "user_id": format!("{patient_id:0>32}"), "user_name": name, "id_type": "01", "id_no": id_no, "city_id": super::PLACE,
            "pay_auth_no": authorised.code,
        })
    }
}

/// The exchange's no.
pub(super) fn no(problem: &str) -> Value {
    json!({"code": 1001, "message": problem})
}
