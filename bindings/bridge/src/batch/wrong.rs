//! What is wrong with a table is told by its name, and never by what it holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use arrow_array::{ArrayRef, Decimal128Array, Int32Array, Int64Array, NullArray, RecordBatch, TimestampSecondArray, UInt8Array};
use serde_json::json;

use super::same::{PLAIN, columns, failed, joined, table, texts, vectors};
use super::{Table, batches, call_batch, ipc};

/// Every column of every table has the words that its values have: a word more or less would be refused or never told.
#[test]
fn words_are_those_of_the_contract() {
    use menjie::charge::{ItemKind, PayerClass};
    use menjie::reconcile::{Action, Direction, Kind, Label, Part, ReasonClass, RowStatus, Side};
    use menjie::report::{Business, Course, Event, InsuranceClass, Outcome, Sex, VisitKind, VisitState};
    use menjie::validate::Severity;
    fn read<T: serde::de::DeserializeOwned>(word: &str) -> bool {
        serde_json::from_value::<T>(word.into()).is_ok()
    }
    fn other<T: serde::de::DeserializeOwned + std::fmt::Debug>() -> String {
        serde_json::from_value::<T>("no such word".into()).unwrap_err().to_string()
    }
    let mut seen = 0;
    let tables = batches().iter().flat_map(|batch| batch.inputs.iter().map(|input| (input.columns)()).chain(batch.outputs.iter().map(|output| (output.columns)())));
    for column in tables.flatten().filter(|column| !column.holds.words().is_empty()) {
        let (reads, error): (fn(&str) -> bool, String) = match column.name {
            "payer" => (read::<PayerClass>, other::<PayerClass>()),
            "kind" if column.holds.words().contains(&"drug") => (read::<ItemKind>, other::<ItemKind>()),
            "kind" if column.holds.words().contains(&"check_up") => (read::<VisitKind>, other::<VisitKind>()),
            "kind" => (read::<Kind>, other::<Kind>()),
            "direction" => (read::<Direction>, other::<Direction>()),
            "part" => (read::<Part>, other::<Part>()),
            "status" => (read::<RowStatus>, other::<RowStatus>()),
            "side" => (read::<Side>, other::<Side>()),
            "label" => (read::<Label>, other::<Label>()),
            "reason" => (read::<ReasonClass>, other::<ReasonClass>()),
            "actions" => (read::<Action>, other::<Action>()),
            "event" => (read::<Event>, other::<Event>()),
            "business" => (read::<Business>, other::<Business>()),
            "insurance" => (read::<InsuranceClass>, other::<InsuranceClass>()),
            "state" => (read::<VisitState>, other::<VisitState>()),
            "course" => (read::<Course>, other::<Course>()),
            "sex" => (read::<Sex>, other::<Sex>()),
            "outcome" => (read::<Outcome>, other::<Outcome>()),
            "severity" => (read::<Severity>, other::<Severity>()),
            name => panic!("{name} has words"),
        };
        assert!(column.holds.words().iter().all(|word| reads(word)), "{}", column.name);
        if column.holds.words() == ["pay", "refund"] && column.name == "event" {
            continue; // Of charges: they move no invoice, and folding refuses the other events by the row.
        }
        assert_eq!(error.matches('`').count() / 2, column.holds.words().len() + 1, "{}: {error}", column.name);
        seen += 1;
    }
    assert!(seen > 10);
}

#[test]
fn what_is_wrong_with_a_table_is_named() {
    let lines = joined(&vectors("bill/group.json")[0]["request"]);
    let whole = table(columns("bill.group_batch", 0), PLAIN, &lines);
    let refused = |tables: Vec<(&str, Table)>, request: &str| {
        let error = call_batch("bill.group_batch", request, tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect()).unwrap_err();
        let text = |wanted: &str| error.context().find(|(key, _)| *key == wanted).map(|(_, text)| text.to_owned()).unwrap_or_default();
        (error.code().number(), text("field"), text("problem"))
    };
    let with = |name: &str, array: ArrayRef| {
        let chunk = &whole.chunks()[0];
        let mut columns: Vec<(String, ArrayRef)> =
            chunk.schema().fields().iter().zip(chunk.columns()).filter(|(field, _)| field.name() != name).map(|(field, array)| (field.name().clone(), array.clone())).collect();
        columns.push((name.to_owned(), array));
        Table::of(RecordBatch::try_from_iter(columns).unwrap())
    };
    let rows = lines.len();
    let told = |name: &str, array: ArrayRef| refused(vec![("lines", with(name, array))], "{}");
    let said = |field: &str, problem: &str| (2, field.to_owned(), problem.to_owned());
    assert_eq!(told("amount_fen", Arc::new(Int32Array::from(vec![1; rows]))), said("lines.amount_fen", "is int32; must be int64"));
    assert_eq!(told("amount_fen", Arc::new(NullArray::new(rows))), said("lines.amount_fen", "is null; must be int64"));
    assert_eq!(told("line_no", Arc::new(UInt8Array::from(vec![1; rows]))), said("lines.line_no", "is uint8; must be uint32, int32 or int64"));
    assert_eq!(told("main_line", Arc::new(Int32Array::from(vec![1; rows]))), said("lines.main_line", "is int32; must be boolean"));
    assert_eq!(told("qty", Arc::new(Int32Array::from(vec![1; rows]))), said("lines.qty", "is not a column of this table"));
    assert_eq!(told("张三", Arc::new(Int32Array::from(vec![1; rows]))), said("lines.?", "is not a column of this table"));
    assert_eq!(told("price_e6", Arc::new(Int64Array::from(vec![1; rows]))), said("lines.price_e6", "is there twice"));
    let decimals = |scale: i8, value: i128| Arc::new(Decimal128Array::from(vec![value; rows]).with_precision_and_scale(38, scale).unwrap());
    assert_eq!(told("quantity", decimals(6, 1)), said("lines.quantity", "has scale 6; must have 0 to 4"));
    assert_eq!(told("quantity", decimals(0, 100_000_001)), said("lines[0].quantity", "is beyond the accepted range"));
    assert_eq!(told("quantity", decimals(0, 10i128.pow(37))), said("lines[0].quantity", "is beyond the accepted range"));
    let mut ids: Vec<Option<&str>> = lines.iter().map(|line| line["line_id"].as_str()).collect();
    ids[2] = None;
    for form in 0..5 {
        assert_eq!(told("line_id", texts(form, &ids)), said("lines[2].line_id", "is null"), "{form}");
        let long = "x".repeat(65);
        let mut long_id = ids.clone();
        long_id[2] = Some(&long);
        assert_eq!(told("line_id", texts(form, &long_id)), said("lines[2].line_id", "must have 1 to 64 printable characters"), "{form}");
        let mut empty = vec![None; rows];
        empty[1] = Some("");
        assert_eq!(told("exec_dept_code", texts(form, &empty)), said("lines[1].exec_dept_code", "must have 1 to 32 printable characters"), "{form}");
    }
    let chunk = whole.chunks()[0].project(&[0, 1]).unwrap();
    assert_eq!(refused(vec![("lines", Table::of(chunk))], "{}"), said("lines.visit_id", "is missing"));
    assert_eq!(refused(vec![], "{}"), said("tables.lines", "is missing"));
    assert_eq!(refused(vec![("lines", whole.clone()), ("lines", whole.clone())], "{}"), said("tables.lines", "is there twice"));
    assert_eq!(refused(vec![("lines", whole.clone()), ("李四", whole.clone())], "{}"), said("tables.?", "is no table of this operation"));
    assert_eq!(refused(vec![("lines", whole)], r#"{"visits":[]}"#), said("visits", "is unknown; expected grouping or totalling"));
    let naive = Table::of(
        RecordBatch::try_from_iter([
            ("order_no", texts(0, &[Some("A")])),
            ("amount_fen", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
            ("at", Arc::new(TimestampSecondArray::from(vec![1]))),
        ])
        .unwrap(),
    );
    let error = call_batch("reconcile.run_batch", r#"{"date":"2026-01-05"}"#, vec![("his".to_owned(), naive)]).unwrap_err();
    assert_eq!(failed(&error), (2, "his.at".to_owned()));
}

#[test]
fn bytes_that_are_no_stream_are_refused() {
    let rows = [json!({"order_no": "A", "amount_fen": 1, "at": "2026-01-05T10:00:00+08:00"}).as_object().unwrap().clone()];
    let good = ipc::write(&table(columns("reconcile.run_batch", 0), PLAIN, &rows)).unwrap();
    assert_eq!(ipc::read("his", good.clone()).unwrap().rows(), 1);
    for end in 0..good.len() {
        assert!(ipc::read("his", good[..end].to_vec()).is_err(), "a stream that breaks off after {end} bytes");
    }
    // Whatever byte is changed: an error or another table, never a panic.
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 0x55;
        let _ = std::panic::catch_unwind(move || ipc::read("his", changed).map(|table| table.rows())).expect("no panic");
    }
    for bytes in [&b""[..], b"ARROW1\0\0", b"\xff\xff\xff\xff\xff\xff\xff\x7f", &[0; 64], &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]] {
        let error = ipc::read("his", bytes.to_vec()).unwrap_err();
        assert_eq!(failed(&error), (2, "his".to_owned()));
    }
}
