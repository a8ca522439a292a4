//! `menjie log` as an auditor meets it: keys, looking, unmasking with a reason, verifying, exporting, rewrapping, exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "log/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use menjie::gm::{hex, sm3, unhex};
use menjie_bridge::sealed_log::read_public;
use serde_json::Value;

use stage::{CANARY, PASSWORD, Stage, exchange, private, text};

#[test]
fn keys_are_made_once_and_mistakes_with_them_have_names() {
    let stage = Stage::new().written();
    let again = stage.menjie(&["keygen", "auditor.pem", "--password-file", "password"]);
    assert_eq!(again.status.code(), Some(3), "never overwritten");
    let pem = std::fs::read_to_string(stage.path("auditor.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert_eq!(stage.menjie(&["keygen", "writer.pem", "--no-password"]).status.code(), Some(0));
    assert!(std::fs::read_to_string(stage.path("writer.pem")).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    private(&stage.path("short"), "short\n");
    assert_eq!(stage.menjie(&["keygen", "weak.pem", "--password-file", "short"]).status.code(), Some(3));
    assert!(!stage.path("weak.pem").exists() && !stage.path("weak.pem.pub").exists());

    let complaint = |args: &[&str]| {
        let output = stage.menjie(&[&["tail", "log"], args].concat());
        assert!(output.stdout.is_empty());
        (output.status.code(), text(&output.stderr))
    };
    private(&stage.path("wrong"), "another password");
    stage.keygen("stranger.pem");
    for (args, word) in [
        (&["--key", "auditor.pem", "--password-file", "wrong"][..], "the password is wrong"),
        (&["--key", "none.pem", "--password-file", "password"], "cannot be opened"),
        (&["--key", "auditor.pem.pub", "--password-file", "password"], "chmod 600"),
        (&["--key", "stranger.pem", "--password-file", "password"], "is not sealed for this key"),
    ] {
        let (code, told) = complaint(args);
        assert_eq!(code, Some(3), "{told}");
        assert!(told.contains(word), "{told}");
    }
    let (code, told) = complaint(&["--key", "auditor.pem"]);
    assert!(code == Some(2) && told.contains("MENJIE_LOG_PASSWORD"), "{told}");
    let from_environment = stage.command(&["tail", "log", "--key", "auditor.pem"]).env("MENJIE_LOG_PASSWORD", PASSWORD).output().unwrap();
    assert_eq!(from_environment.status.code(), Some(0));
    std::fs::set_permissions(stage.path("password"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert!(complaint(&["--key", "auditor.pem", "--password-file", "password"]).1.contains("chmod 600"));
}

#[test]
fn exchanges_are_found_masked_and_columns_are_for_people() {
    let stage = Stage::new().written();
    assert_eq!(stage.rows(&["search", "log"]).len(), 20);
    assert_eq!(stage.rows(&["search", "log", "-n", "3"]).len(), 3);
    assert_eq!(stage.rows(&["search", "log", "--order", "P7"])[0]["business_no"], "P7");
    assert_eq!(stage.rows(&["search", "log", "--patient", "M1"]).len(), 7);
    assert_eq!(stage.rows(&["search", "log", "--peer", "his", "--result", "in_doubt"]).len(), 2);
    assert_eq!(stage.rows(&["search", "log", "--interface", "POST /v3*", "--from", "today"]).len(), 20);
    assert_eq!(stage.rows(&["tail", "log", "-n", "4"]).iter().map(|row| row["business_no"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), ["P16", "P17", "P18", "P19"]);
    let nothing = stage.look(&["search", "log", "--order", "NOBODY"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert_eq!(stage.look(&["search", "log", "--from", "soon"]).status.code(), Some(2));
    assert_eq!(stage.look(&["search", "nowhere"]).status.code(), Some(2));
    assert_eq!(stage.look(&["show", "log", "999"]).status.code(), Some(1));

    let table = text(&stage.look(&["search", "log", "--order", "P7"]).stdout);
    assert!(table.starts_with("seq") && table.contains("→ his") && table.contains("answered") && !table.contains('\u{1b}'), "{table}");
    for form in ["table", "pretty", "json", "jsonl", "csv"] {
        let shown = text(&stage.look(&["search", "log", "-o", form]).stdout);
        assert!(!shown.contains(CANARY) && !shown.contains("张小三") && !shown.contains('\u{1b}'), "{form}: {shown}");
    }
    let seq = stage.rows(&["search", "log", "--order", "P7"])[0]["seq"].to_string();
    let shown = text(&stage.look(&["show", "log", &seq]).stdout);
    assert!(shown.contains("\"total_fen\": 7,") && shown.contains("张*三") && shown.contains("\"code\": \"OK\""), "{shown}");
    assert!(stage.accesses().is_empty(), "what is masked needs no record");

    let stats: Value = serde_json::from_slice(&stage.look(&["stats", "log", "--json"]).stdout).unwrap();
    assert_eq!(stats["interfaces"].as_array().unwrap().iter().map(|i| i["exchanges"].as_u64().unwrap()).sum::<u64>(), 20);
    assert!(text(&stage.look(&["stats", "log"]).stdout).contains("wechat"));
    let list: Vec<Value> = serde_json::from_slice(&stage.menjie(&["list", "log", "--json"]).stdout).unwrap();
    assert_eq!(list.iter().map(|segment| segment["records"].as_u64().unwrap()).collect::<Vec<_>>(), [18, 18]);
    let chinese = stage.command(&["list", "log"]).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
    assert!(text(&chinese.stdout).contains("已关闭"));
    let help = stage.command(&["--help"]).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
    assert!(text(&help.stdout).contains("查看、校验与维护加密交易日志") && text(&help.stdout).contains("退出码"));
}

#[test]
fn whoever_sees_everything_says_why_and_it_is_recorded() {
    let stage = Stage::new().written();
    let without = stage.look(&["search", "log", "--patient", "M1", "--unmask"]);
    assert_eq!(without.status.code(), Some(2));
    assert!(without.stdout.is_empty() && text(&without.stderr).contains("--reason"));
    assert!(stage.accesses().is_empty());
    let shown = text(&stage.look(&["search", "log", "--patient", "M1", "--unmask", "--reason", "工单 20260601-7", "-o", "pretty"]).stdout);
    assert!(shown.contains(CANARY) && shown.contains("张小三") && !shown.contains('\u{1b}'), "{shown}");
    let records = stage.accesses();
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!((record["interface"].as_str(), record["status"].as_str(), record["peer"].as_str()), (Some("unmask"), Some("工单 20260601-7"), Some("os:auditor-1")));
    assert!(record["request"].as_str().unwrap().contains("patient=sm3:") && !record["request"].as_str().unwrap().contains("M1"));
    // No record, no sight: the access log cannot be written here.
    let refused = stage.look(&["search", "log", "--unmask", "--reason", "x", "--access-log", "auditor.pem"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(refused.stdout.is_empty());
    // A supervisor reads what the auditor looked at.
    stage.keygen("supervisor.pem");
    assert_eq!(stage.look(&["tail", "log", "--unmask", "--reason", "y", "--supervisor", "supervisor.pem.pub", "--access-log", "watched"]).status.code(), Some(0));
    let folder = std::fs::read_dir(stage.path("watched")).unwrap().next().unwrap().unwrap().path();
    let read = stage.menjie(&["search", folder.to_str().unwrap(), "--stream", "access", "--key", "supervisor.pem", "--password-file", "password"]);
    assert!(read.status.code() == Some(0) && text(&read.stdout).contains("unmask"), "{}", text(&read.stderr));
}

#[test]
fn verifying_tells_sound_from_torn_from_changed_and_an_anchor_finds_a_rollback() {
    let stage = Stage::new().written();
    let verify = |args: &[&str]| {
        let output = stage.menjie(&[&["verify", "log", "--writer", "writer.pub"], args].concat());
        (output.status.code().unwrap(), text(&output.stdout))
    };
    let (code, shown) = verify(&["--save-anchor", "anchor.json"]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("as it was written"));
    let opened = stage.look(&["verify", "log", "--writer", "writer.pub", "--json"]);
    let report: Value = serde_json::from_slice(&opened.stdout).unwrap();
    assert_eq!((report["verdict"].as_str(), report["records"].as_u64(), report["seal_checked"].as_bool()), (Some("sound"), Some(36), Some(true)));
    assert_eq!(verify(&["--anchor", "anchor.json"]).0, 0);
    assert_eq!(stage.menjie(&["verify", "log"]).status.code(), Some(2), "whom to trust is not guessed");
    let stranger = stage.menjie(&["verify", "log", "--writer", "auditor.pem.pub"]);
    assert_eq!(stranger.status.code(), Some(4), "{}", text(&stranger.stdout));

    // Rolled back to before the second segment, with a manifest that fits: only the anchor knows.
    let (newest, index, manifest) = (stage.path("log/transfers-0000000002.gml"), stage.path("log/transfers-0000000002.gmx"), stage.path("log/MANIFEST"));
    let kept = [&newest, &index, &manifest].map(|path| std::fs::read(path).unwrap());
    std::fs::remove_file(&newest).unwrap();
    std::fs::remove_file(&index).unwrap();
    let lines = text(&kept[2]);
    std::fs::write(&manifest, format!("{}\n", lines.lines().next().unwrap())).unwrap();
    assert_eq!(verify(&[]).0, 0, "nobody could tell");
    let (code, shown) = verify(&["--anchor", "anchor.json"]);
    assert!(code == 4 && shown.contains("a checkpoint kept elsewhere is not in the log"), "{shown}");
    assert_eq!(verify(&["--anchor", "anchor.json", "--save-anchor", "later.json"]).0, 4);
    assert!(!stage.path("later.json").exists(), "no anchor is made of a changed log");

    // Torn at the very end, before the manifest knew it.
    std::fs::write(&newest, &kept[0][..kept[0].len() - 10]).unwrap();
    let (code, shown) = verify(&[]);
    assert_eq!(code, 5, "{shown}");
    [(&newest, &kept[0]), (&index, &kept[1]), (&manifest, &kept[2])].into_iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    assert_eq!(verify(&["--anchor", "anchor.json"]).0, 0);
    // One bit.
    let first = stage.path("log/transfers-0000000001.gml");
    let mut bytes = std::fs::read(&first).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&first, bytes).unwrap();
    let (code, shown) = verify(&[]);
    assert!(code == 4 && shown.contains("CHANGED") && shown.contains("segment 1 frame"), "{shown}");
    // What is left is shown, with the gap named and an exit code that says so.
    let found = stage.look(&["search", "log", "--order", "P15"]);
    assert!(found.status.code() == Some(0) || text(&found.stderr).contains("segment 1"), "{}", text(&found.stderr));
    let all = stage.look(&["search", "log"]);
    assert!(all.status.code() == Some(3) && text(&all.stderr).contains("segment 1") && text(&all.stdout).contains("P19"), "{}", text(&all.stderr));
}

#[test]
fn an_export_is_recorded_signed_and_never_overwritten() {
    let stage = Stage::new().written();
    assert_eq!(stage.look(&["export", "log", "--out", "all.csv"]).status.code(), Some(2), "a reason is needed, masked or not");
    let done = stage.look(&["export", "log", "--out", "all.csv", "--reason", "季度审计", "--bom"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let csv = std::fs::read(stage.path("all.csv")).unwrap();
    assert!(csv.starts_with("\u{feff}seq,what,at".as_bytes()));
    assert_eq!(text(&csv).lines().count(), 21);
    assert!(!text(&csv).contains(CANARY) && !text(&csv).contains("张小三"));
    let signed = std::fs::read_to_string(stage.path("all.csv.sig")).unwrap();
    let [statement, signature] = signed.lines().collect::<Vec<_>>()[..] else { panic!("{signed}") };
    let told: Value = serde_json::from_str(statement).unwrap();
    assert_eq!((told["rows"].as_u64(), told["masked"].as_bool(), told["sm3"].as_str()), (Some(20), Some(true), Some(hex(&sm3(&csv)).as_str())));
    let (id, signature) = signature.split_once(' ').unwrap();
    let public = &read_public(&stage.path("auditor.pem.pub")).unwrap()[0];
    assert_eq!(id, hex(&public.id()));
    assert!(public.verifies(statement.as_bytes(), &unhex(signature).unwrap()));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(stage.path("all.csv")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(stage.look(&["export", "log", "--out", "all.csv", "--reason", "x"]).status.code(), Some(3), "never overwritten");

    let clear = stage.look(&["export", "log", "--out", "clear.jsonl", "--format", "jsonl", "--unmask", "--reason", "公安调取 0601", "--order", "P7"]);
    assert_eq!(clear.status.code(), Some(0), "{}", text(&clear.stderr));
    let row: Value = serde_json::from_str(std::fs::read_to_string(stage.path("clear.jsonl")).unwrap().trim()).unwrap();
    assert!(row["request"].as_str().unwrap().contains(CANARY));
    let acts: Vec<String> = stage.accesses().iter().map(|row| format!("{} {}", row["interface"].as_str().unwrap(), row["status"].as_str().unwrap())).collect();
    assert_eq!(acts, ["export 季度审计", "export x", "export 公安调取 0601"]);
}

#[test]
fn a_new_auditor_reads_after_a_rewrap() {
    let stage = Stage::new().written();
    stage.keygen("second.pem");
    let second = |args: &[&str]| stage.menjie(&[args, &["--key", "second.pem", "--password-file", "password"]].concat());
    assert_eq!(second(&["tail", "log"]).status.code(), Some(3));
    assert_eq!(stage.look(&["rewrap", "log", "--to", "second.pem.pub"]).status.code(), Some(2), "a reason is needed");
    let done = stage.look(&["rewrap", "log", "--to", "second.pem.pub", "--reason", "审计岗位交接", "--json"]);
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&said["made"], &said["seal"]), (&serde_json::json!([1, 2]), &serde_json::json!("made")), "{}", text(&done.stderr));
    let shown = second(&["search", "log", "--order", "P3"]);
    assert!(shown.status.code() == Some(0) && text(&shown.stdout).contains("P3"), "{}", text(&shown.stderr));
    let verified = stage.menjie(&["verify", "log", "--writer", "writer.pub", "--key", "second.pem", "--password-file", "password"]);
    assert_eq!(verified.status.code(), Some(0));
    assert!(!text(&verified.stdout).contains("seal was not checked"), "{}", text(&verified.stdout));
    assert_eq!(stage.accesses()[0]["interface"], "rewrap");
}

#[test]
fn a_missing_index_is_made_anew() {
    let stage = Stage::new().written();
    let index = stage.path("log/transfers-0000000001.gmx");
    let before = std::fs::read(&index).unwrap();
    std::fs::remove_file(&index).unwrap();
    let done = stage.look(&["reindex", "log", "--json"]);
    assert_eq!(serde_json::from_slice::<Value>(&done.stdout).unwrap(), serde_json::json!({"made": [1], "already": [2], "impossible": []}), "{}", text(&done.stderr));
    assert_eq!((done.status.code(), std::fs::read(&index).unwrap()), (Some(0), before));
    assert_eq!(stage.menjie(&["verify", "log", "--writer", "writer.pub"]).status.code(), Some(0));
}

#[test]
fn a_log_is_followed_while_it_is_written() {
    let stage = Stage::new();
    let log = stage.log();
    exchange(&log, 0);
    let mut child = stage.command(&["tail", "log", "-f", "-o", "jsonl", "--key", "auditor.pem", "--password-file", "password"]).spawn().unwrap();
    let (lines, come) = std::sync::mpsc::channel();
    let output = child.stdout.take().unwrap();
    std::thread::spawn(move || BufReader::new(output).lines().for_each(|line| drop(lines.send(line.unwrap()))));
    let next = || serde_json::from_str::<Value>(&come.recv_timeout(Duration::from_secs(20)).expect("a line comes")).unwrap();
    assert_eq!(next()["business_no"], "P0");
    exchange(&log, 1);
    let first = next();
    assert_eq!(first["business_no"], "P1");
    // Begun and ended may come in one look or in two; in the end it has ended.
    let ended = if first["result"] == "answered" { first } else { next() };
    assert_eq!((ended["business_no"].as_str(), ended["result"].as_str()), (Some("P1"), Some("answered")));
    child.kill().unwrap();
    child.wait().unwrap();
}
