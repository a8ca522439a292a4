//! One refund number, one refund; together never more than was paid.

use super::{ChannelStage, FIRST, SECOND, Verdict, answered, ask, fen, give_back, holds, of, open, order, paid, proof, recent, refund, refunded, refused, returned, same};
use crate::payment::{RefundOrder, RefundState};
use crate::port::{ChannelCall, Outcome};

/// Before: not found. Then its amount goes back once, however often it is asked for; the order was paid all the same.
pub(super) async fn a_number_refunds_once(stage: &dyn ChannelStage) -> Verdict {
    let order = paid(stage, FIRST, 12_132).await?;
    let before = proof(stage, &order.out_trade_no).await?;
    let refund = refund("R0000000000000000001", &order, 132)?;
    same("an unknown refund is not found", refunded(stage, &refund.out_refund_no, refund.amount_fen).await?, RefundState::NotFound)?;
    for law in ["a refund is accepted", "it is repeated on its way"] {
        let state = answered(law, ask(stage, give_back(&refund)).await, of!(Refund))?;
        holds("it is done or on its way", matches!(state, RefundState::Done { .. } | RefundState::Processing))?;
    }
    let over = returned(stage, &refund).await?;
    let RefundState::Done { refund_no, amount_fen, at } = &over else { return same("it ends well", Some(over), None) };
    same("it is the amount that was asked for", *amount_fen, refund.amount_fen)?;
    holds("the channel has a number for it", !refund_no.is_empty())?;
    recent("it went back just now, in milliseconds", *at, stage.cx().now)?;
    stage.pass(1_100).await;
    same("a repeat is the same refund", &answered("it is repeated", ask(stage, give_back(&refund)).await, of!(Refund))?, &over)?;
    same("and stays so", &refunded(stage, &refund.out_refund_no, refund.amount_fen).await?, &over)?;
    same("it was money once", proof(stage, &order.out_trade_no).await?, before)
}

/// Another amount is neither given nor shown as if it were the one that was given.
pub(super) async fn a_refund_number_belongs_to_one_amount(stage: &dyn ChannelStage) -> Verdict {
    let order = paid(stage, FIRST, 12_132).await?;
    let right = refund("R0000000000000000001", &order, 132)?;
    answered("a refund is accepted", ask(stage, give_back(&right)).await, of!(Refund))?;
    let over = returned(stage, &right).await?;
    let dear = RefundOrder { amount_fen: fen(133)?, ..right.clone() };
    let other = ask(stage, give_back(&dear)).await;
    holds("another amount under the number is not given", !matches!(other, Outcome::Done(_)))?;
    let told = refunded(stage, &dear.out_refund_no, dear.amount_fen).await?;
    holds("whoever asked for another amount is told that it is not his", matches!(told, RefundState::Mismatch { .. }))?;
    same("the refund stays as it is", refunded(stage, &right.out_refund_no, right.amount_fen).await?, over)
}

/// Part after part until nothing is left, and not a fen more.
pub(super) async fn no_more_goes_back_than_was_paid(stage: &dyn ChannelStage) -> Verdict {
    let order = paid(stage, FIRST, 12_132).await?;
    let first = refund("R0000000000000000001", &order, 132)?;
    answered("a part is accepted", ask(stage, give_back(&first)).await, of!(Refund))?;
    let more = refund("R0000000000000000002", &order, 12_001)?;
    refused("more than is left", &ask(stage, give_back(&more)).await)?;
    let short = RefundOrder { total_fen: fen(12_131)?, ..refund("R0000000000000000003", &order, 1)? };
    refused("another total than was paid", &ask(stage, give_back(&short)).await)?;
    let rest = refund("R0000000000000000004", &order, 12_000)?;
    answered("the rest is accepted", ask(stage, give_back(&rest)).await, of!(Refund))?;
    refused("nothing is left", &ask(stage, give_back(&refund("R0000000000000000005", &order, 1)?)).await)?;
    for refund in [&first, &rest] {
        let state = returned(stage, refund).await?;
        holds("both parts went back", matches!(state, RefundState::Done { amount_fen, .. } if amount_fen == refund.amount_fen))?;
    }
    for refund in [&more, &short] {
        same("what was refused is not there", refunded(stage, &refund.out_refund_no, refund.amount_fen).await?, RefundState::NotFound)?;
    }
    Ok(())
}

/// Neither of an order that waits for its money nor of one that was never opened.
pub(super) async fn only_what_was_paid_goes_back(stage: &dyn ChannelStage) -> Verdict {
    let (waits, never) = (order(stage, FIRST, 12_132)?, order(stage, SECOND, 12_132)?);
    answered("an order is opened", ask(stage, open(&waits)).await, of!(Open))?;
    for (law, number, order) in [("it is not paid", "R0000000000000000001", &waits), ("there is none", "R0000000000000000002", &never)] {
        let refund = refund(number, order, 132)?;
        refused(law, &ask(stage, ChannelCall::Refund { refund: refund.clone() }).await)?;
        same("there is no refund", refunded(stage, &refund.out_refund_no, refund.amount_fen).await?, RefundState::NotFound)?;
    }
    Ok(())
}
