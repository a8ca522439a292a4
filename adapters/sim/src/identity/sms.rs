//! Both SMS gateways on one address, and the phones their messages arrive at. Which gateway is meant shows in the headers.

mod aliyun;
mod tencent;

use std::collections::{BTreeMap, BTreeSet};

use menjie::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::credentials::SimCredentials;
use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::peer::{self, Agenda, Counts, Machine};
use crate::wire::{Reply, Request, Response};

/// A message at a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Which phone.
    pub phone: String,
    /// What it reads.
    pub text: String,
    /// The code in it; empty in a notice.
    pub code: String,
    /// Through which gateway.
    pub gateway: &'static str,
    /// When it arrived.
    pub at: Timestamp,
}

/// A message somebody has asked for, with the right signature.
pub(super) struct Wanted {
    phone: String,
    sign_name: String,
    /// The code, or the values of a notice.
    says: Says,
}

pub(super) enum Says {
    Code(String),
    Notice(Vec<String>),
}

/// Why a gateway says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The call itself: signature, time, nonce.
    Unauthorised,
    /// A field.
    Field,
    /// No such number.
    Number,
    /// Too many to this number.
    Limit,
    /// The number wants none.
    Blacklisted,
}

/// The simulated gateways.
#[derive(Clone, Debug)]
pub struct Sms {
    key_id: String,
    secret: String,
    inbox: Vec<Message>,
    seen: BTreeSet<String>,
    sent: BTreeMap<String, Vec<Timestamp>>,
    agenda: Agenda<Request>,
    counts: Counts,
}

impl Sms {
    /// Gateways that have sent nothing yet.
    pub fn new(credentials: &SimCredentials) -> Sms {
        Sms {
            key_id: credentials.sms_key_id.clone(),
            secret: credentials.sms_secret.clone(),
            inbox: Vec::new(),
            seen: BTreeSet::new(),
            sent: BTreeMap::new(),
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

    /// Every message, oldest first.
    pub fn inbox(&self) -> &[Message] {
        &self.inbox
    }

    pub(super) const fn requests(&self) -> &Counts {
        &self.counts
    }

    /// The gateways' own limits for codes: one a minute, five an hour, ten a day.
    fn deliver(&mut self, gateway: &'static str, wanted: Wanted, now: Timestamp) -> Result<(), Refusal> {
        if wanted.phone.len() != 11 || !wanted.phone.starts_with('1') || !wanted.phone.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Refusal::Number);
        }
        let sent = self.sent.entry(wanted.phone.clone()).or_default();
        let within = |ms: i64| sent.iter().filter(|at| now.since(**at) < ms).count();
        let (text, code) = match wanted.says {
            Says::Code(code) => {
                if within(60_000) >= 1 || within(3_600_000) >= 5 || within(86_400_000) >= 10 {
                    return Err(Refusal::Limit);
                }
                sent.push(now);
                (format!("【{}】您的验证码为{code}，5分钟内有效，请勿告知他人。", wanted.sign_name), code)
            }
            // Notices have a limit of their own, fifty a day.
            Says::Notice(values) => {
                let today = self.inbox.iter().filter(|m| m.phone == wanted.phone && m.code.is_empty() && now.since(m.at) < 86_400_000).count();
                if today >= 50 {
                    return Err(Refusal::Limit);
                }
                (format!("【{}】您预约的门诊有变动：{}。请登录公众号查看。", wanted.sign_name, values.join("，")), String::new())
            }
        };
        self.inbox.push(Message { phone: wanted.phone, text, code, gateway, at: now });
        Ok(())
    }
}

impl Machine for Sms {
    const PEER: Peer = Peer::Sms;

    fn interface(&self, request: &Request) -> &'static str {
        match (request.method.as_str(), request.path(), request.header("x-acs-action"), request.header("x-tc-action")) {
            ("POST", "/", Some("SendSms"), None) => "aliyun",
            ("POST", "/", None, Some("SendSms")) => "tencent",
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
        let aliyun = interface == "aliyun";
        let read = if aliyun { aliyun::read(self, request, now) } else { tencent::read(self, request, now) };
        let phone = read.as_ref().map(|wanted| wanted.phone.clone()).unwrap_or_default();
        let done = read.and_then(|wanted| if drawn.has(Fault::SaysNo) { Err(Refusal::Blacklisted) } else { self.deliver(if aliyun { "aliyun" } else { "tencent" }, wanted, now) });
        if aliyun { aliyun::answer(done) } else { tencent::answer(done, &phone) }
    }

    fn postpone(&mut self, at: Timestamp, request: Request) {
        self.agenda.plan(at, request);
    }

    fn broken(&self) -> Response {
        Response::json(500, &json!({"Code": "InternalError", "Message": "internal"}))
    }

    fn seal(&mut self, _request: &Request, response: Response, _now: Timestamp, _drawn: &Drawn) -> Response {
        response
    }
}
