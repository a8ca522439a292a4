//! The vectors from Rust, and what holds of all of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use menjie_bridge::{Kind, call_alone, table};
use menjie_tests::scenario::{self, Step};
use menjie_tests::vectors::{Answer, Case, Expect, Host, load, replay};
use serde_json::{Value, json};

fn run(op: &str, request: &str) -> Answer {
    let reply = call_alone(op, request);
    Answer { is_response: reply.is_response(), json: reply.into_json() }
}

#[test]
fn every_vector_holds() {
    let cases = load(Host::Rust).unwrap();
    assert!(cases.len() > 100, "only {} vectors", cases.len());
    let wrong = replay(&cases, |case| Ok(run(&case.op, &case.request)));
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_operation_has_a_vector_or_is_in_a_scenario() {
    let tested: BTreeSet<String> = load(Host::Rust).unwrap().into_iter().map(|case| case.op).collect();
    let steps = scenario::load().unwrap().into_iter().flat_map(|scenario| scenario.steps);
    let played: BTreeSet<String> = steps.filter_map(|step| if let Step::Call(call) = step { Some(call.op) } else { None }).collect();
    // Sessions are the server's: the kiosks of examples/ hold them.
    for op in table().iter().filter(|op| op.kind != Kind::Session) {
        let proven = if op.kind.needs_engine() { &played } else { &tested };
        assert!(proven.contains(op.name), "{} needs a scenario if it needs an engine, otherwise a vector", op.name);
    }
    for op in tested {
        assert!(menjie_bridge::find(&op).is_ok(), "{op} has vectors but is no operation");
    }
}

#[test]
fn a_wrong_answer_is_noticed() {
    let expect = Expect::Failure { code: 2, context: [("field".to_owned(), "a".to_owned())].into() };
    let case = Case { title: "t".to_owned(), op: "echo".to_owned(), request: "{}".to_owned(), expect };
    let failure = |code: u64, field: &str| json!({"code": code, "kind": "misuse", "retry": "never", "message": "m", "context": {"field": field}}).to_string();
    let judge = |is_response, json: String| case.judge(&Answer { is_response, json });
    assert!(judge(false, failure(2, "a")).is_none());
    assert!(judge(true, failure(2, "a")).is_some());
    assert!(judge(false, failure(3, "a")).is_some());
    assert!(judge(false, failure(2, "b")).is_some());
    assert!(judge(false, r#"{"code":2,"context":{"field":"a"}}"#.to_owned()).is_some());
    assert!(judge(false, "x".to_owned()).is_some());
    let case = Case { expect: Expect::Response(json!({"a": 1})), ..case };
    assert!(case.judge(&Answer { is_response: true, json: r#"{"a":1}"#.to_owned() }).is_none());
    assert!(case.judge(&Answer { is_response: true, json: r#"{"a":1,"b":2}"#.to_owned() }).is_some());
}

/// Members whose content is the caller's own, where any key may stand.
const OPEN: [(&str, &str); 2] = [("echo", "/value"), ("channel.wechat.verify", "/headers")];

/// Adds a member that nobody knows to every object of every accepted request: each one must be refused by its path.
#[test]
fn an_unknown_member_is_refused_wherever_it_stands() {
    let mut tried = 0;
    for case in load(Host::Rust).unwrap().iter().filter(|case| matches!(case.expect, Expect::Response(_))) {
        let request: Value = serde_json::from_str(&case.request).unwrap();
        let mut places = Vec::new();
        objects(&request, String::new(), &mut places);
        for place in places.iter().filter(|place| !OPEN.iter().any(|(op, open)| *op == case.op && place.starts_with(open))) {
            let mut typo = request.clone();
            typo.pointer_mut(place).unwrap()["zz_typo"] = Value::Bool(false);
            let answer = run(&case.op, &typo.to_string());
            assert!(!answer.is_response, "{} accepted an unknown member at {place}", case.title);
            let failure: Value = serde_json::from_str(&answer.json).unwrap();
            assert_eq!(failure["code"], 2, "{} at {place}: {failure}", case.title);
            assert!(failure["context"]["field"].as_str().unwrap().ends_with("zz_typo"), "{} at {place}: {failure}", case.title);
            tried += 1;
        }
    }
    assert!(tried > 100, "only {tried} places were tried");
}

/// JSON pointers of every object.
fn objects(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, member)| objects(member, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found));
            found.push(at);
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| objects(item, format!("{at}/{index}"), found)),
        _ => {}
    }
}
