//! The official account's login (网页授权): codes for chosen users, exchanged once.

use std::collections::BTreeMap;

use menjie::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::hash::same;
use crate::credentials::SimCredentials;
use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::peer::{self, Agenda, Counts, Machine};
use crate::rng::{ALPHANUMERIC, Rng};
use crate::wire::{Reply, Request, Response};

/// A code is good for five minutes.
const CODE_LIFE_MS: i64 = 300_000;

/// A simulated user of WeChat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WechatUser {
    /// Who he is to the account.
    pub openid: &'static str,
    /// What he calls himself.
    pub nickname: &'static str,
}

const USERS: [WechatUser; 4] = [
    WechatUser { openid: "oSimulatedUser0000000000001", nickname: "模拟用户甲" },
    WechatUser { openid: "oSimulatedUser0000000000002", nickname: "模拟用户乙" },
    WechatUser { openid: "oSimulatedUser0000000000003", nickname: "模拟用户丙" },
    WechatUser { openid: "oSimulatedUser0000000000004", nickname: "模拟用户丁" },
];

#[derive(Clone, Debug)]
struct Grant {
    openid: &'static str,
    until: Timestamp,
    used: bool,
}

/// The simulated account.
#[derive(Clone, Debug)]
pub struct Account {
    appid: String,
    secret: String,
    rng: Rng,
    grants: BTreeMap<String, Grant>,
    agenda: Agenda<Request>,
    counts: Counts,
}

impl Account {
    /// An account nobody has logged in to.
    pub fn new(credentials: &SimCredentials, seed: u64) -> Account {
        Account {
            appid: credentials.appid.clone(),
            secret: credentials.account_secret.clone(),
            rng: Rng::new(seed).fork("account"),
            grants: BTreeMap::new(),
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

    /// The users there are.
    pub const fn users(&self) -> &'static [WechatUser] {
        &USERS
    }

    /// Is this the account's app id?
    pub fn is_app(&self, appid: &str) -> bool {
        self.appid == appid
    }

    /// A user lets the account know who he is: the code for the browser. None for who is no user.
    pub fn authorise(&mut self, openid: &str, now: Timestamp) -> Option<String> {
        let user = USERS.iter().find(|user| user.openid == openid)?;
        let code = self.rng.text(ALPHANUMERIC, 32);
        self.grants.insert(code.clone(), Grant { openid: user.openid, until: now.plus_millis(CODE_LIFE_MS), used: false });
        Some(code)
    }

    pub(super) const fn requests(&self) -> &Counts {
        &self.counts
    }

    fn exchange(&mut self, request: &Request, now: Timestamp, drawn: &Drawn) -> Value {
        let failed = |code: i64, text: &str| json!({"errcode": code, "errmsg": text});
        let parameter = |name: &str| request.parameter(name).unwrap_or_default();
        if !self.is_app(parameter("appid")) {
            return failed(40_013, "invalid appid");
        }
        if !same(&self.secret, parameter("secret")) {
            return failed(40_125, "invalid appsecret");
        }
        if parameter("grant_type") != "authorization_code" {
            return failed(40_002, "invalid grant_type");
        }
        match self.grants.get_mut(parameter("code")) {
            Some(grant) if grant.used => failed(40_163, "code been used"),
            Some(grant) if grant.until > now && !drawn.has(Fault::SaysNo) => {
                grant.used = true;
                let openid = grant.openid;
                let mut token = || self.rng.text(ALPHANUMERIC, 64);
                json!({"access_token": token(), "expires_in": 7200, "refresh_token": token(), "openid": openid, "scope": "snsapi_base"})
            }
            _ => failed(40_029, "invalid code"),
        }
    }
}

impl Machine for Account {
    const PEER: Peer = Peer::Account;

    fn interface(&self, request: &Request) -> &'static str {
        match (request.method.as_str(), request.path()) {
            ("GET", "/sns/oauth2/access_token") => "exchange",
            _ => "unknown",
        }
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    fn admit(&mut self, request: &Request, _now: Timestamp) -> Result<(), Response> {
        if self.interface(request) == "unknown" { Err(Response::json(404, &json!({}))) } else { Ok(()) }
    }

    fn perform(&mut self, _interface: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> Response {
        Response::json(200, &self.exchange(request, now, drawn))
    }

    fn postpone(&mut self, at: Timestamp, request: Request) {
        self.agenda.plan(at, request);
    }

    fn broken(&self) -> Response {
        Response::json(200, &json!({"errcode": -1, "errmsg": "system error"}))
    }

    fn seal(&mut self, _request: &Request, response: Response, _now: Timestamp, _drawn: &Drawn) -> Response {
        response
    }
}
