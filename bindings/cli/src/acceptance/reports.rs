//! The tender's reports, made of a few made-up facts whose sums are known.

use serde_json::{Value, json};

use super::local::{Seen, at, response};

const DAY: &str = "2026-03-10T10:00:00+08:00";

/// One report over these facts.
fn table(report: &str, mut request: Value) -> Result<Value, String> {
    if let Some(members) = request.as_object_mut() {
        let query = json!({"report": report, "from": "2026-03-01", "to": "2026-03-31", "min_cell": 0});
        members.insert("queries".to_owned(), Value::Array(vec![query]));
    }
    Ok(at(&response("report.run", &request)?, "/tables/0"))
}

/// What its last row, the sum, has in these columns.
fn sums(table: &Value, keys: &[&str]) -> Vec<Value> {
    let columns = at(table, "/columns");
    let place = |key: &str| columns.as_array().and_then(|all| all.iter().position(|column| column.get("key").is_some_and(|found| found == key)));
    let last = at(table, "/rows").as_array().and_then(|rows| rows.last().cloned()).unwrap_or_default();
    keys.iter().map(|key| place(key).and_then(|place| last.get("cells")?.get(place).cloned()).unwrap_or_default()).collect()
}

/// The report has these sums.
fn judged(table: &Value, wanted: &[(&str, &str, Value)]) -> Seen {
    let keys: Vec<&str> = wanted.iter().map(|(key, ..)| *key).collect();
    let found = sums(table, &keys);
    let told: Vec<String> = wanted.iter().zip(&found).map(|((_, name, _), found)| format!("{name} {found}")).collect();
    let seen = format!("《{}》合计：{}", at(table, "/title").as_str().unwrap_or_default(), told.join("，"));
    if found.iter().zip(wanted).all(|(found, (.., wanted))| found == wanted) { Ok(seen) } else { Err(seen) }
}

fn movements() -> Value {
    let paid = json!({"at": DAY, "channel": "微信", "insurance": "employee", "cash_fen": 2_132, "fund_fen": 6_000, "account_fen": 4_000});
    let own = json!({"at": DAY, "channel": "微信", "insurance": "self_pay", "cash_fen": 8_987});
    let back = json!({"at": DAY, "channel": "微信", "insurance": "self_pay", "event": "refund", "cash_fen": 8_987});
    json!({"movements": [paid, own, back]})
}

/// 121.32 + 89.87 − 89.87.
pub(super) fn finance() -> Seen {
    judged(
        &table("receipts", movements())?,
        &[
            ("paid_fen", "收款（分）", json!(21_119)),
            ("refunded_fen", "退款（分）", json!(8_987)),
            ("net_fen", "净收（分）", json!(12_132)),
            ("fund_fen", "统筹（分）", json!(6_000)),
        ],
    )
}

/// What insurance has borne, and what the patients themselves.
pub(super) fn by_insurance() -> Seen {
    judged(
        &table("insurance", movements())?,
        &[
            ("total_fen", "总额（分）", json!(12_132)),
            ("fund_fen", "统筹（分）", json!(6_000)),
            ("account_fen", "个账（分）", json!(4_000)),
            ("cash_fen", "现金（分）", json!(2_132)),
        ],
    )
}

fn visits() -> Value {
    let seen =
        |insurance: &str, born: &str, diagnosis: &str| json!({"at": DAY, "state": "seen", "sex": "male", "insurance": insurance, "birth_date": born, "diagnosis": diagnosis});
    json!({"visits": [seen("employee", "1980-01-01", "F20.0"), seen("self_pay", "2019-03-11", "F32.1"), seen("self_pay", "1950-05-05", "F20.3"), {"at": DAY, "state": "cancelled"}]})
}

pub(super) fn volume() -> Seen {
    judged(
        &table("volume", visits())?,
        &[("registered", "挂号", json!(4)), ("cancelled", "退号", json!(1)), ("visits", "就诊", json!(3)), ("insured", "医保", json!(1)), ("self_pay", "自费", json!(2))],
    )
}

pub(super) fn ages() -> Seen {
    judged(&table("ages", visits())?, &[("male_insured", "男·医保", json!(1)), ("male_self_pay", "男·自费", json!(2)), ("total", "合计人次", json!(3))])
}

pub(super) fn diseases() -> Seen {
    let table = table("diseases", visits())?;
    let first = at(&table, "/rows/0/cells");
    let seen = judged(&table, &[("visits", "就诊人次", json!(3))])?;
    // Two of the three have schizophrenia.
    let codes: Vec<&str> = first.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if codes.contains(&"F20") { Ok(format!("{seen}；首位 {}", codes.join(" "))) } else { Err(format!("{seen}；首位 {}", codes.join(" "))) }
}
