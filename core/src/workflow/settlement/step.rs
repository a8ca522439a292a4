//! The step of a settlement: one function per state, every event decided.

#![deny(clippy::wildcard_enum_match_arm)]

use super::reversal::{money_back, not_refundable};
use super::{Decision, Event as E, New, Paid, Settlement, SettlementSt as St, Suspended};
use crate::error::Result;
use crate::ident::{InvoiceId, LineKey};
use crate::insurance::SettledOrder;
use crate::policy::Lane;
use crate::port::{Call, HisCall, HisReceipt, No};
use crate::refund::Cause;
use crate::workflow::decide::{attend, call_person, hold, known, moved, not_held, over, settle, undecided};
use crate::workflow::{Act, Ask, Base, Cx, Machine, Move, Step, Wake};

impl Machine for Settlement {
    type St = St;
    type Event = E;
    type New = New;

    fn open(new: &New, cx: &mut Cx<'_>) -> Result<Move<Settlement>> {
        let next = Settlement {
            id: new.id,
            st: St::Locking,
            base: Base { ver: 0, terms: new.terms.clone(), created_at: cx.now, since: cx.now, attention: None, held: None },
            payer: new.payer.clone(),
            bill: new.bill.clone(),
            visit_date: new.visit_date,
            visit_dept: new.visit_dept.clone(),
            payment: new.payment,
            channel: new.channel.clone(),
            payment_fen: new.payment_fen,
            paid: None,
            insured: None,
            asked: false,
            chain: None,
            post_sent: 0,
            blind_since: None,
            late_no: None,
            cancelling: false,
            receipt: None,
            invoice: None,
            refund: None,
            window_fen: None,
            suspended: None,
            money_back: false,
            unlocked_again: false,
            claimed: true,
            because: None,
        };
        if let Some(follows) = &new.follows {
            return next.born_posted(follows, cx);
        }
        let claims: Vec<LineKey> = if planted!(ClaimsIgnored) { Vec::new() } else { next.line_keys() };
        if cx.his.lock {
            Ok(Move { acts: vec![Act::first(next.lock())], wake: Some(Wake::Overdue(Lane::His)), claims, ..Move::to(next) })
        } else {
            // This HIS cannot lock: our claim on the lines alone guards.
            let tells = vec![next.bill_ready()];
            Ok(Move { tells, claims, ..Move::to(Settlement { st: St::Locked, ..next }) })
        }
    }

    fn step(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        match self.st {
            St::Locking => self.locking(event, cx),
            St::Locked => self.locked(event),
            St::Posting => self.posting(event, cx),
            St::Posted => self.posted(event, cx),
            St::Refunding => self.refunding(event, cx),
            St::Reversed | St::Replaced => self.reversed(event),
            St::Releasing => self.releasing(event, cx),
            St::Void => self.void(event, cx),
            St::Held => self.held(event, cx),
        }
    }

    fn wants(&self, call: &Call) -> bool {
        match call {
            Call::His { call: HisCall::Lock { .. } } => self.st == St::Locking,
            Call::His { call: HisCall::Unlock { .. } } => matches!(self.st, St::Releasing | St::Refunding | St::Void),
            Call::His { call: HisCall::Post { .. } | HisCall::CancelPost { .. } } => self.st == St::Posting,
            Call::His {
                call:
                    HisCall::FindPatient { .. }
                    | HisCall::Unpaid { .. }
                    | HisCall::UploadFacts { .. }
                    | HisCall::QueryPost { .. }
                    | HisCall::Refundable { .. }
                    | HisCall::Reverse { .. }
                    | HisCall::QueryReverse { .. }
                    | HisCall::Notices { .. }
                    | HisCall::DayFile { .. }
                    | HisCall::Registrations { .. }
                    | HisCall::TakeNumber { .. }
                    | HisCall::CheckIn { .. }
                    | HisCall::QueryCheckIn { .. }
                    | HisCall::Affected { .. }
                    | HisCall::Rebook { .. }
                    | HisCall::QueryRebook { .. }
                    | HisCall::FindFiles { .. }
                    | HisCall::OpenFile { .. }
                    | HisCall::QueryFile { .. },
            }
            | Call::Channel { .. }
            | Call::Invoice { .. }
            | Call::HealthCode { .. }
            | Call::Insurer { .. }
            | Call::Notify { .. } => true,
        }
    }
}

impl Settlement {
    fn locking(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        match event {
            E::RefundOpened { .. } => not_refundable(),
            E::RefundRejected { .. } | E::HisReversed { .. } => over(),
            E::LockDone { receipt } if receipt.total_fen == self.bill.total_fen => {
                let mut next = Settlement { st: St::Locked, ..self.clone() };
                // Whoever was called because it took long is not needed any more, and must not decide about what comes next.
                settle(&mut next.base);
                moved(Move { tells: vec![self.bill_ready()], ..Move::to(next) })
            }
            // HIS would book another amount than the one shown: nothing is paid yet, so the bill is given up.
            E::LockDone { .. } => moved(self.give_up("amount_changed")),
            E::LockRefused { no } => moved(self.never_locked(no)),
            E::LockRefusedLate { no } => moved(self.give_up(&no.code)),
            E::ChangedElsewhere => moved(self.give_up("changed_elsewhere")),
            E::NoMoney => moved(self.release("not_paid")),
            E::MoneyIn { paid, insured } => moved(self.take(paid, insured.as_deref()).post(paid)),
            E::Overdue => call_person(self, |s| &mut s.base, "lock_overdue", cx),
            E::UnlockDone | E::UnlockRefused { .. } | E::MoneyBack => over(),
            E::PostDone { .. }
            | E::PostRefused { .. }
            | E::PostRefusedLate { .. }
            | E::PostUnknown { .. }
            | E::PostFound { .. }
            | E::PostNotRecorded
            | E::PostCancelled
            | E::CancelRefused { .. }
            | E::WindowReversed { .. }
            | E::Suspended { .. } => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn locked(&self, event: &E) -> Result<Step<Settlement>> {
        match event {
            E::RefundOpened { .. } => not_refundable(),
            E::RefundRejected { .. } | E::HisReversed { .. } => over(),
            E::MoneyIn { paid, insured } => moved(self.take(paid, insured.as_deref()).post(paid)),
            E::NoMoney => moved(self.release("not_paid")),
            E::ChangedElsewhere => moved(self.give_up("changed_elsewhere")),
            E::LockDone { .. } => known(),
            E::LockRefused { .. } | E::LockRefusedLate { .. } | E::UnlockDone | E::UnlockRefused { .. } | E::MoneyBack | E::Overdue => over(),
            E::PostDone { .. }
            | E::PostRefused { .. }
            | E::PostRefusedLate { .. }
            | E::PostUnknown { .. }
            | E::PostFound { .. }
            | E::PostNotRecorded
            | E::PostCancelled
            | E::CancelRefused { .. }
            | E::WindowReversed { .. }
            | E::Suspended { .. } => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn posting(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        match event {
            E::RefundOpened { .. } => not_refundable(),
            E::RefundRejected { .. } | E::HisReversed { .. } => over(),
            E::PostDone { receipt } | E::PostFound { receipt } => self.booked(receipt, cx),
            E::PostRefused { no } => moved(self.money_goes_back(&no.code, cx)?),
            E::PostCancelled => moved(self.money_goes_back("his_cancelled", cx)?),
            E::PostRefusedLate { no, sent } => moved(self.blind(*sent, Some(no), cx)),
            E::PostUnknown { fault, .. } if planted!(PostUnknownIsNo) => moved(self.money_goes_back(&fault.code, cx)?),
            E::PostUnknown { sent, .. } => moved(self.blind(*sent, None, cx)),
            E::PostNotRecorded => self.not_recorded(cx),
            E::CancelRefused { .. } => {
                // HIS will not cancel: perhaps it has booked it. Ask on, and call a person.
                let mut next = self.clone();
                attend(&mut next.base, "cancel_refused", cx);
                moved(Move { poll: self.ask_post(cx), ..Move::to(next) })
            }
            // The window reversed what HIS has not even shown us as booked: remembered until the posting is known.
            E::WindowReversed { amount_fen } => moved(Move { poll: Ask::Keep, wake: self.patience(), ..Move::to(self.remembering(*amount_fen)) }),
            E::Suspended { amount_fen, suspension } => {
                let next = Settlement { suspended: Some(Suspended { suspension: *suspension }), ..self.remembering(*amount_fen) };
                moved(Move { poll: Ask::Keep, wake: self.patience(), ..Move::to(next) })
            }
            E::Overdue => call_person(self, |s| &mut s.base, "posting_overdue", cx),
            E::Resolve { decision, .. } if self.base.attention.is_some() => self.resolve(decision, cx),
            E::Resolve { .. } => not_held(),
            E::NoMoney => self.contradiction("money_withdrawn", cx),
            E::MoneyIn { .. } => known(),
            E::LockDone { .. } | E::LockRefused { .. } | E::LockRefusedLate { .. } | E::UnlockDone | E::UnlockRefused { .. } | E::ChangedElsewhere | E::MoneyBack => over(),
        }
    }

    fn posted(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        match event {
            E::RefundOpened { refund } => moved(Move::to(Settlement { st: St::Refunding, refund: Some(*refund), asked: true, ..self.clone() })),
            E::RefundRejected { .. } | E::HisReversed { .. } => over(),
            E::PostDone { receipt } | E::PostFound { receipt } => {
                if self.receipt.as_ref().is_some_and(|r| r.receipt_no == receipt.receipt_no && r.total_fen == receipt.total_fen) {
                    known()
                } else {
                    self.contradiction("second_receipt", cx)
                }
            }
            E::WindowReversed { amount_fen } => self.his_reversed(*amount_fen, Cause::Window, cx),
            E::Suspended { amount_fen, suspension } => {
                Settlement { suspended: Some(Suspended { suspension: *suspension }), ..self.clone() }.his_reversed(*amount_fen, Cause::Suspended, cx)
            }
            E::PostCancelled => self.contradiction("cancelled_after_posted", cx),
            E::NoMoney => self.contradiction("money_withdrawn", cx),
            E::MoneyIn { .. } => known(),
            E::PostRefused { .. } | E::PostRefusedLate { .. } | E::PostUnknown { .. } | E::PostNotRecorded | E::CancelRefused { .. } => over(),
            E::LockDone { .. } | E::LockRefused { .. } | E::LockRefusedLate { .. } | E::UnlockDone | E::UnlockRefused { .. } | E::ChangedElsewhere | E::MoneyBack | E::Overdue => {
                over()
            }
            E::Resolve { .. } => not_held(),
        }
    }

    fn refunding(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        match event {
            E::RefundOpened { refund } if planted!(SecondRefundOpen) => moved(Move::to(Settlement { refund: Some(*refund), ..self.clone() })),
            E::RefundOpened { .. } => not_refundable(),
            E::RefundRejected { refund } => self.as_before(*refund),
            E::HisReversed { refund, successor } => self.reversed_for(*refund, successor.as_deref(), cx),
            E::WindowReversed { amount_fen } if self.asked => self.window_was_faster(*amount_fen, None, cx),
            E::Suspended { amount_fen, suspension } if self.asked => self.window_was_faster(*amount_fen, Some(Suspended { suspension: *suspension }), cx),
            E::MoneyBack if self.asked => over(),
            E::MoneyBack if self.receipt.is_some() => {
                let tells = self.suspended.and_then(|s| s.suspension).map(money_back).into_iter().collect();
                let st = if self.chain.is_some_and(|chain| chain.next.is_some()) { St::Replaced } else { St::Reversed };
                moved(Move { tells, ..self.free(st) })
            }
            E::MoneyBack => moved(self.release("refunded")),
            E::PostDone { receipt } | E::PostFound { receipt } => {
                // After HIS's definite no there must be no receipt; after a window reversal it is the old one.
                if self.receipt.as_ref().is_some_and(|r| r.receipt_no == receipt.receipt_no) { known() } else { self.contradiction("posted_after_no", cx) }
            }
            E::WindowReversed { .. } if self.receipt.is_some() => known(),
            // HIS told of the reversal before the patient's suspension heard of it.
            E::Suspended { suspension: Some(id), .. } if self.receipt.is_some() && self.suspended.is_none_or(|s| s.suspension.is_none()) => {
                moved(Move { poll: Ask::Keep, ..Move::to(Settlement { suspended: Some(Suspended { suspension: Some(*id) }), ..self.clone() }) })
            }
            E::Suspended { .. } if self.receipt.is_some() => known(),
            E::WindowReversed { .. } | E::Suspended { .. } => self.contradiction("reversed_without_receipt", cx),
            E::MoneyIn { .. } | E::UnlockDone => known(),
            E::NoMoney => self.contradiction("money_withdrawn", cx),
            E::PostRefused { .. } | E::PostRefusedLate { .. } | E::PostUnknown { .. } | E::PostNotRecorded | E::PostCancelled | E::CancelRefused { .. } => over(),
            E::LockDone { .. } | E::LockRefused { .. } | E::LockRefusedLate { .. } | E::UnlockRefused { .. } | E::ChangedElsewhere | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn reversed(&self, event: &E) -> Result<Step<Settlement>> {
        match event {
            E::RefundOpened { .. } => not_refundable(),
            E::RefundRejected { .. } | E::HisReversed { .. } => over(),
            E::Suspended { suspension: Some(id), .. } => moved(Move { tells: vec![money_back(*id)], ..Move::to(self.clone()) }),
            E::MoneyBack | E::WindowReversed { .. } | E::Suspended { suspension: None, .. } | E::MoneyIn { .. } => known(),
            E::PostDone { .. } | E::PostFound { .. } | E::NoMoney => over(),
            E::PostRefused { .. } | E::PostRefusedLate { .. } | E::PostUnknown { .. } | E::PostNotRecorded | E::PostCancelled | E::CancelRefused { .. } => over(),
            E::LockDone { .. } | E::LockRefused { .. } | E::LockRefusedLate { .. } | E::UnlockDone | E::UnlockRefused { .. } | E::ChangedElsewhere | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn releasing(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        match event {
            E::RefundOpened { .. } => not_refundable(),
            E::RefundRejected { .. } | E::HisReversed { .. } => over(),
            // A lock whose answer was lost may land in HIS after this unlock: one more unlock follows after a while.
            E::UnlockDone => moved(Move { wake: (!self.unlocked_again).then_some(Wake::Overdue(Lane::His)), ..self.free(St::Void) }),
            E::UnlockRefused { no } => {
                let mut next = Settlement { because: Some(no.code.clone()), ..self.clone() };
                attend(&mut next.base, "unlock_refused", cx);
                moved(Move::to(next))
            }
            // Money that was already on its way when the bill was given up: it goes back.
            E::MoneyIn { paid, insured } => moved(self.take(paid, insured.as_deref()).money_goes_back("bill_gone", cx)?),
            E::Overdue => call_person(self, |s| &mut s.base, "unlock_overdue", cx),
            E::Resolve { decision: Decision::Unlocked, .. } if self.base.attention.is_some() => moved(self.free(St::Void)),
            E::Resolve { .. } => not_held(),
            // The lock came through before the unlock that is queued behind it.
            E::LockDone { .. } | E::NoMoney | E::MoneyBack => known(),
            E::LockRefused { .. } | E::LockRefusedLate { .. } | E::ChangedElsewhere => over(),
            E::PostDone { .. } | E::PostFound { .. } => self.contradiction("posted_after_no", cx),
            E::PostRefused { .. }
            | E::PostRefusedLate { .. }
            | E::PostUnknown { .. }
            | E::PostNotRecorded
            | E::PostCancelled
            | E::CancelRefused { .. }
            | E::WindowReversed { .. }
            | E::Suspended { .. } => over(),
        }
    }

    fn void(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        match event {
            E::RefundOpened { .. } => not_refundable(),
            E::RefundRejected { .. } | E::HisReversed { .. } => over(),
            // Its queue asks HIS one thing at a time, so a lock is answered before the unlock is asked for.
            E::LockDone { .. } => over(),
            E::MoneyIn { paid, insured } => moved(self.take(paid, insured.as_deref()).money_goes_back("bill_gone", cx)?),
            E::Overdue if !self.unlocked_again => moved(Move { acts: vec![Act::first(self.unlock())], ..Move::to(Settlement { unlocked_again: true, ..self.clone() }) }),
            E::NoMoney | E::UnlockDone | E::MoneyBack => known(),
            E::PostDone { .. } | E::PostFound { .. } => self.contradiction("posted_after_no", cx),
            E::PostRefused { .. }
            | E::PostRefusedLate { .. }
            | E::PostUnknown { .. }
            | E::PostNotRecorded
            | E::PostCancelled
            | E::CancelRefused { .. }
            | E::WindowReversed { .. }
            | E::Suspended { .. } => over(),
            E::LockRefused { .. } | E::LockRefusedLate { .. } | E::UnlockRefused { .. } | E::ChangedElsewhere | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    /// The payment is proven, and this is how.
    pub(super) fn take(&self, paid: &Paid, insured: Option<&SettledOrder>) -> Settlement {
        Settlement { paid: Some(paid.clone()), insured: insured.cloned().map(Box::new), ..self.clone() }
    }

    /// The payment is proven: HIS is told.
    fn post(&self, paid: &Paid) -> Move<Settlement> {
        let mut next = Settlement { st: St::Posting, ..self.clone() };
        settle(&mut next.base);
        let act = Act::first(next.posting_call(paid));
        Move { acts: vec![act], wake: Some(Wake::Overdue(Lane::His)), ..Move::to(next) }
    }

    /// HIS shows the booking.
    pub(super) fn booked(&self, receipt: &HisReceipt, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        if receipt.no != self.no() {
            return self.contradiction("number_differs", cx);
        }
        if &receipt.patient_id != self.patient() {
            return self.contradiction("patient_differs", cx);
        }
        if receipt.total_fen != self.bill.total_fen {
            return self.contradiction("amount_differs", cx);
        }
        if self.paid.is_none() {
            return self.contradiction("posted_unpaid", cx);
        }
        let invoice_id = InvoiceId::new(cx.fresh.take()?)?;
        let mut next =
            Settlement { st: St::Posted, receipt: Some(receipt.clone()), invoice: Some(invoice_id), blind_since: None, late_no: None, cancelling: false, ..self.clone() };
        next.base.attention = None;
        let mut m = Move::to(next);
        if !planted!(PostingNotJournalled) {
            m.journals.push(m.next.posted_journal(cx)?);
        }
        m.spawn.push(m.next.invoice_birth(invoice_id, receipt, false));
        m.tells.extend(self.window_again());
        moved(m)
    }

    /// It is not known whether HIS booked it: ask; call a person at once where HIS cannot be asked.
    fn blind(&self, sent: u32, late_no: Option<&No>, cx: &Cx<'_>) -> Move<Settlement> {
        let mut next = Settlement {
            post_sent: sent.max(self.post_sent),
            blind_since: self.blind_since.or(Some(cx.now)),
            late_no: late_no.cloned().or_else(|| self.late_no.clone()),
            ..self.clone()
        };
        if !cx.his.query_post {
            attend(&mut next.base, "his_cannot_query", cx);
        }
        Move { poll: self.ask_post(cx), wake: self.patience(), ..Move::to(next) }
    }

    /// HIS has no record (yet). That is no "no": post again under the same number; after `his_blind_s` ask HIS to cancel
    /// that number, and only its acceptance decides (domain/hospital.md §2.6).
    fn not_recorded(&self, cx: &Cx<'_>) -> Result<Step<Settlement>> {
        let Some(blind_since) = self.blind_since else { return undecided() };
        let blind_ms = i64::from(cx.terms.his_blind_s) * 1000;
        if cx.now.since(blind_since) >= blind_ms {
            if cx.his.cancel_post && !self.cancelling {
                let act = Act::first(Call::His { call: HisCall::CancelPost { no: self.no() } });
                return moved(Move { acts: vec![act], wake: self.patience(), ..Move::to(Settlement { cancelling: true, ..self.clone() }) });
            }
            if self.base.attention.is_none() {
                let mut next = self.clone();
                attend(&mut next.base, "his_blind", cx);
                return moved(Move { poll: Ask::Keep, ..Move::to(next) });
            }
            return undecided();
        }
        match (&self.late_no, &self.paid) {
            (None, Some(paid)) => {
                let act = Act { call: self.posting_call(paid), prior: self.post_sent };
                moved(Move { acts: vec![act], wake: self.patience(), ..Move::to(self.clone()) })
            }
            (Some(_), _) | (None, None) => undecided(),
        }
    }

    /// Gives the bill up before money came: unlock, and tell the payment.
    fn give_up(&self, why: &str) -> Move<Settlement> {
        let mut m = self.release(why);
        m.tells.push(self.bill_gone(why));
        m
    }

    /// HIS never locked it: nothing to unlock.
    fn never_locked(&self, no: &No) -> Move<Settlement> {
        let mut m = self.free(St::Void);
        m.next.because = Some(no.code.clone());
        m.tells.push(self.bill_gone(&no.code));
        m
    }

    pub(super) fn release(&self, why: &str) -> Move<Settlement> {
        if planted!(UnlockForgotten) {
            return self.free(St::Void);
        }
        let next = Settlement { st: St::Releasing, because: self.because.clone().or_else(|| Some(why.to_owned())), ..self.clone() };
        Move { acts: vec![Act::first(self.unlock())], wake: Some(Wake::Overdue(Lane::His)), ..Move::to(next) }
    }

    /// An end state: the lines are given back.
    pub(super) fn free(&self, st: St) -> Move<Settlement> {
        let mut next = Settlement { st, claimed: false, ..self.clone() };
        settle(&mut next.base);
        Move { frees: if self.claimed { self.line_keys() } else { Vec::new() }, ..Move::to(next) }
    }

    pub(super) fn contradiction(&self, reason: &str, cx: &Cx<'_>) -> Result<Step<Settlement>> {
        moved(Move::to(self.hold_for(reason, cx)))
    }

    /// Holds the settlement: evidence contradicts itself.
    pub(crate) fn hold_for(&self, reason: &str, cx: &Cx<'_>) -> Settlement {
        let mut next = Settlement { st: St::Held, ..self.clone() };
        hold(&mut next.base, self.st.code(), reason, cx);
        attend(&mut next.base, reason, cx);
        next
    }

    /// The overdue timer, unless a person was called already.
    fn patience(&self) -> Option<Wake> {
        self.base.attention.is_none().then_some(Wake::Overdue(Lane::His))
    }
}
