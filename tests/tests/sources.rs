//! What the sources may not contain: the core's purity, floats near money, sums outside `money` and calendars outside
//! `calendar`, files of more than one idea, crates outside the workspace's lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

/// Longer files hold more than one idea.
const LONGEST: usize = 500;
const SKIPPED: [&str; 5] = ["target", "node_modules", ".git", "vendor", ".venv"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn files(folder: &Path, wanted: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                files(&path, wanted, found);
            }
        } else if wanted(&path) {
            found.push(path);
        }
    }
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&root().join(folder), &|path| path.extension().is_some_and(|e| e == "rs"), &mut found);
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

/// The code of a source: without comments, texts and `#[cfg(test)] mod tests`.
fn code(text: &str) -> String {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut code = String::new();
    for line in product.lines() {
        let line = line.split("//").next().unwrap();
        // Texts only: no string of ours spans lines with code on both sides.
        let outside: Vec<&str> = line.split('"').step_by(2).collect();
        code.push_str(&outside.join("\"\""));
        code.push('\n');
    }
    code
}

/// Is `word` there as a whole word (a path counts as one)?
fn has(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part))
}

#[test]
fn the_core_is_pure_and_has_no_float() {
    let forbidden =
        ["std::net", "std::fs", "std::env", "std::thread", "std::process", "std::time", "SystemTime", "Instant", "HashMap", "HashSet", "thread_local", "f32", "f64", "unsafe"];
    let mut wrong = Vec::new();
    // The testkit is no part of the product: it stands in for machines, clocks and hosts.
    for path in rust_files("core/src").iter().filter(|path| !path.components().any(|part| part.as_os_str() == "testkit")) {
        let code = code(&std::fs::read_to_string(path).unwrap());
        wrong.extend(forbidden.iter().filter(|word| has(&code, word)).map(|word| format!("{}: {word}", path.display())));
    }
    // The seal on the door itself names what it forbids.
    wrong.retain(|breach| !breach.ends_with("lib.rs: unsafe"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The product's sources: not the simulators, which are the counterpart and share no code with us, and not the testkit.
fn product() -> Vec<PathBuf> {
    let all = ["core/src", "adapters", "bindings", "server-example/src"].into_iter().flat_map(rust_files);
    all.filter(|path| {
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        path.contains("/src/") && !path.starts_with("adapters/sim/") && !path.starts_with("core/src/testkit")
    })
    .collect()
}

/// What is done with the plain number of an amount but telling or comparing it.
const SUMS: [&str; 12] = ["+", "-", "*", "/", "%", ".checked_", ".saturating_", ".wrapping_", ".overflowing_", ".abs", ".div_euclid", ".rem_euclid"];

/// Lines that calculate with fen: `Money` and `Net` give their number out as `fen()`, rows of columns theirs as `amount_fen()`.
fn sums(code: &str) -> Vec<usize> {
    let place = |c: char| c.is_alphanumeric() || "_.:&()?[]".contains(c);
    let sum = |line: &str| {
        line.match_indices("fen()").any(|(at, word)| {
            let after = line[at + word.len()..].trim_start().trim_start_matches(')').trim_start();
            // What stands before the expression; the formatter puts blanks around an operator of two sides.
            let before = line[..at].trim_end_matches(place);
            let operated = before.ends_with('-') || ["+ ", "- ", "* ", "/ ", "% ", "+= ", "-= "].iter().any(|operator| before.ends_with(operator));
            let added_up = line[at..].contains(".sum") || line[at..].contains(".fold(");
            operated || added_up || SUMS.iter().any(|sum| after.starts_with(sum) && !after.starts_with("->"))
        })
    };
    code.lines().enumerate().filter(|(_, line)| sum(line)).map(|(at, _)| at + 1).collect()
}

/// Does the code take dates apart with the calendar library?
fn calendars(code: &str) -> bool {
    code.match_indices("time::").any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn only_money_adds_amounts_and_only_the_calendar_knows_months() {
    let mut wrong = Vec::new();
    for path in product() {
        let (name, code) = (path.strip_prefix(root()).unwrap().display().to_string(), code(&std::fs::read_to_string(&path).unwrap()));
        if !name.starts_with("core/src/money") {
            wrong.extend(sums(&code).into_iter().map(|line| format!("{name}:{line} calculates with fen")));
        }
        if !name.starts_with("core/src/calendar") && calendars(&code) {
            wrong.push(format!("{name} takes dates apart"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sum_outside_money_is_seen() {
    for bad in [
        "let x = a.fen() + b;",
        "let x = b - a.fen();",
        "let x = -a.b[0].fen();",
        "total += row.amount_fen();",
        "let x = i128::from(a.fen()) - y;",
        "let x = y + i64::from(a.fen());",
        "a.fen().checked_add(1)",
        "rows.iter().map(|r| r.amount.fen()).sum::<i64>()",
        "a.fen() % 100",
        "x.amount_fen().abs()",
    ] {
        assert_eq!(sums(bad), [1], "{bad}");
    }
    for good in [
        "let x = a.fen();",
        "fn amount_fen(self) -> i64;",
        "if a.fen() > 0 {",
        "json!({ \"\": a.fen(), \"\": b.fen() })",
        "fn fen() -> i64 {",
        "a.fen() == b.fen()",
        "(a, -1, b.fen())",
    ] {
        assert!(sums(good).is_empty(), "{good}");
    }
    assert!(calendars("use time::Date;") && calendars("let x: time::Month = y;") && !calendars("use std::time::Duration;") && !calendars("tokio::time::sleep(runtime::x)"));
}

/// Lines that say `unsafe` without a reason, or where nothing may.
fn unsafe_lines(path: &str, text: &str) -> Vec<String> {
    let allowed = path.starts_with("core/sm4/src/") || path.starts_with("core/sm3/src/") || path.starts_with("bindings/");
    let lines: Vec<&str> = text.lines().collect();
    let reason = |line: &&str| line.trim_start().starts_with("// SAFETY:");
    let code = code(text);
    let said = code.lines().enumerate().filter(|(_, line)| has(line, "unsafe"));
    said.filter(|(at, _)| !allowed || !at.checked_sub(1).and_then(|before| lines.get(before)).is_some_and(reason)).map(|(at, _)| format!("{path}:{}", at + 1)).collect()
}

#[test]
fn unsafe_is_in_the_cipher_and_the_bindings_only_each_with_its_reason() {
    let mut found = Vec::new();
    files(&root(), &|path| path.extension().is_some_and(|e| e == "rs"), &mut found);
    let wrong: Vec<String> = found.iter().flat_map(|path| unsafe_lines(path.strip_prefix(root()).unwrap().to_str().unwrap(), &std::fs::read_to_string(path).unwrap())).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (bare, reasoned) = ("fn f() {\n    unsafe { g() }\n}\n", "fn f() {\n    // SAFETY: so.\n    unsafe { g() }\n}\n");
    assert_eq!(unsafe_lines("core/sm4/src/x.rs", bare), ["core/sm4/src/x.rs:2"]);
    assert_eq!(unsafe_lines("adapters/host/src/x.rs", reasoned), ["adapters/host/src/x.rs:3"]);
    assert!(unsafe_lines("core/sm4/src/x.rs", reasoned).is_empty());
}

#[test]
fn what_is_forbidden_is_found_and_nothing_else() {
    let source = "use std::fs::File;\n/// std::net in a comment\nlet text = \"f64\"; // f32\nlet x: f64 = 1;\nfn unsafely() {}\n#[cfg(test)]\nmod tests {\nuse std::env;\n}\n";
    let code = code(source);
    assert!(has(&code, "std::fs") && has(&code, "f64"));
    assert!(!has(&code, "std::net") && !has(&code, "f32") && !has(&code, "unsafe") && !has(&code, "std::env"));
}

#[test]
fn no_source_is_longer_than_one_idea() {
    let mut found = Vec::new();
    files(&root(), &|path| path.extension().is_some_and(|e| e == "rs"), &mut found);
    let long: Vec<_> = found.iter().map(|path| (std::fs::read_to_string(path).unwrap().lines().count(), path)).filter(|(lines, _)| *lines > LONGEST).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn every_crate_keeps_the_workspace_lints_and_is_private() {
    let mut found = Vec::new();
    files(&root(), &|path| path.file_name().is_some_and(|name| name == "Cargo.toml"), &mut found);
    assert!(found.len() > 10);
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        if text.contains("[package]") {
            assert!(text.contains("[lints]\nworkspace = true"), "{} does not keep the lints of the workspace", path.display());
            assert!(text.contains("license.workspace = true") && text.contains("edition.workspace = true"), "{}", path.display());
        }
    }
}

#[test]
fn nothing_unfinished_is_left() {
    let marks = ["TODO", "FIXME", "XXX", "todo!", "unimplemented!"].map(|mark| mark.to_owned());
    let mut found = Vec::new();
    files(&root(), &|path| path.extension().is_some_and(|e| e == "rs"), &mut found);
    let own = Path::new(file!()).file_name().unwrap();
    for path in found.iter().filter(|path| path.file_name() != Some(own)) {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(!marks.iter().any(|mark| text.contains(mark.as_str())), "{} is unfinished", path.display());
    }
}
