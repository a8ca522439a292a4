//! The compression port: what a frame's records are made smaller with, when the log is configured so.

use crate::error::Result;

/// Compresses the records of one frame. Core has no codec of its own: a frame without one holds its records as they are.
pub trait FrameCodec: Send + Sync {
    /// The records, smaller; `None` when that does not pay.
    fn compress(&self, raw: &[u8]) -> Result<Option<Vec<u8>>>;

    /// The records again: exactly `raw_len` bytes, or an error, and how many bytes of `packed` they took. It must never make more
    /// than `raw_len` bytes, whatever the input claims.
    fn decompress(&self, packed: &[u8], raw_len: usize) -> Result<(Vec<u8>, usize)>;
}
