//! Netting (rule 5): rows that cancel each other are not shown, but stay claimed by their document.

use super::line::{Line, Lines};
use crate::money::cancel;

/// The positions that cancel each other among the members of one document, which are in stable order.
///
/// First a reversal row cancels the row it names, when the amounts are opposite. Then remaining rows without such a name
/// cancel pairwise when item, price and doses are equal and quantity and amount opposite (a cancelled consultation fee).
/// A partial reversal, and a reversal of a row that is not in the document, stay visible. Rows of zero fen are never
/// netted.
pub(super) fn netted<'a, S: Lines<'a> + ?Sized>(lines: &S, members: &[u32]) -> Vec<u32> {
    let mut open: Vec<(u32, S::Line)> = members.iter().filter_map(|at| Some((*at, lines.line(*at as usize)?))).filter(|(_, l)| l.amount_fen() != 0).collect();
    let mut out = Vec::new();
    if open.iter().any(|(_, l)| l.reverses().is_some()) {
        out = named_pairs(&open);
        out.sort_unstable();
        open.retain(|(at, l)| l.reverses().is_none() && out.binary_search(at).is_err());
    }
    out.extend(equal_pairs(open));
    out.sort_unstable();
    out
}

fn named_pairs<'a, L: Line<'a>>(open: &[(u32, L)]) -> Vec<u32> {
    let mut by_id: Vec<(&str, usize)> = open.iter().enumerate().map(|(i, (_, l))| (l.line_id(), i)).collect();
    by_id.sort_unstable();
    let mut taken = vec![false; open.len()];
    let mut out = Vec::new();
    for (i, (at, line)) in open.iter().enumerate() {
        let Some(named) = line.reverses() else { continue };
        let Some((_, o)) = by_id.binary_search_by(|(id, _)| (*id).cmp(named)).ok().and_then(|found| by_id.get(found)) else { continue };
        let Some((other_at, other)) = open.get(*o) else { continue };
        let free = |i: usize| taken.get(i).is_some_and(|t| !t);
        if *o != i && free(i) && free(*o) && cancel(other.amount_fen(), line.amount_fen()) {
            for (i, at) in [(i, *at), (*o, *other_at)] {
                if let Some(t) = taken.get_mut(i) {
                    *t = true;
                }
                out.push(at);
            }
        }
    }
    out
}

fn equal_pairs<'a, L: Line<'a>>(mut open: Vec<(u32, L)>) -> Vec<u32> {
    let key = |l: L| (l.item_code(), l.price_scaled(), l.doses(), l.amount_fen().unsigned_abs(), l.quantity_scaled().unsigned_abs());
    let opposite = |a: L, b: L| key(a) == key(b) && cancel(a.amount_fen(), b.amount_fen()) && a.quantity_scaled().checked_add(b.quantity_scaled()) == Some(0);
    // A stable sort: within equal keys and signs the rows keep the stable order of the document.
    open.sort_by(|(_, a), (_, b)| key(*a).cmp(&key(*b)).then(a.amount_fen().signum().cmp(&b.amount_fen().signum())));
    let mut out = Vec::new();
    let mut rest = open.as_slice();
    while let Some((_, first)) = rest.first() {
        let run = rest.iter().take_while(|(_, l)| key(*l) == key(*first)).count();
        let (same, after) = rest.split_at(run);
        let (minus, plus) = same.split_at(same.iter().take_while(|(_, l)| l.amount_fen() < 0).count());
        for ((at, line), (other_at, other)) in minus.iter().zip(plus) {
            if opposite(*line, *other) {
                out.extend([*at, *other_at]);
            }
        }
        rest = after;
    }
    out
}
