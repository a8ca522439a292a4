//! Answers that name another amount, number or person than they should: the engine must hold, and take nothing for granted.

use menjie::Money;
use menjie::access::Private;
use menjie::ident::{PatientId, ScheduleId};
use menjie::invoice::InvoiceState;
use menjie::payment::{RefundState, TradeState};
use menjie::port::{ChannelAnswer, FileOpened, HisAnswer, InsurerAnswer, InvoiceAnswer, NotifyAnswer, PostState};
use menjie::visit::{FeeBack, Rebooked};

/// An answer that can be made to contradict what was asked.
pub trait Contradicts {
    /// Makes it so, in one of several ways; false when there is nothing in it to change.
    fn contradict(&mut self, how: u64) -> bool;
}

fn another(amount: &mut Money) -> bool {
    *amount = Money::from_fen(amount.fen() + 1).unwrap();
    true
}

fn somebody_else(opened: &mut FileOpened) -> bool {
    opened.file.name = Private::new("林测安");
    true
}

fn elsewhere(rebooked: &mut Rebooked) -> bool {
    match rebooked {
        Rebooked::Moved { registration } => registration.patient_id = PatientId::new("P-other").unwrap(),
        Rebooked::Cancelled { fee } => *fee = FeeBack::Reversed { settlement_no: menjie::ident::BusinessNo::new("S0000000000000000009").unwrap(), amount_fen: Money::ZERO },
    }
    true
}

impl Contradicts for HisAnswer {
    fn contradict(&mut self, _how: u64) -> bool {
        match self {
            HisAnswer::Post(receipt) | HisAnswer::QueryPost(PostState::Posted(receipt)) => another(&mut receipt.total_fen),
            HisAnswer::Reverse(reversed) | HisAnswer::QueryReverse(Some(reversed)) => another(&mut reversed.amount_fen),
            HisAnswer::Refundable(refundable) => refundable.lines.pop().is_some(),
            HisAnswer::OpenFile(opened) | HisAnswer::QueryFile(Some(opened)) => somebody_else(opened),
            HisAnswer::Rebook(rebooked) | HisAnswer::QueryRebook(Some(rebooked)) => elsewhere(rebooked),
            HisAnswer::Affected(page) => page.items.first_mut().is_some_and(|hit| {
                hit.registration.schedule_id = ScheduleId::new("S-other").unwrap();
                true
            }),
            _ => false,
        }
    }
}

impl Contradicts for ChannelAnswer {
    fn contradict(&mut self, _how: u64) -> bool {
        match self {
            ChannelAnswer::Query(TradeState::Paid(proof)) => another(&mut proof.amount_fen),
            ChannelAnswer::Refund(RefundState::Done { amount_fen, .. }) | ChannelAnswer::QueryRefund(RefundState::Done { amount_fen, .. }) => another(amount_fen),
            _ => false,
        }
    }
}

impl Contradicts for InsurerAnswer {
    fn contradict(&mut self, how: u64) -> bool {
        match self {
            InsurerAnswer::Query(report) | InsurerAnswer::Place(report) => match &mut report.split {
                Some(split) if how.is_multiple_of(2) => another(&mut split.total_fen),
                _ => {
                    report.pay_order_id.push('9');
                    true
                }
            },
            _ => false,
        }
    }
}

impl Contradicts for InvoiceAnswer {
    fn contradict(&mut self, _how: u64) -> bool {
        match self {
            InvoiceAnswer::Issue(issued) | InvoiceAnswer::Query(InvoiceState::Blue(issued)) => another(&mut issued.total_fen),
            _ => false,
        }
    }
}

impl Contradicts for NotifyAnswer {
    fn contradict(&mut self, _how: u64) -> bool {
        false
    }
}
