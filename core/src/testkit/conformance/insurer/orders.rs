//! An order: uploaded, priced, settled or revoked.

use super::{
    Broken, FIRST, InsurerStage, REVOKE, SECOND, Verdict, answered, ask, holds, of, place, priced, query, recent, refused, report, revoke, same, send, settled, split_of, uploaded,
};
use crate::access::Private;
use crate::insurance::{OrderClass, OrderRef};
use crate::payment::RawNotice;
use crate::port::{InsurerAnswer, Outcome};

/// A repeat is the same order or a no, never another order; two numbers are two orders.
pub(super) async fn a_number_is_uploaded_once(stage: &dyn InsurerStage) -> Verdict {
    let (upload, first) = uploaded(stage, FIRST).await?;
    match ask(stage, send(&upload)).await {
        Outcome::Done(InsurerAnswer::Upload(again)) => same("a repeat is the same order", &again.pay_order_id, &first.pay_order_id)?,
        other => refused("a repeat makes no other order", &other)?,
    }
    let (_, second) = uploaded(stage, SECOND).await?;
    holds("another number is another order", second.pay_order_id != first.pay_order_id)?;
    let told = report(stage, &first).await?;
    same("it waits to be priced", (told.class(), told.split, told.pay_order_id), (OrderClass::Processing, None, first.pay_order_id))
}

/// The parts add up to what was uploaded (I-1 to I-5), each time they are asked for.
pub(super) async fn an_order_is_priced_to_the_fen(stage: &dyn InsurerStage) -> Verdict {
    let (upload, order) = uploaded(stage, FIRST).await?;
    let first = answered("an order is priced", ask(stage, place(stage, &upload, &order)).await, of!(Place))?;
    let split = split_of(&first)?;
    same("it is the order that was uploaded", (&first.pay_order_id, split.total_fen), (&order.pay_order_id, upload.total_fen))?;
    same("the parts add up", split.check()?, Vec::new())?;
    holds("everybody pays a part", [split.cash_fen, split.account_fen, split.fund_fen].iter().all(|part| part.is_positive()))?;
    same("it is not settled", first.class(), OrderClass::Processing)?;
    let again = answered("pricing is repeated", ask(stage, place(stage, &upload, &order)).await, of!(Place))?;
    same("a repeat says the same", again.split, first.split)?;
    same("so does a query", report(stage, &order).await?.split, first.split)
}

/// Then it has a time of now and a number of the insurer's, for ever.
pub(super) async fn an_order_settles_as_it_was_priced(stage: &dyn InsurerStage) -> Verdict {
    let (order, priced) = priced(stage, FIRST).await?;
    holds("it is settled", stage.confirm(&order.order_no))?;
    holds("once", !stage.confirm(&order.order_no))?;
    let told = report(stage, &order).await?;
    same("it says so", (told.class(), &told.pay_order_id), (OrderClass::Settled, &order.pay_order_id))?;
    same("as it was priced", split_of(&told)?.same_as(&split_of(&priced)?)?, Vec::new())?;
    holds("the insurer has a number for it", told.insurer_no.as_ref().is_some_and(|no| !no.is_empty()))?;
    holds("it may be reversed when HIS cannot post it", told.reversal_token.is_some())?;
    recent("it was settled just now, in milliseconds", told.settled_at.ok_or_else(|| Broken("it says when".to_owned()))?, stage.cx().now)?;
    same("it stays so", report(stage, &order).await?, told)
}

/// Without it nobody learns or changes anything.
pub(super) async fn an_order_opens_to_its_token(stage: &dyn InsurerStage) -> Verdict {
    let (order, priced) = priced(stage, FIRST).await?;
    let shut = OrderRef { pay_token: Private::new("another"), ..order.clone() };
    let strange = OrderRef { pay_order_id: "NONE".to_owned(), ..order.clone() };
    for (law, wrong) in [("another token", shut), ("no such order", strange)] {
        for call in [query(&wrong), revoke(&wrong)] {
            refused(law, &ask(stage, call).await)?;
        }
    }
    same("it stays as it is", report(stage, &order).await?, priced)
}

/// Revoking may be repeated, before pricing and after. Then no password settles it.
pub(super) async fn a_revoked_order_is_never_settled(stage: &dyn InsurerStage) -> Verdict {
    let ((upload, first), (second, _)) = (uploaded(stage, FIRST).await?, priced(stage, SECOND).await?);
    for order in [&first, &second] {
        for law in ["an order is revoked", "revoking is repeated"] {
            answered(law, ask(stage, revoke(order)).await, REVOKE)?;
        }
        holds("nobody settles it", !stage.confirm(&order.order_no))?;
        same("it is revoked", report(stage, order).await?.class(), OrderClass::Cancelled)?;
    }
    refused("a revoked order is not priced", &ask(stage, place(stage, &upload, &first)).await)
}

/// Then it is given back, or nothing.
pub(super) async fn what_is_settled_cannot_be_revoked(stage: &dyn InsurerStage) -> Verdict {
    let (order, told) = settled(stage, FIRST).await?;
    refused("it is settled", &ask(stage, revoke(&order)).await)?;
    same("it stays settled", report(stage, &order).await?, told)
}

/// About our number, with the same amounts, under an id that repeats carry, too. Changed it is an error.
pub(super) async fn a_callback_says_what_a_query_says(stage: &dyn InsurerStage) -> Verdict {
    let (order, settled) = settled(stage, FIRST).await?;
    let [told] = stage.callbacks().try_into().map_err(|all: Vec<_>| Broken(format!("one settlement, one notice: found {}", all.len())))?;
    let now = stage.cx().now;
    let accept = |body: &[u8]| stage.insurer().accept(&RawNotice { headers: &told.headers, body }, now);
    let notice = accept(&told.body)?;
    same("it is about the order", (notice.order_no.as_str(), &notice.report.pay_order_id), (order.order_no.as_str(), &order.pay_order_id))?;
    same("notice and query agree", (notice.report.class(), notice.report.split), (settled.class(), settled.split))?;
    holds("it has an id", !notice.id.is_empty())?;
    same("a repeat is the same message", accept(&told.body)?, notice)?;
    for at in [0, told.body.len() / 2, told.body.len().saturating_sub(1)] {
        let mut changed = told.body.clone();
        changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
        holds("a changed one is refused", accept(&changed).is_err())?;
    }
    Ok(())
}
