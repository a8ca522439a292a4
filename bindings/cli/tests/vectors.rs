//! Every vector through the built `menjie call`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{self, Write};
use std::process::{Command, Stdio};

use menjie_tests::vectors::{Answer, Case, Expect, Host, load, replay};

/// Runs one case; the exit code must agree with the envelope.
fn call(case: &Case) -> io::Result<Answer> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_menjie")).args(["call", &case.op]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().unwrap().write_all(case.request.as_bytes())?;
    let output = child.wait_with_output()?;
    let json = String::from_utf8(output.stdout).unwrap();
    let json = json.strip_suffix('\n').unwrap().to_owned();
    assert!(output.stderr.is_empty(), "{}: {}", case.title, String::from_utf8_lossy(&output.stderr));
    let exit = output.status.code().unwrap();
    // A refusal by rule is a response, and exit code 1.
    let refused = matches!(&case.expect, Expect::Response(response) if response.get("decision").is_some_and(|decision| decision == "refused"));
    let is_response = exit == i32::from(refused);
    assert!(is_response == matches!(case.expect, Expect::Response(_)) && exit < 4, "{}: exit code {exit}", case.title);
    Ok(Answer { is_response, json })
}

#[test]
fn every_vector_holds_in_the_terminal() {
    let cases = load(Host::Cli).unwrap();
    let wrong = replay(&cases, call);
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
