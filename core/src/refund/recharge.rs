//! A partial refund of a self-paid settlement: full reversal and charging again (全退重收). Every line is reversed, what is
//! kept is charged again under a new key, and the channel gives back the difference.

use serde::{Deserialize, Serialize};

use super::facts::LineFacts;
use crate::error::{Error, Result};
use crate::ident::LineKey;
use crate::money::{Money, Quantity, kept_amount};

/// A line that is charged again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Kept {
    /// Its new key; the old one is dead once the settlement is reversed.
    pub line_id: LineKey,
    /// The key it replaces.
    pub original_line_id: LineKey,
    /// What is kept.
    pub quantity: Quantity,
    /// Its amount.
    pub amount_fen: Money,
}

/// The amounts of a partial refund: reversed = refund + kept, to the fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Recharge {
    /// What the old settlement had: all of it is reversed.
    pub reversed_fen: Money,
    /// What the new settlement has.
    pub kept_fen: Money,
    /// What goes back to the patient.
    pub refund_fen: Money,
    /// The lines of the new settlement.
    pub kept: Vec<Kept>,
}

/// Computes a partial refund of lines that may be refunded. `generation` counts the settlements of the chain, from 2 for the
/// first successor.
pub fn recharge(lines: &[LineFacts], generation: u32) -> Result<Recharge> {
    let mut kept = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let quantity = line.quantity.minus(line.back(false)).ok().filter(|q| *q >= Quantity::ZERO);
        let quantity = quantity.ok_or_else(|| Error::field(format!("lines[{at}].back"), "is more than what is left"))?;
        if quantity > Quantity::ZERO {
            let amount_fen = kept_amount(line.amount_fen, line.quantity, quantity).map_err(|e| e.under(&format!("lines[{at}]")))?;
            kept.push(Kept { line_id: successor_key(&line.line_id, generation)?, original_line_id: line.line_id.clone(), quantity, amount_fen });
        }
    }
    let reversed_fen = Money::sum(lines.iter().map(|line| line.amount_fen))?;
    let kept_fen = Money::sum(kept.iter().map(|line| line.amount_fen))?;
    Ok(Recharge { reversed_fen, kept_fen, refund_fen: reversed_fen.minus(kept_fen)?, kept })
}

/// The key a line gets when it is charged again and HIS leaves the naming to us: `D1` → `D1~2` → `D1~3`.
pub fn successor_key(key: &LineKey, generation: u32) -> Result<LineKey> {
    let root = key.as_str().rsplit_once('~').filter(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())).map_or(key.as_str(), |(root, _)| root);
    LineKey::new(&format!("{root}~{generation}"))
}

/// A line of the new settlement, as HIS answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered<'a> {
    /// Its key in HIS.
    pub line_id: &'a LineKey,
    /// The key it replaces.
    pub original_line_id: &'a LineKey,
    /// Its amount.
    pub amount_fen: Money,
}

impl Recharge {
    /// Is HIS's answer the one that was computed? Every kept line once, by its original key; no old key lives on; no new
    /// key twice; the same amounts. Anything else is evidence that contradicts itself, and a person looks at it.
    pub fn is_answered_by(&self, answer: &[Answered<'_>]) -> bool {
        let same = |kept: &Kept, line: &Answered<'_>| *line.original_line_id == kept.original_line_id && line.amount_fen == kept.amount_fen;
        let old = |key: &LineKey| self.kept.iter().any(|kept| kept.original_line_id == *key);
        let mut keys: Vec<&LineKey> = answer.iter().map(|line| line.line_id).collect();
        keys.sort();
        answer.len() == self.kept.len()
            && self.kept.iter().all(|kept| answer.iter().filter(|line| same(kept, line)).count() == 1)
            && answer.iter().all(|line| !old(line.line_id))
            && keys.windows(2).all(|pair| matches!(pair, [a, b] if a != b))
    }
}
