//! The two money splits on the ticket (domain/hospital.md §3.4). They are independent: who paid (fund, other, account, cash),
//! and by which rule the patient bears his share (自付 inside the catalogue, 自费 outside). Account money may pay self-paid
//! items, so 自付 is not the account and 自费 is not the cash.

use serde::{Deserialize, Serialize};

use super::InvoiceOrder;
use crate::error::{Error, Result};
use crate::insurance::{AmountMismatch, Identity, Parts, broken, equal};
use crate::money::Money;
use crate::payment::Amounts;

/// Request of `invoice.check_split`: the amounts of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TicketAmounts"))]
#[serde(deny_unknown_fields)]
pub struct CheckSplitRequest {
    /// totalAmt.
    pub total_fen: Money,
    /// 医保统筹基金支付 (fundPay).
    pub fund_fen: Money,
    /// 其他支付 (otherfundPay).
    pub other_fen: Money,
    /// 个人账户支付 (accountPay).
    pub account_fen: Money,
    /// 个人现金支付 (selfCashPay).
    pub cash_fen: Money,
    /// 个人自付 (selfPayAmt): inside the catalogue.
    pub shared_fen: Money,
    /// 个人自费 (ownPay): outside the catalogue.
    pub own_fen: Money,
    /// amt of each fee class (chargeDetail), when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes_fen: Option<Vec<Money>>,
    /// payChannelValue of each channel (payChannelDetail), when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels_fen: Option<Vec<Money>>,
}

/// Response of `invoice.check_split`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TicketChecked"))]
pub struct CheckSplitResponse {
    /// May it be issued?
    pub may_issue: bool,
    /// What blocks it.
    pub mismatches: Vec<AmountMismatch>,
    /// What is worth a look.
    pub warnings: Vec<AmountMismatch>,
}

impl CheckSplitRequest {
    /// The ticket of somebody who pays himself: cash = 自费 = total, everything else nothing.
    pub fn self_paid(total_fen: Money) -> CheckSplitRequest {
        CheckSplitRequest { total_fen, cash_fen: total_fen, own_fen: total_fen, ..CheckSplitRequest::default() }
    }

    /// The ticket of an insured settlement: who paid, and what of the patient's share is outside the catalogue.
    pub fn insured(parts: &Parts, own_fen: Money) -> Result<CheckSplitRequest> {
        let shared_fen = parts.account_fen.plus(parts.cash_fen)?.minus(own_fen)?;
        let Parts { total_fen, fund_fen, account_fen, cash_fen, other_fen } = *parts;
        Ok(CheckSplitRequest { total_fen, fund_fen, other_fen, account_fen, cash_fen, shared_fen, own_fen, ..CheckSplitRequest::default() })
    }

    /// The amounts of a ticket that is to be issued. What insurance never pays is borne as 自费, as far as the patient bears
    /// anything at all; the rest of his share is 自付. Refuses parts that are not the total.
    pub fn of(order: &InvoiceOrder) -> Result<CheckSplitRequest> {
        let Amounts { cash_fen, account_fen, fund_fen, other_fen } = order.amounts;
        if order.amounts.total()? != order.total_fen {
            return Err(Error::field("amounts", "do not add up to the total"));
        }
        if order.insurance_type.is_none() {
            return Ok(CheckSplitRequest::self_paid(order.total_fen));
        }
        let never = Money::sum(order.lines.iter().filter(|line| line.self_paid_item).map(|line| line.amount_fen))?;
        let own_fen = never.min(account_fen.plus(cash_fen)?);
        CheckSplitRequest::insured(&Parts { total_fen: order.total_fen, fund_fen, account_fen, cash_fen, other_fen }, own_fen)
    }

    /// Runs the operation.
    pub fn run(&self) -> Result<CheckSplitResponse> {
        let amounts = [
            ("total_fen", self.total_fen),
            ("fund_fen", self.fund_fen),
            ("other_fen", self.other_fen),
            ("account_fen", self.account_fen),
            ("cash_fen", self.cash_fen),
            ("shared_fen", self.shared_fen),
            ("own_fen", self.own_fen),
        ];
        if let Some((field, _)) = amounts.iter().find(|(_, amount)| amount.is_negative()) {
            return Err(Error::field(*field, "is below zero"));
        }
        let total = ("totalAmt", self.total_fen);
        let listed = |identity: Identity, right: &'static str, list: &Option<Vec<Money>>| match list {
            Some(list) => equal(identity, total, right, list.iter().copied()),
            None => Ok(None),
        };
        let source = equal(Identity::TicketSource, total, "fundPay + otherfundPay + accountPay + selfCashPay", [self.fund_fen, self.other_fen, self.account_fen, self.cash_fen]);
        let mismatches = broken([
            source,
            listed(Identity::TicketClasses, "sum of chargeDetail.amt", &self.classes_fen),
            listed(Identity::TicketChannels, "sum of payChannelValue", &self.channels_fen),
        ])?;
        let borne = ("accountPay + selfCashPay", self.account_fen.plus(self.cash_fen)?);
        let warnings = broken([equal(Identity::TicketBurden, borne, "selfPayAmt + ownPay", [self.shared_fen, self.own_fen])])?;
        Ok(CheckSplitResponse { may_issue: mismatches.is_empty(), mismatches, warnings })
    }
}
