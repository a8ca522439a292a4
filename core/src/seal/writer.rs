//! Writing a segment: records go in, bytes come out, and what they were sealed with is gone.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::chain::{self, Chain, witness};
use super::checkpoint::Checkpoint;
use super::codec::FrameCodec;
use super::frame::{COMPRESSED, CRC_LEN, FrameHead, FrameKind, HEAD_LEN, MAX_BODY, PADDED};
use super::header::{Flags, Header, LogId, Recipient};
use super::index::{Binding, IndexWriter, IndexedFrame, tokens};
use super::keys::{FrameKeys, Secret, SegmentKeys, next_seal};
use super::merkle::Tree;
use super::note::Note;
use super::plain::Plain;
use super::record::Record;
use crate::error::{Error, Result};
use crate::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use crate::gm::{self, BatchMacKey, GCM_TAG_LEN};
use crate::port::Entropy;

/// No segment has more frames.
pub(super) const MAX_FRAMES: u32 = 1 << 24;

/// Where a new segment stands, and for whom it is written.
#[derive(Clone)]
pub struct NewSegment {
    /// Whose log.
    pub log_id: LogId,
    /// 1, 2, 3 …
    pub segment_no: u64,
    /// The number of its first record.
    pub first_seq: u64,
    /// When, in nanoseconds since 1970 (UTC).
    pub created_ns: i64,
    /// Counts the starts of this process.
    pub incarnation: u64,
    /// The chain at the end of the segment before it; zeros for the first.
    pub prev_digest: [u8; 32],
    /// The segment before it was cut off by a crash.
    pub after_crash: bool,
    /// Who can read it.
    pub recipients: Arc<[Sm2PublicKey]>,
    /// Who signs it.
    pub signer: Arc<Sm2PrivateKey>,
    /// The host's forward-secure key Z of this segment, if it keeps one.
    pub seal: Option<Zeroizing<[u8; 32]>>,
    /// Frames that share a key.
    pub ratchet_frames: u16,
    /// Frames are filled up to a multiple of this many bytes; 0 or 1 for none.
    pub pad_to: u16,
    /// What frames are compressed with.
    pub codec: Option<Arc<dyn FrameCodec>>,
    /// Each frame is flushed before the next one is written. It is stated in the header, and what is found broken later is judged by it.
    pub flushed_in_turn: bool,
}

/// A segment that is being written. It cannot read what it has written in an epoch that has passed.
pub struct SegmentWriter {
    new: NewSegment,
    frames: FrameKeys,
    index_key: BatchMacKey,
    index: IndexWriter,
    chain: Chain,
    tree: Tree,
    next_frame: u32,
    next_seq: u64,
    written: u64,
}

/// A segment that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The bytes of its index file.
    pub index: Vec<u8>,
    /// Its footer, as an anchor.
    pub footer: Checkpoint,
    /// The chain at its end: the next segment begins with it.
    pub chain: [u8; 32],
    /// Its bytes.
    pub bytes: u64,
}

impl SegmentWriter {
    /// Begins a segment; its header is written to `out`.
    pub fn begin(new: NewSegment, entropy: &dyn Entropy, out: &mut Vec<u8>) -> Result<SegmentWriter> {
        let mut secret: Secret = Zeroizing::new([0; 32]);
        entropy.fill(secret.as_mut_slice());
        let keys = SegmentKeys::derive(&new.log_id, new.segment_no, new.ratchet_frames, &secret)?;
        let wrapped = |key: &Sm2PublicKey| Ok(Recipient { key_id: key.id(), wrapped: key.wrap(entropy, &secret)? });
        let header = Header {
            log_id: new.log_id,
            segment_no: new.segment_no,
            first_seq: new.first_seq,
            created_ns: new.created_ns,
            incarnation: new.incarnation,
            prev_digest: new.prev_digest,
            key_commit: keys.commit,
            flags: Flags { compressed: new.codec.is_some(), indexed: true, padded: new.pad_to > 1, after_crash: new.after_crash, flushed_in_turn: new.flushed_in_turn },
            ratchet_frames: new.ratchet_frames,
            writer: new.signer.public().id(),
            recipients: new.recipients.iter().map(wrapped).collect::<Result<_>>()?,
            seal: None,
        };
        let bytes = header.write(&new.signer, new.seal.as_ref())?;
        let digest = gm::sm3(&bytes);
        out.extend_from_slice(&bytes);
        Ok(SegmentWriter {
            frames: keys.frames,
            index_key: keys.index,
            index: IndexWriter::new(Binding { log_id: new.log_id, segment_no: new.segment_no, header: digest, mac: keys.index_mac }),
            chain: digest,
            tree: Tree::default(),
            next_frame: 0,
            next_seq: new.first_seq,
            written: bytes.len() as u64,
            new,
        })
    }

    /// The host's key of the next segment's seal: it overwrites the present one.
    pub fn next_seal(&self) -> Result<Option<Zeroizing<[u8; 32]>>> {
        self.new.seal.as_deref().map(next_seal).transpose()
    }

    /// The number the next record will have.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// How many frames there are.
    pub const fn frames(&self) -> u32 {
        self.next_frame
    }

    /// Bytes so far.
    pub const fn bytes(&self) -> u64 {
        self.written
    }

    /// Is there no room for more frames?
    pub const fn is_full(&self) -> bool {
        self.next_frame + 2 >= MAX_FRAMES
    }

    /// Seals records as one frame behind `out`. Nothing has changed when it fails.
    pub fn frame(&mut self, records: &[Record<'_>], out: &mut Vec<u8>) -> Result<()> {
        let Some(first) = records.first() else { return Err(Error::field("records", "are none")) };
        let count = u16::try_from(records.len()).map_err(|_| Error::field("records", "are more than a frame takes"))?;
        let raw_len = records.iter().map(Record::len).sum::<usize>();
        if raw_len + usize::from(self.new.pad_to) + GCM_TAG_LEN > MAX_BODY {
            return Err(Error::field("records", "are longer than a frame takes"));
        }
        if self.is_full() {
            return Err(Error::field("records", "belong into the next segment"));
        }
        let mut plain = Plain(Vec::with_capacity(raw_len + usize::from(self.new.pad_to) + GCM_TAG_LEN));
        for (seq, record) in (self.next_seq..).zip(records) {
            record.write(seq, &mut plain)?;
        }
        let mut flags = 0;
        if let Some(packed) = self.new.codec.as_ref().map(|codec| codec.compress(&plain)).transpose()?.flatten().filter(|packed| packed.len() < raw_len) {
            let packed = Plain(packed);
            plain.clear_and_wipe();
            plain.extend_from_slice(&packed);
            flags |= COMPRESSED;
        }
        if self.new.pad_to > 1 {
            flags |= PADDED;
            let len = plain.len().next_multiple_of(usize::from(self.new.pad_to));
            plain.resize(len, 0);
        }
        let head = FrameHead {
            kind: FrameKind::Data,
            flags,
            records: count,
            no: self.next_frame,
            body_len: (plain.len() + GCM_TAG_LEN) as u32, // at most MAX_BODY
            first_seq: self.next_seq,
            at_ms: first.time_ns.div_euclid(1_000_000),
            raw_len: raw_len as u32,
        };
        let sealed = head.sealed();
        let aad = [self.chain.as_slice(), &sealed].concat();
        let (key, nonce) = self.frames.of(self.next_frame)?;
        let clear = if planted!(FrameInClear) { plain.to_vec() } else { Vec::new() };
        let tag = key.seal_in_place(&nonce, &aad, plain.as_mut_slice())?;
        let mut body = if planted!(FrameInClear) { clear } else { plain.into_sealed() };
        body.extend_from_slice(&tag);
        let times = || records.iter().map(|record| record.time_ns.div_euclid(1_000_000));
        self.index.add(IndexedFrame {
            no: self.next_frame,
            first_seq: self.next_seq,
            min_ms: times().min().unwrap_or(head.at_ms),
            max_ms: times().max().unwrap_or(head.at_ms),
            offset: self.written,
            len: (HEAD_LEN + body.len() + CRC_LEN) as u32, // little more than MAX_BODY
            chain: self.chain,
        });
        self.index.tag(tokens(&self.index_key, records.iter().flat_map(|record| record.terms)), self.next_frame);
        self.put(&head, &body, &tag, out);
        self.next_seq += u64::from(count); // sequence numbers count records: 2^64 are never reached
        Ok(())
    }

    /// Signs everything so far. The caller has flushed it: behind a break a checkpoint is the proof that something which was safe is broken.
    pub fn checkpoint(&mut self, time_ns: i64, out: &mut Vec<u8>) -> Result<Checkpoint> {
        let checkpoint = self.state(time_ns, None);
        self.clear(FrameKind::Checkpoint, &checkpoint.write(&self.new.signer)?, time_ns, out)?;
        Ok(checkpoint)
    }

    /// Writes a remark.
    pub fn note(&mut self, note: &Note, time_ns: i64, out: &mut Vec<u8>) -> Result<()> {
        self.clear(FrameKind::Note, &note.body()?, time_ns, out)
    }

    /// Closes the segment: the footer signs it, flushed as before a checkpoint, and its index.
    pub fn close(mut self, time_ns: i64, out: &mut Vec<u8>) -> Result<Closed> {
        let index = self.index.write();
        let footer = self.state(time_ns, Some(gm::sm3(&index)));
        self.clear(FrameKind::Footer, &footer.write(&self.new.signer)?, time_ns, out)?;
        Ok(Closed { index, footer, chain: self.chain, bytes: self.written })
    }

    fn state(&self, time_ns: i64, index: Option<[u8; 32]>) -> Checkpoint {
        Checkpoint {
            log_id: self.new.log_id,
            segment_no: self.new.segment_no,
            frame_no: self.next_frame,
            last_seq: self.next_seq.saturating_sub(1),
            records: self.next_seq - self.new.first_seq,
            time_ns,
            chain: self.chain,
            root: self.tree.root(),
            index,
        }
    }

    /// A frame that anybody can read.
    fn clear(&mut self, kind: FrameKind, body: &[u8], time_ns: i64, out: &mut Vec<u8>) -> Result<()> {
        if self.next_frame >= MAX_FRAMES {
            return Err(Error::field("frames", "are more than a segment takes"));
        }
        let len = u32::try_from(body.len()).map_err(|_| Error::internal("frames in the clear are short"))?;
        let head = FrameHead { kind, flags: 0, records: 0, no: self.next_frame, body_len: len, first_seq: self.next_seq, at_ms: time_ns.div_euclid(1_000_000), raw_len: len };
        self.put(&head, body, &witness(kind, body), out);
        Ok(())
    }

    fn put(&mut self, head: &FrameHead, body: &[u8], witness: &[u8], out: &mut Vec<u8>) {
        let sealed = head.sealed();
        head.write(body, out);
        self.chain = chain::next(&self.chain, &sealed, witness);
        self.tree.push(&sealed, witness);
        self.written += (HEAD_LEN + body.len() + CRC_LEN) as u64;
        self.next_frame += 1; // below MAX_FRAMES
    }
}
