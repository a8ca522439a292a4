//! What is tried in this program: operations of the contract with made-up people, judged by what the tender asks for.

use std::collections::BTreeMap;
use std::path::Path;

use menjie_bridge::config::{Config, Format};
use menjie_bridge::{call_alone, find};
use serde_json::{Value, json};

/// What was seen, or what is wrong.
pub(super) type Seen = Result<String, String>;
/// Tries something.
pub(super) type Try = fn() -> Seen;

/// A part of an answer by its JSON pointer; null when it is not there.
pub(super) fn at(answer: &Value, pointer: &str) -> Value {
    answer.pointer(pointer).cloned().unwrap_or_default()
}

/// The response of an operation.
pub(super) fn response(op: &str, request: &Value) -> Result<Value, String> {
    let reply = call_alone(op, &request.to_string());
    let answer: Value = serde_json::from_str(reply.json()).map_err(|_| format!("{op} 的应答不是 JSON"))?;
    if reply.is_response() { Ok(answer) } else { Err(format!("{op} 返回错误 {}", at(&answer, "/code"))) }
}

fn holds(good: bool, seen: String) -> Seen {
    if good { Ok(seen) } else { Err(seen) }
}

/// The texts of one member of every item.
fn each(list: &Value, member: &str) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|item| item.get(member)?.as_str().map(str::to_owned)).collect()
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The contract has these operations.
pub(super) fn operations(names: &[&str]) -> Seen {
    let missing: Vec<&str> = names.iter().copied().filter(|name| find(name).is_err()).collect();
    if missing.is_empty() { Ok(format!("具备：{}", names.join("、"))) } else { Err(format!("本版本没有：{}", missing.join("、"))) }
}

/// Does this build know a payment channel? It is asked to read a hospital's configuration that names it; what a channel that it knows still lacks is
/// no matter.
fn channel(name: &str, shown: &str) -> Seen {
    let document = json!({"hospitals": [{"channels": {name: {}}}]}).to_string();
    let read = Config::parse(&document, Format::Json, Path::new("/"), &BTreeMap::new());
    let unknown = format!("hospitals[0].channels.{name}");
    let knows = read.err().unwrap_or_default().iter().all(|problem| problem.path != unknown);
    holds(knows, if knows { format!("配置认识渠道 {name}（{shown}）；未连接真实商户") } else { format!("本版本没有{shown}渠道：配置不认识 {name}") })
}

pub(super) fn wechat() -> Seen {
    channel("wechat", "微信支付")
}

pub(super) fn alipay() -> Seen {
    channel("alipay", "支付宝")
}

pub(super) fn unionpay() -> Seen {
    channel("unionpay", "银联")
}

fn visit(id: &str) -> Value {
    json!({"visit_id": id, "patient_id": "P1", "date": "2026-03-10", "dept_code": "MZ", "dept_name": "门诊"})
}

fn line(id: &str, visit: &str, dept: (&str, &str), fen: i64) -> Value {
    let price = format!("{}.{:02}", fen / 100, fen % 100);
    json!({"line_id": id, "patient_id": "P1", "visit_id": visit, "kind": "service", "fee_class": "04", "item_code": id, "item_name": "样例项目", "price": price, "quantity": "1",
        "amount_fen": fen, "order_dept_code": "MZ", "order_dept_name": "门诊", "exec_dept_code": dept.0, "exec_dept_name": dept.1})
}

const LAB: (&str, &str) = ("JYK", "检验科");
const RAY: (&str, &str) = ("FSK", "放射科");

/// Visit, department and total of every bill.
fn bills(visits: &[&str], lines: &[Value]) -> Result<Vec<(String, String, i64)>, String> {
    let visits: Vec<Value> = visits.iter().map(|id| visit(id)).collect();
    let answer = response("bill.group", &json!({"visits": visits, "lines": lines}))?;
    let text = |bill: &Value, name: &str| bill.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(at(&answer, "/bills")
        .as_array()
        .into_iter()
        .flatten()
        .map(|bill| (text(bill, "visit_id"), text(bill, "dept_name"), at(bill, "/total_fen").as_i64().unwrap_or_default()))
        .collect())
}

fn told(bills: &[(String, String, i64)]) -> String {
    let each = bills.iter().map(|(visit, dept, fen)| format!("{visit}/{dept} {fen} 分")).collect::<Vec<_>>();
    format!("得到 {} 张单据：{}", bills.len(), each.join("，"))
}

pub(super) fn grouping() -> Seen {
    let found = bills(&["V1", "V2"], &[line("A", "V1", LAB, 2_000), line("B", "V2", LAB, 3_000), line("C", "V2", RAY, 500)])?;
    holds(found.len() == 3 && found.iter().filter(|bill| bill.0 == "V2").count() == 2, told(&found))
}

pub(super) fn by_department() -> Seen {
    let found = bills(&["V1"], &[line("A", "V1", LAB, 2_000), line("B", "V1", LAB, 150), line("C", "V1", RAY, 500)])?;
    let lab = found.iter().find(|bill| bill.1 == LAB.1).map(|bill| bill.2);
    holds(found.len() == 2 && lab == Some(2_150), told(&found))
}

pub(super) fn amounts() -> Seen {
    for amount in ["1.5", "NaN", "1e300", "\"12.345\"", "9007199254740993"] {
        let reply = call_alone("invoice.amount_in_words", &format!("{{\"amount_fen\":{amount}}}"));
        if reply.code() != 2 {
            return Err(format!("{amount} 没有被拒绝"));
        }
    }
    Ok("五个错误金额都被拒绝，指出字段 amount_fen".to_owned())
}

pub(super) fn invoice() -> Seen {
    let words = response("invoice.amount_in_words", &json!({"amount_fen": 35_619}))?;
    let text = at(&words, "/words").as_str().unwrap_or_default().to_owned();
    holds(text == "叁佰伍拾陆元壹角玖分" && find("invoice.check_split").is_ok(), format!("356.19 元：{text}"))
}

fn refund(payer: &str, now: &str) -> Result<Value, String> {
    let facts = json!({"now": now, "payer": payer, "settlement": "posted", "invoice": "blue",
        "insurer_settled_at": (payer == "insured").then_some("2026-03-10T09:00:00+08:00"),
        "channel": {"paid_at": "2026-03-10T09:00:00+08:00", "refund_age_days": 365, "partial_refund": true},
        "lines": [{"line_id": "A", "amount_fen": 1_000, "quantity": "1", "exec_dept_code": "JYK"}]});
    response("refund.check", &json!({"facts": facts}))
}

pub(super) fn self_paid_refund() -> Seen {
    let answer = refund("self_pay", "2026-03-20T10:00:00+08:00")?;
    let plan = at(&answer, "/plan");
    let plan = words(&plan);
    holds(at(&answer, "/decision") == "allowed" && plan.starts_with(&["doctor", "finance"]) && plan.ends_with(&["returning", "red"]), format!("步骤：{}", plan.join(" → ")))
}

pub(super) fn insured_refund() -> Seen {
    let answer = refund("insured", "2026-03-20T10:00:00+08:00")?;
    let plan = at(&answer, "/plan");
    let plan = words(&plan);
    let right = plan.starts_with(&["doctor", "unconfirm", "finance"]) && plan.ends_with(&["returning", "red"]) && at(&answer, "/represcribe") == true;
    holds(right, format!("步骤：{}，之后医生重新开方：{}", plan.join(" → "), if at(&answer, "/represcribe") == true { "是" } else { "否" }))
}

pub(super) fn cross_month() -> Seen {
    let answer = refund("insured", "2026-04-01T00:00:00+08:00")?;
    let reasons = each(&at(&answer, "/reasons"), "text");
    holds(
        at(&answer, "/decision") == "refused" && !reasons.is_empty(),
        format!("3月10日结算，4月1日申请：{}，{}", if at(&answer, "/decision") == "refused" { "拒绝" } else { "未拒绝" }, reasons.join("；")),
    )
}

pub(super) fn notice() -> Seen {
    let answer = response("insurance.notice", &json!({"settled_at": "2026-02-10T09:00:00+08:00"}))?;
    let text = at(&answer, "/text").as_str().unwrap_or_default().to_owned();
    holds(text.contains("跨月不能退费"), text)
}

pub(super) fn split() -> Seen {
    let his = json!({"total_fen": 8_850, "own_fen": 0, "over_limit_fen": 0, "pre_self_fen": 850, "in_scope_fen": 8_000, "fund_fen": 5_600, "personal_fen": 3_250, "account_fen": 3_000,
        "cash_fen": 250, "mutual_aid_fen": 1_000, "funds": {"pooled_fen": 5_600}, "details_fen": [5_600], "lines_fen": [8_850]});
    let answer = response("insurance.check_split", &json!({"his": his}))?;
    let parts = at(&answer, "/parts");
    holds(
        at(&answer, "/holds") == true,
        format!("总额 {}，统筹 {}，个账 {}，现金 {}（分）", at(&parts, "/total_fen"), at(&parts, "/fund_fen"), at(&parts, "/account_fen"), at(&parts, "/cash_fen")),
    )
}

/// What the tender calls mandatory; the age follows from the date of birth.
const MANDATORY: [&str; 13] =
    ["name", "sex", "birth_date", "nationality", "marital", "ethnic", "id_type", "id_no", "address", "phone", "contact_name", "contact_relation", "pay_method"];

pub(super) fn first_visit() -> Seen {
    let answer = response("patient.validate", &json!({"record": {}, "today": "2026-03-10"}))?;
    let asked = each(&at(&answer, "/errors"), "path");
    let missing: Vec<&str> = MANDATORY.into_iter().filter(|field| !asked.iter().any(|path| path == field)).collect();
    holds(missing.is_empty(), if missing.is_empty() { format!("{} 个字段均为必填；年龄由出生日期得出", MANDATORY.len()) } else { format!("未作必填：{}", missing.join("、")) })
}

pub(super) fn reconciled() -> Seen {
    let row = |no: &str, fen: i64| json!({"order_no": no, "amount_fen": fen, "at": "2026-03-10T10:00:00+08:00"});
    let both = [row("N1", 100), row("N2", 2_500)];
    let answer = response("reconcile.run", &json!({"date": "2026-03-10", "channel": [both[0], both[1], row("N3", 30)], "his": both}))?;
    let kinds = each(&at(&answer, "/differences"), "kind");
    holds(kinds == ["only_channel"] && at(&answer, "/summary/long_fen") == 30, format!("差异：{}，长款 {} 分", kinds.join("、"), at(&answer, "/summary/long_fen")))
}

/// Answers printed in GB/T 32905, GB/T 32918.5 and RFC 8998.
pub(super) fn algorithms() -> Seen {
    let sm3 = response("crypto.sm3", &json!({"data_hex": "616263"}))?;
    let sm2 = response(
        "crypto.sm2_verify",
        &json!({"public_hex": "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
            "data_hex": "6d65737361676520646967657374",
            "signature_hex": "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"}),
    )?;
    let plain: String = ["aa", "bb", "cc", "dd", "ee", "ff", "ee", "aa"].iter().map(|byte| byte.repeat(8)).collect();
    let sm4 = response(
        "crypto.sm4_gcm_seal",
        &json!({"key_hex": "0123456789abcdeffedcba9876543210", "nonce_hex": "00001234567800000000abcd", "aad_hex": "feedfacedeadbeeffeedfacedeadbeefabaddad2", "plain_hex": plain}),
    )?;
    let right = [
        ("SM3", at(&sm3, "/digest_hex") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        ("SM2", at(&sm2, "/valid") == true),
        (
            "SM4-GCM",
            at(&sm4, "/sealed_hex")
                == "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec",
        ),
    ];
    let wrong: Vec<&str> = right.iter().filter(|(_, right)| !right).map(|(name, _)| *name).collect();
    holds(wrong.is_empty(), if wrong.is_empty() { "SM3、SM2、SM4-GCM 均与标准给出的答案一致".to_owned() } else { format!("不一致：{}", wrong.join("、")) })
}

/// Which system this is; the tender wants openEuler.
pub(super) fn system() -> Seen {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).map_or(std::env::consts::OS, |name| name.trim_matches('"'));
    holds(name.contains("openEuler"), format!("{name}，{}", std::env::consts::ARCH))
}

#[cfg(test)]
mod tests {
    use super::super::reports;
    use super::*;

    /// A channel that nobody has built is not taken on trust, nor one of another name.
    #[test]
    fn a_channel_that_is_not_built_is_told() {
        assert!(channel("no_such", "某").unwrap_err().contains("本版本没有某渠道"));
    }

    #[test]
    fn what_is_tried_holds_in_this_build() {
        for (name, run) in [
            ("grouping", grouping as Try),
            ("by_department", by_department),
            ("amounts", amounts),
            ("invoice", invoice),
            ("self_paid_refund", self_paid_refund),
            ("insured_refund", insured_refund),
            ("cross_month", cross_month),
            ("notice", notice),
            ("split", split),
            ("first_visit", first_visit),
            ("reconciled", reconciled),
            ("algorithms", algorithms),
            ("wechat", wechat),
            ("finance", reports::finance),
            ("by_insurance", reports::by_insurance),
            ("volume", reports::volume),
            ("ages", reports::ages),
            ("diseases", reports::diseases),
        ] {
            assert!(run().is_ok(), "{name}: {:?}", run());
        }
        assert!(operations(&["bill.group", "no.such"]).unwrap_err().contains("no.such"));
    }

    #[test]
    fn what_does_not_hold_is_told() {
        assert_eq!(holds(false, "x".to_owned()), Err("x".to_owned()));
        assert!(response("bill.group", &json!({})).unwrap_err().contains('2'));
    }
}
