//! The header of a segment (段头): whose log it is, its place in it, for whom it is sealed, signed by whoever writes.

use zeroize::Zeroizing;

use super::fields::Fields;
use super::keys::Secret;
use crate::error::{Code, Error, Result};
use crate::gm::sm2::{Sm2KeyId, Sm2PrivateKey, Sm2PublicKey};
use crate::gm::{self, hmac_sm3, is_mac};

const MAGIC: [u8; 8] = [0x89, b'G', b'M', b'L', b'\r', b'\n', 0x1a, b'\n'];
const VERSION: u16 = 1;
/// SM4-GCM, SM3, HKDF-SM3, SM2.
const SUITE: u16 = 1;
/// Bytes before the recipients.
const FIXED: usize = 160;
/// A secret wrapped with SM2 as GM/T 0009 writes it.
const SM2_WRAPPED: u16 = 1;
const MAX_RECIPIENTS: usize = 32;
/// The longest header.
pub(super) const MAX_HEADER: usize = 64 << 10;
/// Extension: the seal of the host's forward-secure key.
const SEAL: u16 = 1;
/// An extension that a reader must know.
const CRITICAL: u16 = 1 << 15;

/// Names a log: random, fixed when it is created.
pub type LogId = [u8; 16];

/// What a segment may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Flags {
    /// Frames may be compressed.
    pub compressed: bool,
    /// It has an index.
    pub indexed: bool,
    /// Frames are padded.
    pub padded: bool,
    /// The segment before it was cut off by a crash.
    pub after_crash: bool,
    /// Each frame was flushed before the next one was written.
    pub flushed_in_turn: bool,
}

impl Flags {
    const fn bits(self) -> u32 {
        self.compressed as u32 | (self.indexed as u32) << 1 | (self.padded as u32) << 2 | (self.after_crash as u32) << 3 | (self.flushed_in_turn as u32) << 4
    }

    const fn of(bits: u32) -> Option<Flags> {
        if bits >> 5 != 0 {
            return None;
        }
        Some(Flags { compressed: bits & 1 != 0, indexed: bits & 2 != 0, padded: bits & 4 != 0, after_crash: bits & 8 != 0, flushed_in_turn: bits & 16 != 0 })
    }
}

/// Somebody who can read the segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The public key it was wrapped for.
    pub key_id: Sm2KeyId,
    /// The segment's secret, for that key only.
    pub wrapped: Vec<u8>,
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whose log.
    pub log_id: LogId,
    /// 1, 2, 3 …
    pub segment_no: u64,
    /// The number of its first record.
    pub first_seq: u64,
    /// When it was begun, in nanoseconds since 1970 (UTC).
    pub created_ns: i64,
    /// Counts the starts of the writing process.
    pub incarnation: u64,
    /// The chain at the end of the segment before it; zeros for the first.
    pub prev_digest: [u8; 32],
    /// Tells a wrong secret before any frame is opened.
    pub key_commit: [u8; 32],
    /// What it may hold.
    pub flags: Flags,
    /// Frames that share a key.
    pub ratchet_frames: u16,
    /// Who signs.
    pub writer: Sm2KeyId,
    /// Who can read.
    pub recipients: Vec<Recipient>,
    /// The forward-secure seal, if the host keeps one.
    pub seal: Option<[u8; 32]>,
}

impl Header {
    /// The bytes, signed. `seal` is the host's Z of this segment.
    pub(super) fn write(&self, signer: &Sm2PrivateKey, seal: Option<&Secret>) -> Result<Vec<u8>> {
        let count = u16::try_from(self.recipients.len()).ok().filter(|n| (1..=MAX_RECIPIENTS).contains(&usize::from(*n)));
        let count = count.ok_or_else(|| Error::field("recipients", "must be 1 to 32"))?;
        let mut recipients = Vec::new();
        for Recipient { key_id, wrapped } in &self.recipients {
            recipients.extend_from_slice(key_id);
            recipients.extend_from_slice(&SM2_WRAPPED.to_be_bytes());
            recipients.extend_from_slice(&length(wrapped)?);
            recipients.extend_from_slice(wrapped);
        }
        let extensions_len = if seal.is_some() { 2 + 2 + 32 } else { 0 };
        let signed_len = FIXED + recipients.len() + 2 + extensions_len;
        let signed_len = u32::try_from(signed_len).ok().filter(|len| *len as usize <= MAX_HEADER).ok_or_else(|| Error::field("recipients", "make the header too long"))?;
        let mut out = Vec::with_capacity(signed_len as usize + 80);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&SUITE.to_be_bytes());
        out.extend_from_slice(&signed_len.to_be_bytes());
        out.extend_from_slice(&self.log_id);
        out.extend_from_slice(&self.segment_no.to_be_bytes());
        out.extend_from_slice(&self.first_seq.to_be_bytes());
        out.extend_from_slice(&self.created_ns.to_be_bytes());
        out.extend_from_slice(&self.incarnation.to_be_bytes());
        out.extend_from_slice(&self.prev_digest);
        out.extend_from_slice(&self.key_commit);
        out.extend_from_slice(&self.flags.bits().to_be_bytes());
        out.extend_from_slice(&self.ratchet_frames.to_be_bytes());
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(&self.writer);
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&recipients);
        let sealed = seal.map(|seal| hmac_sm3(seal.as_slice(), &[&out])).transpose()?;
        out.extend_from_slice(&u16::try_from(extensions_len).unwrap_or(u16::MAX).to_be_bytes()); // 0 or 36
        if let Some(mac) = sealed {
            out.extend_from_slice(&SEAL.to_be_bytes());
            out.extend_from_slice(&32u16.to_be_bytes());
            out.extend_from_slice(&mac);
        }
        let signature = signer.sign(&out)?;
        out.extend_from_slice(&length(&signature)?);
        out.extend_from_slice(&signature);
        Ok(out)
    }

    /// Reads a header from the beginning of a segment.
    pub fn read(bytes: &[u8]) -> Result<Parsed<'_>> {
        let broken = |problem: &'static str| Error::new(Code::SealBroken).with("field", "header").with("problem", problem);
        if bytes.first_chunk::<8>() != Some(&MAGIC) {
            return Err(broken("is no segment of a sealed log"));
        }
        let mut fields = Fields::of(bytes);
        let short = || broken("is cut off");
        fields.array::<8>().ok_or_else(short)?;
        if fields.u16().ok_or_else(short)? != VERSION {
            return Err(broken("is of a version this reader does not know"));
        }
        if fields.u16().ok_or_else(short)? != SUITE {
            return Err(broken("is of a suite this reader does not know"));
        }
        let signed_len = fields.u32().ok_or_else(short)? as usize;
        if !(FIXED + 2..=MAX_HEADER).contains(&signed_len) {
            return Err(broken("has an impossible length"));
        }
        let (signed, rest) = bytes.split_at_checked(signed_len).ok_or_else(short)?;
        let mut behind = Fields::of(rest);
        let signature_len = behind.u16().ok_or_else(short)?;
        let signature = behind.bytes(usize::from(signature_len)).ok_or_else(short)?;
        let len = signed_len + 2 + signature.len();
        let (header, sealed_part) = Header::read_signed(signed).ok_or_else(|| broken("is not laid out as documented"))?;
        let whole = bytes.get(..len).ok_or_else(short)?;
        Ok(Parsed { header, signed, signature, sealed_part, digest: gm::sm3(whole), len })
    }

    fn read_signed(signed: &[u8]) -> Option<(Header, &[u8])> {
        let mut fields = Fields::of(signed);
        fields.bytes(16)?;
        let (log_id, segment_no, first_seq, created_ns, incarnation) = (fields.array()?, fields.u64()?, fields.u64()?, fields.i64()?, fields.u64()?);
        let (prev_digest, key_commit, flags) = (fields.array()?, fields.array()?, Flags::of(fields.u32()?)?);
        let (ratchet_frames, count, writer) = (fields.u16()?, fields.u16()?, fields.array()?);
        if fields.array()? != [0; 8] || segment_no == 0 || first_seq == 0 || ratchet_frames == 0 || !(1..=MAX_RECIPIENTS).contains(&usize::from(count)) {
            return None;
        }
        let mut recipients = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let key_id = fields.array()?;
            if fields.u16()? != SM2_WRAPPED {
                return None;
            }
            let len = fields.u16()?;
            recipients.push(Recipient { key_id, wrapped: fields.bytes(usize::from(len))?.to_vec() });
        }
        let sealed_part = signed.get(..signed.len() - fields.rest().len())?;
        let extensions_len = fields.u16()?;
        let mut extensions = Fields::of(fields.bytes(usize::from(extensions_len))?);
        let mut seal = None;
        while !extensions.is_empty() {
            let (kind, len) = (extensions.u16()?, extensions.u16()?);
            let value = extensions.bytes(usize::from(len))?;
            match kind {
                SEAL => seal = Some(value.try_into().ok()?),
                _ if kind & CRITICAL != 0 => return None,
                _ => {}
            }
        }
        let header = Header { log_id, segment_no, first_seq, created_ns, incarnation, prev_digest, key_commit, flags, ratchet_frames, writer, recipients, seal };
        fields.is_empty().then_some((header, sealed_part))
    }

    /// When it was created, in milliseconds since 1970.
    pub const fn created_ms(&self) -> i64 {
        self.created_ns.div_euclid(1_000_000)
    }

    /// The wrapped secret for this key, if it is a recipient.
    pub(super) fn wrapped_for(&self, key: &Sm2KeyId) -> Option<&[u8]> {
        self.recipients.iter().find(|r| &r.key_id == key).map(|r| r.wrapped.as_slice())
    }
}

/// A header that was read, with what checks it.
#[derive(Clone, Debug)]
pub struct Parsed<'a> {
    /// What it says.
    pub header: Header,
    signed: &'a [u8],
    signature: &'a [u8],
    sealed_part: &'a [u8],
    /// SM3 of all of it: where the chain begins.
    pub(super) digest: [u8; 32],
    /// Bytes of it.
    pub(super) len: usize,
}

impl Parsed<'_> {
    /// Did this writer sign it?
    pub fn is_signed_by(&self, writer: &Sm2PublicKey) -> bool {
        writer.id() == self.header.writer && writer.verifies(self.signed, self.signature)
    }

    /// Does the seal hold under the auditors' Z of this segment? `None` when it has no seal.
    pub(super) fn is_sealed_with(&self, seal: &Zeroizing<[u8; 32]>) -> Result<Option<bool>> {
        let Some(mac) = self.header.seal else { return Ok(None) };
        Ok(Some(is_mac(&hmac_sm3(seal.as_slice(), &[self.sealed_part])?, &mac)))
    }
}

fn length(bytes: &[u8]) -> Result<[u8; 2]> {
    u16::try_from(bytes.len()).map(u16::to_be_bytes).map_err(|_| Error::internal("keys and signatures are short"))
}
