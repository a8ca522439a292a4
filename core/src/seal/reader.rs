//! Reading a segment: what its bytes hold, first without a key, then with an auditor's.

use zeroize::Zeroizing;

use super::chain::{self, Chain, witness};
use super::codec::FrameCodec;
use super::frame::{COMPRESSED, CRC_LEN, FrameHead, FrameKind, HEAD_LEN, PADDED};
use super::header::{Header, Parsed};
use super::index::{Binding, Damaged, Index, IndexWriter, IndexedFrame, ReadAt, Term, tokens};
use super::keys::{FrameKeys, SegmentKeys};
use super::merkle::{self, InclusionProof};
use super::plain::Plain;
use super::record::{OwnedRecord, each, read_all};
use super::rewrap::Rewrap;
use crate::error::{Code, Error, Result};
use crate::gm::GCM_TAG_LEN;
use crate::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};

/// The bytes of a segment, its header read.
#[derive(Clone, Debug)]
pub struct Segment<'a> {
    pub(super) parsed: Parsed<'a>,
    pub(super) bytes: &'a [u8],
}

/// A frame as it stands in the bytes: its check sums hold, and it is where it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its head.
    pub head: FrameHead,
    /// Its body: sealed, if it holds records.
    pub body: &'a [u8],
    /// Where it begins.
    pub offset: u64,
    /// The chain before it.
    pub chain: Chain,
}

impl Frame<'_> {
    /// The frame as a leaf of the segment's tree: what a proof begins with.
    pub fn leaf(&self) -> [u8; 32] {
        merkle::leaf_of(&self.head.sealed(), &witness(self.head.kind, self.body))
    }
}

/// How the bytes of a segment end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a footer.
    Closed,
    /// Behind a whole frame, or in the zeros of preallocated space: it is being written, or the writer was stopped between frames.
    Open,
    /// With bytes that are no frame: torn by a crash, or changed.
    Broken,
    /// There is more behind the footer.
    AfterFooter,
}

impl<'a> Segment<'a> {
    /// Reads the header.
    pub fn read(bytes: &'a [u8]) -> Result<Segment<'a>> {
        Ok(Segment { parsed: Header::read(bytes)?, bytes })
    }

    /// Its header.
    pub const fn header(&self) -> &Header {
        &self.parsed.header
    }

    /// Did this writer sign the header?
    pub fn is_signed_by(&self, writer: &Sm2PublicKey) -> bool {
        self.parsed.is_signed_by(writer)
    }

    /// Its frames in order, as far as they are whole and where they belong.
    pub fn frames(&self) -> Frames<'a> {
        Frames { bytes: self.bytes, offset: self.parsed.len, chain: self.parsed.digest, no: 0, seq: self.parsed.header.first_seq, ended: None }
    }

    /// The frame that an index names, if one begins there and is the one it names.
    fn frame_at(&self, at: &IndexedFrame) -> Option<Frame<'a>> {
        let offset = usize::try_from(at.offset).ok()?;
        let (head, body) = frame_in(self.bytes.get(offset..)?)?;
        (head.no == at.no && head.first_seq == at.first_seq).then_some(Frame { head, body, offset: at.offset, chain: at.chain })
    }

    /// Proves that a frame is in the segment, under the root of the first checkpoint behind it or of the footer.
    pub fn proof(&self, frame_no: u32, covered: u32) -> Option<InclusionProof> {
        let leaves: Vec<_> = self.frames().take(covered as usize).map(|frame| frame.leaf()).collect();
        (leaves.len() == covered as usize).then(|| InclusionProof::of(&leaves, frame_no as usize)).flatten()
    }

    /// Unwraps the segment's secret with a private key: from the header, or from what was wrapped later.
    pub fn secret(&self, key: &Sm2PrivateKey, rewraps: &[Rewrap]) -> Result<SegmentSecret> {
        let id = key.public().id();
        let later = || rewraps.iter().filter(|r| r.is_for(self)).find_map(|r| r.wrapped_for(&id));
        let wrapped = self.header().wrapped_for(&id).or_else(later).ok_or_else(|| Error::new(Code::BadKey).with("problem", "the segment is not sealed for this key"))?;
        let secret = SegmentSecret(key.unwrap_secret(wrapped)?);
        self.keys(&secret)?;
        Ok(secret)
    }

    pub(super) fn keys(&self, secret: &SegmentSecret) -> Result<SegmentKeys> {
        let header = self.header();
        let keys = SegmentKeys::derive(&header.log_id, header.segment_no, header.ratchet_frames, &secret.0)?;
        if keys.commit != header.key_commit {
            return Err(Error::new(Code::SealBroken).with("problem", "the secret is not the one this segment was sealed with"));
        }
        Ok(keys)
    }

    /// The keys of its frames, from the first on.
    pub(super) fn keys_of(&self, opened: &OpenSegment<'_>) -> FrameKeys {
        opened.keys.frames.clone()
    }

    /// Opens the segment.
    pub fn open(&self, secret: &SegmentSecret) -> Result<OpenSegment<'a>> {
        Ok(OpenSegment { segment: self.clone(), keys: self.keys(secret)? })
    }
}

/// A segment's secret, wiped when dropped.
pub struct SegmentSecret(pub(super) Zeroizing<[u8; 32]>);

impl std::fmt::Debug for SegmentSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SegmentSecret(***)")
    }
}

/// Walks the frames; keeps where it stopped and why.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    offset: usize,
    chain: Chain,
    no: u32,
    seq: u64,
    ended: Option<Ending>,
}

impl Frames<'_> {
    /// How the bytes end; `None` before the last frame was walked over.
    pub const fn ending(&self) -> Option<Ending> {
        self.ended
    }

    /// Where the next frame would begin.
    pub const fn offset(&self) -> u64 {
        self.offset as u64
    }

    /// The chain behind the last frame.
    pub const fn chain_behind(&self) -> Chain {
        self.chain
    }

    /// How many frames there were.
    pub const fn passed(&self) -> u32 {
        self.no
    }

    /// The number the next record would have.
    pub const fn next_seq(&self) -> u64 {
        self.seq
    }

    /// An error when something stands behind the last frame that is no frame of this segment: there may have been records, and nobody was
    /// given them. Whoever walked over the frames asks this before he says that there are no more.
    pub fn nothing_hidden(&self) -> Result<()> {
        let problem = match self.ended {
            Some(Ending::Broken) => "what stands behind the frame before it is no frame: there may have been more records",
            Some(Ending::AfterFooter) => "there is something behind the footer",
            Some(Ending::Closed | Ending::Open) | None => return Ok(()),
        };
        Err(Error::new(Code::SealBroken).with("frame", self.no.to_string()).with("problem", problem))
    }

    fn rest_is_zero(&self) -> bool {
        self.bytes.get(self.offset..).unwrap_or_default().iter().all(|byte| *byte == 0)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        if self.ended.is_some() {
            return None;
        }
        let found = frame_in(self.bytes.get(self.offset..)?).filter(|(head, _)| head.no == self.no && head.first_seq == self.seq);
        let Some((head, body)) = found else {
            self.ended = Some(if self.rest_is_zero() { Ending::Open } else { Ending::Broken });
            return None;
        };
        let frame = Frame { head, body, offset: self.offset as u64, chain: self.chain };
        self.chain = chain::next(&self.chain, &head.sealed(), &witness(head.kind, body));
        self.offset += HEAD_LEN + body.len() + CRC_LEN;
        self.no += 1;
        self.seq = self.seq.saturating_add(u64::from(head.records));
        if head.kind == FrameKind::Footer {
            self.ended = Some(if self.rest_is_zero() { Ending::Closed } else { Ending::AfterFooter });
        }
        Some(frame)
    }
}

/// The frame at the beginning of the bytes, when it is whole.
pub(super) fn frame_in(bytes: &[u8]) -> Option<(FrameHead, &[u8])> {
    let (head, behind) = bytes.split_first_chunk::<HEAD_LEN>()?;
    let head = FrameHead::read(head)?;
    let (body, behind) = behind.split_at_checked(head.body_len as usize)?;
    let crc = behind.first_chunk::<CRC_LEN>()?;
    let fits = match head.kind {
        FrameKind::Data => head.records > 0 && body.len() >= GCM_TAG_LEN,
        FrameKind::Checkpoint | FrameKind::Footer | FrameKind::Note => head.records == 0 && head.flags == 0,
    };
    (fits && crc32c::crc32c(body) == u32::from_be_bytes(*crc)).then_some((head, body))
}

/// A segment with its keys.
pub struct OpenSegment<'a> {
    segment: Segment<'a>,
    pub(super) keys: SegmentKeys,
}

/// Opens frames that an index names, in order, from the bytes of each alone: a search need not read the rest of the segment.
pub struct FrameOpener(FrameKeys);

impl FrameOpener {
    /// The records of a frame; `bytes` begin where the frame does.
    pub fn open(&mut self, at: &IndexedFrame, bytes: &[u8], codec: Option<&dyn FrameCodec>) -> Result<Vec<OwnedRecord>> {
        let found = frame_in(bytes).filter(|(head, _)| head.no == at.no && head.first_seq == at.first_seq);
        let (head, body) = found.ok_or_else(|| broken(at))?;
        open_frame(&mut self.0, &Frame { head, body, offset: at.offset, chain: at.chain }, codec)
    }
}

/// Opens the frames of records in order; whoever had the last one asks its [`Frames`] whether anything is hidden behind it.
pub struct Records<'o, 'a> {
    frames: Frames<'a>,
    keys: FrameKeys,
    codec: Option<&'o dyn FrameCodec>,
    from: u64,
}

impl<'a> Records<'_, 'a> {
    /// The walk, as far as it has come.
    pub const fn frames(&self) -> &Frames<'a> {
        &self.frames
    }
}

impl<'a> Iterator for Records<'_, 'a> {
    type Item = Result<(Frame<'a>, Vec<OwnedRecord>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let from = self.from;
        let frame = self.frames.find(|frame| frame.head.kind == FrameKind::Data && frame.head.first_seq.saturating_add(u64::from(frame.head.records)) > from)?;
        Some(open_frame(&mut self.keys, &frame, self.codec).map(|records| (frame, records)))
    }
}

/// What a search found in a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The records, in order.
    pub records: Vec<OwnedRecord>,
    /// Bytes of the frames that were opened for it.
    pub opened: u64,
    /// The index was of use.
    pub indexed: bool,
    /// Why there may be more: what stands behind the last frame that was walked over is no frame. A writer at work, or a crash, leaves
    /// such an end in the newest segment.
    pub gap: Option<Error>,
}

impl<'a> OpenSegment<'a> {
    /// The segment.
    pub const fn segment(&self) -> &Segment<'a> {
        &self.segment
    }

    /// Opens frame after frame of records, from the first on.
    pub fn records<'o>(&self, codec: Option<&'o dyn FrameCodec>) -> Records<'o, 'a> {
        self.records_from(0, codec)
    }

    /// The same from the frame on that holds the record of this number; those before it stay closed.
    pub fn records_from<'o>(&self, seq: u64, codec: Option<&'o dyn FrameCodec>) -> Records<'o, 'a> {
        Records { frames: self.segment.frames(), keys: self.keys.frames.clone(), codec, from: seq }
    }

    /// Begins to read the segment's index file. What of it is damaged, or of another segment, is told when it is come upon.
    pub fn index<'r>(&self, bytes: &'r dyn ReadAt) -> Result<Index<'r>, Damaged> {
        Index::open(bytes, self.binding())
    }

    fn binding(&self) -> Binding {
        let header = self.segment.header();
        Binding { log_id: header.log_id, segment_no: header.segment_no, header: self.segment.parsed.digest, mac: self.keys.index_mac.clone() }
    }

    /// Opens frames one by one; the segment's header is all that must be in memory.
    pub fn opener(&self) -> FrameOpener {
        FrameOpener(self.keys.frames.clone())
    }

    /// The frames in which all terms occur, within a time (milliseconds, both ends included). A hash may stand for another term by
    /// chance: the records decide.
    pub fn candidates(&self, index: &mut Index<'_>, terms: &[Term<'_>], from_ms: i64, to_ms: i64) -> Result<Vec<IndexedFrame>, Damaged> {
        let tokens = tokens(&self.keys.index, terms.iter());
        index.candidates(&tokens, from_ms, to_ms)
    }

    /// Makes the index anew, or refuses to when the frames break off; `terms` tells what a record is found by.
    pub fn rebuild_index(&self, codec: Option<&dyn FrameCodec>, terms: impl Fn(&OwnedRecord, &mut dyn FnMut(Term<'_>))) -> Result<Vec<u8>> {
        let mut index = IndexWriter::new(self.binding());
        let mut walk = self.records(codec);
        for opened in walk.by_ref() {
            let (frame, records) = opened?;
            let times = || records.iter().map(|record| record.time_ns.div_euclid(1_000_000));
            let (min_ms, max_ms) = (times().min().unwrap_or(frame.head.at_ms), times().max().unwrap_or(frame.head.at_ms));
            let len = (HEAD_LEN + frame.body.len() + CRC_LEN) as u32; // little more than MAX_BODY
            index.add(IndexedFrame { no: frame.head.no, first_seq: frame.head.first_seq, min_ms, max_ms, offset: frame.offset, len, chain: frame.chain });
            records.iter().for_each(|record| terms(record, &mut |term| index.tag(tokens(&self.keys.index, std::iter::once(&term)), frame.head.no)));
        }
        // An index that leaves records out would hide them for good.
        walk.frames().nothing_hidden()?;
        Ok(index.write())
    }

    /// Finds the records of a time (milliseconds, both ends included) that `matches`. With an index only frames are opened in which
    /// all terms occur; without one, or with a damaged one, every frame: the answer is the same, because `matches` decides.
    pub fn search(
        &self,
        terms: &[Term<'_>],
        from_ms: i64,
        to_ms: i64,
        index: Option<&dyn ReadAt>,
        codec: Option<&dyn FrameCodec>,
        matches: impl Fn(&OwnedRecord) -> bool,
    ) -> Result<Found> {
        let mut found = Found::default();
        let in_time = |record: &OwnedRecord| (from_ms..=to_ms).contains(&record.time_ns.div_euclid(1_000_000));
        let looked_up = index.and_then(|bytes| self.index(bytes).and_then(|mut index| self.candidates(&mut index, terms, from_ms, to_ms)).ok());
        let mut take = |frame: &Frame<'_>, records: Vec<OwnedRecord>| {
            found.opened += frame.body.len() as u64;
            found.records.extend(records.into_iter().filter(|record| in_time(record) && matches(record)));
        };
        if let Some(candidates) = looked_up {
            let mut keys = self.keys.frames.clone();
            for at in candidates {
                let frame = self.segment.frame_at(&at).ok_or_else(|| broken(&at))?;
                let records = open_frame(&mut keys, &frame, codec)?;
                take(&frame, records);
            }
            found.indexed = true;
            return Ok(found);
        }
        let mut walk = self.records(codec);
        for opened in walk.by_ref() {
            let (frame, records) = opened?;
            take(&frame, records);
        }
        found.gap = walk.frames().nothing_hidden().err();
        Ok(found)
    }
}

fn broken(at: &IndexedFrame) -> Error {
    Error::new(Code::SealBroken).with("frame", at.no.to_string()).with("problem", "the frame is not where the index says")
}

/// Opens a frame of records. Every change of its bytes, its place or its keys is refused.
pub(super) fn open_frame(keys: &mut FrameKeys, frame: &Frame<'_>, codec: Option<&dyn FrameCodec>) -> Result<Vec<OwnedRecord>> {
    let raw = raw_records(keys, frame, codec)?;
    read_all(&raw, frame.head.records, frame.head.first_seq).ok_or_else(|| wrong(frame, NOT_AS_SAID))
}

/// Opens a frame only to look whether all is right; answers the time of its first record.
pub(super) fn first_time(keys: &mut FrameKeys, frame: &Frame<'_>, codec: Option<&dyn FrameCodec>) -> Result<i64> {
    let raw = raw_records(keys, frame, codec)?;
    let mut first = None;
    let whole = each(&raw, frame.head.records, frame.head.first_seq, |_, time_ns, _, _| first = first.or(Some(time_ns)));
    whole.and(first).ok_or_else(|| wrong(frame, NOT_AS_SAID))
}

const NOT_AS_SAID: &str = "its records are not what its head says";

fn wrong(frame: &Frame<'_>, problem: &'static str) -> Error {
    Error::new(Code::SealBroken).with("frame", frame.head.no.to_string()).with("problem", problem)
}

/// The records of a frame, one behind the other.
fn raw_records(keys: &mut FrameKeys, frame: &Frame<'_>, codec: Option<&dyn FrameCodec>) -> Result<Plain> {
    let wrong = |problem| wrong(frame, problem);
    let aad = [frame.chain.as_slice(), &frame.head.sealed()].concat();
    let (key, nonce) = keys.of(frame.head.no)?;
    let mut plain = Plain(key.open(&nonce, &aad, frame.body).map_err(|_| wrong("it does not open"))?);
    let raw_len = frame.head.raw_len as usize;
    let (unpacked, used) = if frame.head.flags & COMPRESSED != 0 {
        let codec = codec.ok_or_else(|| wrong("it is compressed, and no codec was given"))?;
        let (raw, used) = codec.decompress(&plain, raw_len)?;
        (Some(Plain(raw)), used)
    } else {
        (None, raw_len)
    };
    let padding = plain.get(used..).ok_or_else(|| wrong("its length is not the one it says"))?;
    if padding.iter().any(|byte| *byte != 0) || (frame.head.flags & PADDED == 0 && !padding.is_empty()) || unpacked.as_ref().is_some_and(|raw| raw.len() != raw_len) {
        return Err(wrong("its length is not the one it says"));
    }
    Ok(unpacked.unwrap_or_else(|| {
        plain.truncate(raw_len);
        plain
    }))
}
