//! Indivisible sets (rule 3): which lines must stay together, and which line decides where they go.

use super::line::{Line, Lines};
use crate::table::{Table, mix};

/// For each line the line whose key it takes: itself, or the main line of its set.
///
/// A set is what is connected by an atomic key, a herb prescription, or a reversal with the line it reverses, within one
/// visit. The main line is the one marked so; else the first in stable order. A reversal row never leads its original.
pub(super) fn key_lines<'a, S: Lines<'a> + ?Sized>(lines: &S) -> Vec<u32> {
    let count = u32::try_from(lines.count()).unwrap_or(u32::MAX);
    let mut sets = Sets::of_single_lines(count);
    let line = |at: u32| lines.line(at as usize);

    let mut by_key = Table::default();
    let mut by_order = Table::default();
    let mut reversals = false;
    for at in 0..count {
        let Some(this) = line(at) else { break };
        reversals |= this.reverses().is_some();
        if let Some(key) = this.atomic_key() {
            let same = |other: u32| line(other).is_some_and(|o| o.visit() == this.visit() && o.atomic_key() == Some(key));
            if let Some(other) = by_key.find_or_insert(hash(1, this.visit(), key), at, same, || spelled(this.visit(), key)) {
                sets.join(other, at);
            }
        }
        if let Some(order) = this.herbs() {
            let same = |other: u32| line(other).is_some_and(|o| o.visit() == this.visit() && o.order_no() == Some(order));
            if let Some(other) = by_order.find_or_insert(hash(2, this.visit(), order), at, same, || spelled(this.visit(), order)) {
                sets.join(other, at);
            }
        }
    }
    if reversals {
        join_reversals(lines, count, &mut sets);
    }
    sets.led_by(|a, b| match (line(a), line(b)) {
        (Some(a), Some(b)) => rank(a).cmp(&rank(b)).then_with(|| a.stable_cmp(b)).is_lt(),
        _ => false,
    })
}

fn hash(kind: u64, visit: &str, name: &str) -> u64 {
    mix(mix(kind, visit.as_bytes()), name.as_bytes())
}

/// Visit and name as bytes; the length of the first keeps them apart.
fn spelled(visit: &str, name: &str) -> Vec<u8> {
    [&(visit.len() as u64).to_le_bytes(), visit.as_bytes(), name.as_bytes()].concat()
}

/// Reversals last, main lines first.
fn rank<'a>(line: impl Line<'a>) -> (bool, bool) {
    (line.reverses().is_some(), !line.main_line())
}

fn join_reversals<'a, S: Lines<'a> + ?Sized>(lines: &S, count: u32, sets: &mut Sets) {
    let line = |at: u32| lines.line(at as usize);
    let mut by_id = Table::for_entries(count as usize);
    for at in 0..count {
        let Some(this) = line(at) else { break };
        let id = this.line_id();
        by_id.find_or_insert(mix(0, id.as_bytes()), at, |other| line(other).is_some_and(|o| o.line_id() == id), || id.into());
    }
    for at in 0..count {
        let Some(this) = line(at) else { break };
        let Some(id) = this.reverses() else { continue };
        let original = by_id.find(mix(0, id.as_bytes()), |other| line(other).is_some_and(|o| o.line_id() == id), || id.into());
        if let Some(original) = original.filter(|o| line(*o).is_some_and(|o| o.visit() == this.visit())) {
            sets.join(original, at);
        }
    }
}

/// Disjoint sets of line positions.
struct Sets(Vec<u32>);

impl Sets {
    fn of_single_lines(count: u32) -> Sets {
        Sets((0..count).collect())
    }

    fn root(&mut self, mut at: u32) -> u32 {
        loop {
            let parent = self.parent(at);
            if parent == at {
                return at;
            }
            let above = self.parent(parent);
            self.put(at, above); // halves the path
            at = above;
        }
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        // The smaller position is the root.
        self.put(a.max(b), a.min(b));
    }

    /// For each position the leader of its set; `before` is a strict order.
    fn led_by(mut self, before: impl Fn(u32, u32) -> bool) -> Vec<u32> {
        let count = self.0.len() as u32; // made from a u32
        let mut leaders: Vec<u32> = (0..count).collect();
        for at in 0..count {
            let root = self.root(at);
            if let Some(leader) = leaders.get_mut(root as usize)
                && at != *leader
                && before(at, *leader)
            {
                *leader = at;
            }
        }
        (0..count).map(|at| leaders.get(self.root(at) as usize).copied().unwrap_or(at)).collect()
    }

    fn parent(&self, at: u32) -> u32 {
        self.0.get(at as usize).copied().unwrap_or(at)
    }

    fn put(&mut self, at: u32, parent: u32) {
        if let Some(slot) = self.0.get_mut(at as usize) {
            *slot = parent;
        }
    }
}
