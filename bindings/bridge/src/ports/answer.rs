//! Requests and answers as a host sees them: the method names the call, so its tag stands in neither.

use menjie::Error;
use menjie::port::{Fault, Outcome};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::problem::{of_reading, refused};
use crate::strict::{self, MAX_BYTES, scan};

/// The tag of calls.
const CALL: &str = "do";
/// The longest code of a refusal or fault.
const LONGEST_CODE: usize = 64;
/// The longest text of one; what is behind is cut off.
const LONGEST_TEXT: usize = 300;

/// The request of a call: its members without the tag. None when it cannot be written.
pub(super) fn request<C: Serialize>(call: &C) -> Option<String> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(call) else { return None };
    members.remove(CALL)?;
    serde_json::to_string(&members).ok()
}

/// The word of a method behind its port: `his.unpaid` → `unpaid`.
fn word(method: &str) -> &str {
    method.split_once('.').map_or(method, |(_, word)| word)
}

/// Reads an answer. What cannot be read proves nothing; the fault names the member.
pub(super) fn read<A: DeserializeOwned>(method: &str, json: &str) -> Result<Outcome<A>, Fault> {
    understood(method, json).map_err(|error| {
        let context = |wanted: &str| error.context().find(|(key, _)| *key == wanted).map(|(_, value)| value.to_owned());
        let problem = context("problem").unwrap_or_else(|| "cannot be read".to_owned());
        let field = context("field").unwrap_or_else(|| "the answer".to_owned());
        Fault::new("shape", format!("{field}: {problem}"))
    })
}

fn understood<A: DeserializeOwned>(method: &str, json: &str) -> Result<Outcome<A>, Error> {
    if json.len() > MAX_BYTES {
        return Err(refused("", format!("is longer than {MAX_BYTES} bytes")));
    }
    scan(json)?;
    if !json.trim_ascii_start().starts_with('{') {
        return Err(refused("", "is not an object"));
    }
    let Said { outcome, value } = menjie::json::read(json).map_err(|error| of_reading("", &error))?;
    let outcome = outcome.ok_or_else(|| refused("outcome", "is missing"))?;
    let value = value.map_or("null", RawValue::get);
    match serde_json::from_str::<String>(outcome.get()).as_deref() {
        Ok("done") => done(method, value).map(Outcome::Done),
        Ok("refused") => said(value).map(|(code, text)| Outcome::Refused(menjie::port::No::new(code, text))),
        Ok("unsent") => said(value).map(|(code, text)| Outcome::Unsent(Fault::new(code, text))),
        Ok("unknown") => said(value).map(|(code, text)| Outcome::Unknown(Fault::new(code, text))),
        _ => Err(refused("outcome", "is not a known word; expected done, refused, unsent or unknown")),
    }
}

/// What a host may say; it may say more, which is nothing to us.
#[derive(Deserialize)]
struct Said<'j> {
    #[serde(borrow)]
    outcome: Option<&'j RawValue>,
    #[serde(borrow)]
    value: Option<&'j RawValue>,
}

fn done<A: DeserializeOwned>(method: &str, value: &str) -> Result<A, Error> {
    // The tag stands before its content, so that every mistake inside has its path.
    strict::read(&format!(r#"{{"to":"{}","value":{value}}}"#, word(method)))
}

/// Code and text of a refusal or fault.
fn said(value: &str) -> Result<(String, String), Error> {
    let Ok(Value::Object(mut members)) = serde_json::from_str(value) else { return Err(refused("value", "is not an object with code and text")) };
    let mut text = |name: &str| match members.remove(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(refused(&format!("value.{name}"), "is not a text")),
        None => Err(refused(&format!("value.{name}"), "is missing")),
    };
    let (code, text) = (text("code")?, text("text")?);
    if code.is_empty() || code.len() > LONGEST_CODE || code.chars().any(char::is_control) {
        return Err(refused("value.code", format!("must have 1 to {LONGEST_CODE} bytes without control characters")));
    }
    Ok((code, text.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie::port::{HisAnswer, HisCall, PostState};

    fn his(method: &str, json: &str) -> Result<Outcome<HisAnswer>, Fault> {
        read(method, json)
    }

    #[test]
    fn a_request_is_the_call_without_its_tag() {
        let call = HisCall::Unpaid { patient: menjie::ident::PatientId::new("P1").unwrap() };
        assert_eq!(request(&call).unwrap(), r#"{"patient":"P1"}"#);
    }

    #[test]
    fn the_four_outcomes_are_read() {
        assert_eq!(his("his.unlock", r#"{"outcome":"done"}"#), Ok(Outcome::Done(HisAnswer::Unlock)));
        assert_eq!(his("his.unlock", r#"{"outcome":"done","value":null,"more":1}"#), Ok(Outcome::Done(HisAnswer::Unlock)));
        assert_eq!(his("his.query_reverse", r#"{"outcome":"done"}"#), Ok(Outcome::Done(HisAnswer::QueryReverse(None))));
        assert_eq!(his("his.query_post", r#"{"outcome":"done","value":{"state":"not_recorded"}}"#), Ok(Outcome::Done(HisAnswer::QueryPost(PostState::NotRecorded))));
        assert!(matches!(his("his.lock", r#"{"outcome":"refused","value":{"code":"E7","text":"已锁定"}}"#), Ok(Outcome::Refused(no)) if no.code == "E7" && no.text == "已锁定"));
        assert!(matches!(his("his.lock", r#"{"outcome":"unsent","value":{"code":"connect","text":""}}"#), Ok(Outcome::Unsent(fault)) if fault.code == "connect"));
        assert!(matches!(his("his.lock", r#"{"outcome":"unknown","value":{"code":"timeout","text":""}}"#), Ok(Outcome::Unknown(_))));
    }

    #[test]
    fn what_cannot_be_read_names_the_member_and_never_its_value() {
        for (method, json, told) in [
            ("his.unlock", "", "the answer: "),
            ("his.unlock", "[]", "the answer: is not an object"),
            ("his.unlock", "{}", "outcome: is missing"),
            ("his.unlock", r#"{"outcome":null}"#, "outcome: is missing"),
            ("his.unlock", r#"{"outcome":7}"#, "outcome: is not a known word"),
            ("his.unlock", r#"{"outcome":"yes"}"#, "outcome: is not a known word"),
            ("his.unlock", r#"{"outcome":"done","outcome":"refused"}"#, "outcome: is there twice"),
            ("his.unlock", r#"{"outcome":"done"} {}"#, "the answer: "),
            ("his.unlock", r#"{"outcome":"refused"}"#, "value: is not an object"),
            ("his.unlock", r#"{"outcome":"refused","value":{"code":"","text":"x"}}"#, "value.code: "),
            ("his.unlock", r#"{"outcome":"refused","value":{"code":7,"text":"x"}}"#, "value.code: is not a text"),
            ("his.lock", r#"{"outcome":"done","value":{}}"#, "value.total_fen: is missing"),
            ("his.unpaid", r#"{"outcome":"done","value":{"visits":[],"lines":[{"line_id":"张三"}]}}"#, "value.lines[0].patient_id: is missing"),
        ] {
            let fault = his(method, json).unwrap_err();
            assert_eq!(fault.code, "shape", "{json}");
            assert!(fault.text.starts_with(told) && !fault.text.contains("张三"), "{json}: {}", fault.text);
        }
    }

    #[test]
    fn an_amount_is_whole_fen_or_the_answer_is_none() {
        for amount in ["1.5", "1e300", "NaN", "\"12.345\"", "9007199254740993", "-1e400", "null", "1.0"] {
            let fault = his("his.lock", &format!(r#"{{"outcome":"done","value":{{"total_fen":{amount}}}}}"#)).unwrap_err();
            assert_eq!(fault.code, "shape", "{amount}");
            // What is no JSON at all has no member to be named.
            assert!(["NaN", "-1e400"].contains(&amount) || fault.text.starts_with("value.total_fen: "), "{amount}: {}", fault.text);
        }
        assert!(his("his.lock", r#"{"outcome":"done","value":{"total_fen":12132}}"#).is_ok());
    }
}
