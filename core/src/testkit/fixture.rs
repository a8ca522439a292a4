//! Small machines, work and batches for tests of stores: shaped like real ones, with as little in them as the types allow.

use serde_json::{Value, json};

use crate::calendar::Timestamp;
use crate::error::{Error, Result};
use crate::ident::{BatchId, CheckInId, HospitalId, InvoiceId, NoticeId, PatientId, PaymentId, RefundId, RequestKey, SettlementId, StopId, SuspensionId, WorkerName};
use crate::payment::{Amounts, Part, Parts};
use crate::port::{ActId, ActRow, Batch, Call, ChannelCall, HisCall, Inbox, InboxState, InvoiceCall, PollRow, Reply, Source, StateLog, WakeKind, WakeRow, Write};
use crate::workflow::{Key, Row};

/// When fixtures happen.
pub const NOON: Timestamp = Timestamp::from_millis(1_780_000_000_000);

/// The hospital of most fixtures.
pub fn hospital() -> Result<HospitalId> {
    HospitalId::new("h1")
}

/// A patient by number.
pub fn patient(n: u32) -> Result<PatientId> {
    PatientId::new(&format!("P{n:05}"))
}

/// The worker of most fixtures.
pub fn worker() -> Result<WorkerName> {
    WorkerName::new("w1")
}

fn base(ver: u32) -> Value {
    json!({ "ver": ver, "terms": "t", "created_at": NOON, "since": NOON })
}

fn row(kind: &str, ver: u32, fields: Value) -> Result<Row> {
    let (Value::Object(mut data), Value::Object(fields)) = (base(ver), fields) else { return Err(Error::internal("a fixture is an object")) };
    data.extend(fields);
    serde_json::from_value(json!({ "kind": kind, "data": data })).map_err(|e| Error::internal("a fixture has the shape of its machine").with("cause", e.to_string()))
}

/// A payment paid in cash.
pub fn payment(id: i64, ver: u32, part: Part) -> Result<Row> {
    let parts = Parts { paid: Amounts::cash(part.paid_fen), reserved: Amounts::cash(part.reserved_fen), refunded: Amounts::cash(part.refunded_fen) };
    let fields = json!({
        "id": PaymentId::new(id)?, "st": "paid", "patient": patient(1)?, "channel": "wechat", "method": { "way": "native" }, "amount_fen": 100,
        "shares": {}, "expires_at": NOON, "description": "门诊缴费", "opened": true, "parts": parts,
    });
    row("payment", ver, fields)
}

/// A settlement of a patient.
pub fn settlement(id: i64, ver: u32, of: u32) -> Result<Row> {
    let bill = json!({
        "bill_id": "b", "patient_id": patient(of)?, "visit_id": "V1", "dept_code": "D1", "dept_name": "精神科", "payer": "self_pay", "total_fen": 100,
        "rounding_fen": 0, "lines": [], "zero": false, "exec_missing": false,
    });
    let fields = json!({
        "id": SettlementId::new(id)?, "st": "locked", "payer": { "patient_id": patient(of)?, "name": "张三", "sex": "男", "age": "35岁" }, "bill": bill,
        "visit_date": "2026-05-28", "visit_dept": "精神科", "payment": PaymentId::new(1)?, "channel": "wechat", "payment_fen": 100, "window_fen": null,
        "money_back": false, "claimed": true,
    });
    row("settlement", ver, fields)
}

/// A refund on its way.
pub fn refund(id: i64, ver: u32, payment: i64) -> Result<Row> {
    let fields = json!({
        "id": RefundId::new(id)?, "st": "returning", "cause": "late", "plan": ["returning"], "payment": PaymentId::new(payment)?, "channel": "wechat", "payment_fen": 100, "amounts": { "cash_fen": 10 },
    });
    row("refund", ver, fields)
}

/// An invoice being issued.
pub fn invoice(id: i64, ver: u32, of: i64) -> Result<Row> {
    let order = json!({
        "bus_no": InvoiceId::new(id)?.business_no(), "payer": { "patient_id": patient(1)?, "name": "张三", "sex": "男", "age": "35岁" }, "visit_id": "V1",
        "visit_date": "2026-05-28", "dept_name": "精神科", "total_fen": 100, "rounding_fen": 0, "lines": [], "channel": "wechat", "trade_no": "4200", "settled_at": NOON,
    });
    row("invoice", ver, json!({ "id": InvoiceId::new(id)?, "st": "issuing", "settlement": SettlementId::new(of)?, "order": order }))
}

/// A check-in under way.
pub fn check_in(id: i64, ver: u32, of: u32) -> Result<Row> {
    row("check_in", ver, json!({ "id": CheckInId::new(id)?, "st": "asking", "what": "check_in", "visit_id": "V1", "patient": patient(of)?, "turn": "in_order" }))
}

fn stop_notice() -> Value {
    json!({
        "schedule_id": "S1", "date": "2026-05-29", "session": "am", "version": 1, "kind": "stopped", "dept_code": "D1", "dept_name": "精神科",
        "starts_at": NOON, "ends_at": NOON, "reason": "other",
    })
}

/// A stop.
pub fn stop(id: i64, ver: u32) -> Result<Row> {
    row("stop", ver, json!({ "id": StopId::new(id)?, "st": "told", "notice": stop_notice(), "hit": ["V1"] }))
}

/// A suspension of a patient.
pub fn suspension(id: i64, ver: u32, of: u32) -> Result<Row> {
    let registration = json!({
        "visit_id": format!("V{id}"), "patient_id": patient(of)?, "schedule_id": "S1", "date": "2026-05-29", "session": "am", "starts_at": NOON, "ends_at": NOON,
        "dept_code": "D1", "dept_name": "精神科", "standing": "stopped", "paid": true, "fee_fen": 0,
    });
    let contact = json!({ "phone": "13900000001" });
    row(
        "suspension",
        ver,
        json!({ "id": SuspensionId::new(id)?, "st": "notified", "stop": StopId::new(1)?, "notice": stop_notice(), "registration": registration, "contact": contact }),
    )
}

/// A notice that was taken.
pub fn notice(id: i64, ver: u32, of: i64) -> Result<Row> {
    let message = json!({ "kind": "clinic_stopped", "hospital_name": "医院", "date": "2026-05-29", "session": "am" });
    let fields = json!({
        "id": NoticeId::new(id)?, "st": "accepted", "suspension": SuspensionId::new(of)?, "channel": "sms", "to": "13900000001", "message": message, "useful_until": NOON,
    });
    row("notice", ver, fields)
}

/// A batch with nothing but its source; replies and inbox rows are given where the source wants them.
pub fn batch(id: i64, source: Source) -> Result<Batch> {
    let reply = matches!(source, Source::Request { .. }).then(|| Reply(format!("{{\"batch\":{id}}}").into_bytes()));
    let inbox = matches!(source, Source::Message { .. }).then(|| Inbox { state: InboxState::Applied, body: b"{}".to_vec() });
    Ok(Batch {
        id: BatchId::new(id)?,
        hospital: hospital()?,
        at: NOON,
        worker: worker()?,
        source,
        reply,
        inbox,
        writes: Vec::new(),
        records: Vec::new(),
        claims: Vec::new(),
        frees: Vec::new(),
        acts: Vec::new(),
        polls: Vec::new(),
        wakes: Vec::new(),
        spacing: None,
        journals: Vec::new(),
        log: Vec::new(),
    })
}

/// A batch with rows: births for version 1, else the next version.
pub fn writing(id: i64, rows: Vec<Row>) -> Result<Batch> {
    let writes = rows.into_iter().map(|row| Write { expected: row.ver().checked_sub(1).filter(|ver| *ver > 0), row }).collect();
    Ok(Batch { writes, ..batch(id, Source::Housekeeping)? })
}

/// A command under a key.
pub fn request(key: &str, fingerprint: &str) -> Result<Source> {
    Ok(Source::Request { scope: "patient:1".to_owned(), key: RequestKey::new(key)?, fingerprint: fingerprint.to_owned() })
}

/// A message of a peer.
pub fn message(id: &str) -> Source {
    Source::Message { peer: "wechat".to_owned(), id: id.to_owned() }
}

/// A call of each lane.
pub fn call(lane: crate::policy::Lane) -> Result<Call> {
    use crate::policy::Lane;
    Ok(match lane {
        Lane::His | Lane::Timer => Call::His { call: HisCall::QueryPost { no: SettlementId::new(1)?.business_no() } },
        Lane::Channel => Call::Channel { channel: crate::ident::ChannelCode::new("wechat")?, call: ChannelCall::Query { out_trade_no: PaymentId::new(1)?.business_no() } },
        Lane::Insurer => Call::Insurer { call: crate::port::InsurerCall::Bill { date: NOON.biz_date() } },
        Lane::Invoice => Call::Invoice { call: InvoiceCall::Query { bus_no: InvoiceId::new(1)?.business_no() } },
        Lane::Notify => {
            let message = crate::visit::Message {
                kind: crate::visit::MessageKind::ClinicStopped,
                hospital_name: "医院".to_owned(),
                date: NOON.biz_date(),
                session: Some(crate::visit::Session::Am),
                amount_fen: None,
                link: None,
            };
            let (no, to) = (crate::ident::NoticeId::new(1)?.business_no(), crate::access::Private::new("13900000001"));
            Call::Notify { call: crate::port::NotifyCall::Send { order: crate::port::NoticeOrder { no, channel: crate::port::NoticeChannel::Sms, to, message } } }
        }
        Lane::Person => Call::HealthCode { call: crate::port::HealthCodeCall::Verify { code: crate::access::Private::new("code") } },
    })
}

/// A free act to HIS in its machine's own queue.
pub fn act(machine: Key, ver: u32, index: u16, due: Timestamp) -> Result<ActRow> {
    Ok(ActRow { id: ActId { machine, ver, index }, queue: machine, call: call(crate::policy::Lane::His)?, due, prior: 0, lease: None })
}

/// A poll of HIS.
pub fn poll(machine: Key, due: Timestamp) -> Result<(Key, Option<PollRow>)> {
    Ok((machine, Some(PollRow { machine, call: call(crate::policy::Lane::His)?, due, slow: false })))
}

/// A timer.
pub fn wake(machine: Key, due: Timestamp) -> (Key, Option<WakeRow>) {
    (machine, Some(WakeRow { machine, kind: WakeKind::Overdue, due }))
}

/// A step in the log.
pub fn step(machine: Key, ver: u32) -> StateLog {
    let from = (ver > 1).then_some("locking");
    StateLog { machine, ver, from, to: "locked", actor: "engine".to_owned(), what: "lock_done".to_owned(), event: format!("{{\"ver\":{ver}}}").into_bytes() }
}
