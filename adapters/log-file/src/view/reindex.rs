//! Indexes made anew (重建索引): of segments that a crash left without one, and of those whose index is gone or damaged.

use menjie::gm::sm3;
use menjie::seal::{Checkpoint, FrameKind, Segment};
use menjie::{Error, Result};

use super::search::Progress;
use super::viewer::Viewer;
use crate::entry::terms_of;
use crate::files;
use crate::open::broken;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Reindexed {
    /// Segments that have an index now.
    pub made: Vec<u64>,
    /// Segments that had the same.
    pub already: Vec<u64>,
    /// Segments that the key does not open, that are damaged, or whose footer names another index.
    pub impossible: Vec<(u64, Error)>,
}

impl Viewer {
    /// Makes the index of every segment that has none, or another one than its records give. The segment that is being written is left out.
    pub fn reindex(&self, progress: &mut dyn FnMut(Progress)) -> Result<Reindexed> {
        let numbers = self.dir.segments()?;
        let mut done = Reindexed::default();
        for (at, no) in numbers.iter().copied().enumerate() {
            progress(Progress { done: at, of: numbers.len() });
            match self.reindex_one(no, at + 1 == numbers.len()) {
                Ok(Some(true)) => done.made.push(no),
                Ok(Some(false)) => done.already.push(no),
                Ok(None) => {}
                Err(error) => done.impossible.push((no, error)),
            }
        }
        progress(Progress { done: numbers.len(), of: numbers.len() });
        Ok(done)
    }

    /// Was it made? `None`: the segment has not ended.
    fn reindex_one(&self, no: u64, newest: bool) -> Result<Option<bool>> {
        let stored = self.dir.segment(no)?;
        let segment = Segment::read(&stored.bytes)?;
        let mut frames = segment.frames();
        let named = frames.by_ref().last().filter(|frame| frame.head.kind == FrameKind::Footer).map(|footer| {
            let header = segment.header();
            Checkpoint::read(header.log_id, header.segment_no, true, footer.body).and_then(|(stated, _)| stated.index).ok_or_else(|| broken("footer", "cannot be read"))
        });
        let named = named.transpose()?;
        if named.is_none() && newest {
            return Ok(None);
        }
        if named.is_some() && named == stored.index.as_deref().map(sm3) {
            return Ok(Some(false));
        }
        // An index that leaves records out would hide them from every search.
        self.nothing_hidden(no, &stored.bytes, &frames, newest)?;
        let index = self.open(no, &stored.bytes)?.rebuild_index(self.codec.as_deref(), terms_of)?;
        if stored.index.as_ref() == Some(&index) {
            return Ok(Some(false));
        }
        if named.is_some_and(|named| named != sm3(&index)) {
            return Err(broken("index", "made anew is not the one that the footer names"));
        }
        self.dir.place(&files::index(self.dir.stream(), no), &index)?;
        Ok(Some(true))
    }
}
