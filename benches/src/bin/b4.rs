//! B4: a record of a first visit, from JSON and in batch, against ajv, zod, pydantic and fastjsonschema, in one run.
//!
//! `b4 [--records 10000] [--runs 5] [--python PATH] [--node PATH] [--peers DIR] [--work DIR] [--alone yes]` prints a
//! Markdown table. The check is `records:wrong ones:errors`; a peer that counts others ends the run.

use std::path::PathBuf;

use menjie::BizDate;
use menjie::code::find_code_table;
use menjie::patient::{Field, Record, RecordColumns, RecordRow, RecordText};
use menjie::validate::{Issue, RowFinding, Rules, ValidateRequest, check_patient, check_patients};
use menjie_benches::Fallible;
use menjie_benches::lines::Rng;
use menjie_benches::measure::{Timing, measure};
use menjie_benches::peers::{report, run};
use menjie_benches::record::{valid, wrong};
use serde_json::{Value, json};

const SEED: u64 = 20_260_310;

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let option =
        |name: &str, default: &str| args.windows(2).find_map(|w| matches!(w, [k, _] if k == name).then(|| w.last().cloned()).flatten()).unwrap_or_else(|| default.to_owned());
    let (records, runs): (usize, usize) = (option("--records", "10000").parse()?, option("--runs", "5").parse()?);
    let peers = PathBuf::from(option("--peers", concat!(env!("CARGO_MANIFEST_DIR"), "/peers")));
    let work = PathBuf::from(option("--work", &std::env::temp_dir().join("menjie-b4").display().to_string()));
    std::fs::create_dir_all(&work)?;

    let mut rng = Rng::new(SEED);
    let mut batch = Vec::with_capacity(records);
    for at in 0..records {
        let record = valid(&mut rng)?;
        batch.push(if at % 10 == 3 { wrong(record) } else { record });
    }
    let (right, faulty) = (batch.first().ok_or("no records")?.to_string(), batch.get(3).ok_or("too few records")?.to_string());
    let batch = Value::Array(batch).to_string();
    std::fs::write(work.join("valid.json"), &right)?;
    std::fs::write(work.join("wrong.json"), &faulty)?;
    std::fs::write(work.join("batch.json"), &batch)?;
    std::fs::write(work.join("codes.json"), codes()?.to_string())?;

    let ours = [one("valid", &right, runs)?, one("wrong", &faulty, runs)?, many(&batch, runs)?].concat();
    let mut all = ours.clone();
    if option("--alone", "no") != "yes" {
        all.extend(run(&option("--node", "node"), &peers.join("records/validate.mjs"), &work, runs, None)?);
        all.extend(run(&option("--python", "python3"), &peers.join("validate_python.py"), &work, runs, None)?);
    }
    report(&ours, &all, runs)
}

/// The lists that the peers' schemas enumerate.
fn codes() -> Fallible<Value> {
    let list = |key: &str| -> Fallible<Vec<&str>> { Ok(find_code_table(key).ok_or("no such table")?.iter().map(|(code, _)| code).collect()) };
    let relations = [list("relation")?, list("relation_group")?].concat();
    Ok(json!({ "countries": list("country")?, "ethnic": list("ethnic")?, "relations": relations }))
}

fn today() -> Fallible<BizDate> {
    Ok(BizDate::parse("2026-03-10")?)
}

/// From JSON text to the issues in words; then the whole operation with what it derives.
fn one(name: &str, text: &str, runs: usize) -> Fallible<Vec<Timing>> {
    let (rules, today) = (Rules::default(), today()?);
    let issues = |text: &str| -> Option<Vec<Issue>> {
        let record: RecordText<'_> = serde_json::from_str(text).ok()?;
        let mut found = Vec::new();
        check_patient(&record, &rules, today, |finding| found.push(RowFinding { row: 0, finding }));
        let record = std::slice::from_ref(&record);
        Some(found.into_iter().filter_map(|at| at.issue(&record)).collect())
    };
    let errors = issues(text).ok_or("the record is read")?.len();
    let check = format!("1:{}:{errors}", errors.min(1));
    let request = format!(r#"{{"record":{text},"today":"{today}"}}"#);
    Ok(vec![
        measure(&format!("b4 one {name} json"), runs, 200_000, check.clone(), || issues(text).map(|issues| issues.len())),
        measure(&format!("b4 one {name} parse"), runs, 200_000, check.clone(), || serde_json::from_str::<RecordText<'_>>(text).is_ok()),
        measure(&format!("b4 one {name} operation"), runs, 50_000, check, || {
            let request: ValidateRequest = serde_json::from_str(&request).ok()?;
            serde_json::to_string(&request.run().ok()?).ok()
        }),
    ])
}

/// The batch from JSON, over rows in memory, and over columns.
fn many(text: &str, runs: usize) -> Fallible<Vec<Timing>> {
    let (rules, today) = (Rules::default(), today()?);
    let records: Vec<Record> = serde_json::from_str(text)?;
    let found = check_patients(&records.as_slice(), &rules, today)?;
    let check = format!("{}:{}:{}", records.len(), found.chunk_by(|a, b| a.row == b.row).count(), found.len());
    let texts: Vec<Vec<&str>> = Field::ALL.iter().map(|field| records.iter().map(|record| record.text(*field)).collect()).collect();
    let column = |field: Field| Field::ALL.iter().position(|f| *f == field).and_then(|at| texts.get(at)).map(Vec::as_slice);
    let columns = RecordColumns {
        count: records.len(),
        name: column(Field::Name),
        sex: column(Field::Sex),
        birth_date: column(Field::BirthDate),
        nationality: column(Field::Nationality),
        marital: column(Field::Marital),
        ethnic: column(Field::Ethnic),
        id_type: column(Field::IdType),
        id_no: column(Field::IdNo),
        address: column(Field::Address),
        phone: column(Field::Phone),
        contact_name: column(Field::ContactName),
        contact_relation: column(Field::ContactRelation),
        contact_phone: column(Field::ContactPhone),
        pay_method: column(Field::PayMethod),
        ..RecordColumns::default()
    };
    if check_patients(&&columns, &rules, today)? != found {
        return Err("columns and rows differ".into());
    }
    Ok(vec![
        measure("b4 batch json", runs, 10, check.clone(), || {
            let records: Vec<RecordText<'_>> = serde_json::from_str(text).ok()?;
            check_patients(&records.as_slice(), &rules, today).ok()
        }),
        measure("b4 batch objects", runs, 20, check.clone(), || check_patients(&records.as_slice(), &rules, today)),
        measure("b4 batch columns", runs, 20, check, || check_patients(&&columns, &rules, today)),
    ])
}
