//! Rule 1 for a batch: quickly whether everything is right, and only if something is not, what is wrong first.

use super::line::{Line, Lines};
use super::partition::Partition;
use crate::error::{Code, Error, Result};
use crate::money::Exact;
use crate::table::{Table, mix};

/// So many lines are looked at side by side.
const BLOCK: u32 = 64;

/// One patient a document, no line twice, every amount price × quantity × doses; refused with the path of the first
/// field that is wrong.
pub(super) fn verify<'a, S: Lines<'a> + ?Sized>(lines: &S, parted: &Partition) -> Result<()> {
    let right = amounts_are_right(lines) && patients_are_one(lines, parted) && no_line_is_there_twice(lines);
    if right { Ok(()) } else { first_fault(lines, parted).and(Err(Error::internal("I13: a batch that is wrong nowhere"))) }
}

fn every<'a, S: Lines<'a> + ?Sized>(lines: &S) -> impl Iterator<Item = S::Line> {
    (0..lines.count()).filter_map(|at| lines.line(at))
}

fn amounts_are_right<'a, S: Lines<'a> + ?Sized>(lines: &S) -> bool {
    every(lines).all(|line| Exact::of_line(line.price_scaled(), line.quantity_scaled(), line.doses()).round().is_ok_and(|amount| amount.fen() == line.amount_fen()))
}

/// A block at a time, like the partition: first what leads to the patients of the documents, then these, then comparing.
fn patients_are_one<'a, S: Lines<'a> + ?Sized>(lines: &S, parted: &Partition) -> bool {
    let patient = |at: u32| lines.line(at as usize).map_or("", Line::patient);
    let leaders: Vec<&str> = parted.docs.iter().map(|doc| patient(doc.key_line)).collect();
    let mut block: Vec<&str> = Vec::with_capacity(BLOCK as usize);
    let mut at = 0u32;
    parted.doc_of.chunks(BLOCK as usize).all(|docs| {
        block.clear();
        block.extend(docs.iter().map(|doc| leaders.get(*doc as usize).copied().unwrap_or_default()));
        std::hint::black_box(block.iter().map(|leader| first_byte(leader)).fold(0, u8::wrapping_add));
        block.iter().all(|leader| {
            at += 1;
            *leader == patient(at - 1)
        })
    })
}

pub(super) fn first_byte(text: &str) -> u8 {
    text.as_bytes().first().copied().unwrap_or_default()
}

fn no_line_is_there_twice<'a, S: Lines<'a> + ?Sized>(lines: &S) -> bool {
    // Most batches come in the order of their keys.
    let mut last = None;
    let ascending = every(lines).all(|line| {
        let before = last.replace(line.line_id());
        before.is_none_or(|before| before < line.line_id())
    });
    if ascending {
        return true;
    }
    let mut seen = Table::for_entries(lines.count());
    let mut block: Vec<(&str, u64)> = Vec::with_capacity(BLOCK as usize);
    let count = u32::try_from(lines.count()).unwrap_or(u32::MAX);
    (0..count).step_by(BLOCK as usize).all(|start| {
        block.clear();
        block.extend((start..count.min(start.saturating_add(BLOCK))).filter_map(|at| lines.line(at as usize)).map(|line| (line.line_id(), mix(0, line.line_id().as_bytes()))));
        std::hint::black_box(block.iter().map(|(_, hash)| seen.glance(*hash)).fold(0, u32::wrapping_add));
        (start..).zip(&block).all(|(at, (id, hash))| {
            let same = |other: u32| lines.line(other as usize).is_some_and(|o| o.line_id() == *id);
            seen.find_or_insert(*hash, at, same, || (*id).into()).is_none()
        })
    })
}

#[cold]
fn first_fault<'a, S: Lines<'a> + ?Sized>(lines: &S, parted: &Partition) -> Result<()> {
    let mut seen = Table::for_entries(lines.count());
    for ((at, doc), line) in (0u32..).zip(&parted.doc_of).zip(every(lines)) {
        let place = |field: &str| format!("lines[{at}].{field}");
        let first = parted.docs.get(*doc as usize).and_then(|d| lines.line(d.key_line as usize));
        if first.is_some_and(|first| first.patient() != line.patient()) {
            return Err(Error::new(Code::MixedPatients).with("field", place("patient_id")));
        }
        let same = |other: u32| lines.line(other as usize).is_some_and(|o| o.line_id() == line.line_id());
        if seen.find_or_insert(mix(0, line.line_id().as_bytes()), at, same, || line.line_id().into()).is_some() {
            return Err(Error::new(Code::DuplicateLine).with("field", place("line_id")));
        }
        let amount = Exact::of_line(line.price_scaled(), line.quantity_scaled(), line.doses()).round();
        if !amount.as_ref().is_ok_and(|amount| amount.fen() == line.amount_fen()) {
            let expected = amount.map_err(|_| Error::new(Code::AmountRange).with("field", place("amount_fen")))?;
            return Err(Error::line_amount(expected, line.amount_fen()).under(&format!("lines[{at}]")));
        }
    }
    Ok(())
}
