//! A table for people: amounts in yuan; on a terminal the first rows only, and how many more there are.

use menjie::Money;

use super::{Cell, Column, Kind, Out};
use crate::exit::Stop;
use crate::layout::columns;
use crate::words::Words;

/// More rows than a person reads are for a file.
const MOST: usize = 60;

/// A table that is being gathered: its widths are known at the end.
pub(super) struct Table {
    out: Out,
    columns: &'static [Column],
    rows: Vec<Vec<String>>,
    /// Rows that are not shown.
    more: u64,
    most: usize,
    words: Words,
}

impl Table {
    pub(super) fn new(out: Out, columns: &'static [Column], short: bool, words: Words) -> Table {
        Table { out, columns, rows: Vec::new(), more: 0, most: if short { MOST } else { usize::MAX }, words }
    }

    pub(super) fn put(&mut self, cells: Vec<Cell>) -> Result<(), Stop> {
        if self.rows.len() < self.most {
            self.rows.push(self.columns.iter().zip(&cells).map(|(column, cell)| shown(column.kind, cell, self.words)).collect());
        } else {
            self.more += 1;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), Stop> {
        if self.rows.is_empty() {
            return self.out.finish();
        }
        // A column that nobody has a value in tells nothing.
        let kept: Vec<usize> = (0..self.columns.len()).filter(|at| self.rows.iter().any(|row| row.get(*at).is_some_and(|cell| !cell.is_empty()))).collect();
        let heads: Vec<&str> = kept.iter().filter_map(|at| self.columns.get(*at)).map(|column| self.words.pick(column.name, column.chinese)).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| kept.iter().filter_map(|at| row.get(*at).cloned()).collect()).collect();
        for line in columns(&heads, &rows, |_, _, cell| cell) {
            self.out.put(&line)?;
            self.out.put("\n")?;
        }
        if self.more > 0 {
            self.out.put(&match self.words {
                Words::English => format!("… {} more rows; -o FILE has them all\n", self.more),
                Words::Chinese => format!("… 另有 {} 行；用 -o 文件名 输出全部\n", self.more),
            })?;
        }
        self.out.finish()
    }
}

fn shown(kind: Kind, cell: &Cell, words: Words) -> String {
    match (kind, cell) {
        (_, Cell::Empty | Cell::Flag(false)) => String::new(),
        (_, Cell::Flag(true)) => words.pick("yes", "是").to_owned(),
        (Kind::Fen, Cell::Whole(fen)) => Money::from_fen(*fen).map_or_else(|_| format!("{fen} fen"), Money::to_yuan),
        (_, Cell::Whole(number)) => number.to_string(),
        // What would move the cursor or break the line is not shown as it is.
        (_, Cell::Text(text)) => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
    }
}
