//! The dependency rule (DESIGN.md §2) over `cargo metadata`: who may know whom.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What the core may never depend on, directly or through others: runtimes, sockets, drivers, clocks of the machine.
const NOT_IN_CORE: [&str; 22] = [
    "tokio",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "hyper",
    "reqwest",
    "ureq",
    "axum",
    "rustls",
    "native-tls",
    "rusqlite",
    "libsqlite3-sys",
    "tokio-postgres",
    "postgres",
    "sqlx",
    "getrandom",
    "rand",
    "napi",
    "pyo3",
    "chrono",
    "uuid",
];

#[derive(Debug)]
struct Package {
    /// Folder below the repository.
    folder: String,
    /// Workspace packages it depends on; not for its own tests.
    uses: BTreeSet<String>,
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.current_dir(format!("{}/..", env!("CARGO_MANIFEST_DIR")));
    cargo
}

fn metadata() -> Value {
    let output = cargo().args(["metadata", "--format-version", "1", "--offline", "--locked"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(metadata: &Value) -> BTreeMap<String, Package> {
    let root = metadata["workspace_root"].as_str().unwrap();
    let members: BTreeSet<&str> = metadata["workspace_members"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let ours: Vec<&Value> = metadata["packages"].as_array().unwrap().iter().filter(|p| members.contains(p["id"].as_str().unwrap())).collect();
    let names: BTreeSet<&str> = ours.iter().map(|p| p["name"].as_str().unwrap()).collect();
    ours.iter()
        .map(|package| {
            let built = |d: &&Value| d["kind"].as_str() != Some("dev");
            let uses = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(built)
                .map(|d| d["name"].as_str().unwrap())
                .filter(|name| names.contains(name))
                .map(str::to_owned)
                .collect();
            let folder = package["manifest_path"].as_str().unwrap().strip_prefix(root).unwrap().trim_start_matches('/').trim_end_matches("/Cargo.toml").to_owned();
            (package["name"].as_str().unwrap().to_owned(), Package { folder, uses })
        })
        .collect()
}

/// Every breach, in words.
fn breaches(packages: &BTreeMap<String, Package>) -> Vec<String> {
    let folder = |name: &str| packages[name].folder.as_str();
    let area = |name: &str| folder(name).split('/').next().unwrap().to_owned();
    let mut found = Vec::new();
    for (name, package) in packages {
        for used in &package.uses {
            let allowed = match area(name).as_str() {
                "core" => used != "menjie" && folder(used).starts_with("core/"),
                // `sim` is the counterpart, not a client: it may not share the client's code, so not even the transport.
                "adapters" => used == "menjie" || (name != "menjie-sim" && ["menjie-transport", "menjie-host"].contains(&used.as_str()) && name != used),
                "bindings" if name == "menjie-bridge" => used == "menjie" || (area(used) == "adapters" && used != "menjie-sim"),
                "bindings" => used == "menjie" || used == "menjie-bridge",
                "server-example" => ["core", "adapters"].contains(&area(used).as_str()) || used == "menjie-bridge",
                // Nothing may depend on them, they may depend on everything but each other's tests.
                "tests" | "benches" | "examples" => true,
                other => panic!("{name}: what may {other}/ depend on? Add it to the rule"),
            };
            if !allowed {
                found.push(format!("{name} ({}) must not depend on {used} ({})", package.folder, folder(used)));
            }
            if ["tests", "benches", "examples"].contains(&area(used).as_str()) && !["tests", "benches", "examples"].contains(&area(name).as_str()) {
                found.push(format!("{name} must not depend on {used}: nothing depends on tests, benches or examples"));
            }
        }
    }
    found
}

#[test]
fn every_crate_knows_only_whom_it_may() {
    let packages = packages(&metadata());
    assert!(packages.len() >= 10 && packages.contains_key("menjie") && packages.contains_key("menjie-bridge"), "{packages:?}");
    let found = breaches(&packages);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_breach_is_noticed() {
    let mut packages = packages(&metadata());
    for (name, used, word) in [
        ("menjie", "menjie-transport", "menjie (core)"),
        ("menjie-his-front", "menjie-invoice", "menjie-his-front"),
        ("menjie-sim", "menjie-transport", "menjie-sim"),
        ("menjie-cli", "menjie-store-sqlite", "menjie-cli"),
        ("menjie-bridge", "menjie-tests", "menjie-bridge"),
        ("menjie-server", "menjie-benches", "menjie-server"),
    ] {
        assert!(packages.get_mut(name).unwrap().uses.insert(used.to_owned()), "{name} already uses {used}");
        let found = breaches(&packages);
        assert!(found.iter().any(|breach| breach.starts_with(word)), "{name} → {used}: {found:?}");
        packages.get_mut(name).unwrap().uses.remove(used);
    }
}

/// Over everything that is built into the core (with its own features only), so that nothing slips in behind a harmless
/// dependency.
#[test]
fn the_core_reaches_no_runtime_socket_driver_or_randomness() {
    let tree = |package: &str| -> BTreeSet<String> {
        let output = cargo().args(["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--offline", "--locked"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
    };
    let forbidden = |package: &str| NOT_IN_CORE.into_iter().filter(|name| tree(package).contains(*name)).collect::<Vec<_>>();
    assert!(tree("menjie").contains("serde"), "the tree is empty");
    assert_eq!(forbidden("menjie"), Vec::<&str>::new());
    assert!(forbidden("menjie-transport").contains(&"tokio"), "what is forbidden would not be found");
}
