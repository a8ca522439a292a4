//! A private PostgreSQL: its own folder, a Unix socket in it, no TCP. It must be installed; a test that needs it fails
//! without it rather than pass unseen.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running cluster; stopped and removed when dropped.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
    bin: PathBuf,
}

/// The server refuses to run as root, so root runs it as the user the package made.
fn as_server_user(program: &Path) -> Command {
    if own_id() == "0" {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn own_id() -> String {
    String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap().trim().to_owned()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

fn find_bin() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let on_path = std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    versions
        .chain(on_path)
        .find(|bin| bin.join("initdb").exists() && bin.join("pg_ctl").exists())
        .expect("PostgreSQL is not installed: every statement must be prepared on it. Install the Debian package: apt-get install postgresql")
}

impl Cluster {
    pub(crate) fn start() -> Cluster {
        let bin = find_bin();
        let folder = tempfile::Builder::new().prefix("menjie-pg").tempdir_in("/tmp").unwrap();
        if own_id() == "0" {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let cluster = Cluster { folder, bin };
        run(cluster.tool("initdb").args(["--auth=trust", "--username=menjie", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]).arg(cluster.data()));
        let settings = format!("-k {} -c listen_addresses= -c fsync=off", cluster.folder.path().display());
        let log = cluster.folder.path().join("log");
        // Its output goes to the log: a server that kept our pipe open would never let us see its end.
        let started =
            cluster.tool("pg_ctl").args(["start", "-w", "-o", &settings, "-l"]).arg(&log).arg("-D").arg(cluster.data()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(started.unwrap().success(), "PostgreSQL does not start: {}", std::fs::read_to_string(&log).unwrap_or_default());
        cluster
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = as_server_user(&self.bin.join(name));
        command.current_dir("/");
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs a script; what psql printed, errors included.
    pub(crate) fn psql(&self, script: &str) -> String {
        let mut psql = self.tool("psql");
        psql.args(["-X", "-U", "menjie", "-d", "postgres", "-f", "-", "-h"]).arg(self.folder.path());
        let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _stopped = self.tool("pg_ctl").args(["stop", "-m", "immediate", "-D"]).arg(self.data()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
