//! A disk in memory that fails on command, and forgets what was not flushed (feature `testkit`).

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::Disk;

/// What is wrong with the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// No space for anything new.
    Full,
    /// No space for anything new until the reserve is given up.
    FullButForTheReserve,
    /// From this operation on there is no room for another byte, and of what is written half still fits.
    FullFrom {
        /// Counted from 1.
        operation: u64,
    },
    /// There is room for segments, and for half a line of the manifest.
    ManifestFull,
    /// Nothing can be written.
    WriteFails,
    /// Flushes fail, and what was written before may be gone.
    FlushFails,
    /// From this operation on nothing works: the power is gone.
    PowerLostAt {
        /// Counted from 1.
        operation: u64,
        /// What is left of what was not flushed: with 0 nothing, with 2 every page, otherwise some pages.
        seed: u64,
    },
}

#[derive(Clone, Default)]
struct Content {
    durable: Vec<u8>,
    now: Vec<u8>,
    /// Where the two may differ.
    dirty: Range<usize>,
    named: bool,
    flush_failed: bool,
}

impl Content {
    fn of(bytes: Vec<u8>) -> Content {
        Content { durable: bytes.clone(), now: bytes, dirty: 0..0, named: true, flush_failed: false }
    }

    fn write(&mut self, bytes: &[u8], at: usize) {
        let end = at + bytes.len();
        self.now.resize(self.now.len().max(end), 0);
        if let Some(place) = self.now.get_mut(at..end) {
            place.copy_from_slice(bytes);
        }
        self.dirty = if self.dirty.is_empty() { at..end } else { self.dirty.start.min(at)..self.dirty.end.max(end) };
    }

    fn flush(&mut self) {
        Content::carry(&self.now, &mut self.durable, &self.dirty);
        self.dirty = 0..0;
    }

    /// The pages are dropped as if they were clean (the kernel does that).
    fn drop_pages(&mut self) {
        Content::carry(&self.durable, &mut self.now, &self.dirty);
        self.dirty = 0..0;
    }

    /// A megabyte is not copied for each record.
    fn carry(from: &[u8], to: &mut Vec<u8>, changed: &Range<usize>) {
        to.resize(from.len(), 0);
        let end = changed.end.min(from.len());
        if let (Some(from), Some(to)) = (from.get(changed.start..end), to.get_mut(changed.start..end)) {
            to.copy_from_slice(from);
        }
    }
}

#[derive(Default)]
struct Inner {
    files: BTreeMap<String, Content>,
    trouble: Trouble,
    operations: u64,
    flushed_again: u64,
}

/// A disk in memory. What is not flushed is lost with the power, as a whole or by pages.
#[derive(Clone, Default)]
pub struct MemDisk(Arc<Mutex<Inner>>);

const PAGE: usize = 512;

impl MemDisk {
    /// From now on this is wrong.
    pub fn trouble(&self, trouble: Trouble) {
        self.inner().trouble = trouble;
    }

    /// Operations so far.
    pub fn operations(&self) -> u64 {
        self.inner().operations
    }

    /// Files that were flushed again after that had failed: what they acknowledged may be lost.
    pub fn flushes_after_a_failed_one(&self) -> u64 {
        self.inner().flushed_again
    }

    /// The names of its files, in order.
    pub fn file_names(&self) -> Vec<String> {
        self.inner().files.keys().cloned().collect()
    }

    /// A file as it is read now; empty when it is not there.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.inner().files.get(name).map(|content| content.now.clone()).unwrap_or_default()
    }

    /// Another disk with the same on it.
    #[must_use]
    pub fn copy(&self) -> MemDisk {
        MemDisk::with(self.inner().files.clone())
    }

    /// Changes a file behind the log's back; one that is not there is begun.
    pub fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut inner = self.inner();
        let content = inner.files.entry(name.to_owned()).or_default();
        change(&mut content.now);
        *content = Content::of(std::mem::take(&mut content.now));
    }

    /// Takes a file away.
    pub fn forget(&self, name: &str) {
        self.inner().files.remove(name);
    }

    /// Writes every file into a directory.
    pub fn write_to(&self, dir: &Path) -> io::Result<()> {
        self.inner().files.iter().try_for_each(|(name, content)| std::fs::write(dir.join(name), &content.now))
    }

    /// The disk that is found when the power is back.
    #[must_use]
    pub fn after_power_loss(&self) -> MemDisk {
        let inner = self.inner();
        let (operation, seed) = if let Trouble::PowerLostAt { operation, seed } = inner.trouble { (operation, seed) } else { (inner.operations, 0) };
        let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ operation;
        let mut throw = move || {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice
        };
        throw();
        let mut files = BTreeMap::new();
        for (name, content) in &inner.files {
            // A name that was never flushed may be there or not.
            if !content.named && (seed == 0 || throw() % 2 == 0) {
                continue;
            }
            let mut left = content.durable.clone();
            if seed > 0 {
                left.resize(if throw() % 2 == 0 { content.now.len() } else { left.len() }, 0);
                for (at, page) in left.chunks_mut(PAGE).enumerate() {
                    // Pages reach the disk in any order, each whole or not at all.
                    if seed == 2 || throw() % 2 == 0 {
                        let new = content.now.get(at * PAGE..).unwrap_or_default();
                        page.iter_mut().zip(new).for_each(|(old, new)| *old = *new);
                    }
                }
            }
            files.insert(name.clone(), Content::of(left));
        }
        MemDisk::with(files)
    }

    fn with(files: BTreeMap<String, Content>) -> MemDisk {
        MemDisk(Arc::new(Mutex::new(Inner { files, ..Inner::default() })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn operate(&self, grows: bool) -> io::Result<MutexGuard<'_, Inner>> {
        let mut inner = self.inner();
        inner.operations += 1;
        match inner.trouble {
            Trouble::PowerLostAt { operation, .. } if inner.operations >= operation => Err(io::Error::other("no power")),
            Trouble::WriteFails if grows => Err(io::Error::other("EIO")),
            Trouble::FullFrom { operation } if grows && inner.operations >= operation => Err(io::ErrorKind::StorageFull.into()),
            Trouble::Full if grows => Err(io::ErrorKind::StorageFull.into()),
            Trouble::FullButForTheReserve if grows && inner.files.contains_key("RESERVE") => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(inner),
        }
    }
}

fn gone() -> io::Error {
    io::ErrorKind::NotFound.into()
}

fn place(at: u64) -> io::Result<usize> {
    usize::try_from(at).map_err(|_| io::ErrorKind::StorageFull.into())
}

impl Disk for MemDisk {
    type File = String;

    fn create(&self, name: &str) -> io::Result<String> {
        let mut inner = self.operate(true)?;
        if inner.files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        inner.files.insert(name.to_owned(), Content::default());
        Ok(name.to_owned())
    }

    fn write_at(&self, file: &String, bytes: &[u8], at: u64) -> io::Result<()> {
        let (fits, full) = match self.operate(true) {
            Ok(inner) => {
                drop(inner);
                (bytes, None)
            }
            Err(error) if matches!(self.inner().trouble, Trouble::FullFrom { .. }) => (bytes.get(..bytes.len() / 2).unwrap_or_default(), Some(error)),
            Err(error) => return Err(error),
        };
        self.inner().files.get_mut(file).ok_or_else(gone)?.write(fits, place(at)?);
        full.map_or(Ok(()), Err)
    }

    fn flush(&self, file: &String) -> io::Result<()> {
        let mut inner = self.operate(false)?;
        let fails = inner.trouble == Trouble::FlushFails;
        let content = inner.files.get_mut(file).ok_or_else(gone)?;
        let again = content.flush_failed;
        if fails {
            content.flush_failed = true;
            content.drop_pages();
        } else {
            content.flush();
        }
        inner.flushed_again += u64::from(again);
        if fails { Err(io::Error::other("EIO")) } else { Ok(()) }
    }

    fn flush_names(&self) -> io::Result<()> {
        let mut inner = self.operate(false)?;
        inner.files.values_mut().for_each(|content| content.named = true);
        Ok(())
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let some = matches!(self.inner().trouble, Trouble::Full | Trouble::ManifestFull);
        // On a full disk a part still fits.
        let fits = if some { bytes.get(..bytes.len() / 2).unwrap_or_default() } else { bytes };
        let mut inner = if some { self.inner() } else { self.operate(true)? };
        let content = inner.files.entry(name.to_owned()).or_default();
        content.write(fits, content.now.len());
        if some {
            content.flush();
            return Err(io::ErrorKind::StorageFull.into());
        }
        content.named = true;
        drop(inner);
        let mut inner = self.operate(false)?;
        inner.files.get_mut(name).ok_or_else(gone)?.flush();
        Ok(())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.operate(true)?;
        // It is flushed before it takes the other's place.
        if inner.trouble == Trouble::FlushFails {
            return Err(io::Error::other("EIO"));
        }
        inner.files.insert(name.to_owned(), Content::of(bytes.to_vec()));
        Ok(())
    }

    fn cut(&self, name: &str, len: u64) -> io::Result<()> {
        let mut inner = self.operate(false)?;
        if len == 0 && !inner.files.contains_key(name) {
            return Ok(());
        }
        let content = inner.files.get_mut(name).ok_or_else(gone)?;
        let mut bytes = std::mem::take(&mut content.now);
        bytes.resize(place(len)?, 0);
        *content = Content { named: content.named, flush_failed: content.flush_failed, ..Content::of(bytes) };
        Ok(())
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.operate(false)?.files.get(name).map(|content| content.now.clone()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.operate(false)?.files.remove(name).map(drop).ok_or_else(gone)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.operate(false)?.files.keys().cloned().collect())
    }
}
