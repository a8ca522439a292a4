//! What auditors put beside the segments: whole or not at all, readable by its owner only.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use menjie::Result;

use crate::logbook::disk_error;
use crate::read::LogDir;

impl LogDir {
    /// Writes a file, in the place of an older one if there is one.
    pub(crate) fn place(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let io = |error: std::io::Error| disk_error(&error);
        let new = self.path(&format!("{name}.new"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(io)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io)?;
        fs::rename(new, self.path(name)).map_err(io)
    }
}
