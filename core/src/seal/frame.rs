//! A frame (帧): one group commit. Forty bytes of head in the clear, then the body and its check sum.

use super::fields::Fields;

/// Bytes of the head: what is sealed with the body, and its check sum.
pub(super) const HEAD_LEN: usize = 40;
/// Bytes of the head that chain and tag cover.
pub(super) const SEALED_HEAD: usize = 36;
/// Bytes of a check sum.
pub(super) const CRC_LEN: usize = 4;
pub(super) const MAGIC: [u8; 4] = *b"GMF1";
/// The longest body.
pub const MAX_BODY: usize = 16 << 20;
/// The records are compressed.
pub(super) const COMPRESSED: u8 = 1;
/// Zeros follow the records.
pub(super) const PADDED: u8 = 1 << 1;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Records, sealed.
    Data,
    /// A signed statement of all before it, in the clear.
    Checkpoint,
    /// The last one of a closed segment: a checkpoint, and the digest of the index.
    Footer,
    /// A remark in the clear: what a crash cost.
    Note,
}

impl FrameKind {
    const fn code(self) -> u8 {
        match self {
            FrameKind::Data => 1,
            FrameKind::Checkpoint => 2,
            FrameKind::Footer => 3,
            FrameKind::Note => 4,
        }
    }

    const fn of(code: u8) -> Option<FrameKind> {
        match code {
            1 => Some(FrameKind::Data),
            2 => Some(FrameKind::Checkpoint),
            3 => Some(FrameKind::Footer),
            4 => Some(FrameKind::Note),
            _ => None,
        }
    }
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead {
    /// What it holds.
    pub kind: FrameKind,
    /// Compressed, padded.
    pub(super) flags: u8,
    /// How many records.
    pub records: u16,
    /// Its number in the segment, from 0.
    pub no: u32,
    /// Bytes of the body, the tag included.
    pub body_len: u32,
    /// The number of its first record; of a frame without, that of the next record.
    pub first_seq: u64,
    /// The time of its first record, in milliseconds.
    pub at_ms: i64,
    /// Bytes of the records before compression and padding.
    pub raw_len: u32,
}

impl FrameHead {
    /// The bytes that chain and tag cover.
    pub(super) fn sealed(&self) -> [u8; SEALED_HEAD] {
        let mut head = [0; SEALED_HEAD];
        let fields: [&[u8]; 9] = [
            &MAGIC,
            &[self.kind.code()],
            &[self.flags],
            &self.records.to_be_bytes(),
            &self.no.to_be_bytes(),
            &self.body_len.to_be_bytes(),
            &self.first_seq.to_be_bytes(),
            &self.at_ms.to_be_bytes(),
            &self.raw_len.to_be_bytes(),
        ];
        let mut rest = head.as_mut_slice();
        for field in fields {
            let (place, behind) = rest.split_at_mut(field.len().min(rest.len()));
            place.copy_from_slice(field);
            rest = behind;
        }
        head
    }

    /// Reads a head whose check sum holds; `None` when it does not, or says what no writer writes.
    pub(super) fn read(bytes: &[u8; HEAD_LEN]) -> Option<FrameHead> {
        let (sealed, crc) = bytes.split_last_chunk::<CRC_LEN>()?;
        if crc32c::crc32c(sealed) != u32::from_be_bytes(*crc) {
            return None;
        }
        let mut fields = Fields::of(sealed);
        if fields.array()? != MAGIC {
            return None;
        }
        let head = FrameHead {
            kind: FrameKind::of(fields.u8()?)?,
            flags: fields.u8()?,
            records: fields.u16()?,
            no: fields.u32()?,
            body_len: fields.u32()?,
            first_seq: fields.u64()?,
            at_ms: fields.i64()?,
            raw_len: fields.u32()?,
        };
        (head.body_len as usize <= MAX_BODY && head.raw_len as usize <= MAX_BODY && head.flags & !(COMPRESSED | PADDED) == 0).then_some(head)
    }

    /// Head, body and check sums, one behind the other.
    pub(super) fn write(&self, body: &[u8], out: &mut Vec<u8>) {
        let sealed = self.sealed();
        out.extend_from_slice(&sealed);
        out.extend_from_slice(&crc32c::crc32c(&sealed).to_be_bytes());
        out.extend_from_slice(body);
        out.extend_from_slice(&crc32c::crc32c(body).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gm::{hex, sm3, unhex};
    use crate::seal::keys::SegmentKeys;
    use crate::seal::{Record, chain, reader};

    const GOLDEN: &str = "474d463101000001000000000000004000000000000000010000019aaaac260000000030ef2898b896962423963c24288de999604893d4cbefbdcf3fb7234901b23a0e85ec721b0d47ee2dfd6ec044620b74e232009e7d3286749ffdf5070ddd7f35540013bbfe843d8f79cd";

    /// domain/gmlog.md §8.7: a frame made by another implementation, byte by byte, and back.
    #[test]
    fn golden_frame() {
        let log_id: [u8; 16] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let secret: [u8; 32] = std::array::from_fn(|i| 0x20 + u8::try_from(i).unwrap());
        let mut keys = SegmentKeys::derive(&log_id, 1, 256, &secret).unwrap();
        let first = sm3(b"golden header");
        assert_eq!(hex(&first), "c1b947c80f10b09d204b0756808f57359e0d630b7ea7c7314cb3136a2725eaaa");
        let mut plain = Vec::new();
        let record = Record { time_ns: 1_763_800_000_000_000_000, kind: 1, payload: br#"{"op":"pay","amt":"12.30"}"#, terms: &[] };
        record.write(1, &mut plain).unwrap();
        let head = FrameHead { kind: FrameKind::Data, flags: 0, records: 1, no: 0, body_len: 64, first_seq: 1, at_ms: 1_763_800_000_000, raw_len: 48 };
        let aad = [first.as_slice(), &head.sealed()].concat();
        let (key, nonce) = keys.frames.of(0).unwrap();
        let tag = key.seal_in_place(&nonce, &aad, &mut plain).unwrap();
        plain.extend_from_slice(&tag);
        let mut out = Vec::new();
        head.write(&plain, &mut out);
        assert_eq!(hex(&out), GOLDEN);
        let next = chain::next(&first, &head.sealed(), &tag);
        assert_eq!(hex(&next), "21aaec294e217c759874b1928fa92dd0b3d0d33030be2b1601dff9011a31f2ba");

        let bytes = unhex(GOLDEN).unwrap();
        let read = FrameHead::read(bytes.first_chunk().unwrap()).unwrap();
        assert_eq!(read, head);
        let frame = reader::Frame { head, body: &bytes[40..104], offset: 0, chain: first };
        let records = reader::open_frame(&mut keys.frames, &frame, None).unwrap();
        assert_eq!(records[0].payload, record.payload);
    }
}
