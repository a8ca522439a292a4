//! Wires break: whoever got no answer knows nothing, asks, and finds what happened.

use super::{
    FIRST, InsurerStage, Mishap, REVOKE, SECOND, Verdict, answered, ask, by_document, give_back, holds, lost, of, person, place, priced, query, refused, report, reversal, revoke,
    same, send, settled, split_of, unknown, upload_of, uploaded,
};
use crate::insurance::OrderClass;
use crate::port::{InsurerAnswer, InsurerCall, Outcome};

/// Of an order that is known, by asking; an upload whose answer is lost is never two orders.
pub(super) async fn what_happened_is_found_when_the_answer_is_lost(stage: &dyn InsurerStage) -> Verdict {
    for (number, mishap) in [(FIRST, Mishap::AnswerLost), (SECOND, Mishap::BrokenAfter)] {
        let (upload, order) = uploaded(stage, number).await?;
        stage.mishap("insurer.place", mishap);
        unknown("a pricing without answer", &ask(stage, place(stage, &upload, &order)).await)?;
        let found = report(stage, &order).await?;
        let again = answered("pricing is repeated", ask(stage, place(stage, &upload, &order)).await, of!(Place))?;
        same("it was priced as the repeat says", split_of(&found)?, split_of(&again)?)?;
        if mishap == Mishap::AnswerLost {
            stage.mishap("insurer.revoke", mishap);
            unknown("a revocation without answer", &ask(stage, revoke(&order)).await)?;
            same("it is revoked", report(stage, &order).await?.class(), OrderClass::Cancelled)?;
            continue;
        }
        holds("it is settled", stage.confirm(&order.order_no))?;
        let told = report(stage, &order).await?;
        let all = reversal(stage, "R0000000000000000001", &order, &told)?;
        stage.mishap("insurer.reverse", mishap);
        unknown("a refund without answer", &ask(stage, give_back(&all)).await)?;
        same("it is given back", report(stage, &order).await?.class(), OrderClass::Refunded)?;
        answered("a repeat is the same refund", ask(stage, give_back(&all)).await, of!(Reverse))?;
    }
    let upload = upload_of(stage, "I0000000000000000003").await?;
    stage.mishap("insurer.upload", Mishap::AnswerLost);
    unknown("an upload without answer", &ask(stage, send(&upload)).await)?;
    match ask(stage, send(&upload)).await {
        Outcome::Done(InsurerAnswer::Upload(_)) => Ok(()),
        other => refused("the number is taken, or the order is the same", &other),
    }
}

/// Then it may be asked for again under its number.
pub(super) async fn what_never_arrived_did_not_happen(stage: &dyn InsurerStage) -> Verdict {
    let upload = upload_of(stage, FIRST).await?;
    stage.mishap("insurer.upload", Mishap::RequestLost);
    unknown("an upload that is lost", &ask(stage, send(&upload)).await)?;
    answered("it is uploaded now", ask(stage, send(&upload)).await, of!(Upload))?;
    let (order, told) = settled(stage, SECOND).await?;
    let all = reversal(stage, "R0000000000000000001", &order, &told)?;
    stage.mishap("insurer.reverse", Mishap::RequestLost);
    unknown("a refund that is lost", &ask(stage, give_back(&all)).await)?;
    same("it is still settled", report(stage, &order).await?, told)?;
    answered("it is given back now", ask(stage, give_back(&all)).await, of!(Reverse)).map(drop)
}

/// Of no call, however it is lost; the next one works.
pub(super) async fn no_answer_proves_nothing(stage: &dyn InsurerStage) -> Verdict {
    let ((upload, waits), (order, told)) = (uploaded(stage, FIRST).await?, settled(stage, SECOND).await?);
    let all = reversal(stage, "R0000000000000000001", &order, &told)?;
    for mishap in Mishap::ALL {
        let (code, openid) = stage.consent();
        for call in [
            InsurerCall::Identify { code: stage.show_voucher() },
            InsurerCall::Authorise { code, openid },
            InsurerCall::Person { by: Box::new(by_document(stage)) },
            InsurerCall::Designation { person: Box::new(upload.person.clone()) },
            send(&upload),
            place(stage, &upload, &waits),
            query(&order),
            revoke(&waits),
            give_back(&all),
            InsurerCall::Bill { date: stage.cx().now.biz_date() },
        ] {
            stage.mishap(call.name(), mishap);
            lost(call.name(), mishap, &ask(stage, call.clone()).await)?;
        }
    }
    answered("afterwards it is asked as before", ask(stage, revoke(&waits)).await, REVOKE)?;
    priced(stage, "I0000000000000000003").await?;
    person(stage).await.map(drop)
}
