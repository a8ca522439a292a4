//! What a settlement asks of HIS, of its payment and of its refund.

use super::{Paid, Settlement};
use crate::ident::{LineKey, RefundId};
use crate::payment::Amounts;
use crate::port::{Call, HisBill, HisCall, HisInsured, HisPosting, LineRef};
use crate::refund::Cause;
use crate::workflow::{Ask, Cx, Event, Key, New as Birth, payment, refund};

impl Settlement {
    pub(super) fn ask_post(&self, cx: &Cx<'_>) -> Ask {
        if cx.his.query_post { Ask::Of(Call::His { call: HisCall::QueryPost { no: self.no() } }) } else { Ask::Nothing }
    }

    pub(super) fn refund(&self, id: RefundId, cause: Cause) -> Birth {
        Birth::Refund(refund::New {
            id,
            terms: self.base.terms.clone(),
            cause,
            payment: self.payment,
            channel: self.channel.clone(),
            // A channel wants to see the total of its own order: the cash of a mixed one.
            payment_fen: self.insured.as_ref().map_or(self.payment_fen, |settled| settled.amounts.cash_fen),
            settlement: Some(self.id),
            invoice: self.invoice,
            amounts: self.amounts(),
            insured: self.insured.clone(),
            asked: None,
        })
    }

    /// Who paid how much of it.
    pub fn amounts(&self) -> Amounts {
        self.insured.as_ref().map_or_else(|| Amounts::cash(self.bill.total_fen), |settled| settled.amounts)
    }

    pub(super) fn line_keys(&self) -> Vec<LineKey> {
        self.bill.all_lines().map(|l| l.line_id.clone()).collect()
    }

    pub(super) fn his_bill(&self) -> HisBill {
        HisBill {
            no: self.no(),
            patient_id: self.patient().clone(),
            visit_id: self.bill.visit_id.clone(),
            dept_code: self.bill.dept_code.clone(),
            lines: self.bill.all_lines().map(|l| LineRef { line_id: l.line_id.clone(), version: l.version, amount_fen: l.amount_fen }).collect(),
            total_fen: self.bill.total_fen,
        }
    }

    pub(super) fn lock(&self) -> Call {
        Call::His { call: HisCall::Lock { bill: self.his_bill() } }
    }

    pub(super) fn unlock(&self) -> Call {
        Call::His { call: HisCall::Unlock { no: self.no() } }
    }

    pub(super) fn posting_call(&self, paid: &Paid) -> Call {
        let posting = HisPosting {
            bill: self.his_bill(),
            channel: paid.trade_no.is_some().then(|| self.channel.clone()),
            out_trade_no: self.payment.business_no(),
            trade_no: paid.trade_no.clone(),
            paid_at: paid.at,
            insured: self.insured.as_ref().map(|settled| {
                Box::new(HisInsured {
                    order_no: settled.order.order_no.clone(),
                    pay_order_id: settled.order.pay_order_id.clone(),
                    settled_at: settled.settled_at,
                    amounts: settled.amounts,
                })
            }),
        };
        Call::His { call: HisCall::Post { posting } }
    }

    pub(super) fn bill_ready(&self) -> (Key, Event) {
        (Key::Payment(self.payment), Event::Payment(payment::Event::BillReady { settlement: self.id }))
    }

    pub(super) fn bill_gone(&self, why: &str) -> (Key, Event) {
        (Key::Payment(self.payment), Event::Payment(payment::Event::BillGone { settlement: self.id, why: why.to_owned() }))
    }
}
