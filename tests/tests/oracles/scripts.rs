//! The oracles that are scripts.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Oracle;

pub(crate) struct Script {
    program: PathBuf,
    script: &'static str,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles")
}

/// gmssl, in the environment that tests/oracles/setup.sh makes.
pub(crate) fn python() -> Script {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let target = if target.is_absolute() { target } else { Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(target) };
    Script { program: target.join("oracles/bin/python"), script: "oracle.py" }
}

/// sm-crypto, beside the script.
pub(crate) fn node() -> Script {
    Script { program: PathBuf::from("node"), script: "oracle.mjs" }
}

impl Oracle for Script {
    fn ask(&self, questions: Vec<Value>) -> Vec<Value> {
        let missing = |error: std::io::Error| panic!("{}: {error}: tests/oracles/setup.sh installs it, as ./x test does", self.program.display());
        let started = Command::new(&self.program).arg(folder().join(self.script)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = started.unwrap_or_else(missing);
        process.stdin.take().unwrap().write_all(&serde_json::to_vec(&questions).unwrap()).unwrap();
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}: tests/oracles/setup.sh installs what it needs: {}", self.script, String::from_utf8_lossy(&output.stderr));
        let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answers.len(), questions.len());
        answers
    }
}
