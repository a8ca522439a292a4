//! From what the outside says to the rows that are compared: whose order a number of HIS or the insurer is, and which part of the
//! money an amount belongs to.

use std::collections::BTreeMap;

use super::books::{Books, parts};
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::ident::{ChannelCode, SettlementId};
use crate::money::Money;
use crate::payment::Amounts;
use crate::port::{DayRow, DayRowKind, InsurerBillRow};
use crate::reconcile::{Direction, Part, Row, RowStatus};
use crate::service::engine::{Engine, Hospital};
use crate::workflow::payment::payment_of;
use crate::workflow::{Key, Payment, Settlement};

/// What HIS took back and charged again for one refund (全退重收): one movement, though the file has two rows of it.
struct Back {
    order_no: String,
    refund_no: String,
    trade_no: String,
    amounts: Amounts,
    at: Timestamp,
}

impl Books {
    /// HIS's rows of a channel. What belongs to no settlement of ours is listed under the hospital's first channel (`first`).
    pub(super) async fn his(&mut self, engine: &Engine, hospital: &Hospital, channel: &ChannelCode, first: bool, file: &[DayRow]) -> Result<Vec<Row>> {
        self.settlements_of(engine, hospital, file).await?;
        let mut rows = Vec::new();
        let mut backs: BTreeMap<SettlementId, Back> = BTreeMap::new();
        let mut again: Vec<(SettlementId, &DayRow)> = Vec::new();
        for told in file.iter().filter(|told| !told.amount_fen.is_zero()) {
            let settlement = SettlementId::from_business_no(told.settlement_no.as_str()).and_then(|id| self.settlements.get(&id));
            let Some(settlement) = settlement else {
                if first {
                    rows.push(Row { order_no: told.settlement_no.to_string(), ..row(told, Part::Cash, told.amount_fen) });
                }
                continue;
            };
            if &settlement.channel != channel {
                continue;
            }
            let order_no = settlement.payment.business_no().to_string();
            let amounts = amounts_of(settlement, told.amount_fen)?;
            match (told.kind, settlement.chain.and_then(|chain| chain.previous)) {
                (DayRowKind::Posted, Some(previous)) => again.push((previous, told)),
                (DayRowKind::Posted, None) => rows.extend(parts(&amounts).into_iter().map(|(part, fen)| Row { order_no: order_no.clone(), ..row(told, part, fen) })),
                (DayRowKind::Reversed, _) => {
                    let refund_no = settlement.refund.map(|id| id.business_no().to_string()).unwrap_or_default();
                    backs.insert(settlement.id, Back { order_no, refund_no, trade_no: told.receipt_no.clone(), amounts, at: told.at });
                }
            }
        }
        for (previous, told) in again {
            match backs.get_mut(&previous) {
                // Partial refunds are of self-paid settlements only: what stays is cash.
                Some(back) if back.amounts.cash_fen >= told.amount_fen => back.amounts.cash_fen = back.amounts.cash_fen.minus(told.amount_fen)?,
                // Charged again, and nothing taken back that day: it stands for itself.
                Some(_) | None => {
                    let order_no = self.settlements.get(&previous).map(|s| s.payment.business_no().to_string()).unwrap_or_else(|| told.settlement_no.to_string());
                    rows.push(Row { order_no, ..row(told, Part::Cash, told.amount_fen) });
                }
            }
        }
        for back in backs.into_values() {
            rows.extend(parts(&back.amounts).into_iter().map(|(part, amount_fen)| Row {
                order_no: back.order_no.clone(),
                refund_no: back.refund_no.clone(),
                trade_no: back.trade_no.clone(),
                direction: Direction::Refund,
                part,
                amount_fen,
                status: RowStatus::Done,
                fee: None,
                at: back.at,
            }));
        }
        Ok(rows)
    }

    /// The settlements HIS names, and those they follow.
    async fn settlements_of(&mut self, engine: &Engine, hospital: &Hospital, file: &[DayRow]) -> Result<()> {
        let named: Vec<SettlementId> = file.iter().filter_map(|told| SettlementId::from_business_no(told.settlement_no.as_str())).collect();
        self.read(engine, hospital, named.iter().copied().map(Key::Settlement)).await?;
        let known = || named.iter().filter_map(|id| self.settlements.get(id));
        let more: Vec<Key> = known().filter_map(|s| s.chain?.previous.map(Key::Settlement)).chain(known().map(|s| Key::Payment(s.payment))).collect();
        let refunds: Vec<Key> = known().filter_map(|s| s.refund.map(Key::Refund)).collect();
        self.read(engine, hospital, more.into_iter().chain(refunds)).await
    }

    /// The insurer's rows of a channel. Where its bill leaves our number out, its own leads back to the payment.
    pub(super) async fn insurer(&mut self, engine: &Engine, hospital: &Hospital, channel: &ChannelCode, first: bool, bill: &[InsurerBillRow]) -> Result<Vec<Row>> {
        let named = bill.iter().filter_map(|told| payment_of(told.order_no.as_deref()?)).map(Key::Payment);
        self.read(engine, hospital, named.collect::<Vec<_>>()).await?;
        let mut rows = Vec::new();
        for told in bill {
            let refund = if told.reversal { self.by_reversal_no(&told.insurer_no) } else { None };
            let payment = match (&told.order_no, refund) {
                (Some(order_no), _) => payment_of(order_no).and_then(|id| self.payments.get(&id)),
                (None, Some(refund)) => self.payments.get(&refund.payment),
                (None, None) => self.by_insurer_no(&told.insurer_no).or_else(|| self.by_visit(told.insurer_visit_id.as_deref()?)),
            };
            match payment {
                Some(payment) if &payment.channel != channel => continue,
                None if !first => continue,
                Some(_) | None => {}
            }
            let refund_no = match (refund, payment) {
                (Some(refund), _) => refund.out_refund_no().to_string(),
                // One alone is meant; of several the comparison finds out.
                (None, Some(payment)) if told.reversal => only(self.reclaimed_of(payment.id)).map(|r| r.out_refund_no().to_string()).unwrap_or_default(),
                (None, _) => String::new(),
            };
            let order_no = payment.map_or_else(|| told.insurer_no.clone(), |p| p.out_trade_no().to_string());
            let amounts = Amounts { cash_fen: Money::ZERO, fund_fen: told.fund_fen, account_fen: told.account_fen, other_fen: others(told, payment)? };
            rows.extend(parts(&amounts).into_iter().map(|(part, amount_fen)| Row {
                order_no: order_no.clone(),
                refund_no: refund_no.clone(),
                trade_no: told.insurer_no.clone(),
                direction: if told.reversal { Direction::Refund } else { Direction::Pay },
                part,
                amount_fen,
                status: RowStatus::Done,
                fee: None,
                at: told.at,
            }));
        }
        Ok(rows)
    }
}

fn row(told: &DayRow, part: Part, amount_fen: Money) -> Row {
    Row {
        order_no: String::new(),
        refund_no: String::new(),
        trade_no: told.receipt_no.clone(),
        direction: if told.kind == DayRowKind::Reversed { Direction::Refund } else { Direction::Pay },
        part,
        amount_fen,
        status: RowStatus::Done,
        fee: None,
        at: told.at,
    }
}

/// HIS's file tells one amount a settlement. Of an insured one the insurer's parts are those it settled, the rest is cash: a wrong
/// total is then a difference of cash, once.
fn amounts_of(settlement: &Settlement, total_fen: Money) -> Result<Amounts> {
    let Some(settled) = &settlement.insured else { return Ok(Amounts::cash(total_fen)) };
    let insured = settled.amounts.insured();
    let cash_fen = total_fen.minus(insured.total()?)?;
    Ok(if cash_fen.is_negative() { Amounts::cash(total_fen) } else { Amounts { cash_fen, ..insured } })
}

/// What others pay is told by no column: it is what is left of the total, where our payment says how much of that is cash.
fn others(told: &InsurerBillRow, payment: Option<&Payment>) -> Result<Money> {
    let Some(insured) = payment.and_then(|p| p.insured.as_ref()) else { return Ok(Money::ZERO) };
    let left = told.total_fen.minus(told.fund_fen)?.minus(told.account_fen)?.minus(insured.cash_fen())?;
    Ok(if left.is_negative() { Money::ZERO } else { left })
}

fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
