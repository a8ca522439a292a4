//! Wires break: whoever got no answer knows nothing, asks, and finds what happened.

use super::{ChannelStage, FIRST, Mishap, SECOND, Verdict, answered, ask, close, give_back, holds, lost, of, open, order, paid, refund, refunded, returned, same, state, unknown};
use crate::payment::{RefundState, TradeState};
use crate::port::ChannelCall;

/// Found by asking, and a repeat gets what the first call would have got.
pub(super) async fn what_happened_is_found_when_the_answer_is_lost(stage: &dyn ChannelStage) -> Verdict {
    for mishap in [Mishap::AnswerLost, Mishap::BrokenAfter] {
        let number = if mishap == Mishap::AnswerLost { FIRST } else { SECOND };
        let order = order(stage, number, 12_132)?;
        stage.mishap("channel.open", mishap);
        unknown("an opening without answer", &ask(stage, open(&order)).await)?;
        same("it is open", state(stage, &order.out_trade_no).await?, TradeState::NotPaid)?;
        let first = answered("an opening is repeated", ask(stage, open(&order)).await, of!(Open))?;
        same("again it hands over the same", answered("once more", ask(stage, open(&order)).await, of!(Open))?, first)?;
        stage.mishap("channel.close", mishap);
        unknown("a closing without answer", &ask(stage, close(&order)).await)?;
        same("it is closed", state(stage, &order.out_trade_no).await?, TradeState::Closed)?;
        holds("nobody can pay it", !stage.pay(&order.out_trade_no))?;
    }
    let order = paid(stage, "P0000000000000000003", 12_132).await?;
    for (number, mishap) in [("R0000000000000000001", Mishap::AnswerLost), ("R0000000000000000002", Mishap::BrokenAfter)] {
        let refund = refund(number, &order, 6_066)?;
        stage.mishap("channel.refund", mishap);
        unknown("a refund without answer", &ask(stage, give_back(&refund)).await)?;
        let over = returned(stage, &refund).await?;
        holds("it went back", matches!(over, RefundState::Done { amount_fen, .. } if amount_fen == refund.amount_fen))?;
        // Both halves fit: nothing went back twice.
        same("a repeat is the same refund", answered("it is repeated", ask(stage, give_back(&refund)).await, of!(Refund))?, over)?;
    }
    Ok(())
}

/// Found missing by asking; then it may be asked for again under its number.
pub(super) async fn what_never_arrived_did_not_happen(stage: &dyn ChannelStage) -> Verdict {
    let order = order(stage, FIRST, 12_132)?;
    stage.mishap("channel.open", Mishap::RequestLost);
    unknown("an opening that is lost", &ask(stage, open(&order)).await)?;
    same("it is not found", state(stage, &order.out_trade_no).await?, TradeState::NotFound)?;
    answered("it is opened now", ask(stage, open(&order)).await, of!(Open))?;
    stage.mishap("channel.close", Mishap::RequestLost);
    unknown("a closing that is lost", &ask(stage, close(&order)).await)?;
    holds("it can still be paid", stage.pay(&order.out_trade_no))?;
    let refund = refund("R0000000000000000001", &order, 12_132)?;
    stage.mishap("channel.refund", Mishap::RequestLost);
    unknown("a refund that is lost", &ask(stage, give_back(&refund)).await)?;
    same("it is not found", refunded(stage, &refund.out_refund_no, refund.amount_fen).await?, RefundState::NotFound)?;
    answered("it is accepted now", ask(stage, give_back(&refund)).await, of!(Refund)).map(drop)
}

/// Of no call, however it is lost; the next one works.
pub(super) async fn no_answer_proves_nothing(stage: &dyn ChannelStage) -> Verdict {
    let order = paid(stage, FIRST, 12_132).await?;
    let refund = refund("R0000000000000000001", &order, 132)?;
    for mishap in Mishap::ALL {
        for call in [
            open(&order),
            close(&order),
            ChannelCall::Query { out_trade_no: order.out_trade_no.clone() },
            give_back(&refund),
            ChannelCall::QueryRefund { out_refund_no: refund.out_refund_no.clone(), amount_fen: refund.amount_fen },
            ChannelCall::Bill { date: stage.cx().now.biz_date() },
        ] {
            stage.mishap(call.name(), mishap);
            lost(call.name(), mishap, &ask(stage, call.clone()).await)?;
        }
    }
    holds("afterwards it is asked as before", matches!(state(stage, &order.out_trade_no).await?, TradeState::Paid(_)))
}
