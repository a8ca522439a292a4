//! Tables as Arrow IPC streams, for hosts that pass bytes.

use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::writer::StreamWriter;
use menjie::error::Code;
use menjie::{Error, Result};

use super::table::Table;
use crate::call::guarded;
use crate::problem::refused;

/// Reads a stream; `name` is what errors call it. It is looked at as closely as one over the C data interface, and not copied.
pub fn read(name: &str, bytes: Vec<u8>) -> Result<Table> {
    let wrong = || refused(name, "is no Arrow IPC stream, or breaks off before its end-of-stream mark");
    is_whole(&bytes).ok_or_else(wrong)?;
    let read = || {
        let (mut rest, mut decoder, mut chunks) = (Buffer::from_vec(bytes), StreamDecoder::new(), Vec::new());
        while let Some(chunk) = decoder.decode(&mut rest).map_err(|_| wrong())? {
            chunks.push(chunk);
        }
        Table::new(name, decoder.schema().ok_or_else(wrong)?, chunks)
    };
    // The reader panics on some streams that nobody would write.
    guarded(read).map_err(|error| if error.code() == Code::Panicked { wrong() } else { error })
}

/// Walks over the messages. Without its end a stream has broken off, and rows may be missing; and the reader would make room for as many
/// bytes as a message says it has.
fn is_whole(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes;
    loop {
        let (mark, after) = rest.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if *mark != [0xff; 4] {
            return None;
        }
        if length == 0 {
            return after.is_empty().then_some(());
        }
        let (message, after) = after.split_at_checked(length)?;
        let body = usize::try_from(arrow_ipc::root_as_message(message).ok()?.bodyLength()).ok()?;
        rest = after.get(body..)?;
    }
}

/// Writes a stream.
pub fn write(table: &Table) -> Result<Vec<u8>> {
    let failed = |_| Error::internal("results are written to memory");
    let mut writer = StreamWriter::try_new(Vec::new(), table.schema()).map_err(failed)?;
    for chunk in table.chunks() {
        writer.write(chunk).map_err(failed)?;
    }
    writer.into_inner().map_err(failed)
}
