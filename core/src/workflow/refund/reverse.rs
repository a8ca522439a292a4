//! HIS reverses the settlement (冲正), and for a part charges the rest again in the same step (全退重收). A lost answer is asked
//! about by the refund number; there is never a second number, so there is never a second reversal.

use super::question::answered_too_late;
use super::represcribe::not_red_yet;
use super::step::{only_staff, under_way};
use super::{Asked, Decision, Event as E, HisSays, Refund, RefundSt as St};
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::policy::Lane;
use crate::port::{Call, HisCall, HisKept, HisReversal, HisReversed, HisSuccessor, No};
use crate::refund::{Answered, Cause, Stage};
use crate::workflow::decide::{attend, call_person, moved, over, refuse, settle, undecided};
use crate::workflow::{Act, Ask, Cx, Event, Key, Move, Step, Wake, payment, settlement};

impl Refund {
    pub(super) fn start_reversing(&self, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        let next = Refund { st: St::His, sent: 0, late_no: None, ..self.clone() };
        if self.at_window {
            return next.reversed_at_window(cx);
        }
        match next.reverse_call() {
            Some(call) => Ok(Move { acts: vec![Act::first(call)], wake: Some(Wake::Overdue(Lane::His)), ..Move::to(next) }),
            None => Ok(Move::to(next.hold_for("nothing_to_reverse", cx))),
        }
    }

    pub(super) fn reversing(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::His { says } => self.his_says(says, cx),
            E::Overdue => call_person(self, |r| &mut r.base, "reversal_overdue", cx),
            E::Decide { decision, note, .. } if self.base.attention.is_some() => self.resolve_reversal(decision, note, cx),
            E::Insurer { .. } | E::Invoice { .. } | E::Channel { .. } | E::ReturnRefused { .. } | E::ReturnUnknown { .. } | E::RedDone => over(),
            E::Decide { .. } | E::Question { .. } | E::Withdraw => under_way(),
            E::Answer { .. } => answered_too_late(),
            E::Represcribed { .. } => not_red_yet(),
        }
    }

    fn his_says(&self, says: &HisSays, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match says {
            HisSays::Reversed { reversed } => self.his_has_reversed(reversed, cx),
            // A definite no to the first attempt: nothing happened in HIS. If nothing else has moved, it ends here.
            HisSays::Refused { .. } if self.cause == Cause::Patient && !self.has_moved() => moved(self.give_up(St::Refused, Vec::new())),
            HisSays::Refused { no } => moved(Move::to(self.hold_for(&format!("his_no:{}", no.code), cx))),
            HisSays::Unknown { late_no, sent, .. } => self.lost(late_no.as_ref(), *sent, cx),
            HisSays::NotReversed => match (&self.late_no, self.reverse_call()) {
                // No record (yet) is no "no": the same number again is the same reversal.
                (None, Some(call)) => moved(Move { acts: vec![Act { call, prior: self.sent }], wake: self.patience(Lane::His), ..Move::to(self.clone()) }),
                // It refused a repeat and shows no record (yet): asked on, until a person finds out which is true.
                (Some(_), _) | (None, None) => undecided(),
            },
            HisSays::AtWindow => moved(self.reversed_at_window(cx)?),
            HisSays::Stands { .. } => over(),
        }
    }

    /// It is not known whether HIS reversed: ask; call a person at once where HIS cannot be asked.
    fn lost(&self, late_no: Option<&No>, sent: u32, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        let next = Refund { sent: sent.max(self.sent), late_no: late_no.cloned().or_else(|| self.late_no.clone()), ..self.clone() };
        next.ask_his(cx)
    }

    pub(super) fn ask_his(&self, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        let mut next = Refund { st: St::His, late_no: self.late_no.clone(), ..self.clone() };
        if self.at_window {
            return moved(next.reversed_at_window(cx)?);
        }
        if !cx.his.query_reverse {
            attend(&mut next.base, "his_cannot_query", cx);
            return moved(Move { poll: Ask::Nothing, ..Move::to(next) });
        }
        let wake = next.patience(Lane::His);
        let call = Call::His { call: HisCall::QueryReverse { no: self.out_refund_no() } };
        moved(next.asking(call, wake))
    }

    /// A person was called and says what HIS's own screen shows.
    pub(super) fn resolve_reversal(&self, decision: &Decision, note: &str, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        let Some(mut next) = self.decided(None, decision, note, cx) else { return only_staff() };
        settle(&mut next.base);
        // HIS was asked before, whatever came of that: a no to a repeat is none.
        next.sent = next.sent.max(1);
        if *decision == Decision::AskAgain {
            // He has spoken with HIS: what it refused before it may take now. It is the same number, so the same reversal.
            next.late_no = None;
        }
        match (decision, &self.asked) {
            // Where HIS has no query, the same number again is the only question: a no to it is none (`prior`).
            (Decision::AskAgain, _) if !cx.his.query_reverse && !next.at_window => {
                let Some(call) = next.reverse_call() else { return next.ask_his(cx) };
                let next = Refund { st: St::His, ..next };
                moved(Move { acts: vec![Act { call, prior: next.sent }], wake: next.patience(Lane::His), ..Move::to(next) })
            }
            (Decision::AskAgain, _) => next.ask_his(cx),
            (Decision::Reversed, Some(asked)) if asked.recharge.is_none() => moved(next.his_is_done(asked, cx.now, None, cx)?),
            // What he read there is compared as if HIS had answered it.
            (Decision::ChargedAgain { made }, Some(asked)) if asked.recharge.is_some() => {
                if wrong_successor(asked, made).is_some() || made.receipt.receipt_no == asked.receipt_no {
                    return refuse("charged_otherwise", "填写的重收收据或明细与本次退费不一致", "请核对HIS中重收的收据号、明细和金额后重新填写");
                }
                moved(next.his_is_done(asked, made.receipt.posted_at, Some(made), cx)?)
            }
            (Decision::GiveUp, _) if self.cause == Cause::Patient && !self.has_moved() => moved(next.give_up(St::Refused, Vec::new())),
            (Decision::Agree | Decision::Disagree | Decision::GivenBack { .. } | Decision::Reversed | Decision::ChargedAgain { .. } | Decision::GiveUp, _) => {
                refuse("not_here", "当前状态不能这样处理", "请核对HIS中该笔结算的状态")
            }
        }
    }

    /// HIS's word is compared with what was asked for, to the fen and line by line.
    fn his_has_reversed(&self, reversed: &HisReversed, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        let Some(asked) = &self.asked else { return over() };
        let wrong = match (&asked.recharge, &reversed.successor) {
            _ if reversed.no != self.out_refund_no() => Some("number_differs"),
            _ if reversed.amount_fen != asked.total_fen => Some("reversed_amount_differs"),
            (None, None) => None,
            (None, Some(_)) => Some("charged_again_unasked"),
            (Some(_), None) => Some("not_charged_again"),
            (Some(_), Some(successor)) => wrong_successor(asked, successor),
        };
        match wrong {
            Some(reason) => moved(Move::to(self.hold_for(reason, cx))),
            None => moved(self.his_is_done(asked, reversed.at, reversed.successor.as_deref(), cx)?),
        }
    }

    /// Its window reversed the whole settlement: good for a whole refund, a contradiction for a part.
    fn reversed_at_window(&self, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        match &self.asked {
            Some(asked) if asked.recharge.is_none() => self.his_is_done(asked, cx.now, None, cx),
            Some(_) | None => Ok(Move::to(Refund { at_window: true, ..self.clone() }.hold_for("window_reversed_all", cx))),
        }
    }

    fn his_is_done(&self, asked: &Asked, at: Timestamp, successor: Option<&HisSuccessor>, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        let next = Refund { reversed_at: Some(at), ..self.clone() };
        let Some(settlement) = self.settlement else { return Ok(Move::to(next)) };
        let followed = match (asked.successor, &asked.recharge, successor) {
            (Some((id, invoice)), Some(recharge), Some(made)) => Some(Box::new(settlement::Successor { settlement: id, invoice, made: made.clone(), kept: recharge.kept.clone() })),
            _ => None,
        };
        let mut tells = Vec::new();
        if let Some(followed) = &followed {
            let kept_fen = followed.made.receipt.total_fen;
            let share = payment::Event::MoveShare { from: settlement, to: followed.settlement, amount_fen: kept_fen };
            tells.push((Key::Payment(self.payment), Event::Payment(share)));
        }
        tells.push((Key::Settlement(settlement), Event::Settlement(settlement::Event::HisReversed { refund: self.id, successor: followed })));
        let mut m = next.advance(Stage::His, cx)?;
        tells.append(&mut m.tells);
        Ok(Move { tells, ..m })
    }

    fn reverse_call(&self) -> Option<Call> {
        let (asked, settlement) = (self.asked.as_ref()?, self.settlement?);
        let kept =
            asked.recharge.as_ref().zip(asked.successor).map(|(recharge, (id, _))| HisKept { no: id.business_no(), total_fen: recharge.kept_fen, lines: recharge.kept.clone() });
        let reversal = HisReversal { no: self.out_refund_no(), settlement_no: settlement.business_no(), receipt_no: asked.receipt_no.clone(), amount_fen: asked.total_fen, kept };
        Some(Call::His { call: HisCall::Reverse { reversal } })
    }
}

/// What is wrong with the settlement HIS made of the rest.
fn wrong_successor(asked: &Asked, successor: &HisSuccessor) -> Option<&'static str> {
    let (recharge, (id, _)) = (asked.recharge.as_ref()?, asked.successor?);
    let lines: Vec<Answered<'_>> =
        successor.lines.iter().map(|line| Answered { line_id: &line.line_id, original_line_id: &line.original_line_id, amount_fen: line.amount_fen }).collect();
    if successor.receipt.no != id.business_no() {
        Some("successor_number_differs")
    } else if successor.receipt.patient_id != asked.patient {
        Some("successor_patient_differs")
    } else if successor.receipt.total_fen != recharge.kept_fen {
        Some("successor_amount_differs")
    } else if !recharge.is_answered_by(&lines) {
        Some("successor_lines_differ")
    } else {
        None
    }
}
