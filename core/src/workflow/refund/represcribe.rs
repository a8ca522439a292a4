//! Writing prescriptions anew (重开处方): an insured settlement goes back whole, so what is still wanted is prescribed and paid again.
//! The new numbers are kept beside the old ones, and not before the old invoice is red.

use super::step::only_staff;
use super::{Refund, Represcribed};
use crate::access::Actor;
use crate::error::Result;
use crate::refund::Cause;
use crate::workflow::decide::{known, moved, refuse};
use crate::workflow::{Cx, Move, Step};

impl Refund {
    /// Are prescriptions written anew after it?
    pub fn ends_with_prescriptions(&self) -> bool {
        self.cause == Cause::Patient && self.insured.is_some()
    }

    /// The prescriptions and applications it gave back, each once, in order of the lines.
    pub fn old_orders(&self) -> Vec<&str> {
        let mut orders = Vec::new();
        for order in self.asked.iter().flat_map(|asked| &asked.lines).filter_map(|line| line.order_no.as_deref()) {
            if !orders.contains(&order) {
                orders.push(order);
            }
        }
        orders
    }

    /// It is done, and so is its red.
    pub(super) fn represcribe(&self, order_no: &str, cx: &Cx<'_>) -> Result<Step<Refund>> {
        let Actor::Staff { staff } = cx.actor else { return only_staff() };
        if !self.ends_with_prescriptions() {
            return refuse("not_insured", "只有医保退费需要重开处方", "无需登记");
        }
        if self.old_orders().contains(&order_no) {
            return refuse("same_prescription", "这是原处方的号码，已随退费作废", "请填写重新开具后的处方号");
        }
        if self.represcribed.iter().any(|marked| marked.order_no == order_no) {
            return known();
        }
        let mut next = self.clone();
        next.represcribed.push(Represcribed { order_no: order_no.to_owned(), staff: staff.clone(), at: cx.now });
        moved(Move::to(next))
    }
}

/// The old invoice is not red yet.
pub(super) fn not_red_yet() -> Result<Step<Refund>> {
    refuse("not_red_yet", "退费尚未完成，票据未冲红，还不能登记新处方", "请待票据冲红完成后再登记")
}
