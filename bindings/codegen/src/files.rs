//! Writing the documents, and comparing them with what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

/// Folders that hold generated files only: whatever else lies there is stale.
const OWNED: [&str; 2] = ["docs/contract", "docs/schema"];

/// Writes every document and removes stale ones.
pub fn write(root: &Path, documents: &BTreeMap<String, String>) -> io::Result<()> {
    for (path, text) in documents {
        let file = root.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        // An unchanged file keeps its time, so that nothing is rebuilt for it.
        if fs::read_to_string(&file).ok().as_ref() != Some(text) {
            fs::write(&file, text)?;
        }
    }
    stale(root, documents)?.iter().try_for_each(|path| fs::remove_file(root.join(path)))
}

/// The paths that are missing, different or stale.
pub fn compare(root: &Path, documents: &BTreeMap<String, String>) -> io::Result<Vec<String>> {
    let differs = |path: &str, text: &str| fs::read_to_string(root.join(path)).map_or(true, |there| there != text);
    let mut different: BTreeSet<String> = documents.iter().filter(|(path, text)| differs(path, text)).map(|(path, _)| path.clone()).collect();
    different.extend(stale(root, documents)?);
    Ok(different.into_iter().collect())
}

fn stale(root: &Path, documents: &BTreeMap<String, String>) -> io::Result<Vec<String>> {
    let mut stale = Vec::new();
    for folder in OWNED {
        let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
        for entry in entries {
            let path = format!("{folder}/{}", entry?.file_name().to_string_lossy());
            if !documents.contains_key(&path) {
                stale.push(path);
            }
        }
    }
    Ok(stale)
}
