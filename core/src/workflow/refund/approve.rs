//! The approvals: one after the other, each once, by different people (I10); a no ends what a patient asked for.

use super::question::UNANSWERED;
use super::represcribe::not_red_yet;
use super::step::only_staff;
use super::{Decision, Event as E, HisSays, Refund, RefundSt as St};
use crate::access::Actor;
use crate::error::Result;
use crate::ident::{DeptCode, StaffId};
use crate::refund::{self, Cause, Reason, Stage, may_decide};
use crate::workflow::decide::{attend, call_person, hold, moved, over, refuse, settle};
use crate::workflow::{Cx, Move, Step};

impl Refund {
    pub(super) fn approval(&self, here: Stage, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            // Without a stage it is finance's word about whatever waits for finance.
            E::Decide { stage, departments, decision, note } => self.in_turn(stage.unwrap_or(Stage::Finance), here, cx, |cx| self.decide(here, departments, decision, note, cx)),
            E::Question { stage, departments, text, to } => self.in_turn(*stage, here, cx, |cx| self.ask_patient(here, departments, text, to.as_ref(), cx)),
            E::Answer { text } => self.answered(text, cx),
            E::Withdraw if self.plan.first() != Some(&here) => refuse("too_late", "申请已进入下一步，不能撤回", "如需终止，请联系审核部门或收费窗口"),
            E::Withdraw => match &self.asked {
                Some(asked) if asked.by == *cx.actor => moved(self.give_up(St::Withdrawn, Vec::new())),
                Some(_) | None => refuse("not_yours", "只有申请人可以撤回", "请由申请人办理"),
            },
            // Its own window was faster: there is nothing left to ask HIS for.
            E::His { says: HisSays::AtWindow } if self.cause == Cause::Patient => moved(self.give_up(St::Refused, vec![Reason::AlreadyReversed])),
            E::Overdue => call_person(self, |r| &mut r.base, if self.question.is_some() { UNANSWERED } else { "approval_overdue" }, cx),
            E::Represcribed { .. } => not_red_yet(),
            E::His { .. } | E::Insurer { .. } | E::Invoice { .. } | E::Channel { .. } | E::ReturnRefused { .. } | E::ReturnUnknown { .. } | E::RedDone => over(),
        }
    }

    /// Whoever speaks about `stage` may decide it, and it is the one that waits.
    fn in_turn(&self, stage: Stage, here: Stage, cx: &mut Cx<'_>, speak: impl FnOnce(&mut Cx<'_>) -> Result<Step<Refund>>) -> Result<Step<Refund>> {
        let Actor::Staff { staff } = cx.actor else { return only_staff() };
        if let Err(reason) = self.may_be_decided(stage, staff)
            && !planted!(FourEyesIgnored)
        {
            return refused_for(reason);
        }
        if stage == here { speak(cx) } else { refused_for(Reason::NotYourTurn) }
    }

    fn decide(&self, here: Stage, departments: &[DeptCode], decision: &Decision, note: &str, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        let Some(mut next) = self.decided(Some(here), decision, note, cx) else { return only_staff() };
        match decision {
            Decision::Agree if here == Stage::Unconfirm => {
                let Some(asked) = next.asked.as_mut() else { return refused_for(Reason::NotYourTurn) };
                let mut taken_back = false;
                for wanted in asked.unconfirm.iter_mut().filter(|u| !u.done && departments.contains(&u.dept)) {
                    wanted.done = true;
                    taken_back = true;
                }
                if !taken_back {
                    return refused_for(Reason::DecidedAlready);
                }
                if asked.waits_for().next().is_some() {
                    let wake = next.approval_wake(self.base.since, cx);
                    return moved(Move { wake, ..Move::to(next) });
                }
                moved(next.advance(here, cx)?)
            }
            Decision::Agree => {
                settle(&mut next.base);
                moved(next.advance(here, cx)?)
            }
            Decision::Disagree if self.cause == Cause::Patient => moved(next.give_up(St::Rejected, Vec::new())),
            // HIS has reversed already: the money is owed, so a no is a question for a person.
            Decision::Disagree => {
                next.st = St::Held;
                hold(&mut next.base, self.st.code(), "finance_disagrees", cx);
                moved(Move::to(next))
            }
            Decision::AskAgain | Decision::GivenBack { .. } | Decision::Reversed | Decision::ChargedAgain { .. } | Decision::GiveUp => {
                refuse("not_held", "该退费单正在等待财务审核", "请先审核")
            }
        }
    }

    /// Waits for people: at once on the list of what needs a person when nobody's work list has it, else after the expected days.
    pub(super) fn await_approval(&self, st: St, cx: &Cx<'_>) -> Move<Refund> {
        let mut next = Refund { st, ..self.clone() };
        if self.cause != Cause::Patient {
            attend(&mut next.base, "finance_must_decide", cx);
            return Move::to(next);
        }
        Move { wake: next.approval_wake(cx.now, cx), ..Move::to(next) }
    }

    /// Order, once and four eyes: may this member of staff decide that stage, were it his to decide?
    pub(crate) fn may_be_decided(&self, stage: Stage, staff: &StaffId) -> std::result::Result<(), Reason> {
        let requester = self.asked.as_ref().map_or("", |asked| staff_of(&asked.by));
        may_decide(&self.plan, &self.taken(), requester, stage, staff.as_str())
    }

    /// The decisions that were taken, for the rule of four eyes.
    fn taken(&self) -> Vec<refund::Decided<'_>> {
        let agreed = self.decisions.iter().filter(|d| d.decision == Decision::Agree);
        agreed.filter_map(|d| d.stage.map(|stage| refund::Decided { stage, by: d.staff.as_str() })).collect()
    }
}

/// The member of staff, or nobody: a patient is no colleague.
fn staff_of(actor: &Actor) -> &str {
    match actor {
        Actor::Staff { staff } => staff.as_str(),
        Actor::Patient { .. } | Actor::Newcomer | Actor::Engine => "",
    }
}

pub(super) fn refused_for(reason: Reason) -> Result<Step<Refund>> {
    refuse(reason.code(), reason.text(), reason.next())
}
