//! CSV: a line of names, then a record a line. Columns may stand in any order; an empty cell is one that was not given.

use std::io::Read;

use super::shape::{Cell, Shape};
use super::source::Naming;
use super::{Fault, Place};

/// Gives every record's JSON text to `each`.
pub(super) fn read(input: impl Read, shape: &Shape, naming: &Naming, each: &mut dyn FnMut(&str, Place) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut reader = csv::ReaderBuilder::new().from_reader(input);
    let names = reader.headers().map_err(|e| fault(&e))?.clone();
    if names.is_empty() {
        return Ok(());
    }
    let columns = naming.columns(names.iter(), shape)?;
    let mut record = csv::StringRecord::new();
    let mut cells = vec![Cell::Empty; shape.columns.len()];
    let mut text = String::new();
    while reader.read_record(&mut record).map_err(|e| fault(&e))? {
        let place = Place::Line(record.position().map_or(0, csv::Position::line));
        for (at, given) in columns.iter().zip(record.iter()) {
            let (Some(at), Some(column)) = (at, at.and_then(|at| shape.columns.get(at))) else { continue };
            let cell = Cell::read(given, column.kind).map_err(|problem| Fault::at(place, &column.name, problem))?;
            if let Some(of) = cells.get_mut(*at) {
                *of = cell;
            }
        }
        shape.object(&cells, &mut text);
        each(&text, place)?;
    }
    Ok(())
}

fn fault(error: &csv::Error) -> Fault {
    let place = error.position().map_or(Place::Whole, |at| Place::Line(at.line()));
    match error.kind() {
        csv::ErrorKind::Io(error) => Fault::io(error),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Fault::at(place, "", format!("has {len} cells, the line of names has {expected_len}")),
        _ => Fault::at(place, "", "is not CSV"),
    }
}
