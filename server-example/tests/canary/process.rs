//! The real `menjie-server`, as a process of its own: what it writes to standard output and error at its most talkative, where its
//! temporary files would be, what a panic tells, and whether it can be dumped.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use menjie_server::demo::His;
use menjie_sim::shell::SimUrls;
use menjie_tests::canary::{Canary, Searcher};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::cast::{Cast, NEW_ID, NEW_OPENID, OPENID};
use crate::house::House;
use crate::misuse::Known;
use crate::stage::{Stage, day, until};
use crate::{doors, files, misuse, pages, patients, phone, routes};

fn server(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited 2>/dev/null; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_menjie-server")]);
    command.args(arguments).env("TMPDIR", folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A test that fails leaves no process behind: somebody waits for its end.
struct Leash(Option<u32>);

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(process) = self.0 {
            let _ = kill_process(pid(process), Signal::KILL);
        }
    }
}

fn pid(process: u32) -> Pid {
    Pid::from_raw(i32::try_from(process).unwrap()).unwrap()
}

fn said(output: &Output) -> Vec<u8> {
    [&output.stdout[..], &output.stderr].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_talkative_process_says_no_secret_leaves_no_temporary_file_and_cannot_be_dumped() {
    let mut today = day();
    let cast = Cast::of(&mut today);
    let mut stage = Stage::with(today, |config| {
        config["server"]["lock_after"] = json!(100);
        config["server"]["sms_per_hour"] = json!(1_000);
    })
    .await;
    let served = routes::served(&menjie_server::router(stage.app().clone()));
    assert!(stage.stop().await);
    let temporary = tempfile::tempdir().unwrap();
    let config = stage.folder().join("menjie.json");
    let child = server(temporary.path(), &["--config", config.to_str().unwrap()]).env("MENJIE_LOG", "trace").spawn().unwrap();
    let process = child.id();
    let mut leash = Leash(Some(process));
    // Read while it runs: a full pipe would stop it.
    let reading = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let house = House::of(stage);
    cast.secrets(&house);
    until("the server is ready", async || house.stage.client.get(format!("{}/readyz", house.stage.base)).send().await.is_ok_and(|reply| reply.status().is_success())).await;
    undumpable(process);

    patients::program(&house, cast).await;
    let kiosk = house.visitor("kiosk");
    pages::before(&kiosk, "/k").await;
    pages::ways_in(&house, &kiosk, "/k", cast).await;
    let handy = house.visitor("phone");
    phone::login(&house, &handy, OPENID).await;
    phone::patients(&house, &handy, cast).await;
    phone::insured(&house, &handy, cast).await;
    let newcomer = house.visitor("newcomer");
    phone::login(&house, &newcomer, NEW_OPENID).await;
    pages::first_visit(&newcomer, "/h5", NEW_ID[2]).await;
    house.visitor("stranger").form("/a/login", &[("login", NEW_ID[0]), ("password", crate::cast::OWN_PASSWORD)]).await;
    doors::strangers(&house).await;
    let program = house.visitor("program");
    program.identify("visit_no", house.stage.patient(cast.program).card_no.reveal()).await;
    let people = [Known { root: "/h5", v: &handy, page: "/h5/unpaid" }, Known { root: "/api", v: &program, page: "" }];
    misuse::everywhere(&house, &served, &people).await;
    kill_process(pid(process), Signal::TERM).unwrap();
    let output = reading.await.unwrap();
    leash.0 = None;
    assert!(output.status.success(), "{}", output.status);

    let text = String::from_utf8(said(&output)).unwrap();
    assert!(
        text.contains("\"level\":\"TRACE\"") && text.contains("\"target\":\"menjie::security\"") && text.len() > 200_000,
        "it was not talkative: {} {}",
        text.len(),
        text.contains("TRACE")
    );
    let searcher = Searcher::new(&house.canaries()).unwrap();
    let mut leaks = std::collections::BTreeSet::new();
    for line in text.lines() {
        let target = line.split("\"target\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("no line of the log");
        // Any six digits may be a time.
        let line: String = line.split("\"micros\":").enumerate().map(|(at, part)| if at == 0 { part } else { part.trim_start_matches(|c: char| c.is_ascii_digit()) }).collect();
        let line = line.split_once("\"level\"").map_or(line.as_str(), |(_, rest)| rest);
        leaks.extend(searcher.find(line.as_bytes()).into_iter().map(|found| format!("{} ({}) said by {target}", found.what, found.form)));
    }
    leaks.extend(house.told_to_others(&searcher));
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert_eq!(files::all(temporary.path()).len(), 0, "temporary files stayed");
}

/// It was started with the highest limit that there is. The other half, a flag, is in no file of the kernel but by its effect: the files of
/// such a process belong to root.
fn undumpable(process: u32) {
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let core: Vec<&str> = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"]);
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(format!("/proc/{process}/environ")).unwrap());
    assert_eq!(owner, 0);
}

/// The runtime reads this variable, panics when it is no number, and says what it read.
#[test]
fn a_panic_tells_its_place_and_not_its_text() {
    const CANARY: &str = "canary-in-a-panic-440599199003070058";
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("menjie.json");
    std::fs::write(&config, "{}").unwrap();
    for arguments in [
        vec!["--config", config.to_str().unwrap()],
        vec!["staff", "add", "--config", config.to_str().unwrap(), "--id", "C1", "--login", "canary.a", "--name", CANARY, "--role", "finance"],
    ] {
        let output = server(folder.path(), &arguments).env("TOKIO_WORKER_THREADS", CANARY).output().unwrap();
        let told = String::from_utf8(said(&output)).unwrap();
        assert!(!output.status.success() && told.contains("an internal fault") && told.contains(".rs:"), "{told}");
        assert!(Searcher::new(&[Canary::of_a_person("what made it panic", CANARY)]).unwrap().find(told.as_bytes()).is_empty(), "{told}");
    }
}

/// Values of a configuration, right ones in wrong places.
#[test]
fn a_configuration_that_is_refused_is_not_repeated() {
    const SECRET: &str = "canary7F3Aconfig";
    let folder = tempfile::tempdir().unwrap();
    let nowhere = || "http://127.0.0.1:9".to_owned();
    let urls = SimUrls { his: nowhere(), wechat: nowhere(), invoice: nowhere(), admin: nowhere(), identity: nowhere(), insurer: nowhere() };
    let staff = menjie_server::token::fresh(&menjie_host::OsEntropy);
    let whole = menjie_server::demo::config(&urls, &His::simulated(&urls), &json!({}), 1, &staff);
    let searcher = Searcher::new(&[Canary::random("what stood in a wrong place", SECRET)]).unwrap();
    let mut refused = 0;
    for pointer in [
        "/server/listen",
        "/server/notices_every_s",
        "/server/staff/0/token_sm3",
        "/server/staff/0/roles/0",
        "/server/pages/kiosk/device",
        "/hospitals/0/his/secret",
        "/hospitals/0/his/http",
        "/hospitals/0/channels/wechat/merchant_key_pem",
        "/hospitals/0/channels/wechat/apiv3_key",
        "/hospitals/0/insurer/centre/private_key",
        "/hospitals/0/invoice/key",
        "/hospitals/0/pace/lease_ms",
        "/log/reserve_mib",
        "/store",
    ] {
        let mut config = whole.clone();
        *config.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = json!(SECRET);
        let path = folder.path().join("menjie.json");
        std::fs::write(&path, config.to_string()).unwrap();
        let output = server(folder.path(), &["--config", path.to_str().unwrap()]).output().unwrap();
        let told = said(&output);
        refused += usize::from(output.status.code() == Some(2));
        assert!(searcher.find(&told).is_empty(), "{pointer}: {}", String::from_utf8_lossy(&told));
    }
    assert!(refused >= 14, "{refused}");
    // Only the name of a field is told, in whatever place somebody put it.
    for text in [format!("{{\"store\": {SECRET}}}"), format!("store = \"{SECRET}")] {
        let path = folder.path().join(if text.starts_with('{') { "menjie.json" } else { "menjie.toml" });
        std::fs::write(&path, &text).unwrap();
        let told = said(&server(folder.path(), &["--config", path.to_str().unwrap()]).output().unwrap());
        assert!(searcher.find(&told).is_empty(), "{text}: {}", String::from_utf8_lossy(&told));
    }
    let path = folder.path().join("menjie.json");
    std::fs::write(&path, whole.to_string()).unwrap();
    let told = said(&server(folder.path(), &["--config", path.to_str().unwrap()]).env("MENJIE__SERVER__LOCK_AFTER", SECRET).output().unwrap());
    assert!(searcher.find(&told).is_empty(), "{}", String::from_utf8_lossy(&told));
    assert!(!said(&server(folder.path(), &[SECRET]).output().unwrap()).windows(SECRET.len()).any(|w| w == SECRET.as_bytes()));
}
