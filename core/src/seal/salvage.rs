//! Salvage (抢救): what an auditor can still read behind a break. A frame opens only with the chain before it; where that is broken, the next
//! signed checkpoint states it.

use super::behind::{signed_statement, whole_frame};
use super::chain::{self, Chain, witness};
use super::codec::FrameCodec;
use super::frame::{CRC_LEN, FrameHead, FrameKind, HEAD_LEN};
use super::reader::{Frame, OpenSegment, open_frame};
use super::record::OwnedRecord;
use crate::gm::sm2::Sm2PublicKey;

/// What was read behind a break.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// The records, in order, each as it was written.
    pub records: Vec<OwnedRecord>,
    /// Frames of records that are there and do not open: they are broken, or the chain before them is lost.
    pub closed_frames: u32,
}

/// The place from which frames are looked for, and what is known there.
struct Start {
    no: u32,
    seq: u64,
    chain: Option<Chain>,
}

impl OpenSegment<'_> {
    /// Reads what was cut off behind this segment (`.torn`).
    pub fn salvage(&self, torn: &[u8], writers: &[Sm2PublicKey], codec: Option<&dyn FrameCodec>) -> Salvaged {
        let mut frames = self.segment().frames();
        frames.by_ref().for_each(drop);
        self.salvage_from(torn, Start { no: frames.passed(), seq: frames.next_seq(), chain: Some(frames.chain_behind()) }, writers, codec)
    }

    /// Reads a segment whose header can be read and is not what the writer signed, from its first record number on: the chain is known from
    /// the first signed checkpoint on.
    pub fn salvage_headless(&self, first_seq: u64, writers: &[Sm2PublicKey], codec: Option<&dyn FrameCodec>) -> Salvaged {
        self.salvage_from(self.segment().bytes, Start { no: 0, seq: first_seq, chain: None }, writers, codec)
    }

    fn salvage_from(&self, torn: &[u8], from: Start, writers: &[Sm2PublicKey], codec: Option<&dyn FrameCodec>) -> Salvaged {
        let Start { mut no, mut seq, mut chain } = from;
        let header = self.segment().header();
        let (mut salvaged, mut at) = (Salvaged::default(), 0);
        let mut keys = self.keys.frames.clone();
        while let Some((offset, head, body)) = headed(torn, at, no, seq).or_else(|| whole_frame(torn, at, no, seq)) {
            if (head.no, head.first_seq) != (no, seq) {
                chain = None;
            }
            chain = signed_statement(header.log_id, header.segment_no, &head, body, writers).map(|stated| stated.chain).or(chain);
            if head.kind == FrameKind::Data {
                let opened = chain.and_then(|chain| open_frame(&mut keys, &Frame { head, body, offset: offset as u64, chain }, codec).ok());
                match opened {
                    Some(records) => salvaged.records.extend(records),
                    None => salvaged.closed_frames = salvaged.closed_frames.saturating_add(1),
                }
            }
            chain = chain.map(|chain| chain::next(&chain, &head.sealed(), &witness(head.kind, body)));
            (no, seq, at) = (head.no.saturating_add(1), head.first_seq.saturating_add(u64::from(head.records)), offset + HEAD_LEN + body.len() + CRC_LEN);
        }
        salvaged
    }
}

/// The frame that follows, when its head is whole: its body may be broken and nothing but its check sum, and if not, its tag may still lead on.
fn headed(bytes: &[u8], at: usize, no: u32, seq: u64) -> Option<(usize, FrameHead, &[u8])> {
    let (head, behind) = bytes.get(at..)?.split_first_chunk::<HEAD_LEN>()?;
    let head = FrameHead::read(head).filter(|head| (head.no, head.first_seq) == (no, seq))?;
    Some((at, head, behind.get(..head.body_len as usize)?))
}
