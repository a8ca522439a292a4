//! A progress bar on standard error; a line every tenth when it is no terminal.

use std::io::{self, IsTerminal, Write};

/// How far the day is.
pub(crate) struct Progress {
    what: &'static str,
    all: usize,
    done: usize,
    terminal: bool,
}

impl Progress {
    /// Nothing done of `all`.
    pub(crate) fn new(what: &'static str, all: usize) -> Progress {
        Progress { what, all, done: 0, terminal: io::stderr().is_terminal() }
    }

    /// One more.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        let tenth = (self.all / 10).max(1);
        let last = self.done == self.all;
        if !self.terminal && !last && !self.done.is_multiple_of(tenth) {
            return;
        }
        let filled = self.done * 30 / self.all.max(1);
        let (start, end) = if self.terminal { ("\r", if last { "\n" } else { "" }) } else { ("", "\n") };
        // Nobody may be watching.
        let _ = write!(io::stderr(), "{start}{} [{}{}] {}/{}{end}", self.what, "#".repeat(filled), ".".repeat(30 - filled.min(30)), self.done, self.all);
    }
}
