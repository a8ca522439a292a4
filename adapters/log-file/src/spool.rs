//! A second folder, on another disk, for when the first one fails (备用目录): the log goes on there, and comes back in order.
//!
//! It is one log: segments are numbered on and chained as ever, only their files stand in the spool. The manifest is the whole lines of the
//! first folder and behind them those of the spool. Coming back moves file after file, each whole before it is removed, so that an interruption
//! anywhere leaves every file in at least one place; where it is in both, the spool's is read.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::disk::Disk;
use crate::files::MANIFEST;

/// Two disks that are used as one.
pub(crate) struct Spooled<D> {
    main: D,
    spool: D,
    /// New files go to the spool.
    spooling: AtomicBool,
}

/// A file on one of them.
pub(crate) struct Placed<F> {
    file: F,
    spooled: bool,
}

impl<D: Disk> Spooled<D> {
    /// What an earlier process left in the spool is fetched at once, if the first disk takes it.
    pub(crate) fn new(main: D, spool: D) -> io::Result<Spooled<D>> {
        let left = spool.names()?.iter().any(|name| is_of_the_log(name));
        let both = Spooled { main, spool, spooling: AtomicBool::new(left) };
        both.come_back();
        Ok(both)
    }

    fn active(&self) -> &D {
        if self.is_spooling() { &self.spool } else { &self.main }
    }

    /// Moves everything, the manifest last: it names the segments.
    fn fetch(&self) -> io::Result<()> {
        let names = self.spool.names()?;
        let (manifest, others): (Vec<&String>, Vec<&String>) = names.iter().filter(|name| is_of_the_log(name)).partition(|name| *name == MANIFEST);
        for name in others.into_iter().chain(manifest) {
            // Of the manifest that is all its lines.
            if let Some(bytes) = self.read(name)? {
                self.main.replace(name, &bytes)?;
            }
            self.spool.remove(name)?;
            self.spool.flush_names()?;
        }
        Ok(())
    }

    /// The lines of the first folder that are whole, when there are others in the spool.
    fn whole_lines(&self) -> io::Result<Vec<u8>> {
        let mut lines = self.main.read(MANIFEST)?.unwrap_or_default();
        lines.truncate(lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1));
        Ok(lines)
    }

    fn spooled(&self, name: &str) -> io::Result<bool> {
        Ok(self.spool.names()?.iter().any(|there| there == name))
    }
}

/// The lock stays where it is, and half a file that was to replace another is nothing.
fn is_of_the_log(name: &str) -> bool {
    name != "LOCK" && !name.ends_with(".new")
}

impl<D: Disk> Disk for Spooled<D> {
    type File = Placed<D::File>;

    fn create(&self, name: &str) -> io::Result<Placed<D::File>> {
        let spooled = self.is_spooling();
        Ok(Placed { file: self.active().create(name)?, spooled })
    }

    fn write_at(&self, file: &Placed<D::File>, bytes: &[u8], at: u64) -> io::Result<()> {
        if file.spooled { self.spool.write_at(&file.file, bytes, at) } else { self.main.write_at(&file.file, bytes, at) }
    }

    fn flush(&self, file: &Placed<D::File>) -> io::Result<()> {
        if file.spooled { self.spool.flush(&file.file) } else { self.main.flush(&file.file) }
    }

    fn flush_names(&self) -> io::Result<()> {
        self.active().flush_names()
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.active().append(name, bytes)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.active().replace(name, bytes)
    }

    fn cut(&self, name: &str, len: u64) -> io::Result<()> {
        if name == MANIFEST && self.is_spooling() {
            let before = self.whole_lines()?.len() as u64;
            return match len.checked_sub(before) {
                Some(len) => self.spool.cut(name, len),
                None => self.spool.cut(name, 0).and_then(|()| self.main.cut(name, len)),
            };
        }
        if self.spooled(name)? { self.spool.cut(name, len) } else { self.main.cut(name, len) }
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(spooled) = self.spool.read(name)? else { return self.main.read(name) };
        if name != MANIFEST {
            return Ok(Some(spooled));
        }
        let mut lines = self.whole_lines()?;
        // Fetched, and not yet removed.
        if !lines.ends_with(&spooled) {
            lines.extend_from_slice(&spooled);
        }
        Ok(Some(lines))
    }

    /// The manifest is read whole: it stands in both.
    fn read_part(&self, name: &str, offset: u64, len: usize) -> io::Result<Option<Vec<u8>>> {
        match self.spool.read_part(name, offset, len)? {
            Some(spooled) => Ok(Some(spooled)),
            None => self.main.read_part(name, offset, len),
        }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let spooled = self.spooled(name)?;
        if spooled {
            self.spool.remove(name)?;
        }
        match self.main.remove(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && spooled => Ok(()),
            removed => removed,
        }
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = self.main.names()?;
        names.extend(self.spool.names()?);
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn turn_to_spool(&self) -> bool {
        !self.spooling.swap(true, Ordering::AcqRel)
    }

    fn come_back(&self) {
        if self.is_spooling() && self.fetch().is_ok() {
            self.spooling.store(false, Ordering::Release);
        }
    }

    fn is_spooling(&self) -> bool {
        self.spooling.load(Ordering::Acquire)
    }
}
