//! Charge lines become bills: by visit, then by executing department (执行科室). Pure rules: no engine, no store, no clock.
//!
//! `cargo run -p menjie-examples --example group_bills [FILE]`; without a file, the lines of `data/unpaid.json`.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;

use menjie::bill::GroupRequest;

/// One patient's unpaid lines of two visits, in the shape of the operation `bill.group` (docs/contract/bill.group.md).
pub(crate) const UNPAID: &str = include_str!("../data/unpaid.json");

fn main() -> Result<(), Box<dyn Error>> {
    let json = std::env::args().nth(1).map_or_else(|| Ok(UNPAID.to_owned()), std::fs::read_to_string)?;
    std::io::stdout().write_all(run(&json)?.as_bytes())?;
    Ok(())
}

/// Bills as text; the tests run it too.
pub(crate) fn run(json: &str) -> Result<String, Box<dyn Error>> {
    // Unknown fields, amounts that are no whole fen, prices that are no decimals: refused here, by name.
    let request: GroupRequest = serde_json::from_str(json)?;
    // Mixed patients, a line that is not price × quantity, a line twice: refused here, with a code and a field.
    let grouped = request.run()?;

    let mut text = String::new();
    for bill in &grouped.bills {
        writeln!(text, "{} {} {} ({} lines, bill {})", bill.visit_id, bill.dept_name, bill.total_fen.to_yuan(), bill.lines.len(), bill.bill_id)?;
        for line in &bill.lines {
            writeln!(text, "    {} {} × {} = {}", line.item_name, line.price, line.quantity, line.amount_fen.to_yuan())?;
        }
    }
    writeln!(text, "total {}", grouped.total_fen.to_yuan())?;
    Ok(text)
}
