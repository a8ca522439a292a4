//! The scenarios from Rust and over HTTP, and what holds of all of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::io;

use menjie_bridge::{Kind, table};
use menjie_tests::http::Server;
use menjie_tests::pattern::{Kept, WILDCARDS, differs, example};
use menjie_tests::play::{Host, play, play_all};
use menjie_tests::scenario::{Person, Scenario, Step, load, parse};
use menjie_tests::stage::{InProcess, Serving};
use menjie_tests::vectors::{self, Answer, replay_http};
use serde_json::{Value, json};

#[test]
fn every_scenario_holds_in_this_process() {
    let wrong = play_all(&load().unwrap(), |scenario| {
        let mut host = InProcess::open(scenario).map_err(|e| e.to_string())?;
        let played = play(scenario, &mut host);
        host.close();
        played
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_scenario_holds_over_http() {
    let wrong = play_all(&load().unwrap(), |scenario| {
        let mut host = Serving::open(scenario).map_err(|e| e.to_string())?;
        let played = play(scenario, &mut host);
        host.close().map_err(|e| e.to_string())?;
        played
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The vectors of pure operations, too, over the real server and not only over the small one of `replay_http.rs`.
#[test]
fn every_vector_holds_over_the_real_server() {
    let scenario = load().unwrap().remove(0);
    let auditor = Person::Staff { id: "S09".to_owned(), roles: vec!["auditor".to_owned()], departments: Vec::new() };
    let mut serving = Serving::open(&Scenario { people: [("auditor".to_owned(), auditor.clone())].into(), ..scenario }).unwrap();
    let server = serving.server(Some(&auditor)).unwrap();
    let held = replay_http(&server).unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")));
    assert_eq!(held, vectors::load(vectors::Host::Http).unwrap().len());
    serving.close().unwrap();
}

#[test]
fn every_operation_that_needs_an_engine_is_in_a_scenario_with_its_errors_and_refusals() {
    let (mut answered, mut refused, mut failed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for scenario in load().unwrap() {
        for step in scenario.steps {
            let Step::Call(call) = step else { continue };
            match &call.response {
                Some(response) if response["decision"] == "refused" => refused.insert(call.op),
                Some(_) => answered.insert(call.op),
                None => failed.insert(call.op),
            };
        }
    }
    for op in table().iter().filter(|op| matches!(op.kind, Kind::Read | Kind::Command)) {
        assert!(answered.contains(op.name), "no scenario has an answer of {}", op.name);
        assert!(failed.contains(op.name), "no scenario has an error of {}", op.name);
    }
    for op in ["settlement.quote", "settlement.pay", "payment.cancel", "attention.resolve"] {
        assert!(refused.contains(op), "no scenario has a refusal of {op}");
    }
}

/// A host that answers from a script.
struct Script(Vec<Answer>);

impl Host for Script {
    fn call(&mut self, _: Option<&Person>, _: &str, _: &str) -> io::Result<Answer> {
        if self.0.is_empty() { Err(io::Error::other("the script is at its end")) } else { Ok(self.0.remove(0)) }
    }

    fn network(&mut self) -> Option<io::Result<Server>> {
        None
    }

    fn admin(&self) -> Server {
        Server { address: "127.0.0.1:9".to_owned(), token: None }
    }
}

fn story(steps: Value) -> Scenario {
    let file = json!({"story": "s", "day": "d", "people": {"li": {"patient": "P1"}}, "steps": steps});
    parse("s", &file.to_string(), |_| Ok::<_, String>(Value::Null)).unwrap().unwrap()
}

fn answer(is_response: bool, json: Value) -> Answer {
    Answer { is_response, json: json.to_string() }
}

#[test]
fn a_host_that_answers_wrongly_is_noticed_and_the_story_ends_there() {
    let get = json!({"op": "settlement.get", "as": "li", "request": {"payment_id": "17"}, "response": {"payment_id": "<id>", "st": "paid"}, "keep": {"payment": "/payment_id"}});
    let again = json!({"op": "settlement.get", "as": "li", "request": {"payment_id": "$payment"}, "response": {"payment_id": "$payment", "st": "paid"}});
    let failing = json!({"op": "settlement.get", "as": "li", "request": {"payment_id": "1"}, "error": {"code": 200, "context": {"field": "payment_id"}}});
    let story = story(json!([get, again, failing]));
    let paid = |id: &str| answer(true, json!({"payment_id": id, "st": "paid"}));
    let failure = |code: u64, field: &str| answer(false, json!({"code": code, "kind": "k", "retry": "never", "message": "m", "context": {"field": field}}));
    let told = |answers: Vec<Answer>| play(&story, &mut Script(answers));
    assert_eq!(told(vec![paid("17"), paid("17"), failure(200, "payment_id")]), Ok(3));
    for (answers, step) in [
        (vec![paid("x")], 1),
        (vec![answer(true, json!({"payment_id": "17"}))], 1),
        (vec![answer(true, json!({"payment_id": "17", "st": "paid", "more": 1}))], 1),
        (vec![answer(false, json!({"payment_id": "17", "st": "paid"}))], 1),
        (vec![paid("17"), paid("18")], 2),
        (vec![paid("17"), paid("17"), failure(201, "payment_id")], 3),
        (vec![paid("17"), paid("17"), failure(200, "other")], 3),
        (vec![paid("17"), paid("17"), paid("17")], 3),
        (vec![paid("17"), paid("17")], 3),
    ] {
        let wrong = told(answers).unwrap_err();
        assert!(wrong.starts_with(&format!("s / step {step} ")), "{wrong}");
    }
}

#[test]
fn a_world_that_cannot_be_reached_is_noticed() {
    let get = json!({"op": "settlement.get", "as": "li", "request": {"payment_id": "1"}, "error": {"code": 200}});
    let wrong = play(&story(json!([{"world": "DELETE /admin/faults"}, get])), &mut Script(Vec::new())).unwrap_err();
    assert!(wrong.starts_with("s / step 1 DELETE /admin/faults"), "{wrong}");
}

/// The places of every scalar, and of every member.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| places(member, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| places(item, &format!("{at}/{index}"), found)),
        _ => {}
    }
    found.push(at.to_owned());
}

/// Every place of every expected response, changed to another value, taken away, or with a member more beside it.
#[test]
fn every_place_of_every_expected_response_is_judged() {
    let mut tried = 0;
    for scenario in load().unwrap() {
        let mut kept = Kept::new();
        for step in &scenario.steps {
            let (pattern, keep) = match step {
                Step::Call(call) => (call.response.as_ref(), &call.keep),
                Step::World(world) => (None, &world.keep),
            };
            if let Some(pattern) = pattern {
                let right = example(pattern, &kept).unwrap();
                assert_eq!(differs(pattern, &right, &kept), None);
                let mut found = Vec::new();
                places(&right, "", &mut found);
                for place in found {
                    for wrong in mutants(&right, &place) {
                        assert!(differs(pattern, &wrong, &kept).is_some(), "{}: {place} is not judged: {wrong}", scenario.name);
                        tried += 1;
                    }
                }
            }
            // Any distinct text will do: what is judged is that the same one comes back.
            kept.extend(keep.keys().map(|name| (name.clone(), json!(format!("kept {name}")))));
        }
    }
    assert!(tried > 2_000, "only {tried} mutants");
}

fn mutants(right: &Value, place: &str) -> Vec<Value> {
    let with = |value: Value| {
        let mut wrong = right.clone();
        *wrong.pointer_mut(place).unwrap() = value;
        wrong
    };
    let old = right.pointer(place).unwrap();
    let mut mutants = vec![with(if old.is_null() { json!(0) } else { json!(null) }), with(json!([[]]))];
    match old {
        Value::Number(number) => mutants.push(with(json!(-1 - number.as_i64().unwrap()))),
        Value::Bool(yes) => mutants.push(with(json!(!yes))),
        Value::String(text) if !WILDCARDS.iter().any(|wildcard| wildcard.example.trim_matches('"') == text) => mutants.push(with(json!(format!("{text} ")))),
        Value::Object(members) => {
            let mut more = members.clone();
            more.insert("zz_more".to_owned(), json!(1));
            mutants.push(with(more.into()));
            mutants.extend(members.keys().map(|name| {
                let mut fewer = members.clone();
                fewer.remove(name);
                with(fewer.into())
            }));
        }
        Value::Array(items) => mutants.push(with(items.iter().cloned().chain([json!(null)]).collect())),
        Value::String(_) | Value::Null => {}
    }
    mutants
}
