//! A signed HIS on the scripted transport, and one call of every kind.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;

use menjie::access::Private;
use menjie::calendar::{BizDate, Timestamp};
use menjie::ident::{BusinessNo, ChannelCode, DeptCode, HospitalId, LineKey, PatientId, ScheduleId, VisitId};
use menjie::money::Money;
use menjie::patient::{Guardian, Record};
use menjie::port::{
    AttendOrder, CallCx, CallLog, DocumentRef, FileOrder, FindPatient, His, HisAnswer, HisBill, HisCall, HisPosting, HisReversal, IdentifyWay, LineRef, Outcome, RebookOrder,
    RebookTo, RecentTransfers, StoppedSession, UploadOf,
};
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie::visit::{Session, Turn};
use menjie_his_front::{HisFront, HisFrontConfig, Mapping, sign};
use menjie_transport::testing::ScriptedHttp;
use menjie_transport::{Exchange, HttpRequest, HttpResponse};

pub(crate) const SECRET: &str = "canary-secret-0123456789";
pub(crate) const NO: &str = "S0000000000000000001";

pub(crate) struct Bench {
    pub(crate) http: Arc<ScriptedHttp>,
    pub(crate) his: HisFront,
    pub(crate) log: Arc<RecentTransfers>,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench::with(|_| {})
    }

    pub(crate) fn mapped(file: &str) -> Bench {
        let mapping = Mapping::parse(file).unwrap();
        Bench::with(|config| {
            config.traits.lock = mapping.operations.contains_key("lock");
            config.traits.query_post = mapping.operations.contains_key("query_post");
            config.traits.cancel_post = mapping.operations.contains_key("cancel_post");
            config.traits.notices = mapping.operations.contains_key("notices");
            config.traits.check_in = mapping.operations.contains_key("check_in");
            config.traits.query_check_in = mapping.operations.contains_key("query_check_in");
            config.traits.rebook = mapping.operations.contains_key("rebook");
            config.traits.query_rebook = mapping.operations.contains_key("query_rebook");
            config.traits.open_file = mapping.operations.contains_key("open_file");
            config.traits.query_file = mapping.operations.contains_key("query_file");
            config.mapping = mapping;
        })
    }

    pub(crate) fn with(change: impl FnOnce(&mut HisFrontConfig)) -> Bench {
        let http = Arc::new(ScriptedHttp::new());
        let mut config = HisFrontConfig::new("https://his.example/menjie/v1", "KIOSK01", Private::new(SECRET));
        change(&mut config);
        let his = HisFront::new(config, http.clone(), Arc::new(SeededEntropy::new(7))).unwrap();
        Bench { http, his, log: Arc::new(RecentTransfers::new(100)) }
    }

    /// Answers the next call with a signed body.
    pub(crate) fn signed(&self, body: impl Into<Vec<u8>>) -> &Bench {
        let body = body.into();
        self.http.put_with(move |_, request| Exchange::Answered(answer(request, body)));
        self
    }

    pub(crate) fn data(&self, data: &str) -> &Bench {
        self.signed(format!(r#"{{"code":"0","message":"ok","data":{data}}}"#))
    }

    pub(crate) fn call(&self, call: &HisCall) -> Outcome<HisAnswer> {
        let hospital = HospitalId::new("h1").unwrap();
        let now = Timestamp::parse("2026-03-02T09:15:00.000+08:00").unwrap();
        let log = CallLog::new(self.log.clone(), hospital.clone());
        block_on(self.his.call(&CallCx { hospital, attempt: 1, now, deadline: now.plus_millis(60_000), log }, call))
    }

    /// The body of the last request.
    pub(crate) fn sent(&self) -> String {
        String::from_utf8(self.http.requests().last().unwrap().body.clone()).unwrap()
    }
}

pub(crate) fn header(request: &HttpRequest, name: &str) -> String {
    request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

pub(crate) fn answer(request: &HttpRequest, body: Vec<u8>) -> HttpResponse {
    let time = "2026-03-02T09:15:00.200+08:00";
    let sign = sign::answer(&Private::new(SECRET), time, &header(request, sign::NONCE), &body).unwrap();
    let headers = vec![("x-menjie-time".into(), time.into()), ("x-menjie-sign".into(), sign)];
    HttpResponse { status: 200, headers, body }
}

pub(crate) fn fen(fen: i64) -> Money {
    Money::from_fen(fen).unwrap()
}

pub(crate) fn no() -> BusinessNo {
    BusinessNo::new(NO).unwrap()
}

pub(crate) fn bill() -> HisBill {
    let line = |id: &str, amount| LineRef { line_id: LineKey::new(id).unwrap(), version: 0, amount_fen: fen(amount) };
    HisBill {
        no: no(),
        patient_id: PatientId::new("P10001").unwrap(),
        visit_id: VisitId::new("V1").unwrap(),
        dept_code: DeptCode::new("XYF").unwrap(),
        lines: vec![line("L1", 9142), line("L2", 2990)],
        total_fen: fen(12132),
    }
}

pub(crate) fn post() -> HisCall {
    HisCall::Post {
        posting: HisPosting {
            bill: bill(),
            channel: Some(ChannelCode::new("wechat").unwrap()),
            out_trade_no: BusinessNo::new("P0000000000000000007").unwrap(),
            trade_no: Some("4200001234202603021234567890".into()),
            paid_at: Timestamp::parse("2026-03-02T09:16:30.000+08:00").unwrap(),
            insured: None,
        },
    }
}

pub(crate) fn unpaid() -> HisCall {
    HisCall::Unpaid { patient: PatientId::new("P10001").unwrap() }
}

pub(crate) fn upload_of() -> UploadOf {
    UploadOf { patient_id: PatientId::new("P10001").unwrap(), visit_id: VisitId::new("V1").unwrap(), lines: vec![LineKey::new("L1").unwrap()] }
}

pub(crate) fn find() -> HisCall {
    HisCall::FindPatient { by: FindPatient { way: IdentifyWay::IdCard, token: Private::new("440599199003070058") } }
}

pub(crate) fn reverse() -> HisCall {
    let no = BusinessNo::new("R0000000000000000009").unwrap();
    HisCall::Reverse { reversal: HisReversal { no, settlement_no: self::no(), receipt_no: "20260302000123".into(), amount_fen: fen(12132), kept: None } }
}

/// One call of every kind, with the `data` of a success.
pub(crate) fn every_call() -> Vec<(HisCall, &'static str)> {
    let refund = BusinessNo::new("R0000000000000000009").unwrap();
    vec![
        (find(), r#"{"patients":[{"patient_id":"P10001","name":"张某某","sex_code":"1","birth_date":"1990-03-07"}]}"#),
        (unpaid(), r#"{"visits":[],"lines":[]}"#),
        (
            HisCall::UploadFacts { of: upload_of() },
            r#"{"begun_at":"2026-03-02T09:00:00+08:00","med_type":"11","category":"A15","dept_code":"A15","dept_name":"门诊一","doctor_code":"D440500000001","doctor_name":"医生甲","diagnoses":[{"code":"F99.x00","name":"诊断","main":true,"at":"2026-03-02T09:05:00+08:00"}],"fees":[{"line_id":"L1","catalogue_code":"X1","hospital_code":"Y1","name":"药品甲","price":"3.2650","quantity":"28","amount":"91.42","at":"2026-03-02T09:06:00+08:00","order_dept_code":"A15","order_dept_name":"门诊一","doctor_code":"D440500000001","doctor_name":"医生甲","exec_dept_code":"A32","exec_dept_name":"药剂科"}]}"#,
        ),
        (HisCall::Lock { bill: bill() }, r#"{"total":"121.32"}"#),
        (HisCall::Unlock { no: no() }, "null"),
        (post(), r#"{"receipt_no":"20260302000123","no":"S0000000000000000001","patient_id":"P10001","total":"121.32","posted_at":"2026-03-02T09:16:31+08:00"}"#),
        (HisCall::QueryPost { no: no() }, r#"{"state":"not_recorded"}"#),
        (HisCall::CancelPost { no: no() }, "null"),
        (HisCall::Refundable { no: no() }, REFUNDABLE),
        (reverse(), r#"{"no":"R0000000000000000009","amount":"121.32","at":"2026-03-02T11:00:00+08:00"}"#),
        (HisCall::QueryReverse { no: refund }, r#"{"state":"reversed","reversal":{"no":"R0000000000000000009","amount":"121.32","at":"2026-03-02T11:00:00+08:00"}}"#),
        (HisCall::Notices { after: Some("41".into()) }, r#"{"notices":[{"id":"42","at":"2026-03-02T10:00:00+08:00","kind":"lines_changed","lines":["L7"]}]}"#),
        (
            HisCall::DayFile { date: BizDate::parse("2026-03-02").unwrap() },
            r#"{"rows":[{"kind":"posted","settlement_no":"S0000000000000000001","receipt_no":"1","amount":"121.32","at":"2026-03-02T09:16:31+08:00"}]}"#,
        ),
        (HisCall::FindFiles { document: document() }, r#"{"patients":[]}"#),
        (open_file(), r#"{"how":"created","file":{"patient_id":"P10002","name":"张某某","sex_code":"1"}}"#),
        (
            HisCall::QueryFile { no: BusinessNo::new("F0000000000000000071").unwrap() },
            r#"{"state":"done","opened":{"how":"existing","file":{"patient_id":"P10002","name":"张某某"}}}"#,
        ),
        (HisCall::Registrations { patient: PatientId::new("P10001").unwrap(), date: BizDate::parse("2026-03-02").unwrap() }, REGISTRATIONS),
        (HisCall::TakeNumber { order: attend() }, r#"{"queue_number":"A12","ahead":3,"room":"3诊室"}"#),
        (HisCall::CheckIn { order: attend() }, r#"{"queue_number":12}"#),
        (HisCall::QueryCheckIn { no: attend().no }, r#"{"state":"done","ticket":{"queue_number":"A12"}}"#),
        (affected(), r#"{"items":[],"next":"V9"}"#),
        (rebook(), r#"{"done":"cancelled","fee":"reversed","settlement_no":"S0000000000000000001","amount":"12.00"}"#),
        (HisCall::QueryRebook { no: BusinessNo::new("U0000000000000000031").unwrap() }, r#"{"state":"not_recorded"}"#),
    ]
}

pub(crate) const REFUNDABLE: &str = r#"{"no":"S0000000000000000001","reversed":false,"day_closed":"N","lines":[{"line_id":"L1","execution":"undone","exec_dept_code":"JYK","lab":3},{"line_id":"L2","execution":"none","imaging":"arrived","dispensing":"dispensed","returned":"1.5"}]}"#;

pub(crate) const REGISTRATIONS: &str = r#"{"registrations":[{"visit_id":"V1","patient_id":"P10001","schedule_id":"PB1","date":"2026-03-02","session":"am","starts_at":"2026-03-02T09:00:00+08:00","ends_at":"2026-03-02T12:00:00+08:00","dept_code":"MZ01","dept_name":"门诊一","standing":"booked","paid":"Y","fee":"12","queue_number":"null"}]}"#;

pub(crate) fn attend() -> AttendOrder {
    AttendOrder { no: BusinessNo::new("C0000000000000000021").unwrap(), visit_id: VisitId::new("V1").unwrap(), patient_id: PatientId::new("P10001").unwrap(), turn: Turn::QueueEnd }
}

pub(crate) fn affected() -> HisCall {
    let session = StoppedSession { schedule_id: ScheduleId::new("PB1").unwrap(), date: BizDate::parse("2026-03-05").unwrap(), session: Session::Am };
    HisCall::Affected { session, after: Some("V1".into()), limit: 2 }
}

pub(crate) fn document() -> DocumentRef {
    DocumentRef { id_type: "01".into(), id_subtype: String::new(), id_no: Private::new("440599202512310042") }
}

pub(crate) fn open_file() -> HisCall {
    let guardian = Guardian { name: Private::new("张某"), relation: "51".into(), ..Guardian::default() };
    let record =
        Record { name: Private::new("张某某"), sex: "2".into(), birth_date: Private::new("2025-12-31"), id_no: document().id_no, guardian: Some(guardian), ..Record::default() };
    HisCall::OpenFile { order: Box::new(FileOrder { no: BusinessNo::new("F0000000000000000071").unwrap(), record }) }
}

pub(crate) fn rebook() -> HisCall {
    let order = RebookOrder {
        no: BusinessNo::new("U0000000000000000031").unwrap(),
        visit_id: VisitId::new("V1").unwrap(),
        patient_id: PatientId::new("P10001").unwrap(),
        to: RebookTo::Move { schedule_id: ScheduleId::new("PB2").unwrap() },
    };
    HisCall::Rebook { order }
}
