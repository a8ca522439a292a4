//! The binary: `menjie-server --config FILE`, `menjie-server staff add`, `menjie-server token`, `menjie-server openapi`.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use menjie_host::OsEntropy;
use menjie_server::staff::console::{self, Founding};
use menjie_server::start::Server;
use menjie_server::{logging, openapi, token};
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "menjie-server --config FILE   serve (fields may be overridden: MENJIE__SERVER__LISTEN=127.0.0.1:8081)
menjie-server staff add --config FILE --id NUMBER --login NAME --name TEXT --role ROLE [--role ROLE ...] [--department CODE ...]
                              make an account (the server must not run); prints a one-time password and what an authenticator scans
menjie-server token           make a token for a program and the hash that belongs into server.staff
menjie-server openapi         print the OpenAPI document (docs/openapi.json)
";

enum Wanted {
    Serve(PathBuf),
    StaffAdd(PathBuf, Founding),
    Token,
    OpenApi,
    Help,
}

fn wanted(mut given: impl Iterator<Item = String>) -> Option<Wanted> {
    let wanted = match given.next()?.as_str() {
        "--config" => Wanted::Serve(PathBuf::from(given.next()?)),
        "staff" if given.next().as_deref() == Some("add") => {
            let (config, founding) = console::arguments(&mut given)?;
            Wanted::StaffAdd(config, founding)
        }
        "token" => Wanted::Token,
        "openapi" => Wanted::OpenApi,
        "--help" | "-h" => Wanted::Help,
        _ => return None,
    };
    given.next().is_none().then_some(wanted)
}

fn main() -> ExitCode {
    // Without standard error the exit code must do.
    menjie_bridge::hide_panic_texts(|place| drop(writeln!(io::stderr(), "menjie-server: an internal fault at {place}")));
    // Whatever is run here may hold keys.
    let undumped = menjie_host::core_dumps::refuse();
    match wanted(std::env::args().skip(1)) {
        Some(Wanted::Serve(config)) => serve(&config, undumped),
        Some(Wanted::StaffAdd(config, founding)) => staff_add(&config, &founding),
        Some(Wanted::Token) => make_token(),
        Some(Wanted::OpenApi) => said(io::stdout().write_all(openapi::text().as_bytes())),
        Some(Wanted::Help) => said(io::stdout().write_all(HELP.as_bytes())),
        None => {
            // Nobody reads it: the exit code says the same.
            let _ = io::stderr().write_all(HELP.as_bytes());
            ExitCode::from(2)
        }
    }
}

fn said(result: io::Result<()>) -> ExitCode {
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn make_token() -> ExitCode {
    let token = token::fresh(&OsEntropy);
    said(writeln!(io::stdout(), "token      {}\ntoken_sm3  {}", token.reveal(), token::hash(token.reveal())))
}

/// The environment, which may override fields of the configuration.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
}

fn staff_add(config: &std::path::Path, founding: &Founding) -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else { return ExitCode::FAILURE };
    match runtime.block_on(console::add(config, &environment(), founding)) {
        Ok(made) => said(io::stdout().write_all(made.as_bytes())),
        Err(problem) => {
            // Without standard error the exit code must do.
            let _ = writeln!(io::stderr(), "{problem}");
            ExitCode::from(2)
        }
    }
}

fn serve(config: &std::path::Path, undumped: io::Result<()>) -> ExitCode {
    let level = std::env::var("MENJIE_LOG").ok().and_then(|l| l.parse().ok()).unwrap_or(LevelFilter::INFO);
    if tracing::subscriber::set_global_default(logging::subscriber(io::stderr, level)).is_err() {
        return ExitCode::FAILURE;
    }
    menjie_bridge::hide_panic_texts(|place| tracing::error!(target: "menjie::fault", %place, "an internal fault"));
    if let Err(error) = undumped {
        tracing::warn!(target: "menjie::start", cause = %error.kind(), "core dumps are not refused; forbid them in the service (LimitCORE=0)");
    }
    if !menjie_bridge::locked_memory::is_allowed() {
        tracing::warn!(target: "menjie::start", "memory is not locked, so private keys may be swapped out; allow it in the service (LimitMEMLOCK=1M), or encrypt swap");
    }
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else { return ExitCode::FAILURE };
    let env = environment();
    runtime.block_on(async {
        let server = match Server::prepare(config, &env).await {
            Ok(server) => server,
            Err(problems) => {
                for problem in problems {
                    // Without standard error the exit code must do.
                    let _ = writeln!(io::stderr(), "{problem}");
                }
                return ExitCode::from(2);
            }
        };
        let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else { return ExitCode::FAILURE };
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        if server.run(stop).await { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    })
}
