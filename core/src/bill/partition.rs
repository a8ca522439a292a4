//! The partition: every line in exactly one document, documents with their totals (I13). Pure positions and numbers; no
//! text is copied, no id is made.

use std::ops::Range;

use super::line::{Line, Lines};
use super::plan::{self, DeptField, Parts, Plan};
use super::seconds::Seconds;
use super::sets;
use super::visits::{VisitKey, Visits};
use crate::error::{Error, Result};
use crate::money::{Exact, Money, Tally, Totalling};
use crate::table::{Table, expected, mix_words};

/// One document of a [`Partition`]. Batches have millions, visited in no order: two share one line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct Doc {
    /// Sum of the lines' amounts in fen.
    sum: Tally,
    key: Key,
    parts: Parts,
    marks: u8,
    /// A line whose key is the document's key (a main line, when the first member belongs to a set).
    pub(super) key_line: u32,
    /// How many lines it has.
    pub lines: u32,
}

/// What a document is found by: the numbers of its visit and of its second level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Key {
    visit: u32,
    second: u32,
}

/// Some line is negative, so netting has to be looked at.
const NEGATIVE: u8 = 1;
/// Some line had no executing department and went to the ordering one.
const EXEC_MISSING: u8 = 2;
/// The sum left 64 bits on the way: far out of range, whatever came after.
const BEYOND: u8 = 4;

impl Doc {
    /// The parts that made its key.
    pub(super) const fn parts(&self) -> Parts {
        self.parts
    }

    /// Some line is negative, so netting has to be looked at.
    pub(super) const fn has_negative(&self) -> bool {
        self.marks & NEGATIVE != 0
    }

    /// Some line had no executing department and went to the ordering one.
    pub const fn exec_missing(&self) -> bool {
        self.marks & EXEC_MISSING != 0
    }

    #[inline]
    fn add(&mut self, fen: i64) {
        self.lines += 1;
        let within = self.sum.add(fen);
        // Rare both: a guess that is nearly always right costs less than marking every time.
        if fen < 0 {
            self.marks |= NEGATIVE;
        }
        if !within {
            self.marks |= BEYOND;
        }
    }
}

/// Which line is in which document.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    /// For each line its document.
    pub doc_of: Vec<u32>,
    /// The documents, numbered by first appearance.
    pub docs: Vec<Doc>,
    /// For each document the exact amount before rounding; only when the sum is what is rounded.
    exact: Vec<Exact>,
    /// For each line the line whose key it takes; empty when every line takes its own.
    key_lines: Vec<u32>,
}

impl Partition {
    /// The line whose key this one takes.
    pub(super) fn key_line(&self, at: u32) -> u32 {
        self.key_lines.get(at as usize).copied().unwrap_or(at)
    }

    /// The total to be paid of a document and the rounding difference: total = sum of lines + difference.
    pub fn total(&self, doc: usize) -> Result<(Money, Money)> {
        let beyond = |_| Error::amount_range("total_fen");
        let Some(sum) = self.docs.get(doc).filter(|doc| doc.marks & BEYOND == 0).map(|doc| doc.sum) else {
            return Err(Error::amount_range("total_fen"));
        };
        let sum = sum.amount().map_err(beyond)?;
        match self.exact.get(doc) {
            None => Ok((sum, Money::ZERO)),
            Some(exact) => {
                let total = exact.round().map_err(beyond)?;
                Ok((total, total.minus(sum)?))
            }
        }
    }

    /// The lines of each document, in input order.
    pub fn members(&self) -> Members {
        let mut ends = Vec::with_capacity(self.docs.len());
        let mut end = 0u32;
        for doc in &self.docs {
            ends.push(end);
            end += doc.lines;
        }
        let mut lines = vec![0u32; self.doc_of.len()];
        for (at, doc) in (0u32..).zip(&self.doc_of) {
            if let Some(place) = ends.get_mut(*doc as usize) {
                if let Some(slot) = lines.get_mut(*place as usize) {
                    *slot = at;
                }
                *place += 1;
            }
        }
        Members { ends, lines }
    }
}

/// Line positions by document.
pub struct Members {
    pub(super) ends: Vec<u32>,
    pub(super) lines: Vec<u32>,
}

impl Members {
    /// The lines of every document, in document order.
    pub fn each(&mut self, mut visit: impl FnMut(usize, &mut [u32]) -> Result<()>) -> Result<()> {
        let mut rest = self.lines.as_mut_slice();
        let mut start = 0u32;
        for (doc, end) in self.ends.iter().enumerate() {
            let (members, after) = rest.split_at_mut((end - start) as usize);
            visit(doc, members)?;
            (rest, start) = (after, *end);
        }
        Ok(())
    }
}

/// So many lines are looked at side by side.
const BLOCK: u32 = 64;

/// Puts every line into its document (rules 2 to 4) and adds up.
///
/// A block of lines first asks for all the visits it will be compared with, and only then is each line looked up: so the
/// memory answers side by side, where otherwise every line would wait for its visit.
pub fn partition<'a, S: Lines<'a> + ?Sized>(lines: &S, plan: &Plan, totalling: Totalling) -> Result<Partition> {
    let count = u32::try_from(lines.count()).ok().filter(|n| *n < u32::MAX).ok_or_else(|| Error::field("lines", "are more than can be counted"))?;
    let key_lines = if lines.may_form_sets() { sets::key_lines(lines) } else { Vec::new() };
    let made = Partition { doc_of: Vec::with_capacity(count as usize), key_lines, ..Partition::default() };
    let mut work = Work { lines, plan, count, visits: Visits::default(), seconds: Seconds::default(), more: Table::default(), made };
    let mut visits = Vec::new();
    for start in (0..count).step_by(BLOCK as usize) {
        let block = start..count.min(start.saturating_add(BLOCK));
        work.read_visits(block.clone(), &mut visits);
        work.find_docs(block.start, &visits);
        work.add(block.clone());
        if totalling == Totalling::RoundedSum {
            work.add_exact(block);
        }
    }
    Ok(work.made)
}

/// Lines one after the other that take their key from the same visit.
struct Run<'a> {
    key: VisitKey,
    hash: u64,
    visit: &'a str,
    /// The number that the visit probably has.
    guess: u32,
    lines: u32,
}

struct Work<'w, 'a, S: ?Sized> {
    lines: &'w S,
    plan: &'w Plan,
    count: u32,
    visits: Visits<'a>,
    seconds: Seconds,
    /// The documents that their visits do not remember.
    more: Table,
    made: Partition,
}

impl<'a, S: Lines<'a> + ?Sized> Work<'_, 'a, S> {
    /// The line whose key the line at a position takes.
    #[inline]
    fn key_line(&self, at: u32) -> Option<S::Line> {
        self.lines.line(self.made.key_line(at) as usize)
    }

    #[inline]
    fn read_visits(&self, block: Range<u32>, runs: &mut Vec<Run<'a>>) {
        runs.clear();
        for line in block.filter_map(|at| self.key_line(at)) {
            let visit = line.visit();
            let key = VisitKey::of(visit);
            match runs.last_mut() {
                Some(run) if run.key == key && key.is_all() => run.lines += 1,
                _ => runs.push(Run { key, hash: key.hash(), visit, guess: 0, lines: 1 }),
            }
        }
        if self.visits.is_large() {
            // Two loops: each is so short that the processor has many of its questions open.
            runs.iter_mut().for_each(|run| run.guess = self.visits.guess(run.hash));
            std::hint::black_box(runs.iter().map(|run| self.visits.glance(run.guess)).fold(0, u32::wrapping_add));
        }
    }

    #[inline]
    fn find_docs(&mut self, start: u32, runs: &[Run<'a>]) {
        let mut at = start;
        for run in runs {
            let read = at as usize;
            let visit = self.visits.number(&run.key, run.hash, run.visit, |found| expected(found, read, self.count as usize));
            for _ in 0..run.lines {
                let Some(line) = self.key_line(at) else { return };
                let parts = self.plan.parts(line);
                let (second, exec_missing) = self.second(line, parts);
                let doc = self.doc(visit, second, parts, at);
                self.made.doc_of.push(doc);
                // Who follows another line into its document does not miss anything.
                if exec_missing
                    && self.made.key_line(at) == at
                    && let Some(doc) = self.made.docs.get_mut(doc as usize)
                {
                    doc.marks |= EXEC_MISSING;
                }
                at += 1;
            }
        }
    }

    /// The second level of a line's key, and whether it went to the ordering department for want of an executing one.
    #[inline]
    fn second(&mut self, line: S::Line, parts: Parts) -> (u32, bool) {
        if parts == Parts::PLACE {
            let (field, dept) = plan::place(line);
            (self.seconds.of_place(dept, parts), field == DeptField::Order)
        } else {
            (self.seconds.of_parts(line, parts), plan::exec_missing(line, parts))
        }
    }

    /// The document of a key, a new one if there is none.
    #[inline]
    fn doc(&mut self, visit: u32, second: u32, parts: Parts, at: u32) -> u32 {
        let next = self.made.docs.len() as u32; // no more than lines
        let Some(of_visit) = self.visits.get_mut(visit) else { return next };
        if let Some(doc) = of_visit.doc(second) {
            return doc;
        }
        let key = Key { visit, second };
        if of_visit.is_full() {
            let docs = &self.made.docs;
            let same = |doc: u32| docs.get(doc as usize).is_some_and(|doc| doc.key == key);
            let hash = mix_words(u64::from(visit), u64::from(second));
            if let Some(doc) = self.more.find_or_insert(hash, next, same, || [visit.to_le_bytes(), second.to_le_bytes()].concat()) {
                return doc;
            }
        } else {
            of_visit.take(second, next);
        }
        if self.made.docs.len() == self.made.docs.capacity() {
            self.made.docs.reserve(expected(next as usize, at as usize, self.count as usize).saturating_sub(next as usize));
        }
        self.made.docs.push(Doc { sum: Tally::default(), key, parts, marks: 0, key_line: self.made.key_line(at), lines: 0 });
        next
    }

    /// Adds the block's amounts up. The documents do not wait for each other: nothing is decided here.
    #[inline]
    fn add(&mut self, block: Range<u32>) {
        for (at, doc) in block.clone().zip(self.made.doc_of.iter().skip(block.start as usize)) {
            if let (Some(doc), Some(line)) = (self.made.docs.get_mut(*doc as usize), self.lines.line(at as usize)) {
                doc.add(line.amount_fen());
            }
        }
    }

    fn add_exact(&mut self, block: Range<u32>) {
        self.made.exact.resize(self.made.docs.len(), Exact::ZERO);
        for (at, doc) in block.clone().zip(self.made.doc_of.iter().skip(block.start as usize)) {
            if let (Some(exact), Some(line)) = (self.made.exact.get_mut(*doc as usize), self.lines.line(at as usize)) {
                *exact = exact.plus(Exact::of_line(line.price_scaled(), line.quantity_scaled(), line.doses()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_documents_share_a_line_of_the_cache() {
        assert_eq!(size_of::<Doc>(), 32);
    }
}
