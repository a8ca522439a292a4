//! The simulated invoice platform keeps docs/invoice-platform.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use menjie_sim::invoice::{ALREADY_RED_CODES, NO_CODES, TicketMark};
use menjie_sim::{Fault, Hospital, Peer};
use serde_json::{Value, json};
use support::{InvoiceClient, NINE, answer, hospital};

const ISSUE: &str = "invoiceEBillOutpatient";
const QUERY: &str = "getEBillByBusNo";
const STATE: &str = "getEBillStatesByBillInfo";
const BOOKED: &str = "getEBillAccountStatus";
const REGISTRATION: &str = "invEBillRegistration";
const RED: &str = "writeOffEBill";

fn ticket(bus_no: &str) -> Value {
    json!({
        "busNo": bus_no, "busType": "02", "payer": "林测安", "busDateTime": "20260302090000000", "placeCode": "ZZJ01", "payee": "自助",
        "author": "自助", "totalAmt": "121.32", "payerType": "1", "cardType": "1101", "cardNo": "P100001", "medicalInstitution": "专科医院",
        "medCareTypeCode": "07", "medicalCareType": "自费", "consultationDate": "20260302", "patientNo": "V1", "caseNumber": "P100001",
        "sex": "男", "age": "35岁", "isArrears": "1", "patientCategory": "精神科一诊区", "accountPay": "0.00", "fundPay": "0.00",
        "otherfundPay": "0.00", "ownPay": "121.32", "selfConceitedAmt": "0.00", "selfPayAmt": "0.00", "selfCashPay": "121.32",
        "payChannelDetail": [{"payChannelCode": "05", "payChannelValue": "121.32"}],
        "chargeDetail": [{"sortNo": "1", "chargeCode": "09", "chargeName": "西药费", "number": "1", "amt": "121.32"}],
        "listDetail": [{"name": "甲", "amt": "91.4200"}, {"name": "乙", "amt": "29.8998"}, {"name": "货币误差", "amt": "0.0002"}],
    })
}

fn call(hospital: &mut Hospital, method: &str, body: &Value) -> (String, Value) {
    let (result, message) = InvoiceClient::new().call(hospital, method, body, NINE);
    (result, serde_json::from_str(&message).unwrap_or(Value::String(message)))
}

fn number_of(issued: &Value) -> Value {
    json!({"billBatchCode": issued["billBatchCode"], "billNo": issued["billNo"]})
}

fn red_of(issued: &Value) -> Value {
    let mut red = number_of(issued);
    for (name, value) in [("reason", "退费"), ("operator", "自助"), ("busDateTime", "20260302100000000"), ("placeCode", "ZZJ01")] {
        red[name] = json!(value);
    }
    red
}

#[test]
fn a_ticket_is_issued_once_per_business_number() {
    let mut hospital = hospital();
    assert_eq!(call(&mut hospital, QUERY, &json!({"busNo": "B1"})), ("S0000".to_owned(), Value::Null));
    let (result, issued) = call(&mut hospital, ISSUE, &ticket("B1"));
    assert_eq!((result.as_str(), &issued["billBatchCode"], &issued["billNo"]), ("S0000", &json!("44060126"), &json!("0000000001")));
    assert_eq!(issued["createTime"], "20260302090000000");
    assert_eq!(issued["random"].as_str().unwrap().len(), 6);
    assert_eq!(call(&mut hospital, ISSUE, &ticket("B1")).1, issued);
    assert_eq!(call(&mut hospital, QUERY, &json!({"busNo": "B1"})).1, issued);
    let mut other = ticket("B1");
    other["payee"] = json!("窗口");
    assert_eq!(call(&mut hospital, ISSUE, &other).0, "E2002");
    let truth = hospital.truth(NINE).invoice;
    assert_eq!((truth.tickets.len(), truth.issued_fen, truth.requests["issue"]), (1, 12_132, 3));
}

#[test]
fn a_ticket_that_does_not_add_up_gets_no_number() {
    let mut hospital = hospital();
    let wrong: [(&str, Value); 11] = [
        ("/totalAmt", json!("121.33")),
        ("/totalAmt", json!("121.320")),
        ("/totalAmt", json!("0.00")),
        ("/payerType", json!("2")),
        ("/payer", json!("")),
        ("/sex", json!("不愿意透露")),
        ("/busDateTime", json!("2026-03-02 09:00")),
        ("/payChannelDetail/0/payChannelValue", json!("121.31")),
        ("/chargeDetail/0/amt", json!("121.31")),
        ("/chargeDetail", json!([])),
        ("/listDetail/0/amt", json!("91.4100")),
    ];
    for (pointer, value) in wrong {
        let mut bad = ticket("B1");
        *bad.pointer_mut(pointer).unwrap() = value;
        let (result, message) = call(&mut hospital, ISSUE, &bad);
        assert_eq!(result, "E2001", "{pointer}");
        assert!(NO_CODES.contains(&result.as_str()));
        let field = pointer.split('/').find(|part| !part.is_empty()).unwrap();
        let last = pointer.rsplit('/').next().unwrap();
        let text = message.as_str().unwrap();
        assert!(text.contains(field) || text.contains(last), "{pointer}: {text}");
    }
    assert!(hospital.truth(NINE).invoice.tickets.is_empty());
}

#[test]
fn a_registration_has_a_method_and_a_kind_of_business_of_its_own() {
    let mut hospital = hospital();
    let registration = |no: &str| {
        let mut ticket = ticket(no);
        ticket["busType"] = json!("06");
        ticket
    };
    assert_eq!(call(&mut hospital, REGISTRATION, &registration("B1")).0, "S0000");
    assert_eq!(call(&mut hospital, REGISTRATION, &ticket("B2")).0, "E2001");
    assert_eq!(call(&mut hospital, ISSUE, &registration("B3")).0, "E2001");
    assert_eq!(hospital.truth(NINE).invoice.tickets.len(), 1);
}

#[test]
fn a_ticket_turns_red_as_a_whole_and_once() {
    let mut hospital = hospital();
    let (_, issued) = call(&mut hospital, ISSUE, &ticket("B1"));
    let (_, before) = call(&mut hospital, STATE, &number_of(&issued));
    assert_eq!((&before["state"], &before["isScarlet"], &before["isPrtPaper"]), (&json!("1"), &json!("0"), &json!("0")));
    let (result, red) = call(&mut hospital, RED, &red_of(&issued));
    assert_eq!((result.as_str(), &red["eScarletBillBatchCode"]), ("S0000", &json!("44060126")));
    assert_ne!(red["eScarletBillNo"], issued["billNo"]);
    let again = call(&mut hospital, RED, &red_of(&issued)).0;
    assert!(ALREADY_RED_CODES.contains(&again.as_str()));
    let (_, after) = call(&mut hospital, STATE, &number_of(&issued));
    assert_eq!((&after["isScarlet"], &after["scarletBillNo"]), (&json!("1"), &red["eScarletBillNo"]));
    let truth = hospital.truth(NINE).invoice;
    assert_eq!((truth.issued_fen, truth.red_fen), (12_132, 12_132));
}

#[test]
fn paper_and_booked_tickets_stay_blue() {
    let mut hospital = hospital();
    let (_, issued) = call(&mut hospital, ISSUE, &ticket("B1"));
    let mark = |paper, booked| TicketMark { bus_no: "B1".to_owned(), paper, booked };
    assert!(hospital.invoice.mark(&mark(true, false)));
    assert_eq!(call(&mut hospital, STATE, &number_of(&issued)).1["isPrtPaper"], "1");
    assert_eq!(call(&mut hospital, BOOKED, &number_of(&issued)).1, json!({"accountStatus": "0"}));
    assert_eq!(call(&mut hospital, RED, &red_of(&issued)).0, "E3003");
    assert!(hospital.invoice.mark(&mark(false, true)));
    assert_eq!(call(&mut hospital, BOOKED, &number_of(&issued)).1, json!({"accountStatus": "1"}));
    assert_eq!(call(&mut hospital, RED, &red_of(&issued)).0, "E3004");
    assert!(hospital.invoice.mark(&mark(false, false)));
    assert_eq!(call(&mut hospital, RED, &red_of(&issued)).0, "S0000");
    assert!(!hospital.invoice.mark(&TicketMark { bus_no: "B404".to_owned(), paper: true, booked: false }));
    for method in [STATE, BOOKED] {
        assert_eq!(call(&mut hospital, method, &json!({"billBatchCode": "44060126", "billNo": "9999999999"})).0, "E3001");
    }
}

#[test]
fn wrong_envelopes_are_refused() {
    let mut hospital = hospital();
    let client = InvoiceClient::new();
    let good = client.request(ISSUE, &ticket("B1"));
    let mut send = |change: &dyn Fn(&mut Value)| {
        let mut request = good.clone();
        let mut envelope: Value = serde_json::from_slice(&request.body).unwrap();
        change(&mut envelope);
        request.body = envelope.to_string().into_bytes();
        client.read(&answer(hospital.handle(Peer::Invoice, &request, NINE))).0
    };
    assert_eq!(send(&|e| e["sign"] = json!("0".repeat(32))), "E1002");
    assert_eq!(send(&|e| e["sign"] = json!(e["sign"].as_str().unwrap().to_lowercase())), "E1002");
    assert_eq!(send(&|e| e["noise"] = json!("other")), "E1002");
    assert_eq!(send(&|e| e["appid"] = json!("OTHER")), "E1001");
    assert_eq!(send(&|e| e["version"] = json!("2.0")), "E1001");
    assert_eq!(send(&|e| drop(e.as_object_mut().unwrap().remove("data"))), "E1000");
    assert_eq!(send(&|_| ()), "S0000");
}

#[test]
fn an_answer_can_be_lost_refused_or_late() {
    let mut hospital = hospital();
    let client = InvoiceClient::new();
    let request = client.request(ISSUE, &ticket("B1"));
    hospital.faults.next(Peer::Invoice, "issue", Fault::TimeoutAfter { ms: 0 });
    assert!(hospital.handle(Peer::Invoice, &request, NINE).response().is_none());
    assert_eq!(call(&mut hospital, QUERY, &json!({"busNo": "B1"})).1["billNo"], "0000000001");

    hospital.faults.next(Peer::Invoice, "issue", Fault::SaysNo);
    assert_eq!(call(&mut hospital, ISSUE, &ticket("B2")).0, "E3004");
    hospital.faults.next(Peer::Invoice, "issue", Fault::EffectLater { ms: 1000 });
    assert!(hospital.handle(Peer::Invoice, &client.request(ISSUE, &ticket("B3")), NINE).response().is_none());
    assert_eq!(call(&mut hospital, QUERY, &json!({"busNo": "B3"})).1, Value::Null);
    hospital.advance(NINE.plus_millis(1000));
    assert_eq!(call(&mut hospital, QUERY, &json!({"busNo": "B3"})).1["billNo"], "0000000002");
    hospital.faults.next(Peer::Invoice, "query", Fault::ServerError);
    let response = answer(hospital.handle(Peer::Invoice, &client.request(QUERY, &json!({"busNo": "B3"})), NINE));
    assert_eq!((response.status, client.read(&response).0.as_str()), (500, "ISIP0001"));
}
