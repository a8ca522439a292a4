//! What must hold of refunds that people asked for: the order of approvals and four eyes (I10), and the chain of settlements.

use std::collections::BTreeSet;

use super::check::{Book, World};
use crate::access::Actor;
use crate::refund::{Cause, Stage};
use crate::workflow::refund::Decision;
use crate::workflow::{Key, Refund, RefundSt, Settlement};

impl Book {
    /// I10: nobody passes an approval that was not given, and nobody decides twice or about his own request.
    pub(super) fn approvals(&mut self, r: &Refund) {
        let key = Key::Refund(r.id);
        let Some(asked) = r.asked.as_ref().filter(|_| r.cause == Cause::Patient) else { return };
        let agreed = |stage: Stage| r.decisions.iter().any(|d| d.stage == Some(stage) && d.decision == Decision::Agree);
        let missing = r.passed.iter().any(|passed| match passed.stage {
            Stage::Doctor | Stage::Finance => !agreed(passed.stage),
            Stage::Unconfirm => asked.unconfirm.iter().any(|u| !u.done),
            Stage::Checking | Stage::Insurer | Stage::His | Stage::Returning | Stage::Red => false,
        });
        if missing {
            self.broken("I10", key, "passed an approval that nobody gave");
        }
        if !r.passed.windows(2).all(|two| matches!(two, [one, other] if one.stage < other.stage)) {
            self.broken("I10", key, "its steps are out of order");
        }
        if r.has_moved() && !r.passed.iter().any(|passed| passed.stage == Stage::Checking) {
            self.broken("I12", key, "something moved before everything was read again");
        }
        let waits = matches!(r.st, RefundSt::Doctor | RefundSt::Unconfirm | RefundSt::Finance);
        if (r.question.is_some() && !waits) || r.question.as_ref().is_some_and(|question| question.answer.is_some()) {
            self.broken("I10", key, "the patient is asked about what is decided, or what he has answered");
        }
        let requester = match &asked.by {
            Actor::Staff { staff } => Some(staff),
            Actor::Patient { .. } | Actor::Newcomer | Actor::Engine => None,
        };
        let approvals = r.decisions.iter().filter(|d| matches!(d.stage, Some(Stage::Doctor | Stage::Finance)));
        let mut who = BTreeSet::new();
        if !approvals.map(|d| &d.staff).all(|staff| who.insert(staff) && Some(staff) != requester) {
            self.broken("I10", key, "one person in two of requester, doctor and finance");
        }
    }

    /// A settlement and the one that follows it know each other, and the old one is not booked any more.
    pub(super) fn chain(&mut self, s: &Settlement, world: &World<'_>) {
        let Some(chain) = s.chain else { return };
        let key = Key::Settlement(s.id);
        let knows = |id, back: fn(&Settlement) -> Option<crate::ident::SettlementId>| world.settlements.get(&id).is_some_and(|other| back(other) == Some(s.id));
        let next_knows = chain.next.is_none_or(|id| knows(id, |next| next.chain.and_then(|chain| chain.previous)));
        let previous_knows = chain.previous.is_none_or(|id| knows(id, |previous| previous.chain.and_then(|chain| chain.next)));
        if !next_knows || !previous_knows {
            self.broken("I2", key, "its chain of settlements is broken");
        }
    }
}
