//! Lines to people. A closed pipe is nobody to talk to, so it is no error.

use std::io::{self, Write};

/// To standard output.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// To standard error.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "menjie-demo: {line}");
}
