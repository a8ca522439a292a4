//! What a host decides about its log.

use std::sync::Arc;

use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::seal::FrameCodec;
use menjie::{Error, Result};

/// How the log is kept.
#[derive(Clone)]
pub struct Settings {
    /// The first part of the file names: letters, digits and `_`.
    pub stream: String,
    /// A segment is closed when it has so many bytes.
    pub segment_bytes: u64,
    /// Space is taken in such steps, so that a flush need not write the file's length.
    pub step_bytes: u64,
    /// Frames that share a key.
    pub ratchet_frames: u16,
    /// Frames are filled up to a multiple of this many bytes.
    pub pad_to: u16,
    /// A checkpoint after so many frames.
    pub checkpoint_frames: u32,
    /// And after so much time in milliseconds, also when nothing was written.
    pub checkpoint_ms: i64,
    /// Records that may wait for the disk; more of them wait for a place.
    pub queue: usize,
    /// What frames are compressed with.
    pub codec: Option<Arc<dyn FrameCodec>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            stream: "transfers".to_owned(),
            segment_bytes: 64 << 20,
            step_bytes: 8 << 20,
            ratchet_frames: 256,
            pad_to: 64,
            checkpoint_frames: 1000,
            checkpoint_ms: 10_000,
            queue: 1024,
            codec: None,
        }
    }
}

impl Settings {
    /// A wrong value is an error that names it.
    pub fn check(&self) -> Result<()> {
        let named = !self.stream.is_empty() && self.stream.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !named {
            return Err(Error::field("stream", "is not made of letters, digits and _"));
        }
        if self.segment_bytes < 1 << 16 {
            return Err(Error::field("segment_bytes", "is below 65536"));
        }
        if self.ratchet_frames == 0 {
            return Err(Error::field("ratchet_frames", "is zero"));
        }
        if self.checkpoint_frames == 0 || self.checkpoint_ms <= 0 {
            return Err(Error::field("checkpoint_frames", "and checkpoint_ms are above zero"));
        }
        if self.queue == 0 {
            return Err(Error::field("queue", "is zero"));
        }
        Ok(())
    }
}

/// Who writes, and for whom.
#[derive(Clone)]
pub struct Identity {
    /// Signs; opens nothing.
    pub signer: Arc<Sm2PrivateKey>,
    /// The auditors; at least one.
    pub recipients: Arc<[Sm2PublicKey]>,
}
