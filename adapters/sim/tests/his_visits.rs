//! The simulated HIS around visits: registrations, stopped clinics, files of first visits (docs/his-front.yaml).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{Desk, small_day};

fn book(desk: &mut Desk, visit: &str, fee: i64) -> Value {
    let patient = small_day().patients[0].patient_id.clone();
    let action = json!({"do": "book", "visit_id": visit, "patient_id": patient, "schedule_id": "PB1", "session": "am", "starts_at": "2026-03-02T09:00:00+08:00",
        "ends_at": "2026-03-02T12:00:00+08:00", "fee_fen": fee});
    desk.hospital.his.act(&serde_json::from_value(action).unwrap(), desk.now).unwrap();
    json!({"no": format!("C-{visit}"), "visit_id": visit, "patient_id": patient, "turn": "in_order"})
}

#[test]
fn a_check_in_has_one_place_per_number_and_is_counted() {
    let mut desk = Desk::open();
    let order = book(&mut desk, "VX1", 0);
    let (_, list) = desk.call("registrations", &json!({"patient_id": order["patient_id"], "date": "2026-03-02"}));
    let one = list["registrations"].as_array().unwrap().iter().find(|r| r["visit_id"] == "VX1").unwrap();
    assert_eq!((&one["standing"], &one["paid"]), (&json!("booked"), &json!(true)));
    let (code, first) = desk.call("check-in", &order);
    assert_eq!((code.as_str(), &first["queue_number"], &first["ahead"]), ("0", &json!("A001"), &json!(0)));
    assert_eq!(desk.call("check-in", &order).1, first);
    assert_eq!(desk.call("query-check-in", &json!({"no": "C-VX1"})).1["ticket"], first);
    assert_eq!(desk.call("query-check-in", &json!({"no": "C-other"})).1, json!({"state": "not_recorded"}));
    let mut second = order.clone();
    second["no"] = json!("C-second");
    assert_eq!(desk.code("check-in", &second), "0");
    assert_eq!(desk.hospital.his.truth().check_ins.get("VX1"), Some(&2), "a client that asks under two numbers is found out");
    let mut stranger = order;
    stranger["patient_id"] = json!("somebody");
    stranger["no"] = json!("C-3");
    assert_eq!(desk.code("check-in", &stranger), "1006");
    let unpaid = book(&mut desk, "VX2", 1_200);
    assert_eq!(desk.code("take-number", &unpaid), "1015");
}

#[test]
fn a_stop_is_told_listed_pushed_and_rebooked_once() {
    let mut desk = Desk::open();
    let orders = ["VX1", "VX2", "VX3"].map(|visit| book(&mut desk, visit, 0));
    let stop = json!({"do": "stop", "schedule_id": "PB1", "date": "2026-03-02", "kind": "stopped", "reason": "doctor_away", "substitute": "PB2"});
    desk.hospital.his.act(&serde_json::from_value(stop).unwrap(), desk.now).unwrap();
    assert_eq!(desk.code("check-in", &orders[0]), "1013");
    let (_, news) = desk.call("notices", &json!({}));
    let notice = news["notices"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&notice["kind"], &notice["stop"]["schedule_id"], &notice["stop"]["substitute_schedule_id"]), (&json!("clinic_stopped"), &json!("PB1"), &json!("PB2")));
    let pushed = desk.hospital.his.push(notice["id"].as_str().unwrap(), "/notify/his", desk.now).unwrap().body;
    assert_eq!(serde_json::from_slice::<Value>(&pushed).unwrap(), notice, "pushed and polled are the same");
    let page = |desk: &mut Desk, after: Value| desk.call("affected", &json!({"schedule_id": "PB1", "date": "2026-03-02", "session": "am", "after": after, "limit": 2})).1;
    let first = page(&mut desk, Value::Null);
    assert_eq!((first["items"].as_array().unwrap().len(), &first["next"]), (2, &json!("VX2")));
    let last = page(&mut desk, first["next"].clone());
    assert_eq!((last["items"][0]["registration"]["visit_id"].clone(), &last["next"]), (json!("VX3"), &Value::Null));
    let rebook = |visit: &str, choice: &str| json!({"no": format!("U-{visit}"), "visit_id": visit, "patient_id": orders[0]["patient_id"], "choice": choice, "schedule_id": "PB2"});
    let (code, moved) = desk.call("rebook", &rebook("VX1", "move"));
    assert_eq!((code.as_str(), &moved["done"], &moved["registration"]["standing"]), ("0", &json!("moved"), &json!("booked")));
    assert_eq!(desk.call("rebook", &rebook("VX1", "move")).1, moved, "the same number, the same answer");
    let mut again = rebook("VX1", "cancel");
    again["no"] = json!("U-again");
    assert_eq!(desk.code("rebook", &again), "1014", "it is not stopped any more");
    assert_eq!(desk.call("rebook", &rebook("VX2", "cancel")).1, json!({"done": "cancelled", "fee": "free"}));
    assert_eq!(desk.call("query-rebook", &json!({"no": "U-VX2"})).1["rebooked"]["fee"], "free");
    assert_eq!(desk.call("query-rebook", &json!({"no": "U-nobody"})).1, json!({"state": "not_recorded"}));
}

#[test]
fn a_stop_that_is_taken_back_books_again_what_it_stopped() {
    let mut desk = Desk::open();
    let orders = ["VX1", "VX2"].map(|visit| book(&mut desk, visit, 0));
    let say = |desk: &mut Desk, kind: &str, version: u32| {
        let stop = json!({"do": "stop", "schedule_id": "PB1", "date": "2026-03-02", "version": version, "kind": kind, "reason": "doctor_away"});
        desk.hospital.his.act(&serde_json::from_value(stop).unwrap(), desk.now).unwrap();
    };
    assert_eq!(desk.code("check-in", &orders[0]), "0");
    say(&mut desk, "stopped", 1);
    let gone = json!({"no": "U-1", "visit_id": "VX1", "patient_id": orders[0]["patient_id"], "choice": "cancel"});
    assert_eq!(desk.code("rebook", &gone), "0");
    say(&mut desk, "withdrawn", 2);
    let (_, news) = desk.call("notices", &json!({}));
    let kinds: Vec<&Value> = news["notices"].as_array().unwrap().iter().map(|notice| &notice["stop"]["stop_kind"]).collect();
    assert_eq!(kinds, ["stopped", "withdrawn"]);
    assert_eq!(desk.code("check-in", &orders[1]), "0", "it takes place");
    let mut again = orders[0].clone();
    again["no"] = json!("C-again");
    assert_ne!(desk.code("check-in", &again), "0", "what was given back stays given back");
}

#[test]
fn a_document_has_one_file_and_a_number_one_answer() {
    let mut desk = Desk::open();
    let mut new = json!({"no": "F1", "name": "陈测安", "sex": "1", "birth_date": "1990-03-07", "nationality": "CHN", "marital": "10", "ethnic": "01", "id_type": "01",
        "id_no": "440599199003070058", "address": "汕头市", "phone": "13900000001", "contact_name": "陈测宁", "contact_relation": "51", "pay_method": "07"});
    assert_eq!(desk.call("query-file", &json!({"no": "F1"})).1, json!({"state": "not_recorded"}));
    let (code, opened) = desk.call("open-file", &new);
    assert_eq!((code.as_str(), &opened["how"], &opened["file"]["name"]), ("0", &json!("created"), &json!("陈测安")));
    assert_eq!(desk.call("open-file", &new).1, opened, "the same number, the same answer");
    assert_eq!(desk.call("query-file", &json!({"no": "F1"})).1["opened"], opened);
    new["no"] = json!("F2");
    let (_, again) = desk.call("open-file", &new);
    assert_eq!((&again["how"], &again["file"]), (&json!("existing"), &opened["file"]));
    let (_, found) = desk.call("find-files", &json!({"id_type": "01", "id_no": "440599199003070058"}));
    assert_eq!(found["patients"].as_array().unwrap().len(), 1);
    assert_eq!(desk.call("find-files", &json!({"id_type": "03", "id_no": "440599199003070058"})).1["patients"], json!([]), "another kind of document");
    new["no"] = json!("F3");
    new["address"] = json!(" ");
    assert_eq!(desk.code("open-file", &new), "1900");
    for no in ["F4", "F5"] {
        let nobody = json!({"no": no, "id_type": "99", "id_subtype": "none", "id_no": "T1", "address": "汕头市"});
        new.as_object_mut().unwrap().extend(nobody.as_object().unwrap().clone());
        assert_eq!(desk.call("open-file", &new).1["how"], "created", "a temporary number is nobody's document");
    }
    assert_eq!(desk.hospital.his.truth().files_made, 3);
}

#[test]
fn todays_registrations_have_every_state_at_any_hour() {
    for hour in ["2026-03-02T00:01:00+08:00", "2026-03-02T09:30:00+08:00", "2026-03-02T23:58:00+08:00"] {
        let now = menjie::Timestamp::parse(hour).unwrap();
        let mut desk = Desk::open();
        desk.now = now;
        let patient = small_day().patients[0].patient_id.clone();
        let today = |desk: &mut Desk, patient: &str| desk.hospital.his.act(&serde_json::from_value(json!({"do": "today", "patient_id": patient})).unwrap(), now);
        assert_eq!(today(&mut desk, "nobody").unwrap_err().code, 1004);
        today(&mut desk, patient.as_str()).unwrap();
        let (_, list) = desk.call("registrations", &json!({"patient_id": patient, "date": "2026-03-02"}));
        let of = |n: usize| {
            list["registrations"]
                .as_array()
                .unwrap()
                .iter()
                .find(|r| r["visit_id"] == json!(format!("R{n}-0001")))
                .unwrap_or_else(|| panic!("{hour}: R{n} is not of today"))
                .clone()
        };
        let seen: Vec<_> = (1..=6).map(|n| (of(n)["standing"].as_str().unwrap().to_owned(), of(n)["paid"] == json!(true))).collect();
        let wanted = [("checked_in", true), ("booked", true), ("booked", false), ("booked", true), ("booked", true), ("stopped", true)];
        assert_eq!(seen, wanted.map(|(s, p)| (s.to_owned(), p)), "{hour}");
        assert_eq!(of(1)["queue_number"], "A001");
        for n in 1..=6 {
            let time = |name: &str| menjie::Timestamp::parse(of(n)[name].as_str().unwrap()).unwrap();
            assert!(time("starts_at") < time("ends_at"), "{hour}: R{n}");
        }
        let (_, unpaid) = desk.call("unpaid", &json!({"patient_id": patient}));
        assert!(unpaid["lines"].as_array().unwrap().iter().any(|l| l["line_id"] == json!("F-R3-0001") && l["amount"] == "12.00"));
        assert_eq!(desk.call("notices", &json!({})).1["notices"].as_array().unwrap().len(), 1);
    }
}
