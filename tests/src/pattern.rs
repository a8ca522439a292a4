//! What a scenario expects of a response: the JSON itself, with names of what was kept from an earlier step (`"$payment"`)
//! and a wildcard where a value is not fixed (`"<id>"`). Everything else must be equal, members and order of arrays included;
//! no wildcard stands for an object, an array or a member that may be missing.

use std::collections::BTreeMap;

use serde_json::Value;

/// What was kept from earlier steps, by name.
pub type Kept = BTreeMap<String, Value>;

/// A wildcard and the values it stands for.
pub struct Wildcard {
    /// As it is written.
    pub written: &'static str,
    /// One value it stands for.
    pub example: &'static str,
    fits: fn(&Value) -> bool,
}

/// Every wildcard.
pub const WILDCARDS: [Wildcard; 5] = [
    // The number of a payment, settlement, refund, invoice or quote.
    Wildcard { written: "<id>", example: "\"1852\"", fits: |value| text(value).is_some_and(|t| (1..=19).contains(&t.len()) && digits(t) && !t.starts_with('0')) },
    // A business number at a counterpart (业务流水号).
    Wildcard {
        written: "<no>",
        example: "\"S0000000000000001852\"",
        fits: |value| text(value).is_some_and(|t| t.len() == 20 && t.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())),
    },
    // A moment, RFC 3339 with +08:00.
    Wildcard { written: "<time>", example: "\"2026-03-16T09:30:00.000+08:00\"", fits: |value| text(value).is_some_and(moment) },
    // A number that only grows.
    Wildcard { written: "<count>", example: "7", fits: Value::is_u64 },
    // A text that a counterpart or chance makes.
    Wildcard { written: "<text>", example: "\"x\"", fits: |value| text(value).is_some_and(|t| !t.is_empty()) },
];

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn moment(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00.000+00:00" && text.ends_with("+08:00")
}

/// How a text of a pattern or request is meant.
enum Meant<'t> {
    Itself,
    Kept(&'t str),
    Wildcard(&'t str),
}

fn meant(text: &str) -> Meant<'_> {
    match text.strip_prefix('$') {
        Some(name) => Meant::Kept(name),
        None if text.starts_with('<') => Meant::Wildcard(text),
        None => Meant::Itself,
    }
}

fn wildcard(written: &str) -> Option<&'static Wildcard> {
    WILDCARDS.iter().find(|wildcard| wildcard.written == written)
}

/// Why the value is not what the pattern says, with the place; nothing when it is.
pub fn differs(pattern: &Value, got: &Value, kept: &Kept) -> Option<String> {
    at("", pattern, got, kept)
}

fn at(place: &str, pattern: &Value, got: &Value, kept: &Kept) -> Option<String> {
    let wrong = |wanted: &dyn std::fmt::Display| Some(format!("{}: {wanted} was expected, got {got}", if place.is_empty() { "/" } else { place }));
    match (pattern, got) {
        (Value::String(written), _) => match meant(written) {
            Meant::Itself if got.as_str() == Some(written) => None,
            Meant::Itself => wrong(pattern),
            Meant::Kept(name) => match kept.get(name) {
                Some(value) if value == got => None,
                Some(value) => wrong(value),
                None => wrong(&format!("what was kept as {name}, but nothing was,")),
            },
            Meant::Wildcard(written) => match wildcard(written) {
                Some(wildcard) if (wildcard.fits)(got) => None,
                Some(_) | None => wrong(&written),
            },
        },
        (Value::Object(members), Value::Object(found)) => {
            if let Some(name) = found.keys().find(|name| !members.contains_key(*name)) {
                return Some(format!("{place}/{name} is there and was not expected"));
            }
            members.iter().find_map(|(name, pattern)| match found.get(name) {
                Some(value) => at(&format!("{place}/{name}"), pattern, value, kept),
                None => Some(format!("{place}/{name} is missing")),
            })
        }
        (Value::Array(patterns), Value::Array(items)) if patterns.len() == items.len() => {
            patterns.iter().zip(items).enumerate().find_map(|(index, (pattern, item))| at(&format!("{place}/{index}"), pattern, item, kept))
        }
        (Value::Array(patterns), Value::Array(items)) => Some(format!("{place}: {} items were expected, got {}: {got}", patterns.len(), items.len())),
        _ if pattern == got => None,
        _ => wrong(pattern),
    }
}

/// A request with what was kept in its places. A wildcard has no place in a request.
pub fn fill(request: &Value, kept: &Kept) -> Result<Value, String> {
    Ok(match request {
        Value::String(written) => match meant(written) {
            Meant::Itself => request.clone(),
            Meant::Kept(name) => kept.get(name).cloned().ok_or_else(|| format!("nothing was kept as {name}"))?,
            Meant::Wildcard(written) => return Err(format!("{written} stands in a request")),
        },
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, kept)).collect::<Result<_, _>>()?),
        Value::Object(members) => Value::Object(members.iter().map(|(name, value)| Ok((name.clone(), fill(value, kept)?))).collect::<Result<_, String>>()?),
        Value::Null | Value::Bool(_) | Value::Number(_) => request.clone(),
    })
}

/// One value that fits the pattern, with what was kept in its places.
pub fn example(pattern: &Value, kept: &Kept) -> Result<Value, String> {
    match pattern {
        Value::String(written) => match meant(written) {
            Meant::Wildcard(written) => {
                let wildcard = wildcard(written).ok_or_else(|| format!("{written} is no wildcard"))?;
                serde_json::from_str(wildcard.example).map_err(|e| e.to_string())
            }
            Meant::Itself | Meant::Kept(_) => fill(pattern, kept),
        },
        Value::Array(items) => Ok(Value::Array(items.iter().map(|item| example(item, kept)).collect::<Result<_, _>>()?)),
        Value::Object(members) => Ok(Value::Object(members.iter().map(|(name, value)| Ok((name.clone(), example(value, kept)?))).collect::<Result<_, String>>()?)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(pattern.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(pattern: Value, got: Value) -> bool {
        let kept = Kept::from([("payment".to_owned(), json!("17"))]);
        differs(&pattern, &got, &kept).is_none()
    }

    #[test]
    fn everything_but_a_wildcard_must_be_equal() {
        let pattern = || json!({"id": "$payment", "st": "paid", "fen": 100, "rows": [{"no": "<no>"}, {"no": null}]});
        let got = || json!({"id": "17", "st": "paid", "fen": 100, "rows": [{"no": "S0000000000000000001"}, {"no": null}]});
        assert!(holds(pattern(), got()));
        for (place, value) in [
            ("/id", json!("18")),
            ("/id", json!(17)),
            ("/st", json!("held")),
            ("/fen", json!(101)),
            ("/fen", json!("100")),
            ("/rows/0/no", json!("S1")),
            ("/rows/1/no", json!("S0000000000000000001")),
            ("/rows", json!([])),
            ("/rows/0", json!({})),
            ("/rows/0", json!({"no": "S0000000000000000001", "more": 1})),
        ] {
            let mut wrong = got();
            *wrong.pointer_mut(place).unwrap() = value;
            assert!(!holds(pattern(), wrong.clone()), "{wrong}");
        }
        assert!(!holds(json!({"a": 1}), json!({"a": 1, "b": 2})), "a member too many");
        assert!(!holds(json!({"a": 1, "b": 2}), json!({"a": 1})), "a member too few");
        assert!(!holds(json!([1, 2]), json!([2, 1])), "another order");
    }

    #[test]
    fn a_wildcard_stands_for_its_kind_only_and_never_for_what_is_missing() {
        let kinds = [
            ("<id>", json!("1852"), vec![json!(1852), json!(""), json!("018"), json!("12a"), json!("12345678901234567890")]),
            ("<no>", json!("P0000000000000000017"), vec![json!("17"), json!("p0000000000000000017"), json!(17)]),
            ("<time>", json!("2026-03-16T09:30:00.120+08:00"), vec![json!("2026-03-16"), json!("2026-03-16T01:30:00.120Z"), json!("2026-03-16T09:30:00.120+09:00"), json!(1)]),
            ("<count>", json!(0), vec![json!(-1), json!("1"), json!(1.5)]),
            ("<text>", json!("8位"), vec![json!(""), json!(1), json!({})]),
        ];
        for (written, fits, others) in kinds {
            assert!(holds(json!({ "a": written }), json!({ "a": fits })), "{written}");
            for other in others.into_iter().chain([json!(null), json!([]), json!({"a": 1})]) {
                assert!(!holds(json!({ "a": written }), json!({ "a": other })), "{written} took {other}");
            }
            assert!(!holds(json!({ "a": written, "b": written }), json!({ "a": fits })), "{written} took a missing member");
        }
        assert!(!holds(json!("<any>"), json!("x")), "an unknown wildcard stands for nothing");
        assert!(!holds(json!("$nobody"), json!("x")), "a name under which nothing was kept stands for nothing");
    }

    #[test]
    fn a_request_is_filled_and_an_example_fits() {
        let kept = Kept::from([("payment".to_owned(), json!("17"))]);
        assert_eq!(fill(&json!({"payment_id": "$payment", "n": [1, "$payment"]}), &kept), Ok(json!({"payment_id": "17", "n": [1, "17"]})));
        assert!(fill(&json!("$other"), &kept).is_err());
        assert!(fill(&json!(["<id>"]), &kept).is_err());
        let pattern = json!({"id": "$payment", "all": WILDCARDS.iter().map(|wildcard| wildcard.written).collect::<Vec<_>>()});
        assert_eq!(differs(&pattern, &example(&pattern, &kept).unwrap(), &kept), None);
    }
}
