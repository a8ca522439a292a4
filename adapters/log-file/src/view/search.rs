//! Searching: segment by segment, through the index where there is one; BEGIN and END are brought together, also across segments.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

use menjie::seal::{Index, IndexedFrame, OpenSegment, OwnedRecord, ReadAt as _, Term};
use menjie::{Error, Result};

use super::filter::{Filter, LATEST_MS, answers};
use super::item::{Exchange, Item, Told, told};
use super::viewer::Viewer;

/// How far a long piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Segments that are done.
    pub done: usize,
    /// Segments altogether.
    pub of: usize,
}

/// What a search looked at. Whatever it could not look at is named: nothing is passed over in silence.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Segments that were searched.
    pub segments: u64,
    /// Of these, so many through their index.
    pub indexed: u64,
    /// Bytes of the segments.
    pub bytes: u64,
    /// Bytes that were read of them and of their indexes.
    pub read: u64,
    /// Segments that could not be searched, or only in part, and why.
    pub unreadable: Vec<(u64, Error)>,
}

type Take<'t> = &'t mut dyn FnMut(Item) -> Result<ControlFlow<()>>;

impl Viewer {
    /// Finds what a filter accepts, in the order in which it was begun.
    pub fn search(&self, filter: &Filter, progress: &mut dyn FnMut(Progress), take: Take<'_>) -> Result<Coverage> {
        let numbers = self.dir.segments()?;
        self.search_in(&numbers, filter, progress, take)
    }

    /// The last so many that a filter accepts.
    pub fn last(&self, count: usize, filter: &Filter, progress: &mut dyn FnMut(Progress)) -> Result<(Vec<Item>, Coverage)> {
        self.last_before(u64::MAX, count, filter, progress)
    }

    /// The last so many of those with smaller numbers than this.
    pub fn last_before(&self, before: u64, count: usize, filter: &Filter, progress: &mut dyn FnMut(Progress)) -> Result<(Vec<Item>, Coverage)> {
        // Segments that begin behind it are searched as well: ends of what is looked for may stand there.
        let numbers = self.dir.segments()?;
        // Mostly the newest segment is enough; each time it is not, twice as many are searched.
        let mut segments = 1;
        loop {
            let newest = numbers.get(numbers.len().saturating_sub(segments)..).unwrap_or(&numbers);
            // What began before them may have neighbours that are not searched.
            let first = newest.first().filter(|_| newest.len() < numbers.len()).map_or(Ok(0), |no| self.first_seq(*no))?;
            let mut last = VecDeque::with_capacity(count.min(1024));
            let coverage = self.search_in(newest, filter, progress, &mut |item| {
                if item.seq() < first || item.seq() >= before || count == 0 {
                    return Ok(ControlFlow::Continue(()));
                }
                if last.len() == count {
                    last.pop_front();
                }
                last.push_back(item);
                Ok(ControlFlow::Continue(()))
            })?;
            if last.len() >= count || segments >= numbers.len() {
                return Ok((last.into(), coverage));
            }
            segments = segments.saturating_mul(2);
        }
    }

    /// The exchange that a BEGIN of this number begins.
    pub(super) fn exchange(&self, seq: u64) -> Result<Option<Item>> {
        let Some(record) = self.record(seq)? else { return Ok(None) };
        let Told::Began(began) = told(&record) else { return Ok(None) };
        let Some(first) = self.segment_of(seq)? else { return Ok(None) };
        let mut walk = Walk { viewer: self.clone(), filter: &Filter::default(), query: None, waiting: BTreeMap::new(), coverage: Coverage::default() };
        walk.waiting.insert(seq, Waiting::Exchange(Box::new(Exchange { seq, began: Some(began), ended: None })));
        for no in self.dir.segments()?.into_iter().filter(|no| *no >= first) {
            walk.segment(no);
            if walk.is_complete(seq) {
                break;
            }
        }
        // An end that could stand in a segment that cannot be read is not missing, but unknown.
        match walk.coverage.unreadable.into_iter().next() {
            Some((_, error)) if walk.waiting.get(&seq).is_some_and(|w| matches!(w, Waiting::Exchange(exchange) if exchange.ended.is_none())) => Err(error),
            Some(_) | None => Ok(walk.waiting.remove(&seq).map(Waiting::item)),
        }
    }

    fn search_in(&self, numbers: &[u64], filter: &Filter, progress: &mut dyn FnMut(Progress), take: Take<'_>) -> Result<Coverage> {
        let viewer = self.counting();
        let mut walk = Walk { viewer, filter, query: Some(filter.query()), waiting: BTreeMap::new(), coverage: Coverage::default() };
        for (done, no) in numbers.iter().copied().enumerate() {
            progress(Progress { done, of: numbers.len() });
            let newest_ms = walk.segment(no);
            walk.look_back();
            if walk.hand_over(newest_ms, take)?.is_break() {
                return Ok(walk.covered());
            }
        }
        progress(Progress { done: numbers.len(), of: numbers.len() });
        walk.hand_over(i64::MAX, take).map(|_| walk.covered())
    }
}

enum Waiting {
    Exchange(Box<Exchange>),
    Alone(Item),
}

impl Waiting {
    fn item(self) -> Item {
        match self {
            Waiting::Exchange(exchange) => Item::Exchange(exchange),
            Waiting::Alone(item) => item,
        }
    }
}

/// A walk over the segments, with what it found and has not handed over.
struct Walk<'w> {
    viewer: Viewer,
    filter: &'w Filter,
    /// `None`: only the ends of what waits are looked for.
    query: Option<Vec<Term<'w>>>,
    /// By the number of the BEGIN.
    waiting: BTreeMap<u64, Waiting>,
    coverage: Coverage,
}

impl Walk<'_> {
    /// Searches a segment; answers the time of its newest record.
    fn segment(&mut self, no: u64) -> i64 {
        self.coverage.segments += 1;
        let mut newest = i64::MIN;
        if let Err(error) = self.look_into(no, &mut newest) {
            self.coverage.unreadable.push((no, error));
        }
        newest
    }

    fn covered(self) -> Coverage {
        Coverage { read: self.viewer.dir.bytes_read(), ..self.coverage }
    }

    fn look_into(&mut self, no: u64, newest: &mut i64) -> Result<()> {
        self.coverage.bytes += self.viewer.dir.extent(no)?.0;
        let head = self.viewer.dir.head(no)?;
        let open = self.viewer.open(no, &head)?;
        let file = self.viewer.dir.index(no);
        if let Some(Ok(mut index)) = file.as_ref().map(|file| open.index(file))
            && self.through_index(no, &open, &mut index)?
        {
            self.coverage.indexed += 1;
            *newest = index.newest_ms();
            return Ok(());
        }
        self.through_everything(no, newest)
    }

    /// Answers whether the index was of use: what it led to before it was seen to be damaged is found once more without it.
    fn through_index(&mut self, no: u64, open: &OpenSegment<'_>, index: &mut Index<'_>) -> Result<bool> {
        let (from, to) = self.filter.window();
        let mut seen: Vec<u32> = Vec::new();
        if let Some(query) = self.query.clone() {
            let Ok(frames) = open.candidates(index, &query, from, to) else { return Ok(false) };
            seen.extend(frames.iter().map(|frame| frame.no));
            self.frames(no, open, &frames, &query)?;
        }
        // Where only the end was found, its beginning is not far.
        let mut begins: BTreeMap<u32, IndexedFrame> = BTreeMap::new();
        for seq in self.unbegun() {
            let Ok(frame) = index.frame_of(seq) else { return Ok(false) };
            begins.extend(frame.map(|frame| (frame.no, frame)));
        }
        self.frames(no, open, &begins.into_values().collect::<Vec<_>>(), &NOTHING)?;
        // The ends of what was found, here or in a segment before.
        let mut ends: BTreeMap<u32, IndexedFrame> = BTreeMap::new();
        for seq in self.unended() {
            let of = seq.to_string();
            let Ok(frames) = open.candidates(index, &[Term { field: "of", value: &of }], i64::MIN, i64::MAX) else { return Ok(false) };
            ends.extend(frames.into_iter().filter(|frame| seen.binary_search(&frame.no).is_err()).map(|frame| (frame.no, frame)));
        }
        self.frames(no, open, &ends.into_values().collect::<Vec<_>>(), &NOTHING)?;
        Ok(true)
    }

    fn frames(&mut self, no: u64, open: &OpenSegment<'_>, frames: &[IndexedFrame], query: &[Term<'_>]) -> Result<()> {
        if frames.is_empty() {
            return Ok(());
        }
        let file = self.viewer.dir.opened(no)?;
        let mut opener = open.opener();
        for frame in frames {
            let bytes = file.read_at(frame.offset, frame.len as usize)?;
            opener.open(frame, &bytes, self.viewer.codec.as_deref())?.iter().for_each(|record| self.take_in(record, query));
        }
        Ok(())
    }

    fn through_everything(&mut self, no: u64, newest: &mut i64) -> Result<()> {
        let is_newest = self.viewer.is_newest(no)?;
        let bytes = self.viewer.dir.whole(no)?;
        let query = self.query.clone();
        let open = self.viewer.open(no, &bytes)?;
        let codec = self.viewer.codec.clone();
        let mut walk = open.records(codec.as_deref());
        for opened in walk.by_ref() {
            for record in &opened?.1 {
                *newest = record.time_ns.div_euclid(1_000_000).max(*newest);
                self.take_in(record, query.as_deref().unwrap_or(&NOTHING));
            }
        }
        if let Some(first) = self.unbegun().first() {
            for opened in open.records_from(*first, codec.as_deref()) {
                opened?.1.iter().for_each(|record| self.take_in(record, &NOTHING));
            }
        }
        // What was found before the gap counts all the same.
        self.viewer.nothing_hidden(no, &bytes, walk.frames(), is_newest)
    }

    fn take_in(&mut self, record: &OwnedRecord, query: &[Term<'_>]) {
        match told(record) {
            Told::Ended { of, ended } => match self.waiting.get_mut(&of) {
                Some(Waiting::Exchange(exchange)) => exchange.ended = Some(ended),
                Some(Waiting::Alone(_)) => {}
                None if answers(record, query) => {
                    self.waiting.insert(of, Waiting::Exchange(Box::new(Exchange { seq: of, began: None, ended: Some(ended) })));
                }
                None => {}
            },
            Told::Began(began) => match self.waiting.get_mut(&record.seq) {
                Some(Waiting::Exchange(exchange)) => exchange.began = Some(began),
                Some(Waiting::Alone(_)) => {}
                None if answers(record, query) => {
                    self.waiting.insert(record.seq, Waiting::Exchange(Box::new(Exchange { seq: record.seq, began: Some(began), ended: None })));
                }
                None => {}
            },
            Told::Alone(item) if query.is_empty() => {
                self.waiting.insert(record.seq, Waiting::Alone(item));
            }
            Told::Alone(_) => {}
        }
    }

    fn unbegun(&self) -> Vec<u64> {
        self.waiting.iter().filter(|(_, waiting)| matches!(waiting, Waiting::Exchange(exchange) if exchange.began.is_none())).map(|(seq, _)| *seq).collect()
    }

    fn unended(&self) -> Vec<u64> {
        self.waiting.iter().filter(|(_, waiting)| matches!(waiting, Waiting::Exchange(exchange) if exchange.ended.is_none())).map(|(seq, _)| *seq).collect()
    }

    fn is_complete(&self, seq: u64) -> bool {
        matches!(self.waiting.get(&seq), Some(Waiting::Exchange(exchange)) if exchange.ended.is_some())
    }

    /// An END that was found without its BEGIN leads to it. One that has expired stays away.
    fn look_back(&mut self) {
        for seq in self.unbegun() {
            match self.viewer.record(seq) {
                Ok(Some(record)) => {
                    if let (Told::Began(began), Some(Waiting::Exchange(exchange))) = (told(&record), self.waiting.get_mut(&seq)) {
                        exchange.began = Some(began);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    let (place, skipped) = self.viewer.place_of(seq).unwrap_or_default();
                    let no = skipped.map(|(no, _)| no).or(place).unwrap_or_default();
                    // Many ends may miss their beginnings in the same place.
                    if !self.coverage.unreadable.iter().any(|(named, _)| *named == no) {
                        self.coverage.unreadable.push((no, error));
                    }
                }
            }
        }
    }

    /// What is complete, or older than an end can come, is handed over; behind something that waits everything waits, for the order.
    fn hand_over(&mut self, newest_ms: i64, take: Take<'_>) -> Result<ControlFlow<()>> {
        while let Some(first) = self.waiting.first_entry() {
            if let Waiting::Exchange(exchange) = first.get()
                && exchange.ended.is_none()
                && exchange.at().is_some_and(|at| at.millis().saturating_add(LATEST_MS) > newest_ms)
            {
                break;
            }
            let item = first.remove().item();
            if self.filter.accepts(&item) && take(item)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// A query that no record answers: what is opened is opened for the ends of what waits.
const NOTHING: [Term<'static>; 1] = [Term { field: "", value: "" }];
