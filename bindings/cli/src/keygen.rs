//! `menjie keygen`: a key file with one new key.

use std::path::PathBuf;

use clap::ArgMatches;
use menjie_bridge::build;

use crate::exit::{Exit, Stop};
use crate::output::line;
use crate::words::Words;

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let path = given.get_one::<PathBuf>("file").cloned().unwrap_or_default();
    build::make_keys(&path).map_err(|e| Stop::failure(e.to_string()))?;
    line(words.pick("Made. Keep a copy in a safe place: without it nobody can read the sealed columns.", "已生成。请妥善备份：没有它，加密列无法读取。"))?;
    Ok(Exit::Done)
}
