//! `menjie log rewrap`: old segments become readable for another auditor.

use clap::ArgMatches;
use menjie::gm::hex;
use menjie_bridge::sealed_log::{Act, OsEntropy};
use serde_json::json;

use super::{access, failed, impossible, keys, table, viewer};
use crate::exit::{Exit, Stop};
use crate::output::{complain, line};
use crate::progress::Bar;
use crate::words::Words;

/// Runs the command.
pub(super) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let viewer = viewer(given, words)?;
    let to = keys::public(given, "to", words)?;
    let [to] = to.as_slice() else { return Err(Stop::usage(words.pick("--to must hold one public key", "--to 文件中应只有一个公钥"))) };
    access::record(given, &viewer, Act::Rewrap, &format!("to={}", hex(&to.id())), words)?;
    let mut bar = Bar::new(words.pick("rewrapping", "重新封装中"));
    let done = viewer.dir().rewrap(viewer.key(), to, &OsEntropy, |done, of| bar.show(done as u64, of as u64)).map_err(|error| failed(&error, words))?;
    let impossible = impossible(&done.impossible, words);
    let seal = match &done.seal {
        Ok(true) => ("made", words.pick("made", "已封装")),
        Ok(false) => ("already", words.pick("already", "原已封装")),
        Err(error) => {
            complain(&format!("SEAL: {error}"));
            ("impossible", words.pick("impossible", "无法处理"))
        }
    };
    if given.get_flag("json") {
        line(&table::json(&json!({"made": done.made, "already": done.already, "impossible": impossible, "seal": seal.0}))?)?;
    } else {
        line(&format!(
            "{} {}  {} {}  {} {}  {} {}",
            words.pick("made readable", "新增可读分段"),
            done.made.len(),
            words.pick("already", "原已可读"),
            done.already.len(),
            words.pick("impossible", "无法处理"),
            impossible.len(),
            words.pick("seal", "封印"),
            seal.1
        ))?;
    }
    Ok(if impossible.is_empty() && done.seal.is_ok() { Exit::Done } else { Exit::Failure })
}
