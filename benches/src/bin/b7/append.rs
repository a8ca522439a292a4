//! Sealed append in memory: frames by `SegmentWriter` and by RustCrypto alone, byte for byte the same.

use std::sync::Arc;

use menjie::gm::sm2::Sm2PrivateKey;
use menjie::seal::{Record, SegmentWriter};
use menjie_benches::Fallible;
use menjie_benches::measure::{cpu_ns, median};
use menjie_benches::sealing::{Owned, Repeated, RustCrypto, records, segment, tokens_of, with_batches};

use crate::gcm::quartiles;

/// Bytes of a payload, records in a frame.
const WORK: [(usize, usize); 7] = [(256, 64), (482, 1), (482, 8), (482, 64), (1024, 64), (8192, 8), (8192, 64)];
const ENTROPY: Repeated = Repeated(0x42);

pub(crate) fn run(rounds: usize, slice_ns: u64) -> Fallible<()> {
    println!("Sealed append in memory, {rounds} slices each in turns, median of CPU time; ratio: median of the ratios within a round.\n");
    println!(
        "| payload bytes | records a frame | index | menjie ns a record | records/s | spread (quartiles) | RustCrypto ns a record | ratio |\n|---:|---:|---|---:|---:|---|---:|---:|"
    );
    for (len, count) in WORK {
        for indexed in [false, true] {
            measure(rounds, slice_ns, len, count, indexed)?;
        }
    }
    println!();
    Ok(())
}

fn measure(rounds: usize, slice_ns: u64, len: usize, count: usize, indexed: bool) -> Fallible<()> {
    agree(len, count, indexed)?;
    // About as many frames as fill a slice of ours.
    let mut frames = 4;
    while ours(&batches(len, count, frames), indexed)? < slice_ns && frames < 4096 {
        frames *= 2;
    }
    let work = batches(len, count, frames);
    let few = work.get(..frames.div_ceil(8)).unwrap_or_default();
    let (mut own, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let per_record = |ns: u64, frames: usize| ns as f64 / (frames * count) as f64;
        own.push(per_record(ours(&work, indexed)?, work.len()));
        peer.push(per_record(theirs(few, indexed)?, few.len()));
    }
    let ratio = median(&peer.iter().zip(&own).map(|(peer, own)| peer / own).collect::<Vec<_>>());
    let (ns, theirs) = (median(&own), median(&peer));
    println!("| {len} | {count} | {} | {ns:.0} | {:.0} | {} | {theirs:.0} | {ratio:.1} |", if indexed { "yes" } else { "no" }, 1e9 / ns, quartiles(&own));
    Ok(())
}

fn batches(len: usize, count: usize, frames: usize) -> Vec<Vec<Owned>> {
    (0..frames).map(|frame| records(1 + (frame * count) as u64, count, len)).collect()
}

fn begin() -> Fallible<(SegmentWriter, RustCrypto, Vec<u8>)> {
    let key = |n: u8| Sm2PrivateKey::from_scalar(&[n; 32]);
    let new = segment(1, 1, [0; 32], &Arc::new(key(1)?), &key(2)?);
    let mut header = Vec::new();
    let writer = SegmentWriter::begin(new.clone(), &ENTROPY, &mut header)?;
    let peer = RustCrypto::behind(&header, &new, &ENTROPY)?;
    Ok((writer, peer, header))
}

/// CPU nanoseconds of writing all frames, each over the one before it.
fn ours(work: &[Vec<Owned>], indexed: bool) -> Fallible<u64> {
    let (mut writer, _, _) = begin()?;
    timed(work, indexed, |records, out| Ok(writer.frame(records, out)?))
}

fn theirs(work: &[Vec<Owned>], indexed: bool) -> Fallible<u64> {
    let (_, mut writer, _) = begin()?;
    timed(work, indexed, |records, out| writer.frame(records, out))
}

fn timed(work: &[Vec<Owned>], indexed: bool, mut frame: impl FnMut(&[Record<'_>], &mut Vec<u8>) -> Fallible<()>) -> Fallible<u64> {
    let mut out = Vec::with_capacity(1 << 20);
    with_batches(work, indexed, |batches| {
        let begun = cpu_ns();
        for batch in batches {
            out.clear();
            frame(batch, &mut out)?;
        }
        Ok(cpu_ns() - begun)
    })
}

/// The same bytes and the same index, over more than one epoch.
fn agree(len: usize, count: usize, indexed: bool) -> Fallible<()> {
    let (mut writer, mut peer, _) = begin()?;
    let (mut own, mut other) = (Vec::new(), Vec::new());
    with_batches(&batches(len, count, 300), indexed, |batches| {
        for batch in batches {
            writer.frame(batch, &mut own)?;
            peer.frame(batch, &mut other)?;
        }
        Fallible::Ok(())
    })?;
    let closed = writer.close(0, &mut Vec::new())?;
    if own != other || tokens_of(&closed.index)? != peer.tokens() {
        return Err(format!("frames of {count} records of {len} bytes differ").into());
    }
    Ok(())
}
