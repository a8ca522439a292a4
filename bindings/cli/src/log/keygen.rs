//! `menjie log keygen`: an SM2 key for a writer or an auditor.

use std::path::PathBuf;

use clap::ArgMatches;
use menjie::gm::hex;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie_bridge::sealed_log::{OsEntropy, Protection, write_private, write_public};

use super::{failed, keys, path};
use crate::exit::{Exit, Stop};
use crate::output::line;
use crate::words::Words;

/// Runs the command.
pub(super) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let told = |error: menjie::Error| failed(&error, words);
    let file = path(given, "file");
    let public: PathBuf = file.with_added_extension("pub");
    if let Some(there) = [&file, &public].into_iter().find(|path| path.exists()) {
        return Err(Stop::failure(format!("{} {}", there.display(), words.pick("is there already; keys are never overwritten", "已存在；密钥文件不会被覆盖"))));
    }
    let password = if given.get_flag("no-password") { None } else { Some(keys::password(given, words, true)?) };
    let protection = password.as_ref().map_or(Protection::FileMode, |password| Protection::Password(password));
    let key = Sm2PrivateKey::generate(&OsEntropy).map_err(told)?;
    write_private(&file, &key, protection, &OsEntropy).map_err(told)?;
    write_public(&public, key.public()).map_err(told)?;
    line(&format!("{}  {}", words.pick("key id ", "密钥编号"), hex(&key.public().id())))?;
    line(&format!("{}  {}", words.pick("private", "私钥    "), file.display()))?;
    line(&format!("{}  {}", words.pick("public ", "公钥    "), public.display()))?;
    line(words.pick(
        "Keep a copy of the private key in a safe place: without it nobody can read what is sealed for it.",
        "请将私钥备份到安全处：丢失后，用其公钥加密的日志将无法读取。",
    ))?;
    Ok(Exit::Done)
}
