//! What really happened in the HIS without wires, for whoever judges a history.

use super::his::FakeHis;
use super::lock;
use crate::ident::BusinessNo;
use crate::money::Money;
use crate::port::{FileOpened, HisNoticeKind, HisReceipt};
use crate::visit::QueueTicket;

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

    /// What HIS gave to a check-in or a taking of a number, as its own screen shows it.
    pub fn ticket(&self, no: &BusinessNo) -> Option<QueueTicket> {
        self.wire.settle();
        lock(&self.state).bookings.attended(no)
    }

    /// The file HIS opened under a number, as its own screen shows it.
    pub fn opened(&self, no: &BusinessNo) -> Option<FileOpened> {
        self.wire.settle();
        lock(&self.state).opened.get(no).cloned()
    }

    /// HIS tells of a reversal at its window that never was.
    pub fn tell_reversed(&self, settlement_no: &BusinessNo, amount_fen: Money) {
        let now = self.wire.now();
        lock(&self.state).notify(now, HisNoticeKind::Reversed { settlement_no: settlement_no.clone(), amount_fen, suspended: false });
    }

    /// How often it misled so far.
    pub fn lies(&self) -> HisLies {
        lock(&self.state).lies
    }
}
