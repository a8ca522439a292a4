//! The sealed log (加密交易日志): every transfer under SM2, SM3 and SM4, in order, tamper-evident, readable by auditors only.
//!
//! Format GML1; docs/sealed-log.md says every byte. Nothing here reads or writes a file: segments go in and out as bytes.
//!
//! Reading order: [`Record`] → [`SegmentWriter`] (frames, checkpoints, footer) → [`Segment`] (what bytes hold, without a key) →
//! [`OpenSegment`] (with an auditor's key) → [`Verifier`] → [`recover`].

mod behind;
mod chain;
mod checkpoint;
mod codec;
mod defect;
mod fields;
mod frame;
mod header;
mod headless;
mod index;
mod keys;
mod manifest;
mod merge;
mod merkle;
mod note;
mod plain;
mod reader;
mod record;
mod recover;
mod rewrap;
mod salvage;
mod verify;
mod writer;

pub use behind::Behind;
pub use checkpoint::Checkpoint;
pub use codec::FrameCodec;
pub use defect::Defect;
pub use frame::{FrameHead, FrameKind, MAX_BODY};
pub use header::{Flags, Header, LogId, Parsed, Recipient};
pub use headless::{Headless, had_a_header, headless};
pub use index::{Damaged, Index, IndexedFrame, ReadAt, Term, Token};
pub use keys::next_seal as next_seal_key;
pub use manifest::{ClosedSegment, CutSegment, DamagedSegment, EndedSegment, How, ManifestEntry, Tombstone, read_manifest, sign_manifest_line};
pub use merge::{Merged, merge};
pub use merkle::{InclusionProof, Tree};
pub use note::Note;
pub use reader::{Ending, Found, Frame, FrameOpener, Frames, OpenSegment, Records, Segment, SegmentSecret};
pub use record::{OwnedRecord, Record};
pub use recover::{Damage, Recovered, recover};
pub use rewrap::{Rewrap, rewrap};
pub use salvage::Salvaged;
pub use verify::{Anchor, Finding, LogSegment, Trust, Verifier, VerifyReport, verify_log};
pub use writer::{Closed, NewSegment, SegmentWriter};
