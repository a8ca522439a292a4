//! Every scenario through the built `menjie call`: on a server (`--server`), and what is not for a network on the store itself
//! (`--config`) while the server is away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use menjie_bridge::{Reach, find};
use menjie_tests::http::Server;
use menjie_tests::play::{Host, play, play_all};
use menjie_tests::scenario::{Person, load};
use menjie_tests::stage::Serving;
use menjie_tests::vectors::Answer;
use serde_json::Value;

/// A terminal beside the server.
struct Terminal {
    serving: Serving,
}

impl Host for Terminal {
    fn call(&mut self, who: Option<&Person>, op: &str, request: &str) -> io::Result<Answer> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_menjie"));
        command.args(["call", op]).env_clear();
        let alone = find(op).is_ok_and(|op| op.reach == Reach::HostOnly);
        if alone {
            self.serving.park()?;
            command.arg("--config").arg(self.serving.config());
            if let Some(Person::Patient(patient)) = who {
                command.args(["--patient", patient]);
            }
        } else {
            command.args(["--server", &self.serving.url()]);
            if let Some(who) = who {
                command.env("MENJIE_TOKEN", self.serving.token(who)?);
            }
        }
        let answer = run(command, op, request);
        if alone {
            self.serving.resume()?;
        }
        answer
    }

    fn network(&mut self) -> Option<io::Result<Server>> {
        None
    }

    fn admin(&self) -> Server {
        self.serving.admin()
    }
}

/// One child is started at a time: until it runs its own program, it holds every file of this process, and with them the
/// stores of the other stories. Whoever has parked a server starts after that moment.
static STARTING: Mutex<()> = Mutex::new(());

/// Runs one command; the exit code must agree with the answer.
fn run(mut command: Command, op: &str, request: &str) -> io::Result<Answer> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = {
        let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        command.spawn()?
    };
    child.stdin.take().unwrap().write_all(request.as_bytes())?;
    let output = child.wait_with_output()?;
    let complaint = String::from_utf8(output.stderr).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let json = text.strip_suffix('\n').ok_or_else(|| io::Error::other(format!("{op}: no line: {complaint}")))?.to_owned();
    let value: Value = serde_json::from_str(&json)?;
    let kind = value["kind"].as_str().filter(|_| value["code"].is_u64());
    let expected = match kind {
        None if value["decision"] == "refused" => 1,
        None => 0,
        Some("misuse" | "validation") => 2,
        Some("conflict" | "not_found") => 1,
        Some(_) => 3,
    };
    let exit = output.status.code().unwrap();
    if exit != expected || !complaint.is_empty() {
        return Err(io::Error::other(format!("{op}: exit code {exit} and not {expected} with {json} {complaint}")));
    }
    Ok(Answer { is_response: kind.is_none(), json })
}

#[test]
fn every_scenario_holds_in_the_terminal() {
    let wrong = play_all(&load().unwrap(), |scenario| {
        let mut host = Terminal { serving: Serving::open(scenario).map_err(|e| e.to_string())? };
        let played = play(scenario, &mut host);
        host.serving.close().map_err(|e| e.to_string())?;
        played
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Over the real server every page and promise of the tender's list that this version has is seen to be there, and what it has not is told.
#[test]
fn acceptance_asks_the_server() {
    let scenario = load().unwrap().into_iter().next().unwrap();
    let serving = Serving::open(&scenario).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_menjie"));
    command.args(["acceptance", "--server", &serving.url(), "-o", "jsonl"]).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = {
        let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        command.spawn().unwrap()
    };
    let output = child.wait_with_output().unwrap();
    serving.close().unwrap();
    let checks: Vec<Value> = String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |verdict: &str| checks.iter().filter(|check| check["verdict"] == verdict).collect::<Vec<_>>();
    assert!(of("not_tried").is_empty(), "{:?}", of("not_tried"));
    // What this version does not have, and nothing else. Whoever builds it takes it out of this list.
    let failing: Vec<(&str, &str)> =
        of("fails").into_iter().filter(|check| check["how"] != "本机操作系统").map(|check| (check["no"].as_str().unwrap(), check["how"].as_str().unwrap())).collect();
    let missing = [
        ("1.3.2", "读取含支付宝渠道的医院配置"),
        ("1.3.2", "读取含银联渠道的医院配置"),
        ("1.7", "访问页面 /h5/health-code"),
        ("1.8", "访问页面 /h5/e-voucher"),
        ("2.1", "访问页面 /a/reports/finance"),
        ("2.2", "访问页面 /a/reports/volume /a/reports/ages /a/reports/diseases"),
    ];
    assert_eq!(failing, missing, "{:?}", of("fails"));
}
