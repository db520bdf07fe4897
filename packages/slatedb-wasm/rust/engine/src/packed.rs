//! The two packed layouts that cross to JavaScript; `src/entry-chunk.ts` and `src/byte-list.ts` describe them.

use bytes::Bytes;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use crate::error::EngineError;

/// "SFC1" read as a little-endian word.
const MAGIC: u32 = 0x3143_4653;
const HEADER_BYTES: usize = 16;
/// The length of a missing value.
const ABSENT: u32 = u32::MAX;

/// Entries for JavaScript. Table and data are separate, and are joined in the buffer of JavaScript.
#[derive(Default)]
pub struct PackedChunk {
    ends: Vec<u8>,
    data: Vec<u8>,
}

impl PackedChunk {
    pub fn with_capacity(entries: usize, bytes: usize) -> Self {
        Self { ends: Vec::with_capacity(entries * 8), data: Vec::with_capacity(bytes) }
    }

    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        self.data.extend_from_slice(key);
        self.ends.extend_from_slice(&(self.data.len() as u32).to_le_bytes());
        self.data.extend_from_slice(value);
        self.ends.extend_from_slice(&(self.data.len() as u32).to_le_bytes());
    }

    pub fn count(&self) -> usize {
        self.ends.len() / 8
    }

    pub fn data_bytes(&self) -> usize {
        self.data.len()
    }

    pub fn into_js(self) -> JsValue {
        let data_offset = HEADER_BYTES + self.ends.len();
        let mut header = [0u8; HEADER_BYTES];
        for (i, word) in
            [MAGIC, self.count() as u32, data_offset as u32, self.data.len() as u32].into_iter().enumerate()
        {
            header[4 * i..4 * i + 4].copy_from_slice(&word.to_le_bytes());
        }
        let out = Uint8Array::new_with_length((data_offset + self.data.len()) as u32);
        out.subarray(0, HEADER_BYTES as u32).copy_from(&header);
        out.subarray(HEADER_BYTES as u32, data_offset as u32).copy_from(&self.ends);
        out.subarray(data_offset as u32, out.length()).copy_from(&self.data);
        out.into()
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

/// Checks a list of keys: a word with their number, a word of length each, then the bytes.
pub fn read_list(list: Vec<u8>) -> Result<Vec<Bytes>, EngineError> {
    let malformed = || EngineError::invalid("getMany: not a packed list of keys");
    let list = Bytes::from(list);
    let word = |i: usize| -> Option<usize> {
        let bytes = list.get(4 * i..4 * i + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let count = word(0).ok_or_else(malformed)?;
    if count > list.len() / 4 {
        return Err(malformed());
    }
    let mut start = 4 + 4 * count;
    let mut keys = Vec::with_capacity(count);
    for i in 0..count {
        let end = word(1 + i).and_then(|length| start.checked_add(length)).ok_or_else(malformed)?;
        if end > list.len() {
            return Err(malformed());
        }
        keys.push(list.slice(start..end));
        start = end;
    }
    Ok(keys)
}

/// The same layout for values; an absent one has the length 0xffffffff and no bytes.
pub fn write_list(values: &[Option<Bytes>]) -> Vec<u8> {
    let bytes: usize = values.iter().flatten().map(Bytes::len).sum();
    let mut list = Vec::with_capacity(4 + 4 * values.len() + bytes);
    list.extend_from_slice(&(values.len() as u32).to_le_bytes());
    for value in values {
        let length = value.as_ref().map_or(ABSENT, |value| value.len() as u32);
        list.extend_from_slice(&length.to_le_bytes());
    }
    for value in values.iter().flatten() {
        list.extend_from_slice(value);
    }
    list
}
