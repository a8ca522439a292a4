//! One number, one order; closed or expired, it takes no money; paid, it stays paid.

use super::{CLOSE, ChannelStage, FIRST, Verdict, answered, ask, close, fen, holds, no, of, open, order, paid, proof, recent, refused, same, state, unknown};
use crate::payment::{ChannelOrder, NoticeWhat, RawNotice, TradeState};
use crate::port::{ChannelCall, Outcome};

/// A repeat hands over the same; another amount under the number never does; whoever has it pays the first amount, once.
pub(super) async fn a_number_opens_one_order(stage: &dyn ChannelStage) -> Verdict {
    let order = order(stage, FIRST, 12_132)?;
    let first = answered("an order is opened", ask(stage, open(&order)).await, of!(Open))?;
    let again = answered("an opening is repeated", ask(stage, open(&order)).await, of!(Open))?;
    same("a repeat hands over the same", again, first)?;
    let dear = ChannelOrder { amount_fen: fen(12_133)?, ..order.clone() };
    let other = ask(stage, open(&dear)).await;
    holds("another amount under the number opens nothing", !matches!(other, Outcome::Done(_)))?;
    holds("a payer pays it", stage.pay(&order.out_trade_no))?;
    holds("nobody pays it twice", !stage.pay(&order.out_trade_no))?;
    same("the amount is the first one", proof(stage, &order.out_trade_no).await?.amount_fen, order.amount_fen)
}

/// Before: not found. Then not paid, then paid: amount as asked, a number of the channel's, a time of now; the same for ever.
pub(super) async fn an_order_can_be_asked_about(stage: &dyn ChannelStage) -> Verdict {
    let order = order(stage, FIRST, 12_132)?;
    let number = &order.out_trade_no;
    same("an unknown number is not found", state(stage, number).await?, TradeState::NotFound)?;
    answered("an order is opened", ask(stage, open(&order)).await, of!(Open))?;
    same("nobody has paid yet", state(stage, number).await?, TradeState::NotPaid)?;
    holds("a payer pays it", stage.pay(number))?;
    let first = proof(stage, number).await?;
    same("it is the amount that was asked for", first.amount_fen, order.amount_fen)?;
    holds("the channel has a number for it", !first.trade_no.is_empty())?;
    recent("it was paid just now, in milliseconds", first.paid_at, stage.cx().now)?;
    same("the proof stays the same", proof(stage, number).await?, first)
}

/// Closing may be repeated. Then nobody can pay, nor is it ever opened again.
pub(super) async fn a_closed_order_takes_no_money(stage: &dyn ChannelStage) -> Verdict {
    let order = order(stage, FIRST, 12_132)?;
    answered("an order is opened", ask(stage, open(&order)).await, of!(Open))?;
    answered("an order is closed", ask(stage, close(&order)).await, CLOSE)?;
    answered("closing is repeated", ask(stage, close(&order)).await, CLOSE)?;
    holds("nobody can pay it", !stage.pay(&order.out_trade_no))?;
    same("it is closed", state(stage, &order.out_trade_no).await?, TradeState::Closed)?;
    refused("a closed number is opened again", &ask(stage, open(&order)).await)?;
    same("it stays closed", state(stage, &order.out_trade_no).await?, TradeState::Closed)
}

/// The channel keeps the time, whatever we do.
pub(super) async fn an_expired_order_takes_no_money(stage: &dyn ChannelStage) -> Verdict {
    let order = ChannelOrder { expires_at: stage.cx().now.plus_millis(1_500), ..order(stage, FIRST, 12_132)? };
    answered("an order is opened", ask(stage, open(&order)).await, of!(Open))?;
    stage.pass(1_600).await;
    holds("nobody can pay it", !stage.pay(&order.out_trade_no))?;
    let state = state(stage, &order.out_trade_no).await?;
    holds("there is no money", matches!(state, TradeState::Closed | TradeState::NotPaid))
}

/// Closing is told so, and opening again is no proof that nothing was paid.
pub(super) async fn what_is_paid_is_neither_closed_nor_opened_again(stage: &dyn ChannelStage) -> Verdict {
    let order = paid(stage, FIRST, 12_132).await?;
    let first = proof(stage, &order.out_trade_no).await?;
    refused("a paid order is not closed", &ask(stage, close(&order)).await)?;
    unknown("a paid number is opened again", &ask(stage, open(&order)).await)?;
    same("it stays paid", proof(stage, &order.out_trade_no).await?, first)
}

/// An order that is not there cannot be made never to be there: it may still arrive.
pub(super) async fn nobody_closes_what_was_never_opened(stage: &dyn ChannelStage) -> Verdict {
    refused("there is no such order", &ask(stage, ChannelCall::Close { out_trade_no: no(FIRST)? }).await)?;
    same("it is still not found", state(stage, &no(FIRST)?).await?, TradeState::NotFound)
}

/// About our number, with the same proof, under an id that repeats carry, too. Changed or without its signature it is an error.
pub(super) async fn a_callback_says_what_a_query_says(stage: &dyn ChannelStage) -> Verdict {
    let order = paid(stage, FIRST, 12_132).await?;
    let [told] = stage.callbacks().try_into().map_err(|all: Vec<_>| super::Broken(format!("one payment, one callback: found {}", all.len())))?;
    let now = stage.cx().now;
    let accept = |headers: &[(String, String)], body: &[u8]| stage.channel().accept(&RawNotice { headers, body }, now);
    let notice = accept(&told.headers, &told.body)?;
    let proof = proof(stage, &order.out_trade_no).await?;
    let said = NoticeWhat::Trade { out_trade_no: order.out_trade_no.to_string(), state: TradeState::Paid(proof) };
    same("callback and query agree", &notice.what, &said)?;
    holds("it has an id", !notice.id.is_empty())?;
    same("a repeat is the same message", accept(&told.headers, &told.body)?, notice)?;
    holds("without its signature it is refused", accept(&[], &told.body).is_err())?;
    for at in [0, told.body.len() / 2, told.body.len().saturating_sub(1)] {
        let mut changed = told.body.clone();
        changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
        holds("a changed one is refused", accept(&told.headers, &changed).is_err())?;
    }
    Ok(())
}
