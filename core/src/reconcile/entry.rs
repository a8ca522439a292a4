//! What the rules must know of a row of a bill, whoever stores it: rows here, columns in [`super::EntryColumns`].

use serde::{Deserialize, Serialize};

use crate::calendar::Timestamp;
use crate::error::{Error, Result};
use crate::money::{Money, UnitPrice};

/// Money in or money back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The patient paid.
    #[default]
    Pay,
    /// Something went back.
    Refund,
}

/// Which part of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "MoneyPart"))]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// 个人现金, through a channel.
    #[default]
    Cash,
    /// 统筹.
    Fund,
    /// 个账.
    Account,
    /// Other funds (其他基金).
    Other,
}

/// How a row ended at its side. Only what is done has moved money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// Done.
    #[default]
    Done,
    /// Under way (退款处理中).
    Pending,
    /// Failed, closed, void.
    Failed,
}

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The channel's bill: cash.
    Channel,
    /// The insurer's: fund, account, other.
    Insurer,
    /// HIS: every part.
    His,
    /// Our own journals: every part.
    Ledger,
}

impl Side {
    /// Does the side hold this part of the money at all?
    pub const fn holds(self, part: Part) -> bool {
        match self {
            Side::Channel => matches!(part, Part::Cash),
            Side::Insurer => !matches!(part, Part::Cash),
            Side::His | Side::Ledger => true,
        }
    }
}

/// One row as the rules see it. `'a` is the life of the texts behind it.
pub trait Entry<'a>: Copy {
    /// Our order number (out_trade_no, the settlement's number at the insurer).
    fn order_no(self) -> &'a str;
    /// Our refund number; empty for a payment, or when the side does not know it.
    fn refund_no(self) -> &'a str;
    /// The counterpart's own number; empty when the side does not know it.
    fn trade_no(self) -> &'a str;
    /// In or back.
    fn direction(self) -> Direction;
    /// Which part.
    fn part(self) -> Part;
    /// The amount in fen, never below zero: the direction is the sign.
    fn amount_fen(self) -> i64;
    /// How it ended.
    fn status(self) -> RowStatus;
    /// The fee × 10^6 yuan, if the side tells.
    fn fee_e6(self) -> Option<i64>;
    /// When, in milliseconds, by the side's clock.
    fn at_ms(self) -> i64;
}

/// Many rows, by position.
pub trait Entries<'a>: Copy {
    /// How one row is read.
    type Entry: Entry<'a>;
    /// How many there are.
    fn count(self) -> usize;
    /// The row at a position below [`Entries::count`].
    fn entry(self, at: usize) -> Option<Self::Entry>;
    /// Is the storage sound in itself (columns equally long)?
    fn check(self) -> Result<()> {
        Ok(())
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconcileRow"))]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Our order number.
    pub order_no: String,
    /// Our refund number, of a refund.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub refund_no: String,
    /// The counterpart's own number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trade_no: String,
    /// In or back.
    #[serde(default)]
    pub direction: Direction,
    /// Which part.
    #[serde(default)]
    pub part: Part,
    /// The amount, never below zero.
    pub amount_fen: Money,
    /// How it ended.
    #[serde(default)]
    pub status: RowStatus,
    /// The fee in yuan; may be negative on a refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<UnitPrice>,
    /// When, by the side's clock.
    pub at: Timestamp,
}

impl Row {
    /// The row that an entry of whatever storage tells.
    pub fn of<'a>(entry: impl Entry<'a>) -> Result<Row> {
        Ok(Row {
            order_no: entry.order_no().to_owned(),
            refund_no: entry.refund_no().to_owned(),
            trade_no: entry.trade_no().to_owned(),
            direction: entry.direction(),
            part: entry.part(),
            amount_fen: Money::from_fen(entry.amount_fen())?,
            status: entry.status(),
            fee: entry.fee_e6().map(UnitPrice::from_scaled).transpose()?,
            at: Timestamp::from_millis(entry.at_ms()),
        })
    }
}

impl<'a> Entry<'a> for &'a Row {
    fn order_no(self) -> &'a str {
        &self.order_no
    }
    fn refund_no(self) -> &'a str {
        &self.refund_no
    }
    fn trade_no(self) -> &'a str {
        &self.trade_no
    }
    fn direction(self) -> Direction {
        self.direction
    }
    fn part(self) -> Part {
        self.part
    }
    fn amount_fen(self) -> i64 {
        self.amount_fen.fen()
    }
    fn status(self) -> RowStatus {
        self.status
    }
    fn fee_e6(self) -> Option<i64> {
        self.fee.map(UnitPrice::scaled)
    }
    fn at_ms(self) -> i64 {
        self.at.millis()
    }
}

impl<'a> Entries<'a> for &'a [Row] {
    type Entry = &'a Row;

    fn count(self) -> usize {
        self.len()
    }

    fn entry(self, at: usize) -> Option<&'a Row> {
        self.get(at)
    }
}

impl<'a> Entries<'a> for &[&'a Row] {
    type Entry = &'a Row;

    fn count(self) -> usize {
        self.len()
    }

    fn entry(self, at: usize) -> Option<&'a Row> {
        self.get(at).copied()
    }
}

/// What a row moves if it is done; refunds are negative, so that the one formula needs no special case for them. A wrong row is
/// an error that names the field.
#[inline]
pub(super) fn signed<'a, E: Entry<'a>>(side: Side, entry: E) -> Result<Money> {
    let back = entry.direction() == Direction::Refund;
    match Money::from_fen(entry.amount_fen()) {
        Ok(amount) if !amount.is_negative() && !entry.order_no().is_empty() && side.holds(entry.part()) && (back || entry.refund_no().is_empty()) => Ok(amount.signed(back)),
        _ => Err(wrong(side, entry)),
    }
}

#[cold]
fn wrong<'a, E: Entry<'a>>(side: Side, entry: E) -> Error {
    if entry.order_no().is_empty() {
        Error::field("order_no", "is empty")
    } else if !side.holds(entry.part()) {
        Error::field("part", "is not held by this side")
    } else if entry.amount_fen() < 0 {
        Error::field("amount_fen", "is below zero; the direction is the sign")
    } else if entry.amount_fen() > crate::money::MAX_FEN {
        Error::amount_range("amount_fen")
    } else {
        Error::field("refund_no", "belongs to a refund only")
    }
}
