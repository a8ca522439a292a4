//! `menjie`: operations, files of records, acceptance, audit, diagnosis and the sealed log from a terminal.
//!
//! Exit codes: 0 done · 1 refused by a rule, violations or problems found · 2 wrong usage or request · 3 failure. `menjie log` has two more.
#![forbid(unsafe_code)]

mod acceptance;
mod answer;
mod args;
mod audit;
mod call;
mod completion;
mod doctor;
mod exit;
mod group;
mod keygen;
mod layout;
mod log;
mod ops;
mod output;
mod progress;
mod reconcile;
mod records;
mod refund_check;
mod validate;
mod words;

use std::process::ExitCode;

use exit::Exit;
use words::Words;

fn main() -> ExitCode {
    menjie_bridge::hide_panic_texts(|place| output::complain(&format!("an internal fault at {place}")));
    // `doctor` tells when it cannot be done.
    let _ = menjie_bridge::core_dumps::refuse();
    let words = Words::of_process();
    let matches = match args::command(words).try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let error = args::without_values(error);
            // Help and version are answers, everything else is wrong usage.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            return if error.print().is_ok() { exit.into() } else { Exit::Failure.into() };
        }
    };
    let done = match matches.subcommand() {
        Some(("call", given)) => call::run(given),
        Some(("audit", given)) => audit::run(given, words),
        Some(("doctor", given)) => doctor::run(given, words),
        Some(("ops", given)) => ops::run(given),
        Some(("group", given)) => group::run(given, words),
        Some(("validate", given)) => validate::run(given, words),
        Some(("refund-check", given)) => refund_check::run(given, words),
        Some(("reconcile", given)) => reconcile::run(given, words),
        Some(("log", given)) => log::run(given, words),
        Some(("acceptance", given)) => acceptance::run(given, words),
        Some(("completion", given)) => completion::run(given, words),
        Some(("keygen", given)) => keygen::run(given, words),
        _ => Ok(Exit::Usage),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(stop) => {
            output::complain(&stop.text);
            stop.exit.into()
        }
    }
}
