//! Rows of a bill as columns: borrowed, of equal length, for millions of them.

use super::entry::{Direction, Entries, Entry, Part, RowStatus};
use crate::column::{OptionalTexts, TextColumn, Texts};
use crate::error::{Error, Result};

/// One column a field; the fields mean what they mean in [`super::Row`].
#[derive(Clone, Copy, Debug)]
pub struct EntryColumns<'a, T = Texts<'a>, O = OptionalTexts<'a>> {
    /// Our order number.
    pub order_no: T,
    /// Our refund number.
    pub refund_no: Option<O>,
    /// The counterpart's own number.
    pub trade_no: Option<O>,
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
pub struct ColumnEntry<'a, T = Texts<'a>, O = OptionalTexts<'a>> {
    columns: &'a EntryColumns<'a, T, O>,
    at: usize,
}

impl<'a, T: TextColumn<'a>, O: TextColumn<'a>> ColumnEntry<'a, T, O> {
    fn optional(self, column: Option<O>) -> &'a str {
        column.and_then(|column| column.text(self.at)).unwrap_or_default()
    }

    fn value<V: Copy + Default>(self, column: Option<&'a [V]>) -> V {
        column.and_then(|c| c.get(self.at).copied()).unwrap_or_default()
    }
}

impl<'a, T: TextColumn<'a>, O: TextColumn<'a>> Entry<'a> for ColumnEntry<'a, T, O> {
    fn order_no(self) -> &'a str {
        self.columns.order_no.text(self.at).unwrap_or_default()
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

impl<'a, T: TextColumn<'a>, O: TextColumn<'a>> Entries<'a> for &'a EntryColumns<'a, T, O> {
    type Entry = ColumnEntry<'a, T, O>;

    fn count(self) -> usize {
        self.order_no.rows()
    }

    fn entry(self, at: usize) -> Option<ColumnEntry<'a, T, O>> {
        (at < self.order_no.rows()).then_some(ColumnEntry { columns: self, at })
    }

    fn check(self) -> Result<()> {
        let want = self.order_no.rows();
        let lengths = [
            ("refund_no", self.refund_no.map_or(want, O::rows)),
            ("trade_no", self.trade_no.map_or(want, O::rows)),
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
