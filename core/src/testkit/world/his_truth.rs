//! What really happened in the HIS without wires, for whoever judges a history.

use super::his::FakeHis;
use super::lock;
use crate::ident::BusinessNo;
use crate::money::Money;
use crate::port::HisReceipt;

/// How often HIS really said something that misleads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HisLies {
    /// "Already settled" to a repeated posting that was its own.
    pub repeats_refused: u64,
    /// "Not recorded" of a posting that it has.
    pub blind: u64,
}

impl FakeHis {
    /// What HIS really booked under a number: how much, and whether it still stands.
    pub fn posting(&self, no: &BusinessNo) -> Option<(Money, bool)> {
        self.wire.settle();
        lock(&self.state).postings.get(no).map(|p| (p.receipt.total_fen, p.stands()))
    }

    /// The receipt of what HIS really booked under a number, as its own screen shows it.
    pub fn receipt(&self, no: &BusinessNo) -> Option<HisReceipt> {
        self.wire.settle();
        lock(&self.state).postings.get(no).map(|p| p.receipt.clone())
    }

    /// How often it misled so far.
    pub fn lies(&self) -> HisLies {
        lock(&self.state).lies
    }
}
