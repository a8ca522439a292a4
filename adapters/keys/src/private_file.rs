//! Files that hold secrets: readable by their owner only, never overwritten.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use menjie::error::Code;
use menjie::{Error, Result};
use zeroize::Zeroizing;

/// A key file is small; anything longer is not one.
const LONGEST: u64 = 1 << 20;

pub(crate) fn io(problem: &'static str, error: &std::io::Error) -> Error {
    Error::new(Code::BadKey).with("field", "key_file").with("problem", problem).with("cause", error.kind().to_string())
}

/// Reads a file; on Unix it is refused when anybody but its owner may read or write it.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>> {
    let file = File::open(path).map_err(|e| io("cannot be opened", &e))?;
    refuse(&file, 0o077, "only its owner may read it (chmod 600)")?;
    text_of(file)
}

/// Reads a file that is no secret, but whose content decides who can read a log: nobody but its owner may change it.
pub(crate) fn read_public(path: &Path) -> Result<Zeroizing<String>> {
    let file = File::open(path).map_err(|e| io("cannot be opened", &e))?;
    refuse(&file, 0o022, "only its owner may change it (chmod 644)")?;
    text_of(file)
}

fn text_of(file: File) -> Result<Zeroizing<String>> {
    // Room for everything at once: a text that grows leaves copies of itself behind.
    let len = file.metadata().map_err(|e| io("cannot be examined", &e))?.len().min(LONGEST);
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(len).unwrap_or(0) + 1));
    file.take(LONGEST).read_to_string(&mut text).map_err(|e| io("cannot be read", &e))?;
    Ok(text)
}

/// Writes a new file (mode 0600). An existing file is never overwritten: its keys may be the only ones that open what was sealed.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<()> {
    create(path, 0o600, text)
}

/// Writes a new file that anybody may read (mode 0644).
pub(crate) fn write_new_public(path: &Path, text: &str) -> Result<()> {
    create(path, 0o644, text)
}

fn create(path: &Path, mode: u32, text: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    with_mode(&mut options, mode);
    let mut file = options.open(path).map_err(|e| io("cannot be made", &e))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| io("cannot be written", &e))
}

#[cfg(unix)]
fn with_mode(options: &mut OpenOptions, mode: u32) {
    std::os::unix::fs::OpenOptionsExt::mode(options, mode);
}

#[cfg(not(unix))]
fn with_mode(_: &mut OpenOptions, _: u32) {}

#[cfg(unix)]
fn refuse(file: &File, bits: u32, rule: &'static str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(|e| io("cannot be examined", &e))?.permissions().mode() & 0o777;
    if mode & bits == 0 { Ok(()) } else { Err(Error::new(Code::BadKey).with("field", "key_file").with("problem", format!("has mode {mode:03o}; {rule}"))) }
}

#[cfg(not(unix))]
fn refuse(_: &File, _: u32, _: &'static str) -> Result<()> {
    Ok(())
}
