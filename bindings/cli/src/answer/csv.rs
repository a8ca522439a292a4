//! CSV out.

use super::{Cell, Column, Out};
use crate::exit::Stop;

/// The line of names.
pub(super) fn begin(mut out: Out, columns: &[Column], bom: bool) -> Result<Out, Stop> {
    if bom {
        out.put("\u{feff}")?;
    }
    out.put(&columns.iter().map(|column| column.name).collect::<Vec<_>>().join(","))?;
    out.put("\n")?;
    Ok(out)
}

/// A row.
pub(super) fn put(out: &mut Out, cells: &[Cell]) -> Result<(), Stop> {
    let line: Vec<String> = cells.iter().map(shown).collect();
    out.put(&line.join(","))?;
    out.put("\n")
}

/// A text that a spreadsheet would take for a formula begins with an apostrophe; numbers are numbers.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Whole(number) => number.to_string(),
        Cell::Flag(yes) => yes.to_string(),
        Cell::Text(text) => {
            let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.clone() };
            if guarded.contains([',', '"', '\n', '\r']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula_and_quotes_are_doubled() {
        for (cell, text) in [(Cell::text("=1+1"), "'=1+1"), (Cell::text("a,\"b\""), "\"a,\"\"b\"\"\""), (Cell::Whole(-5), "-5"), (Cell::Flag(true), "true"), (Cell::Empty, "")] {
            assert_eq!(shown(&cell), text);
        }
    }
}
