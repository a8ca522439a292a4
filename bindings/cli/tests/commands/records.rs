//! Files of records through the built program: every format in and out, and what is refused by file, line and field.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use encoding_rs::GB18030;
use serde_json::{Value, json};

use super::{menjie, text};

pub(super) const HEAD: &str =
    "line_id,patient_id,visit_id,kind,fee_class,item_code,item_name,price,quantity,amount_fen,order_dept_code,order_dept_name,exec_dept_code,exec_dept_name,main_line";

/// Key, visit, amount, department.
const LINES: [(&str, &str, i64, (&str, &str)); 4] =
    [("A1", "V1", 2_000, ("JYK", "检验科")), ("A2", "V1", 150, ("JYK", "检验科")), ("B1", "V1", 500, ("FSK", "放射科")), ("C1", "V2", 3_000, ("JYK", "检验科"))];

pub(super) fn csv(amount: impl Fn(i64) -> String) -> String {
    let line = |(id, visit, fen, dept): &(&str, &str, i64, (&str, &str))| {
        format!("{id},P1,{visit},service,04,I{id},\"血常规, 五分类\",{}.{:02},1,{},MZ,门诊,{},{},true\n", fen / 100, fen % 100, amount(*fen), dept.0, dept.1)
    };
    format!("{HEAD}\n{}", LINES.iter().map(line).collect::<String>())
}

pub(super) fn objects() -> Vec<Value> {
    let line = |(id, visit, fen, dept): &(&str, &str, i64, (&str, &str))| {
        json!({"line_id": id, "patient_id": "P1", "visit_id": visit, "kind": "service", "fee_class": "04", "item_code": format!("I{id}"), "item_name": "血常规, 五分类",
            "price": format!("{}.{:02}", fen / 100, fen % 100), "quantity": "1", "amount_fen": fen, "order_dept_code": "MZ", "order_dept_name": "门诊",
            "exec_dept_code": dept.0, "exec_dept_name": dept.1, "main_line": true})
    };
    LINES.iter().map(line).collect()
}

fn visits() -> Vec<Value> {
    ["V1", "V2"].map(|id| json!({"visit_id": id, "patient_id": "P1", "date": "2026-03-10", "dept_code": "MZ", "dept_name": "门诊"})).to_vec()
}

pub(super) fn lines_of(objects: &[Value]) -> String {
    objects.iter().map(|object| format!("{object}\n")).collect()
}

pub(super) fn rows(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Runs it and expects it to end like this.
pub(super) fn run(folder: &Path, args: &[&str], input: &str, exit: i32) -> Output {
    let output = menjie(args, folder, input);
    assert_eq!(output.status.code(), Some(exit), "{args:?}: {}{}", text(&output.stdout), text(&output.stderr));
    output
}

/// Runs it, expects it to be refused, and tells what was said.
pub(super) fn refused(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args, "", 2);
    assert!(output.stdout.is_empty(), "{args:?}: {}", text(&output.stdout));
    text(&output.stderr)
}

#[cfg(feature = "parquet")]
pub(super) mod columns {
    use std::path::Path;
    use std::sync::Arc;

    use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    /// A column with its declaration.
    pub(crate) enum Column {
        Text(&'static str, Vec<String>),
        Whole(&'static str, Vec<i64>),
        Double(&'static str, Vec<f64>),
        Flag(&'static str, Vec<bool>),
    }

    pub(crate) fn write(path: &Path, columns: &[Column]) {
        let fields: String = columns
            .iter()
            .map(|column| match column {
                Column::Text(name, _) => format!("required binary {name} (UTF8);"),
                Column::Whole(declared, _) => format!("required int64 {declared};"),
                Column::Double(name, _) => format!("required double {name};"),
                Column::Flag(name, _) => format!("required boolean {name};"),
            })
            .collect();
        let schema = Arc::new(parse_message_type(&format!("message m {{ {fields} }}")).unwrap());
        let mut writer = SerializedFileWriter::new(std::fs::File::create(path).unwrap(), schema, Arc::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        for column in columns {
            let mut out = group.next_column().unwrap().unwrap();
            let written = match column {
                Column::Text(_, values) => {
                    let texts: Vec<ByteArray> = values.iter().map(|value| ByteArray::from(value.as_str())).collect();
                    out.typed::<ByteArrayType>().write_batch(&texts, None, None)
                }
                Column::Whole(_, values) => out.typed::<Int64Type>().write_batch(values, None, None),
                Column::Double(_, values) => out.typed::<DoubleType>().write_batch(values, None, None),
                Column::Flag(_, values) => out.typed::<BoolType>().write_batch(values, None, None),
            };
            assert!(written.unwrap() > 0);
            out.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
    }

    /// The rows of a file, each as name and shown value.
    pub(super) fn read(path: &Path) -> Vec<Vec<(String, String)>> {
        let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
        let rows = reader.get_row_iter(None).unwrap();
        rows.map(|row| row.unwrap().get_column_iter().map(|(name, field)| (name.clone(), field.to_string().trim_matches('"').to_owned())).collect()).collect()
    }

    /// The charge lines, with a column of one's own for the amounts.
    pub(super) fn lines(amounts: Column) -> Vec<Column> {
        let of = |pick: &dyn Fn(&super::Value) -> String| super::objects().iter().map(pick).collect::<Vec<String>>();
        let text = |name: &'static str| Column::Text(name, of(&|line| line[name].as_str().unwrap().to_owned()));
        let names = [
            "line_id",
            "patient_id",
            "visit_id",
            "kind",
            "fee_class",
            "item_code",
            "item_name",
            "quantity",
            "order_dept_code",
            "order_dept_name",
            "exec_dept_code",
            "exec_dept_name",
        ];
        let mut columns: Vec<Column> = names.into_iter().map(text).collect();
        columns.push(Column::Flag("main_line", vec![true; super::LINES.len()]));
        // Prices as DuckDB and Spark have them: decimals.
        columns.push(Column::Whole("price (DECIMAL(18,2))", super::LINES.iter().map(|line| line.2).collect()));
        columns.push(amounts);
        columns
    }
}

#[test]
fn every_format_gives_the_bills_of_the_operation() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let put = |name: &str, bytes: &[u8]| std::fs::write(here.join(name), bytes).unwrap();
    put("utf8.csv", csv(|fen| fen.to_string()).as_bytes());
    put("bom.csv", format!("\u{feff}{}", csv(|fen| fen.to_string())).as_bytes());
    put("gbk.csv", &GB18030.encode(&csv(|fen| fen.to_string())).0);
    put("list.json", json!(objects()).to_string().as_bytes());
    put("lines.jsonl", lines_of(&objects()).as_bytes());
    put("visits.jsonl", lines_of(&visits()).as_bytes());
    let mut files = vec!["utf8.csv", "bom.csv", "gbk.csv", "list.json", "lines.jsonl"];
    #[cfg(feature = "parquet")]
    {
        columns::write(&here.join("lines.parquet"), &columns::lines(columns::Column::Whole("amount_fen", LINES.iter().map(|line| line.2).collect())));
        files.push("lines.parquet");
    }

    let request = json!({"visits": visits(), "lines": objects()}).to_string();
    let by_operation: Value = serde_json::from_slice(&run(here, &["call", "bill.group"], &request, 0).stdout).unwrap();
    let mut expected: Vec<(String, i64)> =
        by_operation["bills"].as_array().unwrap().iter().map(|bill| (bill["bill_id"].as_str().unwrap().to_owned(), bill["total_fen"].as_i64().unwrap())).collect();
    expected.sort();
    for file in &files {
        let output = run(here, &["group", file, "--visits", "visits.jsonl"], "", 0);
        let found = rows(&output);
        let mut bills: Vec<(String, i64)> = found.iter().map(|bill| (bill["bill_id"].as_str().unwrap().to_owned(), bill["total_fen"].as_i64().unwrap())).collect();
        bills.sort();
        assert_eq!(bills, expected, "{file}");
        assert_eq!(found[0]["dept_name"], "检验科", "{file}");
        assert!(text(&output.stderr).contains("4 lines, 3 bills, 56.50 yuan"), "{file}: {}", text(&output.stderr));
    }
    // The same through standard input, whatever it is, and in two files.
    for file in &files {
        let bytes = std::fs::read(here.join(file)).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_menjie"))
            .args(["group", "-"])
            .env_clear()
            .current_dir(here)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        assert_eq!(rows(&child.wait_with_output().unwrap()).len(), 3, "{file}");
    }
    let split = lines_of(&objects());
    let (first, second) = split.split_at(split.find("{\"amount_fen\":500").unwrap());
    put("1.jsonl", first.as_bytes());
    put("2.jsonl", second.as_bytes());
    assert_eq!(rows(&run(here, &["group", "1.jsonl", "2.jsonl", "--lines", "in.csv"], "", 0)).len(), 3);
    let of_lines = std::fs::read_to_string(here.join("in.csv")).unwrap();
    assert_eq!((of_lines.lines().count(), of_lines.lines().next().unwrap()), (5, "line_id,bill_id,netted"));
    assert!(expected.iter().all(|(bill, _)| of_lines.contains(bill.as_str())));
}

#[test]
fn answers_are_tables_for_people_and_data_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("lines.csv"), csv(|fen| fen.to_string())).unwrap();
    let table = text(&run(here, &["group", "lines.csv", "-o", "table", "--lang", "zh"], "", 0).stdout);
    assert!(table.starts_with("缴费单号") && table.contains("21.50") && table.contains("放射科"), "{table}");
    let list: Vec<Value> = serde_json::from_slice(&run(here, &["group", "lines.csv", "-o", "json"], "", 0).stdout).unwrap();
    assert_eq!((list.len(), &list[0]["total_fen"], &list[0]["lines"]), (3, &json!(2_150), &json!(2)));
    assert_eq!(text(&run(here, &["group", "-o", "json"], "", 0).stdout), "[]\n", "no lines, no bills");
    assert_eq!(text(&run(here, &["group", "lines.csv", "-o", "csv"], "", 0).stdout).lines().count(), 4);
    run(here, &["group", "lines.csv", "-o", "bills.csv", "--bom"], "", 0);
    assert!(std::fs::read_to_string(here.join("bills.csv")).unwrap().starts_with("\u{feff}bill_id,"));
    assert!(refused(here, &["group", "lines.csv", "-o", "bills.csv"]).contains("never overwritten"));
    assert!(refused(here, &["group", "lines.csv", "-o", "bills.xlsx"]).contains(".parquet"));
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(here.join("bills.csv")).unwrap().permissions()) & 0o077, 0, "records are of patients");
    #[cfg(feature = "parquet")]
    {
        run(here, &["group", "lines.csv", "-o", "bills.parquet"], "", 0);
        let rows = columns::read(&here.join("bills.parquet"));
        let cell = |row: usize, name: &str| rows[row].iter().find(|(known, _)| known == name).unwrap().1.clone();
        assert_eq!((rows.len(), cell(0, "total_fen"), cell(0, "dept_name"), cell(0, "zero")), (3, "2150".to_owned(), "检验科".to_owned(), "false".to_owned()));
    }
    // What was begun and not finished is not left behind.
    std::fs::write(here.join("bad.csv"), csv(|fen| if fen == 500 { "5.00".to_owned() } else { fen.to_string() })).unwrap();
    refused(here, &["validate", "charges", "bad.csv", "--visits", "lines.csv", "-o", "out.csv"]);
    assert!(!here.join("out.csv").exists());
}

/// The third line of the file, amount by amount and format by format.
#[test]
fn wrong_amounts_are_refused_by_file_line_and_field_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (no, amount) in ["1.5", "NaN", "1e300", "\"12.345\"", "9007199254740993"].into_iter().enumerate() {
        let broken = |fen: i64| if fen == 500 { amount.to_owned() } else { fen.to_string() };
        let (by_csv, by_json) = (format!("{no}.csv"), format!("{no}.jsonl"));
        std::fs::write(here.join(&by_csv), csv(broken)).unwrap();
        std::fs::write(here.join(&by_json), lines_of(&objects()).replace("\"amount_fen\":500", &format!("\"amount_fen\":{amount}"))).unwrap();
        let told = refused(here, &["group", &by_csv]);
        assert!(told.starts_with(&format!("menjie: {by_csv}:4: amount_fen: ")), "{amount}: {told}");
        let told = refused(here, &["group", &by_json]);
        // Broken JSON has a place, and no field.
        let place = if amount == "NaN" { format!("menjie: {by_json}:3:15: ") } else { format!("menjie: {by_json}:3:1: amount_fen: ") };
        assert!(told.starts_with(&place), "{amount}: {told}");
        assert!(!told.contains(amount), "{told}");
    }
    #[cfg(feature = "parquet")]
    {
        use columns::Column;
        let amounts = |amounts: [f64; 4]| columns::lines(Column::Double("amount_fen", amounts.to_vec()));
        for (no, third) in [1.5, f64::NAN, 1e300, 500.0].into_iter().enumerate() {
            let file = format!("{no}.parquet");
            columns::write(&here.join(&file), &amounts([2_000.0, 150.0, third, 3_000.0]));
            let told = refused(here, &["group", &file]);
            assert!(told.starts_with(&format!("menjie: {file}: amount_fen: is a column of floating-point numbers")), "{told}");
        }
        columns::write(&here.join("text.parquet"), &columns::lines(Column::Text("amount_fen", ["2000", "150", "12.345", "3000"].map(str::to_owned).to_vec())));
        assert!(refused(here, &["group", "text.parquet"]).starts_with("menjie: text.parquet: record 3: amount_fen: is not a whole number"));
        columns::write(&here.join("long.parquet"), &columns::lines(Column::Whole("amount_fen", vec![2_000, 150, (1 << 53) + 1, 3_000])));
        assert!(refused(here, &["group", "long.parquet"]).starts_with("menjie: long.parquet: record 3: amount_fen: an amount is beyond"));
        columns::write(&here.join("yuan.parquet"), &columns::lines(Column::Whole("amount_fen (DECIMAL(18,2))", vec![2_000, 150, 500, 3_000])));
        assert!(refused(here, &["group", "yuan.parquet"]).contains("amount_fen: is a column of decimals: amounts are whole fen"));
    }
}

#[test]
fn a_file_that_is_wrong_is_told_by_its_place_and_repeats_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let put = |name: &str, text: &str| std::fs::write(here.join(name), text).unwrap();
    let good = csv(|fen| fen.to_string());
    put("unknown.csv", &good.replacen("main_line", "colour", 1));
    put("nohead.csv", good.split_once('\n').unwrap().1);
    put("twice.csv", &good.replacen("main_line", "line_id", 1));
    put("cells.csv", &good.replacen(",true\n", "\n", 2));
    put("wrong.csv", &good.replacen("B1,P1,V1,service", "B1,P1,V1,张三", 1));
    put("sum.csv", &good.replacen("5.00,1,500", "5.00,2,500", 1));
    put("again.csv", &good.replacen("C1,", "A1,", 1));
    put("other.csv", &good.replacen("A2,P1", "A2,P2", 1));
    put("open.json", "[\n {\"line_id\":");
    put("deep.json", &format!("[\n  {}]", "{\n \"line_id\": \"A1\",\n \"line_id\": \"A1\"}"));
    put("patients.csv", "name,birth_date\n张三,2026\n");
    let cut = [&b"name\n"[..], &"张三\n".as_bytes()[..4]].concat();
    std::fs::write(here.join("cut.csv"), cut).unwrap();
    for (file, told) in [
        ("unknown.csv", "unknown.csv:1: colour: is unknown (column 15)"),
        ("nohead.csv", "nohead.csv:1: ?: is unknown (column 1)"),
        ("twice.csv", "twice.csv:1: line_id: is there twice"),
        ("cells.csv", "cells.csv:2: has 14 cells, the line of names has 15"),
        ("wrong.csv", "wrong.csv:4: kind: is not a known word; expected one of drug"),
        ("sum.csv", "sum.csv:4: amount_fen: "),
        ("again.csv", "again.csv:5: line_id: "),
        ("other.csv", "other.csv:3: patient_id: "),
        ("open.json", "open.json:2:2: the record is not closed"),
        ("deep.json", "deep.json:2:3: line_id: is there twice"),
        ("none.csv", "none.csv: entity not found"),
        ("patients.csv", "patients.csv:1: name: is unknown"),
    ] {
        let said = refused(here, &["group", file]);
        assert!(said.starts_with(&format!("menjie: {told}")), "{file}: {said}");
        assert!(!said.contains("张三"), "{said}");
    }
    assert!(refused(here, &["validate", "patients", "cut.csv", "--encoding", "utf-8"]).starts_with("menjie: cut.csv: line 2 is not UTF-8"));
    put("renamed.csv", &good.replacen("line_id", "明细号", 1).replacen("main_line", "colour", 1));
    assert_eq!(rows(&run(here, &["group", "renamed.csv", "--rename", "明细号=line_id", "--ignore-unknown"], "", 0)).len(), 3);
    put("visits.jsonl", &lines_of(&visits()[..1]));
    assert!(refused(here, &["group", "--visits", "visits.jsonl", "--rename", "x=y", "sum.csv"]).contains("sum.csv:4"));
    put("good.csv", &good);
    assert!(refused(here, &["group", "good.csv", "--visits", "visits.jsonl"]).contains("good.csv:5: visit_id: "));
    put("terms.json", r#"{"quote_life_s": 0}"#);
    assert!(refused(here, &["group", "good.csv", "--terms", "terms.json"]).contains("terms.json"));
}

#[test]
fn records_are_validated_by_every_rule_and_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let head = "name,sex,birth_date,nationality,marital,ethnic,id_type,id_no,address,phone,contact_name,contact_relation,contact_phone,pay_method,guardian.name,guardian.phone";
    let good = "陈测安,1,1990-03-07,CHN,20,01,01,440599199003070058,汕头市龙湖区测试路1号,13900000001,林测平,12,,7,,";
    let wrong = good.replace("440599199003070058", "440599199003070059").replace("陈测安", "");
    std::fs::write(here.join("p.csv"), GB18030.encode(&format!("{head}\n{good}\n{wrong}\n")).0).unwrap();
    let output = run(here, &["validate", "patients", "p.csv", "--today", "2026-03-10"], "", 1);
    let issues = rows(&output);
    assert!(issues.iter().all(|issue| issue["file"] == "p.csv" && issue["line"] == 3 && issue["severity"] == "error"), "{issues:?}");
    assert!(issues.iter().any(|issue| issue["path"] == "name" && issue["rule"] == "REG-001") && issues.iter().any(|issue| issue["path"] == "id_no"), "{issues:?}");
    assert!(!text(&output.stdout).contains("440599199003070059"), "what is shown is masked");
    assert!(text(&output.stderr).contains("2 records, 1 wrong"), "{}", text(&output.stderr));
    std::fs::write(here.join("good.csv"), format!("{head}\n{good}\n")).unwrap();
    let output = run(here, &["validate", "patients", "good.csv", "--today", "2026-03-10", "--lang", "zh"], "", 0);
    assert!(output.stdout.is_empty() && text(&output.stderr).contains("有误 0 条"), "{}", text(&output.stderr));

    let lines = csv(|fen| if fen == 500 { "501".to_owned() } else { fen.to_string() }).replacen("C1,", "A1,", 1);
    std::fs::write(here.join("lines.csv"), lines).unwrap();
    std::fs::write(here.join("visits.jsonl"), lines_of(&visits())).unwrap();
    let issues = rows(&run(here, &["validate", "charges", "lines.csv", "--visits", "visits.jsonl", "--today", "2026-03-10"], "", 1));
    let told: Vec<(u64, &str)> = issues.iter().map(|issue| (issue["line"].as_u64().unwrap(), issue["path"].as_str().unwrap())).collect();
    assert_eq!(told, [(4, "amount_fen"), (5, "line_id")]);
}

#[test]
fn a_day_is_reconciled_and_what_waits_goes_into_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let put = |name: &str, text: &str| std::fs::write(here.join(name), text).unwrap();
    put("wx.csv", "order_no,amount_fen,at,fee\nN1,100,2026-03-10T10:00:00+08:00,0.01\nN2,250,2026-03-10T11:00:00+08:00,\nN3,30,2026-03-10T23:59:30+08:00,\n");
    put(
        "his.jsonl",
        "{\"order_no\":\"N1\",\"amount_fen\":100,\"at\":\"2026-03-10T10:00:01+08:00\"}\n{\"order_no\":\"N2\",\"amount_fen\":205,\"at\":\"2026-03-10T11:00:01+08:00\"}\n",
    );
    let day = ["reconcile", "--date", "2026-03-10", "--channel", "wx.csv", "--his", "his.jsonl", "--next-pool", "pool.json", "--summary", "sum.json"];
    let output = run(here, &day, "", 1);
    let differences = rows(&output);
    let of = |order: &str| differences.iter().find(|difference| difference["order_no"] == order).unwrap_or_else(|| panic!("{differences:?}"));
    assert_eq!((&of("N2")["kind"], &of("N2")["diff_fen"], &of("N2")["rows"]), (&json!("amount"), &json!(45), &json!("channel wx.csv:3; his his.jsonl:2")));
    assert_eq!((&of("N3")["kind"], &of("N3")["suspended"]), (&json!("only_channel"), &json!(true)));
    assert!(text(&output.stderr).contains("not balanced"), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(&std::fs::read(here.join("sum.json")).unwrap()).unwrap();
    assert_eq!((&summary["long_fen"], &summary["conclusion"]), (&json!(75), &json!("unbalanced")));
    put("his2.jsonl", "{\"order_no\":\"N3\",\"amount_fen\":30,\"at\":\"2026-03-11T00:00:05+08:00\"}\n");
    put("empty.csv", "");
    let output = run(here, &["reconcile", "--date", "2026-03-11", "--channel", "empty.csv", "--his", "his2.jsonl", "--pool", "pool.json"], "", 0);
    assert!(text(&output.stderr).contains("balanced"), "{}", text(&output.stderr));
    put("bad.csv", "order_no,amount_fen,at\nN1,-1,2026-03-10T10:00:00+08:00\n");
    assert!(refused(here, &["reconcile", "--date", "2026-03-10", "--channel", "bad.csv", "--his", "his.jsonl"]).contains("bad.csv:2: amount_fen: is below zero"));
    assert!(refused(here, &["reconcile", "--date", "2026-03-10", "--his", "his.jsonl"]).contains("two sides must be given"));
}
