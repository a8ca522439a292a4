//! Key rings in files: readable by their owner only.

use std::path::Path;

use menjie::Result;

use crate::{KeyRing, private_file};

/// Reads a key file; on Unix it is refused when anybody but its owner may read or write it.
pub fn read(path: &Path) -> Result<KeyRing> {
    KeyRing::parse(&private_file::read(path)?)
}

/// Writes a new key file (mode 0600). An existing file is never overwritten: its keys may be the only ones that open old rows.
pub fn write(path: &Path, ring: &KeyRing) -> Result<()> {
    let mut text = ring.to_json()?;
    text.push('\n');
    private_file::write_new(path, &text)
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
