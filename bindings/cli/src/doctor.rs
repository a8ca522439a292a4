//! `menjie doctor`: what is wrong with a configuration and this machine, and what to do about it.

mod kiosk;
mod machine;

use std::path::PathBuf;

use clap::ArgMatches;
use menjie_bridge::config::{Config, Forward};
use serde::Serialize;

use crate::exit::{Exit, Stop};
use crate::output::line;
use crate::words::Words;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Weight {
    /// Checked and good.
    Good,
    /// Works, but somebody should know.
    Note,
    /// Must be put right.
    Problem,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) weight: Weight,
    /// Field, file or address.
    pub(crate) about: String,
    pub(crate) what: String,
    /// What to do; empty when nothing is to be done.
    pub(crate) fix: String,
}

impl Finding {
    pub(crate) fn good(about: impl Into<String>, what: impl Into<String>) -> Finding {
        Finding { weight: Weight::Good, about: about.into(), what: what.into(), fix: String::new() }
    }

    pub(crate) fn note(about: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { weight: Weight::Note, about: about.into(), what: what.into(), fix: fix.into() }
    }

    pub(crate) fn problem(about: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { weight: Weight::Problem, about: about.into(), what: what.into(), fix: fix.into() }
    }
}

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let path = given.get_one::<PathBuf>("config").cloned().unwrap_or_default();
    let mut findings = vec![machine::config_file(&path)];
    let (env, offline) = (std::env::vars().collect(), given.get_flag("offline"));
    let checked = match Forward::load(&path, &env) {
        Some(forward) => forward.map(|forward| kiosk::check(&forward, &path, offline)),
        None => Config::load(&path, &env).map(|config| machine::check(&config, offline)),
    };
    match checked {
        Ok(found) => {
            findings.push(Finding::good("configuration", "every value is understood"));
            findings.extend(found);
        }
        Err(problems) => findings.extend(problems.into_iter().map(|p| Finding::problem(p.path, p.what, p.fix))),
    }
    findings.push(machine::clock(&path));
    findings.push(machine::core_dumps());
    findings.push(machine::locked_memory());
    if given.get_flag("json") {
        line(&serde_json::to_string(&findings).map_err(|_| Stop::failure("the findings cannot be written"))?)?;
    } else {
        findings.iter().try_for_each(|finding| line(&shown(finding, words)))?;
    }
    let bad = findings.iter().filter(|f| f.weight == Weight::Problem).count();
    Ok(if bad == 0 { Exit::Done } else { Exit::Refused })
}

fn shown(finding: &Finding, words: Words) -> String {
    let mark = match finding.weight {
        Weight::Good => words.pick("ok     ", "正常"),
        Weight::Note => words.pick("note   ", "注意"),
        Weight::Problem => words.pick("problem", "问题"),
    };
    let about = if finding.about.is_empty() { words.pick("configuration", "配置") } else { &finding.about };
    let fix = if finding.fix.is_empty() { String::new() } else { format!("\n           → {}", finding.fix) };
    format!("{mark}  {about}: {}{fix}", finding.what)
}
