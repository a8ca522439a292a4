//! Our own side of a day: the machines behind the numbers that bills name, read once and kept, and what the ledger says of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::{BizDate, Timestamp};
use crate::error::Result;
use crate::ident::{ChannelCode, PaymentId, RefundId, SettlementId};
use crate::ledger::{Account, Journal, JournalKind};
use crate::money::Money;
use crate::port::{Scan, ScanRow};
use crate::reconcile::{Direction, Part, Row, RowStatus};
use crate::service::engine::{Engine, Hospital};
use crate::workflow::{Key, Payment, Refund, Row as Machine, Settlement};

/// A journal is written when the evidence comes, which may be days after what it proves; and a counterpart's clock may be ahead.
const LATE_DAYS: u32 = 7;
/// So many machines are read at once.
const BATCH: usize = 200;

/// The machines that were asked for, those that are there.
#[derive(Default)]
pub(super) struct Books {
    pub(super) payments: BTreeMap<PaymentId, Payment>,
    pub(super) refunds: BTreeMap<RefundId, Refund>,
    pub(super) settlements: BTreeMap<SettlementId, Settlement>,
    asked: BTreeSet<Key>,
}

impl Books {
    /// Reads those that were not asked for before.
    pub(super) async fn read(&mut self, engine: &Engine, hospital: &Hospital, keys: impl IntoIterator<Item = Key>) -> Result<()> {
        let new: Vec<Key> = keys.into_iter().filter(|key| self.asked.insert(*key)).collect();
        for keys in new.chunks(BATCH) {
            for row in engine.inner.store.load(&hospital.id, keys).await? {
                self.keep(row);
            }
        }
        Ok(())
    }

    /// Forgets everything: machines have moved.
    pub(super) fn forget(&mut self) {
        *self = Books::default();
    }

    fn keep(&mut self, row: Machine) {
        match row {
            Machine::Payment(m) => drop(self.payments.insert(m.id, m)),
            Machine::Refund(m) => drop(self.refunds.insert(m.id, m)),
            Machine::Settlement(m) => drop(self.settlements.insert(m.id, m)),
            Machine::Invoice(_) | Machine::CheckIn(_) | Machine::Stop(_) | Machine::Suspension(_) | Machine::Notice(_) | Machine::Filing(_) => {}
        }
    }

    /// The payment the insurer settled under this number.
    pub(super) fn by_insurer_no(&self, insurer_no: &str) -> Option<&Payment> {
        self.payments.values().find(|p| p.insured.as_ref().is_some_and(|i| i.insurer_no.as_deref() == Some(insurer_no)))
    }

    /// The payment whose order the insurer keeps under this number of a visit.
    pub(super) fn by_visit(&self, insurer_visit_id: &str) -> Option<&Payment> {
        self.payments.values().find(|p| p.insured.as_ref().and_then(|i| i.order.as_ref()).is_some_and(|order| order.insurer_visit_id.as_deref() == Some(insurer_visit_id)))
    }

    /// The refund the insurer gave back under this number.
    pub(super) fn by_reversal_no(&self, reversal_no: &str) -> Option<&Refund> {
        self.refunds.values().find(|r| r.reclaimed.as_ref().is_some_and(|reclaimed| reclaimed.reversal_no.as_deref() == Some(reversal_no)))
    }

    /// The refunds of a payment whose insurer's parts went back.
    pub(super) fn reclaimed_of(&self, payment: PaymentId) -> impl Iterator<Item = &Refund> {
        self.refunds.values().filter(move |r| r.payment == payment && r.reclaimed.is_some())
    }

    /// What the journals say of a day and a channel: a row stands at the time of its evidence, not of its posting, so that a late
    /// proof belongs to the day the money moved.
    pub(super) async fn ledger(&mut self, engine: &Engine, hospital: &Hospital, channel: &ChannelCode, date: BizDate) -> Result<Vec<Row>> {
        let journals = journals(engine, hospital, date).await?;
        let keys = journals.iter().flat_map(|j| [Some(Key::Payment(j.payment)), RefundId::from_business_no(&j.reference).map(Key::Refund)]);
        self.read(engine, hospital, keys.flatten().collect::<Vec<_>>()).await?;
        let mut rows = Vec::new();
        for journal in &journals {
            let Some(payment) = self.payments.get(&journal.payment).filter(|p| &p.channel == channel) else { continue };
            let refund = RefundId::from_business_no(&journal.reference).and_then(|id| self.refunds.get(&id));
            rows.extend(journal.postings.iter().filter_map(|posting| {
                let part = part_of(&posting.account)?;
                let (direction, amount_fen) = if posting.debit_fen.is_positive() { (Direction::Pay, posting.debit_fen) } else { (Direction::Refund, posting.credit_fen) };
                let Evidence { trade_no, at } = evidence(journal, payment, refund, part);
                (at.biz_date() == date).then(|| Row {
                    order_no: payment.out_trade_no().to_string(),
                    refund_no: if direction == Direction::Refund { journal.reference.clone() } else { String::new() },
                    trade_no,
                    direction,
                    part,
                    amount_fen,
                    status: RowStatus::Done,
                    fee: None,
                    at,
                })
            }));
        }
        Ok(rows)
    }
}

/// What proves a movement: the counterpart's number and time, ours when it told none.
struct Evidence {
    trade_no: String,
    at: Timestamp,
}

fn evidence(journal: &Journal, payment: &Payment, refund: Option<&Refund>, part: Part) -> Evidence {
    let insured = payment.insured.as_deref();
    let told = match (journal.kind, part) {
        (JournalKind::Proven, Part::Cash) => payment.proof.as_ref().map(|proof| (Some(proof.trade_no.clone()), Some(proof.paid_at))),
        (JournalKind::Proven, _) => insured.map(|i| (i.insurer_no.clone(), i.settled_at)),
        (JournalKind::Returned, _) => refund.and_then(|r| r.returned.as_ref()).map(|returned| (Some(returned.refund_no.clone()), Some(returned.at))),
        (JournalKind::Reclaimed, _) => refund.and_then(|r| r.reclaimed.as_ref()).map(|reclaimed| (reclaimed.reversal_no.clone(), Some(reclaimed.at))),
        (JournalKind::Posted | JournalKind::Reversed | JournalKind::Owed, _) => None,
    };
    let (trade_no, at) = told.unwrap_or_default();
    Evidence { trade_no: trade_no.unwrap_or_default(), at: at.unwrap_or(journal.at) }
}

/// The part of the money an account holds; none of those that only stand in between.
fn part_of(account: &Account) -> Option<Part> {
    match account {
        Account::Cash(_) => Some(Part::Cash),
        Account::Fund => Some(Part::Fund),
        Account::PersonalAccount => Some(Part::Account),
        Account::OtherPayer => Some(Part::Other),
        Account::Suspense | Account::RefundPayable | Account::Revenue(_) | Account::Rounding => None,
    }
}

/// The journals that may prove something of this day.
async fn journals(engine: &Engine, hospital: &Hospital, date: BizDate) -> Result<Vec<Journal>> {
    let last = engine.now().biz_date().min(date.plus_days(LATE_DAYS));
    let mut day = date.start().plus_millis(-1).biz_date();
    let mut journals = Vec::new();
    while day <= last {
        let mut after = None;
        loop {
            let page = engine.inner.store.scan(&Scan::JournalsOf(hospital.id.clone(), day), after.as_ref(), 500).await?;
            let moves = |kind| matches!(kind, JournalKind::Proven | JournalKind::Reclaimed | JournalKind::Returned);
            journals.extend(page.rows.into_iter().filter_map(|row| if let ScanRow::Journal(journal) = row { Some(journal) } else { None }).filter(|j| moves(j.kind)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        day = day.next();
    }
    Ok(journals)
}

/// The parts of an insured amount that are not nothing.
pub(super) fn parts(amounts: &crate::payment::Amounts) -> Vec<(Part, Money)> {
    let all = [(Part::Cash, amounts.cash_fen), (Part::Fund, amounts.fund_fen), (Part::Account, amounts.account_fen), (Part::Other, amounts.other_fen)];
    all.into_iter().filter(|(_, amount)| !amount.is_zero()).collect()
}
