//! The demo for programs (browser tests): addresses as one line of JSON, then commands, one a line.

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use crate::accounts::Account;
use crate::deploy::Deployed;
use crate::say::say;

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
    while let Some(line) = lines.next_line().await.map_err(|e| e.kind().to_string())? {
        let done = match line.trim() {
            "kill" => deployed.kill().await,
            "start" => deployed.spawn().await,
            "restart" => match deployed.kill().await {
                Ok(()) => deployed.spawn().await,
                failed => failed,
            },
            other => Err(format!("{other} is no command: kill, start, restart")),
        };
        match done {
            Ok(()) => say("done"),
            Err(error) => say(&format!("failed: {error}")),
        }
    }
    Ok(())
}
