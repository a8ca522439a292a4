//! The demo for programs (browser tests, examples): addresses as one line of JSON, then commands, one a line.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use crate::accounts::Account;
use crate::deploy::{Deployed, client};
use crate::earlier;
use crate::say::say;

/// The simulator answers at once, unless the machine is busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves until standard input ends.
pub(crate) async fn run(deployed: &Deployed) -> Result<(), String> {
    let urls = deployed.sim.urls();
    let addresses = json!({
        "base": deployed.base,
        "admin": urls.admin,
        "identity": urls.identity,
        "insurer": urls.insurer,
        "wechat": format!("{}/wechat", urls.wechat),
        "staff": deployed.staff.reveal(),
        "accounts": deployed.accounts.iter().map(Account::json).collect::<Vec<_>>(),
        "folder": deployed.folder.display().to_string(),
    });
    say(&addresses.to_string());
    let mut lines = BufReader::new(stdin()).lines();
    let done = |()| "done".to_owned();
    while let Some(line) = lines.next_line().await.map_err(|e| e.kind().to_string())? {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let answer = match (word, rest) {
            ("kill", "") => deployed.kill().await.map(done),
            ("start", "") => deployed.spawn().await.map(done),
            ("restart", "") => match deployed.kill().await {
                Ok(()) => deployed.spawn().await.map(done),
                Err(error) => Err(error),
            },
            ("scan", code) => scan(deployed, code).await.map(done),
            ("earlier", "") => earlier::settle(deployed).await.map(|whose| whose.to_string()),
            _ => Err(format!("{word} is no command: kill, start, restart, scan CODE, earlier")),
        };
        say(&answer.unwrap_or_else(|error| format!("failed: {error}")));
    }
    Ok(())
}

/// A payer scans the code that a screen shows, and confirms.
async fn scan(deployed: &Deployed, code: &str) -> Result<(), String> {
    let phone = deployed.desk(&client(PATIENCE)?);
    let paid = phone.scan(code).await.map_err(|trouble| trouble.to_string())?;
    if paid { Ok(()) } else { Err("there is no such order to be paid".to_owned()) }
}
