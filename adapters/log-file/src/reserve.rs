//! Space for an emergency: a file of zeros that is given up when the disk is full, so that payments go on while an alarm calls somebody.

use menjie::Result;

use crate::disk::Disk;
use crate::files::RESERVE;
use crate::logbook::{Logbook, disk_error};

/// Written in pieces of this size.
const PIECE: usize = 1 << 20;

impl<D: Disk> Logbook<D> {
    /// Takes the space, if it is not held. A disk that has no room for it is told at once, not when the room is needed.
    pub(crate) fn hold_reserve(&mut self) -> Result<()> {
        if self.reserved || self.settings.reserve_bytes == 0 {
            return Ok(());
        }
        let io = |error: std::io::Error| disk_error(&error);
        if self.disk.names().map_err(io)?.iter().any(|name| name == RESERVE) {
            self.disk.remove(RESERVE).map_err(io)?;
        }
        let file = self.disk.create(RESERVE).map_err(io)?;
        let pieces = self.settings.reserve_bytes.div_ceil(PIECE as u64);
        let taken = (0..pieces).try_for_each(|piece| self.disk.write_at(&file, &vec![0; PIECE], piece * PIECE as u64)).and_then(|()| self.disk.flush(&file));
        if let Err(error) = taken {
            self.disk.remove(RESERVE).map_err(io)?;
            return Err(disk_error(&error));
        }
        self.reserved = true;
        self.disk.flush_names().map_err(io)
    }

    /// Gives the space up; false when none was held.
    pub(crate) fn give_reserve_up(&mut self) -> Result<bool> {
        if !std::mem::take(&mut self.reserved) {
            return Ok(false);
        }
        let io = |error: std::io::Error| disk_error(&error);
        self.disk.remove(RESERVE).map_err(io)?;
        self.disk.flush_names().map_err(io)?;
        Ok(true)
    }

    /// There is to be a reserve, and there is none: somebody must make room.
    pub(crate) const fn lacks_reserve(&self) -> bool {
        self.settings.reserve_bytes > 0 && !self.reserved
    }
}
