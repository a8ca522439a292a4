//! The default profile of docs/his-front.yaml over the scripted transport.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use menjie::access::Private;
use menjie::port::{Fault, HisAnswer, HisCall, Outcome, PostState};
use menjie_his_front::sign;
use menjie_transport::{Exchange, HttpResponse};
use support::{Bench, NO, SECRET, answer, bill, every_call, fen, header, no, post, unpaid};

fn code<T>(outcome: &Outcome<T>) -> (&'static str, &str) {
    match outcome {
        Outcome::Done(_) => ("done", ""),
        Outcome::Refused(no) => ("refused", &no.code),
        Outcome::Unsent(fault) => ("unsent", &fault.code),
        Outcome::Unknown(fault) => ("unknown", &fault.code),
    }
}

fn shape(bench: &Bench, call: &HisCall) -> String {
    match bench.call(call) {
        Outcome::Unknown(Fault { code, text }) => {
            assert_eq!(code, "shape", "{text}");
            text
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_first_visit_is_sent_field_by_field_and_an_existing_file_is_told_from_a_new_one() {
    let bench = Bench::new();
    bench.data(r#"{"how":"existing","file":{"patient_id":"P10002","name":"张某某"}}"#);
    let Outcome::Done(HisAnswer::OpenFile(opened)) = bench.call(&support::open_file()) else { panic!() };
    assert_eq!((opened.created, opened.file.patient_id.as_str()), (false, "P10002"));
    let sent: serde_json::Value = serde_json::from_str(&bench.sent()).unwrap();
    let guardian = serde_json::json!({"name": "张某", "relation": "51"});
    let expected = serde_json::json!({"no": "F0000000000000000071", "name": "张某某", "sex": "2", "birth_date": "2025-12-31", "id_no": "440599202512310042", "guardian": guardian});
    assert_eq!(sent, expected, "what was not given is not sent");
    // Whether it was there before decides who is let in: an answer that does not say is no answer.
    bench.data(r#"{"file":{"patient_id":"P10002","name":"张某某"}}"#);
    let Outcome::Unknown(fault) = bench.call(&support::open_file()) else { panic!() };
    assert!(fault.text.contains("how"), "{fault:?}");
}

/// The request speaks of every field of the core's record.
#[test]
fn every_field_of_a_first_visit_has_its_place_in_the_profile() {
    let profile = include_str!("../../../docs/his-front.yaml");
    let file = &profile[profile.find("\n    File:\n").unwrap()..profile.find("\n    Opened:\n      type: object").unwrap()];
    for field in menjie::patient::Field::ALL {
        let name = field.path().rsplit('.').next().unwrap();
        assert!(file.contains(&format!(" {name}: {{")), "{}", field.path());
    }
}

#[test]
fn every_call_is_signed_and_done() {
    let bench = Bench::new();
    for (call, data) in every_call() {
        let outcome = bench.data(data).call(&call);
        assert!(matches!(&outcome, Outcome::Done(_)), "{}: {outcome:?}", call.name());
        let request = bench.http.requests().pop().unwrap();
        let path = format!("/menjie/v1/{}", call.name().trim_start_matches("his.").replace('_', "-"));
        assert_eq!(request.url, format!("https://his.example{path}"));
        assert_eq!(header(&request, sign::APP), "KIOSK01");
        let (time, nonce) = (header(&request, sign::TIME), header(&request, sign::NONCE));
        assert_eq!(time, "2026-03-02T09:15:00.000+08:00");
        assert_eq!(nonce.len(), 32);
        assert_eq!(header(&request, sign::SIGN), sign::request(&Private::new(SECRET), "POST", &path, &time, &nonce, &request.body).unwrap());
    }
    let nonces: std::collections::BTreeSet<String> = bench.http.requests().iter().map(|r| header(r, sign::NONCE)).collect();
    assert_eq!(nonces.len(), 21);
    assert_eq!(bench.log.counts(), (21, 21));
}

#[test]
fn the_bodies_are_the_documented_ones() {
    let bench = Bench::new();
    bench.data(r#"{"total":"121.32"}"#);
    assert_eq!(code(&bench.call(&HisCall::Lock { bill: bill() })), ("done", ""));
    let body = r#"{"no":"S0000000000000000001","patient_id":"P10001","visit_id":"V1","dept_code":"XYF","lines":[{"line_id":"L1","version":0,"amount":"91.42"},{"line_id":"L2","version":0,"amount":"29.90"}],"total":"121.32""#;
    assert_eq!(bench.sent(), format!("{body}}}"));
    bench.data("null");
    let _ = bench.call(&post());
    assert_eq!(
        bench.sent(),
        format!(r#"{body},"channel":"wechat","out_trade_no":"P0000000000000000007","trade_no":"4200001234202603021234567890","paid_at":"2026-03-02T09:16:30.000+08:00"}}"#)
    );
}

#[test]
fn only_a_listed_code_is_a_no() {
    let bench = Bench::new();
    for (call, _) in every_call() {
        for (answer, expected) in [
            ("1002", ("refused", "1002")),
            ("1999", ("refused", "1999")),
            ("2001", ("unknown", "code")),
            ("9001", ("unknown", "code")),
            ("-1", ("unknown", "code")),
            ("10020", ("unknown", "code")),
        ] {
            bench.signed(format!(r#"{{"code":"{answer}","message":"说明","data":null}}"#));
            assert_eq!(code(&bench.call(&call)), expected, "{} {answer}", call.name());
        }
    }
    bench.signed(r#"{"code":1003,"message":"窗口正在收费"}"#);
    assert_eq!(code(&bench.call(&HisCall::Lock { bill: bill() })), ("refused", "1003"));
}

#[test]
fn not_found_is_an_answer_only_where_it_is_one() {
    let bench = Bench::new();
    for (call, _) in every_call() {
        bench.signed(r#"{"code":"1004","message":"无记录"}"#);
        let done = matches!(
            call.name(),
            "his.find_patient" | "his.unlock" | "his.query_post" | "his.query_reverse" | "his.query_check_in" | "his.query_rebook" | "his.find_files" | "his.query_file"
        );
        assert_eq!(code(&bench.call(&call)).0, if done { "done" } else { "refused" }, "{}", call.name());
    }
    bench.signed(r#"{"code":"1004"}"#);
    assert_eq!(bench.call(&HisCall::QueryPost { no: no() }), Outcome::Done(HisAnswer::QueryPost(PostState::NotRecorded)));
}

#[test]
fn what_the_transport_cannot_prove_stays_unknown() {
    let bench = Bench::new();
    for (call, data) in every_call() {
        bench.http.put(Exchange::Unsent(Fault::new("connect", "x")));
        assert_eq!(code(&bench.call(&call)), ("unsent", "connect"));
        bench.http.put(Exchange::Unknown(Fault::new("timeout", "x")));
        assert_eq!(code(&bench.call(&call)), ("unknown", "timeout"));
        for status in [302, 400, 404, 429, 500, 502, 503] {
            let body = format!(r#"{{"code":"1002","message":"","data":{data}}}"#);
            bench.http.put_with(move |_, request| Exchange::Answered(HttpResponse { status, ..answer(request, body.into_bytes()) }));
            assert_eq!(code(&bench.call(&call)), ("unknown", format!("http_{status}").as_str()));
        }
        for rubbish in ["", "<html>502 Bad Gateway</html>", "{", r#"{"message":"x"}"#, r#"{"code":null}"#, r#"{"code":"0","code":"1002"}"#, "[]", "\u{0}"] {
            bench.signed(rubbish);
            assert_eq!(code(&bench.call(&call)), ("unknown", "shape"), "{rubbish}");
        }
    }
}

/// quality.md §4.2, class 1 and 2: absent, empty, wrong, moved or repeated signatures are never accepted, not even on loopback.
#[test]
fn an_answer_without_a_valid_signature_is_unknown() {
    let bench = Bench::with(|config| config.http.base_url = "http://127.0.0.1:8099/menjie/v1".into());
    let good = r#"{"code":"0","message":"ok","data":{"total":"121.32"}}"#;
    let no = r#"{"code":"1002","message":"改"}"#;
    type Change = fn(&mut HttpResponse);
    let changes: [(&str, Change); 9] = [
        ("no headers", |r| r.headers.clear()),
        ("no sign", |r| r.headers.retain(|(k, _)| k != "x-menjie-sign")),
        ("no time", |r| r.headers.retain(|(k, _)| k != "x-menjie-time")),
        ("empty", |r| r.headers[1].1 = String::new()),
        ("null", |r| r.headers[1].1 = "null".into()),
        ("upper case", |r| r.headers[1].1 = r.headers[1].1.to_uppercase()),
        ("other time", |r| r.headers[0].1 = "2026-03-02T09:15:00.201+08:00".into()),
        ("other body", |r| r.body.push(b' ')),
        ("twice", |r| r.headers.push(r.headers[1].clone())),
    ];
    for body in [good, no] {
        for (name, change) in changes {
            bench.http.put_with(move |_, request| {
                let mut response = answer(request, body.as_bytes().to_vec());
                change(&mut response);
                Exchange::Answered(response)
            });
            assert_eq!(code(&bench.call(&HisCall::Lock { bill: bill() })), ("unknown", "signature"), "{name}");
        }
        // An answer to another request: same bytes, other nonce.
        let old = bench.http.requests()[0].clone();
        bench.http.put_with(move |_, _| Exchange::Answered(answer(&old, body.as_bytes().to_vec())));
        assert_eq!(code(&bench.call(&HisCall::Lock { bill: bill() })), ("unknown", "signature"));
    }
}

const LINE: &str = r#""patient_id":"P10001","visit_id":"V1","kind":"drug","fee_class":"09","item_code":"D1","item_name":"药品甲","price":"3.2650","quantity":"28","amount":"91.42","order_dept_code":"JSK","order_dept_name":"精神科""#;

fn charges(lines: &[String]) -> String {
    format!(
        r#"{{"visits":[{{"visit_id":"V1","patient_id":"P10001","date":"2026-03-02","dept_code":"JSK","dept_name":"精神科","payer":"self_pay"}}],"lines":[{}]}}"#,
        lines.join(",")
    )
}

fn line(i: u32, extra: &str) -> String {
    format!(r#"{{"line_id":"L{i}",{LINE}{extra}}}"#)
}

#[test]
fn lines_as_real_systems_write_them() {
    let bench = Bench::new();
    let sloppy = r#"{"line_id":1002,"version":"3.00","patient_id":" P10001 ","visit_id":"V1","order_no":"null","kind":"herb","fee_class":"10","item_code":77,"item_name":"草药\u3000","spec":"","price":12.0000,"quantity":"10.00","doses":"7","amount":"840","order_dept_code":"JSK","order_dept_name":"精神科","exec_dept_code":null,"exec_dept_name":"NULL","main_line":"Y","self_paid_item":0,"ordered_at":"2026-03-02T01:01:00Z","future_field":{"x":[1]}}"#;
    bench.data(&charges(&[line(1, ""), sloppy.to_owned()]));
    let Outcome::Done(HisAnswer::Unpaid(unpaid)) = bench.call(&unpaid()) else { panic!() };
    assert_eq!((unpaid.visits.len(), unpaid.lines.len()), (1, 2));
    assert_eq!(unpaid.lines[0].amount_fen, fen(9142));
    let herb = &unpaid.lines[1];
    assert_eq!((herb.line_id.as_str(), herb.version, herb.doses, herb.amount_fen), ("1002", 3, 7, fen(84000)));
    assert_eq!((herb.order_no.as_deref(), herb.spec.as_deref(), &herb.exec_dept_code, herb.exec_dept_name.as_deref()), (None, None, &None, None));
    assert_eq!((herb.item_name.as_str(), herb.main_line, herb.self_paid_item), ("草药", true, false));
    assert_eq!(herb.ordered_at.unwrap().to_string(), "2026-03-02T09:01:00.000+08:00");
    herb.check().unwrap();
}

#[test]
fn one_bad_line_makes_the_whole_answer_unusable_and_is_named() {
    let bench = Bench::new();
    for (bad, text) in [
        (r#","spec":{"a":1}"#, "lines[3].spec is not a single value"),
        (r#","version":-1"#, "lines[3].version is not a whole number"),
        (r#","doses":0"#, "lines[3].doses is zero"),
        (r#","main_line":"maybe""#, "lines[3].main_line is not a flag"),
        (r#","ordered_at":"2026-03-02 09:00:00""#, "lines[3].ordered_at is not RFC 3339 with an offset"),
        (r#","price":"1""#, "data.lines[3].price appears twice"),
    ] {
        bench.data(&charges(&[line(1, ""), line(2, ""), line(3, ""), line(4, bad)]));
        assert_eq!(shape(&bench, &unpaid()), text);
    }
    let replace = |from: &str, to: &str| line(4, "").replace(from, to);
    for (bad, text) in [
        (replace(r#""price":"3.2650""#, r#""price":"null""#), "lines[3].price is missing"),
        (replace(r#""price":"3.2650""#, r#""price":"3.2650001""#), "lines[3].price is not a price with at most 6 decimals"),
        (replace(r#""amount":"91.42""#, r#""amount":"91.421""#), "lines[3].amount is not an amount in yuan with at most 2 significant decimals"),
        (replace(r#""amount":"91.42""#, r#""amount":"9,142.00""#), "lines[3].amount is not an amount in yuan with at most 2 significant decimals"),
        (replace(r#""amount":"91.42""#, r#""amount":1e2"#), "lines[3].amount is not an amount in yuan with at most 2 significant decimals"),
        (replace(r#""kind":"drug""#, r#""kind":"9""#), "lines[3].kind is not one of the documented words"),
        (replace(r#""patient_id":"P10001""#, r#""patient_id":"P99999""#), "lines[3].patient_id is another patient's"),
        ("null".to_owned(), "lines[3] is not an object"),
    ] {
        bench.data(&charges(&[line(1, ""), line(2, ""), line(3, ""), bad]));
        assert_eq!(shape(&bench, &unpaid()), text);
    }
    bench.data(r#"{"visits":[]}"#);
    assert_eq!(shape(&bench, &unpaid()), "lines is missing");
    bench.data("null");
    assert_eq!(shape(&bench, &unpaid()), "data is not an object");
}

#[test]
fn gbk_answers_are_read_and_broken_ones_refused() {
    let bench = Bench::new();
    let json = r#"{"code":"0","message":"成功","data":{"patients":[{"patient_id":"P1","name":"李龘"}]}}"#;
    let gbk = menjie_his_front::charset::Charset::Gb18030.encode(json);
    bench.signed(gbk.clone());
    let Outcome::Done(HisAnswer::FindPatient(found)) = bench.call(&support::find()) else { panic!() };
    assert_eq!((found[0].name.reveal(), found[0].sex_code.as_str()), ("李龘", "9"));
    bench.http.put_with(move |_, request| {
        let mut response = answer(request, gbk);
        response.headers.push(("content-type".into(), "application/json; charset=utf-8".into()));
        Exchange::Answered(response)
    });
    assert_eq!(shape(&bench, &support::find()), "the answer is not UTF-8, as it claims");
}

/// hospital.md §9 trap 9 and quality.md §1.5 (YUD, DAX): a success always carries its amount, and no time-out becomes a no.
#[test]
fn a_success_without_its_amount_or_number_is_unknown() {
    let bench = Bench::new();
    let receipt = r#"{"receipt_no":"1","no":"S0000000000000000001","patient_id":"P10001","total":"121.32","posted_at":"2026-03-02T09:16:31+08:00"}"#;
    for (field, part) in [
        ("total", r#","total":"121.32""#),
        ("receipt_no", r#""receipt_no":"1","#),
        ("no", r#""no":"S0000000000000000001","#),
        ("patient_id", r#""patient_id":"P10001","#),
        ("posted_at", r#","posted_at":"2026-03-02T09:16:31+08:00""#),
    ] {
        bench.data(&receipt.replace(part, ""));
        assert_eq!(shape(&bench, &post()), format!("{field} is missing"));
    }
    bench.data(r#"{"state":"posted"}"#);
    assert_eq!(shape(&bench, &HisCall::QueryPost { no: no() }), "receipt is missing");
    bench.data(r#"{"state":"unknown"}"#);
    assert_eq!(shape(&bench, &HisCall::QueryPost { no: no() }), "state is not one of the documented words");
    // Another number or amount is handed on as it is: the settlement machine compares and holds.
    bench.data(&receipt.replace("121.32", "121.33").replace(NO, "S0000000000000000002"));
    let Outcome::Done(HisAnswer::Post(other)) = bench.call(&post()) else { panic!() };
    assert_eq!((other.total_fen, other.no.as_str()), (fen(12133), "S0000000000000000002"));
}

/// hospital.md §2.6: a HIS that answers a repeat with "already settled" says 1001; what that means is decided by the
/// attempt count in core, so the adapter must hand it on as a no with its code.
#[test]
fn already_settled_keeps_its_code() {
    let bench = Bench::new();
    bench.signed(r#"{"code":"1001","message":"该单已结算"}"#);
    let Outcome::Refused(no) = bench.call(&post()) else { panic!() };
    assert_eq!((no.code.as_str(), no.text.as_str()), ("1001", "该单已结算"));
}

#[test]
fn nothing_personal_and_no_secret_shows_in_faults_and_logs() {
    let bench = Bench::new();
    bench.signed(r#"{"code":"9001","message":"患者440599199003070058异常"}"#);
    let outcome = bench.call(&support::find());
    assert!(!format!("{outcome:?}{:?}", bench.his).contains("440599199003070058"));
    for (_, begin, end) in bench.log.recent() {
        let all = format!("{begin:?}{end:?}{}", String::from_utf8_lossy(&begin.body));
        assert!(!all.contains("canary"), "{all}");
        assert_eq!((begin.peer.as_str(), begin.interface.as_str()), ("his", "his.find_patient"));
    }
}

#[test]
fn an_operation_that_is_missing_is_proven_unsent() {
    let bench = Bench::with(|config| drop(config.mapping.operations.remove("day_file")));
    let call = HisCall::DayFile { date: menjie::BizDate::parse("2026-03-02").unwrap() };
    assert_eq!(code(&bench.call(&call)), ("unsent", "unsupported"));
    assert_eq!(bench.log.counts(), (0, 0));
}

fn registration_of(outcome: Outcome<HisAnswer>) -> menjie::visit::Registration {
    match outcome {
        Outcome::Done(HisAnswer::Registrations(mut all)) => all.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn registrations_and_check_ins_are_read_and_asked_as_documented() {
    let bench = Bench::new();
    let list = HisCall::Registrations { patient: menjie::ident::PatientId::new("P10001").unwrap(), date: menjie::BizDate::parse("2026-03-02").unwrap() };
    let read = registration_of(bench.data(support::REGISTRATIONS).call(&list));
    assert_eq!((read.paid, read.fee_fen, read.queue), (true, fen(1200), None));
    assert_eq!(bench.sent(), r#"{"patient_id":"P10001","date":"2026-03-02"}"#);
    let free = support::REGISTRATIONS.replace(r#""paid":"Y","fee":"12","#, r#""fee":"0.00","#);
    assert!(registration_of(bench.data(&free).call(&list)).paid, "what is free is paid");
    for (from, to, field) in [
        (r#""fee":"12""#, r#""fee":"-1.00""#, "fee"),
        (r#""session":"am""#, r#""session":"noon""#, "session"),
        ("T12:00:00", "T08:00:00", "ends_at"),
        (r#""standing":"booked""#, r#""standing":"""#, "standing"),
    ] {
        let text = shape(bench.data(&support::REGISTRATIONS.replace(from, to)), &list);
        assert!(text.contains(&format!("registrations[0].{field}")), "{text}");
    }
    let _ = bench.data(r#"{"queue_number":"A12"}"#).call(&HisCall::CheckIn { order: support::attend() });
    assert_eq!(bench.sent(), r#"{"no":"C0000000000000000021","visit_id":"V1","patient_id":"P10001","turn":"queue_end"}"#);
    let _ = bench.data(r#"{"items":[]}"#).call(&support::affected());
    assert_eq!(bench.sent(), r#"{"schedule_id":"PB1","date":"2026-03-05","session":"am","after":"V1","limit":2}"#);
    let item = format!(r#"{{"registration":{}}}"#, support::REGISTRATIONS.trim_start_matches(r#"{"registrations":["#).trim_end_matches("]}"));
    let text = shape(bench.data(&format!(r#"{{"items":[{item},{item},{item}]}}"#)), &support::affected());
    assert!(text.contains("items"), "three where two were asked for: {text}");
    let _ = bench.data(r#"{"done":"cancelled","fee":"free"}"#).call(&support::rebook());
    assert_eq!(bench.sent(), r#"{"no":"U0000000000000000031","visit_id":"V1","patient_id":"P10001","choice":"move","schedule_id":"PB2"}"#);
}

const STOP: &str = r#"{"id":"000000000077","at":"2026-03-02T09:14:00+08:00","kind":"clinic_stopped","stop":{"schedule_id":"PB1","date":"2026-03-05","session":"am","version":1,"stop_kind":"stopped","dept_code":"MZ01","dept_name":"门诊一","starts_at":"2026-03-05T08:00:00+08:00","ends_at":"2026-03-05T12:00:00+08:00","reason":"doctor_away","substitute_schedule_id":"PB2","substitute_date":"2026-03-06","substitute_session":"pm"}}"#;

#[test]
fn a_pushed_stop_is_the_polled_one_and_only_when_it_is_signed() {
    use menjie::payment::RawNotice;
    use menjie::port::{His, HisNoticeKind};
    use menjie::visit::StopKind;
    let bench = Bench::new();
    let polled = match bench.data(&format!(r#"{{"notices":[{STOP}]}}"#)).call(&HisCall::Notices { after: None }) {
        Outcome::Done(HisAnswer::Notices(mut notices)) => notices.remove(0),
        other => panic!("{other:?}"),
    };
    assert!(matches!(&polled.what, HisNoticeKind::Stopped { stop } if stop.substitute.as_ref().unwrap().schedule_id.as_str() == "PB2"));
    let withdrawn = STOP.replace(r#""stop_kind":"stopped""#, r#""stop_kind":"withdrawn""#);
    let polled_again = bench.data(&format!(r#"{{"notices":[{withdrawn}]}}"#)).call(&HisCall::Notices { after: None });
    assert!(matches!(polled_again, Outcome::Done(HisAnswer::Notices(notices)) if matches!(&notices[0].what, HisNoticeKind::Stopped { stop } if stop.kind == StopKind::Withdrawn)));
    let now = menjie::Timestamp::parse("2026-03-02T09:15:00+08:00").unwrap();
    let (path, nonce) = ("/notify/his", "000102030405060708090a0b0c0d0e0f");
    let signed = |time: &str, path: &str, body: &str| {
        let signature = sign::request(&Private::new(SECRET), "POST", path, time, nonce, body.as_bytes()).unwrap();
        [("x-menjie-app", "KIOSK01"), ("x-menjie-time", time), ("x-menjie-nonce", nonce), ("x-menjie-sign", signature.as_str())].map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec()
    };
    let take = |headers: &[(String, String)], body: &str| bench.his.accept(path, &RawNotice { headers, body: body.as_bytes() }, now);
    let time = "2026-03-02T09:14:30.000+08:00";
    assert_eq!(take(&signed(time, path, STOP), STOP).unwrap(), polled);
    let changed = STOP.replace("PB1", "PB9");
    let mut other_app = signed(time, path, STOP);
    other_app[0].1 = "OTHER".into();
    for (headers, body) in [
        (signed(time, path, STOP), changed.as_str()),
        (signed(time, "/notify/other", STOP), STOP),
        (signed("2026-03-02T09:09:59.000+08:00", path, STOP), STOP),
        (signed("yesterday", path, STOP), STOP),
        (other_app, STOP),
        (Vec::new(), STOP),
        (signed(time, path, "{}"), "{}"),
        (signed(time, path, "[1"), "[1"),
    ] {
        assert!(take(&headers, body).is_err(), "{body}");
    }
}
