//! B7 and B8: records as hospitals write them, a log to put them into, and the same log written with RustCrypto alone.

use std::sync::Arc;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use hmac::Mac;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::gm::{hkdf_expand, hmac_sm3};
use menjie::port::Entropy;
use menjie::seal::{NewSegment, Record, Term};
use sm3::{Digest, Sm3};

use crate::Fallible;

/// Frames are filled up to a multiple of this.
const PAD: usize = 64;
/// When the log begins.
const START: i64 = 1_764_000_000_000_000_000;

/// Randomness that is none, so that both writers have the same keys.
pub struct Repeated(pub u8);

impl Entropy for Repeated {
    fn fill(&self, out: &mut [u8]) {
        out.fill(self.0);
    }
}

/// A log to be written.
pub fn segment(no: u64, first_seq: u64, prev_digest: [u8; 32], writer: &Arc<Sm2PrivateKey>, auditor: &Sm2PrivateKey) -> NewSegment {
    NewSegment {
        log_id: [7; 16],
        segment_no: no,
        first_seq,
        created_ns: START,
        incarnation: 1,
        prev_digest,
        after_crash: false,
        recipients: Arc::from([auditor.public().clone()]),
        signer: writer.clone(),
        seal: None,
        ratchet_frames: 256,
        pad_to: PAD as u16,
        codec: None,
        flushed_in_turn: false,
    }
}

/// A record with what it is found by: as `menjie-log-file` writes them, two for each exchange.
pub struct Owned {
    time_ns: i64,
    kind: u16,
    payload: Vec<u8>,
    terms: Vec<(&'static str, String)>,
}

/// The exchanges of outpatients: BEGIN (peer, interface, order) and END (exchange, result) in turn, `len` bytes each. An order has
/// eight exchanges.
pub fn records(from: u64, count: usize, len: usize) -> Vec<Owned> {
    const INTERFACES: [&str; 8] = ["bill.query", "bill.lock", "order.create", "order.query", "bill.post", "invoice.issue", "notice.send", "his.query"];
    (from..)
        .take(count)
        .map(|seq| {
            let exchange = seq / 2;
            let order = format!("MZ20261126{:08}", exchange / 8);
            let interface = INTERFACES.get(exchange as usize % INTERFACES.len()).copied().unwrap_or_default();
            let (kind, head, terms) = if seq % 2 == 0 {
                let head = format!(r#"{{"record":"begin","peer":"his-front","interface":"{interface}","business_no":"{order}","body":""#);
                (1, head, vec![("peer", "his-front".to_owned()), ("interface", interface.to_owned()), ("order", order)])
            } else {
                let head = format!(r#"{{"record":"end","of":{},"result":"answered","status":200,"body":""#, seq - 1);
                (2, head, vec![("of", (seq - 1).to_string()), ("result", "answered".to_owned())])
            };
            let mut payload = head.into_bytes();
            let mut noise = seq.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            while payload.len() < len - 2 {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                payload.push(b'0' + (noise % 10) as u8);
            }
            payload.extend_from_slice(b"\"}");
            Owned { time_ns: START + seq as i64 * 1_000_000, kind, payload, terms }
        })
        .collect()
}

impl Owned {
    fn terms(&self) -> Vec<Term<'_>> {
        self.terms.iter().map(|(field, value)| Term { field, value }).collect()
    }

    fn record<'a>(&'a self, terms: &'a [Term<'a>]) -> Record<'a> {
        Record { time_ns: self.time_ns, kind: self.kind, payload: &self.payload, terms }
    }
}

/// Calls with the batches as a writer takes them; without terms nothing is indexed.
pub fn with_batches<T>(batches: &[Vec<Owned>], indexed: bool, run: impl FnOnce(&[Vec<Record<'_>>]) -> T) -> T {
    let terms: Vec<Vec<Vec<Term<'_>>>> = batches.iter().map(|batch| batch.iter().map(|record| if indexed { record.terms() } else { Vec::new() }).collect()).collect();
    let records: Vec<Vec<Record<'_>>> = batches.iter().zip(&terms).map(|(batch, terms)| batch.iter().zip(terms).map(|(record, terms)| record.record(terms)).collect()).collect();
    run(&records)
}

/// Frames of records, made with RustCrypto's crates and nothing of ours: key expanded once an epoch, index key hashed once.
pub struct RustCrypto {
    ratchet: [u8; 32],
    key: aes_gcm::AesGcm<sm4::Sm4, U12>,
    base: [u8; 12],
    index_key: hmac::Hmac<Sm3>,
    tokens: Vec<([u8; 8], u32)>,
    peaks: Vec<(u64, [u8; 32])>,
    chain: [u8; 32],
    frame: u32,
    seq: u64,
}

impl RustCrypto {
    /// Goes on behind a header that was written with [`Repeated`].
    pub fn behind(header: &[u8], new: &NewSegment, entropy: &Repeated) -> Fallible<RustCrypto> {
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        let prk = hmac_sm3(&[new.log_id.as_slice(), &new.segment_no.to_be_bytes()].concat(), &[&secret])?;
        let ratchet = hkdf_expand::<32>(&prk, b"GML1 ratchet")?;
        let (key, base) = epoch(&ratchet)?;
        let index_key = <hmac::Hmac<Sm3> as hmac::KeyInit>::new_from_slice(&hkdf_expand::<32>(&prk, b"GML1 index")?)?;
        let chain = Sm3::digest(header).into();
        Ok(RustCrypto { ratchet, key, base, index_key, tokens: Vec::new(), peaks: Vec::new(), chain, frame: 0, seq: new.first_seq })
    }

    /// Appends a frame.
    pub fn frame(&mut self, records: &[Record<'_>], out: &mut Vec<u8>) -> Fallible<()> {
        if self.frame > 0 && self.frame.is_multiple_of(256) {
            self.ratchet = hkdf_expand::<32>(&self.ratchet, b"GML1 next")?;
            (self.key, self.base) = epoch(&self.ratchet)?;
        }
        let mut plain = Vec::with_capacity(records.iter().map(|record| 22 + record.payload.len()).sum::<usize>() + PAD + 16);
        for (seq, record) in (self.seq..).zip(records) {
            plain.extend_from_slice(&(record.payload.len() as u32).to_be_bytes());
            plain.extend_from_slice(&seq.to_be_bytes());
            plain.extend_from_slice(&record.time_ns.to_be_bytes());
            plain.extend_from_slice(&record.kind.to_be_bytes());
            plain.extend_from_slice(record.payload);
        }
        let raw_len = plain.len() as u32;
        plain.resize(plain.len().next_multiple_of(PAD), 0);
        let mut head = Vec::with_capacity(36);
        head.extend_from_slice(b"GMF1\x01\x02");
        head.extend_from_slice(&(records.len() as u16).to_be_bytes());
        head.extend_from_slice(&self.frame.to_be_bytes());
        head.extend_from_slice(&(plain.len() as u32 + 16).to_be_bytes());
        head.extend_from_slice(&self.seq.to_be_bytes());
        head.extend_from_slice(&records.first().map_or(0, |record| record.time_ns.div_euclid(1_000_000)).to_be_bytes());
        head.extend_from_slice(&raw_len.to_be_bytes());
        let mut nonce = self.base;
        nonce.iter_mut().skip(8).zip(self.frame.to_be_bytes()).for_each(|(byte, no)| *byte ^= no);
        let aad = [self.chain.as_slice(), &head].concat();
        let tag = self.key.encrypt_inout_detached(&nonce.into(), &aad, plain.as_mut_slice().into()).map_err(|_| "does not seal")?;
        plain.extend_from_slice(&tag);
        for term in records.iter().flat_map(|record| record.terms) {
            let mut mac = self.index_key.clone();
            mac.update(term.field.as_bytes());
            mac.update(b"\0");
            mac.update(term.value.as_bytes());
            let mut token = [0; 8];
            token.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(to, from)| *to = from);
            self.tokens.push((token, self.frame));
        }
        out.extend_from_slice(&head);
        out.extend_from_slice(&crc32c::crc32c(&head).to_be_bytes());
        out.extend_from_slice(&plain);
        out.extend_from_slice(&crc32c::crc32c(&plain).to_be_bytes());
        self.chain = digest(&[&self.chain, &head, &tag]);
        let (mut hash, mut leaves) = (digest(&[&[0], &head, &tag]), 1);
        while let Some((_, left)) = self.peaks.pop_if(|(count, _)| *count == leaves) {
            hash = digest(&[&[1], &left, &hash]);
            leaves *= 2;
        }
        self.peaks.push((leaves, hash));
        self.frame += 1;
        self.seq += records.len() as u64;
        Ok(())
    }

    /// What the index holds, in order.
    pub fn tokens(mut self) -> Vec<([u8; 8], u32)> {
        self.tokens.sort_unstable();
        self.tokens.dedup();
        self.tokens
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sm3::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

fn epoch(ratchet: &[u8; 32]) -> Fallible<(aes_gcm::AesGcm<sm4::Sm4, U12>, [u8; 12])> {
    let both = hkdf_expand::<28>(ratchet, b"GML1 frame")?;
    let key: [u8; 16] = both.first_chunk().copied().ok_or("a key")?;
    let base: [u8; 12] = both.last_chunk().copied().ok_or("a nonce")?;
    Ok((aes_gcm::AesGcm::new(&key.into()), base))
}

/// The tokens in the bytes of an index file (docs/sealed-log.md): behind head and frames, 338 to a part.
pub fn tokens_of(index: &[u8]) -> Fallible<Vec<([u8; 8], u32)>> {
    let number = |at: usize, len: usize| index.get(at..at + len).map(|bytes| bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))).ok_or("an index");
    let (frames, tokens) = (number(60, 4)?, number(64, 8)?);
    let mut at = 120 + frames * 72 + frames.div_ceil(56) * 32;
    let mut spans = frames.div_ceil(56);
    while spans > 1 {
        at += spans * 28 + spans.div_ceil(145) * 32;
        spans = spans.div_ceil(145);
    }
    let mut entries = Vec::with_capacity(tokens);
    while entries.len() < tokens {
        let len = (tokens - entries.len()).min(338) * 12;
        let (part, _) = index.get(at..at + len).ok_or("a part of tokens")?.as_chunks::<12>();
        entries.extend(part.iter().filter_map(|entry| Some((entry.first_chunk::<8>().copied()?, u32::from_be_bytes(*entry.last_chunk()?)))));
        at += len + 32;
    }
    Ok(entries)
}
