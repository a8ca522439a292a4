//! The transfer log of a process, from its configuration.

use std::path::Path;
use std::sync::Arc;

use menjie::access::Private;
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::port::{Clock, Entropy};
use menjie_host::{OsEntropy, SystemClock};
use menjie_keys::Protection;
use menjie_log_file::{Identity, Retention, SealedLog, Settings, Zstd};

use crate::config::{LogConfig, Problem};

const MIB: u64 = 1 << 20;

/// Opens the log and takes its lock; what a crash tore is cut off and kept aside. Blocks.
pub fn open_log(config: &LogConfig) -> Result<Arc<SealedLog>, Vec<Problem>> {
    let (settings, identity) = read(config)?;
    let (entropy, clock): (Arc<dyn Entropy>, Arc<dyn Clock>) = (Arc::new(OsEntropy), Arc::new(SystemClock));
    let log = SealedLog::open(&config.folder, settings, identity, entropy, clock);
    log.map(Arc::new)
        .map_err(|e| vec![Problem::new("log.folder", Problem::of(&e, "").what, "check the folder, its permissions and its disk, and whether another process writes this log")])
}

/// Can the keys be read, and by their owner only where they are private? Nothing is opened.
pub fn check_log(config: &LogConfig) -> Result<(), Vec<Problem>> {
    read(config).map(drop)
}

/// The public keys of those who sign the log, former ones included: what a verification trusts.
pub fn log_writers(config: &LogConfig) -> Result<Vec<Sm2PublicKey>, Vec<Problem>> {
    let (settings, identity) = read(config)?;
    Ok(std::iter::once(identity.signer.public().clone()).chain(settings.former_signers).collect())
}

/// Makes keys for a trial: the signer's, and those of one auditor, whose private key (`auditor.pem`) belongs on a machine of his own.
/// Existing files are never overwritten.
pub fn make_log_keys(folder: &Path) -> menjie::Result<()> {
    for name in ["log-signer", "auditor"] {
        let key = Sm2PrivateKey::generate(&OsEntropy)?;
        menjie_keys::write_private(&folder.join(format!("{name}.pem")), &key, Protection::FileMode, &OsEntropy)?;
        menjie_keys::write_public(&folder.join(format!("{name}.pub.pem")), key.public())?;
    }
    Ok(())
}

fn read(config: &LogConfig) -> Result<(Settings, Identity), Vec<Problem>> {
    let mut problems = Vec::new();
    let password = config.signer_password.as_ref().map(Private::reveal);
    let signer = menjie_keys::read_private(&config.signer, password).map_err(|e| {
        problems.push(Problem::new(
            "log.signer",
            Problem::of(&e, "").what,
            "make a key pair with `menjie log keygen`; the file's mode is 600, and an encrypted one needs log.signer_password",
        ));
    });
    let mut all = |field: &'static str, paths: &[std::path::PathBuf]| {
        let mut keys: Vec<Sm2PublicKey> = Vec::new();
        for (at, path) in paths.iter().enumerate() {
            match menjie_keys::read_public(path) {
                Ok(found) => keys.extend(found),
                Err(e) => {
                    problems.push(Problem::new(format!("{field}[{at}]"), Problem::of(&e, "").what, "name a file with a public key (PEM) that nobody but its owner may write"))
                }
            }
        }
        keys
    };
    let (auditors, former_signers) = (all("log.auditors", &config.auditors), all("log.former_signers", &config.former_signers));
    let settings = Settings {
        segment_bytes: u64::from(config.segment_mib) * MIB,
        reserve_bytes: u64::from(config.reserve_mib) * MIB,
        retention: config.retention_days.map_or(Retention::Everything, Retention::Days),
        spool: config.spool.clone(),
        former_signers,
        ..Settings::default()
    };
    let settings = if config.compress { Settings { codec: Some(Arc::new(Zstd)), ..settings } } else { settings };
    if let Err(error) = settings.check() {
        problems.push(Problem::of(&error, "log"));
    }
    match signer {
        Ok(signer) if problems.is_empty() => Ok((settings, Identity { signer: Arc::new(signer), recipients: auditors.into() })),
        _ => Err(problems),
    }
}
