//! Writing: answers to standard output, complaints to standard error.

use std::io::{Write, stderr, stdout};

use crate::exit::Stop;

/// Writes one line of the answer. A reader that has gone away (`| head`) ends the command.
pub(crate) fn line(text: &str) -> Result<(), Stop> {
    writeln!(stdout().lock(), "{text}").map_err(|error| Stop::failure(format!("standard output: {}", error.kind())))
}

/// Tells what went wrong. When even that cannot be written, the exit code still tells.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(stderr().lock(), "menjie: {text}");
}

/// Tells something that is no part of the answer.
pub(crate) fn note(text: &str) {
    let _ = writeln!(stderr().lock(), "{text}");
}

/// Writes bytes of the answer as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Stop> {
    stdout().lock().write_all(bytes).map_err(|error| Stop::failure(format!("standard output: {}", error.kind())))
}
