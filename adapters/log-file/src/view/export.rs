//! Rows for files: CSV for spreadsheets, JSON for programs. The same fields, the same masking.

use menjie::calendar::Timestamp;
use serde::Serialize;

use super::body::shown_body;
use super::item::{Exchange, Item};
use super::mask::{Sight, visible};
use crate::entry::{Access, direction_code};

/// An item as a row.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JsonRow {
    /// The record's number.
    pub seq: u64,
    /// `exchange`, `access`, or `strange`.
    pub what: &'static str,
    /// When.
    pub at: Option<Timestamp>,
    /// Milliseconds from BEGIN to END.
    pub duration_ms: Option<i64>,
    /// For which hospital.
    pub hospital: String,
    /// `out` or `in`.
    pub direction: &'static str,
    /// The counterpart; of an access who it was.
    pub peer: String,
    /// The interface; of an access what was done.
    pub interface: String,
    /// The business number.
    pub business_no: String,
    /// How it stands.
    pub result: &'static str,
    /// Status or fault; of an access the reason.
    pub status: String,
    /// SM3 of the raw request.
    pub request_digest: String,
    /// SM3 of the raw answer.
    pub response_digest: String,
    /// The request; of an access what was looked at.
    pub request: String,
    /// The answer.
    pub response: String,
}

impl JsonRow {
    /// The row of an item.
    pub fn of(item: &Item, sight: Sight) -> JsonRow {
        match item {
            Item::Exchange(exchange) => JsonRow::of_exchange(exchange, sight),
            Item::Access { seq, access } => JsonRow::of_access(*seq, access),
            Item::Strange { seq, at, kind } => JsonRow { seq: *seq, what: "strange", at: Some(*at), status: format!("kind {kind}"), ..JsonRow::default() },
        }
    }

    fn of_exchange(exchange: &Exchange, sight: Sight) -> JsonRow {
        let mut row =
            JsonRow { seq: exchange.seq, what: "exchange", at: exchange.at(), duration_ms: exchange.duration_ms(), result: exchange.outcome().code(), ..JsonRow::default() };
        if let Some(began) = &exchange.began {
            row.hospital = visible(&began.hospital);
            row.direction = direction_code(began.direction);
            row.peer = visible(&began.peer);
            row.interface = visible(&began.interface);
            row.business_no = visible(began.business_no.as_deref().unwrap_or_default());
            row.request_digest.clone_from(&began.digest);
            row.request = shown_body(&began.body, sight, false);
        }
        if let Some(ended) = &exchange.ended {
            row.status = visible(&ended.status);
            row.response_digest.clone_from(&ended.digest);
            row.response = shown_body(&ended.body, sight, false);
        }
        row
    }

    fn of_access(seq: u64, access: &Access) -> JsonRow {
        JsonRow {
            seq,
            what: "access",
            at: Some(access.at),
            peer: visible(&access.actor),
            interface: access.act.code().to_owned(),
            status: visible(&access.reason),
            request: visible(&access.about),
            ..JsonRow::default()
        }
    }
}

/// A row as CSV.
pub struct CsvRow;

impl CsvRow {
    /// The line of names.
    pub const HEADER: &'static str = "seq,what,at,duration_ms,hospital,direction,peer,interface,business_no,result,status,request_digest,response_digest,request,response";

    /// The line of a row, without its end. A cell that a spreadsheet would take for a formula begins with an apostrophe.
    pub fn of(row: &JsonRow) -> String {
        let number = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
        let cells = [
            row.seq.to_string(),
            row.what.to_owned(),
            row.at.map_or_else(String::new, |at| at.to_string()),
            number(row.duration_ms),
            cell(&row.hospital),
            row.direction.to_owned(),
            cell(&row.peer),
            cell(&row.interface),
            cell(&row.business_no),
            row.result.to_owned(),
            cell(&row.status),
            row.request_digest.clone(),
            row.response_digest.clone(),
            cell(&row.request),
            cell(&row.response),
        ];
        cells.join(",")
    }
}

fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guarded = if formula { format!("'{text}") } else { text.to_owned() };
    if guarded.contains([',', '"', '\n', '\r']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_quotes_are_doubled() {
        assert_eq!(cell("=cmd|'/C calc'!A0"), "'=cmd|'/C calc'!A0");
        assert_eq!(cell("+1"), "'+1");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("P1"), "P1");
        let row = JsonRow { seq: 7, what: "exchange", request: "@x\n".to_owned(), ..JsonRow::default() };
        assert_eq!(CsvRow::of(&row), "7,exchange,,,,,,,,,,,,\"'@x\n\",");
        assert_eq!(CsvRow::of(&JsonRow::default()).split(',').count(), CsvRow::HEADER.split(',').count());
    }
}
