//! The two example mapping files against answers of their shapes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use menjie::port::{DayRowKind, Fault, HisAnswer, HisCall, Outcome, PostState};
use menjie_his_front::charset::{Charset, decode};
use menjie_his_front::{read_json, read_xml};
use support::{Bench, bill, fen, find, no, post, reverse, unpaid};

const XML: &str = include_str!("../mappings/gbk-xml.json");
const JSON: &str = include_str!("../mappings/json-yuan.json");

/// An answer of the XML shape: GBK, an XML text inside a SOAP element.
fn soap(inner: &str) -> Vec<u8> {
    let inner = format!("<?xml version=\"1.0\" encoding=\"GBK\"?><res>{inner}</res>");
    let escaped = inner.replace('&', "&amp;").replace('<', "&lt;");
    Charset::Gb18030.encode(&format!(
        "<?xml version=\"1.0\" encoding=\"GBK\"?><S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><ns2:CallResponse xmlns:ns2=\"u\"><return>{escaped}</return></ns2:CallResponse></S:Body></S:Envelope>"
    ))
}

fn xml(bench: &Bench, inner: &str, call: &HisCall) -> Outcome<HisAnswer> {
    bench.http.put_answer(200, soap(inner));
    bench.call(call)
}

fn ok(result: &str) -> String {
    format!("<resultCode>0</resultCode><resultMessage>成功</resultMessage><result>{result}</result>")
}

const ITEM: &str = "<item><detailId>88001</detailId><patientId>P10001</patientId><infoSeq>V1</infoSeq><itemType>1</itemType><feeType>09</feeType><itemCode>D1</itemCode><itemName>药品&amp;甲</itemName><itemPrice>3.265000</itemPrice><itemQty>28.0</itemQty><itemFee>9142</itemFee><deptCode>JSK</deptCode><deptName>精神科</deptName><execDeptCode></execDeptCode></item>";
const VISIT: &str = "<visit><infoSeq>V1</infoSeq><patientId>P10001</patientId><regDate>20260302</regDate><deptCode>JSK</deptCode><deptName>精神科</deptName><doctorName>null</doctorName><medCode>68</medCode></visit>";

#[test]
fn the_xml_request_is_gbk_inside_soap_with_fen_and_compact_times() {
    let bench = Bench::mapped(XML);
    let _ = xml(&bench, "<resultCode>1</resultCode>", &post());
    let request = bench.http.requests().pop().unwrap();
    assert_eq!(request.url, "https://his.example/menjie/v1/ws");
    assert_eq!(support::header(&request, "Content-Type"), "text/xml; charset=GBK");
    assert_eq!(support::header(&request, "SOAPAction"), "\"\"");
    assert!(request.headers.iter().all(|(name, _)| !name.starts_with("X-Menjie")));
    let outer = read_xml(&decode(&request.body, Some(Charset::Gb18030), None).unwrap()).unwrap();
    let inner = outer.at("Body.Call.input").unwrap().scalar().unwrap().to_owned();
    assert_eq!(
        inner,
        "<req><param><psOrdNum>S0000000000000000001</psOrdNum><patientId>P10001</patientId><infoSeq>V1</infoSeq><execDeptCode>XYF</execDeptCode><details><detail><detailId>L1</detailId><version>0</version><itemFee>9142</itemFee></detail><detail><detailId>L2</detailId><version>0</version><itemFee>2990</itemFee></detail></details><totalFee>12132</totalFee><payMode>9</payMode><merOrdNum>P0000000000000000007</merOrdNum><agtOrdNum>4200001234202603021234567890</agtOrdNum><payTime>20260302091630</payTime></param><service>PayBigOrder</service><hospitalId>4405001</hospitalId></req>"
    );
}

#[test]
fn xml_lists_of_none_one_and_two() {
    let bench = Bench::mapped(XML);
    for (items, count) in [(String::new(), 0), (ITEM.to_owned(), 1), (format!("{ITEM}{}", ITEM.replace("88001", "88002")), 2)] {
        let answer = xml(&bench, &ok(&format!("<visitList>{VISIT}</visitList><itemList>{items}</itemList>")), &unpaid());
        let Outcome::Done(HisAnswer::Unpaid(charges)) = answer else { panic!("{answer:?}") };
        assert_eq!((charges.visits.len(), charges.lines.len()), (1, count));
        if let Some(line) = charges.lines.first() {
            assert_eq!((line.item_name.as_str(), line.amount_fen, line.price.to_string()), ("药品&甲", fen(9142), "3.265".to_owned()));
            assert_eq!((&line.exec_dept_code, &charges.visits[0].doctor_name), (&None, &None));
        }
    }
    let Outcome::Done(HisAnswer::Unpaid(none)) = xml(&bench, "<resultCode>100</resultCode>", &unpaid()) else { panic!() };
    assert!(none.lines.is_empty());
}

#[test]
fn a_bad_xml_line_is_named_in_our_words() {
    let bench = Bench::mapped(XML);
    let broken = [
        (ITEM.replace("9142", "91.42"), "lines[1].amount is not an amount in whole fen"),
        (ITEM.replace("<itemType>1<", "<itemType>4<"), "lines[1].kind is not one of the documented words"),
        // Our own word in their field is not theirs.
        (ITEM.replace("<itemType>1<", "<itemType>drug<"), "lines[1].kind is not one of the documented words"),
        (ITEM.replace("<itemPrice>3.265000", "<itemPrice>null"), "lines[1].price is missing"),
    ];
    for (bad, text) in broken {
        let outcome = xml(&bench, &ok(&format!("<visitList>{VISIT}</visitList><itemList>{ITEM}{bad}</itemList>")), &unpaid());
        assert_eq!(outcome, Outcome::Unknown(Fault::new("shape", text)));
    }
    let outcome = xml(&bench, &ok(&format!("<visitList>{VISIT}</visitList>")), &unpaid());
    assert_eq!(outcome, Outcome::Unknown(Fault::new("shape", "lines is missing")), "a cut answer is not an empty one");
}

#[test]
fn xml_codes_and_states() {
    let bench = Bench::mapped(XML);
    assert!(matches!(xml(&bench, "<resultCode>1</resultCode><resultMessage>已缴费</resultMessage>", &post()), Outcome::Refused(no) if no.text == "已缴费"));
    assert!(matches!(xml(&bench, "<resultCode>2</resultCode>", &post()), Outcome::Unknown(_)), "post's own code list is narrower");
    assert!(matches!(xml(&bench, "<resultCode>2</resultCode>", &HisCall::Lock { bill: bill() }), Outcome::Refused(_)));
    assert!(matches!(xml(&bench, "<resultCode>-1</resultCode>", &post()), Outcome::Unknown(_)));
    let receipt = "<order><receiptID>1</receiptID><psOrdNum>S0000000000000000001</psOrdNum><patientId>P10001</patientId><totalFee>12132</totalFee><payTime>2026-03-02 09:16:31</payTime></order>";
    let query = HisCall::QueryPost { no: no() };
    let Outcome::Done(HisAnswer::QueryPost(PostState::Posted(found))) = xml(&bench, &ok(&format!("<orderStatus>S</orderStatus>{receipt}")), &query) else { panic!() };
    assert_eq!((found.total_fen, found.posted_at.to_string().as_str()), (fen(12132), "2026-03-02T09:16:31.000+08:00"));
    assert_eq!(xml(&bench, &ok("<orderStatus>W</orderStatus>"), &query), Outcome::Done(HisAnswer::QueryPost(PostState::NotRecorded)));
    assert!(matches!(xml(&bench, &ok("<orderStatus>P</orderStatus>"), &query), Outcome::Unknown(_)), "a letter nobody mapped");
    let rows = "<rowList><row><tradeType>2</tradeType><psOrdNum>S1</psOrdNum><receiptID>9</receiptID><totalFee>100</totalFee><payTime>20260302235959</payTime></row></rowList>";
    let day = HisCall::DayFile { date: menjie::BizDate::parse("2026-03-02").unwrap() };
    let Outcome::Done(HisAnswer::DayFile(rows)) = xml(&bench, &ok(rows), &day) else { panic!() };
    assert_eq!((rows[0].kind, rows[0].amount_fen), (DayRowKind::Reversed, fen(100)));
    let body = decode(&bench.http.requests().pop().unwrap().body, Some(Charset::Gb18030), None).unwrap().into_owned();
    assert!(body.contains("checkDate&gt;20260302&lt;"), "{body}");
}

#[test]
fn hostile_xml_is_unknown() {
    let bench = Bench::mapped(XML);
    for body in ["<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>".as_bytes(), b"<Envelope><Body/></Envelope>", b"", b"\xff\xfe<", "{\"code\":\"0\"}".as_bytes()] {
        bench.http.put_answer(200, body);
        assert!(matches!(bench.call(&post()), Outcome::Unknown(fault) if fault.code == "shape"));
    }
}

/// An answer of the JSON shape: the real one is a text under `Result`.
fn json(bench: &Bench, inner: &str, call: &HisCall) -> Outcome<HisAnswer> {
    bench.http.put_answer(200, format!("{{\"Result\":{}}}", menjie_his_front::write_json(&menjie_his_front::Node::text(inner))));
    bench.call(call)
}

#[test]
fn the_json_shape_both_ways() {
    let bench = Bench::mapped(JSON);
    let answer =
        json(&bench, r#"{"Code":0,"Msg":"","Param":{"ReceiptNo":7,"TradeNo":"S0000000000000000001","PatId":"P10001","Total":121.3200,"Time":"2026-03-02 09:16:31"}}"#, &post());
    let Outcome::Done(HisAnswer::Post(receipt)) = answer else { panic!("{answer:?}") };
    assert_eq!((receipt.receipt_no.as_str(), receipt.total_fen), ("7", fen(12132)));
    let sent = read_json(&bench.sent()).unwrap();
    let at = |path: &str| sent.at(path).unwrap().scalar().unwrap().to_owned();
    assert_eq!((at("Class"), at("HosId"), at("Param.PayType"), at("Param.Operator")), ("OUTFEEPAYSAVE".into(), "185".into(), "WX".into(), "ZZJ01".into()));
    assert_eq!((at("Param.Total"), at("Param.PayTime")), ("121.32".into(), "2026-03-02 09:16:30".into()));
    let fee = r#"{"Id":1,"Ver":2,"PatId":"P10001","RegNo":"V1","Type":"I","Class":"04","Code":"J1","Name":"血常规","Price":20,"Num":1,"Money":"20.0000","DeptId":"JSK","DeptName":"精神科","ExecDept":{"Id":"JYK","Name":"检验科"}}"#;
    let visit = r#"{"RegNo":"V1","PatId":"P10001","RegDate":"2026-03-02","DeptId":"JSK","DeptName":"精神科"}"#;
    let answer = json(&bench, &format!(r#"{{"Code":"0","Param":{{"RegList":[{visit}],"FeeList":[{fee}]}}}}"#), &unpaid());
    let Outcome::Done(HisAnswer::Unpaid(charges)) = answer else { panic!("{answer:?}") };
    assert_eq!((charges.lines[0].exec_dept_name.as_deref(), charges.lines[0].amount_fen, charges.lines[0].version), (Some("检验科"), fen(2000), 2));
}

#[test]
fn minus_one_means_what_the_operation_says() {
    let bench = Bench::mapped(JSON);
    let minus = r#"{"Code":"-1","Msg":"失败"}"#;
    assert!(matches!(json(&bench, minus, &unpaid()), Outcome::Refused(_)));
    assert!(matches!(json(&bench, minus, &HisCall::Lock { bill: bill() }), Outcome::Refused(_)));
    assert!(matches!(json(&bench, minus, &reverse()), Outcome::Refused(_)));
    // The money is in: a vague failure of the posting is never a no.
    assert!(matches!(json(&bench, minus, &post()), Outcome::Unknown(_)));
    assert_eq!(json(&bench, minus, &find()), Outcome::Done(HisAnswer::FindPatient(Vec::new())));
    assert_eq!(json(&bench, minus, &HisCall::QueryPost { no: no() }), Outcome::Done(HisAnswer::QueryPost(PostState::NotRecorded)));
    assert!(matches!(json(&bench, r#"{"Code":"1"}"#, &post()), Outcome::Unknown(fault) if fault.text == "data is missing"));
    assert!(matches!(json(&bench, r#"{"Code":"0"}"#, &HisCall::Unlock { no: no() }), Outcome::Done(HisAnswer::Unlock)));
    bench.http.put_answer(200, r#"{"Result":{"Code":"0"}}"#);
    assert!(matches!(bench.call(&post()), Outcome::Unknown(fault) if fault.text == "Result is missing"));
}
