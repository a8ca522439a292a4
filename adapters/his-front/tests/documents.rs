//! The documents name what the code has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie_his_front::Mapping;

const PROFILE: &str = include_str!("../../../docs/his-front.yaml");
const MANUAL: &str = include_str!("../../../docs/his-front-mapping.md");

#[test]
fn every_operation_is_in_both_documents() {
    for (name, shape) in Mapping::default().operations {
        assert!(PROFILE.contains(&format!("\n  {}:\n", shape.path)), "{}", shape.path);
        assert!(PROFILE.contains(&format!("operationId: {name}\n")), "{name}");
        assert!(MANUAL.contains(&name), "{name}");
    }
    assert_eq!(PROFILE.matches("operationId:").count(), Mapping::default().operations.len());
}

#[test]
fn the_examples_are_valid_and_named_in_the_manual() {
    for (file, text) in [("gbk-xml.json", include_str!("../mappings/gbk-xml.json")), ("json-yuan.json", include_str!("../mappings/json-yuan.json"))] {
        let mapping = Mapping::parse(text).unwrap();
        assert!(MANUAL.contains(file));
        for record in mapping.records.keys() {
            assert!(MANUAL.contains(record.as_str()), "{record}");
        }
    }
}

#[test]
fn the_signature_vector_is_the_documented_one() {
    for text in ["69cc44effad72ec6edfcfceeec249128e3583af6913252b2df70008da0d1a224", "5cf6e8862eb10b7216d01a43803c057b17a9b6a03634ada702eecebcfbaad08d"] {
        assert!(PROFILE.contains(text));
    }
}
