//! The hospital information system behind the default front-end profile (docs/his-front.yaml): a pure machine.

mod book;
mod sign;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use menjie::ident::LineKey;
use menjie::money::Quantity;
use menjie::{BizDate, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use book::LineCounts;

use book::{Bill, Book, NOT_FOUND, News, No, Paid, Posting, WINDOW};
use wire::{Shape, fen, read};

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
    /// Requests per interface.
    pub requests: Counts,
}

/// An action of people inside the hospital.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
pub enum WindowAction {
    /// The window charges these lines.
    Pay {
        /// The lines.
        lines: Vec<LineKey>,
    },
    /// The window reverses a settlement of ours.
    Reverse {
        /// Its number.
        settlement_no: String,
    },
    /// The doctor changes a line.
    ChangeLine {
        /// The line.
        line_id: LineKey,
        /// The new quantity.
        quantity: Quantity,
    },
    /// The doctor takes a line back.
    VoidLine {
        /// The line.
        line_id: LineKey,
    },
    /// The executing department confirms or un-confirms a paid line.
    Execute {
        /// The line.
        line_id: LineKey,
        /// Done, or undone.
        executed: bool,
    },
}

/// HIS refused an action of its own people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ActionRefused {
    /// A code of the profile.
    pub code: u16,
    /// What staff reads.
    pub message: &'static str,
}

/// The simulated HIS.
#[derive(Clone, Debug)]
pub struct His {
    app: String,
    secret: String,
    options: HisOptions,
    book: Book,
    nonces: BTreeMap<(Timestamp, String), ()>,
    seen: BTreeSet<String>,
    agenda: Agenda<Request>,
    counts: Counts,
}

#[derive(Deserialize)]
struct FindPatient {
    way: String,
    token: String,
}

#[derive(Deserialize)]
struct Unpaid {
    patient_id: String,
}

#[derive(Deserialize)]
struct ByNo {
    no: String,
}

#[derive(Deserialize)]
struct LineRef {
    line_id: String,
    version: u32,
    amount: String,
}

#[derive(Deserialize)]
struct Posted {
    no: String,
    patient_id: String,
    visit_id: String,
    dept_code: String,
    lines: Vec<LineRef>,
    total: String,
    channel: Option<String>,
    out_trade_no: Option<String>,
    trade_no: Option<String>,
    paid_at: Option<Timestamp>,
}

impl Posted {
    fn bill(&self) -> Result<Bill, No> {
        let line = |line: &LineRef| Ok((line.line_id.clone(), line.version, fen(&line.amount)?));
        Ok(Bill {
            patient_id: self.patient_id.clone(),
            visit_id: self.visit_id.clone(),
            dept_code: self.dept_code.clone(),
            lines: self.lines.iter().map(line).collect::<Result<_, No>>()?,
            total_fen: fen(&self.total)?,
        })
    }
}

#[derive(Deserialize)]
struct Reversal {
    no: String,
    settlement_no: String,
    receipt_no: String,
    amount: String,
}

#[derive(Deserialize)]
struct NoticesAfter {
    after: Option<String>,
}

#[derive(Deserialize)]
struct DayFile {
    date: BizDate,
}

impl His {
    /// A HIS that holds this day.
    pub fn new(credentials: &SimCredentials, options: HisOptions, day: &Day) -> His {
        His {
            app: credentials.his_app.clone(),
            secret: credentials.his_secret.clone(),
            options,
            book: Book::open(day, options),
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
        while let Some((at, request)) = self.agenda.due(now) {
            let interface = self.interface(&request);
            // The answer has nobody left to go to.
            let _unread = self.perform(interface, &request, at, &Drawn::default());
        }
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

    /// Something people inside the hospital do.
    pub fn act(&mut self, action: &WindowAction, now: Timestamp) -> Result<(), ActionRefused> {
        let done = match action {
            WindowAction::Pay { lines } => self.book.window_pay(lines, now),
            WindowAction::Reverse { settlement_no } => self.book.window_reverse(settlement_no, now),
            WindowAction::ChangeLine { line_id, quantity } => self.book.change(line_id, Some(*quantity), now),
            WindowAction::VoidLine { line_id } => self.book.change(line_id, None, now),
            WindowAction::Execute { line_id, executed } => self.book.execute(line_id, *executed),
        };
        done.map_err(|no| ActionRefused { code: no.code, message: no.message })
    }

    /// What really happened.
    pub fn truth(&self) -> HisTruth {
        let mut truth = HisTruth { lines: self.book.line_counts(), requests: self.counts.clone(), ..HisTruth::default() };
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

    fn operate(&mut self, interface: &str, body: &[u8], now: Timestamp, drawn: &Drawn) -> Result<Response, No> {
        let shape = Shape(drawn);
        let changes = matches!(interface, "lock" | "unlock" | "post" | "cancel_post" | "reverse");
        if changes && drawn.has(Fault::SaysNo) {
            return Err(WINDOW);
        }
        let hidden = drawn.find(|fault| if let Fault::FoundLater { ms } = fault { Some(*ms) } else { None }).unwrap_or(0);
        let shown_from = now.plus_millis(i64::from(hidden));
        let data = match interface {
            "find_patient" => {
                let by: FindPatient = read(body)?;
                let found = self.book.find(&by.way, &by.token)?;
                json!({"patients": found.into_iter().map(|patient| shape.patient(patient)).collect::<Vec<_>>()})
            }
            "unpaid" => {
                let asked: Unpaid = read(body)?;
                let (visits, lines) = self.book.unpaid(&asked.patient_id)?;
                json!({
                    "visits": visits.into_iter().map(|visit| shape.visit(visit)).collect::<Vec<_>>(),
                    "lines": lines.into_iter().map(|line| shape.line(line)).collect::<Vec<_>>(),
                })
            }
            "lock" => {
                let asked: Posted = read(body)?;
                json!({"total": shape.yuan(self.book.lock(&asked.no, asked.bill()?)?)})
            }
            "unlock" => {
                self.book.unlock(&read::<ByNo>(body)?.no)?;
                return Ok(Shape(&Drawn::default()).done(Value::Null));
            }
            "post" => {
                let asked: Posted = read(body)?;
                let (Some(out_trade_no), Some(_)) = (asked.out_trade_no.clone(), asked.paid_at) else {
                    return Err(No::new(1900, "请求报文不完整"));
                };
                let paid = Paid { channel: asked.channel.clone(), out_trade_no, trade_no: asked.trade_no.clone() };
                self.book.post(&asked.no, asked.bill()?, paid, now, shown_from)?;
                self.receipt(&asked.no, &shape).ok_or(NOT_FOUND)?
            }
            "query_post" => {
                let no = read::<ByNo>(body)?.no;
                let settlement = self.book.settlements.get(&no);
                let shown = settlement.and_then(|s| s.posting.as_ref()).is_some_and(|posting| posting.shown_from <= now);
                match settlement {
                    Some(_) if shown => json!({"state": "posted", "receipt": self.receipt(&no, &shape)}),
                    Some(settlement) if settlement.cancelled => json!({"state": "cancelled"}),
                    _ => json!({"state": "not_recorded"}),
                }
            }
            "cancel_post" => {
                self.book.cancel_post(&read::<ByNo>(body)?.no)?;
                return Ok(Shape(&Drawn::default()).done(Value::Null));
            }
            "reverse" => {
                let asked: Reversal = read(body)?;
                self.book.reverse(&asked.no, &asked.settlement_no, &asked.receipt_no, fen(&asked.amount)?, now, shown_from)?;
                self.reversal(&asked.no, &shape, now.max(shown_from)).ok_or(NOT_FOUND)?
            }
            "query_reverse" => match self.reversal(&read::<ByNo>(body)?.no, &shape, now) {
                Some(reversal) => json!({"state": "reversed", "reversal": reversal}),
                None => json!({"state": "not_recorded"}),
            },
            "notices" => {
                let after = read::<NoticesAfter>(body)?.after;
                json!({"notices": self.book.news(after.as_deref()).into_iter().map(|(id, at, news)| notice(&id, at, news, &shape)).collect::<Vec<_>>()})
            }
            "day_file" => {
                let rows = self.book.day_file(read::<DayFile>(body)?.date);
                let row = |(reversed, no, receipt_no, fen, at): (bool, &str, &str, i64, Timestamp)| {
                    let kind = if reversed { "reversed" } else { "posted" };
                    json!({"kind": kind, "settlement_no": no, "receipt_no": receipt_no, "amount": shape.yuan(fen), "at": at})
                };
                json!({"rows": rows.into_iter().map(row).collect::<Vec<_>>()})
            }
            _ => return Err(NOT_FOUND),
        };
        Ok(shape.done(data))
    }

    fn receipt(&self, no: &str, shape: &Shape<'_>) -> Option<Value> {
        let settlement = self.book.settlements.get(no)?;
        let (bill, Posting { receipt_no, posted_at, guidance, .. }) = (settlement.bill.as_ref()?, settlement.posting.as_ref()?);
        let mut receipt = json!({
            "receipt_no": receipt_no,
            "no": no,
            "patient_id": bill.patient_id,
            "total": shape.yuan(bill.total_fen),
            "posted_at": posted_at,
        });
        if let (Some(fields), Some(guidance)) = (receipt.as_object_mut(), guidance) {
            fields.insert("guidance".to_owned(), json!(guidance));
        }
        Some(receipt)
    }

    fn reversal(&self, no: &str, shape: &Shape<'_>, now: Timestamp) -> Option<Value> {
        let (of, amount_fen) = self.book.reversals.get(no)?;
        let reversed = self.book.settlements.get(of)?.posting.as_ref()?.reversed.as_ref()?;
        (reversed.shown_from <= now).then(|| json!({"no": no, "amount": shape.yuan(*amount_fen), "at": reversed.at}))
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

fn notice(id: &str, at: Timestamp, news: &News, shape: &Shape<'_>) -> Value {
    match news {
        News::LinesChanged(lines) => json!({"id": id, "at": at, "kind": "lines_changed", "lines": lines}),
        News::Reversed { settlement_no, amount_fen } => {
            json!({"id": id, "at": at, "kind": "reversed", "settlement_no": settlement_no, "amount": shape.yuan(*amount_fen)})
        }
    }
}

impl Machine for His {
    const PEER: Peer = Peer::His;

    fn interface(&self, request: &Request) -> &'static str {
        match (request.method.as_str(), request.path().strip_prefix(BASE_PATH)) {
            ("POST", Some("/find-patient")) => "find_patient",
            ("POST", Some("/unpaid")) => "unpaid",
            ("POST", Some("/lock")) => "lock",
            ("POST", Some("/unlock")) => "unlock",
            ("POST", Some("/post")) => "post",
            ("POST", Some("/query-post")) => "query_post",
            ("POST", Some("/cancel-post")) => "cancel_post",
            ("POST", Some("/reverse")) => "reverse",
            ("POST", Some("/query-reverse")) => "query_reverse",
            ("POST", Some("/notices")) => "notices",
            ("POST", Some("/day-file")) => "day_file",
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
