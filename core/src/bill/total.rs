//! Totals of lines by the hospital's rules, for hosts that group elsewhere (domain/hospital.md §2.4).

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::money::{CashRounding, Exact, Money, Quantity, Totalling, UnitPrice, line_amount};

fn one() -> u32 {
    1
}

/// What is needed of a line to total it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TotalLine {
    /// Unit price in yuan.
    pub price: UnitPrice,
    /// Quantity; negative on reversal rows.
    pub quantity: Quantity,
    /// Doses of a herb prescription.
    #[serde(default = "one")]
    pub doses: u32,
    /// The amount HIS gives, checked when given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_fen: Option<Money>,
}

/// Request of `bill.total`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TotalRequest {
    /// The lines.
    pub lines: Vec<TotalLine>,
    /// How the total is made.
    #[serde(default)]
    pub totalling: Totalling,
    /// Cash rounding; electronic payment never rounds.
    #[serde(default)]
    pub cash_rounding: CashRounding,
}

/// Response of `bill.total`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TotalResponse {
    /// Each line, half away from zero.
    pub amounts_fen: Vec<Money>,
    /// What is to be paid electronically.
    pub total_fen: Money,
    /// 货币误差: total − sum of the lines.
    pub rounding_fen: Money,
    /// What is to be paid in cash.
    pub cash_fen: Money,
    /// Total − cash (original − rounded).
    pub cash_rounding_fen: Money,
}

impl TotalRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<TotalResponse> {
        total(&self.lines, self.totalling, self.cash_rounding)
    }
}

/// Adds lines up; a given amount that is not price × quantity × doses is refused with its path.
pub fn total(lines: &[TotalLine], totalling: Totalling, cash: CashRounding) -> Result<TotalResponse> {
    let mut amounts_fen = Vec::with_capacity(lines.len());
    let mut exact = Exact::ZERO;
    for (at, line) in lines.iter().enumerate() {
        let amount = line_amount(line.price, line.quantity, line.doses).map_err(|_| Error::new(Code::AmountRange).with("field", format!("lines[{at}].amount_fen")))?;
        if let Some(given) = line.amount_fen.filter(|given| *given != amount) {
            return Err(Error::line_amount(amount, given.fen()).under(&format!("lines[{at}]")));
        }
        amounts_fen.push(amount);
        exact = exact.plus(Exact::of_line(line.price.scaled(), line.quantity.scaled(), line.doses));
    }
    let beyond = |_| Error::amount_range("total_fen");
    let sum = Money::sum(amounts_fen.iter().copied()).map_err(beyond)?;
    let total_fen = match totalling {
        Totalling::SumOfLines => sum,
        Totalling::RoundedSum => exact.round().map_err(beyond)?,
    };
    let (cash_fen, cash_rounding_fen) = cash.round(total_fen).map_err(beyond)?;
    Ok(TotalResponse { amounts_fen, total_fen, rounding_fen: total_fen.minus(sum).map_err(beyond)?, cash_fen, cash_rounding_fen })
}
