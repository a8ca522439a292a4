//! Who may decide which step now: steps in order, each once, and never one person in two of requester, doctor and finance (I10).

use super::plan::Stage;
use super::reason::Reason;

/// A decision that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided<'a> {
    /// Which stage.
    pub stage: Stage,
    /// Who.
    pub by: &'a str,
}

/// May `who` decide `stage` of `plan` now? Authority for the stage is checked by the caller, at the time of deciding; this is
/// order, once, and four eyes. The executing departments only say what they did, so the rule of four eyes leaves them out;
/// [`Stage::Unconfirm`] has one decision a department, so it may stand several times.
pub fn may_decide(plan: &[Stage], decided: &[Decided<'_>], requester: &str, stage: Stage, who: &str) -> Result<(), Reason> {
    let done = |s: Stage| decided.iter().any(|d| d.stage == s);
    if !plan.contains(&stage) || !stage.is_approval() {
        return Err(Reason::NotYourTurn);
    }
    if stage != Stage::Unconfirm && done(stage) {
        return Err(Reason::DecidedAlready);
    }
    let later = |s: &&Stage| **s > stage;
    if plan.iter().filter(later).any(|s| done(*s)) {
        return Err(Reason::DecidedAlready);
    }
    if plan.iter().take_while(|s| **s != stage).any(|s| *s != Stage::Unconfirm && !done(*s)) {
        return Err(Reason::NotYourTurn);
    }
    let two_eyes = who == requester || decided.iter().any(|d| d.stage != Stage::Unconfirm && d.by == who);
    if stage != Stage::Unconfirm && two_eyes {
        return Err(Reason::FourEyes);
    }
    Ok(())
}
