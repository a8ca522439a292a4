//! `kill -9` under load, by the driver that people can run by hand: `menjie-demo --crash-loop 50`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Command;

fn run(arguments: &[&str]) -> (bool, String) {
    // The driver starts the server that lies beside it.
    assert!(std::path::Path::new(env!("CARGO_BIN_EXE_menjie-server")).exists());
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_menjie-demo")).args(arguments).arg("--folder").arg(folder.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), format!("{text}\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// How many callbacks were found in the sealed log (I17); a driver that compared none would prove nothing.
fn callbacks_compared(text: &str) -> u64 {
    let row = text.lines().find(|line| line.contains("callbacks recorded")).unwrap_or_else(|| panic!("{text}"));
    row.split_whitespace().last().unwrap().parse().unwrap()
}

#[test]
fn fifty_deaths_under_load_leave_every_figure_agreeing() {
    let (held, text) = run(&["--crash-loop", "50", "--visits", "1800", "--seed", "11"]);
    assert!(held && text.contains("killed 50 times") && text.contains("HIS=channel=invoices=ledger, 0 violations"), "{text}");
    assert!(callbacks_compared(&text) > 0, "{text}");
}

#[test]
fn a_small_day_closes_and_its_last_line_is_the_promised_one() {
    let (held, text) = run(&["--headless", "--visits", "12", "--seed", "5"]);
    assert!(held, "{text}");
    let last = text.lines().filter(|line| line.starts_with("day ok: 12 visits, ")).count();
    assert_eq!(last, 1, "{text}");
    assert!(callbacks_compared(&text) > 0, "{text}");
}
