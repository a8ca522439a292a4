//! The fiscal e-invoice platform (docs/invoice-platform.md): a pure machine.

mod envelope;
mod ticket;

use std::collections::BTreeMap;

use menjie::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use envelope::Failure;

use crate::credentials::SimCredentials;
use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::peer::{self, Agenda, Counts, Machine};
use crate::rng::Rng;
use crate::wire::{Reply, Request, Response};

/// Where the methods live.
pub const BASE_PATH: &str = "/medical-web/api/medical";

/// Result codes that are a definite no; the client's configuration lists them.
pub const NO_CODES: [&str; 5] = ["E2001", "E2002", "E3001", "E3003", "E3004"];

/// Result codes that say a ticket is red already.
pub const ALREADY_RED_CODES: [&str; 1] = ["E3002"];

/// 票据代码: Guangdong, medical, outpatient, 2026.
const BATCH_CODE: &str = "44060126";

/// One ticket, as it really is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketTruth {
    /// 票据代码.
    pub batch_code: String,
    /// 票据号码.
    pub bill_no: String,
    /// Its total.
    pub total_fen: i64,
    /// Number of the red one.
    pub red_bill_no: Option<String>,
    /// Changed to paper (换开).
    pub paper: bool,
    /// Booked by the payer's unit (入账).
    pub booked: bool,
}

/// What really happened at the invoice platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceTruth {
    /// Sum of all blue tickets.
    pub issued_fen: i64,
    /// Sum of those that are red.
    pub red_fen: i64,
    /// By `busNo`.
    pub tickets: BTreeMap<String, TicketTruth>,
    /// Requests per interface.
    pub requests: Counts,
}

/// What people do with a ticket outside of our reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketMark {
    /// Which ticket.
    pub bus_no: String,
    /// Changed to paper.
    #[serde(default)]
    pub paper: bool,
    /// Booked.
    #[serde(default)]
    pub booked: bool,
}

#[derive(Clone, Debug)]
struct Ticket {
    content: Value,
    issued_at: Timestamp,
    random: String,
    bill_no: String,
    total_fen: i64,
    red: Option<Red>,
    paper: bool,
    booked: bool,
}

#[derive(Clone, Debug)]
struct Red {
    bill_no: String,
    random: String,
    at: Timestamp,
}

/// The simulated invoice platform.
#[derive(Clone, Debug)]
pub struct Invoice {
    appid: String,
    key: String,
    rng: Rng,
    tickets: BTreeMap<String, Ticket>,
    by_number: BTreeMap<String, String>,
    agenda: Agenda<Request>,
    counts: Counts,
    numbers: u64,
}

impl Invoice {
    /// An empty platform.
    pub fn new(credentials: &SimCredentials, seed: u64) -> Invoice {
        Invoice {
            appid: credentials.invoice_appid.clone(),
            key: credentials.invoice_key.clone(),
            rng: Rng::new(seed).fork("invoice"),
            tickets: BTreeMap::new(),
            by_number: BTreeMap::new(),
            agenda: Agenda::new(),
            counts: Counts::new(),
            numbers: 0,
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

    /// Marks a ticket as changed to paper or booked. False when there is none.
    pub fn mark(&mut self, mark: &TicketMark) -> bool {
        let Some(ticket) = self.tickets.get_mut(&mark.bus_no) else { return false };
        ticket.paper = mark.paper;
        ticket.booked = mark.booked;
        true
    }

    /// What really happened.
    pub fn truth(&self) -> InvoiceTruth {
        let truth = |ticket: &Ticket| TicketTruth {
            batch_code: BATCH_CODE.to_owned(),
            bill_no: ticket.bill_no.clone(),
            total_fen: ticket.total_fen,
            red_bill_no: ticket.red.as_ref().map(|red| red.bill_no.clone()),
            paper: ticket.paper,
            booked: ticket.booked,
        };
        InvoiceTruth {
            issued_fen: self.tickets.values().map(|ticket| ticket.total_fen).sum(),
            red_fen: self.tickets.values().filter(|ticket| ticket.red.is_some()).map(|ticket| ticket.total_fen).sum(),
            tickets: self.tickets.iter().map(|(no, ticket)| (no.clone(), truth(ticket))).collect(),
            requests: self.counts.clone(),
        }
    }

    fn next_number(&mut self) -> String {
        self.numbers += 1;
        format!("{:010}", self.numbers)
    }

    fn issue(&mut self, asked: &Value, bus_type: &str, now: Timestamp) -> Result<Value, Failure> {
        let total_fen = ticket::check(asked)?;
        if text(asked, "busType")? != bus_type {
            return Err(Failure::new("E2001", "busType与接口不符"));
        }
        let bus_no = text(asked, "busNo")?;
        if let Some(known) = self.tickets.get(bus_no) {
            return if known.content == *asked { Ok(issued(known)) } else { Err(Failure::new("E2002", "业务流水号重复且内容不一致")) };
        }
        let ticket = Ticket {
            content: asked.clone(),
            issued_at: now,
            random: self.rng.text(b"0123456789abcdef", 6),
            bill_no: self.next_number(),
            total_fen,
            red: None,
            paper: false,
            booked: false,
        };
        let answer = issued(&ticket);
        self.by_number.insert(ticket.bill_no.clone(), bus_no.to_owned());
        self.tickets.insert(bus_no.to_owned(), ticket);
        Ok(answer)
    }

    fn query(&self, asked: &Value) -> Result<Value, Failure> {
        Ok(self.tickets.get(text(asked, "busNo")?).map_or(Value::Null, issued))
    }

    fn owner(&self, asked: &Value) -> Result<String, Failure> {
        let not_found = || Failure::new("E3001", "票据不存在");
        if text(asked, "billBatchCode")? != BATCH_CODE {
            return Err(not_found());
        }
        self.by_number.get(text(asked, "billNo")?).cloned().ok_or_else(not_found)
    }

    fn state(&self, asked: &Value) -> Result<Value, Failure> {
        let owner = self.owner(asked)?;
        let ticket = self.tickets.get(&owner).ok_or_else(|| Failure::new("E3001", "票据不存在"))?;
        let flag = |on: bool| if on { "1" } else { "0" };
        let mut answer = json!({
            "billBatchCode": BATCH_CODE,
            "billNo": ticket.bill_no,
            "state": "1",
            "isScarlet": flag(ticket.red.is_some()),
            "isPrtPaper": flag(ticket.paper),
        });
        if let (Some(fields), Some(red)) = (answer.as_object_mut(), &ticket.red) {
            fields.insert("scarletBillBatchCode".to_owned(), json!(BATCH_CODE));
            fields.insert("scarletBillNo".to_owned(), json!(red.bill_no));
            fields.insert("scarletDateTime".to_owned(), json!(digits(red.at)));
        }
        Ok(answer)
    }

    fn booked(&self, asked: &Value) -> Result<Value, Failure> {
        let owner = self.owner(asked)?;
        let ticket = self.tickets.get(&owner).ok_or_else(|| Failure::new("E3001", "票据不存在"))?;
        Ok(json!({ "accountStatus": if ticket.booked { "1" } else { "0" } }))
    }

    fn red(&mut self, asked: &Value, now: Timestamp) -> Result<Value, Failure> {
        for (name, max) in [("reason", 200), ("operator", 60), ("busDateTime", 17), ("placeCode", 50)] {
            if text(asked, name)?.chars().count() > max {
                return Err(Failure::new("E2001", &format!("{name}长度不符合要求")));
            }
        }
        let owner = self.owner(asked)?;
        let (bill_no, random) = (self.next_number(), self.rng.text(b"0123456789abcdef", 6));
        let ticket = self.tickets.get_mut(&owner).ok_or_else(|| Failure::new("E3001", "票据不存在"))?;
        if ticket.red.is_some() {
            return Err(Failure::new("E3002", "该票据已冲红"));
        }
        if ticket.paper {
            return Err(Failure::new("E3003", "该票据已换开纸质票据，请先收回"));
        }
        if ticket.booked {
            return Err(Failure::new("E3004", "该票据已入账，不能冲红"));
        }
        let red = ticket.red.insert(Red { bill_no, random, at: now });
        Ok(json!({
            "eScarletBillBatchCode": BATCH_CODE,
            "eScarletBillNo": red.bill_no,
            "eScarletRandom": red.random,
            "createTime": digits(now),
            "billQRCode": PIXEL,
            "pictureUrl": format!("http://invoice.invalid/lan/{}", red.bill_no),
            "pictureNetUrl": format!("https://invoice.invalid/net/{}", red.bill_no),
        }))
    }
}

/// A PNG of one pixel, Base64.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";

fn issued(ticket: &Ticket) -> Value {
    json!({
        "billBatchCode": BATCH_CODE,
        "billNo": ticket.bill_no,
        "random": ticket.random,
        "createTime": digits(ticket.issued_at),
        "billQRCode": PIXEL,
        "pictureUrl": format!("http://invoice.invalid/lan/{}", ticket.bill_no),
        "pictureNetUrl": format!("https://invoice.invalid/net/{}", ticket.bill_no),
        "billBusDate": ticket.content.get("busDateTime"),
        "totalAmt": format!("{}.{:02}", ticket.total_fen / 100, ticket.total_fen % 100),
    })
}

fn text<'a>(asked: &'a Value, name: &str) -> Result<&'a str, Failure> {
    let found = asked.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.ok_or_else(|| Failure::new("E2001", &format!("{name}必填")))
}

/// yyyyMMddHHmmssSSS in UTC+8.
fn digits(at: Timestamp) -> String {
    at.to_string().chars().filter(char::is_ascii_digit).take(17).collect()
}

impl Machine for Invoice {
    const PEER: Peer = Peer::Invoice;

    fn interface(&self, request: &Request) -> &'static str {
        match (request.method.as_str(), request.path().strip_prefix(BASE_PATH)) {
            ("POST", Some("/invoiceEBillOutpatient")) => "issue",
            ("POST", Some("/invEBillRegistration")) => "issue_registration",
            ("POST", Some("/getEBillByBusNo")) => "query",
            ("POST", Some("/getEBillStatesByBillInfo")) => "state",
            ("POST", Some("/getEBillAccountStatus")) => "booked",
            ("POST", Some("/writeOffEBill")) => "red",
            _ => "unknown",
        }
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    fn admit(&mut self, request: &Request, _now: Timestamp) -> Result<(), Response> {
        let opened = envelope::open(&request.body, &self.appid, &self.key);
        opened.map(|_| ()).map_err(|failure| envelope::wrap(failure.result, &failure.message))
    }

    fn perform(&mut self, interface: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> Response {
        let outcome = envelope::open(&request.body, &self.appid, &self.key).and_then(|asked| match interface {
            "issue" | "issue_registration" | "red" if drawn.has(Fault::SaysNo) => Err(Failure::new("E3004", "平台拒绝")),
            "issue" => self.issue(&asked, "02", now),
            "issue_registration" => self.issue(&asked, "06", now),
            "query" => self.query(&asked),
            "state" => self.state(&asked),
            "booked" => self.booked(&asked),
            "red" => self.red(&asked, now),
            _ => Err(Failure::new("ISIP0001", "接口不存在")),
        });
        match outcome {
            Ok(message) => envelope::wrap("S0000", &message.to_string()),
            Err(failure) => envelope::wrap(failure.result, &failure.message),
        }
    }

    fn postpone(&mut self, at: Timestamp, request: Request) {
        self.agenda.plan(at, request);
    }

    fn broken(&self) -> Response {
        let mut response = envelope::wrap("ISIP0001", "前置服务异常");
        response.status = 500;
        response
    }

    fn seal(&mut self, _request: &Request, mut response: Response, _now: Timestamp, drawn: &Drawn) -> Response {
        let noise = self.rng.text(b"0123456789abcdef", 32);
        let key = if drawn.has(Fault::ForgedReply) { "forged" } else { self.key.as_str() };
        envelope::seal(&mut response, &self.appid, key, &noise);
        response
    }
}
