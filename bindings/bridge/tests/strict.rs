//! What the bridge refuses, and that it never repeats what the caller sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie_bridge::strict::{self, MAX_BYTES, MAX_DEPTH};
use menjie_bridge::{call_alone, table};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

fn refused(op: &str, request: &str) -> Value {
    let reply = call_alone(op, request);
    assert!(!reply.is_response(), "{op} {request} was accepted: {}", reply.json());
    serde_json::from_str(reply.json()).unwrap()
}

/// code, path and problem.
fn problem(op: &str, request: &str) -> (u64, String, String) {
    let failure = refused(op, request);
    let text = |key: &str| failure["context"][key].as_str().unwrap_or_default().to_owned();
    (failure["code"].as_u64().unwrap(), text("field"), text("problem"))
}

#[test]
fn the_path_of_every_mistake_is_named() {
    for (op, request, path, what) in [
        ("invoice.amount_in_words", "{}", "amount_fen", "is missing"),
        ("invoice.amount_in_words", r#"{"amount_fen":1,"amount_fen":2}"#, "amount_fen", "is there twice"),
        ("invoice.amount_in_words", r#"{"amount_fen":1.5}"#, "amount_fen", "floating point is not accepted here; expected i64"),
        ("invoice.amount_in_words", r#"{"amount_fen":1,"amuont":1}"#, "amuont", "is unknown; expected amount_fen"),
        ("invoice.amount_in_words", r#"{"amount_fen":10000000001}"#, "amount_fen", "an amount is beyond the accepted range"),
        ("text.mask", r#"{"kind":"diagnosis","text":"x"}"#, "kind", "is not a known word; expected one of name, id_no, phone, card"),
        ("bill.total", r#"{"lines":[{"price":"1","quantity":"1"},{"price":"1e3","quantity":"1"}]}"#, "lines[1].price", "is not a decimal number"),
        ("bill.total", r#"{"lines":[{"price":"1","quantity":"1","qantity":"1"}]}"#, "lines[0].qantity", "is unknown; expected one of price, quantity, doses, amount_fen"),
        ("policy.check", r#"{"terms":{"grouping":{"window":["colour"],"drug":[],"service":[]}}}"#, "terms.grouping.window[0]", ""),
        ("echo", r#"{"value":{"a":[1,{"b":1,"b":2}]}}"#, "value.a[1].b", "is there twice"),
        ("echo", r#"{"value":{"440599199003070058":{"x":1,"x":1}}}"#, "value.?.x", "is there twice"),
    ] {
        let (code, at, problem) = problem(op, request);
        assert_eq!((code, at.as_str()), (2, path), "{op} {request}: {problem}");
        assert!(problem.starts_with(what), "{op} {request}: {problem}");
    }
}

#[test]
fn broken_json_is_named_by_line_and_column() {
    for (request, what) in [
        ("", "EOF while parsing a value"),
        ("{", "EOF while parsing an object"),
        (r#"{"value":1} x"#, "trailing characters"),
        (r#"{"value":1}{}"#, "trailing characters"),
        (r#"{"value":01}"#, "invalid number"),
        (r#"{"value":NaN}"#, "expected value"),
        ("{\"value\":\"\u{1}\"}", "control character"),
        (r#"{"value":"\ud800"}"#, "unexpected end of hex escape"),
        (r#"{'value':1}"#, "key must be a string"),
        (r#"{"value":1,}"#, "trailing comma"),
    ] {
        let failure = refused("echo", request);
        assert_eq!(failure["code"], 2, "{request}");
        assert!(failure["context"]["problem"].as_str().unwrap().starts_with(what), "{request}: {failure}");
        assert!(failure["context"]["line"].is_string() && failure["context"]["column"].is_string(), "{request}: {failure}");
    }
}

#[test]
fn depth_and_size_have_caps() {
    let nested = |levels: usize| format!(r#"{{"value":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    assert!(call_alone("echo", &nested(MAX_DEPTH - 1)).is_response());
    let (code, _, what) = problem("echo", &nested(MAX_DEPTH));
    assert_eq!(code, 2);
    assert!(what.starts_with("is nested too deep"), "{what}");
    assert!(problem("echo", &nested(100_000)).2.starts_with("is nested too deep"), "a deep document does not exhaust the stack");
    let long = format!(r#"{{"value":"{}"}}"#, "x".repeat(MAX_BYTES));
    assert!(problem("echo", &long).2.contains("longer than"));
}

#[test]
fn a_number_is_echoed_digit_by_digit() {
    for number in ["2.2250738585072011e-308", "5e-324", "0.1", "-0.0", "1E2", "-12", "9007199254740993", "123456789012345678901234567890"] {
        let request = format!(r#"{{"value":{number}}}"#);
        assert_eq!(call_alone("echo", &request).json(), request);
    }
    assert_eq!(problem("echo", r#"{"value":1e400}"#).0, 2, "what no double can hold is refused");
}

#[test]
fn a_tagged_enum_hides_nothing() {
    use menjie::service::{AttentionResolveRequest, PayRequest};
    let pay = json!({"key": "K1", "quote_id": "1", "channel": "wechat", "method": {"way": "native"}, "bill_ids": []});
    strict::exact::<PayRequest>(&pay.to_string()).unwrap();
    let resolve = json!({"key": "K1", "machine": {"machine": "payment", "id": "1"}, "resolution": {"of": "payment", "decision": {"decide": "ask_again"}}, "evidence": "x"});
    strict::exact::<AttentionResolveRequest>(&resolve.to_string()).unwrap();
    for (request, path) in [(&pay, "/method"), (&pay, ""), (&resolve, "/machine"), (&resolve, "/resolution"), (&resolve, "/resolution/decision")] {
        let mut typo = request.clone();
        typo.pointer_mut(path).unwrap()["typo"] = json!(false);
        let refused =
            if request["method"].is_object() { strict::exact::<PayRequest>(&typo.to_string()).err() } else { strict::exact::<AttentionResolveRequest>(&typo.to_string()).err() };
        let error = refused.unwrap_or_else(|| panic!("{typo} was accepted"));
        let field = error.context().find(|(key, _)| *key == "field").unwrap().1.to_owned();
        assert!(field.ends_with("typo"), "{error}");
    }
}

#[test]
fn the_table_is_sorted_and_named_by_area_and_verb() {
    let names: Vec<_> = table().iter().map(|op| op.name).collect();
    assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    for op in table() {
        assert!(op.name == "echo" || op.name.contains('.'), "{}", op.name);
        assert!(op.purpose.ends_with('.') || op.purpose.ends_with(')'), "{}", op.name);
    }
}

/// Operations, each with a request that it accepts, of objects with known members only.
fn accepted() -> Vec<(&'static str, Value)> {
    let line = json!({"line_id": "L1", "version": 1, "patient_id": "P1", "visit_id": "V1", "order_no": "R1", "line_no": 1, "kind": "drug", "fee_class": "09", "item_code": "X1",
        "item_name": "盐酸\"舍曲林\\片", "unit": "片", "price": "1.50", "quantity": "2", "amount_fen": 300, "order_dept_code": "MZ", "order_dept_name": "门诊", "self_paid_item": false});
    let mut second = line.clone();
    second["line_id"] = json!("L2");
    let visit = json!({"visit_id": "V1", "patient_id": "P1", "date": "2026-03-10", "dept_code": "MZ", "dept_name": "门诊"});
    vec![
        (
            "bill.group",
            json!({"visits": [visit], "lines": [line, second], "grouping": {"window": ["order_dept", "place"], "drug": ["pharmacy"], "service": ["exec_dept"]}, "totalling": "sum_of_lines"}),
        ),
        ("bill.total", json!({"lines": [{"price": "1", "quantity": "1"}, {"price": "2.5", "quantity": "2", "doses": 3, "amount_fen": 1500}]})),
        (
            "invoice.check_split",
            json!({"total_fen": 100, "fund_fen": 0, "other_fen": 0, "account_fen": 0, "cash_fen": 100, "shared_fen": 0, "own_fen": 100, "channels_fen": [100]}),
        ),
        ("text.mask", json!({"kind": "name", "text": "张三"})),
    ]
}

/// Every value of a document below its root, by its JSON pointer.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (step, value) in children {
        let at = format!("{at}/{step}");
        pointers(value, &at, out);
        out.push(at);
    }
}

/// `/lines/0/price` as the contract writes it.
fn path_of(pointer: &str) -> String {
    pointer.split('/').skip(1).fold(String::new(), |path, step| match step.parse::<usize>() {
        Ok(at) => format!("{path}[{at}]"),
        Err(_) if path.is_empty() => step.to_owned(),
        Err(_) => format!("{path}.{step}"),
    })
}

/// The document as text, with so many blanks around everything, and members in this direction.
fn spaced(value: &Value, blank: &str, backwards: bool) -> String {
    let listed = |mut parts: Vec<String>, turn: bool| {
        if turn {
            parts.reverse();
        }
        parts.join(&format!("{blank},{blank}"))
    };
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| format!("{}{blank}:{blank}{}", json!(key), spaced(value, blank, backwards))).collect();
            format!("{{{blank}{}{blank}}}", listed(members, backwards))
        }
        Value::Array(items) => format!("[{blank}{}{blank}]", listed(items.iter().map(|item| spaced(item, blank, backwards)).collect(), false)),
        scalar => scalar.to_string(),
    }
}

/// What was done to a value: another type, or a member more or less in the object that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutilation {
    Null,
    Flag,
    Float,
    Word,
    List,
    Object,
    Unknown,
    Missing,
}

/// The value is mutilated, and the path at which it should be told. None: this cannot be done to it.
fn mutilated(document: &mut Value, pointer: &str, how: Mutilation) -> Option<String> {
    let path = path_of(pointer);
    let value = document.pointer_mut(pointer)?;
    let put = |value: &mut Value, other: Value| std::mem::discriminant(value).ne(&std::mem::discriminant(&other)).then(|| *value = other);
    match how {
        Mutilation::Null => put(value, Value::Null)?,
        Mutilation::Flag => put(value, json!(true))?,
        Mutilation::Float => put(value, json!(1.5))?,
        Mutilation::Word => put(value, json!("no such word"))?,
        Mutilation::List => put(value, json!([[true], {"a": 1}]))?,
        Mutilation::Object => put(value, json!({"no_such_member": {}}))?,
        Mutilation::Unknown => {
            value.as_object_mut()?.insert("no_such_member".to_owned(), json!([{}]));
            return Some(format!("{path}.no_such_member"));
        }
        Mutilation::Missing => {
            let (parent, key) = pointer.rsplit_once('/')?;
            document.pointer_mut(parent)?.as_object_mut()?.remove(key)?;
        }
    }
    Some(path)
}

#[test]
fn requests_that_are_mutilated_are_accepted_before() {
    for (op, request) in accepted() {
        for (blank, backwards) in [("", false), ("\n ", true)] {
            let reply = call_alone(op, &spaced(&request, blank, backwards));
            assert!(reply.is_response(), "{op}: {}", reply.json());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// Wherever a request is mutilated, the path that is told is the one at which it was.
    #[test]
    fn the_path_told_is_the_one_that_was_mutilated(
        (op, request) in select(accepted()),
        at in any::<Index>(),
        how in select(vec![Mutilation::Null, Mutilation::Flag, Mutilation::Float, Mutilation::Word, Mutilation::List, Mutilation::Object, Mutilation::Unknown, Mutilation::Missing]),
        blank in select(vec!["", " ", "\n", "\r\n\t "]),
        backwards in any::<bool>(),
    ) {
        let mut places = Vec::new();
        pointers(&request, "", &mut places);
        let pointer = at.get(&places);
        let mut document = request.clone();
        let Some(wanted) = mutilated(&mut document, pointer, how) else { return Ok(()) };
        let text = spaced(&document, blank, backwards);
        let reply = call_alone(op, &text);
        let failure: Value = serde_json::from_str(reply.json()).unwrap();
        // A member that may be left out, a word where any text will do, or what the rules judge and not the shape.
        if reply.code() != 2 {
            prop_assert!(matches!(how, Mutilation::Null | Mutilation::Missing | Mutilation::Word), "{how:?} at {pointer} was accepted: {text}");
            return Ok(());
        }
        let told = failure["context"]["field"].as_str().unwrap_or_default();
        // An object of no known member, and a list where serde takes one for an object, are found out inside.
        let inside = matches!(how, Mutilation::Object | Mutilation::List) && [".no_such_member", "["].iter().any(|step| told.starts_with(&format!("{wanted}{step}")));
        prop_assert!(told == wanted || inside, "{how:?} at {pointer} was told at {told}: {text} {failure}");
    }

    /// A document in which a key is there twice, or which is nested too deep, is never read, however the rest of it looks.
    #[test]
    fn a_glance_misses_nothing(before in "[a-z\u{4e00}-\u{4e10}\\\\\"{}\\[\\],:]{0,12}", keys in 0usize..60, escaped in any::<bool>(), levels in 0usize..40) {
        let mut members: Map<String, Value> = (0..keys).map(|at| (format!("key{at}"), json!({"twice": [before]}))).collect();
        members.insert("text".to_owned(), json!(before));
        let inner = serde_json::to_string(&members).unwrap();
        let nested = |value: &str| format!("{{\"value\":{}{value}{}}}", "[".repeat(levels), "]".repeat(levels));
        let once = nested(&inner);
        let twice = if escaped { "\\u0074wice" } else { "twice" };
        let twice = nested(&inner.replacen('{', &format!("{{\"{twice}\":1,\"x\":{{}},\"twice\":2,"), 1));
        // The object of members, and those in it with their lists.
        let deep = 1 + levels + 1 + if keys > 0 { 2 } else { 0 };
        prop_assert_eq!(call_alone("echo", &once).is_response(), deep <= MAX_DEPTH, "{}", once);
        prop_assert!(!call_alone("echo", &twice).is_response(), "{}", twice);
    }

    /// Whatever is sent, an answer comes back, and a failure never repeats a long text or number of the request.
    #[test]
    fn nothing_the_caller_sent_comes_back_in_a_failure(secret in "[\u{4e00}-\u{9fff}]{4,12}|[0-9]{11,18}", at in 0..table().len(), place in 0usize..8) {
        let op = &table()[at];
        let request = match place {
            0 => json!(secret),
            1 => json!({ secret.clone(): 1 }),
            2 => json!({"amount_fen": secret, "text": secret, "kind": secret, "lines": secret, "data_hex": secret}),
            3 => json!({"kind": secret, "text": "x"}),
            4 => json!({"lines": [{"price": secret, "quantity": "1"}]}),
            5 => json!({"visits": [{"visit_id": {"x": secret}}], "lines": []}),
            6 => json!({"terms": {"totalling": secret}}),
            _ => json!({"terms": {secret.clone(): {}}}),
        };
        if op.name != "echo" {
            let reply = call_alone(op.name, &request.to_string());
            if !reply.is_response() {
                prop_assert!(!reply.json().contains(&secret), "{}", reply.json());
            }
        }
    }

    /// Any text at all gets an answer that is JSON.
    #[test]
    fn any_text_gets_json(text in "\\PC{0,200}", at in 0..table().len()) {
        let reply = call_alone(table()[at].name, &text);
        prop_assert!(serde_json::from_str::<Value>(reply.json()).is_ok());
    }

    /// What is echoed is what was sent.
    #[test]
    fn echo_echoes(text in "\\PC{0,40}", number in any::<i64>()) {
        let value = json!({"text": text, "number": number, "list": [null, true, {"": ""}]});
        let reply = call_alone("echo", &json!({"value": value}).to_string());
        prop_assert_eq!(serde_json::from_str::<Value>(reply.json()).unwrap(), json!({"value": value}));
    }
}
