//! `menjie call`: one operation, locally, on an embedded store, or on a server.

use std::io::Read;
use std::path::Path;

use clap::ArgMatches;
use menjie::access::{Caller, Private, Role};
use menjie::ident::{DeptCode, HospitalId, PatientId, StaffId};
use menjie::service::Engine;
use menjie_bridge::config::{Config, Forward};
use menjie_bridge::remote::{Remote, Server};
use menjie_bridge::{Failure, Kind, Reply, build, strict};

use crate::exit::{Exit, Stop};
use crate::output;

/// Runs the command.
pub(crate) fn run(given: &ArgMatches) -> Result<Exit, Stop> {
    let op = given.get_one::<String>("op").map_or("", String::as_str);
    let request = standard_input()?;
    let reply = if let Some(server) = given.get_one::<String>("server") {
        on_server(server, std::env::var("MENJIE_TOKEN").ok().map(Private::new), op, &request)?
    } else if let Some(config) = given.get_one::<std::path::PathBuf>("config") {
        with_config(config, given, op, &request)?
    } else {
        if menjie_bridge::find(op).is_ok_and(|op| op.kind.needs_engine()) {
            return Err(Stop::usage(format!("{op} needs an engine: give --config FILE or --server URL")));
        }
        menjie_bridge::call_alone(op, &request)
    };
    output::line(reply.json())?;
    Ok(exit(&reply))
}

fn standard_input() -> Result<String, Stop> {
    let most = u64::try_from(strict::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(|e| Stop::failure(format!("standard input: {}", e.kind())))?;
    String::from_utf8(bytes).map_err(|_| Stop::usage("the request is not UTF-8"))
}

fn exit(reply: &Reply) -> Exit {
    if reply.is_response() {
        let refused = serde_json::from_str::<serde_json::Value>(reply.json()).is_ok_and(|response| response.get("decision").is_some_and(|d| d == "refused"));
        return if refused { Exit::Refused } else { Exit::Done };
    }
    serde_json::from_str::<Failure>(reply.json()).map_or(Exit::Failure, |failure| Exit::of_kind(failure.kind))
}

fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| Stop::failure(format!("no runtime: {}", e.kind())))
}

/// On the store of a configuration, or on the server that it names.
fn with_config(config: &Path, given: &ArgMatches, op: &str, request: &str) -> Result<Reply, Stop> {
    let env = std::env::vars().collect();
    let told = |problems: Vec<menjie_bridge::config::Problem>| Stop::usage(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    match Forward::load(config, &env) {
        Some(Ok(_)) if ["hospital", "patient", "staff"].iter().any(|name| given.contains_id(name)) => {
            Err(Stop::usage("this configuration names a server, which knows by its token who calls"))
        }
        Some(Ok(forward)) if menjie_bridge::find(op).is_ok_and(|op| op.kind.needs_engine()) => on_server(&forward.url, forward.token, op, request),
        Some(Ok(_)) => Ok(menjie_bridge::call_alone(op, request)),
        Some(Err(problems)) => Err(told(problems)),
        None => on_store(&Config::load(config, &env).map_err(told)?, given, op, request),
    }
}

fn on_server(server: &str, token: Option<Private>, op: &str, request: &str) -> Result<Reply, Stop> {
    if menjie_bridge::find(op).is_ok_and(|op| op.kind == Kind::Session) {
        return Err(Stop::usage(format!("{op}: a session is for a program that stays; this one ends with its answer")));
    }
    let runtime = runtime()?;
    let answer = Server::at(server, token).and_then(|server| runtime.block_on(server.call(op, request)));
    // Nothing sent (710) and not known what was done (711) are answers like every other: a script tells by the code whether to ask first.
    Ok(answer.map_or_else(|error| Reply::from(&error), Remote::into_reply))
}

fn on_store(config: &Config, given: &ArgMatches, op: &str, request: &str) -> Result<Reply, Stop> {
    let caller = caller(config, given).map_err(|e| Stop::usage(e.to_string()))?;
    let parts = build::build(config, |log| log).map_err(|problems| Stop::usage(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    // What a command starts is committed; whoever runs the server of this store carries it on.
    Ok(runtime()?.block_on(async {
        match Engine::new(parts).await {
            Ok(engine) => menjie_bridge::call(&engine, &caller, op, request).await,
            Err(error) => Reply::from(&error),
        }
    }))
}

fn caller(config: &Config, given: &ArgMatches) -> menjie::Result<Caller> {
    let text = |name: &str| given.get_one::<String>(name).map(String::as_str);
    let hospital = match (text("hospital"), config.hospitals.as_slice()) {
        (Some(id), _) => HospitalId::new(id)?,
        (None, [only]) => only.id.clone(),
        (None, _) => return Err(menjie::Error::field("hospital", "must be named, because the configuration has several")),
    };
    if let Some(patient) = text("patient") {
        return Ok(Caller::patient(hospital, PatientId::new(patient)?));
    }
    // Only codes of roles come through the arguments.
    let roles = given.get_many::<String>("role").into_iter().flatten().filter_map(|role| Role::of(role));
    let departments = given.get_many::<String>("department").into_iter().flatten().map(|code| DeptCode::new(code)).collect::<menjie::Result<_>>()?;
    Ok(Caller::staff(hospital, StaffId::new(text("staff").unwrap_or("terminal"))?, roles.collect()).within(departments))
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie::error::Code;

    #[test]
    fn the_exit_code_follows_the_envelope() {
        let of = |code| exit(&Reply::from(&menjie::Error::new(code)));
        assert_eq!(of(Code::BadRequest), Exit::Usage);
        assert_eq!(of(Code::BadField), Exit::Usage);
        assert_eq!(of(Code::KeyReused), Exit::Refused);
        assert_eq!(of(Code::NotFound), Exit::Refused);
        assert_eq!(of(Code::StoreBusy), Exit::Failure);
        assert_eq!(of(Code::Panicked), Exit::Failure);
        assert_eq!(exit(&menjie_bridge::call_alone("echo", r#"{"value":1}"#)), Exit::Done);
    }
}
