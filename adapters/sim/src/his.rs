//! The hospital information system behind the default front-end profile (docs/his-front.yaml): a pure machine.

mod attend;
mod book;
mod bookings;
mod files;
mod insured;
mod operate;
mod refund;
mod sign;
mod today;
mod window;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use menjie::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use book::LineCounts;
pub use bookings::{Clinic, NewBooking, NewStop};
pub use refund::Work;
pub use window::{ActionRefused, WindowAction};

use book::Book;
use files::Files;
use wire::Shape;

use crate::credentials::SimCredentials;
use crate::day::Day;
use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::peer::{self, Agenda, Counts, Machine};
use crate::wire::{Reply, Request, Response};

/// Where the profile's operations live.
pub const BASE_PATH: &str = "/menjie/v1";

/// How far the clocks may differ.
const WINDOW_MS: i64 = 300_000;

/// How long nonces are remembered.
const NONCE_MS: i64 = 600_000;

/// How the simulated HIS behaves when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HisOptions {
    /// A repeated `post` or `reverse` of a number that is done gets "already settled" instead of the same answer.
    pub refuse_repeats: bool,
    /// Only locked bills can be posted.
    pub requires_lock: bool,
}

impl Default for HisOptions {
    fn default() -> HisOptions {
        HisOptions { refuse_repeats: false, requires_lock: true }
    }
}

/// One settlement number, as it really stands in HIS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementTruth {
    /// Its total; zero when HIS never saw its bill.
    pub total_fen: i64,
    /// Its lines are held for it.
    pub held: bool,
    /// HIS promised never to book it.
    pub cancelled: bool,
    /// How often it was booked; more than once would be a defect of the simulator.
    pub bookings: u32,
    /// Receipt, when booked.
    pub receipt_no: Option<String>,
    /// The order it was paid with, when booked.
    pub out_trade_no: Option<String>,
    /// Reversed, and by which refund number (`window` for the window).
    pub reversed_by: Option<String>,
}

/// A notice as HIS pushes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What really happened at HIS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HisTruth {
    /// Sum of all bookings.
    pub posted_fen: i64,
    /// Sum of all reversals.
    pub reversed_fen: i64,
    /// By settlement number.
    pub settlements: BTreeMap<String, SettlementTruth>,
    /// Where the lines stand.
    pub lines: LineCounts,
    /// Registrations that were checked in, and under how many numbers: more than one is what a client must never do.
    #[serde(default)]
    pub check_ins: BTreeMap<String, u32>,
    /// Files that were made at first visits.
    #[serde(default)]
    pub files_made: u64,
    /// Requests per interface.
    pub requests: Counts,
}

/// The simulated HIS.
#[derive(Clone, Debug)]
pub struct His {
    app: String,
    secret: String,
    options: HisOptions,
    book: Book,
    files: Files,
    nonces: BTreeMap<(Timestamp, String), ()>,
    seen: BTreeSet<String>,
    agenda: Agenda<Request>,
    counts: Counts,
}

impl His {
    /// A HIS that holds this day.
    pub fn new(credentials: &SimCredentials, options: HisOptions, day: &Day) -> His {
        His {
            app: credentials.his_app.clone(),
            secret: credentials.his_secret.clone(),
            options,
            book: Book::open(day, options),
            files: Files::default(),
            nonces: BTreeMap::new(),
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

    /// Switches the behaviour.
    pub fn set_options(&mut self, options: HisOptions) {
        self.options = options;
        self.book.set_options(options);
    }

    /// The behaviour in force.
    pub const fn options(&self) -> HisOptions {
        self.options
    }

    /// One notice, as HIS pushes it to `path`, signed like a request (docs/his-front.yaml §5).
    pub fn push(&self, id: &str, path: &str, now: Timestamp) -> Option<Pushed> {
        let (_, at, news) = self.book.news(None).into_iter().find(|(known, ..)| known == id)?;
        let body = serde_json::to_vec(&operate::notice(id, at, news, &Shape(&Drawn::default()))).ok()?;
        let (time, nonce) = (now.to_string(), format!("{:0>32}", id));
        let signature = sign::request(&self.secret, path, &time, &nonce, &body);
        let headers = [("x-menjie-app", self.app.clone()), ("x-menjie-time", time), ("x-menjie-nonce", nonce), ("x-menjie-sign", signature)];
        Some(Pushed { headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(), body })
    }

    /// What really happened.
    pub fn truth(&self) -> HisTruth {
        let mut truth = HisTruth { lines: self.book.line_counts(), files_made: self.files_made(), requests: self.counts.clone(), ..HisTruth::default() };
        truth.check_ins = self.book.bookings.all.values().filter(|b| b.check_ins > 0).map(|b| (b.new.visit_id.to_string(), b.check_ins)).collect();
        for (no, settlement) in &self.book.settlements {
            let total_fen = settlement.bill.as_ref().map_or(0, |bill| bill.total_fen);
            let posting = settlement.posting.as_ref();
            let reversed = posting.and_then(|posting| posting.reversed.as_ref());
            truth.posted_fen += total_fen * i64::from(settlement.bookings);
            truth.reversed_fen += reversed.map_or(0, |_| total_fen);
            truth.settlements.insert(
                no.clone(),
                SettlementTruth {
                    total_fen,
                    held: settlement.holds,
                    cancelled: settlement.cancelled,
                    bookings: settlement.bookings,
                    receipt_no: posting.map(|posting| posting.receipt_no.clone()),
                    out_trade_no: posting.map(|posting| posting.paid.out_trade_no.clone()),
                    reversed_by: reversed.map(|reversed| reversed.by.clone().unwrap_or_else(|| "window".to_owned())),
                },
            );
        }
        truth
    }

    /// The request's signature, time and nonce (docs/his-front.yaml §2).
    fn check_signature(&mut self, request: &Request, now: Timestamp) -> bool {
        let header = |name| request.header(name).unwrap_or("");
        let (time, nonce) = (header("x-menjie-time"), header("x-menjie-nonce"));
        let fresh = Timestamp::parse(time).is_ok_and(|at| now.since(at).abs() <= WINDOW_MS);
        let hex = nonce.len() == 32 && nonce.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let expected = sign::request(&self.secret, request.path(), time, nonce, &request.body);
        let known = header("x-menjie-app") == self.app && sign::same(&expected, header("x-menjie-sign"));
        if !(fresh && hex && known && request.query().is_empty()) {
            return false;
        }
        while let Some(((at, _), ())) = self.nonces.first_key_value() {
            if now.since(*at) <= NONCE_MS {
                break;
            }
            if let Some(((_, old), ())) = self.nonces.pop_first() {
                self.seen.remove(&old);
            }
        }
        let new = self.seen.insert(nonce.to_owned());
        if new {
            self.nonces.insert((now, nonce.to_owned()), ());
        }
        new
    }
}

impl Machine for His {
    const PEER: Peer = Peer::His;

    fn interface(&self, request: &Request) -> &'static str {
        match (request.method.as_str(), request.path().strip_prefix(BASE_PATH)) {
            ("POST", Some("/find-patient")) => "find_patient",
            ("POST", Some("/unpaid")) => "unpaid",
            ("POST", Some("/upload-facts")) => "upload_facts",
            ("POST", Some("/lock")) => "lock",
            ("POST", Some("/unlock")) => "unlock",
            ("POST", Some("/post")) => "post",
            ("POST", Some("/query-post")) => "query_post",
            ("POST", Some("/cancel-post")) => "cancel_post",
            ("POST", Some("/refundable")) => "refundable",
            ("POST", Some("/reverse")) => "reverse",
            ("POST", Some("/query-reverse")) => "query_reverse",
            ("POST", Some("/notices")) => "notices",
            ("POST", Some("/day-file")) => "day_file",
            ("POST", Some("/registrations")) => "registrations",
            ("POST", Some("/take-number")) => "take_number",
            ("POST", Some("/check-in")) => "check_in",
            ("POST", Some("/query-check-in")) => "query_check_in",
            ("POST", Some("/affected")) => "affected",
            ("POST", Some("/rebook")) => "rebook",
            ("POST", Some("/query-rebook")) => "query_rebook",
            ("POST", Some("/find-files")) => "find_files",
            ("POST", Some("/open-file")) => "open_file",
            ("POST", Some("/query-file")) => "query_file",
            _ => "unknown",
        }
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    fn admit(&mut self, request: &Request, now: Timestamp) -> Result<(), Response> {
        if self.check_signature(request, now) {
            Ok(())
        } else {
            Err(Response::json(200, &json!({"code": "2001", "message": "签名、时间或随机数不正确", "data": null})))
        }
    }

    fn perform(&mut self, interface: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> Response {
        if interface == "unknown" {
            return Response::json(404, &json!({"code": "9004", "message": "接口不存在", "data": null}));
        }
        self.operate(interface, &request.body, now, drawn).unwrap_or_else(|no| Shape(drawn).refused(&no))
    }

    fn postpone(&mut self, at: Timestamp, request: Request) {
        self.agenda.plan(at, request);
    }

    fn broken(&self) -> Response {
        Response::json(500, &json!({"code": "9001", "message": "数据库异常", "data": null}))
    }

    fn seal(&mut self, request: &Request, mut response: Response, now: Timestamp, drawn: &Drawn) -> Response {
        let time = now.to_string();
        let mut signature = sign::answer(&self.secret, &time, request.header("x-menjie-nonce").unwrap_or(""), &response.body);
        if drawn.has(Fault::ForgedReply) {
            signature = "0".repeat(64);
        }
        response.headers.extend([("x-menjie-time".to_owned(), time), ("x-menjie-sign".to_owned(), signature)]);
        response
    }
}
