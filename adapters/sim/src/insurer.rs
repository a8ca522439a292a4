//! The insurer (医保): the centre of mobile payment (6201 to 6401, 6203, notices 6302), the gateway of the institution interface
//! (1101 and on), and the national authorisation (userQuery), over one book of settlements (domain/medins.md §1 to §3): a pure
//! machine.

mod book;
mod chain;
mod consent;
mod desk;
mod gateway;
mod mobile;
mod notice;
mod odd;
mod people;
mod pricing;
mod refund;
mod seal;
mod statement;

use std::collections::{BTreeMap, BTreeSet};

use menjie::{Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use book::Settled;
pub use desk::CannotConfirm;
pub use mobile::OrderTruth;
pub use notice::NoticeTruth;
pub use people::{Insured, InsuredChange};
pub use pricing::{Split, Tariff};

use book::Book;
use chain::WindowVisit;
use consent::Consents;
use mobile::Order;
use notice::Message;
use people::Members;
use seal::{Keys, Spoiled};

use crate::credentials::SimCredentials;
use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::identity::People;
use crate::peer::{self, Agenda, Counts, Machine};
use crate::rng::Rng;
use crate::wire::{Callback, CallbackId, Reply, Request, Response};

/// Where the centre's transactions live.
const CENTRE: &str = "/org/local/api/hos/";
/// Where the gateway's do.
const GATEWAY: &str = "/ebus/gdyb_inf/poc/hsa/hgs/";
/// 汕头市.
const PLACE: &str = "440500";

/// How the insurer behaves when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InsurerOptions {
    /// From the patient's password to the settlement.
    pub settle_delay_ms: u32,
    /// From the settlement to the notice.
    pub notify_delay_ms: u32,
    /// How long a payAuthNo or an ecToken is good.
    pub permit_life_s: u32,
    /// Notices as Hainan sends them: bare, `ownpayAmt`.
    pub bare_notices: bool,
    /// Prices.
    pub tariff: Tariff,
}

impl Default for InsurerOptions {
    fn default() -> InsurerOptions {
        InsurerOptions { settle_delay_ms: 300, notify_delay_ms: 150, permit_life_s: 300, bare_notices: false, tariff: Tariff::default() }
    }
}

/// Something to do later.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Errand {
    Perform(Request),
    Price(String),
    Settle { order: String, cash_paid: bool, clock_ms: i64 },
    Fail(String),
    Send { id: CallbackId, extra: bool },
}

/// What really happened at the insurer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsurerTruth {
    /// Fund and account of all settlements, less those of the reversals.
    pub insured_fen: i64,
    /// Settlements and reversals, oldest first.
    pub book: Vec<Settled>,
    /// Mobile orders by medOrgOrd.
    pub orders: BTreeMap<String, OrderTruth>,
    /// What became of the notices.
    pub notices: NoticeTruth,
    /// Requests per interface.
    pub requests: Counts,
}

/// The simulated insurer.
#[derive(Clone)]
pub struct Insurer {
    org_id: String,
    paas: (String, String),
    consents: Consents,
    keys: Keys,
    options: InsurerOptions,
    members: Members,
    rng: Rng,
    orders: BTreeMap<String, Order>,
    order_nos: BTreeMap<String, String>,
    visits: BTreeMap<String, WindowVisit>,
    book: Book,
    msgids: BTreeSet<String>,
    files: BTreeMap<String, Vec<u8>>,
    notify_url: Option<String>,
    messages: BTreeMap<CallbackId, Message>,
    notices: NoticeTruth,
    agenda: Agenda<Errand>,
    counts: Counts,
    numbers: u64,
}

type Fields = Map<String, Value>;

/// A refusal in the insurer's words.
type Refused = String;

impl Insurer {
    /// An insurer of these people.
    pub fn new(credentials: &SimCredentials, options: InsurerOptions, seed: u64, people: People) -> Result<Insurer> {
        Ok(Insurer {
            org_id: credentials.insurance_org_id.clone(),
            paas: (credentials.insurance_paas_id.clone(), credentials.insurance_paas_secret.clone()),
            consents: Consents::new(credentials, seed),
            keys: Keys::load(credentials)?,
            options,
            members: Members::new(people, &credentials.insurance_org_id, seed),
            rng: Rng::new(seed).fork("centre"),
            orders: BTreeMap::new(),
            order_nos: BTreeMap::new(),
            visits: BTreeMap::new(),
            book: Book::default(),
            msgids: BTreeSet::new(),
            files: BTreeMap::new(),
            notify_url: None,
            messages: BTreeMap::new(),
            notices: NoticeTruth::default(),
            agenda: Agenda::new(),
            counts: Counts::new(),
            numbers: 0,
        })
    }

    /// Answers one request.
    pub fn handle(&mut self, request: &Request, now: Timestamp, faults: &mut Faults) -> Reply {
        peer::handle(self, request, now, faults)
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.next()
    }

    /// Does everything that is due and returns the notices to post.
    pub fn advance(&mut self, now: Timestamp, faults: &mut Faults) -> Vec<Callback> {
        let mut callbacks = Vec::new();
        while let Some((at, errand)) = self.agenda.due(now) {
            match errand {
                Errand::Perform(request) => {
                    let interface = self.interface(&request);
                    // The answer has nobody left to go to.
                    let _unread = self.perform(interface, &request, at, &Drawn::default());
                }
                Errand::Price(order) => self.price(&order, at),
                Errand::Settle { order, cash_paid, clock_ms } => self.settle_order(&order, cash_paid, at, clock_ms, faults),
                Errand::Fail(order) => self.fail_order(&order),
                Errand::Send { id, extra } => callbacks.extend(self.send(id, extra, at, now)),
            }
        }
        callbacks
    }

    /// Where notices go; none sends none.
    pub fn set_notify_url(&mut self, url: Option<String>) {
        self.notify_url = url;
    }

    /// How it behaves.
    pub const fn options(&self) -> InsurerOptions {
        self.options
    }

    /// Changes how it behaves.
    pub const fn set_options(&mut self, options: InsurerOptions) {
        self.options = options;
    }

    /// What really happened.
    pub fn truth(&self) -> InsurerTruth {
        InsurerTruth {
            insured_fen: self.book.rows().iter().map(|row| row.split.fund_fen + row.split.account_fen).sum(),
            book: self.book.rows().to_vec(),
            orders: self.orders.values().map(|order| (order.order_no.clone(), order.truth())).collect(),
            notices: self.notice_truth(),
            requests: self.counts.clone(),
        }
    }

    fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}

/// A text member; empty when it is missing or no text: the insurer wants texts, as the documents say.
fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A text that must be there.
fn required<'a>(fields: &'a Fields, name: &str) -> std::result::Result<&'a str, Refused> {
    Some(text(fields, name)).filter(|text| !text.is_empty()).ok_or_else(|| format!("{name}不能为空"))
}

/// An amount that must be there.
fn required_fen(fields: &Fields, name: &str) -> std::result::Result<i64, Refused> {
    pricing::fen(required(fields, name)?).ok_or_else(|| format!("{name}金额格式错误"))
}

/// The objects of a list that must be there.
fn rows<'a>(fields: &'a Fields, name: &str) -> std::result::Result<Vec<&'a Fields>, Refused> {
    let rows = fields.get(name).and_then(Value::as_array).filter(|rows| !rows.is_empty());
    rows.and_then(|rows| rows.iter().map(Value::as_object).collect()).ok_or_else(|| format!("{name}不能为空"))
}

/// `yyyy-MM-dd HH:mm:ss`, Beijing time.
fn local(at: Timestamp) -> String {
    at.to_string().replace('T', " ").chars().take(19).collect()
}

/// The calendar year of a time, Beijing time.
fn year(at: Timestamp) -> String {
    digits(at, 4)
}

/// Digits of the time, at most 17.
fn digits(at: Timestamp, length: usize) -> String {
    at.to_string().chars().filter(char::is_ascii_digit).take(length).collect()
}

impl Machine for Insurer {
    const PEER: Peer = Peer::Insurer;

    fn interface(&self, request: &Request) -> &'static str {
        let path = request.path();
        if request.method != "POST" {
            return "unknown";
        }
        match (path.strip_prefix(CENTRE), path.strip_prefix(GATEWAY)) {
            (Some("uldFeeInfo"), _) => "upload",
            (Some("pay_order"), _) => "order",
            (Some("query_order_info"), _) => "query",
            (Some("revoke_order"), _) => "revoke",
            (Some("refund_Order"), _) => "refund",
            (_, Some(infno)) => gateway::interface(infno),
            _ if path.starts_with(consent::PATH) => "user_query",
            _ => "unknown",
        }
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    fn admit(&mut self, request: &Request, now: Timestamp) -> std::result::Result<(), Response> {
        if self.interface(request) == "unknown" {
            return Err(Response::json(404, &json!({})));
        }
        if request.path().starts_with(CENTRE) {
            return self.keys.open(&request.body).map(drop).map_err(|problem| Response::json(200, &no(problem)));
        }
        if request.path().starts_with(consent::PATH) {
            return self.consents.admit(request, now).map_err(|problem| Response::json(200, &consent::no(problem)));
        }
        self.admit_transaction(request, now).map_err(|problem| Response::json(200, &gateway::answer(Err(problem), now)))
    }

    fn perform(&mut self, interface: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> Response {
        let answer = if request.path().starts_with(consent::PATH) {
            self.user_query(&request.body, now, drawn)
        } else if request.path().starts_with(CENTRE) {
            let opened = self.keys.admitted(&request.body).map_err(str::to_owned);
            match opened.and_then(|data| self.mobile(interface, &data, now, drawn)) {
                Ok(data) => json!({"code": "0", "message": "成功", "success": true, "data": data}),
                Err(problem) => no(&problem),
            }
        } else if interface == "9102" {
            match self.download(&request.body) {
                Ok(archive) => return Response { status: 200, headers: vec![("content-type".to_owned(), "application/octet-stream".to_owned())], body: archive },
                Err(problem) => gateway::answer(Err(problem), now),
            }
        } else {
            gateway::answer(self.transact(interface, &request.body, now, drawn), now)
        };
        Response::json(200, &answer)
    }

    fn postpone(&mut self, at: Timestamp, request: Request) {
        self.agenda.plan(at, Errand::Perform(request));
    }

    fn broken(&self) -> Response {
        Response::json(500, &json!({"code": "500", "message": "系统异常", "success": false}))
    }

    fn seal(&mut self, request: &Request, mut response: Response, now: Timestamp, drawn: &Drawn) -> Response {
        let Ok(mut answer) = serde_json::from_slice(&response.body) else { return response };
        odd::shape(&mut answer, drawn);
        let Value::Object(answer) = answer else { return response };
        if !request.path().starts_with(CENTRE) {
            response.body = Value::Object(answer).to_string().into_bytes();
            return response;
        }
        let spoiled = Spoiled { signature: drawn.has(Fault::ForgedReply), user_id: drawn.has(Fault::WrongUserId), lower_hex: drawn.has(Fault::LowerHex) };
        if let Some(sealed) = self.keys.seal(&answer, &now.millis().to_string(), spoiled) {
            response.body = sealed;
        }
        response
    }
}

/// The centre's no.
fn no(problem: &str) -> Value {
    json!({"code": "-1", "message": problem, "success": false})
}
