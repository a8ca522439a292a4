//! What is left of a bill after a partial refund (全退重收).

use super::Bill;
use crate::charge::ChargeLine;
use crate::error::Result;
use crate::gm;
use crate::ident::BillId;
use crate::money::Money;

impl Bill {
    /// The bill of the lines that were charged again: of the same visit, department and payer. It is not rounded again: what
    /// rounding had added goes back with the rest, so that what is left is the sum of its lines.
    pub fn keeping(&self, lines: Vec<ChargeLine>) -> Result<Bill> {
        let parts = ["menjie-bill-kept-1", self.bill_id.as_str()].into_iter().chain(lines.iter().map(|line| line.line_id.as_str()));
        let text: Vec<u8> = parts.flat_map(|part| part.bytes().chain([0])).collect();
        let digest = gm::hex(&gm::sm3(&text));
        let total_fen = Money::sum(lines.iter().map(|line| line.amount_fen))?;
        Ok(Bill {
            bill_id: BillId::new(digest.get(..32).unwrap_or(&digest))?,
            total_fen,
            rounding_fen: Money::ZERO,
            zero: total_fen.is_zero(),
            lines,
            netted: Vec::new(),
            ..self.clone()
        })
    }
}
