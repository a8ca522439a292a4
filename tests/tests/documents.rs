//! What the documents point at is there: links between files, and the commands of the entry script.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SKIPPED: [&str; 4] = ["target", "node_modules", ".git", ".venv"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !SKIPPED.contains(&path.file_name().unwrap().to_str().unwrap()) {
                documents(&path, found);
            }
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
}

/// The files a document links to, without anchors; other places are not ours to check.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|t| !t.contains("://") && !t.starts_with('#')).map(|t| t.split('#').next().unwrap().to_owned()).collect()
}

/// The subcommands of `./x` a document names.
fn commands(text: &str) -> BTreeSet<String> {
    text.split("./x ").skip(1).map(|rest| rest.chars().take_while(char::is_ascii_lowercase).collect()).filter(|word: &String| !word.is_empty()).collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut found = Vec::new();
    documents(&root(), &mut found);
    let (mut dead, mut seen) = (Vec::new(), 0);
    for document in &found {
        for link in links(&std::fs::read_to_string(document).unwrap()) {
            seen += 1;
            if !document.parent().unwrap().join(&link).exists() {
                dead.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(found.len() > 20 && seen > 60, "{} documents, {seen} links", found.len());
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn the_readmes_name_the_subcommands_that_there_are() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    let there: BTreeSet<String> = read("x").lines().filter_map(|l| l.strip_prefix("#: ")?.split_whitespace().next().map(str::to_owned)).collect();
    assert!(there.contains("test") && there.contains("demo"), "{there:?}");
    for name in ["README.md", "README.zh-CN.md"] {
        assert_eq!(commands(&read(name)), there, "{name}");
    }
}

#[test]
fn a_dead_link_and_a_wrong_command_would_be_seen() {
    assert_eq!(links("[a](b.md#c) [d](https://e) [f](#g) [h](i/j)"), ["b.md", "i/j"]);
    assert_eq!(commands("`./x demo --headless` and ./x tset."), ["demo", "tset"].map(str::to_owned).into());
}

#[test]
fn every_decision_is_in_the_index() {
    let folder = root().join("docs/adr");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut numbers = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name != "README.md" {
            assert!(index.contains(&format!("({name})")), "{name} is not in the index");
            assert!(numbers.insert(name[..4].parse::<u32>().unwrap()), "{name}: the number is taken");
        }
    }
    assert!(!numbers.is_empty() && numbers.iter().copied().eq(1..=numbers.len() as u32), "{numbers:?}");
}
