//! The insurer's day: what was settled and given back, once, and nothing else.

use std::collections::BTreeSet;

use super::{Broken, FIRST, InsurerStage, SECOND, Verdict, answered, ask, give_back, holds, of, priced, report, reversal, same, settled, split_of};
use crate::calendar::BizDate;
use crate::port::{InsurerBillRow, InsurerCall};

async fn bill(stage: &dyn InsurerStage, date: BizDate) -> Verdict<Vec<InsurerBillRow>> {
    answered("a day is asked about", ask(stage, InsurerCall::Bill { date }).await, of!(Bill))
}

/// A settlement as its order says, its reversal under a number of its own; not what is only priced.
pub(super) async fn a_bill_has_what_moved_on_its_day_once(stage: &dyn InsurerStage) -> Verdict {
    let begun = stage.cx().now.biz_date();
    let ((order, told), _) = (settled(stage, FIRST).await?, priced(stage, SECOND).await?);
    answered("an order is given back", ask(stage, give_back(&reversal(stage, "R0000000000000000001", &order, &told)?)).await, of!(Reverse))?;
    let days: BTreeSet<BizDate> = [begun, stage.cx().now.biz_date()].into();
    let mut found = Vec::new();
    for day in days {
        let rows = bill(stage, day).await?;
        holds("the rows are of their day", rows.iter().all(|row| row.at.biz_date() == day))?;
        found.extend(rows);
    }
    let [paid, back] = found.try_into().map_err(|rows: Vec<_>| Broken(format!("a settlement and its reversal are two rows: found {}", rows.len())))?;
    let split = split_of(&told)?;
    for (row, reversal) in [(&paid, false), (&back, true)] {
        same("which is which", row.reversal, reversal)?;
        same("the amounts are as settled", (row.total_fen, row.fund_fen, row.account_fen), (split.total_fen, split.fund_fen, split.account_fen))?;
        holds("our number, if any, is ours", row.order_no.as_ref().is_none_or(|no| *no == order.order_no.as_str()))?;
        holds("the visit, if any, is the order's", row.insurer_visit_id.is_none() || row.insurer_visit_id == order.insurer_visit_id)?;
    }
    holds("one of the two says whose it is", paid.order_no.is_some() || paid.insurer_visit_id.is_some())?;
    same("the settlement has the number its order tells", Some(&paid.insurer_no), told.insurer_no.as_ref())?;
    holds("the reversal has its own", back.insurer_no != paid.insurer_no)?;
    same("the order is given back", report(stage, &order).await?.class(), crate::insurance::OrderClass::Refunded)
}

/// Not an error: the day can be reconciled.
pub(super) async fn a_day_without_settlements_is_an_empty_bill(stage: &dyn InsurerStage) -> Verdict {
    settled(stage, FIRST).await?;
    let before = stage.cx().now.plus_millis(-2 * 86_400_000).biz_date();
    same("nothing moved on that day", bill(stage, before).await?, Vec::new())
}
