//! How far a long piece of work is: one line on the terminal, nothing anywhere else.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use menjie_bridge::sealed_log::view::Progress;

/// Work that is done sooner is not talked about.
const PATIENCE: Duration = Duration::from_millis(300);
const WIDTH: usize = 30;

/// The line.
pub(super) struct Bar {
    label: &'static str,
    started: Instant,
    shown: bool,
    terminal: bool,
}

impl Bar {
    pub(super) fn new(label: &'static str) -> Bar {
        Bar { label, started: Instant::now(), shown: false, terminal: stderr().is_terminal() }
    }

    /// Shows where it stands; takes the line away at the end.
    pub(super) fn show(&mut self, progress: Progress) {
        if !self.terminal || (self.started.elapsed() < PATIENCE && !self.shown) {
            return;
        }
        // A line that cannot be shown is no reason to stop.
        let _shown = if progress.done >= progress.of {
            self.shown = false;
            write!(stderr(), "\r\u{1b}[K")
        } else {
            self.shown = true;
            write!(stderr(), "\r{}", line(self.label, progress))
        };
        let _flushed = stderr().flush();
    }
}

fn line(label: &str, progress: Progress) -> String {
    let filled = (progress.done * WIDTH).checked_div(progress.of).unwrap_or(WIDTH).min(WIDTH);
    format!("{label} [{}{}] {}/{}", "#".repeat(filled), "-".repeat(WIDTH - filled), progress.done, progress.of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        let of = |done, of| line("x", Progress { done, of });
        assert!(of(0, 4).starts_with("x [---") && of(4, 4).contains(&"#".repeat(WIDTH)) && of(0, 0).ends_with("0/0"));
        assert!(of(2, 4).contains("###---"));
    }
}
