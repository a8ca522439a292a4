//! What HIS charged again when it reversed a settlement for a partial refund (全退重收): a settlement of its own, born booked.

use serde::{Deserialize, Serialize};

use super::{Chain, New, Paid, Settlement, SettlementSt as St};
use crate::charge::ChargeLine;
use crate::error::Result;
use crate::ident::{InvoiceId, SettlementId};
use crate::invoice::InvoiceOrder;
use crate::ledger::{Account, Journal, JournalKind};
use crate::port::{HisReceipt, HisSuccessor, SuccessorLine};
use crate::refund::Kept;
use crate::workflow::{Cx, Move, New as Birth, invoice};

/// The successor as the refund tells it: HIS's word has been compared line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    /// Its id.
    pub settlement: SettlementId,
    /// Its invoice's id.
    pub invoice: InvoiceId,
    /// What HIS made.
    pub made: HisSuccessor,
    /// What was to be kept.
    pub kept: Vec<Kept>,
}

/// How a settlement is born that HIS has booked already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follows {
    /// Its receipt.
    pub receipt: HisReceipt,
    /// How it was paid: as the one it follows.
    pub paid: Paid,
    /// Its invoice; issued once the old one is reversed.
    pub invoice: InvoiceId,
    /// Its place.
    pub chain: Chain,
}

impl Settlement {
    /// The first settlement of its chain is itself, until something was charged again.
    pub fn chain(&self) -> Chain {
        self.chain.unwrap_or(Chain { first: self.id, generation: 1, previous: None, next: None })
    }

    /// The birth of the settlement that follows this one; none when it keeps a line that was never there.
    pub(super) fn successor(&self, successor: &Successor) -> Result<Option<Birth>> {
        let (Some(paid), Some(lines)) = (self.paid.clone(), self.kept_lines(successor)) else { return Ok(None) };
        let chain = self.chain();
        let follows = Follows {
            receipt: successor.made.receipt.clone(),
            paid,
            invoice: successor.invoice,
            chain: Chain { generation: chain.generation.saturating_add(1), previous: Some(self.id), next: None, ..chain },
        };
        Ok(Some(Birth::Settlement(New {
            id: successor.settlement,
            terms: self.base.terms.clone(),
            payer: self.payer.clone(),
            bill: self.bill.keeping(lines)?,
            visit_date: self.visit_date,
            visit_dept: self.visit_dept.clone(),
            payment: self.payment,
            channel: self.channel.clone(),
            payment_fen: self.payment_fen,
            follows: Some(Box::new(follows)),
        })))
    }

    /// The lines of what is left, under the keys HIS gave.
    fn kept_lines(&self, successor: &Successor) -> Option<Vec<ChargeLine>> {
        let kept = |line: &SuccessorLine| {
            let old = self.bill.lines.iter().find(|old| old.line_id == line.original_line_id)?;
            let kept = successor.kept.iter().find(|kept| kept.original_line_id == line.original_line_id)?;
            Some(ChargeLine { line_id: line.line_id.clone(), version: 0, quantity: kept.quantity, amount_fen: line.amount_fen, ..old.clone() })
        };
        successor.made.lines.iter().map(kept).collect()
    }

    /// Born booked: its lines are claimed, its revenue is written, its invoice waits for the red of the old one.
    pub(super) fn born_posted(self, follows: &Follows, cx: &Cx<'_>) -> Result<Move<Settlement>> {
        let next = Settlement {
            st: St::Posted,
            paid: Some(follows.paid.clone()),
            receipt: Some(follows.receipt.clone()),
            invoice: Some(follows.invoice),
            chain: Some(follows.chain),
            ..self
        };
        let mut m = Move { claims: next.line_keys(), ..Move::to(next) };
        m.journals.push(m.next.posted_journal(cx)?);
        m.spawn.push(m.next.invoice_birth(follows.invoice, &follows.receipt, true));
        Ok(m)
    }

    /// Suspense becomes revenue of the department, and rounding.
    pub(super) fn posted_journal(&self, cx: &Cx<'_>) -> Result<Journal> {
        let revenue = self.bill.total_fen.minus(self.bill.rounding_fen)?;
        let sides = vec![
            (Account::Suspense, self.bill.total_fen),
            (Account::Revenue(self.bill.dept_code.clone()), revenue.negated()),
            (Account::Rounding, self.bill.rounding_fen.negated()),
        ];
        Journal::balanced(JournalKind::Posted, self.no(), self.payment, cx.now, sides)
    }

    /// Its invoice: issued at once, or after the red of the one it replaces.
    pub(super) fn invoice_birth(&self, id: InvoiceId, receipt: &HisReceipt, waits: bool) -> Birth {
        Birth::Invoice(invoice::New {
            id,
            terms: self.base.terms.clone(),
            settlement: self.id,
            order: InvoiceOrder {
                bus_no: id.business_no(),
                payer: self.payer.clone(),
                visit_id: self.bill.visit_id.clone(),
                visit_date: self.visit_date,
                dept_name: self.visit_dept.clone(),
                total_fen: if planted!(ReissuedAmountDiffers) && waits { self.payment_fen } else { self.bill.total_fen },
                rounding_fen: self.bill.rounding_fen,
                lines: self.bill.lines.clone(),
                channel: self.channel.clone(),
                trade_no: self.paid.as_ref().and_then(|paid| paid.trade_no.clone()).unwrap_or_default(),
                amounts: self.amounts(),
                insurance_type: self.insured.as_ref().map(|settled| settled.order.person.insurance_type.clone()),
                settled_at: receipt.posted_at,
            },
            waits,
        })
    }
}
