//! Following a log while it is written (`tail -f`).

use std::collections::BTreeMap;
use std::time::SystemTime;

use menjie::Result;
use menjie::seal::{OwnedRecord, Segment};

use super::item::{Exchange, Item, Told, told};
use super::viewer::Viewer;

/// Exchanges that have begun are remembered for their end; more of them at once means that ends get lost.
const MOST_OPEN: usize = 10_000;

/// What came since the last look.
pub struct Follower {
    viewer: Viewer,
    /// The last record that was seen.
    seen: u64,
    /// The segment that was looked at last, and how it stood.
    stamp: Option<(u64, u64, Option<SystemTime>)>,
    open: BTreeMap<u64, Exchange>,
}

impl Follower {
    /// From the record behind `seen` on.
    pub const fn new(viewer: Viewer, seen: u64) -> Follower {
        Follower { viewer, seen, stamp: None, open: BTreeMap::new() }
    }

    /// What is new: an exchange when it begins, and once more when it has ended. Cheap while nothing is.
    pub fn look(&mut self) -> Result<Vec<Item>> {
        let numbers = self.viewer.dir.segments()?;
        let Some(newest) = numbers.last().copied() else { return Ok(Vec::new()) };
        let (len, written) = self.viewer.dir.extent(newest)?;
        let stamp = (newest, len, written);
        if self.stamp == Some(stamp) {
            return Ok(Vec::new());
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
        let mut items = Vec::new();
        for no in numbers.into_iter().filter(|no| *no >= from) {
            let bytes = self.viewer.dir.whole(no)?;
            // A segment that is being begun has no whole header yet; the next look sees it.
            if no == newest && Segment::read(&bytes).is_err() && self.viewer.is_being_begun(no, &bytes)? {
                continue;
            }
            let open = self.viewer.open(no, &bytes)?;
            let codec = self.viewer.codec.clone();
            let mut walk = open.records_from(self.seen.saturating_add(1), codec.as_deref());
            for opened in walk.by_ref() {
                for record in opened?.1 {
                    if record.seq > self.seen {
                        self.seen = record.seq;
                        items.push(self.item(&record));
                    }
                }
            }
            if let Err(gap) = self.viewer.nothing_hidden(no, &bytes, walk.frames(), no == newest) {
                // What came before the gap is handed over first; the next look stands before it again and says so.
                return if items.is_empty() { Err(gap) } else { Ok(items) };
            }
        }
        self.stamp = Some(stamp);
        Ok(items)
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
