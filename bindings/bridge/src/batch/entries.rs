//! `reconcile.run_batch`: a day's bills against HIS and the ledger, each side a table.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::{BooleanArray, Int64Array, UInt32Array};
use menjie::money::UnitPrice;
use menjie::reconcile::{Carried, Difference, Direction, Entries as _, EntryColumns, Part, Reconciled, Row, RowRef, RowStatus, Rules, Side, Sides, Summary, reconcile};
use menjie::{BizDate, Error, Result};
use serde::{Deserialize, Serialize};

use super::columns::{Column, Given, Holds};
use super::made;
use super::op::{Answer, Batch, Input, Output, answer, batch};
use super::reader::Reader;
use super::table::Table;
use super::texts::Texts;
use crate::strict;

/// Request of `reconcile.run_batch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ReconcileBatchRequest {
    /// The day, in UTC+8.
    date: BizDate,
    /// The suspense pool of the day before.
    #[serde(default)]
    pool: Vec<Carried>,
    /// The rules.
    #[serde(default)]
    rules: Rules,
}

/// Response of `reconcile.run_batch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ReconcileBatchResponse {
    /// The day.
    date: BizDate,
    /// In numbers.
    summary: Summary,
    /// The suspense pool for the next day.
    pool: Vec<Carried>,
}

pub(super) fn batch() -> Batch {
    batch!(
        "reconcile.run_batch", "Reconciles one day: channel bill, insurer bill, HIS and ledger, each a table.",
        [
            Input { name: "channel", needed: false, purpose: "The channel's bill; left out when it takes no part, without rows when there was no trade.", columns: || ROWS },
            Input { name: "insurer", needed: false, purpose: "The insurer's bill.", columns: || ROWS },
            Input { name: "his", needed: false, purpose: "HIS.", columns: || ROWS },
            Input { name: "ledger", needed: false, purpose: "Our journals.", columns: || ROWS }
        ],
        [
            Output { name: "differences", purpose: "What is not simply matched, in the order in which the sides tell it.", columns: || DIFFERENCES },
            Output { name: "rows", purpose: "The rows of each difference.", columns: || DIFFERENT_ROWS }
        ],
        ReconcileBatchRequest => ReconcileBatchResponse, [BadField, AmountRange], run
    )
}

const fn column(name: &'static str, holds: Holds, given: Given, purpose: &'static str) -> Column {
    Column { name, holds, given, purpose }
}

const DIRECTIONS: Holds = Holds::Word(&["pay", "refund"]);
const PARTS: Holds = Holds::Word(&["cash", "fund", "account", "other"]);

static ROWS: &[Column] = &[
    column("order_no", Holds::Text, Given::Always, "Our order number."),
    column("refund_no", Holds::Text, Given::Else("none"), "Our refund number, of a refund."),
    column("trade_no", Holds::Text, Given::Else("not known"), "The counterpart's own number."),
    column("direction", DIRECTIONS, Given::Else("pay"), "In or back."),
    column("part", PARTS, Given::Else("cash"), "Which part of the money."),
    column("amount_fen", Holds::Fen, Given::Always, "The amount, never below zero: the direction is the sign."),
    column("status", Holds::Word(&["done", "pending", "failed"]), Given::Else("done"), "How it ended."),
    column("fee", Holds::Decimal(UnitPrice::SCALE, |scaled| UnitPrice::from_scaled(scaled).is_ok()), Given::Else("not told"), "The fee in yuan; may be negative on a refund."),
    column("at", Holds::Instant, Given::Always, "When, by the side's clock."),
];

static DIFFERENCES: &[Column] = &[
    column("kind", Holds::Word(&["matched", "only_channel", "only_insurer", "only_his", "only_ledger", "amount", "status", "fee"]), Given::Always, "What it is."),
    column("reason", Holds::Word(&["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"]), Given::Else("not known"), "Why."),
    column("label", Holds::Word(&["even", "long", "short"]), Given::Always, "The sign of `diff_fen`, as a word."),
    column("direction", DIRECTIONS, Given::Always, "In or back."),
    column("part", PARTS, Given::Always, "Which part."),
    column("order_no", Holds::Text, Given::Always, "Our order number."),
    column("refund_no", Holds::Text, Given::Always, "Our refund number; empty for a payment."),
    column("diff_fen", Holds::Fen, Given::Always, "Outside − HIS, refunds negative."),
    column("ledger_diff_fen", Holds::Fen, Given::Else("the ledger is no third side"), "Outside − ledger."),
    column("suspended", Holds::Flag, Given::Always, "Waits for the next day's bill: its rows are in the new suspense pool."),
    column("actions", Holds::Words(&["post", "reverse", "refund", "reverse_insurer", "query", "wait", "claim", "note"]), Given::Always, "What may be done, the usual first."),
    column("suggestion", Holds::Count, Given::Else("none"), "Position of another difference: perhaps the other half."),
];

static DIFFERENT_ROWS: &[Column] = &[
    column("difference", Holds::Count, Given::Always, "Position of the difference, from 0."),
    column("side", Holds::Word(&["channel", "insurer", "his", "ledger"]), Given::Always, "Whose row."),
    column("pooled", Holds::Flag, Given::Always, "In the suspense pool, not in today's table."),
    column("at", Holds::Count, Given::Always, "Its position there, from 0."),
];

type TableColumns<'t, 'a> = EntryColumns<'t, &'t Texts<'a>, &'t Texts<'a>>;

/// The rows of a table, borrowed from it.
struct Entries<'a> {
    order_no: Texts<'a>,
    refund_no: Option<Texts<'a>>,
    trade_no: Option<Texts<'a>>,
    direction: Option<Vec<Direction>>,
    part: Option<Vec<Part>>,
    amount_fen: Cow<'a, [i64]>,
    status: Option<Vec<RowStatus>>,
    fee: Option<Vec<Option<i64>>>,
    at_ms: Cow<'a, [i64]>,
}

impl<'a> Entries<'a> {
    fn read(side: &'static str, table: &'a Table) -> Result<Entries<'a>> {
        let reader = Reader::of(side, table, ROWS)?;
        Ok(Entries {
            order_no: reader.texts("order_no")?,
            refund_no: reader.optional_texts("refund_no")?,
            trade_no: reader.optional_texts("trade_no")?,
            direction: reader.words("direction", Some(Direction::Pay))?,
            part: reader.words("part", Some(Part::Cash))?,
            amount_fen: reader.fen("amount_fen")?,
            status: reader.words("status", Some(RowStatus::Done))?,
            fee: reader.optional_decimals("fee")?,
            at_ms: reader.instants("at")?,
        })
    }

    fn columns(&self) -> TableColumns<'_, 'a> {
        EntryColumns {
            order_no: &self.order_no,
            refund_no: self.refund_no.as_ref(),
            trade_no: self.trade_no.as_ref(),
            direction: self.direction.as_deref(),
            part: self.part.as_deref(),
            amount_fen: &self.amount_fen,
            status: self.status.as_deref(),
            fee_e6: self.fee.as_deref(),
            at_ms: &self.at_ms,
        }
    }
}

fn run(request: &str, tables: &[Option<Table>]) -> Result<Answer> {
    let request: ReconcileBatchRequest = strict::request(request)?;
    let [channel, insurer, his, ledger] = tables else { return Err(Error::internal("tables are as many as the operation has")) };
    let channel = channel.as_ref().map(|table| Entries::read("channel", table)).transpose()?;
    let insurer = insurer.as_ref().map(|table| Entries::read("insurer", table)).transpose()?;
    let his = his.as_ref().map(|table| Entries::read("his", table)).transpose()?;
    let ledger = ledger.as_ref().map(|table| Entries::read("ledger", table)).transpose()?;
    let columns = [&channel, &insurer, &his, &ledger].map(|side| side.as_ref().map(Entries::columns));
    let [channel, insurer, his, ledger] = columns.each_ref().map(Option::as_ref);
    let sides = Sides { channel, insurer, his, ledger };
    let Reconciled { summary, differences } = reconcile(request.date, &sides, &request.pool, &request.rules)?;
    let waiting = differences.iter().filter(|difference| difference.suspended).flat_map(|difference| &difference.rows);
    let pool = waiting.map(|at| carried(at, &sides, &request.pool)).collect::<Result<_>>()?;
    let response = ReconcileBatchResponse { date: request.date, summary, pool };
    answer(&response, vec![told(&differences)?, rows(&differences)?])
}

/// A row as it waits for the next day.
fn carried(at: &RowRef, sides: &Sides<&TableColumns<'_, '_>>, pool: &[Carried]) -> Result<Carried> {
    let place = at.at as usize;
    if at.pooled {
        return pool.get(place).cloned().ok_or_else(|| Error::internal("a row of the pool is in it"));
    }
    let side = match at.side {
        Side::Channel => sides.channel,
        Side::Insurer => sides.insurer,
        Side::His => sides.his,
        Side::Ledger => sides.ledger,
    };
    let entry = side.and_then(|side| side.entry(place)).ok_or_else(|| Error::internal("a row of a side is in it"))?;
    Ok(Carried { side: at.side, row: Row::of(entry)? })
}

fn told(differences: &[Difference]) -> Result<Table> {
    fn words<T: Serialize>(differences: &[Difference], of: impl Fn(&Difference) -> T) -> Result<Vec<String>> {
        differences.iter().map(|difference| made::word(&of(difference))).collect()
    }
    let (kinds, labels) = (words(differences, |d| d.kind)?, words(differences, |d| d.label)?);
    let (directions, parts) = (words(differences, |d| d.direction)?, words(differences, |d| d.part)?);
    let reasons = differences.iter().map(|d| d.reason.map(|reason| made::word(&reason)).transpose()).collect::<Result<Vec<_>>>()?;
    made::table(
        DIFFERENCES,
        vec![
            made::texts(kinds.iter().map(String::as_str))?,
            made::optional_texts(reasons.iter().map(Option::as_deref)),
            made::texts(labels.iter().map(String::as_str))?,
            made::texts(directions.iter().map(String::as_str))?,
            made::texts(parts.iter().map(String::as_str))?,
            made::texts(differences.iter().map(|d| d.order_no.as_str()))?,
            made::texts(differences.iter().map(|d| d.refund_no.as_str()))?,
            Arc::new(Int64Array::from_iter_values(differences.iter().map(|d| d.diff_fen))),
            Arc::new(differences.iter().map(|d| d.ledger_diff_fen).collect::<Int64Array>()),
            Arc::new(differences.iter().map(|d| Some(d.suspended)).collect::<BooleanArray>()),
            made::lists(differences.iter().map(|d| d.actions.clone()))?,
            Arc::new(differences.iter().map(|d| d.suggestion).collect::<UInt32Array>()),
        ],
    )
}

fn rows(differences: &[Difference]) -> Result<Table> {
    let rows: Vec<(u32, RowRef)> = (0u32..).zip(differences).flat_map(|(at, difference)| difference.rows.iter().map(move |row| (at, *row))).collect();
    let sides = rows.iter().map(|(_, row)| made::word(&row.side)).collect::<Result<Vec<_>>>()?;
    made::table(
        DIFFERENT_ROWS,
        vec![
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|(at, _)| *at))),
            made::texts(sides.iter().map(String::as_str))?,
            Arc::new(rows.iter().map(|(_, row)| Some(row.pooled)).collect::<BooleanArray>()),
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|(_, row)| row.at))),
        ],
    )
}
