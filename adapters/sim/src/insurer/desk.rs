//! The patient at his phone: he authorises, and confirms with his password; the cash leg is said with it.

use menjie::Timestamp;
use menjie::calendar::BizDate;
use serde::Serialize;
use std::collections::BTreeMap;

use super::book::Settled;
use super::people::{Insured, InsuredChange};
use super::{Errand, Insurer, PLACE};
use crate::faults::{Fault, Faults, Peer};
use crate::identity::Minted;

/// Why an order cannot be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CannotConfirm {
    /// No such order.
    Unknown,
    /// It is not priced yet.
    NotPriced,
    /// It is settled, revoked or failed.
    Over,
}

impl Insurer {
    /// The patient authorises one business on his phone: payAuthNo.
    pub fn authorise(&mut self, patient_id: &str, now: Timestamp) -> Option<Minted> {
        self.members.authorise(patient_id, self.options.permit_life_s, now).map(|(code, expires_at)| Minted { code, expires_at })
    }

    /// The decoder gave out a token for somebody.
    pub fn learn_token(&mut self, token: &str, patient_id: &str, now: Timestamp) {
        self.members.permit(token, patient_id, now.plus_millis(i64::from(self.options.permit_life_s) * 1000));
    }

    /// Whom the insurer knows, by patient number.
    pub fn insured(&self) -> &BTreeMap<String, Insured> {
        self.members.all()
    }

    /// Changes somebody. False when nobody is called so.
    pub fn change(&mut self, change: &InsuredChange) -> bool {
        self.members.change(change)
    }

    /// Designates an institution for somebody.
    pub(super) fn designate(&mut self, patient_id: &str, institution: &str, from: BizDate) {
        if let Some(insured) = self.members.get_mut(patient_id) {
            insured.designated.push((institution.to_owned(), from));
        }
    }

    /// The patient enters his password for an order, by our number or the centre's. `cash_paid` says that the cash leg is done;
    /// an order that waits for it alone is confirmed a second time.
    pub fn confirm(&mut self, order: &str, cash_paid: bool, now: Timestamp, faults: &mut Faults) -> Result<(), CannotConfirm> {
        let pay_ord_id = self.order_nos.get(order).map_or(order, String::as_str).to_owned();
        let known = self.orders.get_mut(&pay_ord_id).ok_or(CannotConfirm::Unknown)?;
        match known.state {
            "1" if known.placed => {}
            "0" => return Err(CannotConfirm::NotPriced),
            "4" if cash_paid => {
                known.state = "6";
                self.notify(&pay_ord_id, now, faults);
                return Ok(());
            }
            _ => return Err(CannotConfirm::Over),
        }
        let drawn = faults.draw(Peer::Insurer, "confirm");
        let usual = i64::from(self.options.settle_delay_ms);
        let later = drawn.find(|fault| if let Fault::Processing { ms } = fault { Some(i64::from(*ms)) } else { None }).unwrap_or(usual);
        let clock_ms = drawn.find(|fault| if let Fault::ClockOff { ms } = fault { Some(*ms) } else { None }).unwrap_or(0);
        if drawn.has(Fault::MoneyStuck) {
            known.state = "16";
        } else if drawn.has(Fault::SettlementFails) {
            known.state = "3";
            self.agenda.plan(now.plus_millis(later), Errand::Fail(pay_ord_id));
        } else {
            known.state = "2";
            self.agenda.plan(now.plus_millis(later), Errand::Settle { order: pay_ord_id, cash_paid, clock_ms });
        }
        Ok(())
    }

    /// 3 becomes 15.
    pub(super) fn fail_order(&mut self, pay_ord_id: &str) {
        if let Some(order) = self.orders.get_mut(pay_ord_id) {
            order.state = "15";
        }
    }

    /// 2 becomes 6, or 4 while the cash is missing, or 15 when the account has been used elsewhere meanwhile.
    pub(super) fn settle_order(&mut self, pay_ord_id: &str, cash_paid: bool, at: Timestamp, clock_ms: i64, faults: &mut Faults) {
        let number = format!("{PLACE}S{:010}", self.next_number());
        let Some(order) = self.orders.get_mut(pay_ord_id) else { return };
        let (Some(split), Some(insured)) = (order.split, self.members.get_mut(&order.patient_id)) else { return };
        if split.account_fen > insured.balance_fen {
            order.state = "15";
            return;
        }
        let clock = at.plus_millis(clock_ms);
        order.state = if split.cash_fen > 0 && !cash_paid { "4" } else { "6" };
        (order.setl_id, order.settled_at) = (Some(number.clone()), Some(clock));
        let row = Settled {
            setl_id: number,
            mdtrt_id: order.mdtrt_id.clone(),
            patient_id: order.patient_id.clone(),
            insurance_type: insured.insurance_type.clone(),
            msgid: format!("{}{}{:04}", self.org_id, super::digits(clock, 14), self.numbers % 10_000),
            split,
            at: clock,
            reverses: None,
        };
        let settled = order.state == "6";
        self.book.post(row, insured);
        if settled {
            self.notify(pay_ord_id, at, faults);
        }
    }
}
