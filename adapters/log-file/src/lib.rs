//! The sealed transfer log on disk (加密交易日志): [`menjie::seal`] over files.
//!
//! One thread owns the newest segment. What waits is packed into frames, written and flushed once, and only then acknowledged: a BEGIN
//! is on the disk before the transfer leaves ([`menjie::port::LogSink`]). The directory is locked, so there is one writer. After a crash
//! the torn tail is cut off and kept aside; after an error of the disk the segment is left as it is and the next one begun.

mod beside;
mod copy;
mod disk;
mod entry;
mod files;
mod headless;
mod logbook;
mod open;
mod read;
mod reserve;
mod retention;
mod rewrap;
mod seal;
mod settings;
mod sink;
mod spool;
#[cfg(feature = "testkit")]
mod stepped;
#[cfg(feature = "testkit")]
pub mod testkit;
mod thread;
pub mod view;
#[cfg(feature = "zstd")]
mod zstd;

pub use copy::{Copies, CopyFailing, CopyState, Piece, PieceKind};
pub use disk::{Disk, OsDisk};
pub use entry::{ACCESS, Access, Act, BEGIN, Body, END, Entry, terms_of};
pub use read::{LogDir, StoredSegment};
pub use retention::{FLOOR_DAYS, MONEY_FLOOR_DAYS, Retention};
pub use rewrap::Rewrapped;
pub use settings::{Flush, Identity, Settings};
pub use sink::{Health, SealedLog};
#[cfg(feature = "testkit")]
pub use stepped::SteppedLog;
#[cfg(feature = "zstd")]
pub use zstd::Zstd;
