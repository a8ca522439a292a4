//! The split of a HIS-side settlement (`setlinfo` of 2206, 2207, 2208, 5203): identities H-1 to H-6 of domain/medins.md §3.3.

use serde::{Deserialize, Serialize};

use super::identity::{AmountMismatch, Held, Identity, at_most, broken, equal};
use crate::error::Result;
use crate::money::Money;

/// The kinds of fund (H-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Funds {
    /// Basic pooled fund 基本医保统筹 (hifp_pay).
    pub pooled_fen: Money,
    /// Residents' serious illness 居民大病 (hifmi_pay).
    pub serious_fen: Money,
    /// Employees' large amounts 职工大额 (hifob_pay).
    pub large_fen: Money,
    /// Enterprise supplement 企业补充 (hifes_pay).
    pub enterprise_fen: Money,
    /// Civil servants 公务员补助 (cvlserv_pay).
    pub civil_fen: Money,
    /// Medical aid 医疗救助 (maf_pay).
    pub aid_fen: Money,
    /// Other 其他 (oth_pay).
    pub other_fen: Money,
    /// Disabled persons 伤残人员 (hifdm_pay); newer and regional, perhaps held by other already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_fen: Option<Money>,
}

/// `setlinfo` in fen.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HisSplit {
    /// Total (medfee_sumamt).
    pub total_fen: Money,
    /// Wholly own 全自费 (fulamt_ownpay_amt).
    pub own_fen: Money,
    /// Above the price limit 超限价自费 (overlmt_selfpay).
    pub over_limit_fen: Money,
    /// First own share 先行自付 (preselfpay_amt).
    pub pre_self_fen: Money,
    /// Within policy 符合政策范围 (inscp_scp_amt).
    pub in_scope_fen: Money,
    /// Fund in total (fund_pay_sumamt).
    pub fund_fen: Money,
    /// Personal burden (psn_part_amt; 5203 says psn_pay).
    pub personal_fen: Money,
    /// Personal account (acct_pay), mutual aid included.
    pub account_fen: Money,
    /// Cash (psn_cash_pay; also cash_payamt, pdn_cash_pay). Read, never computed.
    pub cash_fen: Money,
    /// Family mutual aid (acct_mulaid_pay): inside the account.
    #[serde(default)]
    pub mutual_aid_fen: Money,
    /// Borne by the hospital (hosp_part_amt).
    #[serde(default)]
    pub hospital_fen: Money,
    /// The kinds of fund, when told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funds: Option<Funds>,
    /// fund_payamt of each `setldetail` row, when told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details_fen: Option<Vec<Money>>,
    /// det_item_fee_sumamt of each uploaded line of the batch, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines_fen: Option<Vec<Money>>,
}

/// What a checked `setlinfo` says.
pub(super) struct HisChecked {
    pub(super) mismatches: Vec<AmountMismatch>,
    pub(super) warnings: Vec<AmountMismatch>,
    /// Does fund_pay_sumamt hold the account? `None` when nothing tells (no account money).
    pub(super) account_in_fund: Option<bool>,
}

/// H-1: medfee_sumamt = fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt.
pub fn h1(s: &HisSplit) -> Held {
    let right = "fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt";
    equal(Identity::H1, ("medfee_sumamt", s.total_fen), right, [s.own_fen, s.over_limit_fen, s.pre_self_fen, s.in_scope_fen])
}

/// H-2: medfee_sumamt = fund_pay_sumamt + psn_part_amt + hosp_part_amt; where the fund holds the account, the account is
/// counted once.
pub fn h2(s: &HisSplit, account_in_fund: bool) -> Held {
    let counted = if account_in_fund { s.account_fen } else { Money::ZERO };
    let right = if account_in_fund { "fund_pay_sumamt - acct_pay + psn_part_amt + hosp_part_amt" } else { "fund_pay_sumamt + psn_part_amt + hosp_part_amt" };
    equal(Identity::H2, ("medfee_sumamt", s.total_fen), right, [s.fund_fen, counted.negated(), s.personal_fen, s.hospital_fen])
}

/// H-3: fund_pay_sumamt = the sum of its kinds (+ acct_pay where the fund holds it). oth_pay may hold hifdm_pay already.
pub fn h3(s: &HisSplit, account_in_fund: bool) -> Held {
    let Some(f) = s.funds else { return Ok(None) };
    let account = if account_in_fund { s.account_fen } else { Money::ZERO };
    let kinds = [f.pooled_fen, f.serious_fen, f.large_fen, f.enterprise_fen, f.civil_fen, f.aid_fen, f.other_fen, account];
    let right = "hifp_pay + hifmi_pay + hifob_pay + hifes_pay + cvlserv_pay + maf_pay + oth_pay";
    let left = ("fund_pay_sumamt", s.fund_fen);
    match (equal(Identity::H3, left, right, kinds)?, f.disabled_fen) {
        (Some(_), Some(disabled)) => equal(Identity::H3, left, right, kinds.into_iter().chain([disabled])),
        (held, _) => Ok(held),
    }
}

/// H-4: psn_part_amt = acct_pay + psn_cash_pay; acct_pay already holds acct_mulaid_pay.
pub fn h4(s: &HisSplit) -> Held {
    match equal(Identity::H4, ("psn_part_amt", s.personal_fen), "acct_pay + psn_cash_pay", [s.account_fen, s.cash_fen])? {
        None => at_most(Identity::H4, ("acct_mulaid_pay", s.mutual_aid_fen), ("acct_pay", s.account_fen)),
        broken => Ok(broken),
    }
}

/// H-5: Σ setldetail.fund_payamt = fund_pay_sumamt, or + acct_pay where the region lists the account as a fund.
pub fn h5(s: &HisSplit) -> Held {
    let Some(details) = &s.details_fen else { return Ok(None) };
    let sum = Money::sum(details.iter().copied())?;
    let left = ("sum of setldetail.fund_payamt", sum);
    match equal(Identity::H5, left, "fund_pay_sumamt", [s.fund_fen])? {
        Some(broken) => Ok(equal(Identity::H5, left, "fund_pay_sumamt + acct_pay", [s.fund_fen, s.account_fen])?.map(|_| broken)),
        None => Ok(None),
    }
}

/// H-6: Σ feedetail.det_item_fee_sumamt of the batch = medfee_sumamt.
pub fn h6(s: &HisSplit) -> Held {
    let Some(lines) = &s.lines_fen else { return Ok(None) };
    equal(Identity::H6, ("medfee_sumamt", s.total_fen), "sum of feedetail.det_item_fee_sumamt", lines.iter().copied())
}

impl HisSplit {
    /// H-1 to H-6. Sources disagree whether fund_pay_sumamt holds the account (Hunan: no, Guangdong: yes): unless the site
    /// has said so, both are tried, and only when neither closes is the split broken, shown under the reading that is
    /// nearer.
    pub(super) fn check(&self, account_in_fund: Option<bool>) -> Result<HisChecked> {
        let under = |held: bool| broken([h1(self), h2(self, held), h3(self, held), h4(self), h6(self)]);
        let warnings = broken([h5(self)])?;
        let no_account = self.account_fen.is_zero();
        let (mismatches, account_in_fund) = match account_in_fund {
            Some(held) => (under(held)?, Some(held)),
            None => {
                let (beside, inside) = (under(false)?, under(true)?);
                if beside.len() <= inside.len() { (beside, Some(false)) } else { (inside, Some(true)) }
            }
        };
        Ok(HisChecked { mismatches, warnings, account_in_fund: account_in_fund.filter(|_| !no_account) })
    }

    /// The same with its amounts as they stand without sign: whether 2208 sends them negative is not established, so the
    /// caller applies his own sign.
    #[must_use]
    pub fn magnitudes(&self) -> HisSplit {
        let size = |m: Money| if m.is_negative() { m.negated() } else { m };
        let sizes = |list: &Option<Vec<Money>>| list.as_ref().map(|l| l.iter().map(|m| size(*m)).collect());
        HisSplit {
            total_fen: size(self.total_fen),
            own_fen: size(self.own_fen),
            over_limit_fen: size(self.over_limit_fen),
            pre_self_fen: size(self.pre_self_fen),
            in_scope_fen: size(self.in_scope_fen),
            fund_fen: size(self.fund_fen),
            personal_fen: size(self.personal_fen),
            account_fen: size(self.account_fen),
            cash_fen: size(self.cash_fen),
            mutual_aid_fen: size(self.mutual_aid_fen),
            hospital_fen: size(self.hospital_fen),
            funds: self.funds.map(|f| Funds {
                pooled_fen: size(f.pooled_fen),
                serious_fen: size(f.serious_fen),
                large_fen: size(f.large_fen),
                enterprise_fen: size(f.enterprise_fen),
                civil_fen: size(f.civil_fen),
                aid_fen: size(f.aid_fen),
                other_fen: size(f.other_fen),
                disabled_fen: f.disabled_fen.map(size),
            }),
            details_fen: sizes(&self.details_fen),
            lines_fen: sizes(&self.lines_fen),
        }
    }

    /// The amounts of the split proper with their fields, for range checks.
    pub(super) fn amounts(&self) -> [(&'static str, Money); 11] {
        [
            ("total_fen", self.total_fen),
            ("own_fen", self.own_fen),
            ("over_limit_fen", self.over_limit_fen),
            ("pre_self_fen", self.pre_self_fen),
            ("in_scope_fen", self.in_scope_fen),
            ("fund_fen", self.fund_fen),
            ("personal_fen", self.personal_fen),
            ("account_fen", self.account_fen),
            ("cash_fen", self.cash_fen),
            ("mutual_aid_fen", self.mutual_aid_fen),
            ("hospital_fen", self.hospital_fen),
        ]
    }
}
