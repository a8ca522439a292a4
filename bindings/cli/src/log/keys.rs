//! Key files and their passwords.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;

use clap::ArgMatches;
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie_bridge::sealed_log::{needs_password, read_private, read_public};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::{failed, path};
use crate::exit::Stop;
use crate::words::Words;

/// The environment variable that may hold the password.
const VARIABLE: &str = "MENJIE_LOG_PASSWORD";
/// A password is shorter.
const LONGEST: u64 = 4096;

/// The auditor's key.
pub(super) fn auditor(given: &ArgMatches, words: Words) -> Result<Sm2PrivateKey, Stop> {
    let file = path(given, "key");
    let told = |error: menjie::Error| failed(&error, words);
    let password = if needs_password(&file).map_err(told)? { Some(password(given, words, false)?) } else { None };
    read_private(&file, password.as_ref().map(|password| password.as_str())).map_err(told)
}

/// Public keys of several files.
pub(super) fn public(given: &ArgMatches, name: &str, words: Words) -> Result<Vec<Sm2PublicKey>, Stop> {
    let mut keys = Vec::new();
    for file in given.get_many::<std::path::PathBuf>(name).into_iter().flatten() {
        keys.extend(read_public(file).map_err(|error| failed(&error, words))?);
    }
    Ok(keys)
}

/// The password: from a file, the environment, or a person, who types a new one twice.
pub(super) fn password(given: &ArgMatches, words: Words, new: bool) -> Result<Zeroizing<String>, Stop> {
    if let Some(file) = given.get_one::<std::path::PathBuf>("password-file") {
        return from_file(file);
    }
    if let Ok(password) = std::env::var(VARIABLE) {
        return Ok(Zeroizing::new(password));
    }
    let first = asked(words.pick("Password: ", "口令："))?;
    if new && *asked(words.pick("Once more: ", "再输入一次："))? != *first {
        return Err(Stop::usage(words.pick("the two passwords differ", "两次输入的口令不一致")));
    }
    Ok(first)
}

fn from_file(file: &Path) -> Result<Zeroizing<String>, Stop> {
    let failed = |e: std::io::Error| Stop::failure(format!("{}: {}", file.display(), e.kind()));
    let opened = File::open(file).map_err(failed)?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&opened.metadata().map_err(failed)?.permissions()) & 0o077 != 0 {
        return Err(Stop::failure(format!("{}: only its owner may read a password file (chmod 600)", file.display())));
    }
    let mut text = Zeroizing::new(String::with_capacity(4096));
    opened.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Reads a line from the terminal without showing it.
fn asked(prompt: &str) -> Result<Zeroizing<String>, Stop> {
    let none = |_| Stop::usage(format!("a password is needed: give --password-file FILE or set {VARIABLE}"));
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(none)?;
    let before = tcgetattr(&terminal).map_err(|_| Stop::failure("the terminal cannot be asked"))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(|_| Stop::failure("the terminal cannot be silenced"))?;
    let restored = Echo { terminal: terminal.try_clone().map_err(none)?, before };
    let mut line = Zeroizing::new(String::with_capacity(4096));
    let read = terminal.write_all(prompt.as_bytes()).and_then(|()| BufReader::new(terminal.try_clone()?.take(LONGEST)).read_line(&mut line));
    drop(restored);
    let _shown = terminal.write_all(b"\n");
    read.map_err(|e| Stop::failure(format!("the terminal: {}", e.kind())))?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Shows again what is typed, whatever happened.
struct Echo {
    terminal: File,
    before: Termios,
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _shown = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
