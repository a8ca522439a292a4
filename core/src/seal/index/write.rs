//! Writing an index: entries are collected while the segment is written, and become parts when it is closed.

use std::borrow::Cow;

use super::part::{Binding, FRAME, Layout, SPAN, Section, TOKEN, per_part};
use super::{IndexedFrame, Token};

/// The index of a segment that is being written.
pub(in super::super) struct IndexWriter {
    binding: Binding,
    frames: Vec<IndexedFrame>,
    /// Tokens with the frames they occur in; in order, each once, when the index is written.
    tokens: Vec<(Token, u32)>,
}

/// What an entry above the frames says of a part with frames: its first, and the times of all its records.
#[derive(Clone, Copy)]
struct Span {
    no: u32,
    first_seq: u64,
    min_ms: i64,
    max_ms: i64,
}

impl Span {
    const fn of(frame: &IndexedFrame) -> Span {
        Span { no: frame.no, first_seq: frame.first_seq, min_ms: frame.min_ms, max_ms: frame.max_ms }
    }

    fn with(self, next: Span) -> Span {
        Span { min_ms: self.min_ms.min(next.min_ms), max_ms: self.max_ms.max(next.max_ms), ..self }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.no.to_be_bytes());
        out.extend_from_slice(&self.first_seq.to_be_bytes());
        out.extend_from_slice(&self.min_ms.to_be_bytes());
        out.extend_from_slice(&self.max_ms.to_be_bytes());
    }
}

impl IndexWriter {
    pub(in super::super) const fn new(binding: Binding) -> IndexWriter {
        IndexWriter { binding, frames: Vec::new(), tokens: Vec::new() }
    }

    pub(in super::super) fn add(&mut self, frame: IndexedFrame) {
        self.frames.push(frame);
    }

    pub(in super::super) fn tag(&mut self, tokens: Vec<Token>, frame_no: u32) {
        self.tokens.extend(tokens.into_iter().map(|token| (token, frame_no)));
    }

    /// The bytes of the index file.
    pub(in super::super) fn write(&mut self) -> Vec<u8> {
        self.tokens.sort_unstable();
        self.tokens.dedup();
        let (frames, tokens) = (self.frames.len() as u32, self.tokens.len() as u64); // a segment has at most 2^24 frames
        let mut out = Vec::with_capacity(Layout::of(frames, tokens).len as usize);
        let (min_ms, max_ms) = self.frames.iter().map(Span::of).reduce(Span::with).map_or((i64::MAX, i64::MIN), |all| (all.min_ms, all.max_ms));
        out.extend_from_slice(&self.binding.head(frames, tokens, min_ms, max_ms));
        self.authenticate((Section::Head, 0, 0), 0, &mut out);
        self.write_frames(&mut out);
        self.write_tokens(&mut out);
        out
    }

    fn write_frames(&self, out: &mut Vec<u8>) {
        self.level((Section::Frames, 0), FRAME, &self.frames, IndexedFrame::write, out);
        let mut spans: Vec<Span> = self.frames.chunks(per_part(FRAME)).filter_map(|part| part.iter().map(Span::of).reduce(Span::with)).collect();
        let mut height = 1;
        while spans.len() > 1 {
            self.level((Section::Frames, height), SPAN, &spans, Span::write, out);
            spans = spans.chunks(per_part(SPAN)).filter_map(|part| part.iter().copied().reduce(Span::with)).collect();
            height += 1;
        }
    }

    fn write_tokens(&self, out: &mut Vec<u8>) {
        let mut entries = Cow::Borrowed(self.tokens.as_slice());
        let mut height = 0;
        while entries.len() > usize::from(height > 0) {
            self.level((Section::Tokens, height), TOKEN, &entries, |entry, out| out.extend_from_slice(&token_entry(&entry.0, entry.1)), out);
            entries = entries.chunks(per_part(TOKEN)).filter_map(|part| part.first().copied()).collect();
            height += 1;
        }
    }

    fn level<T>(&self, (section, height): (Section, u8), entry: usize, entries: &[T], write: impl Fn(&T, &mut Vec<u8>), out: &mut Vec<u8>) {
        for (no, part) in (0..).zip(entries.chunks(per_part(entry))) {
            let from = out.len();
            part.iter().for_each(|entry| write(entry, out));
            self.authenticate((section, height, no), from, out);
        }
    }

    /// Puts the MAC of the part that begins at `from` behind it.
    fn authenticate(&self, (section, height, no): (Section, u8, u64), from: usize, out: &mut Vec<u8>) {
        let mac = self.binding.mac(section, height, no, out.get(from..).unwrap_or_default());
        out.extend_from_slice(&mac);
    }
}

/// A token in a frame, as it is written; entries have the order of their bytes.
pub(super) fn token_entry(token: &Token, frame_no: u32) -> [u8; TOKEN] {
    let mut entry = [0; TOKEN];
    entry.iter_mut().zip(token.iter().chain(&frame_no.to_be_bytes())).for_each(|(to, from)| *to = *from);
    entry
}

#[cfg(test)]
mod tests {
    use super::super::super::keys::SegmentKeys;
    use super::super::{Index, Term, tokens};
    use super::*;
    use crate::gm::{hex, sm3};

    /// Made with another implementation, after docs/sealed-log.md: 60 frames and 400 tokens are two levels of each.
    #[test]
    fn golden_index() {
        let log_id = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let secret: [u8; 32] = std::array::from_fn(|i| 0x20 + u8::try_from(i).unwrap());
        let keys = SegmentKeys::derive(&log_id, 1, 256, &secret).unwrap();
        let binding = || Binding { log_id, segment_no: 1, header: sm3(b"golden header"), mac: keys.index_mac.clone() };
        let mut index = IndexWriter::new(binding());
        for i in 0..60u32 {
            let min_ms = 1_763_800_000_000 + i64::from(i) * 1000;
            let chain = sm3(&i.to_be_bytes());
            index.add(IndexedFrame { no: 2 * i, first_seq: 1 + 3 * u64::from(i), min_ms, max_ms: min_ms + 500, offset: 600 + 200 * u64::from(i), len: 108 + i, chain });
        }
        for i in 0..400u32 {
            let value = i.to_string();
            index.tag(tokens(&keys.index, std::iter::once(&Term { field: "order", value: &value })), 2 * (i % 60));
        }
        let bytes = index.write();
        assert_eq!((bytes.len(), bytes.capacity()), (9512, 9512));
        assert_eq!(
            hex(&bytes[..120]),
            "474d5832000102030405060708090a0b0c0d0e0f0000000000000001c1b947c80f10b09d204b0756808f57359e0d630b7ea7c7314cb3136a2725eaaa\
             0000003c00000000000001900000019aaaac26000000019aaaad0e6c1cbf135d5655f888504b304d18ebfba1d59cb1f0bd02dac8ec89cac46ced8aa5"
        );
        assert_eq!(hex(&sm3(&bytes)), "2ba209f6aec24f2699beea8b105ea484faa7e7e034621bfaa14cd6b9510410f0");
        let read = bytes.as_slice();
        let mut index = Index::open(&read, binding()).unwrap();
        for seq in 0..200 {
            let no = if seq == 0 { None } else { Some(2 * ((seq - 1) / 3).min(59) as u32) };
            assert_eq!(index.frame_of(seq).unwrap().map(|frame| frame.no), no, "{seq}");
        }
    }
}
