//! What of a settlement is to go back, as somebody picks it.

use serde::{Deserialize, Serialize};

use crate::charge::{ChargeLine, ItemKind};
use crate::error::{Error, Result};
use crate::ident::LineKey;
use crate::money::Quantity;
use crate::refund::{Dispensing, Execution, LineFacts};
use crate::workflow::{Refusal, Settlement};

/// A line to be given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundPicked"))]
#[serde(deny_unknown_fields)]
pub struct Picked {
    /// Which.
    pub line_id: LineKey,
    /// How much of it; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
}

/// The lines of the settlement with how much of each is to go back. Reversing rows (红冲行) belong to what they reverse, so such a
/// bill goes back whole.
pub(super) fn lines(settlement: &Settlement, picked: &[Picked]) -> Result<std::result::Result<Vec<LineFacts>, Refusal>> {
    let ours = |key: &LineKey| settlement.bill.lines.iter().any(|line| &line.line_id == key);
    for (at, pick) in picked.iter().enumerate() {
        let field = |problem: &'static str| Err(Error::field(format!("lines[{at}].line_id"), problem));
        if !ours(&pick.line_id) {
            return field("is not in the settlement");
        }
        if picked.iter().take(at).any(|earlier| earlier.line_id == pick.line_id) {
            return field("is picked twice");
        }
        if pick.quantity.is_some_and(|quantity| quantity <= Quantity::ZERO) {
            return Err(Error::field(format!("lines[{at}].quantity"), "is not above zero"));
        }
    }
    let back = |line: &ChargeLine| match picked.iter().find(|pick| pick.line_id == line.line_id) {
        None if picked.is_empty() => None,
        None => Some(Quantity::ZERO),
        Some(pick) => pick.quantity,
    };
    let charged = settlement.bill.lines.iter().filter(|line| line.quantity > Quantity::ZERO);
    let of = |line: &ChargeLine| LineFacts {
        line_id: line.line_id.clone(),
        order_no: line.order_no.clone(),
        atomic_key: line.atomic_key.clone(),
        amount_fen: line.amount_fen,
        quantity: line.quantity,
        back: back(line),
        execution: Execution::None,
        exec_dept_code: line.exec_dept_code.clone(),
        lab: None,
        imaging: None,
        dispensing: Dispensing::None,
        drug: matches!(line.kind, ItemKind::Drug | ItemKind::Herb),
        returned: Quantity::ZERO,
    };
    let lines: Vec<LineFacts> = charged.map(of).collect();
    let part = lines.iter().any(|line| line.back.is_some_and(|back| back != line.quantity));
    if part && settlement.insured.is_none() && has_reversals(settlement) {
        return Ok(Err(Refusal::new("whole_only", "该笔缴费含冲减明细，只能全部退费。", "请申请全部退费，或到门诊收费窗口办理部分退费。")));
    }
    Ok(Ok(lines))
}

/// Rows that take others back, wholly or in part.
pub(super) fn has_reversals(settlement: &Settlement) -> bool {
    settlement.bill.lines.iter().any(|line| line.quantity <= Quantity::ZERO)
}
