//! 2208: a settlement goes back; 2601: what became of nothing we know is undone.

use menjie_transport::Shape;
use serde_json::{Map, Value};

use super::settle::{self, Settlement};
use super::{MsgId, Visit};
use crate::field::filled;

/// 结算撤销, the whole settlement. Repeat it after a time-out: "reversed before" is a success.
pub const REVERSE: &str = "2208";
/// 冲正, only when the end of the original is unknown; a known success is undone by 2208.
pub const CORRECT: &str = "2601";
/// What 2601 undoes.
pub const CORRECTABLE: [&str; 7] = ["2102", "2103", "2207", "2208", "2304", "2305", "2401"];

/// Reverses a settlement.
pub fn reverse(visit: Visit<'_>, setl_id: &str) -> Map<String, Value> {
    settle::find(visit, setl_id)
}

/// A reversal, with a number of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reversal {
    /// Reversed now.
    Now(Box<Settlement>),
    /// Reversed before; 5203 tells the rest.
    Before,
}

/// The answer to 2208. Whether towns write its amounts below zero is not established: they stand without sign here.
pub fn reversed(output: &Map<String, Value>, mdtrt_id: &str) -> Result<Reversal, Shape> {
    let settlement = settle::settlement(output, mdtrt_id)?;
    Ok(Reversal::Now(Box::new(Settlement { split: settlement.split.magnitudes(), ..settlement })))
}

/// Does the text of a no say that it was reversed before?
pub fn says_reversed(text: &str, words: &[String]) -> bool {
    words.iter().any(|word| text.contains(word.as_str()))
}

/// Undoes a transaction of ours whose end is unknown; none for one that 2601 does not know.
pub fn correct(visit: Visit<'_>, original: &MsgId, infno: &str) -> Option<Map<String, Value>> {
    CORRECTABLE.contains(&infno).then(|| filled([("psn_no", visit.person.psn_no.reveal()), ("omsgid", original.as_str()), ("oinfno", infno)]))
}
