//! B8 (domain BENCHMARKS.md): a log of a gibibyte is verified, and one order is found in it.
//!
//! `b8 [--mib 1024] [--runs 5] [--work DIR] [--sealing DIR]` prints Markdown. Each phase is a process of its own (`--phase`), so that its
//! memory is its own.

#![allow(clippy::print_stdout, reason = "the table is what it is for")]

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use menjie::Timestamp;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::gm::{hex, sm3};
use menjie::seal::{ClosedSegment, LogSegment, ManifestEntry, ReadAt, Segment, SegmentWriter, Term, Trust, Verifier, read_manifest, sign_manifest_line};
use menjie_benches::Fallible;
use menjie_benches::measure::{cpu_ns, median};
use menjie_benches::peers::option;
use menjie_benches::process::memory_kib;
use menjie_benches::sealing::{Repeated, records, segment, with_batches};
use menjie_sm4::Sm4Gcm;

/// Bytes of a segment, records of a frame, bytes of a payload.
const SEGMENT: u64 = 64 << 20;
const FRAME: usize = 64;
const PAYLOAD: usize = 482;
/// Frames from one signed checkpoint to the next, as `menjie-log-file` does by default.
const CHECKPOINT: u32 = 1000;

fn key(n: u8) -> Fallible<Sm2PrivateKey> {
    Ok(Sm2PrivateKey::from_scalar(&[n; 32])?)
}

fn file(work: &Path, no: u64, kind: &str) -> PathBuf {
    work.join(format!("bench-{no:010}.{kind}"))
}

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: &str| option(&args, name, default);
    let work = PathBuf::from(option("--work", &std::env::temp_dir().join("menjie-b8").display().to_string()));
    let mib: u64 = option("--mib", "1024").parse()?;
    let runs: usize = option("--runs", "5").parse()?;
    fs::create_dir_all(&work)?;
    match option("--phase", "").as_str() {
        "write" => write(&work, mib << 20),
        "verify" => verify(&work, true),
        "verify_keyless" => verify(&work, false),
        "floor" => floor(&work),
        "search" => search(&work),
        _ => {
            let phase = |name: &str| -> Fallible<String> {
                let output = Command::new(std::env::current_exe()?).args(["--phase", name, "--mib", &mib.to_string(), "--work"]).arg(&work).output()?;
                if !output.status.success() {
                    return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
                }
                Ok(String::from_utf8(output.stdout)?)
            };
            all(phase, runs)?;
            Ok(fs::remove_dir_all(&work)?)
        }
    }
}

fn all(phase: impl Fn(&str) -> Fallible<String>, runs: usize) -> Fallible<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", phase("write")?)?;
    let (mut floors, mut verified, mut keyless) = (Vec::new(), Vec::new(), Vec::new());
    let mut memory = 0;
    for _ in 0..runs {
        // In turns, so that whatever else the machine does meets all of them.
        let number = |text: &str| -> Fallible<(f64, u64)> {
            let (seconds, kib) = text.trim().split_once(' ').ok_or("a phase says nothing")?;
            Ok((seconds.parse()?, kib.parse()?))
        };
        floors.push(number(&phase("floor")?)?.0);
        let (seconds, kib) = number(&phase("verify")?)?;
        verified.push(seconds);
        memory = memory.max(kib);
        keyless.push(number(&phase("verify_keyless")?)?.0);
    }
    let ratio = |times: &[f64]| median(&times.iter().zip(&floors).map(|(time, floor)| time / floor).collect::<Vec<_>>());
    writeln!(out, "| {runs} runs in turns, medians | CPU s | x floor | goal |\n|---|---:|---:|---|")?;
    writeln!(out, "| floor: files read, every body opened with SM4-GCM, chain and index hashed with SM3 | {:.3} | 1.00 | |", median(&floors))?;
    writeln!(out, "| `Verifier` with an auditor's key | {:.3} | {:.2} | ≤ 1.5 |", median(&verified), ratio(&verified))?;
    writeln!(out, "| `Verifier` without a key: check sums, chain, tree, signatures | {:.3} | {:.2} | |\n", median(&keyless), ratio(&keyless))?;
    writeln!(out, "The most memory of the verifying process: {} MiB (one segment of 64 MiB and its index at a time).\n", memory / 1024)?;
    writeln!(out, "{}", phase("search")?)?;
    Ok(())
}

/// The log, closed segments all.
fn write(work: &Path, bytes: u64) -> Fallible<()> {
    let (signer, auditor) = (Arc::new(key(1)?), key(2)?);
    let (mut no, mut seq, mut chain, mut total, mut index_bytes) = (1, 1, [0; 32], 0, 0);
    let (mut manifest, mut previous) = (String::new(), [0; 32]);
    while total < bytes {
        let mut out = Vec::with_capacity(SEGMENT as usize + (1 << 20));
        let mut writer = SegmentWriter::begin(segment(no, seq, chain, &signer, &auditor), &Repeated(no as u8), &mut out)?;
        let mut signed = 0;
        while writer.bytes() < SEGMENT {
            let batches: Vec<_> = (0..50).map(|frame| records(writer.next_seq() + frame * FRAME as u64, FRAME, PAYLOAD)).collect();
            with_batches(&batches, true, |batches| batches.iter().try_for_each(|batch| writer.frame(batch, &mut out)))?;
            if writer.frames() - signed >= CHECKPOINT {
                writer.checkpoint(seq as i64, &mut out)?;
                signed = writer.frames();
            }
        }
        let closed = writer.close(seq as i64, &mut out)?;
        let last_seq = closed.footer.last_seq;
        let entry =
            ManifestEntry::Closed(ClosedSegment { segment: no, bytes: closed.bytes, last_seq, chain: hex(&closed.chain), closed_at: Timestamp::from_millis(1_764_000_000_000) });
        let line = sign_manifest_line(&[7; 16], &previous, &entry, &signer)?;
        previous = sm3(line.as_bytes());
        manifest.push_str(&line);
        manifest.push('\n');
        fs::write(file(work, no, "gml"), &out)?;
        fs::write(file(work, no, "gmx"), &closed.index)?;
        total += closed.bytes;
        index_bytes += closed.index.len();
        (no, seq, chain) = (no + 1, closed.footer.last_seq + 1, closed.chain);
    }
    fs::write(work.join("MANIFEST"), manifest)?;
    println!("A log of {} bytes in {} segments of 64 MiB: {} records of {PAYLOAD} bytes in frames of {FRAME}; its index has {index_bytes} bytes.", total, no - 1, seq - 1);
    Ok(())
}

/// Reads each segment into the same memory and calls with it.
fn segments(work: &Path, mut each: impl FnMut(&[u8], &[u8], bool) -> Fallible<()>) -> Fallible<()> {
    let mut bytes = Vec::new();
    for no in 1.. {
        let path = file(work, no, "gml");
        if !path.exists() {
            return Ok(());
        }
        bytes.clear();
        std::io::Read::read_to_end(&mut fs::File::open(&path)?, &mut bytes)?;
        each(&bytes, &fs::read(file(work, no, "gmx"))?, !file(work, no + 1, "gml").exists())?;
    }
    Ok(())
}

fn verify(work: &Path, with_key: bool) -> Fallible<()> {
    let (writers, auditor) = ([key(1)?.public().clone()], key(2)?);
    let manifest = read_manifest(&fs::read_to_string(work.join("MANIFEST"))?, &[7; 16], &writers)?;
    let reader = with_key.then_some(&auditor);
    let trust = Trust { writers: &writers, reader, rewraps: &[], seal: None, manifest: Some(&manifest), anchors: &[], codec: None };
    let begun = cpu_ns();
    let mut verifier = Verifier::new(&trust);
    segments(work, |bytes, index, last| Ok(verifier.segment(&LogSegment { bytes, index: Some(index), last })?))?;
    let report = verifier.finish();
    let taken = cpu_ns() - begun;
    if !report.findings.is_empty() || (with_key && report.records == 0) {
        return Err(format!("{:?}", report.findings).into());
    }
    println!("{} {}", taken as f64 / 1e9, memory_kib("self", "VmHWM")?);
    Ok(())
}

/// What no verifier can do without.
fn floor(work: &Path) -> Fallible<()> {
    let begun = cpu_ns();
    let mut body = Vec::new();
    let mut refused = 0;
    segments(work, |bytes, index, _| {
        let segment = Segment::read(bytes)?;
        // Any key costs the same: nothing of the result is used, so that of the frames need not be known here.
        let key = Sm4Gcm::new(&[7; 16]);
        for frame in Frames(bytes, first_frame(&segment)) {
            body.clear();
            body.extend_from_slice(frame);
            let (text, _) = body.split_last_chunk_mut::<16>().ok_or("a body")?;
            // Sealing costs what opening does, and does not stop at a wrong tag.
            refused += usize::from(key.seal_detached(&[9; 12], &[3; 68], text)? == [0; 16]);
            std::hint::black_box(sm3(std::hint::black_box(&[0x5a; 84])));
        }
        std::hint::black_box(sm3(index));
        Ok(())
    })?;
    println!("{} {refused}", (cpu_ns() - begun) as f64 / 1e9);
    Ok(())
}

fn first_frame(segment: &Segment<'_>) -> usize {
    segment.frames().next().map_or(0, |frame| frame.offset as usize)
}

/// The bodies of data frames, found by their lengths alone.
struct Frames<'a>(&'a [u8], usize);

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let head = self.0.get(self.1..)?.first_chunk::<40>()?;
            let (kind, len) = (head.get(4)?, u32::from_be_bytes(*head.get(12..16)?.first_chunk()?) as usize);
            let body = self.0.get(self.1 + 40..self.1 + 40 + len)?;
            self.1 += 44 + len;
            if *kind == 1 {
                return Some(body);
            }
        }
    }
}

/// A file of which only what is asked for is read, and how much that was.
struct Touched<'c> {
    file: fs::File,
    bytes: &'c Cell<usize>,
}

impl<'c> Touched<'c> {
    fn open(path: &Path, bytes: &'c Cell<usize>) -> Fallible<Touched<'c>> {
        Ok(Touched { file: fs::File::open(path)?, bytes })
    }
}

impl ReadAt for Touched<'_> {
    fn read_at(&self, offset: u64, len: usize) -> menjie::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.file.read_exact_at(&mut bytes, offset).map_err(|_| menjie::Error::internal("the log was written before"))?;
        self.bytes.set(self.bytes.get() + len);
        Ok(bytes)
    }
}

/// As `menjie-log-file` reads a segment's beginning.
const USUAL_HEADER: usize = 1 << 10;

/// The records of one order in the middle of the log.
fn search(work: &Path) -> Fallible<()> {
    let auditor = key(2)?;
    let (mut total, mut last_no, mut last_seq) = (0, 0, 0);
    segments(work, |bytes, _, _| {
        last_seq = Segment::read(bytes)?.frames().last().map_or(0, |frame| frame.head.first_seq);
        (total, last_no) = (total + bytes.len(), last_no + 1);
        Ok(())
    })?;
    let order = format!("MZ20261126{:08}", last_seq / 32);
    let (headers, indexes, frames) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut found = 0;
    let begun = cpu_ns();
    for no in 1..=last_no {
        let path = file(work, no, "gml");
        let head = Touched::open(&path, &headers)?.read_at(0, USUAL_HEADER)?;
        let segment = Segment::read(&head)?;
        let open = segment.open(&segment.secret(&auditor, &[])?)?;
        let index = Touched::open(&file(work, no, "gmx"), &indexes)?;
        let term = [Term { field: "order", value: &order }];
        let candidates = open.index(&index).and_then(|mut index| open.candidates(&mut index, &term, i64::MIN, i64::MAX)).map_err(|_| "the index was of no use")?;
        let (sealed, mut opener) = (Touched::open(&path, &frames)?, open.opener());
        for frame in candidates {
            let records = opener.open(&frame, &sealed.read_at(frame.offset, frame.len as usize)?, None)?;
            let name = order.as_bytes();
            found += records.iter().filter(|record| record.payload.windows(name.len()).any(|part| part == name)).count();
        }
    }
    let taken = cpu_ns() - begun;
    let read = headers.get() + indexes.get() + frames.get();
    println!(
        "One order ({found} records) by its index: {read} bytes read, {:.4} % of the log (goal: < 1 %): {} of headers, {} of indexes, {} of frames, which were opened; {:.1} ms of CPU, reading included.\n",
        read as f64 * 100.0 / total as f64,
        headers.get(),
        indexes.get(),
        frames.get(),
        taken as f64 / 1e6
    );
    if found != 8 {
        return Err(format!("{found} records of {order}").into());
    }
    Ok(())
}
