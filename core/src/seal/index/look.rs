//! Looking something up in an index: from its head down to the few parts in question, each checked before it is believed.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use super::super::fields::Fields;
use super::part::{Binding, FRAME, HEAD, Layout, Level, MAC_LEN, MAGIC, SPAN, Section, TOKEN};
use super::write::token_entry;
use super::{Damaged, IndexedFrame, ReadAt, Token};
use crate::gm::is_mac;

type Looked<T> = std::result::Result<T, Damaged>;

/// The index of a segment, of which only what a look-up needs is read.
pub struct Index<'r> {
    bytes: &'r dyn ReadAt,
    binding: Binding,
    layout: Layout,
    min_ms: i64,
    max_ms: i64,
    /// Parts that were read and are as they were written.
    parts: BTreeMap<(Section, u8, u64), Rc<[u8]>>,
}

impl<'r> Index<'r> {
    /// Reads the head.
    pub(in super::super) fn open(bytes: &'r dyn ReadAt, binding: Binding) -> Looked<Index<'r>> {
        let head = checked(bytes, &binding, (Section::Head, 0, 0), 0, HEAD + MAC_LEN)?;
        let counted = || {
            let mut fields = Fields::of(&head);
            let of = (fields.array()?, fields.array()?, fields.u64()?, fields.array()?);
            (of == (MAGIC, binding.log_id, binding.segment_no, binding.header)).then_some(())?;
            Some((fields.u32()?, fields.u64()?, fields.i64()?, fields.i64()?))
        };
        let (frames, tokens, min_ms, max_ms) = counted().ok_or(Damaged)?;
        Ok(Index { bytes, binding, layout: Layout::of(frames, tokens), min_ms, max_ms, parts: BTreeMap::new() })
    }

    /// The latest time of a record, in milliseconds; the earliest there is when it has none.
    pub const fn newest_ms(&self) -> i64 {
        self.max_ms
    }

    /// The frame in which the record of this number stands, if it is in this segment.
    pub fn frame_of(&mut self, seq: u64) -> Looked<Option<IndexedFrame>> {
        let seq = seq.to_be_bytes();
        self.last_frame(|entry| entry.get(4..12).is_some_and(|first| first <= seq.as_slice()))
    }

    /// The frames in which all tokens occur, within a time (both ends included). A token may stand for another term by chance, so
    /// the records are looked at all the same.
    pub(in super::super) fn candidates(&mut self, tokens: &[Token], from_ms: i64, to_ms: i64) -> Looked<Vec<IndexedFrame>> {
        if self.max_ms < from_ms || self.min_ms > to_ms {
            return Ok(Vec::new());
        }
        if tokens.is_empty() {
            return self.in_time(from_ms, to_ms);
        }
        if from_ms <= self.min_ms && to_ms >= self.max_ms {
            let numbers = self.with_all(tokens, 0..=u32::MAX)?;
            return numbers.into_iter().map(|no| self.frame(no)).collect();
        }
        let mut frames = self.in_time(from_ms, to_ms)?;
        let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return Ok(frames) };
        let numbers = self.with_all(tokens, first.no..=last.no)?;
        frames.retain(|frame| numbers.binary_search(&frame.no).is_ok());
        Ok(frames)
    }

    /// The numbers of those frames of a range in which all tokens occur: the rarest first, by which the others are narrowed.
    fn with_all(&mut self, tokens: &[Token], mut frames: RangeInclusive<u32>) -> Looked<Vec<u32>> {
        let spans = tokens.iter().map(|token| self.parts_with(token, &frames).map(|parts| (parts.end.saturating_sub(parts.start), token)));
        let mut spans = spans.collect::<Looked<Vec<_>>>()?;
        spans.sort_by_key(|(parts, _)| *parts);
        let mut all: Option<Vec<u32>> = None;
        for (_, token) in spans {
            let with = self.with(token, &frames)?;
            let both = match all.take() {
                Some(mut before) => {
                    before.retain(|no| with.binary_search(no).is_ok());
                    before
                }
                None => with,
            };
            let (Some(first), Some(last)) = (both.first(), both.last()) else { return Ok(both) };
            frames = *first..=*last;
            all = Some(both);
        }
        Ok(all.unwrap_or_default())
    }

    fn with(&mut self, token: &Token, frames: &RangeInclusive<u32>) -> Looked<Vec<u32>> {
        let entries = token_entry(token, *frames.start())..=token_entry(token, *frames.end());
        let mut numbers = Vec::new();
        for no in self.parts_with(token, frames)? {
            let part = self.lowest(Section::Tokens, no)?;
            let (found, _) = part.as_chunks::<TOKEN>();
            numbers.extend(found.iter().filter(|entry| entries.contains(*entry)).filter_map(|entry| entry.last_chunk().copied()).map(u32::from_be_bytes));
        }
        Ok(numbers)
    }

    /// The parts in which a token would stand.
    fn parts_with(&mut self, token: &Token, frames: &RangeInclusive<u32>) -> Looked<Range<u64>> {
        let (from, to) = (token_entry(token, *frames.start()), token_entry(token, *frames.end()));
        self.descend(Section::Tokens, |entry| entry <= from.as_slice(), |entry| entry <= to.as_slice())
    }

    /// The frame of a number that a token names.
    fn frame(&mut self, no: u32) -> Looked<IndexedFrame> {
        let number = no.to_be_bytes();
        let found = self.last_frame(|entry| entry.get(..4).is_some_and(|own| own <= number.as_slice()))?;
        found.filter(|frame| frame.no == no).ok_or(Damaged)
    }

    /// The last frame whose entry is `before`: as the first ones are, up to a place.
    fn last_frame(&mut self, before: impl Fn(&[u8]) -> bool) -> Looked<Option<IndexedFrame>> {
        let Some(no) = self.descend(Section::Frames, &before, &before)?.last() else { return Ok(None) };
        let part = self.lowest(Section::Frames, no)?;
        let last = part.chunks_exact(FRAME).take_while(|entry| before(entry)).last();
        last.map(|entry| IndexedFrame::read(entry).ok_or(Damaged)).transpose()
    }

    /// Frames with records of a time: only parts are read in which there are any.
    fn in_time(&mut self, from_ms: i64, to_ms: i64) -> Looked<Vec<IndexedFrame>> {
        let levels = self.layout.frames.clone();
        let overlaps = |min_ms: i64, max_ms: i64| max_ms >= from_ms && min_ms <= to_ms;
        let mut parts: Vec<u64> = levels.last().map(|top| (0..top.parts()).collect()).unwrap_or_default();
        for level in levels.iter().skip(1).rev() {
            let mut below = Vec::new();
            for no in parts {
                let part = self.part(level, no)?;
                for (at, span) in (no * level.per_part()..).zip(part.chunks_exact(SPAN)) {
                    let (min_ms, max_ms) = times(span).ok_or(Damaged)?;
                    below.extend(overlaps(min_ms, max_ms).then_some(at));
                }
            }
            parts = below;
        }
        let mut frames = Vec::new();
        for no in parts {
            let part = self.lowest(Section::Frames, no)?;
            for entry in part.chunks_exact(FRAME) {
                let frame = IndexedFrame::read(entry).ok_or(Damaged)?;
                frames.extend(overlaps(frame.min_ms, frame.max_ms).then_some(frame));
            }
        }
        Ok(frames)
    }

    /// From the top to the parts of the lowest level that can hold what stands from the last entry of `begins` to the last of `ends`;
    /// both are true of the first entries, up to a place.
    fn descend(&mut self, section: Section, begins: impl Fn(&[u8]) -> bool, ends: impl Fn(&[u8]) -> bool) -> Looked<Range<u64>> {
        let levels = if section == Section::Tokens { self.layout.tokens.clone() } else { self.layout.frames.clone() };
        let mut parts = 0..levels.last().map_or(0, Level::parts);
        for level in levels.iter().skip(1).rev() {
            let Some(last) = parts.clone().last() else { break };
            let up_to = |part: &[u8], passed: &dyn Fn(&[u8]) -> bool| part.chunks_exact(level.entry).take_while(|entry| passed(entry)).count() as u64;
            let from = up_to(&self.part(level, parts.start)?, &begins).saturating_sub(1);
            let to = up_to(&self.part(level, last)?, &ends);
            parts = parts.start * level.per_part() + from..last * level.per_part() + to;
        }
        Ok(parts)
    }

    fn lowest(&mut self, section: Section, no: u64) -> Looked<Rc<[u8]>> {
        let levels = if section == Section::Tokens { &self.layout.tokens } else { &self.layout.frames };
        let level = *levels.first().ok_or(Damaged)?;
        self.part(&level, no)
    }

    fn part(&mut self, level: &Level, no: u64) -> Looked<Rc<[u8]>> {
        let place = (level.section, level.height, no);
        if let Some(part) = self.parts.get(&place) {
            return Ok(part.clone());
        }
        let (offset, len) = level.place(no);
        let part: Rc<[u8]> = checked(self.bytes, &self.binding, place, offset, len)?.into();
        self.parts.insert(place, part.clone());
        Ok(part)
    }
}

/// Reads a part; its content, when it is the one that was written at this place.
fn checked(bytes: &dyn ReadAt, binding: &Binding, (section, height, no): (Section, u8, u64), offset: u64, len: usize) -> Looked<Vec<u8>> {
    let mut part = bytes.read_at(offset, len).map_err(|_| Damaged)?;
    let content = part.len().checked_sub(MAC_LEN).filter(|_| part.len() == len).ok_or(Damaged)?;
    let mac = part.split_off(content);
    is_mac(&binding.mac(section, height, no, &part), &mac).then_some(part).ok_or(Damaged)
}

/// The times in an entry of the levels above the frames.
fn times(span: &[u8]) -> Option<(i64, i64)> {
    let mut fields = Fields::of(span);
    fields.bytes(12)?;
    Some((fields.i64()?, fields.i64()?))
}
