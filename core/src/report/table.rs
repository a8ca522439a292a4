//! The table of a report: columns with their Chinese names, rows of exact cells.

use serde::{Deserialize, Serialize};

use super::query::{Query, ReportName};
use crate::calendar::{BizDate, Timestamp};
use crate::money::Net;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportHolds"))]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// A text.
    Text,
    /// A number of things.
    Count,
    /// Whole fen.
    Fen,
    /// Yuan as an exact decimal text.
    Yuan,
    /// Per cent with two decimals, as a text.
    Percent,
    /// A decimal text.
    Decimal,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportColumn"))]
pub struct Column {
    /// Stable name.
    pub key: String,
    /// Its heading, in Chinese.
    pub title: String,
    /// What it holds.
    pub holds: Holds,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportCell"))]
#[serde(untagged)]
pub enum Cell {
    /// A count, or fen.
    Number(i64),
    /// A text; `*` in a column that holds no text is a number that is not shown because it would tell of a few people (小单元抑制).
    Text(String),
    /// Nothing to say: never a zero that was not counted.
    Blank,
}

impl Cell {
    pub(super) fn count(count: u64) -> Cell {
        Cell::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(super) fn fen(net: Net) -> Cell {
        Cell::Number(net.fen())
    }

    pub(super) fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    pub(super) fn hidden() -> Cell {
        Cell::text("*")
    }

    /// A number scaled by a power of ten, with at least so many decimals.
    pub(super) fn decimal(scaled: i128, digits: usize, least: usize) -> Cell {
        let sign = if scaled < 0 { "-" } else { "" };
        let text = format!("{:0>width$}", scaled.unsigned_abs(), width = digits + 1);
        let (whole, part) = text.split_at(text.len() - digits);
        let mut part = part.to_owned();
        while part.len() > least && part.ends_with('0') {
            part.pop();
        }
        Cell::Text(format!("{sign}{whole}{}{part}", if part.is_empty() { "" } else { "." }))
    }

    /// Ten-thousandths as per cent; blank when there is no whole.
    pub(super) fn percent(share: Option<i128>) -> Cell {
        share.map_or(Cell::Blank, |share| Cell::decimal(share, 2, 2))
    }
}

/// What a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportLevel"))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// One group.
    Detail,
    /// 小计: all groups of one value of one axis.
    Subtotal,
    /// 合计: all.
    Total,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportRow"))]
pub struct TableRow {
    /// What it is of.
    pub level: Level,
    /// One cell a column.
    pub cells: Vec<Cell>,
}

/// A report's table (报表).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportTable"))]
pub struct Table {
    /// Which report.
    pub report: ReportName,
    /// Its title, in Chinese.
    pub title: String,
    /// From this day on,
    pub from: BizDate,
    /// to this day, inclusive.
    pub to: BizDate,
    /// Which date it counts by (统计口径), in Chinese.
    pub base: String,
    /// The latest fact of the partial (数据截止), if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Orders whose result is not known (结果未知笔数): always told by reports of money, 0 too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<u64>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows: details, subtotals, the total.
    pub rows: Vec<TableRow>,
}

impl Table {
    pub(super) fn of(query: &Query, until_ms: Option<i64>, base: &str) -> Table {
        Table {
            report: query.report,
            title: query.report.title().to_owned(),
            from: query.from,
            to: query.to,
            base: base.to_owned(),
            until: until_ms.map(Timestamp::from_millis),
            pending: None,
            columns: Vec::new(),
            rows: Vec::new(),
        }
    }

    pub(super) fn column(&mut self, key: impl Into<String>, title: impl Into<String>, holds: Holds) {
        self.columns.push(Column { key: key.into(), title: title.into(), holds });
    }

    pub(super) fn row(&mut self, level: Level, cells: Vec<Cell>) {
        self.rows.push(TableRow { level, cells });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let text = |scaled, digits, least| match Cell::decimal(scaled, digits, least) {
            Cell::Text(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            [text(600_000, 6, 2), text(-1_234_567, 6, 2), text(0, 6, 2), text(5, 2, 2), text(-5, 1, 0), text(120, 1, 0)],
            ["0.60", "-1.234567", "0.00", "0.05", "-0.5", "12"]
        );
    }

    #[test]
    fn cells_are_what_json_says() {
        let cells = vec![Cell::Number(-3), Cell::hidden(), Cell::Blank, Cell::text("微信")];
        let json = serde_json::to_string(&cells).unwrap();
        assert_eq!(json, r#"[-3,"*",null,"微信"]"#);
        assert_eq!(serde_json::from_str::<Vec<Cell>>(&json).unwrap(), cells);
    }
}
