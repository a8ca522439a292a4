//! Parquet out: optional columns, zstd, a row group for every so many rows.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use super::{Cell, Column, Kind, Out};
use crate::exit::Stop;

/// Rows that are kept in memory before they are written.
const GROUP: usize = 64 << 10;

/// A file that is being written.
pub(super) struct Parquet {
    writer: SerializedFileWriter<Writing>,
    columns: &'static [Column],
    rows: Vec<Vec<Cell>>,
    out: Out,
}

/// The file itself is [`Out`]'s, which takes it away when nobody finishes it; this is its other end.
type Writing = std::fs::File;

impl Parquet {
    pub(super) fn new(out: Out, columns: &'static [Column]) -> Result<Parquet, Stop> {
        let path = out.file.as_deref().ok_or_else(|| Stop::usage("Parquet goes into a file"))?;
        let file = std::fs::OpenOptions::new().write(true).open(path).map_err(|e| out.failed(&e))?;
        let schema = schema(columns).map_err(|_| Stop::failure("the columns make no Parquet schema"))?;
        let compression = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(compression).set_created_by(format!("menjie {}", env!("CARGO_PKG_VERSION"))).build();
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(|e| failed(&e))?;
        Ok(Parquet { writer, columns, rows: Vec::new(), out })
    }

    pub(super) fn put(&mut self, cells: Vec<Cell>) -> Result<(), Stop> {
        self.rows.push(cells);
        if self.rows.len() >= GROUP { self.group() } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> Result<(), Stop> {
        if !self.rows.is_empty() {
            self.group()?;
        }
        self.writer.close().map_err(|e| failed(&e))?;
        self.out.finish()
    }

    fn group(&mut self) -> Result<(), Stop> {
        let rows = std::mem::take(&mut self.rows);
        write(&mut self.writer, self.columns, &rows).map_err(|e| failed(&e))
    }
}

fn failed(error: &ParquetError) -> Stop {
    // What it says is about the disk; of the rows it knows nothing.
    Stop::failure(format!("the Parquet file cannot be written: {error}"))
}

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let fields = columns.iter().map(|column| {
        let (physical, logical) = match column.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Whole | Kind::Fen => (Physical::INT64, None),
            Kind::Flag => (Physical::BOOLEAN, None),
        };
        Type::primitive_type_builder(column.name, physical).with_repetition(Repetition::OPTIONAL).with_logical_type(logical).build().map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("menjie").with_fields(fields).build().map(Arc::new)
}

fn write(writer: &mut SerializedFileWriter<Writing>, columns: &[Column], rows: &[Vec<Cell>]) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for (at, column) in columns.iter().enumerate() {
        let Some(mut out) = group.next_column()? else { break };
        let cells = rows.iter().map(|row| row.get(at).unwrap_or(&Cell::Empty));
        let given: Vec<i16> = cells.clone().map(|cell| i16::from(*cell != Cell::Empty)).collect();
        match column.kind {
            Kind::Text => {
                let values: Vec<ByteArray> = cells.filter_map(|cell| if let Cell::Text(text) = cell { Some(text.as_str().into()) } else { None }).collect();
                out.typed::<ByteArrayType>().write_batch(&values, Some(&given), None)?;
            }
            Kind::Whole | Kind::Fen => {
                let values: Vec<i64> = cells.filter_map(|cell| if let Cell::Whole(number) = cell { Some(*number) } else { None }).collect();
                out.typed::<Int64Type>().write_batch(&values, Some(&given), None)?;
            }
            Kind::Flag => {
                let values: Vec<bool> = cells.filter_map(|cell| if let Cell::Flag(yes) = cell { Some(*yes) } else { None }).collect();
                out.typed::<BoolType>().write_batch(&values, Some(&given), None)?;
            }
        }
        out.close()?;
    }
    group.close()?;
    Ok(())
}
