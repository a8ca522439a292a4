//! The official account: its login (网页授权, codes for chosen users, exchanged once), and the messages it sends them.

use std::collections::{BTreeMap, BTreeSet};

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

/// A message at a follower.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountMessage {
    /// Who reads it.
    pub openid: String,
    /// Which template.
    pub template_id: String,
    /// What it says, by key of the template.
    pub data: BTreeMap<String, String>,
    /// The page it opens.
    pub link: Option<String>,
    /// When.
    pub at: Timestamp,
}

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
    /// The token in force; another one makes it void.
    token: Option<(String, Timestamp)>,
    tokens: u64,
    messages: Vec<AccountMessage>,
    /// By number: a template message that is repeated is one message.
    numbers: BTreeSet<String>,
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
            token: None,
            tokens: 0,
            messages: Vec::new(),
            numbers: BTreeSet::new(),
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

impl Account {
    /// The messages that arrived, oldest first.
    pub fn messages(&self) -> &[AccountMessage] {
        &self.messages
    }

    /// A token for two hours; the same one until a fresh one is asked for.
    fn give_token(&mut self, request: &Request, now: Timestamp) -> Value {
        let Ok(asked) = serde_json::from_slice::<Value>(&request.body) else { return failed(47_001, "data format error") };
        let text = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("grant_type") != "client_credential" {
            return failed(40_002, "invalid grant_type");
        }
        if text("appid") != self.appid {
            return failed(40_013, "invalid appid");
        }
        if !same(text("secret"), &self.secret) {
            return failed(40_125, "invalid appsecret");
        }
        let fresh = asked.get("force_refresh").and_then(Value::as_bool).unwrap_or(false);
        let live = self.token.clone().filter(|(_, until)| now < *until && !fresh);
        let (token, until) = live.unwrap_or_else(|| {
            self.tokens += 1;
            (format!("sim-token-{}-{}", self.tokens, self.rng.text(ALPHANUMERIC, 24)), now.plus_millis(7_200_000))
        });
        self.token = Some((token.clone(), until));
        json!({"access_token": token, "expires_in": until.since(now) / 1000})
    }

    fn send(&mut self, request: &Request, now: Timestamp, drawn: &Drawn, template: bool) -> Value {
        if drawn.has(Fault::TokenOver) {
            self.token = None;
        }
        let token = request.parameter("access_token").unwrap_or_default();
        if !self.token.as_ref().is_some_and(|(known, until)| same(known, token) && now < *until) {
            return failed(42_001, "access_token expired");
        }
        let Ok(asked) = serde_json::from_slice::<Value>(&request.body) else { return failed(47_001, "data format error") };
        let text = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default();
        if !text("touser").starts_with('o') {
            return failed(40_003, "invalid openid");
        }
        if text("template_id").is_empty() {
            return failed(40_037, "invalid template_id");
        }
        if drawn.has(Fault::SaysNo) {
            return failed(43_101, "user refuse to accept the msg");
        }
        let mut data = BTreeMap::new();
        for (key, value) in asked.get("data").and_then(Value::as_object).into_iter().flatten() {
            let value = value.get("value").and_then(Value::as_str).unwrap_or_default();
            if value.is_empty() || (key.starts_with("thing") && value.chars().count() > 20) {
                return failed(47_003, &format!("argument invalid! data.{key}.value is invalid"));
            }
            data.insert(key.clone(), value.to_owned());
        }
        let number = text("client_msg_id");
        if template && !number.is_empty() && !self.numbers.insert(number.to_owned()) {
            return json!({"errcode": 0, "errmsg": "ok", "msgid": self.messages.len()});
        }
        let link = Some(text(if template { "url" } else { "page" })).filter(|link| !link.is_empty()).map(str::to_owned);
        self.messages.push(AccountMessage { openid: text("touser").to_owned(), template_id: text("template_id").to_owned(), data, link, at: now });
        json!({"errcode": 0, "errmsg": "ok", "msgid": self.messages.len()})
    }
}

impl Machine for Account {
    const PEER: Peer = Peer::Account;

    fn interface(&self, request: &Request) -> &'static str {
        match (request.method.as_str(), request.path()) {
            ("GET", "/sns/oauth2/access_token") => "exchange",
            ("POST", "/cgi-bin/stable_token") => "token",
            ("POST", "/cgi-bin/message/template/send") => "template",
            ("POST", "/cgi-bin/message/subscribe/bizsend") => "subscribe",
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
        let answer = match interface {
            "token" => self.give_token(request, now),
            "template" => self.send(request, now, drawn, true),
            "subscribe" => self.send(request, now, drawn, false),
            _ => self.exchange(request, now, drawn),
        };
        Response::json(200, &answer)
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

fn failed(code: i64, text: &str) -> Value {
    json!({"errcode": code, "errmsg": text})
}
