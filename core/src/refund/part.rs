//! What may go back when not all of it may: the rule is asked again without what it named, until nothing stands against the rest.

use super::eligible::eligible;
use super::facts::Facts;
use crate::ident::LineKey;
use crate::money::Quantity;

/// The lines that may go back together; none when nothing may, or when something stands against the settlement itself.
pub fn what_may(facts: &Facts) -> Option<Vec<LineKey>> {
    let mut facts = facts.clone();
    loop {
        let answer = eligible(&facts);
        if answer.allowed() {
            let back = facts.lines.iter().filter(|line| line.back(answer.whole) > Quantity::ZERO);
            return Some(back.map(|line| line.line_id.clone()).collect());
        }
        if answer.whole && facts.is_insured() {
            return None;
        }
        // Each round leaves a line out at least, so this ends.
        for finding in &answer.reasons {
            let line = finding.line.and_then(|at| facts.lines.get_mut(at as usize))?;
            line.back = Some(Quantity::ZERO);
        }
    }
}
