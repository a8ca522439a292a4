//! `./x demo`: a hospital in a box and the server before it; to be tried by hand, or (`--headless`) a whole day settled
//! through the real HTTP API (with
//! `--insured` a day of every payer, with refunds, reconciled in the end), or (`--crash-loop N`) the same while the server is killed again and again.
#![forbid(unsafe_code)]

mod accounts;
mod arguments;
mod closing;
mod control;
mod crash;
mod day;
mod deploy;
mod desk;
mod doors;
mod earlier;
mod heal;
mod insured;
mod journey;
mod progress;
mod recorded;
mod refunding;
mod say;
mod show;
mod staff;

use std::process::ExitCode;

use arguments::{Arguments, HELP};
use say::{complain, say};

fn main() -> ExitCode {
    let arguments = match arguments::read(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            say(HELP.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            complain(&error);
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("no runtime: {}", error.kind()));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// `true` when everything held.
async fn run(arguments: Arguments) -> Result<bool, String> {
    let deployed = deploy::Deployed::start(&arguments).await?;
    let held = match (arguments.headless, arguments.crashes) {
        (_, Some(crashes)) => crash::run(&deployed, &arguments, crashes).await,
        (true, None) if arguments.insured => insured::run(&deployed, &arguments).await,
        (true, None) => day::run(&deployed, &arguments).await,
        (false, None) if arguments.control => control::run(&deployed).await.map(|()| true),
        (false, None) => show::run(&deployed).await.map(|()| true),
    };
    let stopped = deployed.stop().await;
    let held = held?;
    stopped?;
    Ok(held)
}
