//! How far a long piece of work is: one line on the terminal, nothing anywhere else.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

/// Work that is done sooner is not talked about.
const PATIENCE: Duration = Duration::from_millis(300);
const WIDTH: usize = 30;

/// The line.
pub(crate) struct Bar {
    label: &'static str,
    started: Instant,
    shown: bool,
    terminal: bool,
}

impl Bar {
    pub(crate) fn new(label: &'static str) -> Bar {
        Bar { label, started: Instant::now(), shown: false, terminal: stderr().is_terminal() }
    }

    /// Shows where it stands, in whatever the work is counted; takes the line away at the end.
    pub(crate) fn show(&mut self, done: u64, of: u64) {
        if !self.terminal || (self.started.elapsed() < PATIENCE && !self.shown) {
            return;
        }
        if done >= of && of > 0 {
            return self.done();
        }
        self.shown = true;
        // A line that cannot be shown is no reason to stop.
        let _shown = write!(stderr(), "\r{}", line(self.label, done, of));
        let _flushed = stderr().flush();
    }

    /// Takes the line away.
    pub(crate) fn done(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _shown = write!(stderr(), "\r\u{1b}[K");
            let _flushed = stderr().flush();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.done();
    }
}

/// A stream whose end nobody knows has no bar.
fn line(label: &str, done: u64, of: u64) -> String {
    let short = |n: u64| if n < 10_000_000 { n.to_string() } else { format!("{}M", n / 1_000_000) };
    if of == 0 {
        return format!("{label} {}", short(done));
    }
    let filled = usize::try_from(u128::from(done) * WIDTH as u128 / u128::from(of)).unwrap_or(WIDTH).min(WIDTH);
    format!("{label} [{}{}] {}/{}", "#".repeat(filled), "-".repeat(WIDTH - filled), short(done), short(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        assert!(line("x", 0, 4).starts_with("x [---") && line("x", 4, 4).contains(&"#".repeat(WIDTH)));
        assert!(line("x", 2, 4).contains("###---"));
        assert_eq!(line("x", 7, 0), "x 7");
        assert!(line("x", 20_000_000, 40_000_000).ends_with("20M/40M"));
    }
}
