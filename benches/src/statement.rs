//! A channel's bill and HIS's day for B5: the same movements with seven kinds of differences planted, one in a thousand each.

use std::io::{self, Write as _};

use menjie::reconcile::{Direction, EntryColumns, RowStatus};

use crate::lines::{Column, Rng, write_numbers};

#[derive(Clone, Copy)]
struct Movement {
    order: u64,
    /// 0 for a payment.
    refund: u64,
    fen: i64,
    failed: bool,
    fee_e6: i64,
    at_ms: i64,
}

/// One side, in columns.
pub struct Statement {
    order_no: Column,
    refund_no: Column,
    direction: Vec<Direction>,
    amount_fen: Vec<i64>,
    status: Vec<RowStatus>,
    fee_e6: Vec<Option<i64>>,
    at_ms: Vec<i64>,
}

/// Both sides of a day of about `count` movements, 2 % of them refunds; HIS in the channel's order, or shuffled.
pub fn day(count: usize, seed: u64, start_ms: i64, shuffled: bool) -> (Statement, Statement) {
    let mut rng = Rng::new(seed);
    let (mut channel, mut his) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let mut order = 1_000_000_000_000_000_000u64;
    while channel.len() < count {
        order += 1 + rng.below(1000);
        let fen = 100 + rng.below(80_000) as i64;
        // Between eight and six o'clock: nothing waits for the next day.
        let at_ms = start_ms + 28_800_000 + rng.below(36_000_000) as i64;
        let pay = Movement { order, refund: 0, fen, failed: false, fee_e6: fen * 60, at_ms };
        let refund = (rng.below(50) == 0).then(|| Movement { refund: order + 1, fen: 1 + fen / 2, fee_e6: -(1 + fen / 2) * 60, ..pay });
        for movement in [Some(pay), refund].into_iter().flatten() {
            let other = match rng.below(1000) {
                0 => None,
                1 => Some(Movement { fen: movement.fen + 1, ..movement }),
                2 => Some(Movement { failed: true, ..movement }),
                3 => Some(Movement { fee_e6: movement.fee_e6 + 1, ..movement }),
                4 => {
                    his.push(Movement { order: order + 2_000_000_000_000_000_000, ..movement });
                    Some(movement)
                }
                _ => Some(movement),
            };
            channel.push(movement);
            his.extend(other);
        }
    }
    if shuffled {
        for at in (1..his.len()).rev() {
            his.swap(at, rng.below(at as u64 + 1) as usize);
        }
    }
    (Statement::of(&channel), Statement::of(&his))
}

impl Statement {
    fn of(rows: &[Movement]) -> Statement {
        let refund = |m: &Movement| if m.refund == 0 { String::new() } else { format!("R{:019}", m.refund) };
        Statement {
            order_no: Column::of(rows.len(), rows.iter().map(|m| format!("P{:019}", m.order))),
            refund_no: Column::of(rows.len(), rows.iter().map(refund)),
            direction: rows.iter().map(|m| if m.refund == 0 { Direction::Pay } else { Direction::Refund }).collect(),
            amount_fen: rows.iter().map(|m| m.fen).collect(),
            status: rows.iter().map(|m| if m.failed { RowStatus::Failed } else { RowStatus::Done }).collect(),
            fee_e6: rows.iter().map(|m| Some(m.fee_e6)).collect(),
            at_ms: rows.iter().map(|m| m.at_ms).collect(),
        }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.amount_fen.len()
    }

    /// Has it none?
    pub fn is_empty(&self) -> bool {
        self.amount_fen.is_empty()
    }

    /// Borrowed texts of the owned columns.
    pub fn texts(&self) -> Texts<'_> {
        Texts { statement: self, order_no: self.order_no.iter().collect(), refund_no: self.refund_no.iter().map(|text| (!text.is_empty()).then_some(text)).collect() }
    }

    /// Writes the buffers of Arrow columns, as `Table::write_arrow` does.
    pub fn write_arrow(&self, out: impl io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        self.order_no.write_arrow("order_no", false, &mut out)?;
        self.refund_no.write_arrow("refund_no", true, &mut out)?;
        let words = |words: &mut dyn Iterator<Item = &'static str>| Column::of(self.len(), words);
        words(&mut self.direction.iter().map(|way| if *way == Direction::Pay { "pay" } else { "refund" })).write_arrow("direction", false, &mut out)?;
        words(&mut self.status.iter().map(|how| if *how == RowStatus::Done { "done" } else { "failed" })).write_arrow("status", false, &mut out)?;
        write_numbers(&mut out, "amount_fen", self.amount_fen.iter().copied())?;
        write_numbers(&mut out, "fee_e6", self.fee_e6.iter().map(|fee| fee.unwrap_or_default()))?;
        write_numbers(&mut out, "at_ms", self.at_ms.iter().copied())?;
        out.flush()
    }

    /// Writes what the peers read: a refund is negative, what failed has moved nothing.
    pub fn write_csv(&self, out: impl io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        writeln!(out, "order_no,refund_no,amount_fen,failed,fee_e6")?;
        let rows = self.order_no.iter().zip(self.refund_no.iter()).zip(&self.amount_fen).zip(&self.status).zip(&self.fee_e6);
        for ((((order, refund), fen), status), fee) in rows {
            let sign = if refund.is_empty() { "" } else { "-" };
            writeln!(out, "{order},{refund},{sign}{fen},{},{}", u8::from(*status == RowStatus::Failed), fee.unwrap_or(0))?;
        }
        out.flush()
    }
}

/// A [`Statement`] with its texts borrowed, as a host's columns would be.
pub struct Texts<'a> {
    statement: &'a Statement,
    order_no: Vec<&'a str>,
    refund_no: Vec<Option<&'a str>>,
}

impl Texts<'_> {
    /// The columns.
    pub fn columns(&self) -> EntryColumns<'_> {
        let s = self.statement;
        EntryColumns {
            order_no: &self.order_no,
            refund_no: Some(&self.refund_no),
            trade_no: None,
            direction: Some(&s.direction),
            part: None,
            amount_fen: &s.amount_fen,
            status: Some(&s.status),
            fee_e6: Some(&s.fee_e6),
            at_ms: &s.at_ms,
        }
    }
}
