//! The two packed layouts that cross to JavaScript; `src/entry-chunk.ts` and `src/byte-list.ts` describe them.

use bytes::Bytes;
use slatedb::tables::append;
use wasm_bindgen::JsValue;

use crate::error::EngineError;
use crate::outcome::joined;

/// "SFC1" read as a little-endian word.
const MAGIC: u32 = 0x3143_4653;
const HEADER_BYTES: usize = 16;
/// Each byte of the length of a missing value.
const ABSENT: u8 = u8::MAX;

/// Values of at least this many bytes are copied straight from their block into memory of JavaScript.
const LONG_BYTES: usize = 16 << 10;

/// Entries for JavaScript, in the layout of a chunk.
pub struct PackedChunk {
    /// Header, table with room for entries, data without long values.
    chunk: Vec<u8>,
    count: usize,
    room: usize,
    /// The long values, and how many bytes of the other data are before each.
    long: Vec<(usize, Bytes)>,
    long_bytes: usize,
}

impl PackedChunk {
    pub fn with_capacity(entries: usize, bytes: usize) -> Self {
        let data_offset = HEADER_BYTES + 8 * entries;
        let mut chunk = Vec::with_capacity(data_offset + bytes);
        chunk.resize(data_offset, 0);
        Self { chunk, count: 0, room: entries, long: Vec::new(), long_bytes: 0 }
    }

    /// Adds an entry. `block` contains the value.
    pub fn push(&mut self, key: &[u8], value: &[u8], block: &Bytes) {
        if self.count == self.room {
            self.grow();
        }
        let end = HEADER_BYTES + 8 * self.count;
        append(&mut self.chunk, key);
        let key_end = self.data_bytes() as u32;
        if value.len() < LONG_BYTES {
            append(&mut self.chunk, value);
        } else {
            self.long.push((self.chunk.len() - self.data_offset(), block.slice_ref(value)));
            self.long_bytes += value.len();
        }
        let value_end = self.data_bytes() as u32;
        self.chunk[end..end + 4].copy_from_slice(&key_end.to_le_bytes());
        self.chunk[end + 4..end + 8].copy_from_slice(&value_end.to_le_bytes());
        self.count += 1;
    }

    /// Makes room in the table.
    fn grow(&mut self) {
        let (data_offset, end) = (self.data_offset(), self.chunk.len());
        let more = 8 * self.room.max(64);
        self.chunk.resize(end + more, 0);
        self.chunk.copy_within(data_offset..end, data_offset + more);
        self.room += more / 8;
    }

    pub fn count(&self) -> usize {
        self.count
    }

    pub fn data_bytes(&self) -> usize {
        self.chunk.len() - self.data_offset() + self.long_bytes
    }

    fn data_offset(&self) -> usize {
        HEADER_BYTES + 8 * self.room
    }

    pub fn into_js(mut self) -> JsValue {
        // Room that was not used stays, unless it is much of the chunk.
        let unused = 8 * (self.room - self.count);
        if unused > self.data_bytes() / 4 {
            let data_offset = self.data_offset();
            self.chunk.copy_within(data_offset.., data_offset - unused);
            self.chunk.truncate(self.chunk.len() - unused);
            self.room = self.count;
        }
        let data_offset = self.data_offset();
        let header = [MAGIC, self.count as u32, data_offset as u32, self.data_bytes() as u32];
        for (word, at) in header.into_iter().zip((0..HEADER_BYTES).step_by(4)) {
            self.chunk[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        let mut parts = Vec::with_capacity(1 + 2 * self.long.len());
        let mut start = 0;
        for (before, value) in &self.long {
            let end = data_offset + before;
            parts.push(&self.chunk[start..end]);
            parts.push(&value[..]);
            start = end;
        }
        parts.push(&self.chunk[start..]);
        joined(&parts)
    }
}

/// Checks a chunk from JavaScript. The entries are slices of it.
pub fn read_chunk(chunk: Vec<u8>) -> Result<Vec<(Bytes, Bytes)>, EngineError> {
    let malformed = || EngineError::invalid("write: not a packed chunk");
    let chunk = Bytes::from(chunk);
    let word = |at: usize| -> Option<usize> {
        let bytes = chunk.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let header = |i: usize| word(4 * i).ok_or_else(malformed);
    let (magic, count, data_offset, data_bytes) = (header(0)?, header(1)?, header(2)?, header(3)?);
    let data_end = data_offset.checked_add(data_bytes).ok_or_else(malformed)?;
    let table_end = count.checked_mul(8).and_then(|table| table.checked_add(HEADER_BYTES));
    if magic != MAGIC as usize || table_end.is_none_or(|end| end > data_offset) || data_end > chunk.len() {
        return Err(malformed());
    }
    let data = chunk.slice(data_offset..data_end);
    let mut entries = Vec::with_capacity(count);
    let mut start = 0;
    for i in 0..count {
        let key_end = word(HEADER_BYTES + 8 * i).ok_or_else(malformed)?;
        let value_end = word(HEADER_BYTES + 8 * i + 4).ok_or_else(malformed)?;
        if start > key_end || key_end > value_end || value_end > data.len() {
            return Err(malformed());
        }
        entries.push((data.slice(start..key_end), data.slice(key_end..value_end)));
        start = value_end;
    }
    Ok(entries)
}

/// A list of keys: a word with their number, a word of length each, then the bytes.
pub struct Keys<'a> {
    lengths: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> Keys<'a> {
    pub fn of(list: &'a [u8]) -> Result<Self, EngineError> {
        let (count, rest) = list.split_first_chunk().ok_or_else(not_keys)?;
        let table = (u32::from_le_bytes(*count) as usize).checked_mul(4).ok_or_else(not_keys)?;
        let (lengths, bytes) = rest.split_at_checked(table).ok_or_else(not_keys)?;
        Ok(Self { lengths, bytes })
    }

    pub fn len(&self) -> usize {
        self.lengths.len() / 4
    }

    /// The keys; an error for one that is empty, or longer than the list.
    pub fn iter(&self) -> impl Iterator<Item = Result<&'a [u8], EngineError>> {
        let mut rest = self.bytes;
        self.lengths.chunks_exact(4).map(move |length| {
            let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
            let (key, after) = rest.split_at_checked(length).ok_or_else(not_keys)?;
            rest = after;
            match key.is_empty() {
                true => Err(EngineError::invalid("getMany: a key must not be empty")),
                false => Ok(key),
            }
        })
    }
}

fn not_keys() -> EngineError {
    EngineError::invalid("getMany: not a packed list of keys")
}

/// The same layout for values; an absent one has the length 0xffffffff and no bytes.
pub struct ListWriter {
    list: Vec<u8>,
    table: usize,
}

impl ListWriter {
    /// Writes a list of `count` values, which are absent until they are put, into the memory of `list`, which is empty.
    pub fn new(mut list: Vec<u8>, count: usize) -> Self {
        list.extend_from_slice(&(count as u32).to_le_bytes());
        let table = list.len();
        list.resize(table + 4 * count, ABSENT);
        Self { list, table }
    }

    /// Adds the value at a position. Positions ascend.
    pub fn put(&mut self, at: usize, value: &[u8]) {
        let length = self.table + 4 * at;
        self.list[length..length + 4].copy_from_slice(&(value.len() as u32).to_le_bytes());
        append(&mut self.list, value);
    }

    pub fn bytes(&self) -> usize {
        self.list.len()
    }

    pub fn finish(self) -> Vec<u8> {
        self.list
    }
}

pub fn write_list(values: &[Option<Bytes>]) -> Vec<u8> {
    let bytes: usize = values.iter().flatten().map(Bytes::len).sum();
    let mut list = ListWriter::new(Vec::with_capacity(4 + 4 * values.len() + bytes), values.len());
    for (at, value) in values.iter().enumerate() {
        if let Some(value) = value {
            list.put(at, value);
        }
    }
    list.finish()
}
