//! The bill of a day: what moved, once, and nothing else.

use std::collections::BTreeSet;

use super::{Broken, CLOSE, ChannelStage, FIRST, SECOND, Verdict, answered, ask, bill, close, give_back, holds, of, open, order, paid, proof, refund, returned, same, unknown};
use crate::calendar::BizDate;
use crate::payment::RefundState;
use crate::port::ChannelCall;
use crate::reconcile::{Direction, Part, Row, RowStatus};

/// Payments and refunds as query and proof say, each on its day; not what waits, was closed, or was refused.
pub(super) async fn a_bill_has_what_moved_on_its_day_once(stage: &dyn ChannelStage) -> Verdict {
    let (first, second) = (paid(stage, FIRST, 12_132).await?, paid(stage, SECOND, 1).await?);
    let (waits, closed) = (order(stage, "P0000000000000000003", 500)?, order(stage, "P0000000000000000004", 500)?);
    for order in [&waits, &closed] {
        answered("an order is opened", ask(stage, open(order)).await, of!(Open))?;
    }
    answered("an order is closed", ask(stage, close(&closed)).await, CLOSE)?;
    let back = refund("R0000000000000000001", &first, 132)?;
    answered("a refund is accepted", ask(stage, give_back(&back)).await, of!(Refund))?;
    let RefundState::Done { refund_no, amount_fen, at } = returned(stage, &back).await? else { return Err(Broken("a refund ends well".to_owned())) };
    let mut wanted = Vec::new();
    for order in [&first, &second] {
        let proof = proof(stage, &order.out_trade_no).await?;
        wanted.push(Row {
            order_no: order.out_trade_no.to_string(),
            refund_no: String::new(),
            trade_no: proof.trade_no,
            direction: Direction::Pay,
            part: Part::Cash,
            amount_fen: order.amount_fen,
            status: RowStatus::Done,
            fee: None,
            at: proof.paid_at,
        });
    }
    let (order_no, refund_no) = (first.out_trade_no.to_string(), (back.out_refund_no.to_string(), refund_no));
    wanted.push(Row {
        order_no,
        refund_no: refund_no.0,
        trade_no: refund_no.1,
        direction: Direction::Refund,
        part: Part::Cash,
        amount_fen,
        status: RowStatus::Done,
        fee: None,
        at,
    });
    let days: BTreeSet<BizDate> = wanted.iter().map(|row| row.at.biz_date()).collect();
    for day in &days {
        // What a channel charges is not promised.
        let mut found: Vec<Row> = bill(stage, *day).await?.into_iter().map(|row| Row { fee: None, ..row }).collect();
        let mut moved: Vec<Row> = wanted.iter().filter(|row| row.at.biz_date() == *day).cloned().collect();
        for rows in [&mut found, &mut moved] {
            rows.sort_by(|a, b| (&a.order_no, &a.refund_no).cmp(&(&b.order_no, &b.refund_no)));
        }
        same("the bill has what moved", found, moved)?;
    }
    holds("it is the bill of these days", !days.is_empty())
}

/// Not an error: the day can be reconciled.
pub(super) async fn a_day_without_trades_is_an_empty_bill(stage: &dyn ChannelStage) -> Verdict {
    paid(stage, FIRST, 12_132).await?;
    let before = stage.cx().now.plus_millis(-2 * 86_400_000).biz_date();
    same("nothing moved on that day", bill(stage, before).await?, Vec::new())
}

/// An empty one would say that nothing moved.
pub(super) async fn a_bill_that_is_not_made_is_no_answer(stage: &dyn ChannelStage) -> Verdict {
    let date = stage.cx().now.biz_date().plus_days(2);
    unknown("a day that has not begun", &ask(stage, ChannelCall::Bill { date }).await)
}
