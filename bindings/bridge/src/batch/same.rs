//! Tables give what JSON gives: over the shared vectors and over generated rows, in every form that a column may have, whole and in chunks,
//! through memory, the C data interface and IPC.
// A generated row is a tuple of what proptest drew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::type_complexity)]

use std::sync::Arc;

use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, UInt8Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Int32Array, Int64Array, LargeStringArray, NullArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampSecondArray, UInt8Array, UInt32Array,
};
use arrow_schema::{DataType, Field, Schema};
use menjie::money::{Quantity, UnitPrice};
use menjie::{BizDate, Timestamp};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::columns::{Column, Given, Holds};
use super::{Table, batches, c_data, call_batch, ipc};
use crate::call_alone;

/// How a table is made of rows: the form of its columns, where it is cut, and what it goes through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    form: usize,
    cut: usize,
    way: usize,
}

pub(super) const PLAIN: Shape = Shape { form: 0, cut: 0, way: 0 };

fn shapes() -> impl Iterator<Item = Shape> {
    (0..5).flat_map(|form| [0, 1, 3].into_iter().flat_map(move |cut| (0..3).map(move |way| Shape { form, cut, way })))
}

pub(super) fn texts(form: usize, values: &[Option<&str>]) -> ArrayRef {
    match form {
        0 => Arc::new(StringArray::from(values.to_vec())),
        1 => Arc::new(LargeStringArray::from(values.to_vec())),
        2 => Arc::new(StringViewArray::from(values.to_vec())),
        3 => {
            let mut builder = StringDictionaryBuilder::<Int32Type>::new();
            values.iter().for_each(|value| builder.append_option(*value));
            Arc::new(builder.finish())
        }
        _ => {
            // Values that no key leads to, one that is null, and keys that lead to it.
            let mut words: Vec<Option<&str>> = vec![Some("unused"), None];
            let keys: Vec<Option<u8>> = values
                .iter()
                .map(|value| {
                    let at = words.iter().position(|word| word == value).unwrap_or_else(|| {
                        words.push(*value);
                        words.len() - 1
                    });
                    u8::try_from(at).ok()
                })
                .collect();
            Arc::new(DictionaryArray::<UInt8Type>::try_new(UInt8Array::from(keys), Arc::new(LargeStringArray::from(words))).unwrap())
        }
    }
}

fn scaled(digits: u32, text: &str) -> i64 {
    if digits == UnitPrice::SCALE { UnitPrice::parse(text).unwrap().scaled() } else { Quantity::parse(text).unwrap().scaled() }
}

/// A column in one of its forms, with the name that it has then; `None` when no row has it.
fn made(column: &Column, form: usize, rows: &[Map<String, Value>]) -> Option<(String, ArrayRef)> {
    let values: Vec<Option<&Value>> = rows.iter().map(|row| row.get(column.name).filter(|value| !value.is_null())).collect();
    let whole = || values.iter().map(|value| value.map(|value| value.as_i64().unwrap())).collect::<Vec<_>>();
    let own = column.name.to_owned();
    if !rows.is_empty() && values.iter().all(Option::is_none) && column.given != Given::Always {
        return (form == 1).then(|| (own, Arc::new(NullArray::new(rows.len())) as ArrayRef));
    }
    Some(match column.holds {
        Holds::Text | Holds::Id(..) | Holds::Word(_) => (own, texts(form, &values.iter().map(|value| value.map(|value| value.as_str().unwrap())).collect::<Vec<_>>())),
        Holds::Words(_) => unreachable!("tables that are given have no lists"),
        Holds::Fen => (own, Arc::new(Int64Array::from(whole()))),
        Holds::Count => match form {
            0 => (own, Arc::new(UInt32Array::from_iter(whole().into_iter().map(|n| n.map(|n| n as u32))))),
            1 => (own, Arc::new(Int32Array::from_iter(whole().into_iter().map(|n| n.map(|n| n as i32))))),
            _ => (own, Arc::new(Int64Array::from(whole()))),
        },
        Holds::Flag => (own, Arc::new(BooleanArray::from_iter(values.iter().map(|value| value.map(|value| value.as_bool().unwrap()))))),
        Holds::Decimal(digits, _) => {
            let numbers: Vec<Option<i64>> = values.iter().map(|value| value.map(|value| scaled(digits, value.as_str().unwrap()))).collect();
            if form.is_multiple_of(2) {
                let decimals = Decimal128Array::from_iter(numbers.into_iter().map(|n| n.map(i128::from))).with_precision_and_scale(30, digits as i8).unwrap();
                (own, Arc::new(decimals))
            } else {
                (format!("{own}_e{digits}"), Arc::new(Int64Array::from(numbers)))
            }
        }
        Holds::Day if form == 0 => {
            let days = |value: &Value| serde_json::from_value::<BizDate>(value.clone()).unwrap().days_since(BizDate::of_number(0));
            (own, Arc::new(Date32Array::from_iter(values.iter().map(|value| value.map(days)))))
        }
        Holds::Day => (own, texts(form, &values.iter().map(|value| value.map(|value| value.as_str().unwrap())).collect::<Vec<_>>())),
        Holds::Instant => {
            let millis = values.iter().map(|value| serde_json::from_value::<Timestamp>(value.unwrap().clone()).unwrap().millis());
            match form {
                0 => (own, Arc::new(TimestampMillisecondArray::from_iter_values(millis).with_timezone("Asia/Shanghai"))),
                1 => (own, Arc::new(TimestampMicrosecondArray::from_iter_values(millis.map(|ms| ms * 1000 + 999)).with_timezone("UTC"))),
                2 => (own, Arc::new(TimestampSecondArray::from_iter_values(millis.map(|ms| ms / 1000)).with_timezone("+08:00"))),
                _ => (format!("{own}_ms"), Arc::new(Int64Array::from_iter_values(millis))),
            }
        }
    })
}

pub(super) fn table(columns: &[Column], shape: Shape, rows: &[Map<String, Value>]) -> Table {
    let made: Vec<(String, ArrayRef)> = columns.iter().filter_map(|column| made(column, shape.form, rows)).collect();
    let fields: Vec<Field> = made.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let whole = RecordBatch::try_new(Arc::new(Schema::new(fields)), made.into_iter().map(|(_, array)| array).collect()).unwrap();
    let cut = shape.cut.min(rows.len());
    let chunks = if cut == 0 { vec![whole.clone()] } else { vec![whole.slice(0, cut), whole.slice(cut, 0), whole.slice(cut, rows.len() - cut)] };
    let table = Table::new("table", whole.schema(), chunks).unwrap();
    match shape.way {
        0 => table,
        1 => through_c(table),
        _ => ipc::read("table", ipc::write(&table).unwrap()).unwrap(),
    }
}

#[allow(unsafe_code)]
fn through_c(table: Table) -> Table {
    let mut stream = c_data::ArrowArrayStream::released();
    // SAFETY: the place is there.
    unsafe { c_data::export(table, &raw mut stream) };
    // SAFETY: it has just been exported.
    unsafe { c_data::import("table", stream) }.unwrap()
}

pub(super) fn columns(op: &str, input: usize) -> &'static [Column] {
    (batches().iter().find(|batch| batch.name == op).unwrap().inputs[input].columns)()
}

/// The rows of a result as JSON.
fn rows_of(table: &Table) -> Vec<Map<String, Value>> {
    let mut rows = Vec::new();
    for chunk in table.chunks() {
        for at in 0..chunk.num_rows() {
            let value = |array: &ArrayRef| match array.data_type() {
                _ if array.is_null(at) => Value::Null,
                DataType::Utf8 => array.as_string::<i32>().value(at).into(),
                DataType::Int64 => array.as_primitive::<Int64Type>().value(at).into(),
                DataType::UInt32 => array.as_primitive::<UInt32Type>().value(at).into(),
                DataType::Boolean => array.as_boolean().value(at).into(),
                DataType::List(_) => array.as_list::<i32>().value(at).as_string::<i32>().iter().collect::<Vec<_>>().into(),
                other => panic!("{other} in a result"),
            };
            rows.push(chunk.schema().fields().iter().zip(chunk.columns()).map(|(field, array)| (field.name().clone(), value(array))).collect());
        }
    }
    rows
}

fn objects(value: &Value) -> Vec<Map<String, Value>> {
    value.as_array().into_iter().flatten().map(|row| row.as_object().unwrap().clone()).collect()
}

/// Lines with the fields of their visits, as a joined table has them.
pub(super) fn joined(request: &Value) -> Vec<Map<String, Value>> {
    let visits = objects(&request["visits"]);
    let names: Vec<&str> = columns("bill.group_batch", 0).iter().map(|column| column.name).collect();
    let mut lines = objects(&request["lines"]);
    for line in &mut lines {
        let visit = visits.iter().find(|visit| visit["visit_id"] == line["visit_id"]).unwrap();
        for (of_line, of_visit) in [("payer", "payer"), ("med_type", "med_type"), ("dise_codg", "dise_codg"), ("visit_dept_code", "dept_code")] {
            line.insert(of_line.to_owned(), visit.get(of_visit).cloned().unwrap_or_default());
        }
        line.retain(|name, _| names.contains(&name.as_str()));
    }
    lines
}

/// Failure as code and field.
fn failure(json: &Value) -> (u64, String) {
    (json["code"].as_u64().unwrap(), json["context"]["field"].as_str().unwrap_or_default().to_owned())
}

pub(super) fn failed(error: &menjie::Error) -> (u64, String) {
    (u64::from(error.code().number()), error.context().find(|(key, _)| *key == "field").map(|(_, field)| field.to_owned()).unwrap_or_default())
}

fn grouped_alike(request: &Value, shape: Shape) {
    let options =
        Value::Object(request.as_object().unwrap().iter().filter(|(key, _)| ["grouping", "totalling"].contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect());
    let lines = joined(request);
    let given = table(columns("bill.group_batch", 0), shape, &lines);
    let by_table = call_batch("bill.group_batch", &options.to_string(), vec![("lines".to_owned(), given)]);
    let by_json = call_alone("bill.group", &request.to_string());
    let json: Value = serde_json::from_str(by_json.json()).unwrap();
    let answer = match by_table {
        Err(error) => return assert_eq!(failed(&error), failure(&json), "{shape:?}"),
        Ok(answer) => answer,
    };
    assert!(by_json.is_response(), "{json} {shape:?}");
    let (bills, of) = (rows_of(&answer.tables[0]), rows_of(&answer.tables[1]));
    let numbers: Value = serde_json::from_str(&answer.json).unwrap();
    assert_eq!(numbers, json!({"lines": lines.len(), "bills": bills.len(), "netted": of.iter().filter(|row| row["netted"] == true).count()}));
    let wanted = objects(&json["bills"]);
    assert_eq!(wanted.len(), bills.len());
    for wanted in &wanted {
        let at = bills.iter().position(|bill| bill["bill_id"] == wanted["bill_id"]).expect("the same id");
        for field in ["patient_id", "visit_id", "dept_code", "total_fen", "rounding_fen", "exec_missing"] {
            assert_eq!(bills[at][field], wanted[field], "{field} {shape:?}");
        }
        let ids = |lines: &Value| objects(lines).iter().map(|line| line["line_id"].clone()).collect::<Vec<_>>();
        let (shown, netted) = (ids(&wanted["lines"]), ids(wanted.get("netted").unwrap_or(&Value::Null)));
        assert_eq!(bills[at]["lines"], shown.len() + netted.len());
        for (line, of) in lines.iter().zip(&of) {
            assert_eq!(of["bill"] == at, shown.contains(&line["line_id"]) || netted.contains(&line["line_id"]));
            assert!(of["bill"] != at || (of["netted"] == true) == netted.contains(&line["line_id"]));
        }
    }
}

pub(super) fn vectors(path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(format!("{}/../../tests/vectors/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let cases = document["cases"].as_array().unwrap();
    assert!(cases.len() > 4, "{path}");
    cases.clone()
}

#[test]
fn the_vectors_of_grouping() {
    let mut seen = 0;
    for case in vectors("bill/group.json") {
        // A batch has no visits of its own, knows many patients, and cannot hold what is no value of a column.
        if [2, 100, 110, 111].contains(&case["error"]["code"].as_u64().unwrap_or_default()) {
            continue;
        }
        shapes().for_each(|shape| grouped_alike(&case["request"], shape));
        seen += 1;
    }
    assert!(seen >= 18, "{seen}");
}

fn validated_alike(request: &Value, shape: Shape) {
    let records: Vec<Map<String, Value>> = objects(&request["records"])
        .into_iter()
        .map(|mut record| {
            let guardian = record.remove("guardian").unwrap_or_default();
            record.extend(guardian.as_object().into_iter().flatten().map(|(key, value)| (format!("guardian_{key}"), value.clone())));
            record
        })
        .collect();
    let mut options = request.clone();
    options.as_object_mut().unwrap().remove("records");
    let given = table(columns("patient.validate_batch", 0), shape, &records);
    let answer = call_batch("patient.validate_batch", &options.to_string(), vec![("records".to_owned(), given)]).unwrap();
    let json: Value = serde_json::from_str(call_alone("patient.validate_batch", &request.to_string()).json()).unwrap();
    let numbers: Value = serde_json::from_str(&answer.json).unwrap();
    assert_eq!(numbers, json!({"records": json["records"], "valid": json["valid"]}), "{shape:?}");
    let of = |severity: &str| -> Vec<Value> {
        let rows = rows_of(&answer.tables[0]).into_iter().filter(|row| row["severity"] == severity);
        rows.map(|mut row| {
            if row["overridable"] == false {
                row.remove("overridable");
            }
            Value::Object(row)
        })
        .collect()
    };
    assert_eq!((json!(of("error")), json!(of("warning"))), (json["errors"].clone(), json["warnings"].clone()), "{shape:?}");
}

#[test]
fn the_vectors_of_validation() {
    for case in vectors("patient/validate_batch.json").iter().filter(|case| case.get("error").is_none()) {
        shapes().for_each(|shape| validated_alike(&case["request"], shape));
    }
}

fn reconciled_alike(request: &Value, shape: Shape) {
    let sides: Vec<&str> = ["channel", "insurer", "his", "ledger"].into_iter().filter(|side| request.get(side).is_some_and(Value::is_array)).collect();
    let given = sides.iter().map(|side| ((*side).to_owned(), table(columns("reconcile.run_batch", 0), shape, &objects(&request[side])))).collect();
    let mut options = request.clone();
    sides.iter().for_each(|side| drop(options.as_object_mut().unwrap().remove(*side)));
    let by_json = call_alone("reconcile.run", &request.to_string());
    let mut json: Value = serde_json::from_str(by_json.json()).unwrap();
    let answer = match call_batch("reconcile.run_batch", &options.to_string(), given) {
        Err(error) => return assert_eq!(failed(&error), failure(&json), "{shape:?}"),
        Ok(answer) => answer,
    };
    assert!(by_json.is_response(), "{json} {shape:?}");
    let rows = rows_of(&answer.tables[1]);
    let differences: Vec<Value> = rows_of(&answer.tables[0])
        .into_iter()
        .enumerate()
        .map(|(at, mut difference)| {
            // What the JSON form leaves out.
            let left_out = |key: &str, value: &Value| value.is_null() || (key == "suspended" && *value == false) || (key == "refund_no" && *value == "");
            difference.retain(|key, value| !left_out(key, value));
            let of = rows.iter().filter(|row| row["difference"] == at);
            let of: Vec<Value> = of
                .map(|row| if row["pooled"] == true { json!({"side": row["side"], "pooled": true, "at": row["at"]}) } else { json!({"side": row["side"], "at": row["at"]}) })
                .collect();
            difference.insert("rows".to_owned(), of.into());
            difference.into()
        })
        .collect();
    let wanted = json.as_object_mut().unwrap().remove("differences").unwrap();
    assert_eq!(Value::from(differences), wanted, "{shape:?}");
    assert_eq!(serde_json::from_str::<Value>(&answer.json).unwrap(), json, "{shape:?}");
}

#[test]
fn the_vectors_of_reconciliation() {
    for case in vectors("reconcile/run.json") {
        shapes().for_each(|shape| reconciled_alike(&case["request"], shape));
    }
}

fn reported_alike(request: &Value, shape: Shape) {
    let facts = ["movements", "visits", "charges", "refunds"];
    let given: Vec<(usize, &str)> = facts.into_iter().enumerate().filter(|(_, name)| request.get(name).is_some()).collect();
    let tables = given.iter().map(|(at, name)| ((*name).to_owned(), table(columns("report.run_batch", *at), shape, &objects(&request[*name])))).collect();
    let mut options = request.clone();
    given.iter().for_each(|(_, name)| drop(options.as_object_mut().unwrap().remove(*name)));
    let by_json = call_alone("report.run", &request.to_string());
    let json: Value = serde_json::from_str(by_json.json()).unwrap();
    match call_batch("report.run_batch", &options.to_string(), tables) {
        Err(error) => assert_eq!(failed(&error), failure(&json), "{shape:?}"),
        Ok(answer) => {
            assert!(answer.tables.is_empty());
            assert_eq!(serde_json::from_str::<Value>(&answer.json).unwrap(), json, "{shape:?}");
        }
    }
}

#[test]
fn the_vectors_of_reports() {
    for case in vectors("report/run.json") {
        shapes().for_each(|shape| reported_alike(&case["request"], shape));
    }
}

fn any_shape() -> impl Strategy<Value = Shape> {
    (0..5usize, 0..8usize, 0..3usize).prop_map(|(form, cut, way)| Shape { form, cut, way })
}

/// Lines with holes: of one patient, in three visits, with sets and reversals, sometimes a wrong amount or a line twice.
fn any_lines() -> impl Strategy<Value = Vec<Value>> {
    let optional = |words: &'static [&'static str]| prop::option::of(prop::sample::select(words));
    let texts = (optional(&["O1", "O2"]), optional(&["JYK", "检验科"]), optional(&["XYF"]), optional(&["K1"]), optional(&["L0", "L1"]));
    let numbers = (0..400u32, prop_oneof![20 => Just(0i64), 1 => Just(1)], prop::option::of(0..3u32), prop::option::of(prop_oneof![30 => 1..3u32, 1 => Just(0)]));
    let line = (
        0..3u32,
        texts,
        numbers,
        prop::sample::select(&["drug", "herb", "material", "service"][..]),
        prop::option::of(any::<bool>()),
        prop_oneof![25 => Just(None), 1 => (0..5u32).prop_map(Some)],
    );
    prop::collection::vec(line, 0..14).prop_map(|lines| {
        let made = |(at, (visit, (order, exec, pharmacy, atomic, reverses), (price, off, version, doses), kind, flag, same)): (usize, (u32, (_, _, _, _, _), (u32, i64, _, Option<u32>), _, _, Option<u32>))| {
            let (order, exec, pharmacy, atomic, reverses): (Option<&str>, Option<&str>, Option<&str>, Option<&str>, Option<&str>) = (order, exec, pharmacy, atomic, reverses);
            let (version, kind, flag): (Option<u32>, &str, Option<bool>) = (version, kind, flag);
            let quantity = if reverses.is_some() { -1 } else { 1 };
            let mut line = json!({
                "line_id": format!("L{}", same.unwrap_or(at as u32)), "patient_id": "P1", "visit_id": format!("V{visit}"), "kind": kind, "fee_class": "09", "item_code": "I1", "item_name": "项目",
                "price": format!("{}.{:02}", price / 100, price % 100), "quantity": quantity.to_string(), "amount_fen": i64::from(quantity) * i64::from(price) * i64::from(doses.unwrap_or(1)) + off,
                "order_dept_code": "MZ", "order_dept_name": "门诊",
            });
            let fields = line.as_object_mut().unwrap();
            let mut put = |key: &str, value: Option<Value>| drop(value.map(|value| fields.insert(key.to_owned(), value)));
            put("order_no", order.map(Value::from));
            put("exec_dept_code", exec.map(Value::from));
            put("exec_dept_name", exec.map(Value::from));
            put("pharmacy_code", pharmacy.map(Value::from));
            put("pharmacy_name", pharmacy.map(Value::from));
            put("atomic_key", atomic.map(Value::from));
            put("reverses", reverses.map(Value::from));
            put("version", version.map(Value::from));
            put("doses", doses.map(Value::from));
            put("main_line", flag.map(Value::from));
            put("self_paid_item", flag.map(|flag| Value::from(!flag)));
            line
        };
        lines.into_iter().enumerate().map(made).collect()
    })
}

fn any_rows(side: &'static str) -> impl Strategy<Value = Option<Vec<Value>>> {
    let parts: &[&str] = if side == "channel" {
        &["cash"]
    } else if side == "insurer" {
        &["fund", "account"]
    } else {
        &["cash", "fund", "account", "other"]
    };
    let row = (
        0..6u32,
        prop::option::of(prop::sample::select(parts.to_vec())),
        prop::option::of(any::<bool>()),
        1..4i64,
        prop::option::of(prop::sample::select(vec!["done", "pending", "failed"])),
        prop::option::of(-9..9i32),
        0..86_400i64,
    );
    let made = move |(order, part, back, fen, status, fee, second): (u32, Option<&str>, Option<bool>, i64, Option<&str>, Option<i32>, i64)| {
        let midnight = serde_json::from_value::<Timestamp>(json!("2026-01-05T00:00:00+08:00")).unwrap();
        let mut row = json!({"order_no": format!("订单{order}"), "amount_fen": fen, "at": midnight.plus_millis(second * 1000)});
        let fields = row.as_object_mut().unwrap();
        let mut put = |key: &str, value: Option<Value>| drop(value.map(|value| fields.insert(key.to_owned(), value)));
        put("part", part.map(Value::from).or_else(|| (side == "insurer").then(|| "fund".into())));
        put("direction", back.map(|back| if back { "refund" } else { "pay" }.into()));
        put("refund_no", back.filter(|back| *back).map(|_| format!("R{order}").into()));
        put("status", status.map(Value::from));
        put("fee", fee.map(|fee| format!("{}0.0{}", if fee < 0 { "-" } else { "" }, fee.abs()).into()));
        put("trade_no", (fen == 2).then(|| format!("T{order}").into()));
        row
    };
    prop::option::of(prop::collection::vec(row.prop_map(made), 0..12))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn lines_are_grouped_alike(lines in any_lines(), shape in any_shape(), rounded in any::<bool>(), insured in any::<bool>()) {
        let visit = |at: u32| {
            let mut visit = json!({"visit_id": format!("V{at}"), "patient_id": "P1", "date": "2026-03-10", "dept_code": format!("D{at}"), "dept_name": "门诊"});
            if insured && at != 1 {
                visit["payer"] = "insured".into();
                visit["med_type"] = "14".into();
            }
            visit
        };
        let totalling = if rounded { "rounded_sum" } else { "sum_of_lines" };
        grouped_alike(&json!({"visits": [visit(0), visit(1), visit(2)], "lines": lines, "totalling": totalling}), shape);
    }

    #[test]
    fn records_are_judged_alike(blanks in prop::collection::vec((0..12usize, 0..40usize, prop::option::of("\\PC{0,6}")), 0..30), rows in 0..12usize, shape in any_shape()) {
        let whole = vectors("patient/validate_batch.json");
        let known: Vec<Value> = whole.iter().filter_map(|case| case["request"]["records"].as_array()).flatten().filter(|record| record.is_object()).cloned().collect();
        let names: Vec<&str> = columns("patient.validate_batch", 0).iter().map(|column| column.name).filter(|name| !name.starts_with("guardian_") && *name != "capacity_limited").collect();
        let mut records: Vec<Value> = known.iter().filter(|record| record["name"].is_string()).cycle().take(rows).cloned().collect();
        for (row, field, text) in &blanks {
            if let Some(record) = records.get_mut(*row).and_then(Value::as_object_mut) {
                let name = names[field % names.len()].to_owned();
                match text {
                    Some(text) => drop(record.insert(name, text.clone().into())),
                    None => drop(record.remove(&name)),
                }
            }
        }
        validated_alike(&json!({"records": records, "today": "2026-03-10"}), shape);
    }

    #[test]
    fn facts_are_reported_alike(rows in prop::collection::vec((0..200_000u32, 0..40u8, prop::option::of(0..4u8), prop::option::of(0..6u8), 0..9_999i64), 0..40), shape in any_shape()) {
        let at = |minute: u32| BizDate::parse("2026-01-01").unwrap().start().plus_millis(i64::from(minute) * 60_000);
        let visit = |(minute, patient, sex, state, age): &(u32, u8, Option<u8>, Option<u8>, i64)| {
            let mut row = json!({"at": at(*minute), "patient": format!("P{patient}"), "birth_date": BizDate::parse("2026-01-01").unwrap().days_before(*age as u32 * 4), "appointment": age % 2 == 0});
            let fields = row.as_object_mut().unwrap();
            sex.map(|sex| fields.insert("sex".to_owned(), ["unknown", "male", "female", "male"][usize::from(sex)].into()));
            state.map(|state| fields.insert("state".to_owned(), ["registered", "seen", "no_show", "cancelled", "seen", "seen"][usize::from(state)].into()));
            state.map(|state| fields.insert("diagnosis".to_owned(), ["F20.900", "F32", "G47.0", "?", "", "F41.1"][usize::from(state)].into()));
            row
        };
        let refund = |(minute, who, outcome, minutes, fen): &(u32, u8, Option<u8>, Option<u8>, i64)| {
            let mut row = json!({"at": at(*minute), "dept": format!("科{}", who % 5), "amount_fen": fen});
            let fields = row.as_object_mut().unwrap();
            outcome.map(|outcome| fields.insert("outcome".to_owned(), ["open", "done", "refused", "cross_month"][usize::from(outcome)].into()));
            minutes.map(|minutes| fields.insert("doctor_minutes".to_owned(), minutes.into()));
            row
        };
        let query = |report: &str| json!({"report": report, "from": "2026-01-01", "to": "2026-03-31"});
        let request = json!({
            "visits": rows.iter().map(visit).collect::<Vec<_>>(), "refunds": rows.iter().map(refund).collect::<Vec<_>>(), "keep": true, "patient_key": "ab".repeat(16),
            "queries": [query("volume"), query("ages"), query("diseases"), query("refunds")],
        });
        reported_alike(&request, shape);
    }

    #[test]
    fn days_are_reconciled_alike(channel in any_rows("channel"), insurer in any_rows("insurer"), his in any_rows("his"), ledger in any_rows("ledger"), shape in any_shape()) {
        let mut request = json!({"date": "2026-01-05", "pool": [{"side": "his", "row": {"order_no": "订单1", "amount_fen": 1, "at": "2026-01-04T23:59:00+08:00"}}]});
        for (side, rows) in [("channel", channel), ("insurer", insurer), ("his", his), ("ledger", ledger)] {
            if let Some(rows) = rows {
                request[side] = rows.into();
            }
        }
        reconciled_alike(&request, shape);
    }
}
