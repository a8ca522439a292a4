//! A checkpoint (检查点): the writer's signature under everything so far. The footer is the last one of a segment.

use super::chain::Chain;
use super::fields::Fields;
use super::header::LogId;
use crate::error::{Error, Result};
use crate::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};

/// What a checkpoint states; a copy of it kept elsewhere is an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log.
    pub log_id: LogId,
    /// Of which segment.
    pub segment_no: u64,
    /// How many frames stand before it: its own number.
    pub frame_no: u32,
    /// The number of the last record; that of the record before the segment when it has none.
    pub last_seq: u64,
    /// Records of the segment so far.
    pub records: u64,
    /// When, in nanoseconds since 1970 (UTC).
    pub time_ns: i64,
    /// The chain before it.
    pub chain: Chain,
    /// The root over the frames before it.
    pub root: [u8; 32],
    /// Of a footer: SM3 of the index file, zeros when there is none.
    pub index: Option<[u8; 32]>,
}

impl Checkpoint {
    fn purpose(&self) -> &'static [u8] {
        if self.index.is_some() { b"GML1 footer" } else { b"GML1 checkpoint" }
    }

    fn fields(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(&self.frame_no.to_be_bytes());
        out.extend_from_slice(&self.last_seq.to_be_bytes());
        out.extend_from_slice(&self.records.to_be_bytes());
        out.extend_from_slice(&self.time_ns.to_be_bytes());
        out.extend_from_slice(&self.chain);
        out.extend_from_slice(&self.root);
        if let Some(index) = &self.index {
            out.extend_from_slice(index);
        }
        out
    }

    fn signed(&self) -> Vec<u8> {
        [self.purpose(), self.log_id.as_slice(), &self.segment_no.to_be_bytes(), &self.fields()].concat()
    }

    /// The body of its frame.
    pub(super) fn write(&self, signer: &Sm2PrivateKey) -> Result<Vec<u8>> {
        let signature = signer.sign(&self.signed())?;
        let mut body = self.fields();
        let len = u16::try_from(signature.len()).map_err(|_| Error::internal("signatures are short"))?;
        body.extend_from_slice(&len.to_be_bytes());
        body.extend_from_slice(&signature);
        Ok(body)
    }

    /// Reads the body of a checkpoint or footer; the signature stands behind it and is not checked here.
    pub fn read(log_id: LogId, segment_no: u64, footer: bool, body: &[u8]) -> Option<(Checkpoint, &[u8])> {
        let mut fields = Fields::of(body);
        let checkpoint = Checkpoint {
            log_id,
            segment_no,
            frame_no: fields.u32()?,
            last_seq: fields.u64()?,
            records: fields.u64()?,
            time_ns: fields.i64()?,
            chain: fields.array()?,
            root: fields.array()?,
            index: if footer { Some(fields.array()?) } else { None },
        };
        let len = fields.u16()?;
        let signature = fields.bytes(usize::from(len))?;
        fields.is_empty().then_some((checkpoint, signature))
    }

    pub(super) fn is_signed_by(&self, writer: &Sm2PublicKey, signature: &[u8]) -> bool {
        writer.verifies(&self.signed(), signature)
    }
}
