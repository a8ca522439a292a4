//! WeChat's mixed insurance order (混合支付): identities W-1 to W-3 of domain/medins.md §6.1, and its amounts from 6202's.

use serde::{Deserialize, Serialize};

use super::MobileSplit;
use super::identity::{AmountMismatch, Held, Identity, broken, equal};
use crate::error::{Error, Result};
use crate::money::Money;

/// The amounts of `/v3/med-ins/orders`, in fen.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MixedOrder {
    /// total_fee.
    pub total_fen: Money,
    /// Fund (med_ins_gov_fee).
    pub fund_fen: Money,
    /// Account (med_ins_self_fee).
    pub account_fen: Money,
    /// Other (med_ins_other_fee).
    pub other_fen: Money,
    /// Cash as the insurer counts it (med_ins_cash_fee).
    pub insured_cash_fen: Money,
    /// Cash that WeChat collects (wechat_pay_cash_fee).
    pub wechat_cash_fen: Money,
    /// cash_add_fee of each addition.
    #[serde(default)]
    pub additions_fen: Vec<Money>,
    /// cash_reduce_fee of each reduction.
    #[serde(default)]
    pub reductions_fen: Vec<Money>,
}

/// W-1: total = gov + self + other + wechat_cash + Σ reduce.
pub fn w1(o: &MixedOrder) -> Held {
    let right = "med_ins_gov_fee + med_ins_self_fee + med_ins_other_fee + wechat_pay_cash_fee + sum of cash_reduce_fee";
    let parts = [o.fund_fen, o.account_fen, o.other_fen, o.wechat_cash_fen];
    equal(Identity::W1, ("total_fee", o.total_fen), right, parts.into_iter().chain(o.reductions_fen.iter().copied()))
}

/// W-2: total = gov + self + other + med_ins_cash + Σ add.
pub fn w2(o: &MixedOrder) -> Held {
    let right = "med_ins_gov_fee + med_ins_self_fee + med_ins_other_fee + med_ins_cash_fee + sum of cash_add_fee";
    let parts = [o.fund_fen, o.account_fen, o.other_fen, o.insured_cash_fen];
    equal(Identity::W2, ("total_fee", o.total_fen), right, parts.into_iter().chain(o.additions_fen.iter().copied()))
}

/// W-3: wechat_cash = med_ins_cash + Σ add − Σ reduce.
pub fn w3(o: &MixedOrder) -> Held {
    let parts = std::iter::once(o.insured_cash_fen).chain(o.additions_fen.iter().copied()).chain(o.reductions_fen.iter().map(|m| m.negated()));
    equal(Identity::W3, ("wechat_pay_cash_fee", o.wechat_cash_fen), "med_ins_cash_fee + sum of cash_add_fee - sum of cash_reduce_fee", parts)
}

impl MixedOrder {
    /// The order of a 6202 answer: delivery is an addition, the hospital's reductions are reductions. Refuses a split whose
    /// own identities do not hold, or whose cash would be below zero.
    pub fn of(split: &MobileSplit) -> Result<MixedOrder> {
        if !split.check()?.is_empty() {
            return Err(Error::field("split", "does not close"));
        }
        let some = |amount: Option<Money>| amount.into_iter().filter(|m| m.is_positive()).collect::<Vec<_>>();
        let cash_due = split.cash_due()?;
        if cash_due.is_negative() {
            return Err(Error::field("split.reduction_fen", "is more than the cash"));
        }
        Ok(MixedOrder {
            total_fen: split.total_fen.plus(split.delivery_fen.unwrap_or_default())?,
            fund_fen: split.fund_fen,
            account_fen: split.account_fen,
            other_fen: split.other_fen.unwrap_or_default(),
            insured_cash_fen: split.cash_fen,
            wechat_cash_fen: cash_due,
            additions_fen: some(split.delivery_fen),
            reductions_fen: some(split.reduction_fen),
        })
    }

    /// W-1 to W-3.
    pub fn check(&self) -> Result<Vec<AmountMismatch>> {
        broken([w1(self), w2(self), w3(self)])
    }

    /// mix_pay_type: which of cash and insurance the order has.
    pub const fn mix_pay_type(&self) -> &'static str {
        let insured = !self.fund_fen.is_zero() || !self.account_fen.is_zero() || !self.other_fen.is_zero();
        match (insured, self.wechat_cash_fen.is_zero()) {
            (true, true) => "INSURANCE_ONLY",
            (true, false) => "CASH_AND_INSURANCE",
            (false, _) => "CASH_ONLY",
        }
    }

    /// Every amount with its field, for range checks.
    pub(super) fn amounts(&self) -> impl Iterator<Item = (&'static str, Money)> {
        let listed = |field: &'static str, list: &'_ [Money]| list.iter().map(|m| (field, *m)).collect::<Vec<_>>();
        [
            ("total_fen", self.total_fen),
            ("fund_fen", self.fund_fen),
            ("account_fen", self.account_fen),
            ("other_fen", self.other_fen),
            ("insured_cash_fen", self.insured_cash_fen),
            ("wechat_cash_fen", self.wechat_cash_fen),
        ]
        .into_iter()
        .chain(listed("additions_fen", &self.additions_fen))
        .chain(listed("reductions_fen", &self.reductions_fen))
    }
}
