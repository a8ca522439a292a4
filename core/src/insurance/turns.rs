//! Several bills of one patient: which may be paid now (DESIGN.md §4.1, domain/medins.md §3.7).
//!
//! The insurer counts deductible and limits from settlement to settlement, so insured bills are priced one after the other,
//! in the stable order of grouping, each only after the one before is settled.

use crate::bill::Bill;
use crate::charge::PayerClass;

/// Through which counterparts a bill is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PayPath {
    /// Cash only: a self-paying visit, or an insured one with nothing but self-paid items (no 2204 is sent).
    Cash,
    /// Insurer first, then cash for the rest.
    Insured,
}

/// The path of a bill.
pub fn pay_path(bill: &Bill) -> PayPath {
    let insured = bill.payer == PayerClass::Insured && bill.all_lines().any(|line| !line.self_paid_item);
    if insured { PayPath::Insured } else { PayPath::Cash }
}

/// What can be done with a bill now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// Pay it: cash bills together, an insured one alone.
    Now,
    /// Nothing to pay: it is confirmed without a channel, at any time.
    Confirm,
    /// Wait until the insured bill at this position is settled, then quote again: the split may change.
    After(usize),
    /// Below zero: only at the window.
    Window,
}

/// The turn of each bill, given in the stable order of grouping.
pub fn turns(bills: &[Bill]) -> Vec<Turn> {
    let mut first_insured = None;
    bills
        .iter()
        .enumerate()
        .map(|(at, bill)| match (bill.credit, pay_path(bill)) {
            (true, _) => Turn::Window,
            (false, _) if bill.zero => Turn::Confirm,
            (false, PayPath::Cash) => Turn::Now,
            (false, PayPath::Insured) => match first_insured {
                Some(before) => Turn::After(before),
                None => {
                    first_insured = Some(at);
                    Turn::Now
                }
            },
        })
        .collect()
}
