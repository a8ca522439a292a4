//! What a ticket must say before a number is given to it (domain/hospital.md §3.3, §3.4).

use serde_json::Value;

use super::envelope::Failure;

/// Texts that must be there, with their longest length.
const TEXTS: [(&str, usize); 19] = [
    ("busNo", 50),
    ("busType", 20),
    ("payer", 100),
    ("placeCode", 50),
    ("payee", 50),
    ("author", 100),
    ("payerType", 1),
    ("cardType", 10),
    ("cardNo", 50),
    ("medicalInstitution", 30),
    ("medicalCareType", 60),
    ("consultationDate", 10),
    ("patientNo", 30),
    ("caseNumber", 50),
    ("sex", 4),
    ("age", 10),
    ("isArrears", 1),
    ("patientCategory", 60),
    ("busDateTime", 17),
];

/// Amounts that must be there.
const AMOUNTS: [&str; 8] = ["totalAmt", "accountPay", "fundPay", "otherfundPay", "ownPay", "selfConceitedAmt", "selfPayAmt", "selfCashPay"];

/// Checks a ticket and gives its total in fen.
pub(super) fn check(ticket: &Value) -> Result<i64, Failure> {
    for (name, max) in TEXTS {
        // Up to V3.1 the department travels as `category`, and `patientCategory` may be missing.
        let value = match (name, ticket.get(name)) {
            ("patientCategory", None) => ticket.get("category"),
            (_, value) => value,
        };
        let text = value.and_then(Value::as_str).ok_or_else(|| wrong(name, "必填"))?;
        if text.is_empty() || text.chars().count() > max {
            return Err(wrong(name, "长度不符合要求"));
        }
    }
    let digits = |name: &str, lengths: &[usize]| {
        let text: String = ticket.get(name).and_then(Value::as_str).unwrap_or("").chars().filter(|c| *c != '-').collect();
        if lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) { Ok(()) } else { Err(wrong(name, "日期格式不正确")) }
    };
    digits("busDateTime", &[17])?;
    digits("consultationDate", &[8])?;
    if ticket.get("payerType").and_then(Value::as_str) != Some("1") {
        return Err(wrong("payerType", "门诊交款人应为个人"));
    }
    for name in AMOUNTS {
        cents(ticket, name, 2)?;
    }
    let amount = |name: &'static str| cents(ticket, name, 2);
    let total = amount("totalAmt")?;
    if total <= 0 {
        return Err(wrong("totalAmt", "应大于0"));
    }
    if total != amount("fundPay")? + amount("otherfundPay")? + amount("accountPay")? + amount("selfCashPay")? {
        return Err(wrong("totalAmt", "与基金、账户、现金支付之和不等"));
    }
    if sum(ticket, "payChannelDetail", "payChannelValue", 2)? != total {
        return Err(wrong("payChannelDetail", "合计与totalAmt不等"));
    }
    if sum(ticket, "chargeDetail", "amt", 2)? != total {
        return Err(wrong("chargeDetail", "合计与totalAmt不等"));
    }
    if ticket.get("listDetail").is_some() && half_up(sum(ticket, "listDetail", "amt", 4)?) != half_up(total) {
        return Err(wrong("listDetail", "合计与totalAmt不等"));
    }
    Ok(half_up(total))
}

fn wrong(name: &str, issue: &str) -> Failure {
    Failure::new("E2001", &format!("{name}{issue}"))
}

fn sum(ticket: &Value, list: &'static str, field: &'static str, decimals: usize) -> Result<i64, Failure> {
    let rows = ticket.get(list).and_then(Value::as_array).filter(|rows| !rows.is_empty()).ok_or_else(|| wrong(list, "必填"))?;
    rows.iter().map(|row| cents(row, field, decimals)).sum()
}

/// An amount in 1/10000 yuan; more decimals than allowed are refused.
fn cents(object: &Value, name: &'static str, decimals: usize) -> Result<i64, Failure> {
    let text = match object.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(wrong(name, "必填")),
    };
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || !plain(whole) || !plain(fraction) || fraction.len() > decimals {
        return Err(wrong(name, "金额格式不正确"));
    }
    format!("{whole}{fraction:0<4}").parse::<i64>().map(|value| value * sign).map_err(|_| wrong(name, "金额格式不正确"))
}

/// 1/10000 yuan to fen, half away from zero.
const fn half_up(value: i64) -> i64 {
    (value.abs() + 50) / 100 * value.signum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_have_a_sign_and_bounded_decimals() {
        let read = |value: Value, decimals| cents(&json!({"amt": value}), "amt", decimals);
        assert_eq!(read(json!("121.32"), 2), Ok(1_213_200));
        assert_eq!(read(json!("-0.0050"), 4), Ok(-50));
        assert_eq!(read(json!(12), 2), Ok(120_000));
        for bad in [json!("1.234"), json!("1,0"), json!(""), json!(null), json!("1e3"), json!(".5")] {
            assert!(read(bad.clone(), 2).is_err(), "{bad}");
        }
        assert_eq!((half_up(33_450), half_up(-33_450), half_up(33_449)), (335, -335, 334));
    }
}
