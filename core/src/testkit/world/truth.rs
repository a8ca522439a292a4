//! What really happened at the counterparts, and whether it is fair to the patient.

use std::collections::BTreeMap;

use super::channel::OrderState;
use super::his::kept_for;
use super::{FakeChannel, FakeHis, FakeInsurer, FakeInvoices};
use crate::ident::BusinessNo;
use crate::workflow::payment::payment_of;

/// The counterparts' own books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Order → captured at the channel and settled by the insurer, refunded by the channel, kept by HIS, all in fen.
    pub orders: BTreeMap<BusinessNo, (i64, i64, i64)>,
    /// Postings HIS keeps, in fen.
    pub his_fen: i64,
    /// Channel money kept, in fen.
    pub channel_fen: i64,
    /// What the insurer pays and has not got back, in fen.
    pub insurer_fen: i64,
    /// Valid blue invoices, in fen.
    pub invoices_fen: i64,
}

/// An unfair end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TruthViolation {
    /// The order.
    pub order: BusinessNo,
    /// What is wrong.
    pub what: String,
}

impl Truth {
    pub(super) fn of(his: &FakeHis, channel: &FakeChannel, insurer: &FakeInsurer, invoices: &FakeInvoices) -> Truth {
        let postings = his.postings();
        let mut orders = BTreeMap::new();
        let mut channel_fen = 0;
        for (number, order) in channel.orders() {
            let captured = if matches!(order.state, OrderState::Paid { .. }) { order.amount_fen.fen() } else { 0 };
            let refunded: i64 = order.refunds.values().map(|back| back.amount_fen.fen()).sum();
            channel_fen += captured - refunded;
            orders.insert(number.clone(), (captured, refunded, kept_for(&postings, &number)));
        }
        let mut insurer_fen = 0;
        for (number, order) in insurer.orders() {
            let Some(payment) = payment_of(number.as_str()) else { continue };
            insurer_fen += order.kept_fen();
            let number = payment.business_no();
            let kept = kept_for(&postings, &number);
            orders.entry(number).or_insert((0, 0, kept)).0 += order.kept_fen();
        }
        for posting in postings.values() {
            orders.entry(posting.out_trade_no.clone()).or_insert_with(|| (0, 0, kept_for(&postings, &posting.out_trade_no)));
        }
        let his_fen = postings.values().filter(|p| p.stands()).map(|p| p.receipt.total_fen.fen()).sum();
        let invoices_fen = invoices.invoices().values().filter(|(_, red)| red.is_none()).map(|(blue, _)| blue.total_fen.fen()).sum();
        Truth { orders, his_fen, channel_fen, insurer_fen, invoices_fen }
    }

    /// At rest every order's money is with HIS or with the payer, never both, never neither.
    pub fn violations(&self) -> Vec<TruthViolation> {
        let unfair = |(number, (captured, refunded, kept)): (&BusinessNo, &(i64, i64, i64))| {
            let fair = captured - refunded == *kept && *refunded >= 0 && refunded <= captured;
            (!fair).then(|| TruthViolation { order: number.clone(), what: format!("captured {captured}, refunded {refunded}, kept by HIS {kept}") })
        };
        self.orders.iter().filter_map(unfair).collect()
    }
}
