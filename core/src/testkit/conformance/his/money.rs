//! Lock, unlock, post, cancel, reverse: each number once, and only as it was shown.

use super::{ANNA, HisStage, Verdict, answered, ask, bill, holds, of, posted, posting, refused, reversal, same, twice, unknown, unpaid};
use crate::ident::{BusinessNo, LineKey};
use crate::money::Money;
use crate::port::{HisAnswer, HisBill, HisCall, HisReversal, PostState};

const UNLOCK: fn(HisAnswer) -> Option<()> = |answer| matches!(answer, HisAnswer::Unlock).then_some(());
const CANCEL: fn(HisAnswer) -> Option<()> = |answer| matches!(answer, HisAnswer::CancelPost).then_some(());

fn no(text: &str) -> Verdict<BusinessNo> {
    Ok(BusinessNo::new(text)?)
}

fn one_fen_more(amount: Money) -> Verdict<Money> {
    Ok(Money::from_fen(amount.fen() + 1)?)
}

/// The same number locks again, another one does not, until the first gives up.
pub(super) async fn a_number_locks_once(stage: &dyn HisStage) -> Verdict {
    let bill = bill(stage, "S1", ANNA).await?;
    let (first, again) = twice("a lock is repeated", stage, HisCall::Lock { bill: bill.clone() }, of!(Lock)).await?;
    same("HIS repeats the total", [first.total_fen, again.total_fen], [bill.total_fen; 2])?;
    let other = HisBill { no: no("S2")?, ..bill.clone() };
    refused("what one number has locked, another cannot", &ask(stage, HisCall::Lock { bill: other.clone() }).await)?;
    answered("a lock is given up", ask(stage, HisCall::Unlock { no: bill.no }).await, UNLOCK)?;
    answered("then it is free", ask(stage, HisCall::Lock { bill: other }).await, of!(Lock)).map(drop)
}

/// Version, amount, total, number of a line: one that differs, and nothing is locked.
pub(super) async fn a_lock_names_the_lines_as_they_are(stage: &dyn HisStage) -> Verdict {
    let right = bill(stage, "S1", ANNA).await?;
    let (mut stale, mut dear, mut strange) = (right.clone(), right.clone(), right.clone());
    let short = HisBill { total_fen: one_fen_more(right.total_fen)?, ..right.clone() };
    for line in stale.lines.iter_mut().skip(1) {
        line.version += 1;
    }
    for line in dear.lines.iter_mut().skip(1) {
        line.amount_fen = one_fen_more(line.amount_fen)?;
    }
    for line in strange.lines.iter_mut().skip(1) {
        line.line_id = LineKey::new("NONE")?;
    }
    for (law, wrong) in [("another version", stale), ("another amount", dear), ("another total", short), ("no such line", strange)] {
        refused(law, &ask(stage, HisCall::Lock { bill: wrong }).await)?;
    }
    let other = HisBill { no: no("S2")?, ..right };
    answered("a refused lock holds nothing", ask(stage, HisCall::Lock { bill: other }).await, of!(Lock)).map(drop)
}

/// Of a number that HIS never saw, too, and again.
pub(super) async fn giving_up_is_always_possible(stage: &dyn HisStage) -> Verdict {
    twice("an unknown number is given up", stage, HisCall::Unlock { no: no("S9")? }, UNLOCK).await?;
    let bill = bill(stage, "S1", ANNA).await?;
    answered("a bill is locked", ask(stage, HisCall::Lock { bill: bill.clone() }).await, of!(Lock))?;
    twice("a lock is given up", stage, HisCall::Unlock { no: bill.no }, UNLOCK).await.map(drop)
}

/// One receipt, whatever is repeated; number, patient and amount are ours.
pub(super) async fn a_number_is_posted_once(stage: &dyn HisStage) -> Verdict {
    let (posting, receipt) = posted(stage, "S1", ANNA).await?;
    let bill = &posting.bill;
    same("the receipt names the posting", (&receipt.no, &receipt.patient_id, receipt.total_fen), (&bill.no, &bill.patient_id, bill.total_fen))?;
    let again = answered("a posting is repeated", ask(stage, HisCall::Post { posting: posting.clone() }).await, of!(Post))?;
    same("a repeat gets the same receipt", &again, &receipt)?;
    holds("posted lines are not unpaid", unpaid(stage, ANNA).await?.lines.is_empty())?;
    refused("posted lines cannot be locked again", &ask(stage, HisCall::Lock { bill: HisBill { no: no("S2")?, ..posting.bill } }).await)
}

/// Another amount, or other lines, under a number that is booked: never the receipt of the first, never a second booking.
pub(super) async fn a_number_belongs_to_one_posting(stage: &dyn HisStage) -> Verdict {
    let (right, receipt) = posted(stage, "S1", ANNA).await?;
    let dear = HisBill { total_fen: one_fen_more(right.bill.total_fen)?, ..right.bill.clone() };
    let fewer = HisBill { lines: right.bill.lines.iter().take(1).cloned().collect(), total_fen: right.bill.total_fen, ..right.bill.clone() };
    for (law, bill) in [("another amount", dear), ("other lines", fewer)] {
        refused(law, &ask(stage, HisCall::Post { posting: posting(stage, bill)? }).await)?;
    }
    let state = answered("a posting is asked about", ask(stage, HisCall::QueryPost { no: receipt.no.clone() }).await, of!(QueryPost))?;
    same("the booking stays as it is", state, PostState::Posted(receipt))
}

/// Before: no record. After: its receipt.
pub(super) async fn a_posting_can_be_asked_about(stage: &dyn HisStage) -> Verdict {
    let query = HisCall::QueryPost { no: no("S1")? };
    let before = answered("an unknown number is asked about", ask(stage, query.clone()).await, of!(QueryPost))?;
    same("nothing is booked yet", before, PostState::NotRecorded)?;
    let (_, receipt) = posted(stage, "S1", ANNA).await?;
    let after = answered("a posting is asked about", ask(stage, query).await, of!(QueryPost))?;
    same("the receipt is shown", after, PostState::Posted(receipt))
}

/// Also one that HIS never saw. Only on this answer money is given back, so it must hold for ever.
pub(super) async fn a_cancelled_number_is_never_booked(stage: &dyn HisStage) -> Verdict {
    let bill = bill(stage, "S1", ANNA).await?;
    answered("a bill is locked", ask(stage, HisCall::Lock { bill: bill.clone() }).await, of!(Lock))?;
    twice("a number is cancelled", stage, HisCall::CancelPost { no: bill.no.clone() }, CANCEL).await?;
    let state = answered("a cancelled number is asked about", ask(stage, HisCall::QueryPost { no: bill.no.clone() }).await, of!(QueryPost))?;
    same("HIS remembers it", state, PostState::Cancelled)?;
    refused("a late posting is refused", &ask(stage, HisCall::Post { posting: posting(stage, bill)? }).await)?;
    answered("a number HIS never saw is cancelled", ask(stage, HisCall::CancelPost { no: no("S9")? }).await, CANCEL)
}

/// Then it is reversed, or nothing.
pub(super) async fn what_is_booked_cannot_be_cancelled(stage: &dyn HisStage) -> Verdict {
    let (_, receipt) = posted(stage, "S1", ANNA).await?;
    refused("it is booked", &ask(stage, HisCall::CancelPost { no: receipt.no.clone() }).await)?;
    let state = answered("a posting is asked about", ask(stage, HisCall::QueryPost { no: receipt.no.clone() }).await, of!(QueryPost))?;
    same("it stays booked", state, PostState::Posted(receipt))
}

/// One answer for ever, with our number and the amount; before it, no record.
pub(super) async fn a_number_reverses_once(stage: &dyn HisStage) -> Verdict {
    let (_, receipt) = posted(stage, "S1", ANNA).await?;
    let reversal = reversal("R1", &receipt)?;
    let query = HisCall::QueryReverse { no: reversal.no.clone() };
    same("there is no record before", answered("a reversal is asked about", ask(stage, query.clone()).await, of!(QueryReverse))?, None)?;
    let (first, again) = twice("a reversal is repeated", stage, HisCall::Reverse { reversal: reversal.clone() }, of!(Reverse)).await?;
    same("HIS repeats number and amount", (&first.no, first.amount_fen), (&reversal.no, reversal.amount_fen))?;
    same("a repeat gets the same answer", &again, &first)?;
    same("there is a record after", answered("a reversal is asked about", ask(stage, query).await, of!(QueryReverse))?, Some(first))?;
    let second = HisReversal { no: no("R2")?, ..reversal };
    refused("nothing is reversed twice", &ask(stage, HisCall::Reverse { reversal: second }).await)
}

/// The amount and the settlement.
pub(super) async fn a_reversal_names_what_was_booked(stage: &dyn HisStage) -> Verdict {
    let (_, receipt) = posted(stage, "S1", ANNA).await?;
    let right = reversal("R1", &receipt)?;
    let dear = HisReversal { no: no("R2")?, amount_fen: one_fen_more(right.amount_fen)?, ..right.clone() };
    let strange = HisReversal { no: no("R3")?, settlement_no: no("S9")?, ..right.clone() };
    for (law, wrong) in [("another amount", dear), ("no such settlement", strange)] {
        refused(law, &ask(stage, HisCall::Reverse { reversal: wrong }).await)?;
    }
    answered("what was booked is still there to reverse", ask(stage, HisCall::Reverse { reversal: right }).await, of!(Reverse)).map(drop)
}

/// Nobody knows, until asked; and asking again for the same thing is harmless.
pub(super) async fn what_happened_is_found_when_the_answer_is_lost(stage: &dyn HisStage) -> Verdict {
    let posting = posting(stage, bill(stage, "S1", ANNA).await?)?;
    stage.lose_answer("his.lock");
    unknown("a lock without answer", &ask(stage, HisCall::Lock { bill: posting.bill.clone() }).await)?;
    answered("it is locked all the same", ask(stage, HisCall::Lock { bill: posting.bill.clone() }).await, of!(Lock))?;
    stage.lose_answer("his.post");
    unknown("a posting without answer", &ask(stage, HisCall::Post { posting: posting.clone() }).await)?;
    let state = answered("it is asked about", ask(stage, HisCall::QueryPost { no: posting.bill.no.clone() }).await, of!(QueryPost))?;
    let receipt = answered("it is repeated", ask(stage, HisCall::Post { posting }).await, of!(Post))?;
    same("it was booked, once", state, PostState::Posted(receipt.clone()))?;
    let reversal = reversal("R1", &receipt)?;
    stage.lose_answer("his.reverse");
    unknown("a reversal without answer", &ask(stage, HisCall::Reverse { reversal: reversal.clone() }).await)?;
    let found = answered("it is asked about", ask(stage, HisCall::QueryReverse { no: reversal.no.clone() }).await, of!(QueryReverse))?;
    let again = answered("it is repeated", ask(stage, HisCall::Reverse { reversal }).await, of!(Reverse))?;
    same("it was reversed, once", found, Some(again))
}
