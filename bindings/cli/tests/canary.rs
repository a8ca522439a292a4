//! I18 at the terminal: what was typed in a wrong place, a password, and what the log holds are in no answer, complaint or file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "log/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use menjie_tests::canary::{Canary, Searcher};

use stage::{CANARY, PASSWORD, Stage, private};

/// What is typed, or stands in a file or a variable, where it does not belong.
const TYPED: &str = "canary7F3Atyped";
/// The patient whose records the log holds.
const NAME: &str = "张小三";

fn searcher() -> Searcher {
    Searcher::new(&[
        Canary::of_a_person("what was typed", TYPED),
        Canary::of_a_person("the document", CANARY),
        Canary::of_a_person("the name", NAME),
        Canary::random("the password", PASSWORD),
    ])
    .unwrap()
}

fn menjie(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_menjie"));
    command.args(args).current_dir(folder).env_clear().env("LC_ALL", "C").env("MENJIE_TOKEN", TYPED).env("MENJIE__STORE__KEYZ", TYPED).env("MENJIE_LOG_PASSWORD", TYPED);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that does not read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Nothing secret in what was said; the paths of files are no secret. How long it was.
fn says_nothing(searcher: &Searcher, case: &str, output: &Output) -> usize {
    let said = [&output.stdout[..], &output.stderr].concat();
    let found = searcher.find(&said);
    assert!(found.is_empty(), "{case}: {found:?} in {}", String::from_utf8_lossy(&said));
    said.len()
}

#[test]
fn what_was_typed_in_a_wrong_place_is_not_repeated() {
    let stage = Stage::new().written();
    let folder = stage.folder.path();
    for name in ["broken.toml", "broken.json"] {
        private(&folder.join(name), &format!("{{\"store\": \"{TYPED}\", \"hospitals\": [{{\"id\": 7, \"his\": {{\"secret\": \"{TYPED}\"}}}}]}}"));
    }
    private(&folder.join("no-key.pem"), &format!("-----BEGIN PRIVATE KEY-----\n{TYPED}\n-----END PRIVATE KEY-----\n"));
    private(&folder.join("wrong"), TYPED);
    let record = format!(r#"{{"record": {{"name": "{NAME}", "id_no": "{CANARY}x", "marital": "{TYPED}"}}}}"#);
    let searcher = searcher();
    let mut silent = 0;
    for (args, input) in [
        (&[TYPED][..], ""),
        (&["call", TYPED], "{}"),
        (&["call", "echo", TYPED], "{}"),
        (&["call", "echo", &format!("--{TYPED}")], "{}"),
        (&["call", "text.mask"], &format!(r#"{{"kind": "{TYPED}", "text": "{NAME}"}}"#)),
        (&["call", "text.mask"], &format!(r#"{{"kind": "name", "text": "{NAME}"}}"#)),
        (&["call", "text.mask"], &format!(r#"{{"kind": "name", "text": {{"{NAME}": "{CANARY}"}}}}"#)),
        (&["call", "text.mask"], &format!(r#"{{"kind": "name" "{TYPED}"#)),
        (&["call", "patient.validate"], &record),
        (&["call", "audit.run", "--config", "broken.json"], "{}"),
        (&["call", "audit.run", "--config", "broken.toml", "--staff", TYPED, "--role", TYPED], "{}"),
        (&["call", "audit.run", "--server", &format!("http://user:{TYPED}@127.0.0.1:9/{TYPED}")], "{}"),
        (&["call", "audit.run", "--server", TYPED], "{}"),
        (&["audit", "--db", "no.db", "--keys", "wrong", "--hospital", TYPED], ""),
        (&["doctor", "--config", "broken.json", "--offline"], ""),
        (&["doctor", "--config", "broken.toml", "--offline", "--json"], ""),
        (&["ops", TYPED], ""),
        (&["log", TYPED], ""),
        (&["log", "search", "log", "--key", "auditor.pem"], ""),
        (&["log", "search", "log", "--key", "auditor.pem", "--password-file", "wrong"], ""),
        (&["log", "search", "log", "--key", "no-key.pem", "--password-file", "wrong"], ""),
        (&["log", "search", "log", "--key", "auditor.pem", "--password-file", "password", "--from", TYPED], ""),
        (&["log", "search", "log", "--key", "auditor.pem", "--password-file", "password", "--direction", TYPED], ""),
        (&["log", "search", "log", "--key", "auditor.pem", "--password-file", "password", "--order", TYPED], ""),
        (&["log", "search", "log", "--key", "auditor.pem", "--password-file", "password", "--patient", CANARY], ""),
        (&["log", "search", "log", "--key", "auditor.pem", "--password-file", "password", "--text", TYPED, "-o", TYPED], ""),
        (&["log", "show", "log", TYPED, "--key", "auditor.pem", "--password-file", "password"], ""),
        (&["log", "verify", "log", "--writer", "no-key.pem"], ""),
        (&["log", "keygen", "new.pem", "--password-file", "wrong", "--reason", TYPED], ""),
    ] {
        silent += usize::from(says_nothing(&searcher, &args.join(" "), &menjie(folder, args, input)) == 0);
    }
    assert_eq!(silent, 2, "nothing is found under that order, and nothing of that patient");
}

#[test]
fn what_is_shown_without_unmasking_and_what_is_left_behind_has_no_secret() {
    let stage = Stage::new().written();
    let searcher = searcher();
    let seq = stage.rows(&["search", "log", "--order", "P7"])[0]["seq"].to_string();
    for form in ["table", "pretty", "json", "jsonl", "csv"] {
        for args in [&["search", "log", "-n", "0"][..], &["search", "log", "--patient", "M1"], &["search", "log", "--text", NAME], &["show", "log", &seq], &["tail", "log"]] {
            assert!(says_nothing(&searcher, &format!("{args:?} {form}"), &stage.look(&[args, &["-o", form]].concat())) > 0);
        }
    }
    for args in [&["stats", "log"][..], &["stats", "log", "--json"], &["verify", "log", "--writer", "writer.pub"]] {
        assert!(says_nothing(&searcher, &format!("{args:?}"), &stage.look(args)) > 0);
    }
    assert!(says_nothing(&searcher, "list", &stage.menjie(&["list", "log"])) > 0);
    for format in ["csv", "jsonl"] {
        let file = format!("all.{format}");
        assert!(says_nothing(&searcher, &file, &stage.look(&["export", "log", "--out", &file, "--format", format, "--reason", TYPED])) > 0);
    }
    // Who unmasks sees everything; why he did and what he saw are in no file but sealed.
    let clear = stage.look(&["search", "log", "--patient", "M1", "--unmask", "--reason", TYPED, "-o", "json"]);
    assert!(!searcher.find(&clear.stdout).is_empty());
    std::fs::remove_file(stage.path("password")).unwrap();
    let mut files = 0;
    every_file(stage.folder.path(), &mut |path, bytes| {
        files += 1;
        let found = searcher.find(bytes);
        assert!(found.is_empty(), "{found:?} in {}", path.display());
    });
    assert!(files > 8, "{files}");
}

fn every_file(folder: &Path, look: &mut impl FnMut(&Path, &[u8])) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { every_file(&path, look) } else { look(&path, &std::fs::read(&path).unwrap()) }
    }
}

/// Of a command that waits for more.
#[test]
#[cfg(target_os = "linux")]
fn the_terminal_refuses_core_dumps_and_doctor_says_so() {
    let stage = Stage::new().written();
    let mut follows = Command::new("sh");
    follows.args(["-c", "ulimit -c unlimited 2>/dev/null; exec \"$0\" log tail log -f --key auditor.pem --password-file password", env!("CARGO_BIN_EXE_menjie")]);
    let mut child = follows.current_dir(stage.folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    // It has said something: it is past its beginning.
    let mut first = [0];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let core: Vec<&str> = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"]);
    let told = menjie(stage.folder.path(), &["doctor", "--config", "none.json", "--offline"], "");
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("core dumps: are refused") && told.contains("locked memory: private keys of the log are not swapped out"), "{told}");
}
