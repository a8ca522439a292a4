//! What is shown of questions to the patient: the open one, what was asked and answered before, and how lists mark it. Roles, never
//! persons.

use serde::{Deserialize, Serialize};

use super::view::{RefundEntry, st_of};
use crate::access::{Actor, Private};
use crate::calendar::Timestamp;
use crate::refund::Stage;
use crate::workflow::Refund;
use crate::workflow::refund::{Answer, Question};

/// What the patient is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundQuestion {
    /// When it was asked.
    pub at: Timestamp,
    /// Whose question it is: a role.
    pub role: String,
    /// What.
    pub text: Private,
}

/// How a question of the present step stands, for those who decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundQuestionState"))]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// The patient has not answered.
    Open,
    /// He has.
    Answered,
}

impl RefundQuestion {
    pub(super) fn of(refund: &Refund) -> Option<RefundQuestion> {
        let question = refund.question.as_deref()?;
        Some(RefundQuestion { at: question.at, role: question.stage.role().to_owned(), text: question.text.clone() })
    }
}

impl QuestionState {
    /// None when nothing was asked at the step it is at.
    pub(super) fn of(refund: &Refund) -> Option<QuestionState> {
        let last = refund.all_questions().last().filter(|question| st_of(question.stage) == refund.st)?;
        Some(if last.answer.is_some() { QuestionState::Answered } else { QuestionState::Open })
    }
}

/// Questions and answers, each an entry.
pub(super) fn entries(refund: &Refund) -> impl Iterator<Item = RefundEntry> {
    let asked = |question: &Question| entry(question.at, question.stage.role(), "请患者补充说明", &question.text);
    let answered = |answer: &Answer| entry(answer.at, who(&answer.by), "补充说明", &answer.text);
    refund.all_questions().flat_map(move |question| [Some(asked(question)), question.answer.as_ref().map(answered)]).flatten()
}

fn entry(at: Timestamp, role: &str, text: &str, remark: &Private) -> RefundEntry {
    RefundEntry { at, role: role.to_owned(), text: text.to_owned(), remark: Some(remark.clone()) }
}

/// Who speaks for the patient: a role.
pub(super) const fn who(by: &Actor) -> &'static str {
    if matches!(by, Actor::Staff { .. }) { Stage::Doctor.role() } else { "患者" }
}
