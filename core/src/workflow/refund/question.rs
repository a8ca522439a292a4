//! A question to the patient (补充说明): an approver who cannot decide yet asks for more, and the request stays at its step. One
//! question is open at a time; whoever may decide may do so without the answer. Waiting for the patient is not the approvers' time.

use serde::{Deserialize, Serialize};

use super::approve::refused_for;
use super::step::only_staff;
use super::{Asked, Refund, RefundSt as St};
use crate::access::{Actor, Private};
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::ident::{DeptCode, NoticeId, StaffId};
use crate::port::NoticeChannel;
use crate::refund::{Cause, Reason, Stage};
use crate::visit::Message;
use crate::workflow::decide::{moved, refuse};
use crate::workflow::{Cx, Event, Key, Move, New as Birth, Step, Wake, notice};

const DAY_MS: i64 = 86_400_000;
/// So often a patient may be asked about one request: then it is decided on what there is.
const MOST: usize = 5;
/// The patient did not answer in time: whoever asked decides without.
pub(super) const UNANSWERED: &str = "answer_overdue";

/// A question to the patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// At which stage it was asked.
    pub stage: Stage,
    /// By whom.
    pub staff: StaffId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: Private,
    /// The message that tells him of it, where he is bound to the official account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeId>,
    /// What he answered; none while it is open, and when it was decided without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Who gave it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: Private,
}

impl Refund {
    /// Every question, in order; the open one last.
    pub fn all_questions(&self) -> impl Iterator<Item = &Question> {
        self.questions.iter().chain(self.question.as_deref())
    }

    /// Whoever may decide this stage asks the patient first; `to` is where he is told of it.
    pub(super) fn ask_patient(&self, here: Stage, departments: &[DeptCode], text: &Private, to: Option<&Private>, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        let Actor::Staff { staff } = cx.actor else { return only_staff() };
        if self.cause != Cause::Patient {
            return refuse("nobody_to_ask", "该退费不是患者申请的，不能请患者补充说明", "请直接审核");
        }
        let waits_for_his = |asked: &Asked| asked.waits_for().any(|dept| departments.contains(dept));
        if here == Stage::Unconfirm && !self.asked.as_deref().is_some_and(waits_for_his) {
            return refused_for(Reason::DecidedAlready);
        }
        if self.question.is_some() {
            return refuse("question_open", "已请患者补充说明，患者尚未回答", "请等待患者回答，或直接作出决定");
        }
        if self.questions.len() >= MOST {
            return refuse("asked_enough", "已多次请患者补充说明，不能再次提问", "请根据已有说明作出决定");
        }
        let mut next = self.clone();
        let told = to.filter(|_| cx.notifier.account_refund).map(|to| self.notice(to, cx)).transpose()?;
        let notice = told.as_ref().map(|told| told.id);
        next.question = Some(Box::new(Question { stage: here, staff: staff.clone(), at: cx.now, text: text.clone(), notice, answer: None }));
        let spawn = told.into_iter().map(|told| Birth::Notice(Box::new(told))).collect();
        moved(Move { spawn, wake: next.approval_wake(self.base.since, cx), ..Move::to(next) })
    }

    /// The message says that there is a question, not which; it is of use as long as an answer is waited for.
    fn notice(&self, to: &Private, cx: &mut Cx<'_>) -> Result<notice::New> {
        Ok(notice::New {
            id: NoticeId::new(cx.fresh.take()?)?,
            terms: self.base.terms.clone(),
            subject: notice::Subject::Refund(self.id),
            channel: NoticeChannel::Account,
            to: to.clone(),
            message: Message::questioned(&cx.terms.visit.notice, cx.now.biz_date(), self.id),
            about: cx.now.plus_millis(answer_ms(cx)),
        })
    }

    /// The patient answers, or whoever asked for the refund; that a patient may is checked before.
    pub(super) fn answered(&self, text: &Private, cx: &Cx<'_>) -> Result<Step<Refund>> {
        let may = match cx.actor {
            Actor::Patient { .. } => true,
            Actor::Staff { .. } => self.asked.as_ref().is_some_and(|asked| asked.by == *cx.actor),
            Actor::Newcomer | Actor::Engine => false,
        };
        if !may {
            return refuse("not_yours", "只有申请人可以补充说明", "请由申请人办理");
        }
        let mut next = self.clone();
        let tells = next.close_question(Some(Answer { by: cx.actor.clone(), at: cx.now, text: text.clone() }));
        let Some(tells) = tells else { return refuse("no_question", "目前没有需要补充说明的问题", "请刷新查看最新进度") };
        moved(Move { tells, wake: next.approval_wake(self.base.since, cx), ..Move::to(next) })
    }

    /// Ends the open question, with its answer or without; a message that has not gone out yet is not sent any more. None when nothing
    /// was asked.
    pub(super) fn close_question(&mut self, answer: Option<Answer>) -> Option<Vec<(Key, Event)>> {
        let question = *self.question.take()?;
        if self.base.attention.as_ref().is_some_and(|attention| attention.reason == UNANSWERED) {
            self.base.attention = None;
        }
        let tells = question.notice.map(|id| (Key::Notice(id), Event::Notice(notice::Event::Withdrawn)));
        self.questions.push(Question { answer, ..question });
        Some(tells.into_iter().collect())
    }

    /// When a person is called: the patient does not answer, or the approvers have used up their days, without those in which the
    /// patient was waited for. `since` is when the stage began.
    pub(super) fn approval_wake(&self, since: Timestamp, cx: &Cx<'_>) -> Option<Wake> {
        if self.base.attention.is_some() {
            return None;
        }
        let at = match &self.question {
            Some(question) => question.at.plus_millis(answer_ms(cx)),
            None => since.plus_millis(i64::from(cx.terms.refund.approval_days) * DAY_MS + self.waited_ms()),
        };
        Some(Wake::AttendAt(at))
    }

    /// How long the patient was waited for at the stage it is at.
    fn waited_ms(&self) -> i64 {
        let here = |question: &&Question| matches!((question.stage, self.st), (Stage::Doctor, St::Doctor) | (Stage::Unconfirm, St::Unconfirm) | (Stage::Finance, St::Finance));
        self.questions.iter().filter(here).filter_map(|question| Some(question.answer.as_ref()?.at.since(question.at))).sum()
    }
}

fn answer_ms(cx: &Cx<'_>) -> i64 {
    i64::from(cx.terms.refund.answer_days) * DAY_MS
}

/// Nothing is answered once it was decided.
pub(super) fn answered_too_late() -> Result<Step<Refund>> {
    refuse("too_late", "审核已经结束，无需补充说明", "请刷新查看最新进度")
}
