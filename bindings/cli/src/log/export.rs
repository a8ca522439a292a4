//! `menjie log export`: exchanges in a file, with a digest beside it that the auditor signs.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use clap::ArgMatches;
use menjie::gm::{hex, sm3};
use menjie_bridge::sealed_log::view::{CsvRow, JsonRow, Sight};
use menjie_bridge::sealed_log::{Act, now};
use serde_json::json;

use super::{access, failed, gaps, path, table, text, viewer, when};
use crate::exit::{Exit, Stop};
use crate::output::line;
use crate::progress::Bar;
use crate::words::Words;

/// Runs the command.
pub(super) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let filter = when::filter(given, now())?;
    let viewer = viewer(given, words)?;
    let sight = if given.get_flag("unmask") { Sight::Clear } else { Sight::Masked };
    let about = format!("{} {}", if sight == Sight::Clear { "clear" } else { "masked" }, filter.described());
    // Whatever leaves the log is recorded, masked or not.
    access::record(given, &viewer, Act::Export, &about, words)?;
    let file = path(given, "out");
    let csv = text(given, "format") != Some("jsonl");
    let mut out = BufWriter::new(create(&file)?);
    let io = |e: std::io::Error| Stop::failure(format!("{}: {}", file.display(), e.kind()));
    if given.get_flag("bom") {
        out.write_all("\u{feff}".as_bytes()).map_err(io)?;
    }
    if csv {
        writeln!(out, "{}", CsvRow::HEADER).map_err(io)?;
    }
    let (mut rows, mut broke) = (0u64, None);
    let mut bar = Bar::new(words.pick("exporting", "导出中"));
    let coverage = viewer
        .search(&filter, &mut |progress| bar.show(progress.done as u64, progress.of as u64), &mut |item| {
            let row = JsonRow::of(&item, sight);
            let text = if csv { Ok(CsvRow::of(&row)) } else { table::json(&row) };
            let written = text.and_then(|text| writeln!(out, "{text}").map_err(io));
            rows += 1;
            if let Err(stop) = written {
                broke = Some(stop);
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        })
        .map_err(|error| failed(&error, words))?;
    if let Some(stop) = broke {
        return Err(stop);
    }
    out.flush().and_then(|()| out.get_ref().sync_all()).map_err(io)?;
    let digest = hex(&sm3(&std::fs::read(&file).map_err(io)?));
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let statement = table::json(&json!({"file": name, "sm3": digest, "rows": rows, "masked": sight == Sight::Masked, "complete": coverage.unreadable.is_empty()}))?;
    let signature = viewer.key().sign(statement.as_bytes()).map_err(|error| failed(&error, words))?;
    let mut signed = create(&file.with_added_extension("sig"))?;
    let key = hex(&viewer.key().public().id());
    writeln!(signed, "{statement}\n{key} {}", hex(&signature)).and_then(|()| signed.sync_all()).map_err(io)?;
    line(&format!("{rows}  {}", words.pick("rows", "行")))?;
    line(&format!("SM3 {digest}"))?;
    Ok(gaps(&coverage, rows > 0, words))
}

fn create(file: &Path) -> Result<std::fs::File, Stop> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map_err(|e| Stop::failure(format!("{}: {}", file.display(), e.kind())))
}
