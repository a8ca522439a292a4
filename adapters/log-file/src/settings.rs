//! What a host decides about its log.

use std::path::PathBuf;
use std::sync::Arc;

use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::seal::FrameCodec;
use menjie::{Error, Result};

use crate::retention::Retention;

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
    /// When what was acknowledged is on the disk.
    pub flush: Flush,
    /// How long closed segments are kept.
    pub retention: Retention,
    /// The records are evidence of money: they are kept three years at least.
    pub money: bool,
    /// Bytes that are held back and given up when the disk is full, so that payments go on while an alarm calls somebody. 0 for none.
    pub reserve_bytes: u64,
    /// A folder on another disk: when the log's own disk fails or is full, also without its reserve, the log goes on there, and comes back the next day or
    /// at the next start. Without one transfers are refused then.
    pub spool: Option<PathBuf>,
    /// Public halves of the keys that signed this log before, after the writer's key was changed.
    pub former_signers: Vec<Sm2PublicKey>,
}

/// When a record that was acknowledged is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Flush {
    /// Before it is acknowledged. Whatever moves money needs it.
    #[default]
    Durable,
    /// At most so many milliseconds, or so many records, later: a crash may lose them. For streams that are no evidence of money. When a
    /// flush fails the log stops: what it acknowledged is lost, and nothing may be written as if it were not.
    Within {
        /// Milliseconds.
        ms: i64,
        /// Records.
        records: u32,
    },
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
            flush: Flush::Durable,
            retention: Retention::Everything,
            money: true,
            reserve_bytes: 0,
            spool: None,
            former_signers: Vec::new(),
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
        match self.flush {
            Flush::Within { ms, records } if ms <= 0 || records == 0 => return Err(Error::field("flush", "waits for nothing: both limits are above zero")),
            Flush::Within { .. } if self.money => return Err(Error::field("flush", "must be durable: the stream is evidence of money")),
            Flush::Within { .. } | Flush::Durable => {}
        }
        self.retention.check(self.money)
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
