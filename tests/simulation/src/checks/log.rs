//! The sealed logs read in the end: everything that was acknowledged is there once (I17), nothing of it in the clear (I18), and what
//! somebody damages is found where it is (F13).

use std::collections::{BTreeMap, BTreeSet};

use menjie::seal::Segment;
use menjie_log_file::testkit::MemDisk;
use menjie_log_file::view::{Checked, Checker, Verdict, verify};
use menjie_log_file::{Entry, LogDir};

use crate::book::Book;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::log::{Kept, STREAM, auditor, stranger, writers};

/// Sealed bytes look like anything; so many digits in a row are a number of ours. (Ten to the power of 28 bytes would have to be written
/// until chance makes twenty.)
const DIGITS: usize = 20;

/// Words of every record, in whatever language it is written.
const WORDS: [&[u8]; 5] = [b"business_no", b"interface", b"wechat", b"patient", "科室".as_bytes()];

/// A record as it was read.
struct Told {
    seq: u64,
    entry: Entry,
}

/// Judges the logs of all replicas.
pub fn judge(book: &mut Book, kept: &[Kept], damages: bool, dice: &Dice) {
    for (at, kept) in kept.iter().enumerate() {
        secret(book, at, &kept.disk);
        let folder = tempfile::tempdir().unwrap();
        kept.disk.write_to(folder.path()).unwrap();
        let dir = LogDir::new(folder.path(), STREAM);
        let Ok(told) = read(&dir) else {
            book.broken("I17", at.to_string(), "the log cannot be read".to_owned());
            continue;
        };
        if told.is_empty() {
            book.holds("I17", "what was acknowledged is in the log", at, kept.begun.is_empty());
            continue;
        }
        let checked = verified(&dir, true);
        let sound = checked.as_ref().is_some_and(|checked| checked.verdict() != Verdict::Tampered && checked.sealed);
        book.holds("I17", "a log verifies, whatever crashed", at, sound);
        complete(book, at, kept, &told);
        if damages {
            damage(book, at, &kept.disk, dice);
        }
    }
}

/// I17 of one log.
fn complete(book: &mut Book, at: usize, kept: &Kept, told: &[Told]) {
    let gapless = told.iter().zip(1..).all(|(told, seq)| told.seq == seq);
    book.holds("I17", "the numbers of a log have no gap", at, gapless);
    let begun: BTreeMap<u64, (&str, Option<&str>)> = told
        .iter()
        .filter_map(|told| match &told.entry {
            Entry::Begin { interface, business_no, .. } => Some((told.seq, (interface.as_str(), business_no.as_deref()))),
            Entry::End { .. } | Entry::Access(_) => None,
        })
        .collect();
    for known in &kept.begun {
        let there = begun.get(&known.seq) == Some(&(known.interface.as_str(), known.business_no.as_deref()));
        book.holds("I17", "what was acknowledged is in the log", at, there);
    }
    // What was refused may be on the disk all the same: an exchange in doubt, never one nobody began.
    let unknown = begun.len().saturating_sub(kept.begun.len()) as u64;
    book.holds("I17", "the log tells of nothing that nobody began", at, unknown <= kept.refused);
    let ends: Vec<u64> = told.iter().filter_map(|told| if let Entry::End { of, .. } = told.entry { Some(of) } else { None }).collect();
    let once: BTreeSet<u64> = ends.iter().copied().collect();
    book.holds("I17", "an exchange ends once at most, and after it began", at, once.len() == ends.len() && once.iter().all(|of| begun.contains_key(of)));
}

/// I18 of one log.
fn secret(book: &mut Book, at: usize, disk: &MemDisk) {
    let sealed = |name: &String| [".gml", ".gmx", ".torn"].iter().any(|end| name.ends_with(end));
    let clear = disk.file_names().iter().filter(|name| sealed(name)).any(|name| {
        let bytes = disk.bytes(name);
        let digits = bytes.chunk_by(|a, b| a.is_ascii_digit() && b.is_ascii_digit()).any(|run| run.len() >= DIGITS);
        digits || WORDS.iter().any(|word| bytes.windows(word.len()).any(|part| part == *word))
    });
    book.holds("I18", "nothing of a transfer can be read without a key", at, !clear);
}

/// Somebody damages a copy: the verifier says where.
fn damage(book: &mut Book, at: usize, disk: &MemDisk, dice: &Dice) {
    let disk = disk.copy();
    let segments: Vec<String> = disk.file_names().into_iter().filter(|name| name.ends_with(".gml")).collect();
    // The newest is being written: what is not signed yet can look torn.
    let Some((_, closed)) = segments.split_last().filter(|(_, closed)| !closed.is_empty()) else { return };
    let place = dice.at(closed.len());
    let name = &closed[place];
    let no = number(name);
    let len = disk.bytes(name).len();
    let (what, places) = match dice.of(5) {
        0 => {
            disk.change(name, |bytes| bytes[dice.at(len)] ^= 1 << dice.of(8));
            ("a flipped bit is found where it is", vec![no])
        }
        1 => {
            disk.change(name, |bytes| bytes.truncate(dice.at(len)));
            ("what was cut off is missed where it was", vec![no])
        }
        2 => {
            disk.forget(name);
            ("a missing segment is missed", vec![no, number(&segments[place + 1])])
        }
        3 if closed.len() > 1 => {
            let other = &closed[(place + 1) % closed.len()];
            let (one, two) = (disk.bytes(name), disk.bytes(other));
            disk.change(name, |bytes| *bytes = two);
            disk.change(other, |bytes| *bytes = one);
            ("swapped segments are found", vec![no, number(other)])
        }
        _ => return without_key(book, at, &disk),
    };
    let folder = tempfile::tempdir().unwrap();
    disk.write_to(folder.path()).unwrap();
    let checked = verified(&LogDir::new(folder.path(), STREAM), dice.one_in(2));
    let found = checked.is_some_and(|checked| checked.verdict() == Verdict::Tampered && checked.report.findings.first().is_some_and(|first| places.contains(&first.segment_no)));
    book.met(Fault::LogDamage);
    book.holds("I17", what, format!("{at} {name}"), found);
}

/// Whoever has no key reads nothing, and verifies all the same.
fn without_key(book: &mut Book, at: usize, disk: &MemDisk) {
    let folder = tempfile::tempdir().unwrap();
    disk.write_to(folder.path()).unwrap();
    let dir = LogDir::new(folder.path(), STREAM);
    let shut = dir.segments().unwrap().iter().all(|no| {
        let stored = dir.segment(*no).unwrap();
        Segment::read(&stored.bytes).is_ok_and(|segment| segment.secret(stranger(), &[]).is_err())
    });
    let sound = verified(&dir, false).is_some_and(|checked| checked.verdict() != Verdict::Tampered);
    book.met(Fault::LogKey);
    book.holds("I18", "another's key opens nothing, and the log verifies without one", at, shut && sound);
}

fn number(name: &str) -> u64 {
    name.bytes().filter(u8::is_ascii_digit).fold(0, |no, digit| no * 10 + u64::from(digit - b'0'))
}

fn verified(dir: &LogDir, with_key: bool) -> Option<Checked> {
    let writers = writers();
    verify(dir, &Checker { writers: &writers, reader: with_key.then(auditor), ..Checker::default() }, &mut |_| {}).ok()
}

/// Every record, in order.
fn read(dir: &LogDir) -> menjie::Result<Vec<Told>> {
    let mut told = Vec::new();
    for no in dir.segments()? {
        let stored = dir.segment(no)?;
        let Ok(segment) = Segment::read(&stored.bytes) else { continue };
        let secret = segment.secret(auditor(), &[])?;
        for opened in segment.open(&secret)?.records(None) {
            for record in opened?.1 {
                let entry = serde_json::from_slice(&record.payload).map_err(|_| menjie::Error::internal("a record is JSON"))?;
                told.push(Told { seq: record.seq, entry });
            }
        }
    }
    Ok(told)
}
