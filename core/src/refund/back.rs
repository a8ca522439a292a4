//! Where the money of a refund goes: each part to whom it came from.

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::payment::Amounts;
use crate::port::CashOwner;

/// Who gets a part back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundTo"))]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// The account the patient paid from, by the channel.
    Channel,
    /// The same, by the insurer's centre.
    Centre,
    /// His personal account at the insurer (个账).
    Account,
    /// The pooled fund (统筹).
    Fund,
    /// Others who bore a part.
    Other,
}

impl To {
    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            To::Channel => "原支付账户",
            To::Centre => "原支付账户（由医保中心退回）",
            To::Account => "医保个人账户",
            To::Fund => "医保统筹基金",
            To::Other => "其他医保支付",
        }
    }
}

/// A part that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundBack"))]
pub struct Back {
    /// To whom.
    pub to: To,
    /// What the patient reads.
    pub text: String,
    /// How much.
    pub amount_fen: Money,
}

impl Back {
    /// The parts that are more than nothing. `cash_owner`: of an insured payment, who gives the cash back.
    pub fn parts(amounts: &Amounts, cash_owner: Option<CashOwner>) -> Vec<Back> {
        let cash = if cash_owner == Some(CashOwner::Centre) { To::Centre } else { To::Channel };
        let parts = [(cash, amounts.cash_fen), (To::Account, amounts.account_fen), (To::Fund, amounts.fund_fen), (To::Other, amounts.other_fen)];
        parts.into_iter().filter(|(_, fen)| !fen.is_zero()).map(|(to, amount_fen)| Back { to, text: to.text().to_owned(), amount_fen }).collect()
    }
}
