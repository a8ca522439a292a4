//! Grouping in batch: millions of lines of many patients, by the same rules, without copying a text.

use std::cmp::Ordering;

use super::identity::{BillDigest, IdWriter};
use super::line::{Line, Lines};
use super::netting::netted;
use super::partition::{Members, Partition, partition};
use super::plan::{self, Plan};
use super::verify::{first_byte, verify};
use crate::error::{Error, Result};
use crate::money::{Money, Totalling};
use crate::policy::Grouping;

/// One document of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchBill<'a> {
    /// Its id; the same that [`super::group`] gives.
    pub id: BillDigest,
    /// Whose.
    pub patient_id: &'a str,
    /// Of which visit.
    pub visit_id: &'a str,
    /// Executing department or pharmacy.
    pub dept_code: &'a str,
    /// How many lines, netted ones too.
    pub lines: u32,
    /// What is to be paid; never payable when negative.
    pub total_fen: Money,
    /// 货币误差: total − sum of lines.
    pub rounding_fen: Money,
    /// Some line had no executing department.
    pub exec_missing: bool,
}

/// The result of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchGrouped<'a> {
    /// The documents, numbered by first appearance of a line (the ids do not depend on it).
    pub bills: Vec<BatchBill<'a>>,
    /// For each line the number of its document.
    pub bill_of: Vec<u32>,
    /// Positions of lines that cancelled each other, ascending.
    pub netted: Vec<u32>,
}

/// Groups lines of many patients and visits. Refused with the field's path: a visit of two patients, a line twice, an
/// amount that is not price × quantity × doses.
pub fn group_batch<'a, S: Lines<'a> + ?Sized>(lines: &S, rules: &Grouping, totalling: Totalling) -> Result<BatchGrouped<'a>> {
    lines.check()?;
    let plan = Plan::new(rules)?;
    let parted = partition(lines, &plan, totalling)?;
    verify(lines, &parted)?;
    let mut out = BatchGrouped { bills: Vec::with_capacity(parted.docs.len()), bill_of: Vec::new(), netted: Vec::new() };
    let mut work = Work { lines, parted: &parted, ids: IdWriter::default(), gathered: Vec::new() };
    let Members { ends, lines: mut members } = parted.members();
    let (mut rest, mut start, mut first) = (members.as_mut_slice(), 0u32, 0usize);
    for ends in ends.chunks(BLOCK) {
        let end = ends.last().copied().unwrap_or(start);
        let (block, after) = rest.split_at_mut((end - start) as usize);
        work.gather(first, ends.len(), block);
        let mut left = block;
        for (doc, end) in (first..).zip(ends) {
            let (members, after) = left.split_at_mut((end - start) as usize);
            let (bill, hidden) = work.bill(doc, members)?;
            out.bills.push(bill);
            out.netted.extend(hidden);
            (left, start) = (after, *end);
        }
        out.bills.iter_mut().skip(first).zip(work.ids.digests()).for_each(|(bill, id)| bill.id = id);
        (rest, first) = (after, first + ends.len());
    }
    out.netted.sort_unstable();
    out.bill_of = parted.doc_of;
    Ok(out)
}

/// So many documents are looked at side by side.
const BLOCK: usize = 64;

/// What a line adds to the id of its document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Member<'a> {
    key: &'a str,
    version: u32,
    amount_fen: i64,
}

struct Work<'w, 'a, S: ?Sized> {
    lines: &'w S,
    parted: &'w Partition,
    ids: IdWriter,
    /// The members of a block of documents, those of the last document first.
    gathered: Vec<Member<'a>>,
}

impl<'a, S: Lines<'a> + ?Sized> Work<'_, 'a, S> {
    fn row(&self, at: u32) -> Result<S::Line> {
        self.lines.line(at as usize).ok_or_else(|| Error::internal("I13: a line position out of range"))
    }

    /// Reads all that the documents of a block are made of. In a batch without order nothing of it is near anything else:
    /// asked for at once, the memory answers side by side.
    fn gather(&mut self, first: usize, count: usize, members: &[u32]) {
        let member = |line: S::Line| Member { key: line.line_id(), version: line.version(), amount_fen: line.amount_fen() };
        self.gathered.clear();
        self.gathered.extend(members.iter().rev().filter_map(|at| self.lines.line(*at as usize)).map(member));
        let leaders = self.parted.docs.iter().skip(first).take(count).filter_map(|doc| Some((self.lines.line(doc.key_line as usize)?, doc.parts())));
        let leaders = leaders.map(|(line, parts)| first_byte(line.visit()).wrapping_add(first_byte(plan::dept(line, parts).1)).wrapping_add(line.patient().len() as u8));
        let keys = self.gathered.iter().map(|member| first_byte(member.key));
        std::hint::black_box(leaders.chain(keys).fold(0, u8::wrapping_add));
    }

    /// The document, its id still to come, and its netted lines. Its members are the last that are left of what was gathered.
    fn bill(&mut self, doc: usize, members: &mut [u32]) -> Result<(BatchBill<'a>, Vec<u32>)> {
        let (total_fen, rounding_fen) = self.parted.total(doc)?;
        let doc = self.parted.docs.get(doc).ok_or_else(|| Error::internal("I13: a member of no document"))?;
        let lines = self.lines;
        let stable = |a: &u32, b: &u32| lines.line(*a as usize).zip(lines.line(*b as usize)).map_or(Ordering::Equal, |(a, b)| a.stable_cmp(b));
        let hidden = if doc.has_negative() {
            members.sort_unstable_by(stable);
            netted(lines, members)
        } else {
            Vec::new()
        };
        let leader = if plan::key_fixes_dept(doc.parts()) { None } else { members.iter().map(|at| self.parted.key_line(*at)).min_by(stable) };
        let leader = self.row(leader.unwrap_or(doc.key_line))?;
        let (_, dept_code) = plan::dept(leader, doc.parts());

        let left = self.gathered.len().saturating_sub(members.len());
        let own = self.gathered.get_mut(left..).unwrap_or_default();
        own.sort_unstable();
        self.ids.start(leader, dept_code, total_fen);
        own.iter().for_each(|member| self.ids.line(member.key, member.version, member.amount_fen));
        self.gathered.truncate(left);
        let bill = BatchBill {
            id: BillDigest([0; 16]),
            patient_id: leader.patient(),
            visit_id: leader.visit(),
            dept_code,
            lines: doc.lines,
            total_fen,
            rounding_fen,
            exec_missing: doc.exec_missing(),
        };
        Ok((bill, hidden))
    }
}
