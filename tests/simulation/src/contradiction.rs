//! Answers that name another amount or number than they should: the engine must hold, and take nothing for granted.

use menjie::Money;
use menjie::invoice::InvoiceState;
use menjie::payment::{RefundState, TradeState};
use menjie::port::{ChannelAnswer, HisAnswer, InsurerAnswer, InvoiceAnswer, NotifyAnswer, PostState};

/// An answer that can be made to contradict what was asked.
pub trait Contradicts {
    /// Makes it so; false when there is nothing in it to change.
    fn contradict(&mut self) -> bool;
}

fn another(amount: &mut Money) -> bool {
    *amount = Money::from_fen(amount.fen() + 1).unwrap();
    true
}

impl Contradicts for HisAnswer {
    fn contradict(&mut self) -> bool {
        match self {
            HisAnswer::Post(receipt) | HisAnswer::QueryPost(PostState::Posted(receipt)) => another(&mut receipt.total_fen),
            HisAnswer::Reverse(reversed) | HisAnswer::QueryReverse(Some(reversed)) => another(&mut reversed.amount_fen),
            _ => false,
        }
    }
}

impl Contradicts for ChannelAnswer {
    fn contradict(&mut self) -> bool {
        match self {
            ChannelAnswer::Query(TradeState::Paid(proof)) => another(&mut proof.amount_fen),
            ChannelAnswer::Refund(RefundState::Done { amount_fen, .. }) | ChannelAnswer::QueryRefund(RefundState::Done { amount_fen, .. }) => another(amount_fen),
            _ => false,
        }
    }
}

impl Contradicts for InsurerAnswer {
    fn contradict(&mut self) -> bool {
        match self {
            InsurerAnswer::Query(report) | InsurerAnswer::Place(report) => match &mut report.split {
                Some(split) => another(&mut split.total_fen),
                None => false,
            },
            _ => false,
        }
    }
}

impl Contradicts for InvoiceAnswer {
    fn contradict(&mut self) -> bool {
        match self {
            InvoiceAnswer::Issue(issued) | InvoiceAnswer::Query(InvoiceState::Blue(issued)) => another(&mut issued.total_fen),
            _ => false,
        }
    }
}

impl Contradicts for NotifyAnswer {
    fn contradict(&mut self) -> bool {
        false
    }
}
