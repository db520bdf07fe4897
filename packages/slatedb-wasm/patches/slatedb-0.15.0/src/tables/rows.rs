//! The rows of a block, read in place (`format/row_codec_v2.rs` has the layout).

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::append;
use crate::error::SlateDBError;
use crate::format::block::Block;
use crate::format::row::RowFlags;
use crate::types::{RowEntry, ValueDeletable};

/// A row, as ranges of the data of its block.
pub(crate) struct Row {
    /// How many bytes its key shares with the previous key.
    pub(crate) shared: usize,
    pub(crate) suffix: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) seq: u64,
    flags: u8,
    pub(crate) end: usize,
}

/// The effect of a row on its key.
pub(super) enum Effect {
    Value,
    Deleted,
}

impl Row {
    pub(super) fn new(layout: &Layout, seq: u64, flags: u8, end: usize) -> Self {
        let Layout { shared, suffix, value, .. } = layout;
        Self { shared: *shared, suffix: suffix.clone(), value: value.clone(), seq, flags, end }
    }

    pub(super) fn effect(&self) -> Result<Effect, SlateDBError> {
        if self.flags & RowFlags::MERGE_OPERAND.bits() != 0 {
            return Err(SlateDBError::MergeOperatorMissing);
        }
        Ok(match self.flags & RowFlags::TOMBSTONE.bits() {
            0 => Effect::Value,
            _ => Effect::Deleted,
        })
    }

    /// Turns `key` from the previous key into the key of this row.
    pub(super) fn complete_key(&self, data: &[u8], key: &mut Vec<u8>) -> Result<(), SlateDBError> {
        if self.shared > key.len() {
            return Err(SlateDBError::EmptyBlock);
        }
        key.truncate(self.shared);
        append(key, &data[self.suffix.clone()]);
        Ok(())
    }

    /// The row as SlateDB's iterators return it.
    pub(crate) fn entry(&self, data: &Bytes, previous_key: &[u8]) -> Result<RowEntry, SlateDBError> {
        let Some(shared) = previous_key.get(..self.shared) else {
            return Err(SlateDBError::Damaged("a row shares more of a key than there is"));
        };
        let Some(flags) = RowFlags::from_bits(self.flags) else {
            return Err(SlateDBError::Damaged("a row has unknown flags"));
        };
        let mut key = BytesMut::with_capacity(shared.len() + self.suffix.len());
        key.extend_from_slice(shared);
        key.extend_from_slice(&data[self.suffix.clone()]);
        let is_tombstone = flags.contains(RowFlags::TOMBSTONE);
        let value = match (is_tombstone, flags.contains(RowFlags::MERGE_OPERAND)) {
            (true, true) => return Err(SlateDBError::Damaged("a row is a tombstone and a merge operand")),
            (true, false) => ValueDeletable::Tombstone,
            (false, true) => ValueDeletable::Merge(data.slice(self.value.clone())),
            (false, false) => ValueDeletable::Value(data.slice(self.value.clone())),
        };
        // The last bytes of a row are its times, the time of expiry first.
        let time = |distance: usize| {
            let bytes = data[self.end - distance..].first_chunk();
            bytes.map(|bytes| i64::from_be_bytes(*bytes))
        };
        let has_create_ts = flags.contains(RowFlags::HAS_CREATE_TS);
        let create_ts = if has_create_ts { time(8) } else { None };
        let expire_at = if has_create_ts { 16 } else { 8 };
        let expire_ts = if flags.contains(RowFlags::HAS_EXPIRE_TS) { time(expire_at) } else { None };
        Ok(RowEntry::new(key.freeze(), value, self.seq, create_ts, expire_ts))
    }
}

/// The row at an offset; an error if it reaches beyond the data.
#[inline]
pub(crate) fn row_at(data: &[u8], at: usize) -> Result<Row, SlateDBError> {
    match read_row(data, at) {
        Some(row) => Ok(row),
        None => Err(SlateDBError::EmptyBlock),
    }
}

#[inline(always)]
pub(super) fn read_row(data: &[u8], at: usize) -> Option<Row> {
    let Layout { shared, suffix, value, end: seq_end } = layout(data, at)?;
    // This read proves that all ranges before it are within the data.
    let flags = *data.get(seq_end)?;
    let seq = u64::from_be_bytes(data[value.end..seq_end].try_into().ok()?);
    let times = RowFlags::HAS_EXPIRE_TS.bits() | RowFlags::HAS_CREATE_TS.bits();
    let end = seq_end + 1 + 8 * (flags & times).count_ones() as usize;
    (end <= data.len()).then_some(Row { shared, suffix, value, seq, flags, end })
}

/// The parts of a row up to its flags, whose offset is `end`. They may be beyond the data.
pub(super) struct Layout {
    pub(super) shared: usize,
    pub(super) suffix: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) end: usize,
}

#[inline(always)]
pub(super) fn layout(data: &[u8], mut at: usize) -> Option<Layout> {
    let short = data.get(at..at + 3).filter(|lengths| (lengths[0] | lengths[1] | lengths[2]) < 0x80);
    let (shared, suffix_bytes, value_bytes) = match short {
        // The usual case, with one byte for each.
        Some(lengths) => {
            at += 3;
            (lengths[0].into(), lengths[1].into(), lengths[2].into())
        }
        None => (varint(data, &mut at)?, varint(data, &mut at)?, varint(data, &mut at)?),
    };
    let suffix = at..at.checked_add(suffix_bytes)?;
    let value = suffix.end..suffix.end.checked_add(value_bytes)?;
    let end = value.end.checked_add(8)?;
    Some(Layout { shared, suffix, value, end })
}

/// The key of the row at a restart, where keys are whole.
#[inline]
pub(super) fn key_bytes_at(data: &[u8], at: usize) -> Option<&[u8]> {
    data.get(layout(data, at)?.suffix)
}

fn varint(data: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0u32;
    for shift in (0..32).step_by(7) {
        let byte = *data.get(*at)?;
        *at += 1;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value as usize);
        }
    }
    None
}

/// The offset of the first row with `target` or a later key, or the end of the block. `key` gets the previous key.
pub(super) fn seek(block: &Block, target: &[u8], key: &mut Vec<u8>) -> Result<usize, SlateDBError> {
    let data = &block.data[..];
    // Keys are whole at restarts. The search begins at the last restart whose key is less than the target.
    let (mut low, mut high) = (0, block.offsets.len());
    while low < high {
        let middle = (low + high) / 2;
        let Some(key) = key_bytes_at(data, usize::from(block.offsets[middle])) else {
            return Err(SlateDBError::EmptyBlock);
        };
        match key < target {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    key.clear();
    let mut at = low.checked_sub(1).map_or(0, |restart| usize::from(block.offsets[restart]));
    while at < data.len() {
        let row = row_at(data, at)?;
        if row.shared > key.len() {
            return Err(SlateDBError::EmptyBlock);
        }
        let order = key[..row.shared].cmp(&target[..row.shared.min(target.len())]);
        if order.then_with(|| data[row.suffix.clone()].cmp(target.get(row.shared..).unwrap_or(&[]))).is_ge() {
            break;
        }
        row.complete_key(data, key)?;
        at = row.end;
    }
    Ok(at)
}

/// The first row of the block with this key. Rows are in the order of their keys.
pub(super) fn find_row(block: &Block, target: &[u8]) -> Result<Option<Row>, SlateDBError> {
    let data = &block.data[..];
    let (mut low, mut high) = (0, block.offsets.len());
    while low < high {
        let middle = (low + high) / 2;
        let Some(key) = key_bytes_at(data, usize::from(block.offsets[middle])) else {
            return Err(SlateDBError::EmptyBlock);
        };
        match key < target {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    let mut at = low.checked_sub(1).map_or(0, |restart| usize::from(block.offsets[restart]));
    // The previous key is before the target, and begins with this many of its bytes.
    let mut matched = 0;
    let mut previous_bytes = 0;
    while at < data.len() {
        let Some(row) = read_row(data, at) else { return Err(SlateDBError::EmptyBlock) };
        if row.shared > previous_bytes {
            return Err(SlateDBError::EmptyBlock);
        }
        previous_bytes = row.shared + row.suffix.len();
        at = row.end;
        if row.shared > matched {
            // The first byte that differs from the target is that of the previous key.
            continue;
        }
        let (suffix, rest) = (&data[row.suffix.clone()], &target[row.shared..]);
        let same = suffix.iter().zip(rest).take_while(|(a, b)| a == b).count();
        match (suffix.get(same), rest.get(same)) {
            (None, None) => return Ok(Some(row)),
            (Some(byte), Some(wanted)) if byte > wanted => return Ok(None),
            (Some(_), None) => return Ok(None),
            _ => matched = row.shared + same,
        }
    }
    Ok(None)
}
