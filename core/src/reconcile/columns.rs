//! Rows of a bill as columns: borrowed slices of equal length, for millions of them.

use super::entry::{Direction, Entries, Entry, Part, RowStatus};
use crate::bill::OptionalTexts;
use crate::error::{Error, Result};

/// One slice a field; the fields mean what they mean in [`super::Row`].
#[derive(Clone, Copy, Debug)]
pub struct EntryColumns<'a> {
    /// Our order number.
    pub order_no: &'a [&'a str],
    /// Our refund number.
    pub refund_no: OptionalTexts<'a>,
    /// The counterpart's own number.
    pub trade_no: OptionalTexts<'a>,
    /// In or back; payments when absent.
    pub direction: Option<&'a [Direction]>,
    /// Which part; cash when absent.
    pub part: Option<&'a [Part]>,
    /// The amount in fen.
    pub amount_fen: &'a [i64],
    /// How it ended; done when absent.
    pub status: Option<&'a [RowStatus]>,
    /// The fee × 10^6 yuan.
    pub fee_e6: Option<&'a [Option<i64>]>,
    /// When, in milliseconds.
    pub at_ms: &'a [i64],
}

/// One row of [`EntryColumns`].
#[derive(Clone, Copy, Debug)]
pub struct ColumnEntry<'a> {
    columns: &'a EntryColumns<'a>,
    at: usize,
}

impl<'a> ColumnEntry<'a> {
    fn optional(self, column: OptionalTexts<'a>) -> &'a str {
        column.and_then(|c| c.get(self.at).copied()).flatten().unwrap_or_default()
    }

    fn value<T: Copy + Default>(self, column: Option<&'a [T]>) -> T {
        column.and_then(|c| c.get(self.at).copied()).unwrap_or_default()
    }
}

impl<'a> Entry<'a> for ColumnEntry<'a> {
    fn order_no(self) -> &'a str {
        self.columns.order_no.get(self.at).copied().unwrap_or_default()
    }
    fn refund_no(self) -> &'a str {
        self.optional(self.columns.refund_no)
    }
    fn trade_no(self) -> &'a str {
        self.optional(self.columns.trade_no)
    }
    fn direction(self) -> Direction {
        self.value(self.columns.direction)
    }
    fn part(self) -> Part {
        self.value(self.columns.part)
    }
    fn amount_fen(self) -> i64 {
        self.value(Some(self.columns.amount_fen))
    }
    fn status(self) -> RowStatus {
        self.value(self.columns.status)
    }
    fn fee_e6(self) -> Option<i64> {
        self.value(self.columns.fee_e6)
    }
    fn at_ms(self) -> i64 {
        self.value(Some(self.columns.at_ms))
    }
}

impl<'a> Entries<'a> for &'a EntryColumns<'a> {
    type Entry = ColumnEntry<'a>;

    fn count(self) -> usize {
        self.order_no.len()
    }

    fn entry(self, at: usize) -> Option<ColumnEntry<'a>> {
        (at < self.order_no.len()).then_some(ColumnEntry { columns: self, at })
    }

    fn check(self) -> Result<()> {
        let want = self.order_no.len();
        let lengths = [
            ("refund_no", self.refund_no.map_or(want, <[_]>::len)),
            ("trade_no", self.trade_no.map_or(want, <[_]>::len)),
            ("direction", self.direction.map_or(want, <[_]>::len)),
            ("part", self.part.map_or(want, <[_]>::len)),
            ("amount_fen", self.amount_fen.len()),
            ("status", self.status.map_or(want, <[_]>::len)),
            ("fee_e6", self.fee_e6.map_or(want, <[_]>::len)),
            ("at_ms", self.at_ms.len()),
        ];
        lengths.into_iter().find(|(_, len)| *len != want).map_or(Ok(()), |(name, _)| Err(Error::field(name, "is not as long as order_no")))
    }
}
