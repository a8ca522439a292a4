//! Following a log while it is written (`tail -f`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use menjie::seal::{OwnedRecord, Segment};
use menjie::{Error, Result};

use super::item::{Exchange, Item, Told, told};
use super::viewer::Viewer;

/// Exchanges that have begun are remembered for their end; more of them at once means that ends get lost.
const MOST_OPEN: usize = 10_000;

/// What came since the last look.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// An exchange when it begins, and once more when it has ended.
    pub items: Vec<Item>,
    /// Segments in which something cannot be read, and why; each is told once. There may have been more records.
    pub gaps: Vec<(u64, Error)>,
}

/// Looks again and again at a log that is being written.
pub struct Follower {
    viewer: Viewer,
    /// The last record that was seen.
    seen: u64,
    /// The segment that was looked at last, and how it stood.
    stamp: Option<(u64, u64, Option<SystemTime>)>,
    open: BTreeMap<u64, Exchange>,
    /// Segments whose gap was told.
    told: BTreeSet<u64>,
}

impl Follower {
    /// From the record behind `seen` on.
    pub const fn new(viewer: Viewer, seen: u64) -> Follower {
        Follower { viewer, seen, stamp: None, open: BTreeMap::new(), told: BTreeSet::new() }
    }

    /// What is new. Cheap while nothing is. A gap is told, and what stands behind it is followed all the same.
    pub fn look(&mut self) -> Result<Seen> {
        let numbers = self.viewer.dir.segments()?;
        let Some(newest) = numbers.last().copied() else { return Ok(Seen::default()) };
        let (len, written) = self.viewer.dir.extent(newest)?;
        let stamp = (newest, len, written);
        if self.stamp == Some(stamp) {
            return Ok(Seen::default());
        }
        // The segment of the last look may have got more records before it was closed.
        let from = match self.stamp {
            Some((no, ..)) => no,
            // Where a header cannot be read, its segment is come upon and told.
            None => match self.viewer.place_of(self.seen.saturating_add(1))? {
                (Some(no), _) | (None, Some((no, _))) => no,
                (None, None) => newest,
            },
        };
        let mut seen = Seen::default();
        for no in numbers.into_iter().filter(|no| *no >= from) {
            if let Err(gap) = self.look_into(no, no == newest, &mut seen.items)
                && self.told.insert(no)
            {
                seen.gaps.push((no, gap));
            }
        }
        self.stamp = Some(stamp);
        Ok(seen)
    }

    /// An error when something in the segment cannot be read; what can be is taken all the same.
    fn look_into(&mut self, no: u64, newest: bool, items: &mut Vec<Item>) -> Result<()> {
        let bytes = self.viewer.dir.whole(no)?;
        // A segment that is being begun has no whole header yet; the next look sees it.
        if newest && Segment::read(&bytes).is_err() && self.viewer.is_being_begun(no, &bytes)? {
            return Ok(());
        }
        let open = self.viewer.open(no, &bytes)?;
        let codec = self.viewer.codec.clone();
        let mut walk = open.records_from(self.seen.saturating_add(1), codec.as_deref());
        let mut closed = Ok(());
        for opened in walk.by_ref() {
            let records = match opened {
                Ok((_, records)) => records,
                Err(error) => {
                    closed = closed.and(Err(error));
                    continue;
                }
            };
            for record in records {
                if record.seq > self.seen {
                    self.seen = record.seq;
                    items.push(self.item(&record));
                }
            }
        }
        closed.and_then(|()| self.viewer.nothing_hidden(no, &bytes, walk.frames(), newest))
    }

    fn item(&mut self, record: &OwnedRecord) -> Item {
        match told(record) {
            Told::Alone(item) => item,
            Told::Began(began) => {
                let exchange = Exchange { seq: record.seq, began: Some(began), ended: None };
                if self.open.len() >= MOST_OPEN {
                    self.open.pop_first();
                }
                self.open.insert(record.seq, exchange.clone());
                Item::Exchange(Box::new(exchange))
            }
            Told::Ended { of, ended } => {
                let began = self.open.remove(&of).and_then(|exchange| exchange.began);
                Item::Exchange(Box::new(Exchange { seq: of, began, ended: Some(ended) }))
            }
        }
    }
}
