//! Key files: readable by their owner only.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use menjie::error::Code;
use menjie::{Error, Result};
use zeroize::Zeroizing;

use crate::KeyRing;

/// A key file is small; anything longer is not one.
const LONGEST: u64 = 1 << 20;

fn io(problem: &'static str, error: &std::io::Error) -> Error {
    Error::new(Code::BadKey).with("field", "key_file").with("problem", problem).with("cause", error.kind().to_string())
}

/// Reads a key file; on Unix it is refused when anybody but its owner may read or write it.
pub fn read(path: &Path) -> Result<KeyRing> {
    let file = File::open(path).map_err(|e| io("cannot be opened", &e))?;
    refuse_shared(&file)?;
    let mut text = Zeroizing::new(String::with_capacity(4096));
    file.take(LONGEST).read_to_string(&mut text).map_err(|e| io("cannot be read", &e))?;
    KeyRing::parse(&text)
}

/// Writes a new key file (mode 0600). An existing file is never overwritten: its keys may be the only ones that open old rows.
pub fn write(path: &Path, ring: &KeyRing) -> Result<()> {
    let json = ring.to_json()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|e| io("cannot be made", &e))?;
    file.write_all(json.as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all()).map_err(|e| io("cannot be written", &e))
}

#[cfg(unix)]
fn refuse_shared(file: &File) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(|e| io("cannot be examined", &e))?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(Error::new(Code::BadKey).with("field", "key_file").with("problem", format!("has mode {mode:03o}; only its owner may read it (chmod 600)")))
    }
}

#[cfg(not(unix))]
fn refuse_shared(_: &File) -> Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    use menjie::port::KeyProvider;
    use menjie::testkit::host::SeededEntropy;

    use super::*;

    #[test]
    fn a_written_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let ring = KeyRing::generate(&SeededEntropy::new(1));
        write(&path, &ring).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().key(1).unwrap().seal, ring.key(1).unwrap().seal);
        assert!(write(&path, &ring).is_err(), "never overwritten");
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        write(&path, &KeyRing::generate(&SeededEntropy::new(1))).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o644] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = read(&path).unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(read(&path).is_ok());
    }

    #[test]
    fn a_missing_file_is_told() {
        let error = read(Path::new("/nonexistent/keys.json")).unwrap_err();
        assert!(error.to_string().contains("cannot be opened"), "{error}");
    }
}
