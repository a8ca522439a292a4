//! The split of a mobile insured order (6202, 6301, 6302): identities I-1 to I-5 of domain/medins.md §2.2.

use serde::{Deserialize, Serialize};

use super::identity::{AmountMismatch, Held, Identity, at_most, broken, equal};
use crate::error::Result;
use crate::money::Money;

/// What 6202 answers, in fen. Parts that a centre leaves out are absent here, which is not the same as zero for I-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MobileSplit {
    /// Total (feeSumamt).
    pub total_fen: Money,
    /// Cash of the patient (ownPayAmt; Hainan spells it ownpayAmt).
    pub cash_fen: Money,
    /// Personal account (psnAcctPay), mutual aid included.
    pub account_fen: Money,
    /// Pooled fund (fundPay).
    pub fund_fen: Money,
    /// Other (othFeeAmt).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_fen: Option<Money>,
    /// The hospital's part (hospPartAmt): a detail inside other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital_fen: Option<Money>,
    /// Own account (selfAcctPay).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_account_fen: Option<Money>,
    /// Family mutual aid (acctMulaidPay).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutual_aid_fen: Option<Money>,
    /// Deposit: outside the total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit_fen: Option<Money>,
    /// Delivery fee (delvFee): outside the total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_fen: Option<Money>,
    /// Reductions that the hospital grants on the cash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduction_fen: Option<Money>,
    /// What is to be collected from the patient, when somebody else has computed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collect_fen: Option<Money>,
}

fn or_nothing(amount: Option<Money>) -> Money {
    amount.unwrap_or_default()
}

/// I-1: feeSumamt = ownPayAmt + psnAcctPay + fundPay + othFeeAmt. An older text leaves othFeeAmt out: there it is absent,
/// i.e. nothing; a centre that sends it counts it.
pub fn i1(s: &MobileSplit) -> Held {
    equal(Identity::I1, ("feeSumamt", s.total_fen), "ownPayAmt + psnAcctPay + fundPay + othFeeAmt", [s.cash_fen, s.account_fen, s.fund_fen, or_nothing(s.other_fen)])
}

/// I-2: psnAcctPay = selfAcctPay + acctMulaidPay, when the centre tells both.
pub fn i2(s: &MobileSplit) -> Held {
    match (s.own_account_fen, s.mutual_aid_fen) {
        (Some(own), Some(aid)) => equal(Identity::I2, ("psnAcctPay", s.account_fen), "selfAcctPay + acctMulaidPay", [own, aid]),
        (Some(part), None) | (None, Some(part)) => at_most(Identity::I2, ("selfAcctPay or acctMulaidPay", part), ("psnAcctPay", s.account_fen)),
        (None, None) => Ok(None),
    }
}

/// I-3: hospPartAmt is a detail inside othFeeAmt, never added again.
pub fn i3(s: &MobileSplit) -> Held {
    at_most(Identity::I3, ("hospPartAmt", or_nothing(s.hospital_fen)), ("othFeeAmt", or_nothing(s.other_fen)))
}

/// I-4: deposit and delvFee are outside feeSumamt: broken when the total closes only with them.
pub fn i4(s: &MobileSplit) -> Held {
    let parts = [s.cash_fen, s.account_fen, s.fund_fen, or_nothing(s.other_fen)];
    let inside = Money::sum(parts)?;
    let (deposit, delivery) = (or_nothing(s.deposit_fen), or_nothing(s.delivery_fen));
    for outside in [deposit, delivery, deposit.plus(delivery)?] {
        if outside.is_positive() && s.total_fen == inside.plus(outside)? {
            return equal(Identity::I4, ("feeSumamt", s.total_fen), "ownPayAmt + psnAcctPay + fundPay + othFeeAmt, without deposit and delvFee", parts);
        }
    }
    Ok(None)
}

/// I-5: cash to collect = ownPayAmt (+ delvFee − reductions).
pub fn i5(s: &MobileSplit) -> Held {
    match s.collect_fen {
        Some(collect) => equal(Identity::I5, ("cash to collect", collect), "ownPayAmt + delvFee - reductions", [s.cash_due()?]),
        None => Ok(None),
    }
}

impl MobileSplit {
    /// What the patient pays in cash (I-5).
    pub fn cash_due(&self) -> Result<Money> {
        self.cash_fen.plus(or_nothing(self.delivery_fen))?.minus(or_nothing(self.reduction_fen))
    }

    /// I-1 to I-5.
    pub fn check(&self) -> Result<Vec<AmountMismatch>> {
        broken([i1(self), i2(self), i3(self), i4(self), i5(self)])
    }

    /// Compares what was settled (6301, 6302) with what was quoted and accepted (6202), part by part: a callback that says
    /// another amount is evidence against itself, whatever its signature.
    pub fn same_as(&self, quoted: &MobileSplit) -> Result<Vec<AmountMismatch>> {
        let pairs = [
            ("feeSumamt settled", self.total_fen, "feeSumamt quoted", quoted.total_fen),
            ("ownPayAmt settled", self.cash_fen, "ownPayAmt quoted", quoted.cash_fen),
            ("psnAcctPay settled", self.account_fen, "psnAcctPay quoted", quoted.account_fen),
            ("fundPay settled", self.fund_fen, "fundPay quoted", quoted.fund_fen),
        ];
        broken(pairs.map(|(left, settled, right, quoted)| equal(Identity::Quoted, (left, settled), right, [quoted])))
    }

    /// Every amount with its field, for range checks.
    pub(super) fn amounts(&self) -> impl Iterator<Item = (&'static str, Money)> {
        let told = [
            ("other_fen", self.other_fen),
            ("hospital_fen", self.hospital_fen),
            ("own_account_fen", self.own_account_fen),
            ("mutual_aid_fen", self.mutual_aid_fen),
            ("deposit_fen", self.deposit_fen),
            ("delivery_fen", self.delivery_fen),
            ("reduction_fen", self.reduction_fen),
            ("collect_fen", self.collect_fen),
        ];
        [("total_fen", self.total_fen), ("cash_fen", self.cash_fen), ("account_fen", self.account_fen), ("fund_fen", self.fund_fen)]
            .into_iter()
            .chain(told.into_iter().filter_map(|(field, amount)| Some((field, amount?))))
    }
}
