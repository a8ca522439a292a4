//! The simulated HIS keeps the default profile, docs/his-front.yaml.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use menjie_sim::his::{HisOptions, WindowAction, Work};
use menjie_sim::{Fault, Hospital, Peer};
use serde_json::{Value, json};
use support::{Desk, HisClient, NINE, answer, small_day};

impl Desk {
    /// A lockable bill: the first line with money of the `n`-th visit.
    fn bill(&self, no: &str, n: usize) -> Value {
        let day = small_day();
        let visit = &day.visits[n].visit;
        let line = day.lines.iter().find(|l| l.visit_id == visit.visit_id && l.amount_fen.is_positive()).unwrap();
        let dept = line.exec_dept_code.as_ref().unwrap_or(&line.order_dept_code);
        let amount = line.amount_fen.to_yuan();
        json!({
            "no": no,
            "patient_id": visit.patient_id,
            "visit_id": visit.visit_id,
            "dept_code": dept,
            "lines": [{"line_id": line.line_id, "version": 0, "amount": amount}],
            "total": amount,
        })
    }

    fn line_of(bill: &Value) -> menjie::ident::LineKey {
        menjie::ident::LineKey::new(bill["lines"][0]["line_id"].as_str().unwrap()).unwrap()
    }

    fn posting(bill: &Value) -> Value {
        let mut posting = bill.clone();
        for (name, value) in [("channel", "wechat"), ("out_trade_no", "P1"), ("trade_no", "4200"), ("paid_at", "2026-03-02T09:00:00+08:00")] {
            posting[name] = json!(value);
        }
        posting
    }

    fn posted(&mut self, no: &str, n: usize) -> (Value, Value) {
        let bill = self.bill(no, n);
        assert_eq!(self.code("lock", &bill), "0");
        let (code, receipt) = self.call("post", &Desk::posting(&bill));
        assert_eq!(code, "0");
        (bill, receipt)
    }

    fn reversal(no: &str, bill: &Value, receipt: &Value) -> Value {
        json!({"no": no, "settlement_no": bill["no"], "receipt_no": receipt["receipt_no"], "amount": bill["total"]})
    }
}

#[test]
fn patients_are_found_by_every_way() {
    let mut desk = Desk::open();
    let day = small_day();
    let patient = &day.patients[3];
    let card = patient.card_no.reveal();
    let visit = day.visits.iter().find(|v| v.visit.patient_id == patient.patient_id).unwrap();
    for (way, token) in [
        ("id_card", patient.id_no.as_ref().unwrap().reveal().to_owned()),
        ("visit_no", card.to_owned()),
        ("visit_no", visit.visit.visit_id.to_string()),
        ("patient_no", patient.patient_id.to_string()),
        ("health_code", format!("HC{card}")),
        ("e_voucher", format!("EV{card}")),
    ] {
        let (code, data) = desk.call("find-patient", &json!({"way": way, "token": token}));
        assert_eq!((code.as_str(), &data["patients"][0]["patient_id"]), ("0", &json!(patient.patient_id)), "{way}");
        assert!(data["patients"][0].get("card_no").is_none());
    }
    assert_eq!(desk.call("find-patient", &json!({"way": "id_card", "token": "440599190001010000"})).1["patients"], json!([]));
    assert_eq!(desk.code("find-patient", &json!({"way": "guess", "token": "x"})), "1900");
}

#[test]
fn unpaid_lists_one_patients_lines_with_their_visits() {
    let mut desk = Desk::open();
    let day = small_day();
    let patient = &day.visits[2].visit.patient_id;
    let (_, data) = desk.call("unpaid", &json!({"patient_id": patient}));
    let lines = data["lines"].as_array().unwrap();
    assert_eq!(lines.len(), day.lines.iter().filter(|l| l.patient_id == *patient).count());
    let visits = data["visits"].as_array().unwrap();
    assert_eq!(visits.len(), day.visits.iter().filter(|v| v.visit.patient_id == *patient).count());
    let first = day.lines.iter().find(|l| l.line_id.as_str() == lines[0]["line_id"]).unwrap();
    assert_eq!(lines[0]["amount"], json!(first.amount_fen.to_yuan()));
    assert!(lines[0].get("amount_fen").is_none());
    assert_eq!(desk.code("unpaid", &json!({"patient_id": "P404"})), "1004");
}

#[test]
fn wrong_signatures_stale_times_and_repeated_nonces_are_refused() {
    let mut desk = Desk::open();
    let body = json!({"no": "S1"});
    let good = desk.client.request("unlock", &body, NINE);
    let mut send = |request: &menjie_sim::wire::Request, now| {
        let response = answer(desk.hospital.handle(Peer::His, request, now));
        serde_json::from_slice::<Value>(&response.body).unwrap()["code"].as_str().unwrap().to_owned()
    };
    let spoil = |name: &str, value: &str| {
        let mut request = good.clone();
        request.headers.iter_mut().find(|(key, _)| key == name).unwrap().1 = value.to_owned();
        request
    };
    let mut other_body = good.clone();
    other_body.body.push(b' ');
    let mut other_path = good.clone();
    other_path.target = "/menjie/v1/cancel-post".to_owned();
    let mut query = good.clone();
    query.target.push_str("?a=1");
    for request in [
        other_body,
        other_path,
        query,
        spoil("x-menjie-app", "other"),
        spoil("x-menjie-nonce", "ff"),
        spoil("x-menjie-time", "2026-03-02 09:00:00"),
        spoil("x-menjie-sign", &"0".repeat(64)),
    ] {
        assert_eq!(send(&request, NINE), "2001");
    }
    assert_eq!(send(&good, NINE.plus_millis(300_001)), "2001");
    assert_eq!(send(&good, NINE), "0");
    assert_eq!(send(&good, NINE), "2001", "the nonce was seen");
    assert!(desk.hospital.truth(NINE).his.settlements.contains_key("S1"));
}

#[test]
fn a_bill_is_locked_posted_and_queried() {
    let mut desk = Desk::open();
    let bill = desk.bill("S1", 0);
    assert_eq!(desk.call("lock", &bill).1["total"], bill["total"]);
    assert_eq!(desk.code("lock", &bill), "0", "a repeat is the same");
    assert_eq!(desk.call("query-post", &json!({"no": "S1"})).1, json!({"state": "not_recorded"}));
    let (code, receipt) = desk.call("post", &Desk::posting(&bill));
    assert_eq!(code, "0");
    assert!(receipt["guidance"].as_str().unwrap().starts_with('请'));
    assert!(receipt["receipt_no"].as_str().unwrap().starts_with("20260302"));
    assert_eq!(desk.call("post", &Desk::posting(&bill)), ("0".to_owned(), receipt.clone()), "a repeat books nothing");
    assert_eq!(desk.call("query-post", &json!({"no": "S1"})).1, json!({"state": "posted", "receipt": receipt}));
    assert_eq!(desk.code("lock", &bill), "1001");
    assert_eq!(desk.code("unlock", &json!({"no": "S1"})), "1009");
    let truth = desk.hospital.truth(NINE).his;
    assert_eq!((truth.settlements["S1"].bookings, truth.lines.paid), (1, 1));
    assert_eq!(truth.posted_fen, truth.settlements["S1"].total_fen);
}

#[test]
fn a_lock_is_all_or_nothing_on_exactly_these_lines() {
    let mut desk = Desk::open();
    let good = desk.bill("S1", 0);
    let wrong: [(&str, Value, &str); 9] = [
        ("/lines/0/version", json!(1), "1002"),
        ("/lines/0/line_id", json!("L404"), "1002"),
        ("/lines", json!([]), "1002"),
        ("/lines/0/amount", json!("0.01"), "1005"),
        ("/total", json!("0.01"), "1005"),
        ("/total", json!("1"), "1900"),
        ("/patient_id", json!("P404"), "1006"),
        ("/visit_id", json!("V404"), "1006"),
        ("/dept_code", json!("NOWHERE"), "1006"),
    ];
    for (pointer, value, expected) in wrong {
        let mut bill = good.clone();
        *bill.pointer_mut(pointer).unwrap() = value;
        assert_eq!(desk.code("lock", &bill), expected, "{pointer}");
    }
    let mut twice = good.clone();
    twice["lines"] = json!([good["lines"][0], good["lines"][0]]);
    assert_eq!(desk.code("lock", &twice), "1002");
    assert_eq!(desk.hospital.truth(NINE).his.lines.held, 0);
    assert_eq!(desk.code("lock", &good), "0");
    let mut elsewhere = good.clone();
    elsewhere["no"] = json!("S2");
    assert_eq!(desk.code("lock", &elsewhere), "1003");
}

#[test]
fn unlocking_frees_the_lines_and_outruns_a_late_lock() {
    let mut desk = Desk::open();
    let bill = desk.bill("S1", 0);
    assert_eq!(desk.code("unlock", &json!({"no": "S9"})), "0", "never seen is a success");
    desk.call("lock", &bill);
    assert_eq!(desk.code("unlock", &json!({"no": "S1"})), "0");
    assert_eq!(desk.code("unlock", &json!({"no": "S1"})), "0");
    assert_eq!(desk.code("lock", &bill), "1008", "a late lock takes nothing");
    assert_eq!(desk.code("post", &Desk::posting(&bill)), "1008");
    let mut next = bill.clone();
    next["no"] = json!("S2");
    assert_eq!(desk.code("lock", &next), "0");
}

#[test]
fn what_the_insurer_pays_all_of_has_no_trade_at_the_channel() {
    let mut desk = Desk::open();
    for (no, cash, wanted) in [("S1", "0.00", "0"), ("S2", "0.01", "1900")] {
        let bill = desk.bill(no, usize::from(no == "S2"));
        assert_eq!(desk.code("lock", &bill), "0");
        let mut posting = bill.clone();
        let fund = menjie::Money::from_yuan(bill["total"].as_str().unwrap(), "total").unwrap().minus(menjie::Money::from_yuan(cash, "cash").unwrap()).unwrap();
        posting["out_trade_no"] = json!("P1");
        posting["paid_at"] = json!("2026-03-02T09:00:00+08:00");
        posting["insured"] =
            json!({"order_no": "I1", "pay_order_id": "O1", "settled_at": "2026-03-02T09:00:00+08:00", "fund": fund.to_yuan(), "account": "0.00", "other": "0.00", "cash": cash});
        assert_eq!(desk.code("post", &posting), wanted, "{no}");
    }
}

#[test]
fn posting_needs_the_lock_the_bill_and_the_money() {
    let mut desk = Desk::open();
    let bill = desk.bill("S1", 0);
    assert_eq!(desk.code("post", &Desk::posting(&bill)), "1002", "not locked");
    desk.call("lock", &bill);
    let mut other = Desk::posting(&bill);
    other["total"] = json!("0.01");
    assert_eq!(desk.code("post", &other), "1005");
    let mut unpaid = Desk::posting(&bill);
    unpaid.as_object_mut().unwrap().remove("trade_no");
    assert_eq!(desk.code("post", &unpaid), "1900");
    desk.hospital.faults.next(Peer::His, "post", Fault::SaysNo);
    assert_eq!(desk.code("post", &Desk::posting(&bill)), "1007");
    assert_eq!(desk.hospital.truth(NINE).his.posted_fen, 0);
    assert_eq!(desk.code("post", &Desk::posting(&bill)), "0");
    let mut foreign = Desk::posting(&bill);
    foreign["out_trade_no"] = json!("P2");
    assert_eq!(desk.code("post", &foreign), "1006", "another order cannot pay it again");

    let open = HisOptions { requires_lock: false, ..HisOptions::default() };
    desk.hospital.his.set_options(open);
    let second = desk.bill("S2", 1);
    assert_eq!(desk.code("post", &Desk::posting(&second)), "0", "a HIS without locks");
}

#[test]
fn a_cancelled_number_is_never_booked_and_a_booked_one_never_cancelled() {
    let mut desk = Desk::open();
    let bill = desk.bill("S1", 0);
    assert_eq!(desk.code("cancel-post", &json!({"no": "S1"})), "0", "also one never seen");
    assert_eq!(desk.code("lock", &bill), "1008");
    assert_eq!(desk.code("post", &Desk::posting(&bill)), "1008");
    assert_eq!(desk.call("query-post", &json!({"no": "S1"})).1["state"], "cancelled");
    let (booked, _) = desk.posted("S2", 1);
    assert_eq!(desk.code("cancel-post", &json!({"no": booked["no"]})), "1009");
}

#[test]
fn a_posting_can_be_found_only_later_and_still_be_true() {
    let mut desk = Desk::open();
    let bill = desk.bill("S1", 0);
    desk.call("lock", &bill);
    desk.hospital.faults.next(Peer::His, "post", Fault::FoundLater { ms: 240_000 });
    desk.hospital.faults.next(Peer::His, "post", Fault::TimeoutAfter { ms: 0 });
    let request = desk.client.request("post", &Desk::posting(&bill), NINE);
    assert!(desk.hospital.handle(Peer::His, &request, NINE).response().is_none());
    assert_eq!(desk.call("query-post", &json!({"no": "S1"})).1["state"], "not_recorded");
    assert_eq!(desk.code("cancel-post", &json!({"no": "S1"})), "1009", "what is booked cannot be cancelled away");
    desk.now = NINE.plus_millis(240_000);
    assert_eq!(desk.call("query-post", &json!({"no": "S1"})).1["state"], "posted");
}

#[test]
fn a_his_that_refuses_repeats_says_already_settled_but_queries_faithfully() {
    let mut desk = Desk::open();
    desk.hospital.his.set_options(HisOptions { refuse_repeats: true, ..HisOptions::default() });
    let (bill, receipt) = desk.posted("S1", 0);
    assert_eq!(desk.code("post", &Desk::posting(&bill)), "1001");
    assert_eq!(desk.call("query-post", &json!({"no": "S1"})).1["receipt"], receipt);
    let reversal = Desk::reversal("R1", &bill, &receipt);
    assert_eq!(desk.code("reverse", &reversal), "0");
    assert_eq!(desk.code("reverse", &reversal), "1010");
    assert_eq!(desk.call("query-reverse", &json!({"no": "R1"})).1["state"], "reversed");
}

#[test]
fn a_settlement_is_reversed_once_and_completely() {
    let mut desk = Desk::open();
    let (bill, receipt) = desk.posted("S1", 0);
    let good = Desk::reversal("R1", &bill, &receipt);
    let with = |name: &str, value: &str| {
        let mut reversal = good.clone();
        reversal[name] = json!(value);
        reversal
    };
    assert_eq!(desk.code("reverse", &with("settlement_no", "S404")), "1004");
    assert_eq!(desk.code("reverse", &with("amount", "0.01")), "1005");
    assert_eq!(desk.code("reverse", &with("receipt_no", "x")), "1006");
    assert_eq!(desk.call("query-reverse", &json!({"no": "R1"})).1, json!({"state": "not_recorded"}));

    let line_id = Desk::line_of(&bill);
    desk.hospital.his.act(&WindowAction::Execute { line_id: line_id.clone(), executed: true }, NINE).unwrap();
    assert_eq!(desk.code("reverse", &good), "1011");
    desk.hospital.his.act(&WindowAction::Execute { line_id, executed: false }, NINE).unwrap();

    let (code, reversed) = desk.call("reverse", &good);
    assert_eq!((code.as_str(), &reversed["amount"]), ("0", &bill["total"]));
    assert_eq!(desk.call("reverse", &good).1, reversed, "a repeat is the same");
    assert_eq!(desk.code("reverse", &with("amount", "0.01")), "1005");
    assert_eq!(desk.code("reverse", &with("no", "R2")), "1010");
    let truth = desk.hospital.truth(NINE).his;
    assert_eq!(truth.reversed_fen, truth.posted_fen);
    assert_eq!(truth.settlements["S1"].reversed_by.as_deref(), Some("R1"));
}

#[test]
fn a_part_is_charged_again_under_keys_of_its_own_and_can_be_refunded_in_its_turn() {
    let mut desk = Desk::open();
    let (bill, receipt) = desk.posted("S1", 0);
    let line = bill["lines"][0].clone();
    let kept = |no: &str, original: &Value, receipt: &Value, settlement: &str| {
        json!({
            "no": no, "settlement_no": settlement, "receipt_no": receipt["receipt_no"], "amount": line["amount"],
            "kept": {"no": format!("{settlement}B"), "total": line["amount"], "lines": [{"line_id": "mine", "original_line_id": original, "quantity": "1", "amount": line["amount"]}]},
        })
    };
    assert_eq!(desk.call("refundable", &json!({"no": "S1"})).1["lines"][0]["execution"], "none");
    let line_id = menjie::ident::LineKey::new(line["line_id"].as_str().unwrap()).unwrap();
    desk.hospital.his.act(&WindowAction::Execute { line_id: line_id.clone(), executed: true }, NINE).unwrap();
    let work = Work { lab: Some(3), ..Work::default() };
    desk.hospital.his.act(&WindowAction::Work { line_id, work }, NINE).unwrap();
    desk.hospital.his.act(&WindowAction::CloseDay { closed: true }, NINE).unwrap();
    let (_, told) = desk.call("refundable", &json!({"no": "S1"}));
    assert_eq!((&told["lines"][0]["execution"], &told["lines"][0]["lab"], &told["day_closed"]), (&json!("done"), &json!(3), &json!(true)));
    let (code, made) = desk.call("reverse", &kept("R1", &line["line_id"], &receipt, "S1"));
    assert_eq!(code, "0", "what is kept may be executed: {made}");
    let successor = &made["successor"];
    assert_eq!((&successor["receipt"]["no"], &successor["receipt"]["total"], &successor["lines"][0]["original_line_id"]), (&json!("S1B"), &line["amount"], &line["line_id"]));
    let new_key = successor["lines"][0]["line_id"].clone();
    assert!(new_key != line["line_id"] && new_key != json!("mine"), "HIS names its lines itself");
    assert_eq!(desk.call("reverse", &kept("R1", &line["line_id"], &receipt, "S1")).1, made, "the same number, the same answer");
    assert_eq!(desk.call("query-reverse", &json!({"no": "R1"})).1["reversal"], made);
    assert_eq!(desk.call("refundable", &json!({"no": "S1B"})).1["lines"][0]["execution"], "done", "the work stays done under the new key");
    let (code, _) = desk.call("reverse", &json!({"no": "R2", "settlement_no": "S1B", "receipt_no": successor["receipt"]["receipt_no"], "amount": line["amount"]}));
    assert_eq!(code, "1011");
}

#[test]
fn the_window_and_the_doctor_are_told_as_news() {
    let mut desk = Desk::open();
    let free = desk.bill("S1", 0);
    let line_id = Desk::line_of(&free);
    desk.hospital.his.act(&WindowAction::Pay { lines: vec![line_id.clone()] }, NINE).unwrap();
    assert_eq!(desk.code("lock", &free), "1001", "paid at the window");
    let (held, _) = (desk.bill("S2", 1), ());
    desk.call("lock", &held);
    assert_eq!(desk.hospital.his.act(&WindowAction::Pay { lines: vec![Desk::line_of(&held)] }, NINE).unwrap_err().code, 1003);
    let changed = desk.bill("S3", 2);
    let quantity = menjie::money::Quantity::parse("2").unwrap();
    desk.hospital.his.act(&WindowAction::ChangeLine { line_id: Desk::line_of(&changed), quantity }, NINE).unwrap();
    assert_eq!(desk.code("lock", &changed), "1002", "the version has grown");
    let taken = desk.bill("S4", 3);
    desk.hospital.his.act(&WindowAction::VoidLine { line_id: Desk::line_of(&taken) }, NINE).unwrap();
    assert_eq!(desk.code("lock", &taken), "1002");
    let (settled, _) = desk.posted("S5", 4);
    desk.hospital.his.act(&WindowAction::Reverse { settlement_no: "S5".to_owned() }, NINE).unwrap();

    let (_, data) = desk.call("notices", &json!({}));
    let kinds: Vec<&str> = data["notices"].as_array().unwrap().iter().map(|n| n["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["lines_changed", "lines_changed", "lines_changed", "reversed"]);
    let (_, rest) = desk.call("notices", &json!({"after": data["notices"][2]["id"]}));
    assert_eq!(rest["notices"], json!([data["notices"][3]]));
    assert_eq!((&rest["notices"][0]["settlement_no"], &rest["notices"][0]["amount"]), (&json!("S5"), &settled["total"]));
}

#[test]
fn the_day_file_holds_postings_and_reversals_of_that_day() {
    let mut desk = Desk::open();
    let (bill, receipt) = desk.posted("S1", 0);
    desk.now = NINE.plus_millis(24 * 3_600_000);
    desk.call("reverse", &Desk::reversal("R1", &bill, &receipt));
    let rows = |desk: &mut Desk, date: &str| desk.call("day-file", &json!({"date": date})).1["rows"].clone();
    let (first, second) = (rows(&mut desk, "2026-03-02"), rows(&mut desk, "2026-03-03"));
    assert_eq!((first.as_array().unwrap().len(), second.as_array().unwrap().len()), (1, 1));
    assert_eq!((&first[0]["kind"], &second[0]["kind"]), (&json!("posted"), &json!("reversed")));
    assert_eq!(first[0]["amount"], bill["total"]);
    assert_eq!(rows(&mut desk, "2026-03-04"), json!([]));
}

#[test]
fn odd_shapes_are_signed_as_sent() {
    let mut desk = Desk::open();
    let patient = json!({"patient_id": small_day().visits[0].visit.patient_id});
    let normal = desk.call("unpaid", &patient).1;
    let mut odd = |fault| {
        desk.hospital.faults.next(Peer::His, "unpaid", fault);
        let request = desk.client.request("unpaid", &patient, NINE);
        let response = answer(desk.hospital.handle(Peer::His, &request, NINE));
        assert!(desk.client.verifies(&request, &response), "{fault:?}");
        response
    };
    let data = |response: &menjie_sim::wire::Response| serde_json::from_slice::<Value>(&response.body).unwrap()["data"].clone();

    assert_eq!(data(&odd(Fault::NullAnswer)), Value::Null);
    let four = data(&odd(Fault::FourDecimals));
    assert_eq!(four["lines"][0]["amount"], json!(format!("{}00", normal["lines"][0]["amount"].as_str().unwrap())));
    assert_eq!(data(&odd(Fault::NullTexts))["lines"][0]["reverses"], "null");
    let missing = data(&odd(Fault::MissingDepartment));
    assert!(missing["lines"].as_array().unwrap().iter().all(|line| line.get("exec_dept_code").is_none()));
    let gbk = odd(Fault::Gbk);
    assert_eq!(gbk.header("content-type"), Some("application/json"));
    assert!(std::str::from_utf8(&gbk.body).is_err());
    let decoded: Value = serde_json::from_str(&encoding_rs::GBK.decode(&gbk.body).0).unwrap();
    assert_eq!(decoded["data"], normal);
}

#[test]
fn a_bill_of_zero_is_confirmed_without_a_channel() {
    let day = menjie_sim::day::generate(3, &menjie_sim::day::DayPlan { visits: 40, cancelled_per_mille: 1000, ..Default::default() }).unwrap();
    let mut hospital = Hospital::new(&Default::default(), &day, menjie_sim::Faults::none()).unwrap();
    let back = day.lines.iter().find(|line| line.reverses.is_some()).unwrap();
    let paid = day.lines.iter().find(|line| Some(&line.line_id) == back.reverses.as_ref()).unwrap();
    let line = |line: &menjie::charge::ChargeLine| json!({"line_id": line.line_id, "version": 0, "amount": line.amount_fen.to_yuan()});
    let mut bill = json!({
        "no": "S1", "patient_id": back.patient_id, "visit_id": back.visit_id, "dept_code": back.order_dept_code,
        "lines": [line(paid), line(back)], "total": "0.00",
    });
    let mut client = HisClient::new();
    assert_eq!(client.call(&mut hospital, "lock", &bill, NINE).0, "0");
    bill["out_trade_no"] = json!("P1");
    bill["paid_at"] = json!("2026-03-02T09:00:00+08:00");
    assert_eq!(client.call(&mut hospital, "post", &bill, NINE).0, "0");
}
