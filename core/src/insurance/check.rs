//! `insurance.check_split`: does a split close, and what are its parts?

use serde::{Deserialize, Serialize};

use super::identity::AmountMismatch;
use super::{HisSplit, MixedOrder, MobileSplit};
use crate::error::{Error, Result};
use crate::money::Money;

/// Request of `insurance.check_split`: one split or several of one settlement.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckSplitRequest {
    /// What 6202, 6301 or 6302 says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<MobileSplit>,
    /// What was quoted (6202) and accepted, to compare `mobile` with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<MobileSplit>,
    /// What 2206, 2207, 2208 or 5203 says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub his: Option<HisSplit>,
    /// The mixed WeChat order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wechat: Option<MixedOrder>,
    /// Does fund_pay_sumamt hold the account at this site? Both are tried when it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_in_fund: Option<bool>,
    /// `his` is the answer to a reversal (2208): its amounts are taken without their sign.
    #[serde(default)]
    pub reversal: bool,
}

/// The parts of the money (统筹, 个账, 其他, 自付, 医院负担), each counted once; they add up to the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Parts {
    /// Total.
    pub total_fen: Money,
    /// Fund, without account money.
    pub fund_fen: Money,
    /// Personal account, mutual aid included.
    pub account_fen: Money,
    /// Cash.
    pub cash_fen: Money,
    /// Other, the hospital's part included.
    pub other_fen: Money,
}

/// Response of `insurance.check_split`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckSplitResponse {
    /// Does everything close? If not, no money may move on it.
    pub holds: bool,
    /// What does not.
    pub mismatches: Vec<AmountMismatch>,
    /// What only some regions keep (H-5).
    pub warnings: Vec<AmountMismatch>,
    /// Does fund_pay_sumamt hold the account? Absent when there is no account money or no `his`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_in_fund: Option<bool>,
    /// The parts, of `mobile` if given, else of `his`; absent when it does not close.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// mix_pay_type of the mixed order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mix_pay_type: Option<&'static str>,
}

impl CheckSplitRequest {
    /// Runs the operation. Only amounts below zero are errors; a split that does not close is an answer.
    pub fn run(&self) -> Result<CheckSplitResponse> {
        if self.mobile.is_none() && self.his.is_none() && self.wechat.is_none() {
            return Err(Error::field("mobile", "one of mobile, his and wechat must be given"));
        }
        if self.quoted.is_some() && self.mobile.is_none() {
            return Err(Error::field("quoted", "has no mobile to be compared with"));
        }
        let his = self.his.as_ref().map(|his| if self.reversal { his.magnitudes() } else { his.clone() });
        not_negative("mobile", self.mobile.iter().flat_map(MobileSplit::amounts))?;
        not_negative("quoted", self.quoted.iter().flat_map(MobileSplit::amounts))?;
        not_negative("his", his.iter().flat_map(HisSplit::amounts))?;
        not_negative("wechat", self.wechat.iter().flat_map(MixedOrder::amounts))?;

        let (mut mismatches, mut warnings, mut account_in_fund) = (Vec::new(), Vec::new(), None);
        if let Some(mobile) = &self.mobile {
            mismatches.extend(mobile.check()?);
            if let Some(quoted) = &self.quoted {
                mismatches.extend(mobile.same_as(quoted)?);
            }
        }
        if let Some(his) = &his {
            let checked = his.check(self.account_in_fund)?;
            mismatches.extend(checked.mismatches);
            warnings.extend(checked.warnings);
            account_in_fund = checked.account_in_fund;
        }
        if let Some(wechat) = &self.wechat {
            mismatches.extend(wechat.check()?);
        }
        let holds = mismatches.is_empty();
        let parts = match (&self.mobile, &his) {
            (Some(mobile), _) => Some(Parts::of_mobile(mobile)),
            (None, Some(his)) => Some(Parts::of_his(his, account_in_fund == Some(true))?),
            (None, None) => None,
        };
        let mix_pay_type = self.wechat.as_ref().map(MixedOrder::mix_pay_type);
        Ok(CheckSplitResponse { holds, mismatches, warnings, account_in_fund, parts: parts.filter(|_| holds), mix_pay_type })
    }
}

impl Parts {
    /// The parts of a mobile split that closes.
    pub fn of_mobile(s: &MobileSplit) -> Parts {
        Parts { total_fen: s.total_fen, fund_fen: s.fund_fen, account_fen: s.account_fen, cash_fen: s.cash_fen, other_fen: s.other_fen.unwrap_or_default() }
    }

    /// The parts of a HIS-side split that closes.
    pub fn of_his(s: &HisSplit, account_in_fund: bool) -> Result<Parts> {
        let fund_fen = if account_in_fund { s.fund_fen.minus(s.account_fen)? } else { s.fund_fen };
        Ok(Parts { total_fen: s.total_fen, fund_fen, account_fen: s.account_fen, cash_fen: s.cash_fen, other_fen: s.hospital_fen })
    }
}

fn not_negative(of: &'static str, mut amounts: impl Iterator<Item = (&'static str, Money)>) -> Result<()> {
    amounts.find(|(_, amount)| amount.is_negative()).map_or(Ok(()), |(field, _)| Err(Error::field(format!("{of}.{field}"), "is below zero")))
}
