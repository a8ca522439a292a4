//! Facts of a refund for B3: one line or ten, nothing against it or the month against it.

use menjie::charge::PayerClass;
use menjie::ident::{DeptCode, LineKey};
use menjie::invoice::InvoiceFact;
use menjie::money::Quantity;
use menjie::refund::{ChannelFacts, Dispensing, Execution, Facts, LabState, LineFacts, SettlementFact, Window, eligible};
use menjie::{Money, Timestamp};

use crate::Fallible;

/// An insured settlement of so many lines, executed tomorrow or in the next month.
pub fn facts(lines: usize, in_time: bool) -> Fallible<Facts> {
    let settled = Timestamp::parse("2026-03-10T09:00:00+08:00")?;
    let line = |at: usize| -> Fallible<LineFacts> {
        Ok(LineFacts {
            line_id: LineKey::new(&format!("L20260310{at:05}"))?,
            order_no: Some(format!("R20260310{at:04}")),
            atomic_key: None,
            amount_fen: Money::from_fen(9142)?,
            quantity: Quantity::parse("28")?,
            back: None,
            execution: Execution::Undone,
            exec_dept_code: Some(DeptCode::new("JYK")?),
            lab: Some(LabState::CollectionUndone),
            imaging: None,
            dispensing: Dispensing::Dispensed,
            drug: true,
            returned: Quantity::parse("28")?,
        })
    };
    Ok(Facts {
        now: Timestamp::parse(if in_time { "2026-03-11T09:00:00+08:00" } else { "2026-04-01T00:00:00+08:00" })?,
        requested_at: Some(settled),
        payer: PayerClass::Insured,
        insurer_settled_at: Some(settled),
        window: Window::default(),
        settlement: SettlementFact::Posted,
        open_request: false,
        day_closed: false,
        invoice: InvoiceFact::Blue,
        channel: Some(ChannelFacts { paid_at: settled, refund_age_days: 365, partial_refund: true }),
        lines: (0..lines).map(line).collect::<Fallible<_>>()?,
    })
}

/// What an answer is compared by: the codes of its reasons, each once, in alphabetical order.
pub fn check(facts: &Facts) -> String {
    let mut codes: Vec<&str> = eligible(facts).reasons.iter().map(|f| if f.reason.code().starts_with("cross_month") { "cross_month" } else { f.reason.code() }).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_is_the_only_thing_against_it() {
        for lines in [1, 10] {
            assert_eq!([true, false].map(|in_time| check(&facts(lines, in_time).unwrap())), ["", "cross_month"]);
        }
    }
}
