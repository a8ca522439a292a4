//! A table: chunks of rows with the same columns.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use menjie::Result;

use crate::problem::refused;

/// So many rows a table may have: positions are numbers of 31 bits.
pub(super) const MAX_ROWS: usize = i32::MAX as usize;

/// A table of Arrow.
#[derive(Clone)]
pub struct Table {
    schema: SchemaRef,
    chunks: Vec<RecordBatch>,
}

impl Table {
    /// A table of chunks with this schema; `name` is what errors call it.
    pub(super) fn new(name: &str, schema: SchemaRef, chunks: Vec<RecordBatch>) -> Result<Table> {
        if chunks.iter().map(RecordBatch::num_rows).try_fold(0usize, usize::checked_add).is_none_or(|rows| rows > MAX_ROWS) {
            return Err(refused(name, "has too many rows"));
        }
        Ok(Table { schema, chunks })
    }

    /// A table of one chunk.
    pub fn of(chunk: RecordBatch) -> Table {
        Table { schema: chunk.schema(), chunks: vec![chunk] }
    }

    /// Its columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Its rows.
    pub fn chunks(&self) -> &[RecordBatch] {
        &self.chunks
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.chunks.iter().map(RecordBatch::num_rows).sum()
    }
}

/// Rows may be personal data: only how many there are is shown.
impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({} rows)", self.rows())
    }
}
