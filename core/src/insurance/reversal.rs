//! What an insurer's refund (6203) may give back (domain/medins.md §2.4): the insurance part whole or not at all, the cash
//! part perhaps in pieces.

use super::clearing::SettlementPart;
use super::identity::{AmountMismatch, Identity, at_most, broken, equal};
use crate::error::Result;
use crate::money::Money;

/// Amounts of one part of an order and of its refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RefundPart {
    /// What is still there to give back.
    pub left_fen: Money,
    /// What the refund gives back.
    pub back_fen: Money,
}

/// A 6203 before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsurerRefund {
    /// refdType.
    pub part: SettlementPart,
    /// totlRefdAmt.
    pub total_fen: Money,
    /// Cash.
    pub cash: RefundPart,
    /// Account.
    pub account: RefundPart,
    /// Fund.
    pub fund: RefundPart,
}

impl InsurerRefund {
    /// Every rule of the scope that is broken.
    pub fn check(&self) -> Result<Vec<AmountMismatch>> {
        let same = |left: &'static str, part: RefundPart| equal(Identity::Refund, (left, part.back_fen), "what is left of it", [part.left_fen]);
        let none = |left: &'static str, part: RefundPart| equal(Identity::Refund, (left, part.back_fen), "nothing under this refdType", []);
        let total =
            equal(Identity::Refund, ("totlRefdAmt", self.total_fen), "cashRefdAmt + psnAcctRefdAmt + fundRefdAmt", [self.cash.back_fen, self.account.back_fen, self.fund.back_fen]);
        let (cash, account, fund) = ("cashRefdAmt", "psnAcctRefdAmt", "fundRefdAmt");
        match self.part {
            SettlementPart::All => broken([total, same(cash, self.cash), same(account, self.account), same(fund, self.fund)]),
            SettlementPart::Insurance => broken([total, none(cash, self.cash), same(account, self.account), same(fund, self.fund)]),
            SettlementPart::Cash => {
                let least = Money::from_fen(1)?;
                let positive = at_most(Identity::Refund, ("one fen", least), (cash, self.cash.back_fen));
                let in_bounds = at_most(Identity::Refund, (cash, self.cash.back_fen), ("what is left of it", self.cash.left_fen));
                broken([total, positive, in_bounds, none(account, self.account), none(fund, self.fund)])
            }
        }
    }
}
