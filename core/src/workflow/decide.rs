//! Small words that every step uses: stay, refuse, hold, call a person.

use super::{Ask, Attention, Base, Cx, Held, Move, Refusal, Step, Why};
use crate::error::Result;

/// Known already.
pub(super) fn known<M>() -> Result<Step<M>> {
    Ok(Step::Stay(Why::Known))
}

/// Too late to matter.
pub(super) fn over<M>() -> Result<Step<M>> {
    Ok(Step::Stay(Why::Over))
}

/// Decides nothing: ask again.
pub(super) fn undecided<M>() -> Result<Step<M>> {
    Ok(Step::Stay(Why::Undecided))
}

/// Contradicting evidence from outside, money unchanged.
pub(super) fn quarantined<M>() -> Result<Step<M>> {
    Ok(Step::Stay(Why::Quarantined))
}

/// A move.
pub(super) fn moved<M>(m: Move<M>) -> Result<Step<M>> {
    Ok(Step::Move(Box::new(m)))
}

/// A refusal by rule.
pub(super) fn refuse<M>(reason: &str, text: &str, next: &str) -> Result<Step<M>> {
    Ok(Step::Refuse(Refusal::new(reason, text, next)))
}

/// Only a person's `Resolve` is for machines that are held.
pub(super) fn not_held<M>() -> Result<Step<M>> {
    refuse("not_held", "该单据没有待人工处理的问题", "请刷新后查看最新状态")
}

/// The overdue timer rang: a person is called once, what is being asked goes on.
pub(super) fn call_person<M: Clone>(machine: &M, base: impl Fn(&mut M) -> &mut Base, reason: &str, cx: &Cx<'_>) -> Result<Step<M>> {
    let mut next = machine.clone();
    if base(&mut next).attention.is_some() {
        return known();
    }
    attend(base(&mut next), reason, cx);
    moved(Move { poll: Ask::Keep, ..Move::to(next) })
}

/// Sets `attention`, keeping an older one.
pub(super) fn attend(base: &mut Base, reason: &str, cx: &Cx<'_>) {
    base.attention.get_or_insert_with(|| Attention { since: cx.now, reason: reason.to_owned() });
}

/// Marks the base as held; the caller sets the state.
pub(super) fn hold(base: &mut Base, from: &str, reason: &str, cx: &Cx<'_>) {
    base.held = Some(Held { since: cx.now, from: from.to_owned(), reason: reason.to_owned() });
}

/// Leaves `held` and drops `attention`: a person has decided.
pub(super) fn settle(base: &mut Base) {
    base.held = None;
    base.attention = None;
}
