//! `refund-check` over files of every kind, and what bad files are told in both languages.

use std::process::Command;

use encoding_rs::GB18030;
use serde_json::{Value, json};

#[cfg(feature = "parquet")]
use super::records::columns;
use super::records::{HEAD, csv, lines_of, objects, refused, rows, run};
use super::text;

fn settlement(now: &str) -> Value {
    json!({"facts": {"now": now, "payer": "insured", "settlement": "posted", "invoice": "blue", "insurer_settled_at": "2026-03-10T09:00:00+08:00",
        "lines": [{"line_id": "A", "amount_fen": 1_000, "quantity": "1", "exec_dept_code": "JYK"}]}})
}

#[test]
fn refunds_are_judged_record_by_record() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let in_time = settlement("2026-03-31T23:59:59+08:00");
    std::fs::write(here.join("r.jsonl"), lines_of(&[in_time.clone(), settlement("2026-04-01T00:00:00+08:00")])).unwrap();
    let decisions = rows(&run(here, &["refund-check", "r.jsonl"], "", 1));
    assert_eq!((&decisions[0]["decision"], &decisions[1]["decision"], &decisions[1]["line"]), (&json!("allowed"), &json!("refused"), &json!(2)));
    assert!(decisions[0]["plan"].as_str().unwrap().starts_with("doctor; unconfirm; finance") && decisions[1]["text"].is_string());
    run(here, &["refund-check"], &in_time.to_string(), 0);
    std::fs::write(here.join("bad.jsonl"), in_time.to_string().replace("1000", "1.5")).unwrap();
    assert!(refused(here, &["refund-check", "bad.jsonl"]).starts_with("menjie: bad.jsonl:1:1: facts.lines[0].amount_fen: floating point"));
}

/// Settlements as tables: a row a line, what is known of the whole in each of them.
const SETTLED: [[&str; 9]; 4] = [
    ["S1", "2026-03-31T23:59:59+08:00", "insured", "posted", "blue", "2026-03-10T09:00:00+08:00", "A", "1000", "JYK"],
    ["S1", "2026-03-31T23:59:59+08:00", "insured", "posted", "blue", "2026-03-10T09:00:00+08:00", "B", "550", "FSK"],
    ["S2", "2026-04-01T00:00:00+08:00", "insured", "posted", "blue", "2026-03-10T09:00:00+08:00", "A", "1000", "JYK"],
    ["S3", "2026-04-01T00:00:00+08:00", "self_pay", "posted", "none", "", "A", "1000", "检验科"],
];
const SETTLED_HEAD: &str =
    "settlement_no,now,payer,settlement,invoice,insurer_settled_at,line_id,amount_fen,exec_dept_code,quantity,channel.paid_at,channel.partial_refund,channel.refund_age_days";

fn settled_csv(rows: &[[&str; 9]]) -> String {
    let row = |row: &[&str; 9]| format!("{},1,2026-03-10T09:00:00+08:00,true,365\n", row.join(","));
    format!("{SETTLED_HEAD}\n{}", rows.iter().map(row).collect::<String>())
}

fn settled_json() -> String {
    let mut whole: Vec<(&str, Value)> = Vec::new();
    for [no, now, payer, settlement, invoice, insurer_settled_at, line_id, fen, dept] in SETTLED {
        let line = json!({"line_id": line_id, "amount_fen": fen.parse::<i64>().unwrap(), "quantity": "1", "exec_dept_code": dept});
        if let Some((_, before)) = whole.last_mut().filter(|(before, _)| *before == no) {
            before["facts"]["lines"].as_array_mut().unwrap().push(line);
            continue;
        }
        let settled_at = if insurer_settled_at.is_empty() { Value::Null } else { json!(insurer_settled_at) };
        let channel = json!({"paid_at": "2026-03-10T09:00:00+08:00", "partial_refund": true, "refund_age_days": 365});
        let facts = json!({"now": now, "payer": payer, "settlement": settlement, "invoice": invoice, "insurer_settled_at": settled_at, "channel": channel, "lines": [line]});
        whole.push((no, json!({ "facts": facts })));
    }
    lines_of(&whole.into_iter().map(|(_, request)| request).collect::<Vec<_>>())
}

#[test]
fn refunds_are_judged_alike_whatever_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let put = |name: &str, bytes: &[u8]| std::fs::write(here.join(name), bytes).unwrap();
    let table = settled_csv(&SETTLED);
    put("r.jsonl", settled_json().as_bytes());
    put("r.csv", table.as_bytes());
    put("gbk.csv", &GB18030.encode(&table).0);
    put("theirs.csv", table.replacen("settlement_no", "结算号", 1).replacen("amount_fen", "金额（分）", 1).as_bytes());
    let judged = |args: &[&str]| {
        let mut found = rows(&run(here, &[&["refund-check"][..], args].concat(), "", 1));
        for row in &mut found {
            row.as_object_mut().unwrap().retain(|name, _| name != "file" && name != "line");
        }
        found
    };
    let wanted = judged(&["r.jsonl"]);
    let decisions: Vec<&str> = wanted.iter().map(|row| row["decision"].as_str().unwrap()).collect();
    assert_eq!((decisions, &wanted[0]["refund_fen"]), (vec!["allowed", "refused", "allowed"], &json!(1_550)));
    for args in [&["r.csv"][..], &["gbk.csv"], &["theirs.csv", "--rename", "结算号=settlement_no", "--rename", "金额（分）=amount_fen"]] {
        assert_eq!(judged(args), wanted, "{args:?}");
    }
    #[cfg(feature = "parquet")]
    {
        use columns::Column::{Flag, Text, Whole};
        let of = |at: usize| SETTLED.iter().map(|row| row[at].to_owned()).collect::<Vec<_>>();
        let every = |text: &str| vec![text.to_owned(); SETTLED.len()];
        let names = ["settlement_no", "now", "payer", "settlement", "invoice", "insurer_settled_at", "line_id"];
        let mut all: Vec<columns::Column> = names.into_iter().enumerate().map(|(at, name)| Text(name, of(at))).collect();
        all.push(Whole("amount_fen", SETTLED.iter().map(|row| row[7].parse().unwrap()).collect()));
        all.extend([Text("exec_dept_code", of(8)), Text("quantity", every("1")), Text("channel.paid_at", every("2026-03-10T09:00:00+08:00"))]);
        all.extend([Flag("channel.partial_refund", vec![true; SETTLED.len()]), Whole("channel.refund_age_days", vec![365; SETTLED.len()])]);
        columns::write(&here.join("r.parquet"), &all);
        assert_eq!(judged(&["r.parquet"]), wanted);
    }
    // A person finds it by the first line of its settlement.
    let lines: Vec<Value> = rows(&run(here, &["refund-check", "r.csv"], "", 1)).iter().map(|row| row["line"].clone()).collect();
    assert_eq!(lines, [2, 4, 5]);

    put("apart.csv", settled_csv(&[SETTLED[0], SETTLED[2], SETTLED[1]]).as_bytes());
    let told = |file: &str| text(&run(here, &["refund-check", file], "", 2).stderr);
    assert_eq!(told("apart.csv"), "menjie: apart.csv:4: settlement_no: stands in rows that are not together\n");
    let mut other = SETTLED[1];
    other[4] = "red";
    put("differs.csv", settled_csv(&[SETTLED[0], other]).as_bytes());
    assert_eq!(told("differs.csv"), "menjie: differs.csv:3: settlement_no: differs from the first row of its settlement\n");
    put("word.csv", table.replacen("posted", "paid", 1).as_bytes());
    assert!(told("word.csv").starts_with("menjie: word.csv:2: settlement: is not a known word; expected"), "{}", told("word.csv"));
}

/// Every way in which a file can be bad, as whoever reads Chinese is told of it.
#[test]
fn bad_files_are_told_in_the_language_of_whoever_asks() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let table = csv(|fen| fen.to_string());
    let put = |name: &str, bytes: &[u8]| std::fs::write(here.join(name), bytes).unwrap();
    put("amount.csv", csv(|fen| format!("{fen}.5")).as_bytes());
    put("cells.csv", format!("{HEAD}\nA1,P1\n").as_bytes());
    put("column.csv", table.replacen("amount_fen", "fee_yuan", 1).as_bytes());
    put("twice.csv", table.replacen("patient_id", "line_id", 1).as_bytes());
    put("bytes.csv", b"line_id\n\xff\xff\n");
    put("utf16.csv", b"\xff\xfea\0");
    put("cut.json", b"[{\"line_id\": \"A\"");
    put("list.json", b"[1]");
    put("float.jsonl", lines_of(&objects()).replacen("2000", "1.5", 1).as_bytes());
    put("lacks.jsonl", b"{\"line_id\": \"A\"}\n");
    put("no.parquet", b"PAR1");
    let files = [
        ("amount.csv", ":2: amount_fen: ", "不是整数（金额以分为单位，必须是整数）", "is not a whole number"),
        ("cells.csv", ":2: ", "有 2 格，而表头有 15 格", "has 2 cells"),
        ("column.csv", ":1: fee_yuan: ", "不认识（第 10 列）；可用 --rename", "is unknown (column 10)"),
        ("twice.csv", ":1: line_id: ", "重复出现", "is there twice"),
        ("bytes.csv", ": ", "第 2 行不是 gb18030 编码", "line 2 is not gb18030"),
        ("utf16.csv", ": ", "是 UTF-16 编码，请另存为", "is UTF-16"),
        ("cut.json", ":1:2: ", "记录没有结束，文件可能不完整", "the record is not closed"),
        ("list.json", ":1:2: ", "每条记录应为一个对象", "a record is an object"),
        ("float.jsonl", ":1:1: amount_fen: ", "此处不能是小数", "floating point is not accepted here"),
        ("lacks.jsonl", ":1:1: ", "缺失", "is missing"),
        ("gone.csv", ": ", "文件不存在", "entity not found"),
        #[cfg(feature = "parquet")]
        ("no.parquet", ": ", "不是可读取的 Parquet 文件", "is not a Parquet file"),
    ];
    for (file, place, chinese, english) in files {
        for (lang, problem) in [("zh", chinese), ("en", english)] {
            let told = refused(here, &["group", file, "--lang", lang]);
            assert!(told.starts_with(&format!("menjie: {file}{place}")) && told.contains(problem), "{lang}: {told}");
        }
    }
    let by_locale = Command::new(env!("CARGO_BIN_EXE_menjie")).args(["group", "gone.csv"]).env_clear().env("LC_ALL", "zh_CN.UTF-8").current_dir(here).output().unwrap();
    assert!(text(&by_locale.stderr).contains("文件不存在"), "{}", text(&by_locale.stderr));
}
