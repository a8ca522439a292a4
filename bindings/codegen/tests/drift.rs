//! The committed documents are the generated ones, and a difference is noticed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use menjie_codegen::{compare, documents, write};

#[test]
fn the_committed_documents_are_the_generated_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let different = compare(&root, &documents().unwrap()).unwrap();
    assert!(different.is_empty(), "run `cargo run -p menjie-codegen`: {different:?}");
}

#[test]
fn missing_changed_and_stale_files_are_noticed_and_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let documents = documents().unwrap();
    assert_eq!(compare(folder.path(), &documents).unwrap().len(), documents.len());
    write(folder.path(), &documents).unwrap();
    assert!(compare(folder.path(), &documents).unwrap().is_empty());
    std::fs::write(folder.path().join("docs/errors.md"), "x").unwrap();
    std::fs::write(folder.path().join("docs/contract/gone.md"), "x").unwrap();
    assert_eq!(compare(folder.path(), &documents).unwrap(), ["docs/contract/gone.md", "docs/errors.md"]);
    write(folder.path(), &documents).unwrap();
    assert!(compare(folder.path(), &documents).unwrap().is_empty());
}

#[test]
fn every_operation_and_every_code_has_its_place() {
    let documents = documents().unwrap();
    for op in menjie_bridge::table() {
        let page = &documents[&format!("docs/contract/{}.md", op.name)];
        assert!(page.contains("## Request") && page.contains("## Response") && page.contains("## Errors"), "{}", op.name);
        assert!(documents["docs/contract/README.md"].contains(op.name));
        assert!(documents["bindings/c/include/menjie_ops.h"].contains(&format!(" mj_{}(", op.name.replace('.', "_"))));
        let schemas: serde_json::Value = serde_json::from_str(&documents[&format!("docs/schema/{}.json", op.name)]).unwrap();
        let (area, verb) = op.name.rsplit_once('.').unwrap_or(("", op.name));
        assert!(documents["bindings/node/lib/operations.js"].contains(&format!(r#""name":"{}""#, op.name)));
        let types: String = area.split(['.', '_']).chain(verb.split('_')).filter(|word| !word.is_empty()).map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let declared = &documents["bindings/node/lib/contract.d.ts"];
        assert!(declared.contains(&format!("\"{}\": {{ request: {types}Request; response: {types}Response; kind: \"{}\"", op.name, op.kind.code())), "{}", op.name);
        assert!(declared.contains(&format!("export interface {types}Request {{")) || declared.contains(&format!("export type {types}Request =")), "{}", op.name);
        let methods = &documents["bindings/python/python/menjie/operations.py"];
        assert_eq!(
            methods.matches(&format!("(self._call(\"{}\", ", op.name)).count() + methods.matches(&format!("(await self._call(\"{}\", ", op.name)).count(),
            if area.is_empty() { 4 } else { 2 },
            "{}",
            op.name
        );
        assert!(documents["bindings/python/python/menjie/contract.py"].contains(&format!("class {types}Request(")), "{}", op.name);
        assert_eq!((&schemas["request"], &schemas["response"]), (&op.request_schema(), &op.response_schema()));
    }
    for code in menjie::error::Code::ALL {
        assert!(documents["bindings/c/include/menjie.h"].lines().any(|line| line.starts_with("#define MJ_") && line.ends_with(&format!(" {}", code.number()))));
        assert!(documents["docs/errors.md"].contains(&format!("| {} | {} |", code.number(), code.name())));
    }
}
