//! Issue, query and red over the scripted transport, with the traps of the field.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menjie::access::Private;
use menjie::calendar::{BizDate, Timestamp};
use menjie::charge::{ChargeLine, FeeClass, ItemKind};
use menjie::ident::{BusinessNo, ChannelCode, DeptCode, HospitalId, LineKey, PatientId, VisitId};
use menjie::invoice::{InvoiceOrder, InvoiceState, Payer, RedOrder};
use menjie::money::{Money, Quantity, UnitPrice};
use menjie::payment::Amounts;
use menjie::port::{CallCx, CallLog, Fault, InvoiceAnswer, InvoiceCall, InvoicePlatform, Outcome, RecentTransfers};
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie_invoice::envelope::Signer;
use menjie_invoice::{InvoiceConfig, InvoiceFront, wire};
use menjie_transport::Exchange;
use menjie_transport::testing::ScriptedHttp;
use proptest::prelude::*;
use serde_json::{Value, json};

fn config() -> InvoiceConfig {
    serde_json::from_value(json!({
        "http": { "peer": "invoice", "base_url": "https://front.example/inv/api/medical" },
        "appid": "TESTAPP0001", "key": "canary-key-0123456789", "place_code": "ZZJ01", "payee": "自助机", "author": "系统",
        "medical_institution": "公立专科医院", "card_type": "3101", "no_codes": ["E0001"], "not_found_codes": ["E0404"], "already_red_codes": ["E0777"],
    }))
    .unwrap()
}

struct Bench {
    http: Arc<ScriptedHttp>,
    front: InvoiceFront,
    log: Arc<RecentTransfers>,
}

fn bench() -> Bench {
    bench_of(config())
}

fn bench_of(config: InvoiceConfig) -> Bench {
    let http = Arc::new(ScriptedHttp::new());
    let front = InvoiceFront::new(config, http.clone(), Arc::new(SeededEntropy::new(1))).unwrap();
    Bench { http, front, log: Arc::new(RecentTransfers::new(100)) }
}

impl Bench {
    fn reply(&self, result: &str, message: &str) -> &Bench {
        let config = config();
        let signer = Signer { appid: config.appid, key: config.key, digest: config.digest };
        let data = STANDARD.encode(json!({"result": result, "message": STANDARD.encode(message)}).to_string());
        let sign = signer.sign(&signer.appid, &data, "n1", "1.0");
        self.http.put_answer(200, json!({"appid": signer.appid, "data": data, "noise": "n1", "sign": sign, "version": "1.0"}).to_string());
        self
    }

    fn call(&self, call: &InvoiceCall) -> Outcome<InvoiceAnswer> {
        let hospital = HospitalId::new("h1").unwrap();
        let now = Timestamp::parse("2026-03-02T09:20:00+08:00").unwrap();
        let log = CallLog::new(self.log.clone(), hospital.clone());
        block_on(self.front.call(&CallCx { hospital, attempt: 1, now, deadline: now.plus_millis(60_000), log }, call))
    }

    /// The business body of a request, after checking its envelope.
    fn sent(&self, i: usize) -> (String, Value) {
        let request = self.http.requests()[i].clone();
        let envelope: Value = serde_json::from_slice(&request.body).unwrap();
        let config = config();
        let signer = Signer { appid: config.appid, key: config.key, digest: config.digest };
        let text = |field: &str| envelope[field].as_str().unwrap().to_owned();
        assert_eq!(text("sign"), signer.sign(&text("appid"), &text("data"), &text("noise"), "1.0"));
        assert_eq!((text("version").as_str(), text("noise").len()), ("1.0", 32));
        (request.url, serde_json::from_slice(&STANDARD.decode(text("data")).unwrap()).unwrap())
    }
}

fn fen(fen: i64) -> Money {
    Money::from_fen(fen).unwrap()
}

fn line(id: &str, class: &str, price: &str, quantity: &str, doses: u32, amount: i64) -> ChargeLine {
    ChargeLine {
        line_id: LineKey::new(id).unwrap(),
        version: 0,
        patient_id: PatientId::new("P10001").unwrap(),
        visit_id: VisitId::new("V1").unwrap(),
        order_no: Some("CF1".into()),
        line_no: 1,
        kind: ItemKind::Drug,
        fee_class: FeeClass(class.into()),
        item_code: "D1".into(),
        item_name: "药品甲".into(),
        spec: None,
        unit: Some("片".into()),
        price: UnitPrice::parse(price).unwrap(),
        quantity: Quantity::parse(quantity).unwrap(),
        doses,
        amount_fen: fen(amount),
        order_dept_code: DeptCode::new("JSK").unwrap(),
        order_dept_name: "精神科".into(),
        exec_dept_code: None,
        exec_dept_name: None,
        pharmacy_code: None,
        pharmacy_name: None,
        atomic_key: None,
        main_line: false,
        self_paid_item: false,
        reverses: None,
        ordered_at: None,
    }
}

fn order(lines: Vec<ChargeLine>, rounding: i64) -> InvoiceOrder {
    let total = lines.iter().map(|l| l.amount_fen.fen()).sum::<i64>() + rounding;
    InvoiceOrder {
        bus_no: BusinessNo::new("B0000000000000000001").unwrap(),
        payer: Payer {
            patient_id: PatientId::new("P10001").unwrap(),
            name: Private::new("张某某"),
            sex: "男".into(),
            age: "35岁".into(),
            id_no: Some(Private::new("440599199003070058")),
            phone: Some(Private::new("13900000000")),
            openid: None,
        },
        visit_id: VisitId::new("V1").unwrap(),
        visit_date: BizDate::parse("2026-03-02").unwrap(),
        dept_name: "精神科一诊区".into(),
        total_fen: fen(total),
        rounding_fen: fen(rounding),
        lines,
        channel: ChannelCode::new("wechat").unwrap(),
        trade_no: "4200001234202603021234567890".into(),
        amounts: Amounts::cash(fen(total)),
        insurance_type: None,
        settled_at: Timestamp::parse("2026-03-01T16:16:31.005Z").unwrap(),
    }
}

fn pharmacy() -> InvoiceOrder {
    order(vec![line("L1", "09", "3.2650", "28", 1, 9142), line("L2", "09", "2.1357", "14", 1, 2990)], 0)
}

fn issue(order: InvoiceOrder) -> InvoiceCall {
    InvoiceCall::Issue { order: Box::new(order) }
}

fn red() -> InvoiceCall {
    let order = RedOrder {
        bus_no: BusinessNo::new("B0000000000000000001").unwrap(),
        batch_code: "44060126".into(),
        bill_no: "0000000007".into(),
        reason: "退".repeat(300),
        at: Timestamp::parse("2026-03-03T10:00:00+08:00").unwrap(),
    };
    InvoiceCall::Red { order }
}

fn query() -> InvoiceCall {
    InvoiceCall::Query { bus_no: BusinessNo::new("B0000000000000000001").unwrap() }
}

const ISSUED: &str = r#"{"billBatchCode":"44060126","billNo":"0000000007","random":"a1b2c3","createTime":"20260302092001123","billQRCode":"","pictureUrl":"http://10.0.0.1/p","pictureNetUrl":"https://fp.example/p","totalAmt":"121.32"}"#;
const NORMAL: &str = r#"{"state":"1","isScarlet":"0","isPrtPaper":0}"#;
const NOT_BOOKED: &str = r#"{"accountStatus":"0"}"#;
const SCARLET: &str = r#"{"state":"2","isScarlet":"1","scarletBillBatchCode":"44060126","scarletBillNo":"0000000008"}"#;

#[test]
fn a_self_pay_invoice_is_issued() {
    let bench = bench();
    let outcome = bench.reply("S0000", ISSUED).call(&issue(pharmacy()));
    let Outcome::Done(InvoiceAnswer::Issue(issued)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((issued.batch_code.as_str(), issued.bill_no.as_str(), issued.check_code.as_str()), ("44060126", "0000000007", "a1b2c3"));
    assert_eq!((issued.issued_at.to_string().as_str(), issued.total_fen, issued.url.reveal()), ("2026-03-02T09:20:01.123+08:00", fen(12132), "https://fp.example/p"));
    let (url, body) = bench.sent(0);
    assert_eq!(url, "https://front.example/inv/api/medical/invoiceEBillOutpatient");
    let expected = [
        ("busNo", "B0000000000000000001"),
        ("busType", "02"),
        ("payer", "张某某"),
        ("payerType", "1"),
        ("busDateTime", "20260302001631005"),
        ("totalAmt", "121.32"),
        ("selfCashPay", "121.32"),
        ("ownPay", "121.32"),
        ("selfPayAmt", "0.00"),
        ("selfConceitedAmt", "0.00"),
        ("fundPay", "0.00"),
        ("otherfundPay", "0.00"),
        ("accountPay", "0.00"),
        ("consultationDate", "20260302"),
        ("sex", "男"),
        ("age", "35岁"),
        ("idCardNo", "440599199003070058"),
        ("patientCategory", "精神科一诊区"),
        ("weChatOrderNo", "4200001234202603021234567890"),
        ("placeCode", "ZZJ01"),
    ];
    for (field, value) in expected {
        assert_eq!(body[field], value, "{field}");
    }
    assert_eq!(body["payChannelDetail"], json!([{"payChannelCode": "05", "payChannelValue": "121.32"}]));
    assert_eq!(body["chargeDetail"][0]["chargeName"], "西药费");
    assert_eq!((&body["listDetail"][0]["std"], &body["listDetail"][0]["number"], &body["listDetail"][0]["amt"]), (&json!("3.2650"), &json!("28.00"), &json!("91.4200")));
    assert_eq!(bench.log.counts(), (1, 1));
}

/// hospital.md §2.4 and §3.3: 1.1150 × 3 twice is 6.70 by line and 6.69 as a rounded sum.
#[test]
fn the_rounding_becomes_its_own_list_row_and_joins_the_largest_class() {
    let lines = vec![line("L1", "09", "1.1150", "3", 1, 335), line("L2", "04", "1.1150", "3", 1, 335)];
    let body = wire::issue(&config(), &order(lines, -1)).unwrap();
    let rows = body["listDetail"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[2]["name"], &rows[2]["amt"]), (3, &json!("货币误差"), &json!("-0.0100")));
    assert_eq!((&body["totalAmt"], &body["chargeDetail"][0]["amt"], &body["chargeDetail"][1]["amt"]), (&json!("6.69"), &json!("3.34"), &json!("3.35")));
}

#[test]
fn older_platforms_get_their_decimals_and_dates() {
    let mut config = config();
    config.version = menjie_invoice::PlatformVersion::V31;
    let body = wire::issue(&config, &order(vec![line("L1", "10", "0.123456", "2.5", 7, 216)], 0)).unwrap();
    assert_eq!((&body["listDetail"][0]["std"], &body["listDetail"][0]["number"]), (&json!("0.123456"), &json!("17.500000")));
    assert_eq!((&body["consultationDate"], &body["category"]), (&json!("2026-03-02"), &Value::Null));
}

#[test]
fn a_ticket_that_does_not_close_is_never_sent() {
    let bench = bench();
    for wrong in [InvoiceOrder { total_fen: fen(12133), ..pharmacy() }, InvoiceOrder { rounding_fen: fen(1), ..pharmacy() }, order(vec![], 0)] {
        assert!(matches!(bench.call(&issue(wrong)), Outcome::Refused(no) if no.code == "sums"));
    }
    assert!(bench.http.requests().is_empty());
}

/// hospital.md §3.4: who paid, and how the patient's share is borne, are two splits of one ticket.
#[test]
fn an_insured_ticket_names_every_payer_and_what_insurance_never_pays() {
    let mut lines = vec![line("L1", "09", "3.2650", "28", 1, 9142), line("L2", "09", "2.1357", "14", 1, 2990)];
    lines[1].self_paid_item = true;
    let amounts = Amounts { cash_fen: fen(2132), account_fen: fen(4000), fund_fen: fen(6000), other_fen: fen(0) };
    let insured = InvoiceOrder { amounts, insurance_type: Some("310".into()), ..order(lines, 0) };
    let body = wire::issue(&config(), &insured).unwrap();
    let field = |name: &str| body[name].as_str().unwrap().to_owned();
    assert_eq!((field("fundPay"), field("accountPay"), field("selfCashPay"), field("otherfundPay")), ("60.00".into(), "40.00".into(), "21.32".into(), "0.00".into()));
    assert_eq!((field("ownPay"), field("selfPayAmt")), ("29.90".into(), "31.42".into()), "account and cash together bear both");
    assert_eq!((field("medCareTypeCode"), field("medicalCareType")), ("01".into(), "城镇职工基本医疗保险".into()));
    assert_eq!(body["payChannelDetail"], json!([{"payChannelCode": "05", "payChannelValue": "21.32"}, {"payChannelCode": "11", "payChannelValue": "100.00"}]));

    // Nothing to pay himself: no channel row of ours, no number of theirs; nothing that insurance never pays is borne by him.
    let amounts = Amounts { fund_fen: fen(12_132), ..Amounts::NOTHING };
    let free = InvoiceOrder { amounts, trade_no: String::new(), ..insured.clone() };
    let body = wire::issue(&config(), &free).unwrap();
    assert_eq!(body["payChannelDetail"], json!([{"payChannelCode": "11", "payChannelValue": "121.32"}]));
    assert_eq!((&body["ownPay"], &body["weChatOrderNo"]), (&json!("0.00"), &Value::Null));

    let torn = InvoiceOrder { amounts: Amounts::cash(fen(1)), ..insured };
    assert!(wire::issue(&config(), &torn).is_err());
}

/// hospital.md §9 trap 7: a body is checked as it leaves, whoever built it.
#[test]
fn trap_7_every_sum_of_a_body_is_checked() {
    let body = wire::issue(&config(), &pharmacy()).unwrap();
    wire::closes(&body).unwrap();
    let insured = json!({"totalAmt": "121.32", "fundPay": "60.00", "otherfundPay": "0", "accountPay": "40.00", "selfCashPay": "21.32"});
    let with = |fields: &Value| {
        let mut changed = body.clone();
        fields.as_object().unwrap().iter().for_each(|(field, value)| changed[field] = value.clone());
        wire::closes(&changed)
    };
    with(&insured).unwrap();
    for (fields, problem) in [
        (json!({"selfCashPay": "121.31"}), "the payment sources do not add up to the total"),
        (json!({"fundPay": "0.01"}), "the payment sources do not add up to the total"),
        (json!({"accountPay": null}), "the payment sources do not add up to the total"),
        (json!({"payChannelDetail": []}), "the channels do not add up to the total"),
        (json!({"chargeDetail": [{"amt": "121.33"}]}), "the fee classes do not add up to the total"),
        (json!({"listDetail": [{"amt": "121.3100"}, {"amt": "null"}]}), "the items do not add up to the total"),
        (json!({"totalAmt": "x"}), "totalAmt is not an amount"),
    ] {
        assert_eq!(with(&fields), Err(problem), "{fields}");
    }
}

#[test]
fn only_listed_codes_are_a_no_and_the_proxys_failure_is_unknown() {
    let bench = bench();
    for call in [issue(pharmacy()), red()] {
        assert!(matches!(bench.reply("E0001", "票据余量不足").call(&call), Outcome::Refused(no) if no.code == "E0001"));
        for code in ["ISIP0001", "E0002", "E9999", "", "S0001"] {
            assert!(matches!(bench.reply(code, "张某某开票失败").call(&call), Outcome::Unknown(fault) if fault.code == "code" && !fault.text.contains('张')), "{code}");
        }
    }
    for code in ["E0001", "ISIP0001"] {
        assert!(matches!(bench.reply(code, "").call(&query()), Outcome::Unknown(_)), "{code}");
    }
}

#[test]
fn what_the_transport_cannot_prove_stays_unknown() {
    let bench = bench();
    for call in [issue(pharmacy()), red(), query()] {
        bench.http.put(Exchange::Unsent(Fault::new("connect", "x")));
        assert_eq!(bench.call(&call), Outcome::Unsent(Fault::new("connect", "x")));
        bench.http.put(Exchange::Unknown(Fault::new("timeout", "x")));
        assert_eq!(bench.call(&call), Outcome::Unknown(Fault::new("timeout", "x")));
        for (status, body, code) in [(502, "", "http_502"), (200, "<html>", "shape"), (200, "{}", "shape"), (200, r#"{"data":"e30="}"#, "signature")] {
            bench.http.put_answer(status, body);
            assert!(matches!(bench.call(&call), Outcome::Unknown(fault) if fault.code == code), "{code}");
        }
    }
    for message in ["", "{}", r#"{"billNo":"7"}"#, &ISSUED.replace("20260302092001123", "20261302092001123"), &ISSUED.replace("121.32", "121.325")] {
        assert!(matches!(bench.reply("S0000", message).call(&issue(pharmacy())), Outcome::Unknown(fault) if fault.code == "shape"), "{message}");
    }
}

#[test]
fn a_query_finds_blue_red_paper_booked_or_nothing() {
    let bench = bench();
    bench.reply("S0000", ISSUED).reply("S0000", NORMAL).reply("S0000", NOT_BOOKED);
    assert!(matches!(bench.call(&query()), Outcome::Done(InvoiceAnswer::Query(InvoiceState::Blue(blue))) if blue.total_fen == fen(12132)));
    assert_eq!(bench.sent(0), ("https://front.example/inv/api/medical/getEBillByBusNo".into(), json!({"busNo": "B0000000000000000001"})));
    assert_eq!(bench.sent(1), ("https://front.example/inv/api/medical/getEBillStatesByBillInfo".into(), json!({"billBatchCode": "44060126", "billNo": "0000000007"})));
    assert_eq!(bench.sent(2), ("https://front.example/inv/api/medical/getEBillAccountStatus".into(), json!({"billBatchCode": "44060126", "billNo": "0000000007"})));
    bench.reply("S0000", ISSUED).reply("S0000", NORMAL).reply("S0000", r#"{"accountStatus":1}"#);
    assert!(matches!(bench.call(&query()), Outcome::Done(InvoiceAnswer::Query(InvoiceState::Booked(blue))) if blue.total_fen == fen(12132)));
    bench.reply("S0000", ISSUED).reply("S0000", SCARLET);
    let Outcome::Done(InvoiceAnswer::Query(InvoiceState::Red { red, .. })) = bench.call(&query()) else { panic!() };
    assert_eq!(red.bill_no, "0000000008");
    bench.reply("S0000", ISSUED).reply("S0000", r#"{"state":1,"isScarlet":0,"isPrtPaper":1}"#);
    assert!(matches!(bench.call(&query()), Outcome::Done(InvoiceAnswer::Query(InvoiceState::Paper(_)))));
    for (result, message) in [("E0404", "无此业务流水号"), ("S0000", ""), ("S0000", "null"), ("S0000", "{}"), ("S0000", "[]")] {
        assert_eq!(bench.reply(result, message).call(&query()), Outcome::Done(InvoiceAnswer::Query(InvoiceState::NotFound)));
    }
    for state in ["", r#"{"state":"2","isScarlet":"0"}"#, r#"{"state":"1"}"#, r#"{"isScarlet":"1"}"#, r#"{"state":"1","isScarlet":"x"}"#] {
        bench.reply("S0000", ISSUED).reply("S0000", state);
        assert!(matches!(bench.call(&query()), Outcome::Unknown(fault) if fault.code == "shape"), "{state}");
    }
    for booking in ["", "{}", r#"{"accountStatus":"2"}"#] {
        bench.reply("S0000", ISSUED).reply("S0000", NORMAL).reply("S0000", booking);
        assert!(matches!(bench.call(&query()), Outcome::Unknown(fault) if fault.code == "shape"), "{booking}");
    }
    bench.reply("S0000", &ISSUED.replace(r#","totalAmt":"121.32""#, ""));
    assert!(matches!(bench.call(&query()), Outcome::Unknown(fault) if fault.text == "totalAmt is missing"));
}

#[test]
fn a_platform_that_does_not_tell_of_bookings_is_not_asked() {
    let mut config = config();
    config.methods.booked.clear();
    config.check().unwrap();
    let bench = bench_of(config);
    bench.reply("S0000", ISSUED).reply("S0000", NORMAL);
    assert!(matches!(bench.call(&query()), Outcome::Done(InvoiceAnswer::Query(InvoiceState::Blue(_)))));
    assert_eq!(bench.http.requests().len(), 2);
}

/// hospital.md §3.2, §3.3: a ticket of nothing but registration fees goes another way, under another kind of business.
#[test]
fn a_registration_fee_gets_the_ticket_of_a_registration() {
    let bench = bench();
    assert!(matches!(bench.reply("S0000", ISSUED).call(&issue(order(vec![line("L1", "13", "10.00", "1", 1, 1000)], 0))), Outcome::Done(_)));
    let (url, body) = bench.sent(0);
    assert_eq!((url.as_str(), &body["busType"]), ("https://front.example/inv/api/medical/invEBillRegistration", &json!("06")));
    assert!(matches!(
        bench.reply("S0000", ISSUED).call(&issue(order(vec![line("L1", "13", "10.00", "1", 1, 1000), line("L2", "02", "12.00", "1", 1, 1200)], 0))),
        Outcome::Done(_)
    ));
    let (url, body) = bench.sent(1);
    assert_eq!((url.as_str(), &body["busType"]), ("https://front.example/inv/api/medical/invoiceEBillOutpatient", &json!("02")));
}

#[test]
fn red_is_for_the_whole_invoice_and_already_red_is_proven_first() {
    let bench = bench();
    let answer = r#"{"eScarletBillBatchCode":"44060126","eScarletBillNo":"0000000008","eScarletRandom":"x","createTime":"20260303100001000"}"#;
    let Outcome::Done(InvoiceAnswer::Red(done)) = bench.reply("S0000", answer).call(&red()) else { panic!() };
    assert_eq!((done.bill_no.as_str(), done.at.to_string().as_str()), ("0000000008", "2026-03-03T10:00:01.000+08:00"));
    let (url, body) = bench.sent(0);
    assert!(url.ends_with("/writeOffEBill"));
    assert_eq!((body["reason"].as_str().unwrap().chars().count(), &body["busDateTime"], &body["operator"]), (200, &json!("20260303100000000"), &json!("系统")));
    assert!(body.get("totalAmt").is_none(), "no amount: a red is never partial");
    bench.reply("E0777", "已冲红").reply("S0000", SCARLET);
    assert!(matches!(bench.call(&red()), Outcome::Done(InvoiceAnswer::Red(red)) if red.bill_no == "0000000008"));
    bench.reply("E0777", "已冲红").reply("S0000", NORMAL);
    assert!(matches!(bench.call(&red()), Outcome::Unknown(fault) if fault.code == "already_red"));
    bench.reply("E0777", "已冲红").http.put(Exchange::Unsent(Fault::new("connect", "x")));
    assert!(matches!(bench.call(&red()), Outcome::Unknown(_)), "the red request itself was answered");
}

#[test]
fn the_key_never_leaves() {
    let bench = bench();
    let _ = bench.reply("S0000", ISSUED).call(&issue(pharmacy()));
    let (_, begin, end) = bench.log.recent().pop().unwrap();
    let everything = format!("{:?} {} {begin:?} {end:?}", bench.front, String::from_utf8_lossy(&begin.body));
    assert!(!everything.contains("canary"));
    assert!(!format!("{:?}", config()).contains("canary"));
}

#[test]
fn wrong_configuration_is_named() {
    let problem = |change: &dyn Fn(&mut InvoiceConfig)| {
        let mut config = config();
        config.check().unwrap();
        change(&mut config);
        let error = config.check().unwrap_err();
        error.context().find(|(key, _)| *key == "field").unwrap().1.to_owned()
    };
    assert_eq!(problem(&|c| c.place_code.clear()), "place_code");
    assert_eq!(problem(&|c| c.key = Private::new("")), "key");
    assert_eq!(problem(&|c| c.methods.red = "write off".into()), "methods.red");
    assert_eq!(problem(&|c| c.no_codes.push("ISIP0001".into())), "no_codes");
    assert_eq!(problem(&|c| c.http.base_url = "http://10.0.0.1".into()), "http.base_url");
}

proptest! {
    #[test]
    fn every_ticket_closes(amounts in prop::collection::vec((1i64..1_000_000, 1u8..15), 1..40), rounding in -50i64..50) {
        let lines: Vec<ChargeLine> = amounts.iter().enumerate().map(|(i, (amount, class))| line(&format!("L{i}"), &format!("{class:02}"), "1", "1", 1, *amount)).collect();
        let order = order(lines, rounding);
        prop_assume!(order.total_fen.is_positive());
        let body = wire::issue(&config(), &order).unwrap();
        let sum = |list: &str| body[list].as_array().unwrap().iter().map(|row| Money::from_yuan(row["amt"].as_str().unwrap(), "amt").unwrap().fen()).sum::<i64>();
        prop_assert_eq!(sum("chargeDetail"), order.total_fen.fen());
        prop_assert_eq!(sum("listDetail"), order.total_fen.fen());
        let part = |field: &str| Money::from_yuan(body[field].as_str().unwrap(), "part").unwrap().fen();
        prop_assert_eq!(part("fundPay") + part("otherfundPay") + part("accountPay") + part("selfCashPay"), part("totalAmt"));
        prop_assert_eq!(part("selfPayAmt") + part("ownPay"), part("accountPay") + part("selfCashPay"));
    }
}
