//! A machine that sends what needs the ledger to the hospital's server: it must not have a ledger of its own.

use std::path::Path;

use menjie_bridge::config::Forward;
use menjie_bridge::remote::Server;

use super::Finding;
use super::machine::{host, reachable};

/// How a SQLite file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Everything about a configuration that names a server.
pub(super) fn check(forward: &Forward, path: &Path, offline: bool) -> Vec<Finding> {
    let mut findings = vec![ledger(path), address(forward)];
    if forward.token.is_none() {
        findings.push(Finding::note(
            "server.token",
            "is not there: whoever calls must identify himself first",
            "right for a kiosk, whose patients open sessions; a terminal names the token of a member of staff",
        ));
    }
    if !offline {
        findings.push(reachable("server.url", &forward.url));
    }
    findings
}

fn address(forward: &Forward) -> Finding {
    match Server::at(&forward.url, None) {
        Ok(_) => Finding::good("server.url", format!("what needs the ledger goes to {}", host(&forward.url))),
        Err(error) => Finding::problem("server.url", error.to_string(), "https, or http on this machine only"),
    }
}

/// A database beside the configuration is what a server would have made.
fn ledger(path: &Path) -> Finding {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let found = files.filter(|file| file.is_file() && begins_like_sqlite(file)).find_map(|file| file.file_name().map(|name| name.to_string_lossy().into_owned()));
    match found {
        Some(name) => Finding::problem(
            "ledger",
            format!("{name} lies beside this configuration: a second ledger of the hospital"),
            "a hospital has one ledger, the server's: see that nothing is open in this one (menjie audit), then move it away",
        ),
        None => Finding::good("ledger", "this machine has none; the hospital's is the server's"),
    }
}

fn begins_like_sqlite(file: &Path) -> bool {
    let mut head = [0; SQLITE.len()];
    std::fs::File::open(file).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head)).is_ok() && head == *SQLITE
}
