//! The disk as the log uses it; tests put one in its place that is full, breaks, or forgets.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Files below one directory, by name.
pub trait Disk: Send + Sync + 'static {
    /// A file that is written at places.
    type File: Send;

    /// Creates a file that must not be there.
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// Writes all bytes at a place.
    fn write_at(&self, file: &Self::File, bytes: &[u8], at: u64) -> io::Result<()>;
    /// Makes what was written durable.
    fn flush(&self, file: &Self::File) -> io::Result<()>;
    /// Makes names durable: files that were created, renamed or removed.
    fn flush_names(&self) -> io::Result<()>;
    /// Appends to a file, which is created if need be, and makes it durable.
    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Writes a small file whole: the old one or the new one is there, never half of one.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file off and makes that durable. One that is not there is as good as cut to nothing.
    fn cut(&self, name: &str, len: u64) -> io::Result<()>;
    /// Reads a file; `None` when it is not there.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;
    /// Reads so many bytes of a file from a place on, fewer at its end; `None` when it is not there.
    fn read_part(&self, name: &str, offset: u64, len: usize) -> io::Result<Option<Vec<u8>>> {
        let part = |bytes: Vec<u8>| bytes.into_iter().skip(usize::try_from(offset).unwrap_or(usize::MAX)).take(len).collect();
        Ok(self.read(name)?.map(part))
    }
    /// Removes a file that is there.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// The names, in order.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Puts new files elsewhere from now on; false when there is no other place, or they are put there already.
    fn turn_to_spool(&self) -> bool {
        false
    }
    /// Fetches what was put elsewhere, if that can be done now; no file may be open there.
    fn come_back(&self) {}
    /// New files are put elsewhere.
    fn is_spooling(&self) -> bool {
        false
    }
}

/// So many bytes of a file from a place on, fewer at its end.
pub(crate) fn part(file: &File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let (mut bytes, mut filled) = (vec![0; len], 0);
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// A directory of the operating system, locked for as long as this lives.
pub struct OsDisk {
    dir: PathBuf,
    lock: File,
    /// The process that locked it.
    owner: u32,
}

impl OsDisk {
    /// Makes the directory if need be (readable by its owner only) and locks it. Somebody else's lock is `WouldBlock`.
    pub fn lock(dir: &Path) -> io::Result<OsDisk> {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(dir.join("LOCK"))?;
        lock.try_lock().map_err(io::Error::from)?;
        Ok(OsDisk { dir: dir.to_owned(), lock, owner: std::process::id() })
    }

    fn options() -> OpenOptions {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600);
        options
    }
}

impl Disk for OsDisk {
    type File = File;

    fn create(&self, name: &str) -> io::Result<File> {
        OsDisk::options().create_new(true).open(self.dir.join(name))
    }

    fn write_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        file.write_all_at(bytes, at)
    }

    fn flush(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn flush_names(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        use std::io::Write as _;
        let mut file = OsDisk::options().append(true).create(true).open(self.dir.join(name))?;
        file.write_all(bytes)?;
        file.sync_data()?;
        self.flush_names()
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        use std::io::Write as _;
        let new = format!("{name}.new");
        let mut file = OsDisk::options().create(true).truncate(true).open(self.dir.join(&new))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(self.dir.join(new), self.dir.join(name))?;
        self.flush_names()
    }

    fn cut(&self, name: &str, len: u64) -> io::Result<()> {
        let file = match OsDisk::options().open(self.dir.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && len == 0 => return Ok(()),
            opened => opened?,
        };
        file.set_len(len)?;
        file.sync_all()
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.dir.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read_part(&self, name: &str, offset: u64, len: usize) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.dir.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        part(&file, offset, len).map(Some)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.dir.join(name))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            names.extend(entry?.file_name().into_string().ok());
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// The lock is let go by name and not by closing the file: a child that was forked off in this moment holds it open until it becomes
/// another program, and the next start would find the directory locked. A forked copy of this process lets nothing go that is not its own.
impl Drop for OsDisk {
    fn drop(&mut self) {
        if self.owner == std::process::id() {
            let _unused = self.lock.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forked_child_holds_no_lock_for_a_writer_that_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let disk = OsDisk::lock(folder.path()).unwrap();
        assert!(OsDisk::lock(folder.path()).is_err());
        let of_a_child = disk.lock.try_clone().unwrap();
        let elsewhere = OsDisk { dir: folder.path().to_owned(), lock: disk.lock.try_clone().unwrap(), owner: disk.owner.wrapping_add(1) };
        drop(elsewhere);
        assert!(OsDisk::lock(folder.path()).is_err(), "a child's copy lets nothing go");
        drop(disk);
        assert!(OsDisk::lock(folder.path()).is_ok());
        drop(of_a_child);
    }
}
