//! `menjie completion`: what a shell needs to complete the command line.

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::{Shell, generate};

use crate::exit::{Exit, Stop};
use crate::words::Words;

/// The command line.
pub(crate) fn command(words: Words, sub: &dyn Fn(&'static str, &'static str) -> Command) -> Command {
    sub("completion", words.pick("Print the completion script of a shell", "输出命令补全脚本")).arg(
        Arg::new("shell")
            .value_name("SHELL")
            .required(true)
            .value_parser(value_parser!(Shell))
            .hide_possible_values(true)
            .help(words.pick("bash, zsh, fish, powershell or elvish", "bash、zsh、fish、powershell 或 elvish")),
    )
}

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let shell = *given.get_one::<Shell>("shell").ok_or_else(|| Stop::usage("SHELL is missing"))?;
    let mut script = Vec::new();
    generate(shell, &mut crate::args::command(words), "menjie", &mut script);
    crate::output::bytes(&script)?;
    Ok(Exit::Done)
}
