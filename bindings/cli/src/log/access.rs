//! Who looks, and why: a record is on the disk before anything personal is on the screen.

use std::path::PathBuf;

use clap::ArgMatches;
use menjie_bridge::seal;
use menjie_bridge::sealed_log::Act;
use menjie_bridge::sealed_log::view::{Sight, Viewer};

use super::{failed, keys, path, text};
use crate::exit::Stop;
use crate::words::Words;

/// How much may be shown. For everything, a reason is needed and recorded.
pub(super) fn sight(given: &ArgMatches, viewer: &Viewer, about: &str, words: Words) -> Result<Sight, Stop> {
    if !given.get_flag("unmask") {
        return Ok(Sight::Masked);
    }
    record(given, viewer, Act::Unmask, about, words)?;
    Ok(Sight::Clear)
}

/// Writes the record.
pub(super) fn record(given: &ArgMatches, viewer: &Viewer, act: Act, about: &str, words: Words) -> Result<(), Stop> {
    let reason = text(given, "reason").map(str::trim).filter(|reason| !reason.is_empty());
    let reason = reason.ok_or_else(|| Stop::usage(words.pick("--reason is needed: it stands in the access record", "必须用 --reason 说明事由，事由将写入查看记录")))?;
    let folder = given.get_one::<PathBuf>("access-log").cloned().unwrap_or_else(|| path(given, "dir").join("access"));
    let about = format!("{} {} {about}", path(given, "dir").display(), viewer.dir().stream());
    seal::record(viewer, &folder, &keys::public(given, "supervisor", words)?, account(), act, reason, &about).map_err(|error| failed(&error, words))
}

/// The account of the operating system.
fn account() -> String {
    let name = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty());
    format!("os:{}", name.unwrap_or_else(|| "unknown".to_owned()))
}
