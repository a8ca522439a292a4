//! The viewer's engine (日志浏览): what the terminal's `menjie log` and the staff's page show is found, paired, masked and checked here.
//!
//! [`Viewer`] reads a directory with an auditor's key. Nothing is shown clear unless [`Sight::Clear`] is asked for, and whoever asks for it
//! writes an access record first ([`crate::SealedLog::access`]). [`verify()`] needs no key that opens anything, and checks more with one.

mod anchor;
mod body;
mod export;
mod filter;
mod follow;
mod item;
mod json;
mod mask;
mod overview;
mod reindex;
mod search;
mod stats;
mod verify;
mod viewer;
mod xml;

pub use anchor::AnchorDocument;
pub use body::shown_body;
pub use export::{CsvRow, JsonRow};
pub use filter::{Filter, Outcome};
pub use follow::{Follower, Seen};
pub use item::{Began, Ended, Exchange, Item};
pub use mask::{Sight, visible};
pub use overview::{SegmentLine, SegmentState, overview};
pub use reindex::Reindexed;
pub use search::{Coverage, Progress};
pub use stats::{Stats, Tally};
pub use verify::{Checked, Checker, SalvagedSegment, Verdict, first_record, verify};
pub use viewer::Viewer;
