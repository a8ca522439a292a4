//! The way a refund takes, and where its money goes.

use menjie::refund::Back;
use menjie::service::{RefundFollowing, RefundStep, StepState};

use crate::pages::frame::Frame;
use crate::pages::shown::yuan;
use crate::pages::texts::fill;

/// A step.
pub(super) struct Shown {
    /// What.
    pub(super) text: String,
    /// Whose: a role.
    pub(super) role: String,
    /// `done`, `current`, `coming`, `dropped`.
    pub(super) state: &'static str,
    /// The same for people; nothing while it is only planned.
    pub(super) word: Option<String>,
    /// How long it may take.
    pub(super) days: Option<String>,
}

/// The whole way.
pub(super) struct Path {
    /// The refund's own steps.
    pub(super) steps: Vec<Shown>,
    /// What follows in any case.
    pub(super) after: Vec<Shown>,
    /// What follows if something is still needed.
    pub(super) if_needed: Vec<Shown>,
}

impl Path {
    pub(super) fn of(f: &Frame, steps: &[RefundStep], after: &[RefundFollowing]) -> Path {
        let following = |optional: bool| after.iter().filter(|a| a.optional == optional).map(|a| shown(f, &a.text, &a.role, a.state, None)).collect();
        Path { steps: steps.iter().map(|s| shown(f, &s.text, &s.role, s.state, s.expected_days)).collect(), after: following(false), if_needed: following(true) }
    }

    /// The steps in their order, those that come in any case.
    pub(super) fn all(&self) -> impl Iterator<Item = &Shown> {
        self.steps.iter().chain(&self.after)
    }
}

fn shown(f: &Frame, text: &str, role: &str, state: StepState, days: Option<u16>) -> Shown {
    let t = f.t();
    let (code, word) = match state {
        StepState::Done => ("done", Some(&t.refund_step_done)),
        StepState::Current => ("current", Some(&t.refund_step_current)),
        StepState::Coming => ("coming", None),
        StepState::Dropped => ("dropped", Some(&t.refund_step_dropped)),
    };
    let days = days.filter(|_| matches!(state, StepState::Current | StepState::Coming)).map(|days| fill(&t.refund_days, &[("count", &days.to_string())]));
    Shown { text: text.to_owned(), role: role.to_owned(), state: code, word: word.map(ToString::to_string), days }
}

/// Where money goes, with how much: `(原支付账户, 12.00)`.
pub(super) fn back(parts: &[Back]) -> Vec<(String, String)> {
    parts.iter().map(|part| (part.text.clone(), yuan(part.amount_fen))).collect()
}
