//! Every byte that the product has on a disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What an operator wrote or made for the server himself, with the secrets that belong there: our own at the counterparts, and keys.
/// Patients' are looked for in them as everywhere.
const KEYS: [&str; 6] = ["menjie.json", "keys.json", "log-signer.pem", "log-signer.pub.pem", "auditor.pem", "auditor.pub.pem"];

/// Is this one of them?
pub(crate) fn holds_keys(path: &Path) -> bool {
    path.file_name().is_some_and(|name| KEYS.iter().any(|key| name == *key))
}

/// All files below a folder, as they are now.
pub(crate) fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files.extend(all(&entry));
        } else if let Ok(bytes) = std::fs::read(&entry) {
            // What is gone again meanwhile held nothing for long.
            files.insert(entry, bytes);
        }
    }
    files
}
