//! Replays the shared vectors (tests/vectors) of the pure operations of the core; every host replays the same files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use menjie::Result;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

type Op = fn(&Value) -> std::result::Result<Value, Value>;

/// One operation: request from JSON, response or error as the contract writes them.
fn op<Q: DeserializeOwned, A: Serialize>(request: &Value, run: fn(Q) -> Result<A>) -> std::result::Result<Value, Value> {
    let Ok(request) = Q::deserialize(request) else {
        return Err(json!({"code": 2, "context": {}}));
    };
    match run(request) {
        Ok(response) => Ok(serde_json::to_value(response).unwrap()),
        Err(error) => Err(json!({"code": error.code().number(), "context": error.context().collect::<BTreeMap<_, _>>()})),
    }
}

fn operations() -> BTreeMap<&'static str, Op> {
    use menjie::{access, bill, code, gm, invoice, patient, policy, report, validate};
    let ops: [(&str, Op); 19] = [
        ("age.at", |q| op(q, |r: patient::AgeRequest| r.run())),
        ("bill.group", |q| op(q, bill::GroupRequest::run)),
        ("bill.total", |q| op(q, |r: bill::TotalRequest| r.run())),
        ("charge.validate", |q| op(q, |r: validate::ChargeRequest| r.run())),
        ("code.list", |q| op(q, |r: code::ListRequest| r.run())),
        ("code.lookup", |q| op(q, |r: code::LookupRequest| r.run())),
        ("code.map", |q| op(q, |r: code::MapRequest| r.run())),
        ("crypto.sm3", |q| op(q, |r: gm::Sm3Request| r.run())),
        ("crypto.sm4_gcm_open", |q| op(q, |r: gm::Sm4GcmOpenRequest| r.run())),
        ("crypto.sm4_gcm_seal", |q| op(q, |r: gm::Sm4GcmSealRequest| r.run())),
        ("id_document.check", |q| op(q, |r: patient::DocumentCheckRequest| r.run())),
        ("insurance.validate", |q| op(q, |r: validate::UploadRequest| r.run())),
        ("invoice.amount_in_words", |q| op(q, |r: invoice::AmountInWordsRequest| r.run())),
        ("name.match", |q| op(q, |r: patient::MatchRequest| r.run())),
        ("patient.validate", |q| op(q, |r: validate::ValidateRequest| r.run())),
        ("patient.validate_batch", |q| op(q, |r: validate::BatchRequest| r.run())),
        ("policy.check", |q| op(q, |r: policy::CheckRequest| r.run())),
        ("report.run", |q| op(q, |r: report::RunRequest| r.run())),
        ("text.mask", |q| op(q, |r: access::MaskRequest| r.run())),
    ];
    ops.into_iter().collect()
}

fn json_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            json_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "json") {
            found.push(path);
        }
    }
}

/// The error must have the code and at least the context pairs of the vector.
fn same_error(got: &Value, want: &Value) -> bool {
    let pairs = want["context"].as_object().unwrap();
    got["code"] == want["code"] && pairs.iter().all(|(k, v)| &got["context"][k] == v)
}

#[test]
fn every_vector_of_a_core_operation_holds() {
    let operations = operations();
    let mut files = Vec::new();
    json_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors"), &mut files);
    let mut replayed: BTreeMap<&str, usize> = operations.keys().map(|op| (*op, 0)).collect();
    let mut wrong = Vec::new();
    for file in files {
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        // Files of adapters' operations are replayed by their owners.
        let Some((name, run)) = vectors["op"].as_str().and_then(|op| operations.get_key_value(op)) else { continue };
        for case in vectors["cases"].as_array().unwrap() {
            // What is wrong in the bytes of a request is the bridge's to refuse; the core takes values.
            if case["request_text"].is_string() {
                continue;
            }
            let title = format!("{} / {}", file.file_name().unwrap().display(), case["name"].as_str().unwrap());
            assert!(case["response"].is_null() != case["error"].is_null(), "{title}: exactly one of response and error");
            let fits = match run(&case["request"]) {
                Ok(got) => got == case["response"],
                Err(got) => case["response"].is_null() && same_error(&got, &case["error"]),
            };
            if !fits {
                wrong.push(format!("{title}: got {:?}", run(&case["request"])));
            }
            *replayed.get_mut(name).unwrap() += 1;
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    for (op, cases) in replayed {
        assert!(cases > 5, "{op} has only {cases} vectors");
    }
}
