//! The partition: every line in exactly one document, documents with their totals (I13). Pure positions and numbers; no
//! text is copied, no id is made.

use super::line::{Line, Lines};
use super::plan::{self, Parts, Plan};
use super::sets;
use super::table::Table;
use crate::error::{Error, Result};
use crate::money::{Exact, Money, Totalling};

/// One document of a [`Partition`].
#[derive(Clone, Copy, Debug)]
pub struct Doc {
    /// A line whose key is the document's key (a main line, when the first member belongs to a set).
    pub(super) key_line: u32,
    pub(super) parts: Parts,
    /// How many lines it has.
    pub lines: u32,
    /// Sum of the lines' amounts in fen.
    pub(super) sum_fen: i128,
    exact: Exact,
    /// Some line is negative, so netting has to be looked at.
    pub(super) negative: bool,
    /// Some line had no executing department and went to the ordering one.
    pub exec_missing: bool,
}

impl Doc {
    /// The total to be paid and the rounding difference: total = sum of lines + difference.
    pub fn total(&self, totalling: Totalling) -> Result<(Money, Money)> {
        let sum = i64::try_from(self.sum_fen).map_err(|_| Error::amount_range("total_fen")).and_then(in_range)?;
        match totalling {
            Totalling::SumOfLines => Ok((sum, Money::ZERO)),
            Totalling::RoundedSum => {
                let total = self.exact.round().map_err(|_| Error::amount_range("total_fen"))?;
                Ok((total, total.minus(sum)?))
            }
        }
    }
}

fn in_range(fen: i64) -> Result<Money> {
    Money::from_fen(fen).map_err(|_| Error::amount_range("total_fen"))
}

/// Which line is in which document.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    /// For each line its document.
    pub doc_of: Vec<u32>,
    /// The documents, numbered by first appearance.
    pub docs: Vec<Doc>,
    /// For each line the line whose key it takes; empty when every line takes its own.
    pub(super) key_lines: Vec<u32>,
}

impl Partition {
    /// The line whose key this one takes.
    pub(super) fn key_line(&self, at: u32) -> u32 {
        self.key_lines.get(at as usize).copied().unwrap_or(at)
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
    ends: Vec<u32>,
    lines: Vec<u32>,
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

/// Puts every line into its document (rules 2 to 4) and adds up.
pub fn partition<'a, S: Lines<'a> + ?Sized>(lines: &S, plan: &Plan, totalling: Totalling) -> Result<Partition> {
    let count = u32::try_from(lines.count()).ok().filter(|n| *n < u32::MAX).ok_or_else(|| Error::field("lines", "are more than can be counted"))?;
    let key_lines = if sets::any(lines) { sets::key_lines(lines) } else { Vec::new() };
    let mut made = Partition { doc_of: Vec::with_capacity(count as usize), docs: Vec::new(), key_lines };
    // Documents are few beside lines in one request and many in a batch: the table grows as needed.
    let mut index = Table::for_entries(8);
    // What most keys consist of, by document: far fewer cache misses than going back to the leading lines.
    let mut keys: Vec<(&str, &str)> = Vec::new();
    let mut last: Option<(u32, S::Line, Parts)> = None;
    for at in 0..count {
        let Some(line) = lines.line(at as usize) else { break };
        let key_at = made.key_line(at);
        let Some(key) = (if key_at == at { Some(line) } else { lines.line(key_at as usize) }) else { break };
        let parts = plan.parts(key);
        let doc = match last {
            Some((doc, other, other_parts)) if plan::same_key(key, parts, other, other_parts) => doc,
            _ => {
                let next = made.docs.len() as u32; // no more than lines
                let (docs, visit, (_, dept)) = (&made.docs, key.visit(), plan::dept(key, parts));
                let same = |doc: u32| {
                    let at = doc as usize;
                    let maybe = keys.get(at).is_some_and(|k| *k == (visit, dept));
                    // Another leading line of the same key may have another department, unless the key fixes it.
                    let maybe = maybe || (!plan::key_fixes_dept(parts) && keys.get(at).is_some_and(|k| k.0 == visit));
                    maybe
                        && docs.get(at).is_some_and(|doc| {
                            let settled = plan::is_place_alone(parts) && doc.parts == parts;
                            settled || lines.line(doc.key_line as usize).is_some_and(|other| plan::same_key(key, parts, other, doc.parts))
                        })
                };
                let known = index.find_or_insert(plan::key_hash(key, parts), next, same);
                if known.is_none() {
                    keys.push((visit, dept));
                    made.docs.push(Doc { key_line: key_at, parts, lines: 0, sum_fen: 0, exact: Exact::ZERO, negative: false, exec_missing: false });
                }
                let doc = known.unwrap_or(next);
                last = Some((doc, key, parts));
                doc
            }
        };
        made.doc_of.push(doc);
        if let Some(doc) = made.docs.get_mut(doc as usize) {
            doc.lines += 1;
            doc.sum_fen += i128::from(line.amount_fen());
            doc.negative |= line.amount_fen() < 0;
            doc.exec_missing |= key_at == at && plan::exec_missing(line, parts);
            if totalling == Totalling::RoundedSum {
                doc.exact = doc.exact.plus(Exact::of_line(line.price_scaled(), line.quantity_scaled(), line.doses()));
            }
        }
    }
    Ok(made)
}
