//! What only the machine can tell: files, permissions, another owner of the store, ports, counterparts, the clock.

use std::fs::{File, Metadata, TryLockError};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::{Duration, SystemTime};

use menjie_bridge::build;
use menjie_bridge::config::Config;
use menjie_bridge::sealed_log::{LogDir, TRANSFER_STREAM};
use serde::Deserialize;

use super::Finding;

/// A counterpart that does not take a connection within this time is not there.
const PATIENCE: Duration = Duration::from_secs(3);
/// 2026-01-01T00:00:00Z: before this program was written, so a clock that shows less is wrong.
const WRITTEN: Duration = Duration::from_secs(1_767_225_600);

/// The configuration may hold secrets.
pub(super) fn config_file(path: &Path) -> Finding {
    let about = path.display().to_string();
    match path.metadata() {
        Ok(meta) if others_may(&meta, 0o002) => Finding::problem(about, "anybody on this machine may write it", "chmod 640"),
        Ok(meta) if others_may(&meta, 0o004) => Finding::note(about, "anybody on this machine may read it", "chmod 640, or keep secrets in { env = … } and { file = … }"),
        Ok(_) => Finding::good(about, "is readable by its owner and group only"),
        Err(error) => Finding::problem(about, format!("cannot be examined: {}", error.kind()), "check the path"),
    }
}

#[cfg(unix)]
fn others_may(meta: &Metadata, bits: u32) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & bits != 0
}

#[cfg(not(unix))]
fn others_may(_: &Metadata, _: u32) -> bool {
    false
}

/// Everything about a configuration that is sound in itself.
pub(super) fn check(config: &Config, offline: bool) -> Vec<Finding> {
    let mut findings = vec![keys(config), store(config), listen(config)];
    findings.extend(log(config));
    findings.extend(
        config
            .plain_http()
            .into_iter()
            .map(|(field, url)| Finding::note(field, format!("{} is spoken to in plain http", host(&url)), "use https unless the hospital's network protects this way")),
    );
    findings.extend(
        config
            .hospitals
            .iter()
            .enumerate()
            .filter(|(_, h)| h.channels.wechat.is_none())
            .map(|(at, _)| Finding::note(format!("hospitals[{at}].channels"), "has no payment channel: nobody can pay", "add channels.wechat")),
    );
    findings.extend(phone_without_sms(config));
    if !offline {
        for (at, hospital) in config.hospitals.iter().enumerate() {
            findings.extend(hospital.addresses().into_iter().map(|(field, url)| reachable(&format!("hospitals[{at}].{field}"), &url)));
            findings.extend(hospital.channels.wechat.iter().map(|wechat| reachable(&format!("hospitals[{at}].channels.wechat"), &wechat.base_url)));
        }
    }
    findings
}

fn keys(config: &Config) -> Finding {
    match build::check_keys(&config.store.keys) {
        Ok(()) => Finding::good("store.keys", "the key file is private and can be read"),
        Err(problem) => Finding::problem(problem.path, problem.what, problem.fix),
    }
}

fn log(config: &Config) -> Vec<Finding> {
    match build::check_log(&config.log) {
        Ok(()) => std::iter::once(Finding::good("log", "its keys can be read, the private one by its owner only")).chain(copy(config)).collect(),
        Err(problems) => problems.into_iter().map(|problem| Finding::problem(problem.path, problem.what, problem.fix)).collect(),
    }
}

/// How far the second copy of the log is.
fn copy(config: &Config) -> Option<Finding> {
    config.log.copy?;
    if !config.log.folder.is_dir() {
        return Some(Finding::good("log.copy", "there is no log yet"));
    }
    let fix = "look at the program that keeps the copy";
    let state = match LogDir::new(&config.log.folder, TRANSFER_STREAM).copied() {
        Ok(state) => state,
        Err(_) => return Some(Finding::note("log.copy", "how far it is cannot be told: the log cannot be read", "run `menjie log verify`")),
    };
    let behind = format!("{} bytes behind", state.behind_bytes);
    Some(match state.failing {
        Some(failing) => {
            let said = format!("{behind}; not taken since {}, {} times in a row: {} {} {}", failing.since, failing.attempts, failing.outcome, failing.code, failing.text);
            Finding::problem("log.copy", said.trim_end(), fix)
        }
        None => Finding::good("log.copy", behind),
    })
}

/// Without making or changing anything: the folder, the file, and whether somebody else has the ledger.
fn store(config: &Config) -> Finding {
    let path = &config.store.path;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match folder.metadata() {
        Ok(meta) if !meta.is_dir() => return Finding::problem("store.path", "its folder is a file", "name another folder"),
        Ok(meta) if meta.permissions().readonly() => return Finding::problem("store.path", "its folder is read-only", "let the user of the service write there"),
        Ok(_) => {}
        Err(error) => return Finding::problem("store.path", format!("its folder: {}", error.kind()), "make the folder"),
    }
    if let Ok(lock) = File::open(path.with_added_extension("lock"))
        && let Err(TryLockError::WouldBlock) = lock.try_lock()
    {
        return Finding::problem(
            "store.path",
            "another process runs on this ledger",
            "a hospital has one ledger and one owner: stop that process, or send operations to it with --server URL",
        );
    }
    match path.metadata() {
        Ok(meta) if others_may(&meta, 0o077) => Finding::note("store.path", "other users may read the database", "chmod 600; the service's umask should be 077"),
        Ok(meta) if meta.permissions().readonly() => Finding::problem("store.path", "the database is read-only", "let the user of the service write it"),
        Ok(_) => Finding::good("store.path", "the database is there and nobody uses it"),
        Err(_) => Finding::good("store.path", "the database will be made at the first start"),
    }
}

/// Patients cannot prove a phone to a hospital that sends no messages.
fn phone_without_sms(config: &Config) -> Option<Finding> {
    let Ways { identify_ways, hospital } = config.section("server").ok()?;
    let served = config.hospitals.iter().find(|h| hospital.as_deref().is_none_or(|id| id == h.id.as_str()))?;
    let sends = served.notify.as_ref().is_some_and(|notify| notify.sms.is_some());
    (identify_ways.iter().any(|way| way == "phone") && !sends)
        .then(|| Finding::problem("server.identify_ways", "has phone, but this hospital sends no messages", "add hospitals.notify.sms, or take phone out"))
}

/// The part of the server's section that a gateway is needed for.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Ways {
    identify_ways: Vec<String>,
    hospital: Option<String>,
}

/// The part of the server's section that concerns the machine.
#[derive(Deserialize)]
#[serde(default)]
struct Listen {
    listen: SocketAddr,
}

impl Default for Listen {
    fn default() -> Listen {
        Listen { listen: SocketAddr::from(([127, 0, 0, 1], 8080)) }
    }
}

fn listen(config: &Config) -> Finding {
    match config.section::<Listen>("server") {
        Ok(Listen { listen }) => match TcpListener::bind(listen) {
            Ok(_) => Finding::good("server.listen", format!("port {} is free", listen.port())),
            Err(error) => {
                Finding::problem("server.listen", format!("port {}: {}", listen.port(), error.kind()), "stop what listens there, or choose another port (below 1024 needs a right)")
            }
        },
        Err(problems) => problems.into_iter().next().map_or_else(|| Finding::good("server", ""), |p| Finding::problem(p.path, p.what, p.fix)),
    }
}

/// Host and port of an address, for people and for connecting.
pub(super) fn host(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?']).next().unwrap_or_default()
}

pub(super) fn reachable(about: &str, url: &str) -> Finding {
    let place = host(url);
    let port = if url.starts_with("https://") { 443 } else { 80 };
    let resolved = place.to_socket_addrs().or_else(|_| (place.trim_matches(['[', ']']), port).to_socket_addrs());
    let fix = "check the address, the network and the firewall";
    match resolved.map(|mut all| all.next()) {
        Ok(Some(address)) => match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => Finding::good(about, format!("{place} takes connections")),
            Err(error) => Finding::problem(about, format!("{place}: {}", error.kind()), fix),
        },
        Ok(None) | Err(_) => Finding::problem(about, format!("{place} has no address"), fix),
    }
}

/// Signatures and orders carry times, so a wrong clock breaks payments.
pub(super) fn clock(config: &Path) -> Finding {
    clock_at(SystemTime::now(), config.metadata().and_then(|meta| meta.modified()).ok())
}

/// What a dump would hold is in no sealed file. The server asks for the same at its start.
pub(super) fn core_dumps() -> Finding {
    if menjie_bridge::core_dumps::are_refused() {
        return Finding::good("core dumps", "are refused by this program, and by the server in the same way");
    }
    Finding::problem("core dumps", "cannot be refused by a program here", "forbid them in the service: LimitCORE=0 (systemd), ulimit -c 0")
}

/// A private key that is swapped out stays on the disk for as long as the disk does.
pub(super) fn locked_memory() -> Finding {
    if menjie_bridge::locked_memory::is_allowed() {
        return Finding::good("locked memory", "private keys of the log are not swapped out");
    }
    Finding::problem(
        "locked memory",
        "is refused, so private keys may be swapped out",
        "allow some in the service: LimitMEMLOCK=1M (systemd), ulimit -l 1024; or encrypt swap, or have none",
    )
}

fn clock_at(now: SystemTime, newest_file: Option<SystemTime>) -> Finding {
    let fix = "set the clock, with NTP";
    if now < SystemTime::UNIX_EPOCH + WRITTEN {
        return Finding::problem("clock", "shows a time before this program was written", fix);
    }
    match newest_file {
        Some(written) if written > now + Duration::from_secs(60) => Finding::problem("clock", "shows a time before the configuration was written", fix),
        Some(_) | None => Finding::good("clock", "is not obviously wrong"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Weight;
    use super::*;

    #[test]
    fn a_clock_that_is_behind_is_told() {
        let now = SystemTime::UNIX_EPOCH + WRITTEN + Duration::from_secs(1_000_000);
        let weight = |now, file| clock_at(now, file).weight;
        assert_eq!(weight(now, Some(now)), Weight::Good);
        assert_eq!(weight(now, None), Weight::Good);
        assert_eq!(weight(now, Some(now + Duration::from_secs(3_600))), Weight::Problem);
        assert_eq!(weight(SystemTime::UNIX_EPOCH, None), Weight::Problem);
    }

    #[test]
    fn an_address_is_read_out_of_a_url() {
        for (url, place) in [("https://a.example/x/y", "a.example"), ("http://127.0.0.1:80", "127.0.0.1:80"), ("https://[::1]:9/?q", "[::1]:9")] {
            assert_eq!(host(url), place);
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/his", listener.local_addr().unwrap());
        assert_eq!(reachable("his", &url).weight, Weight::Good);
        drop(listener);
        assert_eq!(reachable("his", &url).weight, Weight::Problem);
    }
}
