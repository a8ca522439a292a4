//! `menjie-codegen [--check]`: writes the generated documents, or compares them.
#![forbid(unsafe_code)]

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let check = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return told("usage: menjie-codegen [--check]", 2),
    };
    let documents = match menjie_codegen::documents() {
        Ok(documents) => documents,
        Err(error) => return told(&error, 3),
    };
    let done = if check { menjie_codegen::compare(&root, &documents) } else { menjie_codegen::write(&root, &documents).map(|()| Vec::new()) };
    match done {
        Ok(different) if different.is_empty() => ExitCode::SUCCESS,
        Ok(different) => told(&format!("not as generated (run `./x fix`):\n  {}", different.join("\n  ")), 1),
        Err(error) => told(&error.to_string(), 3),
    }
}

fn told(text: &str, code: u8) -> ExitCode {
    // When standard error is gone, the exit code still tells.
    let _ = writeln!(std::io::stderr().lock(), "menjie-codegen: {text}");
    ExitCode::from(code)
}
