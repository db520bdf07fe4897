//! Reads packed chunks in place; `src/entry-chunk.ts` describes the layout.

use crate::error::EngineError;

/// "SFC1" read as a little-endian word.
const MAGIC: usize = 0x3143_4653;
const HEADER_BYTES: usize = 16;

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?) as usize)
}

/// Where the only row of a chunk is.
pub struct SingleRow {
    /// Where its key begins; its value goes to the end of the chunk.
    pub start: usize,
    pub key_bytes: usize,
}

/// The row of a chunk that has one row and nothing behind it.
pub fn single_row(chunk: &[u8]) -> Option<SingleRow> {
    let (magic, count, start, data_bytes) = (word(chunk, 0)?, word(chunk, 4)?, word(chunk, 8)?, word(chunk, 12)?);
    let (key_bytes, end) = (word(chunk, HEADER_BYTES)?, word(chunk, HEADER_BYTES + 4)?);
    let is_single = magic == MAGIC && count == 1 && start >= HEADER_BYTES + 8 && end == data_bytes;
    let fits = key_bytes <= end && start.checked_add(end) == Some(chunk.len());
    (is_single && fits).then_some(SingleRow { start, key_bytes })
}

/// Calls `take` with the key and value of every row, in one slice, and the length of the key.
pub fn each_row(
    chunk: &[u8],
    mut take: impl FnMut(&[u8], usize) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let malformed = || EngineError::invalid("write: not a packed chunk");
    let header = |i: usize| word(chunk, 4 * i).ok_or_else(malformed);
    let (magic, count, data_start, data_bytes) = (header(0)?, header(1)?, header(2)?, header(3)?);
    let table_end = count.checked_mul(8).and_then(|table| table.checked_add(HEADER_BYTES));
    let data = data_start.checked_add(data_bytes).and_then(|end| chunk.get(data_start..end));
    let (Some(data), Some(table_end)) = (data, table_end.filter(|end| *end <= data_start)) else {
        return Err(malformed());
    };
    if magic != MAGIC {
        return Err(malformed());
    }
    let mut start = 0;
    for ends in chunk[HEADER_BYTES..table_end].chunks_exact(8) {
        let (Some(key_end), Some(value_end)) = (word(ends, 0), word(ends, 4)) else { return Err(malformed()) };
        let Some(content) = data.get(start..value_end).filter(|_| (start..=value_end).contains(&key_end)) else {
            return Err(malformed());
        };
        take(content, key_end - start)?;
        start = value_end;
    }
    Ok(())
}
